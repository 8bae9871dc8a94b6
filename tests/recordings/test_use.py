"""Recordings in use: the real SDK, shell and local service, recorded and replayed without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger, recordings, settings
from aoai_magic.local import launch
from aoai_magic.operations.faults import faults
from aoai_magic.recordings.asking import times


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    if launch.find(settings.local()):
        aoai.connect("local")
        faults("off")


@pytest.fixture
def no_service(monkeypatch: pytest.MonkeyPatch) -> Any:
    """From when it is called, whoever looks for the local service fails."""

    def nobody(*_: Any) -> Any:
        raise AssertionError("the local service was looked for")

    def refuse() -> None:
        monkeypatch.setattr(launch, "ensure", nobody)
        monkeypatch.setattr(launch, "find", lambda *_: None)
        aoai.connect("local")
        times.begin_cell()

    return refuse


def lines(folder: str = "recordings") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(folder) / "recordings.jsonl").read_text(encoding="utf-8").splitlines()]


def test_nothing_is_recorded_unless_it_is_said() -> None:
    aoai.chat("hi")
    assert not Path("recordings").exists()


def test_a_recorded_reply_is_the_same_without_a_service(no_service: Any) -> None:
    aoai.record()
    live = aoai.chat("one two three", temperature=0)
    no_service()
    again = aoai.chat("one two three", temperature=0.0)
    assert (again.text, again.usage, again.filters, again.model) == (live.text, live.usage, live.filters, live.model)
    assert (again.request_id, again.kind, again.raw.id) == (live.request_id, "local", live.raw.id)
    assert again.recorded is not None
    assert live.recorded is None
    assert 0 < (again.first_token_seconds or 0) <= again.seconds
    with pytest.raises(AssertionError, match="looked for"):
        aoai.chat("something else")


def test_a_recorded_stream_answers_a_plain_call_and_the_other_way_round(no_service: Any) -> None:
    aoai.record()
    aoai.chat("one two three")
    whole = aoai.chat("four five", stream=False)
    no_service()
    plain = aoai.chat("one two three", stream=False)
    assert (plain.text, plain.finish_reason, plain.recorded is None) == ("one two three", "stop", False)
    pieces: list[str] = []
    streamed = aoai.chat("four five", on_text=pieces.append)
    assert (streamed.text, streamed.usage, pieces) == (whole.text, whole.usage, ["four five"])


def test_pieces_come_as_they_came(no_service: Any) -> None:
    aoai.record()
    aoai.chat("one two three")
    no_service()
    pieces: list[str] = []
    aoai.chat("one two three", on_text=pieces.append)
    assert pieces == ["one", " two", " three"]


def test_the_line_can_be_read() -> None:
    aoai.record()
    aoai.chat("Hello", temperature=0, system="Be brief.")
    (line,) = lines()
    assert list(line) == ["at", "hash", "kind", "n", "operation", "request", "response"]
    assert line["request"] == {
        "messages": [{"content": "Be brief.", "role": "system"}, {"content": "Hello", "role": "user"}],
        "model": "gpt-4o",
        "temperature": 0,
    }
    assert line["response"]["events"][-1] == "[DONE]"
    assert line["hash"] == recordings.digest("chat/completions", line["request"])


def test_replay_names_the_nearest_and_what_differs(no_service: Any) -> None:
    aoai.record()
    aoai.chat("Which city is the capital of France?", max_tokens=20)
    aoai.chat("How are you?")
    aoai.replay()
    no_service()
    with pytest.raises(errors.NotRecordedError) as caught:
        aoai.chat("Which city is the capital of Spain?", max_tokens=20)
    assert '-   "content": "Which city is the capital of France?"' in str(caught.value)
    assert '+   "content": "Which city is the capital of Spain?"' in str(caught.value)
    assert "How are you" not in str(caught.value)
    assert ledger.rows()[2:] == []


def test_a_replay_is_a_row_that_costs_nothing_and_no_budget_holds_it(no_service: Any) -> None:
    aoai.record()
    aoai.chat("word " * 50, max_tokens=10)
    ledger.set_budget(0)
    times.begin_cell()
    assert aoai.chat("word " * 50, max_tokens=10, budget=0).finish_reason == "length"
    live, replay = ledger.rows()
    assert (replay["recorded"], replay["price"], replay["counted"], replay["outcome"]) == (1, 0, 0, "length")
    assert live["recorded"] == 0
    with pytest.raises(errors.BudgetError):
        aoai.chat("word " * 51, max_tokens=10)


def test_a_budget_that_lowers_the_limit_is_no_part_of_the_question() -> None:
    aoai.record()
    price = 0.0001
    cut = aoai.chat("one two three four five six seven", max_tokens=500, budget=price)
    assert cut.request["max_tokens"] < 500
    assert lines()[0]["request"]["max_tokens"] == 500
    times.begin_cell()
    assert aoai.chat("one two three four five six seven", max_tokens=500).text == cut.text


def test_each_sending_in_a_cell_is_a_recording_and_the_last_repeats(run: Any, no_service: Any) -> None:
    run("import aoai_magic as aoai\naoai.connect('local'); aoai.record()")
    ask = "[aoai.chat('hi', temperature=1).request_id for _ in range({})]"
    run(f"ids = {ask.format(3)}")
    no_service()
    run(f"again = {ask.format(4)}; assert again == [*ids, ids[2]], (again, ids)")
    run(f"once = {ask.format(1)}; assert once == ids[:1]")


def test_the_sdks_own_clients_are_recorded_and_replayed_too(no_service: Any) -> None:
    import asyncio

    aoai.record()
    body: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi there"}]}
    connection = aoai.connect("local")
    with connection.client.chat.completions.create(**body, stream=True) as stream:
        live = [chunk.model_dump() for chunk in stream]
    no_service()

    async def ask() -> tuple[list[Any], Any]:
        async with aoai.connection().async_client as client:
            chunks = [chunk.model_dump() async for chunk in await client.chat.completions.create(**body, stream=True)]
            return chunks, await client.chat.completions.create(**body)

    chunks, whole = asyncio.run(ask())
    assert chunks == live
    assert whole.choices[0].message.content == "hi there"
    assert aoai.chat("hi there").text == "hi there", "the cell's own way finds it as well"


def test_fresh_asks_anew_and_replaces() -> None:
    aoai.record()
    first = aoai.chat("hi")
    times.begin_cell()
    fresh = aoai.chat("hi", recordings="refresh")
    assert fresh.request_id != first.request_id
    times.begin_cell()
    assert aoai.chat("hi").request_id == fresh.request_id
    old, new = lines()
    assert new["replaces"] == old["at"]


def test_errors_of_the_local_service_are_answers(no_service: Any) -> None:
    aoai.record()
    with pytest.raises(errors.DeploymentNotFoundError) as live:
        aoai.chat("hi", deployment="nope")
    with pytest.raises(errors.ContentFilterError):
        aoai.chat("hi aoai-filter:hate")
    faults("status=429 retry-after=0 times=1 path=chat/completions")
    assert aoai.chat("busy?").text == "busy?"
    no_service()
    with pytest.raises(errors.DeploymentNotFoundError) as again:
        aoai.chat("hi", deployment="nope")
    assert str(again.value) == str(live.value)
    assert again.value.recorded is not None
    with pytest.raises(errors.ContentFilterError) as caught:
        aoai.chat("hi aoai-filter:hate")
    assert caught.value.filters["hate"]["filtered"] is True
    assert aoai.chat("busy?").text == "busy?"
