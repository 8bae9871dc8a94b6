"""What deployments can be asked to do: each operation's path, its names, and the class that carries it out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

from .account import Account, Deployment
from .asking import Extra
from .azure_errors import AzureError
from .chat import Chat
from .compaction import Compaction
from .completions import Completions
from .embeddings import Embeddings
from .engine import Engine
from .images import Edits, Generations
from .responses import Responses


class Asked(Protocol):
    """A request that was read: refused if it can't be, and not yet begun."""

    #: What it counts as against the limit of tokens, on arrival.
    arrival: int
    #: Whether the answer is a stream of events.
    stream: bool
    #: Tokens of the prompt that the engine doesn't see, known once it has begun.
    cut: int

    async def begin(self) -> None:
        """Begin; what is wrong that couldn't be seen before is raised here, before any answer is sent."""
        ...

    async def answer(self) -> dict[str, Any]:
        """The whole answer."""
        ...

    def events(self) -> AsyncGenerator[bytes]:
        """The answer as a stream."""
        ...

    async def close(self) -> None:
        """End what is still under way, for a client that has left."""
        ...


@dataclass(frozen=True)
class Operation:
    """An operation: its path behind a deployment, what a model must be able to do for it, and its names in messages."""

    path: str
    needs: str
    #: In rate-limit messages.
    name: str
    #: In "the … operation does not work with the specified model".
    label: str
    read: Callable[[dict[str, Any], Deployment, Account, Extra], Asked]
    multipart: bool = False
    #: Whether the events of its streams have names.
    named_events: bool = False
    #: Who really does it.
    done_by: Callable[[Engine], str] = attrgetter("model")

    def check(self, deployment: Deployment) -> None:
        """Refuse a deployment whose model can't do this."""
        if self.needs not in deployment.model.operations:
            raise AzureError(
                400,
                {
                    "code": "OperationNotSupported",
                    "message": f"The {self.label} operation does not work with the specified model, "
                    f"{deployment.model.name}. Please choose different model and try again. You can learn more about "
                    "which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.",
                },
            )


def _unsupported(label: str) -> Callable[[dict[str, Any], Deployment, Account, Extra], Asked]:
    """Sound: no engine for it is good enough to stand behind the service, so that no model here supports it."""

    def refuse(values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> Asked:
        Operation("", "sound", "", label, refuse).check(deployment)
        raise AssertionError  # no model has that operation

    return refuse


def _sketch(engine: Engine) -> str:
    return "sketch"  # no model draws here


_ALL = (
    Operation("chat/completions", "chat", "ChatCompletions_Create", "chatCompletion", Chat),
    Operation("completions", "completions", "Completions_Create", "completion", Completions),
    Operation("embeddings", "embeddings", "Embeddings_Create", "embeddings", Embeddings, done_by=attrgetter("embedder")),
    Operation("responses", "responses", "Responses_Create", "responses", Responses, named_events=True),
    Operation("responses/compact", "responses", "Responses_Compact", "responses", Compaction),
    Operation(
        "images/generations", "images", "ImageGenerations_Create", "imageGeneration", Generations, named_events=True,
        done_by=_sketch,
    ),
    Operation(
        "images/edits", "image_edits", "ImageEdits_Create", "imageEdit", Edits, multipart=True, named_events=True,
        done_by=_sketch,
    ),
    Operation("audio/speech", "speech", "AudioSpeech_Create", "audioSpeech", _unsupported("audioSpeech")),
    Operation(
        "audio/transcriptions", "transcriptions", "AudioTranscriptions_Create", "audioTranscription",
        _unsupported("audioTranscription"), multipart=True,
    ),
    Operation(
        "audio/translations", "translations", "AudioTranslations_Create", "audioTranslation",
        _unsupported("audioTranslation"), multipart=True,
    ),
)  # fmt: skip
OPERATIONS = {operation.path: operation for operation in _ALL}
