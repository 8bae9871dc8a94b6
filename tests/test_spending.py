"""Looking back: tables, a plot and CSV of what is in the ledger."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aoai_magic import errors, ledger, spending
from aoai_magic.ledger import budget, store


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_HOME", str(tmp_path / "home"))


def sent(dearest: float = 0.1, price: float | None = 0.05, **more: Any) -> None:
    entry = ledger.reserve(more.pop("connection", "azure"), "chat", cheapest=0.0, dearest=dearest, tokens=10)
    entry.sending()
    if price is not None:
        entry.settle("stop", price=price, **{"azure_price": price, "model": "gpt-4o", "prompt_tokens": 10} | more)


def test_before_the_first_request_there_is_an_empty_table() -> None:
    frame = spending.usage()
    assert frame.empty
    assert spending.totals(frame, "day").loc["total", "requests"] == 0
    assert spending.accuracy(frame) == ""
    assert not ledger.path().exists()


def test_each_request_is_a_row_with_its_local_time() -> None:
    sent(completion_tokens=3)
    (row,) = spending.usage().to_dict("records")
    assert row["when"].strftime("%H %z") == time.strftime("%H %z")
    assert (row["prompt_tokens"], row["completion_tokens"], row["price"]) == (10, 3, 0.05)
    assert row["outcome"] == "stop"
    assert not row["recorded"]


def test_what_never_settled_is_unknown_up_to_its_dearest_price() -> None:
    sent(0.1, None)
    (row,) = spending.usage().to_dict("records")
    assert pandas.isna(row["price"])
    assert pandas.isna(row["outcome"])
    assert row["unknown_up_to"] == 0.1


def test_the_local_service_bills_nothing_even_where_a_request_broke_off() -> None:
    sent(0.1, None, connection="local")
    sent(0.1, 0.05, connection="local")
    frame = spending.usage()
    assert frame["price"].tolist() == [0, 0]
    assert frame["unknown_up_to"].isna().all()


def test_practice_is_added_up_apart_from_money() -> None:
    sent(price=0.05)
    sent(price=0.07, connection="local")
    total = spending.totals(spending.usage(), "day").loc["total"]
    assert (total["price"], total["practice"]) == (0.05, 0.07)


@pytest.mark.parametrize("by", ["day", "notebook", "model", "session"])
def test_totals_add_up(by: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for price in (0.25, 0.5, None):
        sent(1.0, price)
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/other.ipynb")
    monkeypatch.setattr(budget, "SESSION", "another")
    sent(1.0, 0.125, model="gpt-5")
    with store.transaction() as db:
        db.execute("UPDATE requests SET at = at - 86400 WHERE notebook LIKE '%other.ipynb'")
    table = spending.totals(spending.usage(), by)
    groups = table.drop("total")
    assert len(groups) == (3 if by == "model" else 2)  # what was never answered goes by its deployment
    assert groups["requests"].sum() == table.loc["total", "requests"] == 4
    assert groups["price"].sum() == table.loc["total", "price"] == 0.875
    assert table.loc["total", "unknown_up_to"] == 1.0


def test_estimates_are_held_against_the_bill() -> None:
    sent(0.1, 0.05, prompt_tokens=10)
    sent(0.1, 0.2, prompt_tokens=8)
    assert spending.accuracy(spending.usage()) == (
        "Estimates of 2 requests: prompt tokens off by 12.5% on average, 25.0% at most; "
        "1 of 2 prices within the range foreseen."
    )


def test_csv_holds_the_whole_table(tmp_path: Path) -> None:
    sent()
    sent(price=None)
    file = tmp_path / "out.csv"
    spending.write_csv(spending.usage(), file)
    read = pandas.read_csv(file, parse_dates=["when"])
    assert read.columns.tolist() == spending.usage().columns.tolist()
    assert read["price"].tolist()[0] == 0.05
    assert read["when"].dt.floor("s").tolist() == spending.usage()["when"].dt.floor("s").tolist()
    assert list(tmp_path.glob("*.part")) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8")) | st.from_regex(r"[=+\-@\t\r\n＝＋－＠].*", fullmatch=True))
def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path, text: str) -> None:
    ledger.reserve("azure", text, cheapest=None, dearest=None).settle(text, model=text)
    file = tmp_path / "out.csv"
    spending.write_csv(spending.usage(), file)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for cell in row)


def test_a_csv_is_written_over_and_over_but_nothing_else_is_replaced(tmp_path: Path) -> None:
    sent()
    file = tmp_path / "out.csv"
    for _ in range(2):
        spending.write_csv(spending.usage(), file)
    for content in (b'{"cells": []}', b"", b"\xff\xfe\x00"):
        file.write_bytes(content)
        with pytest.raises(errors.SettingsError):
            spending.write_csv(spending.usage(), file)
        assert file.read_bytes() == content


def test_a_csv_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(errors.SettingsError, match="can't be written"):
        spending.write_csv(spending.usage(), tmp_path / "no" / "such" / "folder.csv")


def test_the_plot_shows_a_bar_a_group_and_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    sent()
    monkeypatch.setenv("JPY_SESSION_NAME", "/" + "long/" * 20 + "what $x$ costs_$.ipynb")
    sent(price=None)
    figure = spending.plot(spending.totals(spending.usage(), "notebook"))
    figure.canvas.draw()
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 2
    assert any(label.endswith("what $x$ costs_$.ipynb") for label in labels)
    assert sorted(bar.get_width() for bar in axes.patches if bar.get_width()) == pytest.approx([0.05, 0.1])


def test_the_plot_has_nothing_of_what_is_nothing() -> None:
    sent(price=0.0, model="free")
    sent(price=0.2, model="dear")
    figure = spending.plot(spending.totals(spending.usage(), "model"))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["dear"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["billed"]


def test_this_session_is_told_from_others_and_amounts_are_dollars() -> None:
    sent(0.00005, 0.00005)
    table = spending.totals(spending.usage(), "session")
    assert table.index.tolist() == [f"{ledger.SESSION} (this one)", "total"]
    axis = spending.plot(table).axes[0].xaxis
    assert {label.get_text().removeprefix("\\")[0] for label in axis.get_ticklabels()} == {"$"}


def test_a_long_history_is_drawn_by_what_matters() -> None:
    for number in range(45):
        sent(price=0.05 + number / 1000, model=f"model-{number:02}")
    figure = spending.plot(spending.totals(spending.usage(), "model"))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert (len(labels), labels[0], labels[-1]) == (40, "model-44", "model-05")


def test_names_are_shown_with_nothing_hidden_in_them() -> None:
    ledger.reserve("azure", "chat\x1b[2J\u202e", cheapest=0.0, dearest=0.1)
    assert spending.usage()["deployment"].tolist() == ["chat␛[2J⟨U+202E⟩"]
