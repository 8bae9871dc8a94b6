"""Answers held to the shape that they were asked for in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import SchemaError
from ..verdicts import filtered

if TYPE_CHECKING:
    from ..reply import Choice, Reply


def shape(reply: Reply, read: Callable[[str], Any]) -> None:
    """Put into each answer of a reply what it reads as.

    Raises SchemaError, with the reply, for one that hasn't the shape.
    """
    for number, choice in enumerate(reply.choices):
        if choice.finish_reason == "tool_calls":
            continue  # it is no answer yet
        try:
            reply.choices[number] = replace(choice, parsed=read(choice.text))
        except (ValueError, RecursionError) as error:
            which = f"Answer {number + 1} of {len(reply)}" if len(reply) > 1 else "The answer"
            raise SchemaError(*_reason(reply, choice, which, str(error)), reply=reply) from None


def _reason(reply: Reply, choice: Choice, which: str, why: str) -> tuple[str, str, str]:
    kept = "error.reply holds what came."
    if choice.refusal:
        return f"{which} is a refusal: {choice.refusal[:200]}", "A refusal has no shape.", f"Reword the prompt. {kept}"
    if choice.finish_reason == "length":
        return (
            f"{which} was cut at the token limit before it was whole.",
            reply.emptied or "What was cut off is part of its shape.",
            f"Raise --max-tokens. {kept}",
        )
    if choice.finish_reason == "content_filter":
        found = ", ".join(filtered(reply.filters)) or "no category named"
        return (
            f"{which} was cut by the content filter ({found}).",
            "What was cut off is part of its shape.",
            f"Reword the prompt. {kept}",
        )
    return (
        f"{which} hasn't the shape that was asked for: {why}.",
        "Azure OpenAI's models since GPT-4o keep to a schema; others only try.",
        f"Run the cell again, or ask another deployment. {kept}",
    )
