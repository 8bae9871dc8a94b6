"""What the local service asks of an engine, and the engine that needs no model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class Job:
    """One generation: chat messages and sampling. It has no length: who asked closes it (see `Meter`).

    `pace` is for tests: seconds that the echo engine waits before each piece.
    """

    messages: list[dict[str, Any]]
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: list[str] = field(default_factory=list)
    pace: float = 0.0


@dataclass(frozen=True)
class Piece:
    """A bit of the reply as it is generated; the last one has a `finish_reason`."""

    text: str
    finish_reason: FinishReason | None = None


class Engine(Protocol):
    """Something that continues a conversation."""

    #: Who really answers, for people.
    model: str
    #: Who really answers, for `system_fingerprint`: changes when the same request may get another answer.
    fingerprint: str
    #: The longest prompt and reply together, in the engine's own tokens.
    context_window: int

    def generate(self, job: Job) -> AsyncGenerator[Piece]:
        """Generate the reply piece by piece; closing the iterator ends the generation at once."""
        ...

    def close(self) -> None:
        """End all generations and free what the engine holds."""
        ...


class TooLongError(Exception):
    """The messages don't fit the engine's context window."""


class Echo:
    """The engine for tests: deterministic, instant, and it answers with the last user message."""

    model = "echo"
    fingerprint = "fp_local_echo"
    context_window = 1_000_000

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        asked = next((message["content"] for message in reversed(job.messages) if message["role"] == "user"), "")
        ends = [at for stop in job.stop if (at := text_of(asked).find(stop)) >= 0]
        for word in _words(text_of(asked)[: min(ends, default=None)]):
            if job.pace:
                await asyncio.sleep(job.pace)
            yield Piece(word)
        yield Piece("", "stop")

    def close(self) -> None:
        pass


def text_of(content: Any) -> str:
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return content or ""


def _words(text: str) -> list[str]:
    """Cut text into pieces as small as a model's, so that streaming has something to stream.

    >>> _words("two words")
    ['two', ' words']
    """
    pieces: list[str] = []
    for character in text:
        if character == " " or not pieces:
            pieces.append("")
        pieces[-1] += character
    return pieces
