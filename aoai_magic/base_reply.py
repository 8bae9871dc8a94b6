"""What every kind of reply has: who answered, what was used, and what it cost."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from . import catalog
from .estimates import Estimate, priced_apart
from .provenance import as_json, provenance
from .render import is_watched

if TYPE_CHECKING:
    from .settings import Kind


@dataclass(frozen=True)
class Usage:
    """What one request used, in tokens mostly, as the service counted it. `str(usage)` says it in words.

    >>> print(Usage(9, 120, reasoning_tokens=64))
    9 tokens in, 120 out (64 of them reasoning)
    """

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    #: What is counted where a model isn't billed by tokens: seconds of sound that was listened to, or characters spoken.
    sound_seconds: float = 0.0
    characters: int = 0
    #: Tokens of the prompt that went into the cache; newer models bill them above what a prompt costs.
    cache_write_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """The tokens of two requests together."""
        return Usage(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def __str__(self) -> str:
        if self.sound_seconds:
            return f"{self.sound_seconds:,.1f} s of sound"
        if self.characters:
            return f"{self.characters:,} characters"
        thought = f" ({self.reasoning_tokens:,} of them reasoning)" if self.reasoning_tokens else ""
        return f"{self.prompt_tokens:,} tokens in, {self.completion_tokens:,} out{thought}"

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def image_tokens(self) -> int | None:
        """Tokens of pictures, handed over and made; None where the service doesn't count them apart, as for chat."""
        return self.image_input_tokens + self.image_output_tokens or None


@dataclass
class BaseReply:
    """What every kind of reply has, to people and to programs; `Reply` says what each field is."""

    request: dict[str, Any]
    deployment: str
    kind: Kind
    _: KW_ONLY
    model: str = ""
    usage: Usage | None = None
    request_id: str | None = None
    seconds: float = 0.0
    first_token_seconds: float | None = None
    estimate: Estimate | None = field(default=None, repr=False)
    note: str = ""
    recorded: datetime.date | None = None
    body: dict[str, Any] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Everything that is known of the reply, in what JSON has; bytes as base64. No key is in it.

        >>> from .reply import Choice, Reply
        >>> reply = Reply(request={}, deployment="gpt-4o", kind="local", choices=[Choice("Hello!", "stop")])
        >>> reply.to_dict()["choices"]
        [{'text': 'Hello!', 'finish_reason': 'stop', 'refusal': None, 'parsed': None, 'logprobs': [], 'tool_calls': []}]
        """
        foreseen = self.estimate and {
            name: getattr(self.estimate, name) for name in ("prompt_tokens", "max_tokens", "cheapest", "dearest")
        }
        found = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("estimate", "rounds")}
        named = {name: getattr(self, name) for name in ("text", "finish_reason", "cost", "azure_cost")}
        everything: dict[str, Any] = as_json({**found, **named, "estimate": foreseen, "provenance": self.provenance})
        return everything

    @property
    def provenance(self) -> dict[str, Any]:
        """Who answered which request, by which versions; in a notebook it goes into the output's metadata."""
        # The local service's ids mean nothing to anybody, and would be others at every run.
        ids = (
            {}
            if self.kind == "local"
            else {"request_id": self.request_id, "fingerprint": self.body.get("system_fingerprint")}
        )
        return provenance(self.kind, self.deployment, self.model, self.request, recorded=self.recorded, **ids)

    def status(self, *, watched: bool = True) -> str:
        """The quiet line under it."""
        raise NotImplementedError

    def bundle(self, status: str = "") -> dict[str, str]:
        """What is displayed, with a quiet line under it."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return self.bundle(self.status(watched=is_watched())), {"aoai_magic": self.provenance}

    @property
    def cost(self) -> float | None:
        """US dollars: 0.0 on the local service, an estimate elsewhere, None where the price or the usage is unknown."""
        return 0.0 if self.kind == "local" else self.azure_cost

    @property
    def azure_cost(self) -> float | None:
        """What the same tokens cost on Azure, in US dollars; None where that is unknown.

        On the type of deployment and in the region that were foreseen; the type is Global Standard where nothing else
        is known.
        """
        name = str(self.body.get("model", ""))
        if not catalog.model(name):
            known = self.estimate.known if self.estimate else None
            name = known.model.id if known else self.deployment
        sku, region = (self.estimate.sku, self.estimate.region) if self.estimate else ("GlobalStandard", None)
        price = catalog.price(name, sku=sku, region=region)
        if price is None or self.usage is None or priced_apart(self.request):
            return None
        used = self.usage
        return price.cost(
            used.prompt_tokens,
            used.completion_tokens,
            used.cached_tokens,
            cache_write_tokens=used.cache_write_tokens,
            image_input_tokens=used.image_input_tokens,
            image_output_tokens=used.image_output_tokens,
            audio_input_tokens=used.audio_input_tokens,
            audio_output_tokens=used.audio_output_tokens,
            seconds=used.sound_seconds,
            characters=used.characters,
        )

    def _answered_by(self, did: str = "answered") -> list[str]:
        """The beginning of a status line: the deployment, and who is behind it."""
        if self.kind == "local":
            return [self.deployment, f"{did} by {self.model} on this machine" if self.model else "on this machine"]
        return [self.deployment, *([self.model] if self.model and self.model != self.deployment else [])]

    def _price(self) -> str:
        """The price in words, for a status line."""
        azure = self.azure_cost
        if self.recorded is not None:
            whose, where = ("", "on Azure") if self.kind == "local" else (f" on {self.kind}", "then")
            then = "" if azure is None else f"; {where} about {catalog.dollars(azure)}"
            return f"recorded {self.recorded}{whose}, free{then}"
        if self.kind == "local":
            return "local, free" if azure is None else f"local, free; on Azure about {catalog.dollars(azure)}"
        return "price unknown" if azure is None else f"about {catalog.dollars(azure)}"


def sum_known(numbers: Iterable[float | None]) -> float | None:
    """Numbers together; None where one of them is unknown.

    >>> sum_known([1, 2]), sum_known([1, None])
    (3, None)
    """
    found = [*numbers]
    known = [one for one in found if one is not None]
    return sum(known) if len(known) == len(found) else None
