"""Recordings in use: the real SDK, shell and local service, recorded and replayed without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger, recordings, settings
from aoai_magic.client import Connection
from aoai_magic.local import launch
from aoai_magic.operations.faults import faults
from aoai_magic.recordings.asking import times
from aoai_magic.recordings.transport import Recorder
from aoai_magic.transport import LOCAL_URL


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    monkeypatch.undo()
    recordings.forget()
    monkeypatch.setenv("AOAI_LOCAL_ENGINE", "echo")
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
    assert 'recorded "Which city is the capital of France?"' in str(caught.value)
    assert 'asked    "Which city is the capital of Spain?"' in str(caught.value)
    assert "How are you" not in str(caught.value)
    assert ledger.rows()[2:] == []


def test_of_a_long_prompt_the_line_that_differs_is_named(no_service: Any) -> None:
    aoai.record()
    aoai.chat("Answer in a word. " * 9 + "\n\nParis\n\nWhich country?")
    aoai.replay()
    no_service()
    with pytest.raises(errors.NotRecordedError) as caught:
        aoai.chat("Answer in a word. " * 9 + "\n\nMadrid\n\nWhich country?")
    assert 'recorded "…Answer in a word. \\n\\nParis\\n\\nWhich country?"' in str(caught.value)
    assert 'asked    "…Answer in a word. \\n\\nMadrid\\n\\nWhich country?"' in str(caught.value)


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


def test_what_was_only_replayed_is_made_up_for_before_the_first_request_that_is_sent(no_service: Any) -> None:
    aoai.record()
    plane = aoai.connect("local").control_plane
    plane.deploy("homework", "gpt-4o-mini", sku="Standard", capacity=1)
    plane.deploy("gone", "gpt-4o-mini", sku="Standard", capacity=1)
    plane.remove("gone")
    aoai.chat("hi", deployment="homework", max_tokens=5)
    for name in ("homework", "gone"):  # as on a machine that has only the recordings
        Connection(settings.resolve("local")).http.delete(
            f"{LOCAL_URL}{plane._account}/deployments/{name}?api-version=2025-09-01"
        )
    recordings.forget()
    aoai.record()
    again = aoai.connect("local").control_plane
    assert again.deploy("homework", "gpt-4o-mini", sku="Standard", capacity=1)["tpm"] == 1000
    again.deploy("gone", "gpt-4o-mini", sku="Standard", capacity=1)
    again.remove("gone")
    assert aoai.chat("hi", deployment="homework", max_tokens=5).recorded
    assert aoai.chat("a new cell", deployment="homework", max_tokens=5).text == "a new cell"
    with pytest.raises(errors.DeploymentNotFoundError):
        aoai.chat("hi", deployment="gone")


def test_a_fault_that_was_replayed_strikes_once_and_not_the_next_cell_too() -> None:
    def cell() -> aoai.Reply:
        faults("status=503 retry-after-ms=1 times=1 path=chat/completions")
        return aoai.chat("does it fail?")

    aoai.record()
    cell()
    assert [line["response"]["status"] for line in lines()] == [200, 503, 200]
    recordings.forget()
    aoai.record()
    assert cell().recorded
    aoai.chat("a new cell")
    assert [line["response"]["status"] for line in lines()][3:] == [200]
    recordings.forget()
    aoai.record()
    faults("status=503 retry-after-ms=1 times=1 path=chat/completions")
    aoai.chat("a new cell after the fault")
    assert [line["response"]["status"] for line in lines()][4:] == [503, 200]


def test_a_break_that_was_asked_for_is_replayed_too(no_service: Any) -> None:
    aoai.record()
    connection = aoai.connect("local")
    connection.client.max_retries = 0
    faults("reset=1500 times=1 path=chat/completions")
    with pytest.raises(errors.NoAnswerError, match="broke off") as live:
        aoai.chat("one two three four five six", connection=connection)
    assert live.value.reply is not None
    no_service()
    with pytest.raises(errors.NoAnswerError, match="broke off") as again:
        aoai.chat("one two three four five six")
    assert again.value.reply is not None
    assert again.value.reply.text == live.value.reply.text


class Broken(httpx2.BaseTransport):
    """Sends a part of a stream, and then nothing more."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        def blocks() -> Iterator[bytes]:
            yield b'data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
            raise httpx2.ReadError("gone", request=request)

        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=blocks(), request=request)


@pytest.mark.parametrize("kind", ["local", "openai"])
def test_a_break_that_nobody_asked_for_is_no_answer(kind: str) -> None:
    aoai.record()
    connection = Connection(settings.resolve(kind, deployment="gpt-4o"))
    vars(connection)["http"] = openai.DefaultHttpx2Client(transport=Recorder(Broken(), connection.target))
    with pytest.raises(errors.NoAnswerError, match="broke off") as caught:
        aoai.chat("hi", connection=connection)
    assert caught.value.reply is not None
    assert not Path("recordings").exists()


def test_an_interrupted_reply_is_not_recorded(no_service: Any) -> None:
    def stop(text: str) -> None:
        raise KeyboardInterrupt

    aoai.record()
    with pytest.raises(errors.Interrupted):
        aoai.chat("one two three", on_text=stop)
    assert not Path("recordings").exists()


def test_a_clouds_errors_of_the_moment_are_asked_again_and_its_answers_are_not(cloud: Any) -> None:
    aoai.record()
    connection = aoai.connect(cloud.url, deployment="gpt-4o")
    connection.client.max_retries = 0
    cloud.answer(429, {"error": {"message": "busy", "code": "429"}}, retry_after="1")
    cloud.completion()
    with pytest.raises(errors.RateLimitError):
        aoai.chat("hi")
    times.begin_cell()
    assert aoai.chat("hi").text == "Hello!"
    times.begin_cell()
    assert aoai.chat("hi").recorded
    assert len(cloud.asked) == 2
    first, second = lines()
    assert second["replaces"] == first["at"]


def test_replay_repeats_them_as_they_came(cloud: Any) -> None:
    aoai.record()
    connection = aoai.connect(cloud.url, deployment="gpt-4o")
    connection.client.max_retries = 0
    cloud.answer(429, {"error": {"message": "busy", "code": "429"}}, retry_after="1")
    with pytest.raises(errors.RateLimitError) as live:
        aoai.chat("hi")
    aoai.replay()
    times.begin_cell()
    with pytest.raises(errors.RateLimitError) as again:
        aoai.chat("hi")
    assert str(again.value) == str(live.value)
    assert len(cloud.asked) == 1


def test_a_retry_that_was_recorded_is_replayed_try_by_try(cloud: Any) -> None:
    aoai.record()
    connection = aoai.connect(cloud.url, deployment="gpt-4o")
    cloud.answer(503, {"error": {"message": "fell over"}}, retry_after_ms="1")
    cloud.completion()
    aoai.chat("hi")
    aoai.replay()
    times.begin_cell()
    answer = connection.client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}]
    )
    assert (answer.retries_taken, len(cloud.asked)) == (1, 2)


def test_auto_serves_its_own_kind_of_service_and_replay_any_and_says_whose(cloud: Any, no_service: Any) -> None:
    aoai.record()
    cloud.completion("from the cloud")
    aoai.connect(f"{cloud.url}/openai/v1", api_key="k", deployment="gpt-4o")
    aoai.chat("hi")
    times.begin_cell()
    aoai.connect("local")
    assert aoai.chat("hi").text == "hi"
    aoai.replay()
    no_service()
    assert aoai.chat("hi").text == "hi", "its own kind goes first"
    cloud.completion("again from the cloud")
    aoai.connect(f"{cloud.url}/openai/v1", api_key="k", deployment="gpt-4o")
    aoai.record()
    aoai.chat("only there")
    aoai.connect("local")
    aoai.replay()
    times.begin_cell()
    reply = aoai.chat("only there")
    assert (reply.text, reply.kind) == ("again from the cloud", "azure")
    assert f"recorded {reply.recorded} on azure, free; then about $" in reply.status()
    times.begin_cell()
    with pytest.raises(AssertionError, match="looked for"):
        aoai.chat("only there", recordings="auto")


def test_a_write_to_a_clouds_control_plane_is_never_only_pretended(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from aoai_magic.azure import control_plane

    monkeypatch.setitem(control_plane.RESOURCE_MANAGERS, "", cloud.url)

    class Credential:
        def get_token(self, *scopes: str, **_: Any) -> Any:
            from azure.core.credentials import AccessToken

            return AccessToken("t", 2_000_000_000)

    def deploy() -> Any:
        plane = Connection(settings.resolve(f"{cloud.url}/openai/v1", credential=Credential())).control_plane
        plane._account = "/subscriptions/s/resourceGroups/r/providers/Microsoft.CognitiveServices/accounts/a"
        return plane.deploy("chat", "gpt-4o")

    made = {"name": "chat", "sku": {"name": "Standard"}, "properties": {"provisioningState": "Succeeded"}}
    cloud.answer(200, made)
    aoai.record()
    for _ in range(2):
        deploy()
        times.begin_kernel()
    assert len(cloud.asked) == 2
    assert len(lines()) == 1
    assert {asked.headers["authorization"] for asked in cloud.asked} == {"Bearer t"}
    aoai.replay()
    monkeypatch.setattr(Credential, "get_token", None)
    deploy()
    assert len(cloud.asked) == 2


@pytest.mark.parametrize("ceiling", ["replay", "off"])
def test_nothing_in_a_cell_lifts_the_environments_ceiling(
    run: Any, no_service: Any, monkeypatch: pytest.MonkeyPatch, ceiling: str
) -> None:
    run("import aoai_magic as aoai\naoai.connect('local')\naoai.record()\naoai.chat('hi')")
    monkeypatch.setenv("AOAI_RECORDINGS", ceiling)
    if ceiling == "off":
        run("%%chat --record\nanother")
        assert len(lines()) == 1
        return
    no_service()
    for options in ("", "--record", "--fresh"):
        with pytest.raises(errors.NotRecordedError):
            run(f"%%chat {options}\nanother")
        assert "hi" in run(f"%%chat {options}\nhi")
    for command in ("%aoai record off", "%aoai record"):
        run(command)
        with pytest.raises(errors.NotRecordedError):
            run("aoai.chat('another')")


@pytest.mark.parametrize("how", ["os.environ['AOAI_RECORDINGS'] = 'auto'", "del os.environ['AOAI_RECORDINGS']"])
def test_nor_does_a_cell_that_changes_the_environment(how: str) -> None:
    cell = f"import os; {how}; import aoai_magic as aoai; aoai.record(); aoai.connect('local'); aoai.chat('hi')"
    environment = {**os.environ, "AOAI_RECORDINGS": "replay"}
    ended = subprocess.run([sys.executable, "-c", cell], env=environment, capture_output=True, text=True, check=False)
    assert "NotRecordedError" in ended.stderr
    assert not Path("recordings").exists()


def test_refresh_in_the_environment_makes_every_recording_new(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import aoai_magic as aoai\naoai.connect('local')\naoai.record()\naoai.chat('hi')")
    monkeypatch.setenv("AOAI_RECORDINGS", "refresh")
    run("aoai.chat('hi')")
    assert [line.get("replaces") is not None for line in lines()] == [False, True]
    monkeypatch.setenv("AOAI_RECORDINGS", "nonsense")
    with pytest.raises(errors.SettingsError, match="AOAI_RECORDINGS"):
        run("aoai.chat('hi')")


def test_magics_record_and_replay_in_words(run: Any, no_service: Any) -> None:
    run("%aoai connect local")
    assert run("%aoai record kept") == (
        "Requests are answered from kept/ where they are recorded; others are sent, and recorded there.\n"
    )
    run("%%chat -o first\nhi")
    no_service()
    assert run("%aoai replay") == "Requests are answered from kept/; nothing is sent.\n"
    run("%%chat -o again --no-stream\nhi")
    run("assert again.text == first.text and again.recorded")
    assert run("%aoai record off") == "Requests are sent, and not recorded.\n"
    run("%%chat --replay\nhi")
    with pytest.raises(errors.OptionError, match="--record and --fresh"):
        run("%%chat --record --fresh\nhi")


def test_a_folder_that_is_a_file_is_refused() -> None:
    Path("notes").write_text("mine")
    with pytest.raises(errors.SettingsError, match="no folder"):
        aoai.record("notes")


def test_every_operation_is_recorded_and_replayed(no_service: Any) -> None:
    import numpy

    aoai.record()
    vectors = aoai.embed(["a cat", "a dog"])
    picture = aoai.image("a red fox", size="1024x1024", quality="low")
    edited = aoai.image("make it night", edit=picture, quality="low")
    text = aoai.complete("one two three", max_tokens=3)
    thought = aoai.chat("one two", api="responses")
    tables = aoai.deployments(), aoai.models("gpt-4o")
    no_service()
    times.begin_kernel()
    assert numpy.array_equal(aoai.embed(["a cat", "a dog"]).vectors, vectors.vectors)
    again = aoai.image("a red fox", size="1024x1024", quality="low")
    assert (again.pictures[0].data, again.usage, again.model) == (picture.pictures[0].data, picture.usage, "sketch")
    assert aoai.image("make it night", edit=again, quality="low").pictures[0].data == edited.pictures[0].data
    assert aoai.complete("one two three", max_tokens=3).text == text.text
    assert aoai.chat("one two", api="responses").text == thought.text
    assert aoai.deployments().equals(tables[0])
    assert aoai.models("gpt-4o").equals(tables[1])
    files = {file.suffix for file in Path("recordings/files").iterdir()}
    assert files >= {".png"}
    assert max(len(line) for line in Path("recordings/recordings.jsonl").read_text().splitlines()) < 40_000


def test_sound_is_recorded_and_replayed(cloud: Any) -> None:
    sound = b"\xff\xfb\x90\x00" + bytes(4000)
    cloud.answer(200, sound, content_type="audio/mpeg")
    cloud.answer(200, {"text": "Good morning."})
    aoai.connect(f"{cloud.url}/openai/v1", api_key="k")
    aoai.record()
    spoken = aoai.speak("Good morning.", deployment="tts")
    written = aoai.transcribe(spoken, deployment="whisper", temperature=0.2)
    aoai.replay()
    times.begin_cell()
    again = aoai.speak("Good morning.", deployment="tts")
    assert (again.data, again.recorded is not None) == (sound, True)
    assert aoai.transcribe(again, deployment="whisper", temperature=0.2).text == written.text == "Good morning."
    assert len(cloud.asked) == 2


def test_a_prompt_that_a_full_disk_keeps_from_being_recorded_is_answered_all_the_same(monkeypatch: Any) -> None:
    from aoai_magic.recordings.store import RecordingsWarning

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    aoai.record()
    monkeypatch.setattr(recordings.store(), "add", full)
    with pytest.warns(RecordingsWarning, match="isn't recorded: No space left"):
        assert aoai.chat("hi").text == "hi"


def test_many_threads_record_and_replay_each_its_own(no_service: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    aoai.record()
    with ThreadPoolExecutor(16) as pool:
        live = list(pool.map(lambda at: aoai.chat(f"number {at % 20}").request_id, range(40)))
    no_service()
    with ThreadPoolExecutor(16) as pool:
        again = list(pool.map(lambda at: aoai.chat(f"number {at % 20}").request_id, range(40)))
    assert sorted(str(one) for one in again) == sorted(str(one) for one in live)


def test_a_dry_run_says_that_a_recording_answers_and_only_to_those_who_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    aoai.record()
    aoai.chat("hi", max_tokens=5)
    assert aoai.estimate("hi", max_tokens=5).recorded is None
    monkeypatch.setattr("aoai_magic.operations.answering.is_watched", lambda: True)
    times.begin_cell()
    found = aoai.estimate("hi", max_tokens=5)
    assert found.recorded is not None
    assert f"recording  answers it: free  of {found.recorded}" in " ".join(str(found).split()).replace(
        " free of", " free  of"
    ).replace("recording answers", "recording  answers")
    assert aoai.estimate("ho", max_tokens=5).recorded is None
    aoai.replay()
    assert "isn't among the recordings" in str(aoai.estimate("ho", max_tokens=5))


def test_a_fresh_answer_says_whether_it_is_another_one(cloud: Any) -> None:
    aoai.record()
    cloud.completion("Hello!")
    cloud.completion("Hello!", model="gpt-4o-2025-01-01")
    cloud.completion("Good day!", model="gpt-4o-2025-01-01")
    aoai.connect(cloud.url, deployment="gpt-4o")
    aoai.chat("hi")
    same = aoai.chat("hi", recordings="refresh")
    times.begin_cell()
    other = aoai.chat("hi", recordings="refresh")
    assert (
        same.note == f"as it was recorded on {recordings.store().find(lines()[0]['hash'])[0].date}" or same.note == ""
    )
    assert other.note.startswith("not what was recorded on ")
    table = recordings.drift()
    row = table.iloc[-1]
    assert row["changed"]
    assert row["diff"] == "-Hello!\n+Good day!"
    assert (row["model_then"], row["model_now"]) == ("gpt-4o-2024-11-20", "gpt-4o-2025-01-01")


def test_who_watches_is_told_that_an_error_is_a_recording_and_nobody_else(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("%aoai connect local\n%aoai record")
    cell = "%%chat nope\nAre you there?"
    with pytest.raises(errors.DeploymentNotFoundError) as live:
        run(cell)
    with pytest.raises(errors.DeploymentNotFoundError) as again:
        run(cell)
    assert str(again.value) == str(live.value)
    monkeypatch.setattr("aoai_magic.render.live.is_watched", lambda *_: True)
    with pytest.raises(errors.DeploymentNotFoundError) as watched:
        run(cell)
    assert f"(Recorded on {watched.value.recorded}: --fresh asks anew.)" in str(watched.value)


def test_the_doctor_asks_the_service_and_no_recording(no_service: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from aoai_magic import doctor

    aoai.record()
    assert doctor.run() == 0
    assert not Path("recordings").exists()


def test_status_says_what_holds(run: Any) -> None:
    run("%aoai connect local")
    assert "recordings" not in run("%aoai status")
    run("%aoai record kept")
    assert "recordings      answer what is recorded; the rest is sent, and recorded (kept/)" in run("%aoai status")
