"""The checks of the guided notebooks: right, or not yet with a nudge, offline, and never the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import AoaiError
from .reply import Reply
from .safe_html import safe_html
from .visible import visible

#: A judge looks at an answer and returns "" if it is right, else the nudge that helps from there.
Judge = Callable[[Any], str]


@dataclass(frozen=True)
class Verdict:
    """What a check found: true if the answer is right."""

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return visible(self.text)

    def _repr_html_(self) -> str:
        sign = "\u2713" if self.right else "\u2026"
        return safe_html(f"{sign} {self.text}")


def check(name: str, answer: Any) -> Verdict:
    """Grade the answer to an exercise of the guided notebooks. Raises AoaiError for an exercise that there isn't.

    >>> check("start-1", None)
    No answer yet: fill in the cell above, run it, and run this one again.
    """
    if name not in _JUDGES:
        raise AoaiError(
            f"There is no exercise {name!r}.", f"There are {', '.join(_JUDGES)}.", 'lessons.check("start-1", answer)'
        )
    if answer is None or answer is ...:
        return Verdict(False, "No answer yet: fill in the cell above, run it, and run this one again.")
    nudge = _JUDGES[name](answer)
    return Verdict(not nudge, f"Not yet: {nudge}" if nudge else "Right.")


def _cut_at_five(answer: Any) -> str:
    if not isinstance(answer, Reply):
        return f"that is a {type(answer).__name__}. What is asked for is the whole reply; which option keeps it in a variable?"
    if answer.finish_reason != "length":
        return "that reply came to its own end. Something has to end it sooner; %%chat --help lists what can."
    if answer.usage is None or answer.usage.completion_tokens != 5:
        got = answer.usage.completion_tokens if answer.usage else "an unknown number of"
        return f"it was cut, but it has {got} tokens."
    return ""


_JUDGES: dict[str, Judge] = {"start-1": _cut_at_five}
