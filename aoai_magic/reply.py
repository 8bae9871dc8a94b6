"""What came back: the text, and everything known about it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from . import catalog
from .conversations import Standing
from .estimates import Estimate
from .provenance import as_json, provenance
from .render import is_watched, mimebundle
from .verdicts import filtered, findings, remarks
from .visible import visible

if TYPE_CHECKING:
    from openai.types import Completion
    from openai.types.audio import TranscriptionVerbose
    from openai.types.chat import ChatCompletion
    from openai.types.responses import Response

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


@dataclass(frozen=True)
class Choice:
    """One of the answers of a reply: its text and why it ended (`stop`, `length`, `content_filter`)."""

    text: str
    finish_reason: str | None

    def __str__(self) -> str:
        return self.text


class Billed:
    """What any kind of reply says of its price and of who answered, to people and to programs."""

    request: dict[str, Any]
    kind: Kind
    deployment: str
    model: str
    usage: Usage | None
    request_id: str | None
    estimate: Estimate | None
    body: dict[str, Any]
    recorded: datetime.date | None

    def to_dict(self) -> dict[str, Any]:
        """Everything that is known of the reply, in what JSON has; bytes as base64. No key is in it.

        >>> reply = Reply(request={}, deployment="gpt-4o", kind="local", choices=[Choice("Hello!", "stop")])
        >>> reply.to_dict()["choices"]
        [{'text': 'Hello!', 'finish_reason': 'stop'}]
        """
        own: Any = self
        foreseen = self.estimate and {
            name: getattr(self.estimate, name) for name in ("prompt_tokens", "max_tokens", "cheapest", "dearest")
        }
        found = {one.name: getattr(self, one.name) for one in fields(own) if one.name != "estimate"}
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

        On the type of deployment that was foreseen, which is Global Standard where nothing else is known.
        """
        name = str(self.body.get("model", ""))
        if not catalog.model(name):
            known = self.estimate.known if self.estimate else None
            name = known.model.id if known else self.deployment
        price = catalog.price(name, sku=self.estimate.sku if self.estimate else "GlobalStandard")
        if price is None or self.usage is None:
            return None
        used = self.usage
        return price.cost(
            used.prompt_tokens,
            used.completion_tokens,
            used.cached_tokens,
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
            whose = "" if self.kind == "local" else f" on {self.kind}"
            then = (
                ""
                if azure is None
                else f"; {'on Azure' if self.kind == 'local' else 'then'} about {catalog.dollars(azure)}"
            )
            return f"recorded {self.recorded}{whose}, free{then}"
        if self.kind == "local":
            return "local, free" if azure is None else f"local, free; on Azure about {catalog.dollars(azure)}"
        return "price unknown" if azure is None else f"about {catalog.dollars(azure)}"


@dataclass
class Reply(Billed):
    """A reply of a model that writes. `str(reply)` is its text; `reply[0]`, `reply[1]`, … are its choices.

    `request` is the JSON body as it was sent, `raw` the SDK's own `ChatCompletion`, `filters` the content filter's
    verdicts by category. `model` is who really answered, which behind the local service is a small model and behind
    Azure the version of the deployment's model. `seconds` is the time until the last token, `first_token_seconds`
    until the first; both in seconds. `estimate` is what was foreseen before it was sent; `unseen_tokens` how many of the prompt's the local
    model, whose window is smaller than the deployment's, didn't get to see; `note` what the ledger or a budget did;
    `conversation` how the conversation stands that it belongs to. `recorded` is the day of the recording that answered, None
    where the service did: then seconds, ids and cost are what they were on that day. A reply that was interrupted or broke
    off has `finish_reason` None.

    >>> reply = Reply(request={}, deployment="gpt-4o", kind="azure", choices=[Choice("Hello!", "stop")])
    >>> str(reply), reply.finish_reason
    ('Hello!', 'stop')
    """

    request: dict[str, Any]
    deployment: str
    kind: Kind
    choices: list[Choice]
    model: str = ""
    usage: Usage | None = None
    filters: dict[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    seconds: float = 0.0
    first_token_seconds: float | None = None
    estimate: Estimate | None = field(default=None, repr=False)
    unseen_tokens: int = 0
    note: str = ""
    conversation: Standing | None = None
    recorded: datetime.date | None = None
    body: dict[str, Any] = field(default_factory=dict, repr=False)
    response: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The text of the first choice."""
        return self.choices[0].text if self.choices else ""

    @property
    def markdown(self) -> str:
        """The text as it is shown: as Markdown, but subtitles (of `aoai.transcribe`) line by line."""
        subtitles = "file" in self.request and self.request.get("response_format") in ("srt", "vtt")
        return f"```\n{self.text}\n```" if subtitles else self.text

    @property
    def json(self) -> Any:
        """The text read as JSON. Raises ValueError where it isn't JSON."""
        return json.loads(self.text)

    @property
    def finish_reason(self) -> str | None:
        """Why the first choice ended; None if it was interrupted or broke off."""
        return self.choices[0].finish_reason if self.choices else None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that a conversation goes on with: what was answered, as far as a request may say it again."""
        if not self.choices:
            return []
        message = {"content": self.text, **(self.body["choices"][0].get("message") or {})} if self.body else {}
        said = {key: message[key] for key in ("refusal", "tool_calls", "reasoning_items") if message.get(key)}
        return [{"role": "assistant", "content": message.get("content", self.text), **said}]

    def status(self, *, watched: bool = True) -> str:
        """The quiet line under a reply: deployment, who answered, tokens in and out, seconds, price.

        Where nobody watches (nbval, nbclient), only what is the same at every run is said: no seconds, no price.

        >>> Reply({}, "gpt-4o", "azure", [Choice("Hi", "stop")], model="gpt-4o-2024-11-20", usage=Usage(8, 2)).status(watched=False)
        'gpt-4o · gpt-4o-2024-11-20 · 8 tokens in, 2 out'
        """
        return " · ".join([self.deployment, *self.facts(watched=watched).values()])

    def facts(self, *, watched: bool = True) -> dict[str, str]:
        """What the quiet line says of the reply, each under its name; what there is nothing to say of isn't there."""
        unseen = self.unseen_tokens
        said = {
            "model": " · ".join(self._answered_by()[1:]),
            "tokens": str(self.usage or ""),
            "unseen": f"{unseen:,} tokens of the prompt left out for the local model" if unseen else "",
            "time": f"{self.seconds:.1f} s" if watched else "",
            "price": self._price() if watched else "",
            "note": self.note if watched else "",
            "end": self._end(),
            "conversation": str(self.conversation or ""),
            "filter": " · ".join(remarks(self.filters)),
        }
        return {name: words for name, words in said.items() if words}

    def _end(self) -> str:
        if self.finish_reason == "length":
            return "cut at the token limit"
        if self.finish_reason == "content_filter":
            found = ", ".join(filtered(self.filters))
            return "cut by the content filter" + (f" ({found})" if found else "")
        return "broken off" if self.finish_reason is None else ""

    @property
    def verdicts(self) -> list[tuple[str, ...]]:
        """What the content filter found, as a table's rows under their heads; nothing where it found nothing."""
        return findings(self.body)

    @property
    def raw(self) -> ChatCompletion | Response | Completion | TranscriptionVerbose:
        """The whole answer as the openai SDK's `ChatCompletion`, whether it was streamed or not; that of the Responses API as
        `Response`, `aoai.complete`'s as `Completion`, `aoai.transcribe`'s as `TranscriptionVerbose` (with `segments`, where they were asked for).
        """
        if "file" in self.request:
            from openai.types.audio import TranscriptionVerbose

            return TranscriptionVerbose.construct(**self.body)
        if "prompt" in self.request:
            from openai.types import Completion

            return Completion.construct(**self.body)
        if self.response is not None:
            from openai.types.responses import Response

            return Response.construct(**self.response)
        from openai.types.chat import ChatCompletion

        return ChatCompletion.construct(**self.body)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return visible(self.text)

    def bundle(self, status: str = "") -> dict[str, str]:
        """The text as it is displayed, with what the content filter found and a quiet line under it."""
        return mimebundle(self.markdown, status, table=self.verdicts)

    def __len__(self) -> int:
        return len(self.choices)

    def __getitem__(self, index: int) -> Choice:
        return self.choices[index]

    def __iter__(self) -> Iterator[Choice]:
        return iter(self.choices)
