"""Text completions, the API before chat: a prompt is continued, raw."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from .. import tokens
from .account import Account, Deployment
from .asking import STREAM_OPTIONS, Extra, read_sampling, read_stream
from .azure_errors import invalid_request, prompt_too_long
from .engine import Job
from .events import BLANK, DONE, new_id, sse
from .fields import Fields
from .filters import SAFE, Filter
from .limits import arrival_tokens
from .turn import Ask, End, Text, Turn, together

#: The API's own default, which cuts many a first try short.
DEFAULT_MAX_TOKENS = 16
PARAMETERS = frozenset(
    "best_of echo frequency_penalty logit_bias logprobs max_tokens model n presence_penalty prompt seed stop stream "
    "stream_options suffix temperature top_p user".split()
)
_MOST_PROMPTS = 20
_SUFFIX_STOP = 12  # characters of a suffix at which the text before it has met it


@dataclass
class _Written:
    """One continuation: its text, how it ended, its tokens' logprobs, and what it is billed."""

    text: str = ""
    reason: str = "stop"
    logprobs: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0

    @property
    def likelihood(self) -> float:
        """The mean logprob of its tokens: what the best of several is chosen by."""
        return sum(one["logprob"] for one in self.logprobs) / len(self.logprobs) if self.logprobs else -math.inf


class Completions:
    """One request for text completions: each prompt continued `best_of` times, the best `n` of them answered."""

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        body = Fields(values)
        body.refuse_unknown(PARAMETERS)
        body.text("user")
        self._engine, self._deployment, model = account.engine, deployment, deployment.model
        self._prompts = _prompts(body, model.name)
        self.stream, options = read_stream(body, STREAM_OPTIONS)
        self._n = body.integer("n", 1, least=1, most=128)
        self._best_of = body.integer("best_of", self._n, least=1, most=128)
        if self._best_of < self._n:
            raise invalid_request(
                "You requested that the server return more choices than it will generate "
                f"(HINT: you must set 'best_of' ({self._best_of}) at least as large as 'n' ({self._n})).",
                "best_of",
            )
        if self.stream and self._best_of > self._n:
            raise invalid_request("Cannot stream results with best_of > n.", "best_of")
        self._echo = body.boolean("echo")
        self._logprobs = body.integer("logprobs", least=0, most=5) if "logprobs" in body else None
        if self._echo and self._logprobs is not None:
            raise invalid_request("Setting 'echo' and 'logprobs' at the same time is not supported for this model.")
        self._include_usage = options.boolean("include_usage")
        self._max_tokens = body.integer("max_tokens", DEFAULT_MAX_TOKENS, least=1, most=model.max_output_tokens)
        self._job = _job(body, self._logprobs, self._best_of > self._n, read_sampling(body, model), extra)
        counts = tokens.count_many(self._prompts, model.name)
        for count in counts:
            if count + self._max_tokens > deployment.context_window:
                raise prompt_too_long(deployment.context_window, count, self._max_tokens)
        self._prompt_tokens = sum(counts)
        self._filters = [Filter.of([prompt], fails=extra.filter_fails) for prompt in self._prompts]
        self._id, self._created = new_id("cmpl-"), int(time.time())
        self.cut = 0
        self.arrival = arrival_tokens(
            sum(map(len, self._prompts)), self._max_tokens * self._best_of * len(self._prompts)
        )
        self._turns: list[Turn] = []
        self._written: list[_Written] = []

    async def begin(self) -> None:
        """Let the filter judge the prompts, and wait for the texts to begin."""
        for found in self._filters:
            if found.prompt.blocked:
                raise found.refusal()
        for prompt, found in zip(self._prompts, self._filters, strict=True):
            job, cut = await self._engine.fit(found.heard(self._job._replace(prompt=prompt)))
            self.cut += cut
            for index in range(self._best_of):
                seeded = job if job.seed is None else job._replace(seed=job.seed + index)
                ask = Ask(
                    seeded, self._deployment.model, self._prompt_tokens, self._max_tokens, found,
                    asynchronous=self._deployment.asynchronous_filter,
                )  # fmt: skip
                self._turns.append(Turn(ask, self._engine))
        await self._turns[0].begin()  # the others once they are read, see chat.py

    async def close(self) -> None:
        """End what is still generated, for a client that has left."""
        await asyncio.gather(*(turn.close() for turn in self._turns), return_exceptions=True)

    async def answer(self) -> dict[str, Any]:
        """The whole answer in one body."""
        self._written = await together(_read(turn) for turn in self._turns)
        choices = []
        for at in range(len(self._prompts)):
            group = self._written[at * self._best_of : (at + 1) * self._best_of]
            if self._best_of > self._n:
                group = sorted(group, key=lambda one: one.likelihood, reverse=True)[: self._n]
            choices += [self._choice(at, index, one) for index, one in enumerate(group)]
        return {**self._head(), "choices": choices, "prompt_filter_results": self._verdicts(), "usage": self._usage()}

    async def events(self) -> AsyncGenerator[bytes]:
        """The answer as server-sent events, one continuation after the other."""
        yield sse({**BLANK, "prompt_filter_results": self._verdicts(), "choices": [], "usage": None})
        for index, turn in enumerate(self._turns):
            offset = self._offset(index // self._n)
            if self._echo:
                yield self._chunk(index, self._prompts[index // self._n])
            async with contextlib.aclosing(turn.events()) as happenings:
                async for event in happenings:
                    if isinstance(event, Text):
                        logprobs = self._shown(list(event.logprobs), offset) if self._logprobs is not None else None
                        offset += len(event.text)
                        yield self._chunk(index, event.text, logprobs=logprobs)
                    elif isinstance(event, End):
                        yield self._chunk(index, "", finish=event.reason)
            self._written.append(_Written(tokens=turn.completion_tokens))
        if self._include_usage:
            yield sse({**self._head(), "choices": [], "usage": self._usage()})
        yield DONE

    def _choice(self, at: int, index: int, written: _Written) -> dict[str, Any]:
        return {
            "text": (self._prompts[at] if self._echo else "") + written.text,
            "index": at * self._n + index,
            "finish_reason": written.reason,
            "logprobs": None if self._logprobs is None else self._shown(written.logprobs, self._offset(at)),
            "content_filter_results": self._filters[at].reply.results,
        }

    def _offset(self, at: int) -> int:
        return len(self._prompts[at]) if self._echo else 0

    def _shown(self, logprobs: list[dict[str, Any]], offset: int) -> dict[str, Any]:
        """Logprobs as this API has them: parallel lists, and where in the text each token begins."""
        shown: dict[str, list[Any]] = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
        for one in logprobs:
            shown["tokens"].append(one["token"])
            shown["token_logprobs"].append(one["logprob"])
            best = one["top_logprobs"][: self._logprobs]
            shown["top_logprobs"].append({top["token"]: top["logprob"] for top in best} if self._logprobs else None)
            shown["text_offset"].append(offset)
            offset += len(one["token"])
        return shown

    def _chunk(self, index: int, text: str, *, finish: str | None = None, logprobs: Any = None) -> bytes:
        verdict = (SAFE if finish is None else self._filters[index // self._n]).reply.results
        choice = {"text": text, "index": index, "finish_reason": finish, "logprobs": logprobs}
        return sse({**self._head(), "choices": [{**choice, "content_filter_results": verdict}], "usage": None})

    def _verdicts(self) -> list[dict[str, Any]]:
        return [
            {"prompt_index": at, "content_filter_results": found.prompt.results}
            for at, found in enumerate(self._filters)
        ]

    def _usage(self) -> dict[str, int]:
        completion = sum(one.tokens for one in self._written)
        total = self._prompt_tokens + completion
        return {"prompt_tokens": self._prompt_tokens, "completion_tokens": completion, "total_tokens": total}

    def _head(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "text_completion",
            "created": self._created,
            "model": self._deployment.model_id,
            "system_fingerprint": self._engine.fingerprint,
        }


def read_text(given: Any, model: str, param: str) -> str:
    """A text, given as it is or as token numbers of the deployment's model."""
    if isinstance(given, str):
        return given
    if isinstance(given, list) and given and all(type(number) is int for number in given):
        text = tokens.decode(given, model)
        if text is None:
            raise invalid_request(f"Invalid token in '{param}': the model's vocabulary has no such number.", param)
        return text
    shown = json.dumps(given)[:80]
    raise invalid_request(f"'{shown}' is not valid under any of the given schemas - '{param}'", param, "invalid_type")


def _job(body: Fields, logprobs: int | None, ranked: bool, sampling: Job, extra: Extra) -> Job:
    suffix = body.text("suffix").strip()[:_SUFFIX_STOP]
    return sampling._replace(
        pace=extra.pace,
        logprobs=0 if ranked and logprobs is None else logprobs,
        # The small model can't look ahead: it writes on until it comes to what follows.
        stop=[*sampling.stop, suffix] if suffix else sampling.stop,
    )


async def _read(turn: Turn) -> _Written:
    written = _Written()
    async for event in turn.events():
        if isinstance(event, Text):
            written.logprobs += event.logprobs
        elif isinstance(event, End):
            written.reason = event.reason
    written.text, written.tokens = turn.text, turn.completion_tokens
    return written


def _prompts(body: Fields, model: str) -> list[str]:
    """The prompts of a request: a text, several, or the same as token numbers of the deployment's own."""
    given = body.raw("prompt")
    if given is None:
        given = "<|endoftext|>"  # the API's own default: a document that has not begun
    several = given if isinstance(given, list) and given and not isinstance(given[0], int) else [given]
    if len(several) > _MOST_PROMPTS:
        body.array("prompt", most=_MOST_PROMPTS)
    return [read_text(one, model, "prompt") for one in several]
