"""What a request will cost, and whether it fits, before it is sent: tokens by part, prices, window and rate limits."""

from __future__ import annotations

import datetime
import math
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import catalog
from .catalog import Known, Price
from .local.limits import arrival_tokens
from .request import refused
from .safe_html import safe_text
from .tokens import Part, chat_parts, count, count_many
from .visible import visible

_WIDTH = 79
_SOON = datetime.timedelta(days=90)
_HOW = {
    "told": "as you said",
    "control plane": "says the control plane",
    "reply": "says its last reply",
    "name": "guessed from its name",
}
# Parts of a message whose tokens a rule gives.
_COUNTED = {"text", "refusal", "image_url"}

# The most tokens of a text's continuation where the request doesn't say: the default of max_tokens (learn.microsoft.com,
# Azure OpenAI REST API reference, Completions).
_TEXT_LIMIT = 16


@dataclass(frozen=True)
class Headroom:
    """What a deployment may take in the running minute, as the x-ratelimit headers of its last answer said."""

    tokens: int | None
    requests: int | None
    token_limit: int | None
    request_limit: int | None
    at: float

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Headroom | None:
        """Read the headers of an answer; None where they have none of it.

        >>> Headroom.of({"x-ratelimit-remaining-tokens": "900"}).tokens
        900
        """
        kinds = ("remaining-tokens", "remaining-requests", "limit-tokens", "limit-requests")
        found = [headers.get(f"x-ratelimit-{kind}", "") for kind in kinds]
        tokens, requests, token_limit, request_limit = (
            int(one) if one.isascii() and one.isdigit() else None for one in found
        )
        if tokens is None and requests is None:
            return None
        return cls(tokens, requests, token_limit, request_limit, time.time())

    def now(self) -> tuple[int | None, int | None]:
        """Tokens and requests that are left now: all of them, once a minute has gone by."""
        if time.time() - self.at >= 60:
            return self.token_limit, self.request_limit
        return self.tokens, self.requests


@dataclass(frozen=True)
class Estimate:
    """What a request will cost. `str(estimate)` is a table; a notebook shows it as one.

    `parts` are the prompt's, each with its tokens; `prompt_tokens` their sum; `max_tokens` the most that the reply can
    have, None where neither the request nor the catalogue says; for vectors it and `choices` are 0. `cheapest` and `dearest` are US dollars with a reply of
    one token and of `max_tokens`, without any discount for a cached prompt; None where a price or a number is unknown.
    `exact` is false where the vendor documents no rule for a part. `warnings` say what would go wrong or be wasted. `recorded` is the day of the recording
    that would answer it for nothing; None where none would, and where nobody watches: an estimate must be the same at every run.
    `request` is the body that it foresees.

    >>> import aoai_magic as aoai
    >>> aoai.estimate("How many tokens is this?", deployment="gpt-4o", max_tokens=100).prompt_tokens
    13
    """

    deployment: str
    known: Known | None
    parts: tuple[Part, ...]
    choices: int
    max_tokens: int | None
    price: Price | None
    sku: str
    local: bool
    arrival: int
    headroom: Headroom | None = None
    warnings: tuple[str, ...] = ()
    recorded: datetime.date | None = None
    request: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def operation(self) -> str:
        """What the deployment is asked for: chat, completions, responses or embeddings."""
        if "input" in self.request:
            return "responses" if self.choices else "embeddings"
        return "completions" if "prompt" in self.request else "chat"

    @property
    def prompt_tokens(self) -> int:
        return sum(part.tokens for part in self.parts)

    @property
    def exact(self) -> bool:
        return not any(part.estimated for part in self.parts)

    @property
    def cheapest(self) -> float | None:
        return self.cost(self.choices)

    @property
    def dearest(self) -> float | None:
        return None if self.max_tokens is None else self.cost(self.choices * self.max_tokens)

    @property
    def limit(self) -> int | None:
        """The most tokens of a reply, where a budget may lower it."""
        return self.max_tokens

    @property
    def slack(self) -> float:
        """US dollars that the prompt may cost beyond what was counted, where no document has the rule; else 0.

        A tenth of such parts, and 3 tokens: a margin. What is known of reasoning models, whose framing nobody documents,
        is one captured request; it has one token less than the rule of the others (tokens/chat).
        """
        tokens = sum(part.tokens for part in self.parts if part.estimated)
        found = self.price.cost(math.ceil(tokens / 10) + 3, 0) if tokens and self.price else None
        return found or 0.0

    def cost(self, completion_tokens: int) -> float | None:
        """US dollars on Azure with a reply of so many tokens; None where the price is unknown."""
        return None if self.price is None else self.price.cost(self.prompt_tokens, completion_tokens)

    @property
    def context_window(self) -> int | None:
        """The tokens that prompt and reply may have together on that deployment; None where it is unknown."""
        return self.known.model.window(self.sku) or None if self.known else None

    def rows(self) -> list[tuple[str, str, str]]:
        """The table's rows: what, how much, and a remark."""
        rows = [(part.name, f"{part.tokens:,}", _remark(part)) for part in self.parts]
        about = "" if self.exact else "about "
        rows.append(("prompt", f"{about}{self.prompt_tokens:,} tokens", "" if self.known else "counted as GPT-4o's"))
        rows.append(self.reply_row())
        rows.append(("price", *self._price()))
        if self.context_window and self.choices:  # of texts to be embedded, each has it to itself
            share = self.prompt_tokens / self.context_window
            used = f"{share:.0%}" if share >= 0.01 else "under 1 %"
            rows.append(("context window", f"{self.context_window:,} tokens", f"the prompt fills {used} of it"))
        if self.headroom:
            rows.append(("rate limit", *self._fit()))
        return [*rows, *self.recording_rows()]

    def recording_rows(self) -> list[tuple[str, str, str]]:
        """The row that says that a recording answers it, if one does."""
        return [("recording", "answers it: free", f"of {self.recorded}")] if self.recorded else []

    def reply_row(self) -> tuple[str, str, str]:
        """The row of what comes back."""
        if not self.choices:
            return "reply", "vectors", "cost nothing themselves"
        times = f"{self.choices} x " if self.choices > 1 else ""
        return "reply", "unknown" if self.max_tokens is None else f"{times}{self.max_tokens:,} tokens at most", ""

    def _price(self) -> tuple[str, str]:
        where = "on Azure; nothing here" if self.local else self.sku
        if self.price is None or self.cheapest is None:
            return "unknown", where
        most = "unknown" if self.dearest is None else catalog.dollars(self.dearest)
        least = catalog.dollars(self.cheapest)
        return least if least == most else f"{least} to {most}", f"{where}, prices of {self.price.read}"

    def _fit(self) -> tuple[str, str]:
        assert self.headroom is not None
        tokens, requests = self.headroom.now()
        fits = (tokens is None or self.arrival <= tokens) and (requests is None or requests > 0)
        left = [f"{self.arrival:,} of {tokens:,} tokens" if tokens is not None else ""]
        left.append(f"1 of {requests:,} requests" if requests is not None else "")
        return "fits now" if fits else "doesn't fit now", f"{', '.join(filter(None, left))} left in this minute"

    def __str__(self) -> str:
        rows = self.rows()
        names, amounts = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines = []
        for name, amount, remark in rows:
            first, *more = _wrapped(remark, _WIDTH - names - amounts - 4) or [""]
            lines.append(f"{name:<{names}}  {amount:>{amounts}}  {first}".rstrip())
            lines += [f"{'':{names + amounts + 4}}{line}" for line in more]
        return visible("\n".join([self._head(), "", *lines, *(f"! {warning}" for warning in self.warnings)]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        style = "text-align: {}; padding: 1px 12px 1px 0; vertical-align: top; white-space: {}"
        names, amounts = style.format("left", "nowrap"), style.format("right", "nowrap")
        remarks = style.format("left", "pre-line") + "; opacity: 0.7"
        body = "".join(
            f'<tr><td style="{names}">{_html(name)}</td><td style="{amounts}">{_html(amount)}</td>'
            f'<td style="{remarks}">{_html(remark)}</td></tr>'
            for name, amount, remark in self.rows()
        )
        warnings = "".join(f"<div>⚠ {_html(one)}</div>" for one in self.warnings)
        return f"<div>{_html(self._head())}</div><table>{body}</table>{warnings}"

    def _head(self) -> str:
        found = f"{self.known.model.id}, {_HOW[self.known.how]}" if self.known else "its model is unknown"
        return f"{self.deployment} ({found}): not sent"


def estimate(
    body: Mapping[str, Any],
    known: Known | None,
    *,
    sku: str = "GlobalStandard",
    local: bool,
    headroom: Headroom | None = None,
) -> Estimate:
    """Return the estimate of a request's body: one with messages, a prompt to be continued, or texts to be embedded.

    `known` is the model of its deployment, `sku` the kind of deployment, `local` whether the local service gets it, for
    nothing. Pictures at an address aren't measured, sound and files not counted: a warning says so, and the dearest price is
    unknown then.
    """
    model = known.model if known else None
    messages, uncounted = _countable(body.get("messages", ()))
    given = body.get("max_completion_tokens") or body.get("max_tokens")
    limit = given or (model.max_output_tokens if model else 0) or None
    # Of a text's `best_of` continuations the best `n` are answered, and all are billed.
    choices = int(max(body.get("n") or 1, body.get("best_of") or 1))
    if "prompt" in body:
        parts = _text_parts(body, model.name if model else "gpt-35-turbo-instruct")
        limit = given or _TEXT_LIMIT
    elif "input" in body:
        counts = count_many(body["input"], model.name if model else "text-embedding-3-small")
        parts = [Part(f"{len(counts):,} text{'s' * (len(counts) > 1)}", sum(counts))]
        choices = limit = 0
    else:
        schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
        parts = chat_parts(messages, model.name if model else "gpt-4o", body.get("tools"), schema)
    characters = (
        len(body.get("prompt", ""))
        + sum(map(len, body.get("input", ())))
        + sum(len(text) for message in messages for text in _texts(message))
    )
    return Estimate(
        deployment=str(body["model"]),
        known=known,
        parts=tuple(parts),
        choices=choices,
        max_tokens=None if uncounted else limit,
        price=catalog.price(model.id, sku=sku) if model else None,
        sku=sku,
        local=local,
        arrival=arrival_tokens(characters, (limit or 0) * choices),
        headroom=headroom,
        warnings=tuple(_warnings(body, known, parts, uncounted, sku)),
        request=body,
    )


def earlier(messages: Sequence[Mapping[str, Any]], known: Known | None, name: str) -> Part:
    """What messages add to the prompt that they go along with, as one part of that name."""
    kept, _ = _countable(messages)
    *parts, _ = chat_parts(kept, known.model.name if known else "gpt-4o")
    return Part(name, sum(part.tokens for part in parts), estimated=any(part.estimated for part in parts))


def _text_parts(body: Mapping[str, Any], model: str) -> list[Part]:
    parts = [Part("text", count(body["prompt"], model))]
    if suffix := body.get("suffix"):
        parts.append(Part("suffix", count(suffix, model), estimated=True))
    return parts


def _warnings(
    body: Mapping[str, Any], known: Known | None, parts: list[Part], uncounted: list[str], sku: str
) -> list[str]:
    warnings = [*uncounted]
    if known is None:
        return [*warnings, *warnings_of_model(known)]
    model = known.model
    warnings += [f"{model.name} refuses {name}." for name in refused(body, known)]
    window = model.window(sku)
    total = sum(part.tokens for part in parts)
    if window and total > window and "input" not in body:
        warnings.append(f"The prompt has {total - window:,} tokens too many for the context window.")
    elif window and "prompt" in body and total + (body.get("max_tokens") or _TEXT_LIMIT) > window:
        warnings.append("Prompt and max_tokens together are more than the context window: the service will refuse it.")
    warnings += warnings_of_model(known)
    for part in parts:
        if part.image and any("shrunk" in step for step in part.image.steps):
            warnings.append(
                f"A picture is shrunk to {part.image.resized[0]} x {part.image.resized[1]} px before it is seen."
            )
    return warnings


def warnings_of_model(known: Known | None) -> list[str]:
    """What to know of a model before anything is sent to it: that it is unknown, or retired, or soon will be."""
    if known is None:
        return ["The model isn't known by the deployment's name: %aoai connect … --serves MODEL tells it."]
    model = known.model
    if model.retired():
        return [f"{model.id} is retired{f', since {model.retires}' if model.retires else ''}."]
    if model.retires and model.retires - datetime.date.today() < _SOON:
        successor = f"; its successor is {model.successor}" if model.successor else ""
        return [f"{model.id} retires on {model.retires}{successor}."]
    return []


def _countable(messages: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """The messages without the parts that can't be counted, and what to say of those.

    Nobody fetches a picture for an estimate; and how many tokens sound and files are in a chat, no document says: the rule of
    tokens.count_audio is the realtime API's.
    """
    kept, remote, others = [], 0, set()
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            here = [part for part in content if not _address(part)]
            remote += len(content) - len(here)
            others |= {part["type"] for part in here} - _COUNTED
            message = {**message, "content": here}
        kept.append(dict(message))
    warnings = [f"{remote} picture{'s' * (remote > 1)} at an address can't be measured from here."] if remote else []
    warnings += [f"{kind} isn't counted: no document says how many tokens it is in a chat." for kind in sorted(others)]
    return kept, warnings


def _address(part: dict[str, Any]) -> bool:
    return part["type"] == "image_url" and str(part["image_url"]["url"])[:4].lower() == "http"


def _texts(message: Mapping[str, Any]) -> list[str]:
    content = message.get("content")
    if isinstance(content, list):
        return [part["text"] for part in content if isinstance(part.get("text"), str)]
    return [content] if isinstance(content, str) else []


def _remark(part: Part) -> str:
    if part.image:
        return "\n".join(part.image.steps)
    return "an estimate: no document says how it is counted" if part.estimated else ""


def _wrapped(remark: str, width: int) -> list[str]:
    return [line for one in remark.split("\n") for line in textwrap.wrap(one, max(width, 24))]


def _html(text: str) -> str:
    return safe_text(visible(text))
