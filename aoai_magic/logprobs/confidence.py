"""An answer, each token shaded by how unlikely it was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ..safe_html import safe_text
from ..visible import visible
from .reading import Token

_MOST_SHADED, _LISTED, _ALTERNATIVES = 3_000, 5, 4
# What is at least so likely is not shaded, and is none of the least likely.
_SURE = 0.95


@dataclass(frozen=True)
class Confidence:
    """How sure a model was of each token: static HTML, and a few lines of text.

    Each token has a shade, and its alternatives behind it. It says how likely the words were, given those before them,
    and not whether they are true. `folded` shows its first line, which unfolds to the rest.

    >>> print(Confidence([Token("Oslo", -0.5, {"Oslo": -0.5, "Rome": -1.2}), Token(".", -0.01)]))
    2 tokens, 80 % likely on average (geometric mean 77 %); the least likely:
      'Oslo' 61 % ('Rome' 30 %)
    """

    tokens: Sequence[Token]
    folded: bool = False

    @property
    def mean(self) -> float | None:
        """The geometric mean of the tokens' probabilities: 1 over the perplexity. None where nothing is told."""
        told = [one.logprob for one in self.tokens if one.logprob is not None]
        return math.exp(sum(told) / len(told)) if told else None

    def least(self) -> list[Token]:
        """The least likely tokens, the least likely first; those that were as good as certain aren't among them."""
        doubted = [one for one in self.tokens if (one.probability if one.probability is not None else 1) < _SURE]
        return sorted(doubted, key=lambda one: one.probability or 0)[:_LISTED]

    def plain(self) -> str:
        """The twin of the HTML as text."""
        return visible("\n".join([self._head(), *(f"  {_told(one)}" for one in self.least())]))

    def html(self) -> str:
        """The shaded text. Everything in it is escaped."""
        spans = "".join(_span(one) for one in self.tokens[:_MOST_SHADED])
        if len(self.tokens) > _MOST_SHADED:
            spans += f"<i>… {len(self.tokens) - _MOST_SHADED:,} tokens more</i>"
        text = f'<div style="white-space:pre-wrap;line-height:1.7;margin:.3em 0">{spans}</div>'
        head = safe_text(self._head().removesuffix("; the least likely:"))
        if self.folded:
            return f'<details style="margin:.4em 0"><summary style="opacity:.65">{head}</summary>{text}</details>'
        return f'{text}<p style="opacity:.65;font-size:85%;margin:.3em 0">{head}</p>'

    def drawn(self) -> Any:
        """The text for a terminal, what was unlikely coloured, and the least likely under it."""
        from rich.text import Text

        shown = Text()
        for one in self.tokens[:_MOST_SHADED] if not self.folded else ():
            sure = 1.0 if one.probability is None else one.probability
            shown.append(visible(one.text), style="bold red" if sure < 0.5 else "yellow" if sure < _SURE else "")
        return shown.append(("\n\n" if shown else "") + self.plain(), style="dim")

    def _head(self) -> str:
        told = [one.probability for one in self.tokens if one.probability is not None]
        if not told or self.mean is None:
            return "How likely the tokens were isn't told."
        head = f"{len(self.tokens):,} token{'s' * (len(self.tokens) > 1)}, {_percent(sum(told) / len(told))} likely on average"
        return f"{head} (geometric mean {_percent(self.mean)})" + ("; the least likely:" if self.least() else "")

    def __str__(self) -> str:
        return self.plain()

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.plain()}


def _span(token: Token) -> str:
    text = safe_text(token.text)
    if token.probability is None:
        return text
    title = escape(visible(_told(token)))
    shade = 0.0 if token.probability >= _SURE else 0.7 * (1 - token.probability)
    style = f' style="background:rgba(230,90,30,{shade:.2f});border-radius:2px"' if shade else ""
    return f'<span title="{title}"{style}>{text}</span>'


def _told(token: Token) -> str:
    others = sorted(token.alternatives.items(), key=lambda pair: -pair[1])
    listed = [f"{text!r} {_percent(math.exp(min(value, 0)))}" for text, value in others if text != token.text]
    own = "" if token.probability is None else f" {_percent(token.probability)}"
    return f"{token.text!r}{own}" + (f" ({', '.join(listed[:_ALTERNATIVES])})" if listed else "")


def _percent(probability: float) -> str:
    return f"{probability:.0%}".replace("%", " %") if probability >= 0.01 else "under 1 %"
