"""Judges of 02_tokens and 03_vision_costs."""

from __future__ import annotations

import math
from typing import Any

from .. import catalog, tokens
from ..estimates import Estimate
from .judging import Judge


def _asked_in_short(answer: Any) -> str:
    if not isinstance(answer, str):
        return "a prompt is a text, in quotes."
    count = tokens.count(answer, "gpt-4o")
    if count > 12:
        return f"that has {count} tokens."
    missing = next((word for word in ("capital", "australia") if word not in answer.lower()), "")
    return f"would you know what is asked? It doesn't say {missing!r}." if missing else ""


def _within_a_cent(answer: Any) -> str:
    if not isinstance(answer, Estimate):
        return f"its type is {type(answer).__name__}. What is asked for is what aoai.estimate returns."
    if answer.dearest is None or answer.max_tokens is None:
        return "its dearest price is unknown. Name the deployment gpt-4o, and a max_tokens."
    if answer.known is None or answer.known.model.name != "gpt-4o":
        return f"{answer.deployment} has other prices. What is asked for is gpt-4o."
    if answer.dearest > 0.01:
        return "in the worst case it costs more than a cent."
    longer = answer.cost(answer.max_tokens + 1)
    return "there is room for more." if longer is not None and longer <= 0.01 else ""


def _one_tile(answer: Any) -> str:
    if not (isinstance(answer, tuple) and len(answer) == 2 and all(type(side) is int and side > 0 for side in answer)):
        return "a size is two whole numbers in parentheses: (width, height)."
    width, height = answer
    if width * 3 != height * 4:
        return f"{width} x {height} isn't exactly 4:3: three times the width is four times the height there."
    tiles = tokens.count_image(width, height, "gpt-4o").tiles
    if tiles > 1:
        return f"that takes {tiles} tiles."
    return "" if tokens.count_image(width + 4, height + 3, "gpt-4o").tiles > 1 else "there is room in that tile."


def _cheapest_to_look_at(answer: Any) -> str:
    asked = ("gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5", "gpt-5-mini")
    if answer not in asked:
        return f"it is one of {', '.join(asked)}."
    costs = {}
    for name in asked:
        price = catalog.price(name)
        cost = price.cost(tokens.count_image(4000, 3000, name).total, 0) if price else None
        costs[name] = math.inf if cost is None else cost
    if costs[answer] == min(costs.values()):
        return ""
    return f"another one costs {min(costs.values()) / costs[answer]:.0%} of that."


JUDGES: dict[str, Judge] = {
    "tokens-1": _asked_in_short,
    "tokens-2": _within_a_cent,
    "vision-1": _one_tile,
    "vision-2": _cheapest_to_look_at,
}
