"""What whoever watches a map is told: rows, rate, tokens, money and the time that is left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic.table.file import RunFile
from aoai_magic.table.job import planned
from aoai_magic.table.outcome import Answer
from aoai_magic.table.progress import Progress
from aoai_magic.table.running import Tally


@dataclass
class Run:
    """A run as far as it has come."""

    tally: Tally = field(default_factory=Tally)
    waiting: float = 0.0


class Watched:
    """A map's progress, by a clock that is set."""

    def __init__(self, values: Any, *, recorded: int = 0, before: int = 0) -> None:
        aoai.connect("local")
        self.plan = planned("{{ value }}", values, temperature=0, deployment="gpt-4o").plan
        keys = [one.key for one in self.plan.requests]
        file = RunFile(None)
        file.answers.update({key: Answer("x") for key in keys[:before]})
        self.run, self.now = Run(), 100.0
        there = set(keys[before : before + recorded])
        self.progress = Progress(self.plan, self.run, file, there, clock=lambda: self.now)  # type: ignore[arg-type]

    def after(self, seconds: float, *, answered: int, recorded: int = 0) -> str:
        """What is told when so many more have been answered; a look every half second."""
        tally, began, had = self.run.tally, self.now, self.run.tally.answered
        had_recorded = tally.recorded
        steps = max(1, round(seconds * 2))
        for step in range(1, steps + 1):
            self.now = began + seconds * step / steps
            tally.answered = tally.rows = had + round(answered * step / steps)
            tally.recorded = had_recorded + round(recorded * step / steps)
            words, _ = self.progress()
        return words


def left(words: str) -> tuple[float, str]:
    found = re.search(r"· ([\d.]+) a second · ([^·]+) left", words)
    assert found, words
    return float(found[1]), found[2].strip()


def test_the_rate_and_the_time_left_are_those_of_late() -> None:
    watched = Watched(range(1000))
    watched.after(60, answered=600)
    assert left(watched.after(40, answered=40)) == (1.0, "6 min")


def test_a_service_that_starts_slowly_is_no_part_of_the_rate() -> None:
    watched = Watched(range(100))
    assert "a second" not in watched.after(30, answered=0)
    rate, _ = left(watched.after(5, answered=20))
    assert 3.5 <= rate <= 4.5


def test_what_recordings_answer_is_no_part_of_it_and_need_not_be_waited_for() -> None:
    watched = Watched(range(1000), recorded=900)
    assert "a second" not in watched.after(2, answered=500, recorded=500)
    rate, time = left(watched.after(10, answered=20))
    assert rate == pytest.approx(2.0, abs=0.2)
    assert time == "40 s"


def test_rows_are_counted_and_not_requests() -> None:
    watched = Watched(["a", "b", "a", "a", "c"], before=1)
    watched.run.tally.rows = watched.run.tally.answered = 1
    assert watched.progress()[0].startswith("4 of 5 rows · ")


def test_nothing_is_divided_by_a_rate_of_nothing() -> None:
    watched = Watched(range(100))
    watched.after(5, answered=10)
    watched.run.waiting = 50.0
    words = watched.after(60, answered=0)
    assert "left" not in words
    assert "waiting 50 s for the rate limit" in words
