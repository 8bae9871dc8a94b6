"""Words that all explanations use."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..settings import Target
from ..visible import shortened


def where(target: Target, *, first: bool = True) -> str:
    """The service, as the `first` words of a sentence or in the middle of one."""
    if target.kind == "local":
        return "The local service" if first else "the local service"
    return str(target.endpoint)


def first_line(text: str) -> str:
    """The first line of a message, cut where it is long."""
    return shortened(text.strip().split("\n")[0], 300)


def number(text: str | None, divisor: float) -> float | None:
    """A number of a header, divided; None where it is none, or below 0."""
    try:
        found = float(text) / divisor if text else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those behind it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
