"""What a judge of an exercise is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..reply import Reply

#: A judge looks at an answer and returns "" if it is right, else the nudge that helps from there.
Judge = Callable[[Any], str]


def no_reply(answer: Any) -> str:
    """The nudge for what is no reply; "" for a reply."""
    if isinstance(answer, Reply):
        return ""
    return (
        f"its type is {type(answer).__name__}. What is asked for is the whole reply; how do you keep it in a variable?"
    )
