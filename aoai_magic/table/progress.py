"""How far a map is, in words for whoever watches, and in one quiet line when it has ended."""

from __future__ import annotations

import time

from ..catalog import dollars
from .estimate import in_words
from .file import RunFile
from .plan import Plan
from .running import Run, Tally


class Progress:
    """What is said of a run while it is under way: rows, rate, tokens, money, and the time that is left."""

    def __init__(self, plan: Plan, run: Run, before: int, file: RunFile) -> None:
        self._plan, self._run, self._before, self._file = plan, run, before, file
        self._requests = len(plan.requests)
        self._started = time.monotonic()
        self.waiting_for = ""

    def told(self, what: str, fraction: float | None) -> None:
        """What something takes long for that isn't the map itself: the local service that starts."""
        self.waiting_for = what

    def __call__(self) -> tuple[str, float]:
        """The words, and how far it is, from 0 to 1."""
        tally = self._run.tally
        ended = tally.answered + tally.failed
        if self.waiting_for and not ended:
            return self.waiting_for, 0.0
        seconds = time.monotonic() - self._started
        words = [f"{self._before + ended:,} of {self._requests:,} rows"]
        if ended and seconds > 1:
            rate = ended / seconds
            left = self._requests - self._before - ended
            words += [f"{rate:.1f} a second", f"{in_words(left / rate)} left"] if left else []
        words += [f"{tally.prompt_tokens:,} tokens in, {tally.completion_tokens:,} out", price(self._plan, tally)]
        if tally.failed:
            words.append(f"{tally.failed:,} failed")
        if (wait := self._run.waiting) >= 1:
            words.append(f"waiting {wait:.0f} s for the rate limit")
        if self._file.path:
            words.append(f"answers so far in {self._file.path}")
        return " · ".join(words), (self._before + ended) / max(self._requests, 1)


def summary(plan: Plan, run: Run, file: RunFile, before: int, *, watched: bool) -> str:
    """The quiet line under a map. Where nobody watches, only what is the same at every run: no seconds, no money."""
    tally, rows = run.tally, len(plan.table)
    failed = len(plan.refused) + sum(len(one.rows) for one in plan.requests if one.key in run.errors)
    cut = sum(len(one.rows) for one in plan.requests if one.key in file.answers and file.answers[one.key].note)
    words = [plan.deployment, f"{rows:,} row{'s' * (rows > 1)}"]
    words += [f"{plan.repeated:,} repeat another, and were not sent"] if plan.repeated else []
    words += [f"{before:,} answered by the run before"] if before else []
    words += [f"{tally.prompt_tokens:,} tokens in, {tally.completion_tokens:,} out"]
    if watched:
        words += [f"{tally.recorded:,} recorded"] if tally.recorded else []
        words += [price(plan, tally)]
    wrong = [f"{count:,} {what}" for count, what in ((failed, "failed"), (cut, "cut")) if count]
    words += [f"{', '.join(wrong)}: see the column error"] if wrong else []
    words += [f"--resume sends what failed again: {file.path}"] if run.errors and watched else []
    return " · ".join(words)


def price(plan: Plan, tally: Tally) -> str:
    """What it has cost, in words."""
    if tally.usd is None:
        return "price unknown"
    return ("local, free; on Azure " if plan.connection.kind == "local" else "") + f"about {dollars(tally.usd)}"
