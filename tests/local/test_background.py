"""Responses in the background: answered at once, gone on with whoever leaves, asked after, streamed again, cancelled."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import openai
import pytest

from aoai_magic.local.account import Account, Working
from aoai_magic.local.background import Run
from aoai_magic.local.echo import Echo
from aoai_magic.local.engine import Job, Piece

from .serving import Served, serving
from .test_responses import V1, body, text

SLOW = {"x_aoai_pace": "0.05"}
LONG = "word " * 400


class Failing(Echo):
    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        yield Piece("so far")
        raise RuntimeError("something private")


def ended(ask: Any, identity: str) -> dict[str, Any]:
    """The response, once it is no longer under way."""
    deadline = time.monotonic() + 20
    while True:
        response: dict[str, Any] = ask(f"{V1}/{identity}", method="GET").json
        if response["status"] not in ("queued", "in_progress"):
            return response
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_is_answered_at_once_and_completed_later(ask: Any) -> None:
    first = ask(V1, body(background=True)).json
    assert (first["status"], first["background"], first["output"], first["usage"]) == ("queued", True, [], None)
    later = ended(ask, first["id"])
    assert (later["status"], text(later), later["usage"]["output_tokens"]) == ("completed", "one two three", 3)
    assert later["content_filters"][0]["blocked"] is False


def test_it_goes_on_when_its_reader_leaves_and_can_be_read_again_from_any_event(sdk: openai.OpenAI) -> None:
    with sdk.responses.create(
        model="gpt-4o", input="one two three four", background=True, stream=True, extra_headers={"x-aoai-pace": "0.1"}
    ) as stream:
        seen = [next(iter(stream)) for _ in range(3)]
    assert [event.type for event in seen] == ["response.created", "response.queued", "response.in_progress"]
    again = list(sdk.responses.retrieve(seen[0].response.id, stream=True))
    assert again[:3] == seen
    assert again[-1].type == "response.completed"
    assert again[-1].response.output_text == "one two three four"
    assert [event.sequence_number for event in again] == list(range(len(again)))
    rest = list(sdk.responses.retrieve(seen[0].response.id, stream=True, starting_after=4))
    assert rest == again[5:]


def test_it_can_be_cancelled_and_cancelled_again(ask: Any) -> None:
    identity = ask(V1, body(LONG, background=True), **SLOW).json["id"]
    first = ask(f"{V1}/{identity}/cancel").json
    assert first["status"] == "cancelled"
    assert ask(f"{V1}/{identity}/cancel").json == first == ask(f"{V1}/{identity}", method="GET").json
    assert ask(V1, body("and then?", previous_response_id=identity)).status == 200


def test_one_that_has_ended_stays_as_it_is_and_one_that_was_waited_for_has_nothing_to_cancel(ask: Any) -> None:
    whole = ended(ask, ask(V1, body(background=True)).json["id"])
    assert ask(f"{V1}/{whole['id']}/cancel").json == whole
    answer = ask(f"{V1}/{ask(V1, body()).json['id']}/cancel")
    assert (answer.status, answer.json["error"]["message"]) == (400, "Cannot cancel a synchronous response.")
    assert ask(f"{V1}/resp_nothing/cancel").status == 404


def test_what_is_deleted_is_ended(ask: Any) -> None:
    identity = ask(V1, body(LONG, background=True), **SLOW).json["id"]
    assert ask(f"{V1}/{identity}", method="DELETE").json["deleted"] is True
    assert ask(f"{V1}/{identity}", method="GET").status == 404


def test_nothing_goes_on_from_what_has_not_ended(ask: Any) -> None:
    identity = ask(V1, body(LONG, background=True), **SLOW).json["id"]
    error = ask(V1, body(previous_response_id=identity)).json["error"]
    assert (error["param"], error["type"]) == ("previous_response_id", "invalid_request_error")
    ask(f"{V1}/{identity}", method="DELETE")


def test_what_can_not_be_is_refused(ask: Any) -> None:
    assert ask(V1, body(background=True, store=False)).json["error"]["param"] == "background"
    whole = ask(V1, body(background=True)).json["id"]
    assert ask(f"{V1}/{whole}?stream=true", method="GET").json["error"]["param"] == "stream"
    streamed = ask(V1, body(background=True, stream=True)).events[0]["data"]["response"]["id"]
    for number in ("x", "1e3", "9" * 30):
        answer = ask(f"{V1}/{streamed}?stream=true&starting_after={number}", method="GET")
        assert answer.json["error"]["param"] == "starting_after"
    assert ask(V1, body("aoai-filter:violence", background=True)).json["error"]["code"] == "content_filter"


@pytest.fixture
def failing() -> Iterator[Served]:
    with serving(Account(Failing())) as running:
        yield running


def test_one_that_fails_says_so_and_nothing_private(failing: Served, capfd: Any) -> None:
    response = ended(failing.ask, failing.ask(V1, body(background=True)).json["id"])
    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")
    events = failing.ask(V1, body(background=True, stream=True)).events
    assert events[-1]["event"] == "response.failed"
    assert "private" not in json.dumps([response, events]) + capfd.readouterr().err


def test_a_schema_that_can_not_be_is_a_failure_too(ask: Any) -> None:
    wanted = {"type": "json_schema", "name": "x", "schema": {"type": "string", "minLength": 10**9}}
    response = ended(ask, ask(V1, body(background=True, text={"format": wanted})).json["id"])
    assert (response["status"], response["error"]["code"]) == ("failed", "invalid_json_schema")


def test_the_service_does_not_go_while_one_runs() -> None:
    with serving(Account(Echo())) as running:
        identity = running.ask(V1, body(LONG, background=True), **SLOW).json["id"]
        time.sleep(0.05)
        assert running.account.idle_seconds() == 0
        running.ask(f"{V1}/{identity}/cancel", {})
        time.sleep(0.05)
        assert running.account.idle_seconds() > 0


def test_a_run_is_read_by_many_at_once_from_where_each_likes() -> None:
    async def events() -> AsyncGenerator[bytes]:
        for number in range(5):
            await asyncio.sleep(0)
            yield b"%d" % number

    async def read(run: Run, number: int) -> bytes:
        return b"".join([event async for event in run.since(number)])

    async def all_of_it() -> list[bytes]:
        run = Run(events(), Working())
        several = await asyncio.gather(*(read(run, number) for number in range(7)))
        return [*several, await read(run, 0)]

    assert asyncio.run(all_of_it()) == [b"01234", b"1234", b"234", b"34", b"4", b"", b"", b"01234"]


def test_a_run_that_is_cancelled_before_it_began_has_ended() -> None:
    async def events() -> AsyncGenerator[bytes]:
        yield b"never"

    async def cancelled() -> list[bytes]:
        run = Run(events(), Working())
        await run.cancel()
        return [event async for event in run.since()]

    assert asyncio.run(cancelled()) == []
