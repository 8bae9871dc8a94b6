"""The engine that needs no model: instant, deterministic, and it answers with what it was told. For tests."""

from __future__ import annotations

import asyncio
import functools
import math
import random
import re
import zlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from .engine import Job, Piece
from .smallest import smallest
from .wire import written

_DIMENSIONS = 384
# Without a pace, this many pass before others have their turn.
_WORDS_AT_ONCE = 32


class Echo:
    """Answers with the last user message, or with the smallest JSON that a schema allows."""

    model = embedder = "echo"
    fingerprint = "fp_local_echo"

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        text = _asked(job) if job.schema is None else written(smallest(job.schema)).decode()
        ends = [at for stop in job.stop if (at := text.find(stop)) >= 0]
        for number, word in enumerate(_words(text[: min(ends, default=None)])):
            if job.pace or number % _WORDS_AT_ONCE == _WORDS_AT_ONCE - 1:
                await asyncio.sleep(job.pace)
            yield Piece(word, logprobs=() if job.logprobs is None else [_certain(word, job.logprobs)])
        yield Piece("", "stop")

    async def fit(self, job: Job) -> tuple[Job, int]:
        return job, 0

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors in which every word has a direction of its own: texts are alike as far as they share words."""
        vectors = []
        for text in texts:
            vectors.append(_placed(text))
            await asyncio.sleep(0)
        return vectors

    async def choose(self, job: Job, options: Sequence[str]) -> str:
        """The option that the last user message names, else the last one."""
        words = set(re.findall(r"\w+", _asked(job)))
        return next((option for option in options if option in words), options[-1])

    def close(self) -> None:
        pass


def _placed(text: str) -> list[float]:
    words = Counter(re.findall(r"\w+", text.lower()) or [text])
    vector = [0.0] * _DIMENSIONS
    for word, count in words.items():
        vector = [value + count * more for value, more in zip(vector, _direction(word), strict=True)]
    length = math.hypot(*vector)
    return [value / length for value in vector]


@functools.lru_cache(1000)
def _direction(word: str) -> tuple[float, ...]:
    """A word's vector, none of whose numbers is 0. So its beginning, which is all that some ask for, isn't 0 either."""
    chance = random.Random(zlib.crc32(word.encode("utf-8", "replace")))  # noqa: S311 - not for secrets
    return tuple(chance.uniform(-1, 1) for _ in range(_DIMENSIONS))


def _asked(job: Job) -> str:
    if job.prompt is not None:
        return job.prompt
    return next((message["content"] for message in reversed(job.messages) if message["role"] == "user"), "")


def _words(text: str) -> list[str]:
    """Cut text into pieces as small as a model's, so that streaming has something to stream.

    >>> _words("two words")
    ['two', ' words']
    """
    return re.findall(r" [^ ]*|[^ ]+", text)


def _certain(word: str, alternatives: int) -> dict[str, Any]:
    own = {"token": word, "logprob": 0.0, "bytes": list(word.encode("utf-8", "replace"))}
    return {**own, "top_logprobs": [own] if alternatives else []}
