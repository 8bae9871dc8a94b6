"""Judges of 13_reproducible_analysis."""

from __future__ import annotations

from typing import Any

from .judging import Judge


def _made_worse(answer: Any) -> str:
    given, both = answer
    names = [] if isinstance(given, str) or not hasattr(given, "__iter__") else list(given)
    if not names or not all(isinstance(name, str) for name in names):
        return "a list of names of packages is asked for."
    rows = {row["package"]: row for row in both.to_dict("records")}
    for name in names:
        row = rows.get(name)
        if row is None:
            return f"{name!r} isn't in the table."
        if row["before"] == row["after"]:
            return f"{name} was answered as before."
        if row["before"] != row["truth"]:
            return f"the answer to {name} changed, but it was wrong before too."
    worse = {name for name, row in rows.items() if row["before"] == row["truth"] != row["after"]}
    return "" if worse <= set(names) else "those are among them, and there are more."


def _asked_once_a_day(answer: Any) -> str:
    if not isinstance(answer, dict) or not all(isinstance(text, str) and text for text in answer.values()):
        return "prompt has to return a text."
    days: dict[tuple[str, str], set[str]] = {}
    for (description, when), text in answer.items():
        if description not in text:
            return f"the prompt about {description!r} doesn't say so."
        days.setdefault((description, when[:10]), set()).add(text)
    if any(len(texts) > 1 for texts in days.values()):
        return "one question asked twice on one day is two prompts, so its recording isn't found. What differs?"
    if len({text for texts in days.values() for text in texts}) < len(days):
        return "the prompt doesn't say which day it is, and the next day's answer would be an old recording."
    return ""


JUDGES: dict[str, Judge] = {
    "reproduce-1": _made_worse,
    "reproduce-2": _asked_once_a_day,
}
