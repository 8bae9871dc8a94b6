"""Source code as a string that a notebook shows highlighted."""

from __future__ import annotations

from typing import Any

from .bundles import mimebundle

# More of a program isn't read, but kept: pictures are in it.
_LONGEST_SHOWN = 200_000


class Code(str):
    """Source code as a string, which a notebook shows highlighted, in `language` (python, bash, json, …).

    >>> print(Code("print(1)", "python"))
    print(1)
    """

    language: str

    def __new__(cls, text: str, language: str) -> Code:
        made = super().__new__(cls, text)
        made.language = language
        return made

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        rest = len(self) - _LONGEST_SHOWN
        more = f"and {rest:,} more characters; the whole is in _" if rest > 0 else ""
        return mimebundle(self[:_LONGEST_SHOWN], more, self.language)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython asks for it before it asks for the bundle: it has a way of its own to show strings, in quotes.
        printer.text(self._repr_mimebundle_()["text/plain"])
