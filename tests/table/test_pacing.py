"""Pacing, held against the local service's own limits, which count as Azure does."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.estimates import Headroom
from aoai_magic.local.limits import ExceededError, Limits
from aoai_magic.table.pacing import Pace, Width


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def said(limits: Limits) -> Headroom | None:
    """What an answer says of the limits now."""
    return Headroom.of({name.decode(): value.decode() for name, value in limits.headers().items()})


def sent(
    tokens_per_minute: int, requests_per_minute: int, cost: int, count: int, jitter: float, seed: int
) -> tuple[float, int]:
    """Send requests through the limits, each at its time and late by chance.

    Returns how many seconds it took, and how many were refused.
    """
    clock, chance = Clock(), random.Random(seed)
    pace, limits = Pace(clock), Limits(tokens_per_minute, requests_per_minute, clock)
    under_way: list[float] = []
    refused, leaves = 0, clock.now

    def arrive(until: float) -> int:
        over = 0
        while under_way and under_way[0] <= until:
            clock.now = heapq.heappop(under_way)
            try:
                limits.begin()
                limits.take(cost)
            except ExceededError:
                over += 1
            pace.learn(said(limits))
        clock.now = max(clock.now, until)
        return over

    for number in range(count):
        refused += arrive(leaves + jitter if number == 1 else leaves)  # the first goes alone
        leaves += pace.leave(cost, 0, (count - number + len(under_way)) * cost)
        heapq.heappush(under_way, leaves + chance.uniform(0, jitter))
    refused += arrive(leaves + jitter)
    return leaves - 1000.0, refused


@pytest.mark.parametrize(
    ("tokens", "requests", "cost", "per_minute"),
    [
        (10_000_000, 60, 100, 60),
        (10_000_000, 600, 100, 600),
        (10_000_000, 6000, 100, 6000),
        (10_000_000, 350, 100, 350),
        (60_000, 100_000, 100, 600),
        (1_000, 100_000, 50, 20),
    ],
)
def test_nine_tenths_of_a_limit_are_used_and_nothing_is_refused(
    tokens: int, requests: int, cost: int, per_minute: int
) -> None:
    count = 4 * per_minute
    seconds, refused = sent(tokens, requests, cost, count, jitter=0.02, seed=1)
    assert refused == 0
    assert count / seconds >= 0.9 * per_minute / 60


@given(st.integers(30, 5000), st.integers(0, 99))
def test_no_burst_is_refused_whatever_the_limit(requests: int, seed: int) -> None:
    _, refused = sent(10**9, requests, 10, 300, jitter=0.02, seed=seed)
    assert refused <= 3


def test_where_the_minute_has_room_for_the_rest_tokens_need_no_pace() -> None:
    pace = Pace(Clock())
    pace.learn(Headroom(1000, None, 1000, None, math.inf))
    assert [pace.leave(100, 0, 500) for _ in range(5)] == [0, 0, 0, 0, 0]


def test_a_deployment_that_says_nothing_of_limits_is_not_paced() -> None:
    pace = Pace(Clock())
    pace.learn(None)
    assert [pace.leave(10**6, 10**6, 10**9) for _ in range(3)] == [0, 0, 0]


def test_after_a_refusal_nothing_leaves_until_it_said_and_then_all_goes_slower() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.refused(12)
    pace.refused(11)  # another that was under way
    assert pace.leave(1, 1, 1) == 12
    assert pace.blocked() == 12
    once = pace.share
    clock.now += 13
    pace.refused(1)
    assert pace.share < once < Pace().share
    for _ in range(10_000):
        pace.went_well()
    assert pace.share == Pace().share


def test_what_an_unlimited_answer_counts_for_is_learned_from_what_remains() -> None:
    clock = Clock()
    pace, limits = Pace(clock), Limits(100_000, 100_000, clock)
    for _ in range(5):
        pace.leave(10, None, 10**6)
        limits.take(10 + 512)
        pace.learn(said(limits))
    assert pace.unlimited == 512


def test_the_width_doubles_is_halved_by_trouble_and_grows_again_with_care() -> None:
    width = Width(16)
    grown = []
    for _ in range(5):
        grown.append(width.now)
        for _ in range(width.now):
            width.went_well()
    assert grown == [1, 2, 4, 8, 16]
    width.trouble()
    assert width.now == 8
    for _ in range(8):
        width.went_well()
    assert width.now == 9


def test_a_width_that_was_named_is_gone_to_after_the_first_answer() -> None:
    width = Width(64, at_once=True)
    assert width.now == 1
    width.went_well()
    assert width.now == 64
    assert Width(64, at_once=True, known=True).now == 64
    assert Width(64, known=True).now == 1
