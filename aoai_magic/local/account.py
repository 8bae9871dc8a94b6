"""The resource that the service plays: its keys, its deployments and their limits, what it holds between requests."""

from __future__ import annotations

import hmac
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import catalog
from .azure_errors import no_deployment
from .engine import Engine
from .launch import local_token
from .limits import Limits

if TYPE_CHECKING:
    from .background import Run
    from .batches import Batch
    from .files import File
    from .fine_tuning import TuningJob

#: A billion tokens a minute, in units of 1,000: no lesson meets a limit unless it makes one.
DEFAULT_CAPACITY = 1_000_000
DEFAULT_DEPLOYMENTS = (
    "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5", "gpt-5-mini", "gpt-5-nano", "o4-mini",
    "gpt-35-turbo-instruct", "text-embedding-ada-002", "text-embedding-3-small", "text-embedding-3-large", "gpt-image-1",
    "gpt-4o-mini-tts", "gpt-4o-transcribe", "whisper",
)  # fmt: skip
_MOST_RESPONSES = 1000


@dataclass
class Deployment:
    """A model under a name of its owner's choice, with the capacity (in units of 1,000 tokens a minute) it was given.

    `tuned` is the name of the fine-tuned model that it is, where it is one; `model` is then the one it was tuned from.
    """

    name: str
    model: catalog.Model
    version: str = ""
    sku: str = "GlobalStandard"
    capacity: int = DEFAULT_CAPACITY
    rai_policy: str = "Microsoft.DefaultV2"
    upgrade: str = "OnceNewDefaultVersionAvailable"
    tags: dict[str, str] = field(default_factory=dict)
    tuned: str = ""
    created: float = field(default_factory=time.time)
    modified: float = field(default_factory=time.time)
    ready_at: float = 0.0
    #: The id of the operation that made it.
    operation: str = field(default_factory=lambda: str(uuid.uuid4()))
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.version = self.version or self.model.version
        self.resize(self.capacity)

    def resize(self, capacity: int) -> None:
        """Give the deployment another capacity; its counters start anew."""
        self.capacity = capacity
        requests = max(1, round(capacity * (self.model.requests_per_1k_tokens(self.sku) or 6)))
        self.limits = Limits(tokens_per_minute=capacity * 1000, requests_per_minute=requests)

    @property
    def ready(self) -> bool:
        """Whether it is served already."""
        return time.time() >= self.ready_at

    @property
    def model_id(self) -> str:
        """The model as replies name it: with its version where that is a date."""
        named = f"{self.model.name}-{self.version}" if self.version.startswith("20") else self.model.name
        return self.tuned or named

    def headers(self) -> dict[bytes, bytes]:
        """What every answer of it says: its name, and its limits."""
        return {b"x-ms-deployment-name": self.name.encode("latin-1", "replace"), **self.limits.headers()}

    @property
    def context_window(self) -> int:
        """The tokens that prompt and reply may have together, which depends on the kind of deployment."""
        return self.model.window(self.sku)

    @property
    def asynchronous_filter(self) -> bool:
        """Whether the content filter looks at a text after it was sent, and not before."""
        return "async" in self.rai_policy.lower()


@dataclass(frozen=True)
class Kept:
    """A response that is kept: the object, and the items of the conversation that led to it.

    Of one in the background, also the work on it, and whether it was asked for as a stream.
    """

    response: dict[str, Any]
    items: list[dict[str, Any]]
    run: Run | None = None
    streamed: bool = False


class Working:
    """Within it, a request is under way."""

    def __init__(self) -> None:
        self._requests, self._last = 0, time.monotonic()

    def __enter__(self) -> None:
        self._requests += 1

    def __exit__(self, *error: object) -> None:
        self._requests -= 1
        self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """How long no request has been under way."""
        return 0.0 if self._requests else time.monotonic() - self._last


@dataclass
class Account:
    """A resource on this machine: what answers, its two keys, and what it holds."""

    engine: Engine
    keys: list[str] = field(default_factory=lambda: [secrets.token_hex(16), secrets.token_hex(16)])
    deployments: dict[str, Deployment] = field(default_factory=dict)
    responses: dict[str, Kept] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    tuning_jobs: dict[str, TuningJob] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.working = Working()
        #: The first key from the start: it proves who this is, whatever becomes of the keys.
        self.secret = self.keys[0]
        self._token = local_token(self.secret)
        if not self.deployments:
            for name in DEFAULT_DEPLOYMENTS:
                if model := catalog.model(name):
                    self.deployments[name] = Deployment(name, model)

    def deployment(self, name: Any, *, v1: bool) -> Deployment:
        """The deployment of that name; AzureError 404 where there is none, or it isn't served yet."""
        found = self.deployments.get(name) if isinstance(name, str) else None
        if found is None or not found.ready:
            raise no_deployment(v1=v1)
        return found

    def keep_response(
        self, response: dict[str, Any], items: list[dict[str, Any]], run: Run | None = None, *, streamed: bool = False
    ) -> None:
        """Keep a response for `previous_response_id`; the oldest goes when there are a thousand."""
        self.responses[response["id"]] = Kept(response, items, run, streamed)
        while len(self.responses) > _MOST_RESPONSES:
            del self.responses[next(iter(self.responses))]

    def idle_seconds(self) -> float:
        """How long nothing has been asked of it, nor been done in the background."""
        running = any(batch.task is not None and not batch.task.done() for batch in self.batches.values())
        return 0.0 if running else self.working.idle_seconds()

    def admits(self, key: str) -> bool:
        """Whether that is one of the keys, compared in the same time whatever it is."""
        return (
            sum(hmac.compare_digest(key.encode(), one.encode()) for one in self.keys) > 0
        )  # no short cut at the first

    def admits_token(self, token: str) -> bool:
        """Whether that is the token of the local credential."""
        return hmac.compare_digest(token.encode(), self._token.encode())
