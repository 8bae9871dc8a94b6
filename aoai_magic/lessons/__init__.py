"""The checks of the guided notebooks: right, or not yet with a nudge, offline, and never the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import AoaiError
from ..safe_html import safe_html
from ..visible import visible
from . import counting, deployments, designing, filtering, pictures, prompts, reproducing, searching
from .judging import Judge

#: The judge of each exercise, by its name.
JUDGES: dict[str, Judge] = {
    **prompts.JUDGES,
    **counting.JUDGES,
    **pictures.JUDGES,
    **deployments.JUDGES,
    **designing.JUDGES,
    **searching.JUDGES,
    **filtering.JUDGES,
    **reproducing.JUDGES,
}


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
        return safe_html(f"\u2713 {self.text}" if self.right else self.text)


def check(name: str, answer: Any) -> Verdict:
    """Grade the answer to an exercise of the guided notebooks. Raises AoaiError for an exercise that there isn't.

    >>> check("start-1", None)
    No answer yet: fill in the cell above, run it, and run this one again.
    """
    if name not in JUDGES:
        raise AoaiError(
            f"There is no exercise {name!r}.", f"There are {', '.join(JUDGES)}.", 'lessons.check("start-1", answer)'
        )
    if answer is None or answer is ...:
        return Verdict(False, "No answer yet: fill in the cell above, run it, and run this one again.")
    nudge = JUDGES[name](answer)
    return Verdict(not nudge, f"Not yet: {nudge}" if nudge else "Right.")
