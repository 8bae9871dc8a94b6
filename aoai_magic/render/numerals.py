"""Columns of numbers whose points stand under each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMERAL = re.compile(r"\$?[\d,]+(\.\d+)?")
#: As wide as a digit, and as a point, where these differ from a space.
DIGIT, POINT = "\u2007", "\u2008"


def lined_up(texts: Sequence[str], digit: str = DIGIT, point: str = POINT) -> list[str]:
    """Return texts of a column that is aligned to the right, its numbers filled up so that their points line up.

    What is no number stays as it is.

    >>> lined_up(["$0.25", "$12", "$0.0375", "unknown"], " ", " ")
    ['$0.25  ', '$12     ', '$0.0375', 'unknown']
    """
    behind = [len(found[1] or "") if (found := _NUMERAL.fullmatch(text)) else None for text in texts]
    most = max((count for count in behind if count is not None), default=0)
    return [
        text
        if count is None or count == most
        else text + (digit * (most - count) if count else point + digit * (most - 1))
        for text, count in zip(texts, behind, strict=True)
    ]
