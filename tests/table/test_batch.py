"""A table through the Batch API: the local service runs it for real."""

from __future__ import annotations

from typing import Any

import pandas
import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger

CITIES = pandas.DataFrame({"city": ["Oslo", "Rome", "Oslo"]}, index=["x", "y", "z"])


def sent(prompt: str = "{{ city }}", table: Any = CITIES, **options: Any) -> aoai.Batch:
    return aoai.map(prompt, table, deployment="gpt-4o", batch=True, **options)


def test_its_answers_are_those_of_the_table_sent_row_by_row() -> None:
    collected = sent(max_tokens=5).wait().collect()
    pandas.testing.assert_frame_equal(collected, aoai.map("{{ city }}", CITIES, deployment="gpt-4o", max_tokens=5))


def test_a_schema_gives_typed_columns() -> None:
    collected = sent(schema="population int, capital bool").wait().collect()
    assert collected.dtypes[["population", "capital"]].astype(str).tolist() == ["Int64", "boolean"]


def test_rows_that_are_alike_are_one_request() -> None:
    batch = sent(temperature=0)
    assert batch.requests == [[0, 2], [1]]
    assert batch.wait().collect()["answer"].tolist() == ["Oslo", "Rome", "Oslo"]


def test_another_kernel_finds_it_and_collects_it() -> None:
    batch = sent()
    found = aoai.batch(batch.id)
    assert found.table is None
    assert found.wait().collect()["answer"].tolist() == ["Oslo", "Rome", "Oslo"]
    assert found.collect(CITIES).index.tolist() == ["x", "y", "z"]
    assert aoai.batch() == found


def test_what_is_kept_of_it_holds_no_prompt_and_no_answer(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from aoai_magic import settings

    sent("My secret city is {{ city }}").wait().collect()
    kept = "".join(file.read_text() for file in (settings.home() / "batches").glob("*"))
    assert "Oslo" not in kept
    assert "secret" not in kept


def test_it_costs_half_and_is_in_the_ledger_before_it_is_collected() -> None:
    once = aoai.estimate_map("{{ city }}", CITIES, deployment="gpt-4o", max_tokens=10)
    half = aoai.estimate_map("{{ city }}", CITIES, deployment="gpt-4o", max_tokens=10, batch=True)
    assert half.dearest == pytest.approx(once.dearest / 2)
    assert "24.0 h at most  the window of a batch" in str(half)
    batch = sent(max_tokens=10)
    (row,) = ledger.rows()
    assert (row["operation"], row["outcome"], row["dearest"]) == ("batch", None, pytest.approx(half.dearest))
    batch.wait().collect()
    (row,) = ledger.rows()
    assert row["outcome"] == "completed"
    assert row["prompt_tokens"] == half.prompt_tokens
    assert row["azure_price"] == pytest.approx(half.price.cost(half.prompt_tokens, row["completion_tokens"]))
    batch.collect()
    assert len(ledger.rows()) == 1


def test_a_budget_that_has_no_room_for_it_refuses_it() -> None:
    with pytest.raises(errors.BudgetError):
        sent(max_tokens=1000, budget=0.000001)
    assert ledger.rows() == []


def test_before_it_has_ended_there_is_nothing_to_collect_and_a_cancelled_one_keeps_what_it_has() -> None:
    batch = sent("{{ value }}", range(4_000))
    with pytest.raises(errors.SettingsError, match="are answered"):
        batch.collect()
    frame = batch.cancel().wait().collect()
    assert batch.status == "cancelled"
    assert len(frame) == 4_000
    assert (frame["answer"].isna() == (frame["error"] == "not answered before the batch was cancelled")).all()
    assert frame["error"].notna().any()


def test_a_row_that_is_refused_has_its_error(run: Any) -> None:
    frame = sent(table=["hello", "aoai-filter:violence"], prompt="{{ value }}").wait().collect()
    assert frame["answer"].tolist()[0] == "hello"
    assert "filtered" in frame["error"].tolist()[1] or "policy" in frame["error"].tolist()[1]


def test_one_whose_sending_broke_off_counts_in_full_since_it_may_run(run: Any) -> None:
    run('%aoai fault "reset=0 skip=1 times=9"')
    with pytest.raises(errors.NoAnswerError):
        sent(max_tokens=10)
    run("%aoai fault off")
    (row,) = ledger.rows()
    assert (row["outcome"], row["counted"]) == ("error", row["dearest"])


def test_a_deployment_that_is_not_there_fails_the_batch_and_costs_nothing() -> None:
    batch = aoai.map("{{ city }}", CITIES, deployment="nowhere", batch=True, max_tokens=5)
    with pytest.raises(errors.SettingsError, match="failed"):
        batch.wait().collect()
    (row,) = ledger.rows()
    assert (row["outcome"], row["price"]) == ("failed", 0)


def test_a_table_of_another_length_is_refused() -> None:
    with pytest.raises(errors.SettingsError, match="has 1 rows"):
        sent().wait().collect(["Oslo"])


def test_a_batch_that_there_is_not_is_an_error() -> None:
    with pytest.raises(errors.SettingsError, match="There is no batch 'batch_0'"):
        aoai.batch("batch_0")


def test_a_batch_of_another_service_says_where_to_go() -> None:
    batch = sent()
    aoai.connect("https://contoso.openai.azure.com", api_key="k", deployment="d")
    with pytest.raises(errors.SettingsError, match="local service") as caught:
        batch.refresh()
    assert caught.value.fix == "%aoai connect local"


def test_a_cell_sends_one_and_lists_it(run: Any, shell: Any) -> None:
    shell.user_ns["cities"] = CITIES
    printed = run("%%chat gpt-4o --over cities --batch -o handle\n{{ city }}")
    handle = shell.user_ns["handle"]
    assert isinstance(handle, aoai.Batch)
    assert handle.id in printed
    run("%aoai batches")
    assert shell.user_ns["_"]["id"].tolist()[0] == handle.id
    with pytest.raises(errors.OptionError, match="about a table"):
        run("%%chat gpt-4o --batch\nhi")
    run("%%chat gpt-4o --over cities --batch --dry-run -o foreseen\n{{ city }}")
    assert shell.user_ns["foreseen"].sku == "GlobalBatch"


def test_many_requests_are_no_long_one() -> None:
    """A prompt beyond 272,000 tokens is dearer; three of 100,000 are not."""
    plane = aoai.connect("local").control_plane
    plane.deploy("gpt-5.4-long", "gpt-5.4", sku="GlobalBatch", capacity=1_000)
    try:
        table = [f"{number}" + " a" * 100_000 for number in range(3)]
        aoai.map("{{ value }}", table, deployment="gpt-5.4-long", max_tokens=16, batch=True).wait().collect()
        (row,) = ledger.rows()
        assert row["prompt_tokens"] > 300_000
        assert row["azure_price"] == pytest.approx(row["prompt_tokens"] * 1.25e-6 + row["completion_tokens"] * 7.5e-6)
    finally:
        plane.remove("gpt-5.4-long")
