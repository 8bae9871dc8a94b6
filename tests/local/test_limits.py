"""Rate limits: on every answer, counted on arrival, refused with the time to wait, and over when that has passed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import catalog
from aoai_magic.local.account import Account, Deployment
from aoai_magic.local.echo import Echo
from aoai_magic.local.limits import ExceededError, Limits, arrival_tokens

from .serving import Served, serving

CHAT = "/openai/v1/chat/completions"
CLASSIC = "/openai/deployments/small/chat/completions?api-version=2024-10-21"
NAMES = [f"x-ratelimit-{kind}-{what}" for kind in ("limit", "remaining", "reset") for what in ("requests", "tokens")]


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def small(clock: Clock) -> Iterator[Served]:
    """A service with a deployment of 1,000 tokens and 60 requests a minute, whose time the test has in hand."""
    account = Account(Echo())
    model = catalog.model("gpt-4o")
    assert model is not None
    account.deployments["small"] = Deployment("small", model, capacity=1)
    account.deployments["small"].limits = Limits(1000, 60, clock)
    with serving(account) as running:
        yield running


def body(**more: Any) -> dict[str, Any]:
    return {"model": "small", "messages": [{"role": "user", "content": "one two three"}], **more}


def test_every_answer_of_a_deployment_says_what_is_left(ask: Any) -> None:
    hello = [{"role": "user", "content": "hi"}]
    answers = [
        ask(CHAT, {"model": "gpt-4o", "messages": hello}),
        ask(CHAT, {"model": "gpt-4o", "messages": hello, "stream": True}),
        ask(CHAT, {"model": "gpt-4o"}),
        ask(CHAT, {"model": "gpt-4o", "messages": [{"role": "user", "content": "aoai-filter:hate"}]}),
        ask("/openai/v1/responses", {"model": "gpt-4o", "input": "hi"}),
        ask("/openai/v1/embeddings", {"model": "text-embedding-3-small", "input": "hi"}),
        ask("/openai/v1/embeddings", {"model": "gpt-4o", "input": "hi"}),
        ask("/openai/v1/completions", {"model": "gpt-35-turbo-instruct", "prompt": "hi"}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 400, 400, 200, 200, 400, 200]
    for answer in answers:
        assert all(answer.headers[name].isdigit() for name in NAMES)
        assert answer.headers["x-ms-deployment-name"]


def test_what_belongs_to_no_deployment_has_no_limits(ask: Any) -> None:
    for answer in (ask("/openai/v1/models", method="GET"), ask(CHAT, {"model": "nonsense"})):
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_tokens_are_counted_on_arrival_by_an_estimate(small: Served) -> None:
    answer = small.ask(CHAT, body(max_tokens=100))
    assert answer.json["usage"]["total_tokens"] == 13
    assert answer.headers["x-ratelimit-remaining-tokens"] == str(1000 - 100 - math.ceil(len("one two three") / 4))


def test_each_of_several_answers_counts(small: Served) -> None:
    assert small.ask(CHAT, body(max_tokens=100, n=3)).headers["x-ratelimit-remaining-tokens"] == str(1000 - 300 - 4)


@pytest.mark.parametrize("path", [CHAT, CLASSIC])
def test_over_the_limit_a_request_is_refused_with_the_time_to_wait(small: Served, clock: Clock, path: str) -> None:
    assert small.ask(path, body(max_tokens=900)).status == 200
    clock.now += 12.5
    refused = small.ask(path, body(max_tokens=900))
    assert refused.status == 429
    assert (refused.headers["retry-after-ms"], refused.headers["retry-after"]) == ("47500", "48")
    assert "Please retry after 48 seconds." in refused.json["error"]["message"]
    assert refused.headers["x-ratelimit-reset-tokens"] == "48"


def test_when_the_minute_is_over_requests_pass_again(small: Served, clock: Clock) -> None:
    assert small.ask(CHAT, body(max_tokens=900)).status == 200
    assert small.ask(CHAT, body(max_tokens=900)).status == 429
    clock.now += 60
    again = small.ask(CHAT, body(max_tokens=900))
    assert (again.status, again.headers["x-ratelimit-remaining-tokens"]) == (200, "96")


def test_tokens_of_a_refused_request_do_not_count(small: Served) -> None:
    assert small.ask(CHAT, body(max_tokens=600)).status == 200
    assert small.ask(CHAT, body(max_tokens=600)).status == 429
    assert small.ask(CHAT, body(max_tokens=300)).status == 200


def test_a_request_larger_than_a_minute_allows_has_to_wait_for_a_day(small: Served) -> None:
    refused = small.ask(CHAT, body(max_tokens=5000))
    assert (refused.status, refused.headers["retry-after"]) == (429, "86400")


def test_a_burst_fails_well_under_the_limit_of_the_minute(small: Served, clock: Clock) -> None:
    answers = [small.ask(CHAT, body(max_tokens=1)) for _ in range(11)]
    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "10"
    assert "call rate limit" in answers[-1].json["error"]["message"]
    clock.now += 10
    assert small.ask(CHAT, body(max_tokens=1)).status == 200


def test_a_request_that_is_wrong_counts_as_one(small: Served) -> None:
    assert small.ask(CHAT, body(temperature=9)).headers["x-ratelimit-remaining-requests"] == "59"
    assert small.ask(CHAT, body()).headers["x-ratelimit-remaining-requests"] == "58"


def test_the_sdk_waits_as_it_is_told_and_gets_its_answer() -> None:
    model = catalog.model("gpt-4o")
    assert model is not None
    account = Account(Echo())
    account.deployments["small"] = Deployment("small", model, capacity=1)
    with serving(account) as running:
        # The minute began so long ago that there is little of it left.
        limits = account.deployments["small"].limits = Limits(1000, 600)
        limits.take(1000)
        limits._tokens.ends -= 59
        with openai.OpenAI(base_url=f"{running.endpoint}/openai/v1/", api_key=running.key) as client:
            answer = client.chat.completions.with_raw_response.create(**body(max_tokens=5))
    assert answer.retries_taken == 1
    assert answer.parse().choices[0].message.content == "one two three"


@given(
    limit=st.integers(1, 10_000),
    requests=st.lists(st.tuples(st.floats(0, 90), st.integers(0, 12_000)), max_size=40),
)
def test_no_minute_lets_through_more_tokens_than_its_limit(limit: int, requests: list[tuple[float, int]]) -> None:
    clock = Clock()
    limits = Limits(limit, 10**6, clock)
    ends, used = -math.inf, 0
    for passing, tokens in requests:
        clock.now += passing
        if clock.now >= ends:
            ends, used = clock.now + 60, 0
        try:
            limits.take(tokens)
        except ExceededError as over:
            assert used + tokens > limit
            assert over.wait == (86_400 if tokens > limit else ends - clock.now)
        else:
            used += tokens
        assert used <= limit
        assert limits.headers()[b"x-ratelimit-remaining-tokens"] == b"%d" % (limit - used)


@given(limit=st.integers(1, 5000), gaps=st.lists(st.floats(0, 30), max_size=60))
def test_who_waits_as_told_is_let_through(limit: int, gaps: list[float]) -> None:
    clock = Clock()
    limits = Limits(10**9, limit, clock)
    for gap in gaps:
        clock.now += gap
        try:
            limits.begin()
        except ExceededError as over:
            assert 0 < over.wait <= 60
            clock.now += math.ceil(over.wait * 1000) / 1000  # retry-after-ms
            limits.begin()


@given(limit=st.integers(1, 5000), gaps=st.lists(st.floats(0, 5), max_size=200))
def test_neither_a_minute_nor_a_burst_lets_through_too_many_requests(limit: int, gaps: list[float]) -> None:
    clock = Clock()
    limits = Limits(10**9, limit, clock)
    most, seconds = limits.burst
    passed: list[float] = []
    for gap in gaps:
        clock.now += gap
        try:
            limits.begin()
        except ExceededError:
            continue
        passed.append(clock.now)
    # Counters start anew at fixed times, so that at most two of them meet in any stretch of their length.
    for at in passed:
        assert sum(at <= one < at + seconds for one in passed) <= 2 * most
        assert sum(at <= one < at + 60 for one in passed) <= 2 * limit


@given(requests=st.integers(1, 10**7))
def test_a_burst_is_a_share_of_the_minute(requests: int) -> None:
    most, seconds = Limits(1000, requests).burst
    assert seconds in (1, 10)
    assert requests <= most * 60 / seconds < requests + 60 / seconds


@pytest.mark.parametrize(("requests", "most"), [(600, (10, 1)), (60, (10, 10)), (6, (1, 10)), (9, (2, 10))])
def test_bursts_are_those_of_microsofts_page(requests: int, most: tuple[int, int]) -> None:
    assert Limits(1000, requests).burst == most


@given(characters=st.integers(0, 10**7), output=st.integers(0, 10**6))
def test_an_arrival_counts_at_least_what_it_may_generate(characters: int, output: int) -> None:
    assert output <= arrival_tokens(characters, output) <= output + characters / 4 + 1
