"""What the local service asks of an engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from .azure_errors import AzureError

FinishReason = Literal["stop", "length"]


class Job(NamedTuple):
    """One generation: a conversation or a raw `prompt` to continue, and how to sample.

    `schema` constrains the reply to JSON of that shape; `logprobs` asks for that many likeliest alternatives of each
    token (0 for the token's own alone); `logit_bias` makes texts likelier or less. A job has no length: who asked for
    it closes it (see `Meter`). `pace` is for tests: seconds that the echo engine waits before each piece.
    """

    messages: Sequence[dict[str, str]] = ()
    prompt: str | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    seed: int | None = None
    stop: Sequence[str] = ()
    schema: dict[str, Any] | None = None
    logprobs: int | None = None
    logit_bias: Sequence[tuple[str, float]] = ()
    pace: float = 0.0


class Piece(NamedTuple):
    """A bit of the reply as it is generated, with its tokens' logprobs if asked for; the last has a `finish_reason`."""

    text: str
    finish_reason: FinishReason | None = None
    logprobs: Sequence[dict[str, Any]] = ()


class Engine(Protocol):
    """Something that continues a conversation, and turns texts into vectors."""

    #: Who really answers, for people.
    model: str
    #: Who makes the vectors.
    embedder: str
    #: Who really answers, for `system_fingerprint`: another one where the same request may get another answer.
    fingerprint: str

    def generate(self, job: Job) -> AsyncGenerator[Piece]:
        """Generate the reply piece by piece; closing the iterator ends the generation at once."""
        ...

    async def fit(self, job: Job) -> tuple[Job, int]:
        """Return the job with its conversation cut to what the engine can hold, and how many of its tokens were cut."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of length 1 for each text; those of texts with a like meaning point alike."""
        ...

    async def choose(self, job: Job, options: Sequence[str]) -> str:
        """Return the one of the options that the conversation calls for."""
        ...

    def close(self) -> None:
        """End all generations and free what the engine holds."""
        ...


class BadSchemaError(AzureError):
    """The engine can't constrain a reply to that schema, and why."""

    def __init__(self, why: str) -> None:
        error = {"message": f"Invalid schema: {why}", "type": "invalid_request_error", "param": None}
        super().__init__(400, {**error, "code": "invalid_json_schema"})
