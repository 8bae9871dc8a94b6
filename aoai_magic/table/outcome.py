"""What became of one request of a map: an answer, or what went wrong and whether trying again makes sense."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

from ..errors import (
    AoaiError,
    AuthenticationError,
    BudgetError,
    DeploymentNotFoundError,
    LedgerError,
    LocalServiceError,
    NotRecordedError,
    RateLimitError,
    SettingsError,
)
from ..verdicts import filtered


@dataclass(frozen=True)
class Answer:
    """An answer as a run's file keeps it: its text, and what is to be known of it."""

    text: str
    finish_reason: str | None = "stop"
    note: str = ""

    @classmethod
    def of(cls, text: str, finish_reason: str | None, filters: Mapping[str, Any]) -> Answer:
        """An answer by why it ended, and the content filter's verdicts on it.

        >>> Answer.of("Once", "length", {}).note
        'cut at the token limit'
        """
        note = ""
        if finish_reason == "length":
            note = "cut at the token limit"
        elif finish_reason == "content_filter":
            found = ", ".join(filtered(filters))
            note = "cut by the content filter" + (f" ({found})" if found else "")
        return cls(text, finish_reason, note)

    def line(self) -> dict[str, Any]:
        """What is written down of it: the text, and what isn't as usual."""
        return {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) != one.default}


def concerns_all(error: BaseException) -> bool:
    """Whether what went wrong with one request would go wrong with all others too."""
    if isinstance(error, RateLimitError):
        return error.code == "insufficient_quota"
    everyone = (
        AuthenticationError,
        BudgetError,
        DeploymentNotFoundError,
        LedgerError,
        LocalServiceError,
        NotRecordedError,
        SettingsError,
    )
    return isinstance(error, everyone) or not isinstance(error, AoaiError)


def will_pass(error: RateLimitError) -> bool:
    """Whether a request that is over a limit will fit it later: one that is told to wait for a day never will."""
    return (error.retry_after or 0) < 3600 and error.code != "insufficient_quota"


def told_to_wait(headers: Mapping[str, str]) -> float | None:
    """For how many seconds an answer says to wait: retry-after-ms, else retry-after; None where it doesn't say.

    >>> told_to_wait({"retry-after": "3", "retry-after-ms": "2500"})
    2.5
    """
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        with suppress(ValueError):
            wait = float(headers.get(name, "")) / unit
            if 0 < wait < math.inf:
                return wait
    return None
