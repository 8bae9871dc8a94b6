"""How far a map is, in words for whoever watches, and in one quiet line when it has ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection

from ..catalog import dollars
from .estimate import in_words
from .file import RunFile
from .plan import Plan
from .running import Run, Tally

# Seconds: of so long a while the rate is, and of how long a one at least.
_LATELY, _LEAST = 30.0, 1.0


class Progress:
    """What is said of a run while it is under way: rows, rate, tokens, money, and the time that is left."""

    def __init__(
        self,
        plan: Plan,
        run: Run,
        file: RunFile,
        recorded: Collection[str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._run, self._file, self._clock = plan, run, file, clock
        there = [one for one in plan.requests if one.key in file.answers]
        self._before, self._requests = len(there), len(plan.requests)
        self._rows = len(plan.refused) + sum(len(one.rows) for one in there)
        self._to_send = sum(one.key not in recorded and one.key not in file.answers for one in plan.requests)
        self._lately: deque[tuple[float, int]] = deque()  # how many requests had been answered by the service, and when
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
        words = [f"{self._rows + tally.rows:,} of {len(self._plan.table):,} rows"]
        sent = ended - tally.recorded
        rate, left = self._rate(sent), self._to_send - sent
        if rate and left > 0:
            words += [f"{rate:.1f} a second", f"{in_words(left / rate)} left"]
        words += [f"{tally.prompt_tokens:,} tokens in, {tally.completion_tokens:,} out", price(self._plan, tally)]
        if tally.failed:
            words.append(f"{tally.failed:,} failed")
        if (wait := self._run.waiting) >= 1:
            words.append(f"waiting {wait:.0f} s for the rate limit")
        if self._file.path:
            words.append(f"answers so far in {self._file.path}")
        return " · ".join(words), (self._before + ended) / max(self._requests, 1)

    def _rate(self, sent: int) -> float | None:
        """How many requests a second the service answered lately; None as long as that can't be told.

        Neither the start of a service nor what recordings answer is a part of it.
        """
        now = self._clock()
        if not sent:
            return None
        self._lately.append((now, sent))
        while now - self._lately[0][0] > _LATELY:
            self._lately.popleft()
        since, before = self._lately[0]
        return (sent - before) / (now - since) if now - since >= _LEAST else None


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
