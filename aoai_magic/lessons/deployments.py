"""Judges of 05_deployments."""

from __future__ import annotations

from typing import Any

from .. import catalog
from .judging import Judge, no_reply


def _large_enough(answer: Any) -> str:
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return f"its type is {type(answer).__name__}. A number is asked for."
    if answer < 16:
        return (
            "the tokens don't fit: a request counts with its characters over four, and with all that it may generate."
        )
    if answer < 20:
        return "the tokens fit. How many requests a minute come with that?"
    return "" if answer == 20 else "that is more than is needed."


def _named_for_its_use(answer: Any) -> str:
    if nudge := no_reply(answer):
        return nudge
    found = catalog.model(str(answer.body.get("model")))
    if found is None or found.name != "gpt-4.1-nano":
        return f"{answer.deployment!r} runs {found.name if found else 'another model'}."
    if catalog.model(answer.deployment):
        return f"{answer.deployment!r} is the name of a model. What is the deployment for?"
    return ""


JUDGES: dict[str, Judge] = {
    "deploy-1": _large_enough,
    "deploy-2": _named_for_its_use,
}
