"""Judges of 04_image_generation."""

from __future__ import annotations

from typing import Any

from .. import tokens
from ..image_reply import ImageReply
from .judging import Judge


def _gives_the_table(answer: Any) -> str:
    if not isinstance(answer, dict) or len(answer) < 9:
        return "what is asked for are the tokens of all nine pictures."
    if any(isinstance(given, bool) or not isinstance(given, int | float) for given in answer.values()):
        return "count has to return a number for every picture."
    wrong = {
        which: given for which, given in answer.items() if given != tokens.count_generated_image(which[1], which[0])
    }
    if not wrong:
        return ""
    (quality, size), given = next(iter(wrong.items()))
    right = tokens.count_generated_image(size, quality)
    why = ""
    if all(given < tokens.count_generated_image(size, quality) for (quality, size), given in wrong.items()):
        why = " All that differ are too few: what comes once with every row of patches?"
    return f"{len(answer) - len(wrong)} of {len(answer)} are right. {quality}, {size}: {right} in the table, {given} by yours.{why}"


def _two_posters(answer: Any) -> str:
    if isinstance(answer, ImageReply):
        answer = answer.raw
    size, drawn = getattr(answer, "size", None), getattr(getattr(answer, "usage", None), "output_tokens", None)
    if size is None or drawn is None:
        return f"its type is {type(answer).__name__}. What is asked for is the whole reply, with all that it knows."
    if len(answer.data) != 2:
        return f"{len(answer.data)} came. How many are drawn is an option of the request."
    if size != "1024x1536":
        return f"{size} is not upright."
    if answer.background != "transparent":
        return "something is drawn behind the things on it."
    return "" if drawn <= 1000 else f"{drawn} tokens were drawn. What are they drafted in?"


JUDGES: dict[str, Judge] = {
    "image-1": _gives_the_table,
    "image-2": _two_posters,
}
