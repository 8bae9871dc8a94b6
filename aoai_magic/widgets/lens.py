"""The token lens: text cut into its tokens as it is typed, by the encodings of several models side by side."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from .. import catalog, tokens
from ..visible import visible
from .static import Static, bundle, safe

#: How many tokens of a pane the static form shows; a book in colours would weigh more than the notebook.
STATIC_TOKENS = 500
# Backgrounds that text of both themes can be read on.
_COLOURS = ("#f59e0b4d", "#3b82f64d", "#10b9814d", "#ec48994d", "#8b5cf64d")
_HERE = Path(__file__).parent


class TokenLens(anywidget.AnyWidget):
    """Text in colours, a colour a token, counted and priced as you type; hover over a token for its id and bytes.

    `text` is what to begin with, or several texts (the same in two languages, say); `models` are models, deployments
    named like one, or encodings: a pane for each. `lens.texts` is what stands there now; `lens.static()` the form that
    stays in a saved notebook.

    >>> TokenLens("hamburger", models=["gpt-4o"]).panes[0]["shown"]
    ['hamb', 'urger']
    """

    _esm = _HERE / "lens.js"
    _css = _HERE / "lens.css"
    texts = traitlets.List(traitlets.Unicode()).tag(sync=True)
    models = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    panes: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, text: str | Sequence[str] = "", models: Sequence[str] = ("gpt-4o",)) -> None:
        texts = [text] if isinstance(text, str) else list(text)
        super().__init__(texts=texts, models=list(models), panes=_panes(texts, models))

    @traitlets.observe("texts", "models")
    def _recount(self, change: Any) -> None:
        self.panes = _panes(self.texts, self.models)

    def static(self) -> Static:
        """The lens as it stands, without its boxes."""
        return static(self.texts, self.models)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return bundle(self, self.static()), {}


def static(texts: Sequence[str], models: Sequence[str]) -> Static:
    """The static form of a lens: without prices, which are of today, while what is saved stays.

    >>> print(static(["hamburger"], ["r50k_base", "gpt-4o"]))
    r50k_base: 3 tokens
    ham·bur·ger
    gpt-4o (o200k_base): 2 tokens
    hamb·urger
    """
    panes = _panes(texts, models)
    plain = "\n".join(f"{pane['head']}\n{_joined(pane['shown'][:STATIC_TOKENS])}{_rest(pane)}" for pane in panes)
    columns = "".join(_column(pane) for pane in panes)
    return Static(f'<div style="display: flex; flex-wrap: wrap; gap: 1.5em">{columns}</div>', plain)


def _panes(texts: Sequence[str], models: Sequence[str]) -> list[dict[str, Any]]:
    """What a lens shows: for each text and model a head, and the tokens as they are shown, with ids and bytes."""
    return [_pane(text, model) for text in texts for model in models]


def _pane(text: str, model: str) -> dict[str, Any]:
    pieces = tokens.pieces(text, model)
    encoding = tokens.encoding(model)
    price = catalog.price(model)
    cost = price.cost(len(pieces), 0) if price else None
    assumed = ", assumed" if model not in tokens.ENCODINGS and catalog.model(model) is None else ""
    named = model if model == encoding else f"{model} ({encoding}{assumed})"
    count = f"{len(pieces):,} token{'' if len(pieces) == 1 else 's'}"
    return {
        "head": visible(f"{named}: {count}"),
        "price": f", {catalog.dollars(cost)} as input" if cost else "",
        "shown": [_shown(piece) for _, piece in pieces],
        "ids": [number for number, _ in pieces],
        "bytes": [piece.hex(" ") for _, piece in pieces],
    }


def _shown(piece: bytes) -> str:
    """A token as it can be shown; a part of a character by its bytes."""
    try:
        text = piece.decode()
        if text and all(unicodedata.category(character) == "Cf" for character in text):  # such as emoji's joiner
            return "".join(f"‹U+{ord(character):04X}›" for character in text)
        return visible(text.replace("\r", "␍").replace("\n", "⏎\n").replace("\t", "⇥\t"))
    except UnicodeDecodeError:
        return "".join(f"‹{byte:02x}›" for byte in piece)


def _joined(shown: Sequence[str]) -> str:
    """Tokens with a dot between them, but where a line ends anyway."""
    return "".join(a if a.endswith("\n") else f"{a}·" for a, _ in pairwise(shown)) + (shown[-1] if shown else "")


def _rest(pane: dict[str, Any]) -> str:
    more = len(pane["ids"]) - STATIC_TOKENS
    return f" … and {more:,} more" if more > 0 else ""


def _column(pane: dict[str, Any]) -> str:
    spans = "".join(
        f'<span title="{number}: {octets}" style="background: {_COLOURS[at % len(_COLOURS)]}">{safe(shown)}</span>'
        for at, (shown, number, octets) in enumerate(
            zip(pane["shown"][:STATIC_TOKENS], pane["ids"], pane["bytes"], strict=False)
        )
    )
    return (
        f'<div style="flex: 1 1 18em; min-width: 0"><div><b>{safe(pane["head"])}</b></div>'
        f'<div style="font-family: monospace; white-space: pre-wrap; overflow-wrap: anywhere">{spans}{_rest(pane)}</div></div>'
    )
