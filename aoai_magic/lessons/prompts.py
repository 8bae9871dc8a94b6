"""Judges of 00_start_here and 01_prompts_and_completions."""

from __future__ import annotations

import re
from typing import Any

from .judging import Judge, no_reply


def _cut_at_five(answer: Any) -> str:
    if nudge := no_reply(answer):
        return nudge
    if answer.finish_reason != "length":
        return "that reply came to its own end. Something has to end it sooner; %%chat --help lists what can."
    if answer.usage is None or answer.usage.completion_tokens != 5:
        got = answer.usage.completion_tokens if answer.usage else "an unknown number of"
        return f"it was cut, but it has {got} tokens."
    return ""


def _beginning_before_rome(answer: Any) -> str:
    if not (isinstance(answer, tuple) and len(answer) == 2 and all(isinstance(part, str) for part in answer)):
        return "a beginning is a text, in quotes."
    beginning, completion = answer
    if "rome" in beginning.lower():
        return "the beginning says Rome itself."
    if "?" in beginning:
        return "that is a question. Write the sentence that would answer it, without its last word."
    if not completion.strip().startswith("Rome"):
        return f"the model went on with {completion.strip()[:40]!r}. What else could only be followed by Rome?"
    return ""


def _counted_to_seven(answer: Any) -> str:
    if nudge := no_reply(answer):
        return nudge
    numbers = re.findall(r"\d+", answer.text)
    if answer.finish_reason == "length":
        return "that reply was cut by its limit of tokens. A stop sequence ends it at a text instead."
    if not answer.request.get("stop"):
        return "nothing was named for it to stop at."
    if not numbers or numbers[-1] != "7":
        return f"its last number is {numbers[-1]}." if numbers else "there is no number in it."
    return ""


def _told_of_oslo(answer: Any) -> str:
    if nudge := no_reply(answer):
        return nudge
    messages = answer.request["messages"]
    roles = [message["role"] for message in messages if message["role"] not in ("system", "developer")]
    if "oslo" in str(messages[-1]["content"]).lower():
        return "the last message names the city already."
    if len(roles) < 3 or roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        return f"what was sent is {', '.join(roles)}; a conversation about it is user, assistant, user."
    if "oslo" not in answer.text.lower():
        return "the reply doesn't name the city. Was Oslo spoken of before, in a whole sentence?"
    return ""


JUDGES: dict[str, Judge] = {
    "start-1": _cut_at_five,
    "prompts-1": _beginning_before_rome,
    "prompts-2": _counted_to_seven,
    "prompts-3": _told_of_oslo,
}
