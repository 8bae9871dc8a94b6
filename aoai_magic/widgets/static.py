"""The static form of a widget: what stays of it in a saved notebook, on paper and where no kernel runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..safe_html import safe_text


@dataclass(frozen=True)
class Static:
    """HTML beside plain text, shown as it is; `str(static)` is the text.

    >>> print(Static("<b>6 tokens</b>", "6 tokens"))
    6 tokens
    """

    html: str
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


def bundle(widget: Any, static: Static) -> dict[str, Any]:
    """A widget's mimebundle with its static form beside it, for those who can't show widgets."""
    shown: dict[str, Any] = {**static._repr_mimebundle_()}
    shown["application/vnd.jupyter.widget-view+json"] = {
        "version_major": 2,
        "version_minor": 0,
        "model_id": widget.model_id,
    }
    return shown


def safe(text: object) -> str:
    """Text for HTML: escaped, with what is invisible made visible, and no price taken for maths.

    >>> safe("<b>\\u202e")
    '&lt;b&gt;⟨U+202E⟩'
    """
    return safe_text(str(text))
