"""Judges of 10_content_filtering."""

from __future__ import annotations

from typing import Any

from ..errors import ContentFilterError
from ..reply import Reply
from .judging import Judge


def _told_apart(answer: Any) -> str:
    right = ["answered", "blocked", "cut", "answered"]
    given = list(answer) if isinstance(answer, list) else []
    if len(given) != len(right) or given[0] is ...:
        return "outcome returns nothing yet."
    if isinstance(given[1], ContentFilterError):
        return "a prompt was blocked, and the error came through. What catches it?"
    wrong = next((at for at, pair in enumerate(zip(given, right, strict=True)) if pair[0] != pair[1]), None)
    if wrong is None:
        return ""
    what = ("was answered", "was blocked", "was answered in part", "was answered, with a finding that blocks nothing")
    return f"prompt {wrong + 1} {what[wrong]}, and outcome says {given[wrong]!r}."


def _shown_with_care(answer: Any) -> str:
    if not (isinstance(answer, list) and all(isinstance(reply, Reply) for reply, _ in answer)):
        return "what is asked for is a list of replies, each with what is shown of it."
    for reply, shown in answer:
        source = (reply.filters.get("protected_material_code") or {}).get("citation") or {}
        if not isinstance(shown, str) or not shown.strip():
            return "shown has to return a text for every reply."
        if reply.finish_reason == "content_filter":
            if reply.text.strip() in shown:
                return "of a reply that was cut, what had arrived is shown."
        elif reply.text.strip() not in shown:
            return "a reply that the filter let pass isn't shown whole."
        if source.get("license", "") not in shown:
            return "a reply has code with a source, and its licence isn't shown."
    return ""


JUDGES: dict[str, Judge] = {
    "filter-1": _told_apart,
    "filter-2": _shown_with_care,
}
