"""Judges of 09_embeddings_and_search."""

from __future__ import annotations

import re
from typing import Any

from .judging import Judge

_PAINT = "Paint program for young children"


def _found_without_its_words(answer: Any) -> str:
    if not (isinstance(answer, tuple) and len(answer) == 2 and all(isinstance(part, str) for part in answer)):
        return "a query is a text, in quotes."
    query, best = answer
    words = re.findall(r"\w+", query.lower())
    if not words or len(words) > 4:
        return f"it has {len(words)} words; one to four are asked for."
    if shared := sorted(set(words) & set(_PAINT.lower().split())):
        return f"{shared[0]!r} stands in the description."
    return "" if best == _PAINT else f"its best hit is {best!r}."


def _better_than_one_neighbour(answer: Any) -> str:
    guesses, sections = answer
    if len(guesses) != len(sections) or not all(isinstance(one, str) for one in guesses):
        return "guess has to return the name of a section for every package."
    right = sum(guess == section for guess, section in zip(guesses, sections, strict=True)) / len(sections)
    # One neighbour is right for 0.736 of them, the best of three to fifteen for 0.806; with its own place a package would be its own neighbour.
    if right > 0.95:
        return "that is better than the texts can tell. Does guess look at a package's own section?"
    return "" if right > 0.745 else f"{right:.0%} are right. How many neighbours have a say?"


JUDGES: dict[str, Judge] = {
    "search-1": _found_without_its_words,
    "search-2": _better_than_one_neighbour,
}
