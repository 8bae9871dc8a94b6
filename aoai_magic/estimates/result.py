"""An estimate: what is known of a request that isn't sent, in numbers and as a table."""

from __future__ import annotations

import datetime
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import catalog
from ..catalog import Known, Price
from ..fitting import fitted, terminal_width
from ..safe_html import safe_text
from ..tokens import Part
from ..visible import visible
from .headroom import Headroom

_WIDTH, _LEAST = 79, 24
_HOW = {
    "told": "as you said",
    "control plane": "says the control plane",
    "reply": "says its last reply",
    "name": "guessed from its name",
}


@dataclass(frozen=True)
class Estimate:
    """What a request will cost. `str(estimate)` is a table; a notebook shows it as one.

    `parts` are the prompt's, each with its tokens; `prompt_tokens` their sum; `max_tokens` the most that the reply can
    have, None where neither the request nor the catalogue says; for vectors it and `choices` are 0. `cheapest` and
    `dearest` are US dollars with a reply of one token and of `max_tokens`, without any discount for a cached prompt,
    and with what putting it into the cache costs; None where a price or a number is unknown. `exact` is false where the
    vendor documents no rule for a part. `warnings` say what would go wrong or be wasted. `recorded` is the day of the
    recording that would answer it for nothing; None where none would, and where nobody watches: an estimate must be the
    same at every run. `budget` is what the budgets would make of it now, in a word, and the tightest of them; None as
    for recordings. `where` says in words what the price is that of. `request` is the body that it foresees.

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
    where: str
    local: bool
    arrival: int
    headroom: Headroom | None = None
    warnings: tuple[str, ...] = ()
    recorded: datetime.date | None = None
    region: str | None = None
    budget: tuple[str, str] | None = None
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
        if self.max_tokens is None:
            return None
        return _plus(self.cost(self.choices * self.max_tokens), self.cache_write)

    @property
    def cache_write(self) -> float:
        """US dollars that the prompt costs more where the service caches it.

        Whether it does is its own choice; for most models this is 0. GPT-5.6 and later count such tokens apart
        (`cache_write_tokens` in usage) and have a price for them (catalog/prices).
        """
        if self.price is None or not self.price.cache_write:
            return 0.0
        written = self.price.cost(self.prompt_tokens, 0, cache_write_tokens=self.prompt_tokens)
        return (written or 0.0) - (self.price.cost(self.prompt_tokens, 0) or 0.0)

    @property
    def limit(self) -> int | None:
        """The most tokens of a reply, where a budget may lower it."""
        return self.max_tokens

    @property
    def slack(self) -> float:
        """US dollars that the prompt may cost beyond what was counted, where no document has the rule; else 0.

        A tenth of such parts, and 3 tokens: a margin. What is known of reasoning models, whose framing nobody
        documents, is one captured request; it has one token less than the rule of the others (tokens/chat).
        """
        tokens = sum(part.tokens for part in self.parts if part.estimated)
        if not tokens or self.price is None:
            return 0.0
        made = self.choices * (
            self.max_tokens or 0
        )  # it too is dearer where a long prompt makes all of a request dearer
        counted, most = (
            self.price.cost(prompt, made)
            for prompt in (self.prompt_tokens, self.prompt_tokens + math.ceil(tokens / 10) + 3)
        )
        return (most or 0.0) - (counted or 0.0)

    def cost(self, completion_tokens: int) -> float | None:
        """US dollars on Azure with a reply of so many tokens; None where the price is unknown."""
        return None if self.price is None else self.price.cost(self.prompt_tokens, completion_tokens)

    @property
    def context_window(self) -> int | None:
        """The tokens that prompt and reply may have together on that deployment; None where it is unknown."""
        return self.known.model.window(self.sku) or None if self.known else None

    def rows(self) -> list[tuple[str, str, str]]:
        """The table's rows: what, how much, and a remark."""
        rows = [(part.name, count_of(part.tokens), _remark(part)) for part in self.parts]
        about = "" if self.exact else "about "
        rows.append(("prompt", f"{about}{count_of(self.prompt_tokens)}", "" if self.known else "counted as GPT-4o's"))
        rows.append(self.reply_row())
        rows.append(("price", *self._price()))
        if self.context_window and self.choices:  # of texts to be embedded, each has it to itself
            share = self.prompt_tokens / self.context_window
            used = f"{share:.0%}" if share >= 0.01 else "under 1 %"
            rows.append(("context window", f"{self.context_window:,} tokens", f"the prompt fills {used} of it"))
        if self.headroom:
            rows.append(("rate limit", *self._fit()))
        return [*rows, *self.rows_of_now()]

    def rows_of_now(self) -> list[tuple[str, str, str]]:
        """The rows that say that a recording answers it, or what the budgets would make of it."""
        if self.recorded:
            return [("recording", "answers it: free", f"of {self.recorded}")]
        return [("budget", *self.budget)] if self.budget else []

    def reply_row(self) -> tuple[str, str, str]:
        """The row of what comes back."""
        if not self.choices:
            return "reply", "vectors", "cost nothing themselves"
        times = f"{self.choices} x " if self.choices > 1 else ""
        return "reply", "unknown" if self.max_tokens is None else f"{times}up to {count_of(self.max_tokens)}", ""

    def _price(self) -> tuple[str, str]:
        if self.price is None or self.cheapest is None:
            return "unknown", self.where
        most = "unknown" if self.dearest is None else catalog.dollars(self.dearest)
        ends = dict.fromkeys((catalog.dollars(self.cheapest), most))
        return " to ".join(ends), ", ".join(filter(None, [self.where, f"prices of {self.price.read}"]))

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
        width = min(terminal_width() or _WIDTH, _WIDTH)
        beside = names + amounts + 4
        for name, amount, remark in rows:
            lines.append(f"{name:<{names}}  {amount:>{amounts}}")
            if width < _WIDTH and width - beside < _LEAST:  # a narrow terminal
                lines += [f"    {line}" for line in _wrapped(remark, width - 4)]
            elif told := _wrapped(remark, max(width - beside, _LEAST)):
                lines[-1] += f"  {told[0]}"
                lines += [f"{'':{beside}}{line}" for line in told[1:]]
        said = [self._head(), "", *lines, *(f"! {warning}" for warning in self.warnings)]
        return visible("\n".join(map(fitted, said)))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        style = "text-align: {}; padding: 1px 12px 1px 0; vertical-align: top; white-space: {}"
        names, amounts = style.format("left", "nowrap"), style.format("right", "nowrap")
        remarks = style.format("left", "pre-line") + "; opacity: 0.7"
        sum_ = "; border-top: 1px solid color-mix(in srgb, currentColor 35%, transparent)"
        body = "".join(
            f'<tr style="background:none"><td style="{names}">{safe_text(name)}</td>'
            f'<td style="{amounts}{sum_ if name == "prompt" else ""}">{safe_text(amount)}</td>'
            f'<td style="{remarks}">{safe_text(remark)}</td></tr>'
            for name, amount, remark in self.rows()
        )
        warnings = "".join(f"<div>⚠ {safe_text(one)}</div>" for one in self.warnings)
        return f"<div>{safe_text(self._head())}</div><table>{body}</table>{warnings}"

    def _head(self) -> str:
        found = f"{self.known.model.id}, {_HOW[self.known.how]}" if self.known else "its model is unknown"
        return f"{self.deployment} ({found}): not sent"


def count_of(tokens: int) -> str:
    """So many tokens, in words.

    >>> count_of(1), count_of(1200)
    ('1 token', '1,200 tokens')
    """
    return f"{tokens:,} token{'s' * (tokens != 1)}"


def _remark(part: Part) -> str:
    if part.image:
        return "\n".join(part.image.steps)
    return "an estimate: no document says how it is counted" if part.estimated else ""


def _wrapped(remark: str, width: int) -> list[str]:
    return [line for one in remark.split("\n") for line in textwrap.wrap(one, width)]


def _plus(dollars: float | None, more: float) -> float | None:
    return None if dollars is None else dollars + more
