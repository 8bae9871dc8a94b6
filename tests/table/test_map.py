"""aoai.map, against the real local service with the echo engine, and against a cloud that fails."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger, recordings, settings
from aoai_magic.operations.faults import faults

CITIES = pandas.DataFrame({"city": ["Oslo", "Rome", "Oslo"], "rain": [763, 800, 763]}, index=[10, 20, 30])


def files() -> list[Path]:
    return sorted((settings.home() / "maps").glob("*"))


@pytest.fixture(autouse=True)
def _nothing_left() -> Any:
    shutil.rmtree(settings.home() / "maps", ignore_errors=True)
    yield
    recordings.forget()
    if aoai.connection().kind == "local":
        faults("off")


def test_the_table_comes_back_with_its_answers() -> None:
    frame = aoai.map("It rains {{ rain }} mm in {{ city }}.", CITIES)
    assert frame.columns.tolist() == ["city", "rain", "answer", "error"]
    assert frame.index.tolist() == [10, 20, 30]
    assert frame["answer"].tolist() == [
        "It rains 763 mm in Oslo.",
        "It rains 800 mm in Rome.",
        "It rains 763 mm in Oslo.",
    ]
    assert frame["error"].isna().all()
    assert CITIES.columns.tolist() == ["city", "rain"]


def test_a_polars_table_comes_back_as_one() -> None:
    frame = aoai.map("{{ city }}", polars.DataFrame({"city": ["Oslo", None]}), output="said")
    assert isinstance(frame, polars.DataFrame)
    assert frame["said"].to_list() == ["Oslo", None]
    assert frame["error"].to_list() == [None, "{{ city }}: the row has no city."]


def test_a_schema_gives_typed_columns() -> None:
    fields = "name, age int, share float, good bool, mood glad|sad, born date, tags list[str]"
    kinds = {
        "name": "string",
        "age": "Int64",
        "share": "Float64",
        "good": "boolean",
        "mood": "category",
        "tags": "object",
    }
    frame = aoai.map("{{ city }}", CITIES, schema=fields)
    assert {name: str(frame.dtypes[name]) for name in kinds} == kinds
    assert frame["born"].dtype.kind == "M"
    assert frame["age"].tolist() == [0, 0, 0]
    assert frame["mood"].cat.categories.tolist() == ["glad", "sad"]
    table = aoai.map("{{ city }}", polars.DataFrame({"city": ["Oslo"]}), schema=fields)
    assert [str(table.schema[name]) for name in ("age", "share", "good", "born")] == [
        "Int64",
        "Float64",
        "Boolean",
        "Date",
    ]


def test_what_is_no_json_of_the_schema_is_a_missing_value_and_said(cloud: Any) -> None:
    cloud.completion('{"age": "old", "name": "Ada"}')
    cloud.completion("Sorry, I can't.")
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    frame = aoai.map("{{ value }}", ["a", "b"], schema="name, age int", concurrency=1)
    assert frame["name"].tolist() == ["Ada", pandas.NA]
    assert frame["age"].isna().all()
    assert frame["error"].tolist() == [pandas.NA, "no JSON of the schema: Sorry, I can't."]


def test_names_row_and_system_are_filled_in_for_each_row() -> None:
    frame = aoai.map("{{ greeting }} {{ row['city'] }}", CITIES, names={"greeting": "Hello", "city": "nowhere"})
    assert frame["answer"].tolist() == ["Hello Oslo", "Hello Rome", "Hello Oslo"]
    tokens = aoai.estimate_map("{{ city }}", CITIES, system="You are in {{ city }}.").parts
    assert [part.name for part in tokens][:2] == ["system", "user"]


def test_a_columns_value_is_data_and_never_filled_in() -> None:
    frame = aoai.map("{{ value }}", ["{{ secret }}"], names={"secret": "x"})
    assert frame["answer"].tolist() == ["{{ secret }}"]


def test_columns_go_before_names_and_builtins() -> None:
    frame = aoai.map("{{ open }} {{ len }}", [{"open": 1.5, "len": 2}], names={"open": "never"})
    assert frame["answer"].tolist() == ["1.5 2"]


def test_a_column_may_name_each_rows_own_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(f"Text {name}")
    table = [{"file": str(tmp_path / "a.txt")}, {"file": str(tmp_path / "b.txt")}, {}]
    frame = aoai.map("Read this.", table, attach="file")
    assert [str(answer)[-6:] for answer in frame["answer"]][:2] == ["Text a", "Text b"]
    assert frame["error"][2] == "The row has no file to attach."


def test_messages_are_filled_in_too() -> None:
    talk = [
        {"role": "user", "content": "1"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "{{ value }}"},
    ]
    assert aoai.map(talk, ["3"])["answer"].tolist() == ["3"]


@pytest.mark.parametrize("options", [{"temperature": 0}, {"seed": 1}])
def test_rows_that_are_alike_are_sent_once_where_their_answers_would_be_equal(options: dict[str, Any]) -> None:
    frame = aoai.map("{{ city }}", CITIES, **options)
    assert frame["answer"].tolist() == ["Oslo", "Rome", "Oslo"]
    assert len(ledger.rows()) == 2
    aoai.map("{{ city }}", CITIES, unique=False, **options)
    assert len(ledger.rows()) == 5


def test_rows_that_are_alike_are_sent_each_where_chance_has_a_say() -> None:
    aoai.map("{{ city }}", CITIES)
    assert len(ledger.rows()) == 3


def test_each_request_is_a_row_of_the_ledger() -> None:
    aoai.map("{{ city }}", CITIES, max_tokens=10)
    assert [(row["operation"], row["outcome"]) for row in ledger.rows()] == [("chat", "stop")] * 3
    assert all(row["estimated_tokens"] == row["prompt_tokens"] for row in ledger.rows())


def test_an_error_of_one_row_is_a_value() -> None:
    faults("status=400 skip=1")
    frame = aoai.map("{{ city }}", CITIES, concurrency=1)
    assert frame["answer"].tolist() == ["Oslo", pandas.NA, "Oslo"]
    assert "refused the request" in frame["error"].tolist()[1]


def test_what_would_go_wrong_with_all_rows_is_raised_after_the_first() -> None:
    with pytest.raises(errors.DeploymentNotFoundError):
        aoai.map("{{ value }}", range(100), deployment="nope")
    assert len(ledger.rows()) == 1
    assert files() == []


def test_an_error_of_all_rows_has_the_table_so_far(cloud: Any) -> None:
    cloud.completion("Hello!")
    cloud.answer(401, {"error": {"message": "no", "code": "401"}})
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    with pytest.raises(errors.AuthenticationError, match="1 row is answered and kept") as caught:
        aoai.map("{{ value }}", ["a", "b", "c"], concurrency=1)
    assert caught.value.reply["answer"].tolist() == ["Hello!", pandas.NA, pandas.NA]
    assert len(files()) == 1


def test_rows_that_all_fail_alike_end_the_run(cloud: Any) -> None:
    cloud.completion("Hello!")
    cloud.answer(400, {"error": {"message": "bad", "code": "bad"}})
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    with pytest.raises(errors.RequestRefusedError):
        aoai.map("{{ value }}", range(100), concurrency=1)
    assert len(cloud.asked) == 21


def test_where_every_row_fails_alike_the_error_is_raised(cloud: Any) -> None:
    cloud.answer(400, {"error": {"message": "bad", "code": "bad"}})
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    with pytest.raises(errors.RequestRefusedError) as caught:
        aoai.map("{{ value }}", ["a", "b", "c"])
    assert caught.value.reply["error"].notna().all()
    assert files() == []


def test_what_fails_for_a_while_is_tried_again() -> None:
    faults("status=503 retry-after-ms=1 times=3 skip=1")
    faults("status=500 retry-after-ms=1 times=3 skip=5")
    frame = aoai.map("{{ value }}", range(20))
    assert frame["answer"].tolist() == [str(number) for number in range(20)]
    rows = ledger.rows()
    assert len(rows) == 26
    assert sum(row["outcome"].startswith("error 50") for row in rows) == 6


def test_many_refusals_in_a_short_while_lose_no_row() -> None:
    faults("status=429 retry-after-ms=1 times=50")
    frame = aoai.map("{{ value }}", range(4))
    assert frame["answer"].tolist() == ["0", "1", "2", "3"]


def test_columns_of_several_levels_keep_them(run: Any, shell: Any) -> None:
    import pandas

    table = pandas.DataFrame([["x", 1], ["y", 2]], columns=pandas.MultiIndex.from_tuples([("a", "b"), ("c", "d")]))
    frame = aoai.map("{{ row[('a', 'b')] }}", table)
    assert frame.columns.tolist() == [("a", "b"), ("c", "d"), ("answer", ""), ("error", "")]
    assert frame["answer"].tolist() == ["x", "y"]
    shell.user_ns["table"] = table
    assert "| x | 1 | x |" in run("%%chat --over table -o found\n{{ row[('a', 'b')] }}")


def test_a_refusal_over_the_rate_limit_is_waited_for() -> None:
    faults("status=429 retry-after-ms=50 times=2 skip=1")
    frame = aoai.map("{{ value }}", range(10))
    assert frame["error"].isna().all()
    refused = [row for row in ledger.rows() if row["outcome"] == "error 429"]
    assert [row["azure_price"] for row in refused] == [0.0, 0.0]


def test_an_answer_that_was_cut_says_so() -> None:
    frame = aoai.map("{{ value }}", ["one two three"], max_tokens=1)
    assert frame["error"].tolist() == ["cut at the token limit"]
    assert frame["answer"].tolist() == ["one"]


def test_what_the_content_filter_does_is_said() -> None:
    frame = aoai.map("{{ value }}", ["aoai-filter:violence=high", f"aoai-filter:reply-violence {'word ' * 9}", "peace"])
    blocked, cut, fine = frame["error"].tolist()
    assert "blocked by the content filter (violence: high)" in blocked
    assert cut == "cut by the content filter (violence: high)"
    assert fine is pandas.NA


@pytest.mark.parametrize(
    ("options", "error", "what"),
    [
        ({"prompt": "no column"}, errors.TemplateError, "names no column"),
        ({"prompt": "{{ town }}"}, errors.TemplateError, "no variable is named town"),
        ({"prompt": "{{ city"}, errors.TemplateError, "has no }}"),
        ({"output": "city"}, errors.SettingsError, "has a column 'city' already"),
        ({"schema": "city, x int"}, errors.SettingsError, "has a column 'city' already"),
        ({"n": 2}, errors.OptionError, "takes no n"),
        ({"tools": [print]}, errors.OptionError, "takes no tools"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_sent(
    options: dict[str, Any], error: type[errors.AoaiError], what: str
) -> None:
    given = {"prompt": "{{ city }}", **options}
    with pytest.raises(error, match=what):
        aoai.map(given.pop("prompt"), CITIES, **given)
    assert ledger.rows() == []


def test_a_name_that_is_nearly_a_columns_is_suggested() -> None:
    with pytest.raises(errors.TemplateError, match="Did you mean city"):
        aoai.map("{{ ciy }}", CITIES)


def test_no_more_requests_are_under_way_than_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from aoai_magic.exchange import RawExchange

    now, most, lock = 0, 0, threading.Lock()
    run = RawExchange.run

    def counted(self: RawExchange) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        run(self)
        with lock:
            now -= 1

    monkeypatch.setattr(RawExchange, "run", counted)
    aoai.map("{{ value }}", range(40), concurrency=3)
    assert 1 < most <= 3


def test_progress_is_told_in_words_and_as_a_fraction() -> None:
    faults("delay=0.3 times=3")
    said: list[tuple[str, float | None]] = []
    aoai.map("{{ value }}", range(3), concurrency=1, on_progress=lambda *one: said.append(one))
    words = " ".join(text for text, _ in said)
    assert "of 3 rows" in words
    assert "tokens in" in words
    assert str(settings.home() / "maps") in words
    fractions = [fraction for _, fraction in said if fraction is not None]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] <= 1


def test_the_classic_api_is_asked_at_its_own_address(service: Any) -> None:
    aoai.connect(f"http://127.0.0.1:{service.port}", api_key=service.key, api_version="2024-10-21", deployment="gpt-4o")
    assert aoai.map("{{ value }}", ["hi"])["answer"].tolist() == ["hi"]


def test_rows_are_recorded_and_replayed_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aoai.record(tmp_path / "recordings")
    first = aoai.map("{{ value }}", ["a", "b", "a", "c"], concurrency=4)
    service = aoai.connection()
    aoai.replay()
    monkeypatch.setattr(type(service), "warm_up", lambda self: pytest.fail("a replay starts nothing"))
    again = aoai.map("{{ value }}", ["c", "a", "b", "a"])
    assert again["answer"].tolist() == ["c", "a", "b", "a"]
    assert first["error"].isna().all()
    rows = ledger.rows()
    assert [row["recorded"] for row in rows] == [0] * 4 + [1] * 4
    assert files() == []
    with pytest.raises(errors.NotRecordedError):
        aoai.map("{{ value }}", ["a", "z"])
    assert len(ledger.rows()) == 8


def test_what_is_recorded_is_no_part_of_the_estimate_and_not_paced(tmp_path: Path) -> None:
    aoai.record(tmp_path / "recordings")
    aoai.map("{{ value }}", ["a", "b"])
    recordings.forget()  # as another kernel would come to it
    aoai.record(tmp_path / "recordings")
    foreseen = aoai.estimate_map("{{ value }}", ["a", "b", "c"])
    assert (foreseen.choices, foreseen.answered) == (1, 2)
    assert aoai.map("{{ value }}", ["a", "b", "c"], budget=0.2)["answer"].tolist() == ["a", "b", "c"]


def test_a_model_that_is_served_through_responses_alone_is_asked_there() -> None:
    aoai.connect("local")
    plane = aoai.connection().control_plane
    plane.deploy("pro", "gpt-5-pro", capacity=1000)
    plane.deployments()  # whose models are known from then on
    try:
        frame = aoai.map("{{ value }}", ["a", "b"], deployment="pro", max_tokens=2000, budget=5)
        assert frame["answer"].tolist() == ["a", "b"]
        assert {(row["operation"], row["outcome"]) for row in ledger.rows()} == {("responses", "stop")}
    finally:
        plane.remove("pro")
    assert aoai.map("{{ value }}", ["c"], api="responses", temperature=0)["answer"].tolist() == ["c"]
    assert ledger.rows()[-1]["operation"] == "responses"
    with pytest.raises(errors.OptionError, match="no API"):
        aoai.map("{{ value }}", ["c"], api="images")


def test_rows_that_are_alike_get_back_each_its_own_answer(tmp_path: Path) -> None:
    aoai.record(tmp_path / "recordings")
    aoai.map("{{ value }}", ["a"] * 12, concurrency=12)
    file = tmp_path / "recordings" / "recordings.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        line["response"]["body"]["choices"][0]["message"]["content"] = f"answer {line['n']}"
    file.write_text("\n".join(map(json.dumps, lines)))
    for _ in range(5):
        recordings.forget()  # as another kernel would come to it
        aoai.replay(tmp_path / "recordings")
        answers = aoai.map("{{ value }}", ["a"] * 12, concurrency=12)["answer"]
        assert answers.tolist() == [f"answer {number}" for number in range(1, 13)]


def test_a_cut_run_that_was_recorded_goes_on_and_answers_no_row_by_another(tmp_path: Path) -> None:
    aoai.connect("local")
    aoai.record(tmp_path / "recordings")
    faults("error=no-access skip=1 times=1000")
    with pytest.raises(errors.AuthenticationError):
        aoai.map("{{ value }}", ["a"] * 4, concurrency=1)
    faults("off")
    recordings.forget()
    aoai.record(tmp_path / "recordings")
    aoai.map("{{ value }}", ["a"] * 4, resume=True)
    assert [row["recorded"] for row in ledger.rows() if row["outcome"] == "stop"] == [0] * 4


@pytest.mark.parametrize("options", [{"output": "error"}, {"schema": "error, n int"}])
def test_answers_cannot_go_into_the_column_of_errors(options: dict[str, Any]) -> None:
    with pytest.raises(errors.SettingsError, match="'error'"):
        aoai.map("{{ value }}", ["a"], **options)
    assert ledger.rows() == []


@pytest.mark.parametrize("output", ["", " ", 5])
def test_a_column_has_a_name(output: Any) -> None:
    with pytest.raises(errors.SettingsError, match="can't go into a column"):
        aoai.map("{{ value }}", ["a"], output=output)


@pytest.mark.parametrize(
    "options", [{"limit": -1}, {"limit": 0}, {"limit": 1.5}, {"concurrency": 0}, {"concurrency": "8"}]
)
def test_counts_that_are_none_are_told(options: dict[str, Any]) -> None:
    with pytest.raises(errors.SettingsError, match=f"{next(iter(options))} can't be"):
        aoai.map("{{ value }}", ["a", "b"], **options)
    assert ledger.rows() == []


def test_a_replay_needs_no_ledger(tmp_path: Path) -> None:
    aoai.record(tmp_path / "recordings")
    aoai.map("{{ value }}", ["a", "b"])
    aoai.replay()
    for file in settings.home().glob("ledger.sqlite3*"):
        file.unlink()
    ledger.path().mkdir()
    try:
        assert aoai.map("{{ value }}", ["a", "b"])["answer"].tolist() == ["a", "b"]
        with pytest.raises(errors.LedgerError):
            aoai.map("{{ value }}", ["a", "b"], recordings="refresh")
    finally:
        ledger.path().rmdir()
