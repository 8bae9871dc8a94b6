"""Tables of every kind, read as rows."""

from __future__ import annotations

import itertools
from typing import Any

import numpy
import pandas
import polars
import pytest

from aoai_magic import errors
from aoai_magic.table.rows import read

ROWS = [{"city": "Oslo", "rain": 763}, {"city": "Rome", "rain": 800}]


@pytest.mark.parametrize(
    "table",
    [
        pandas.DataFrame(ROWS),
        polars.DataFrame(ROWS),
        polars.DataFrame(ROWS).lazy(),
        ROWS,
        tuple(ROWS),
        {"a": ROWS[0], "b": ROWS[1]}.values(),
        {"city": ["Oslo", "Rome"], "rain": [763, 800]},
        {"city": pandas.Series(["Oslo", "Rome"]), "rain": numpy.array([763, 800])},
        {"a": ROWS[0], "b": ROWS[1]},
    ],
    ids=lambda table: f"{type(table).__module__}.{type(table).__name__}",
)
def test_tables_of_every_kind_have_the_same_rows(table: Any) -> None:
    read_table = read(table)
    assert read_table.columns == ["city", "rain"]
    assert read_table.rows == ROWS
    assert len(read_table) == 2


@pytest.mark.parametrize(
    "table",
    [
        ["a", "b"],
        {"x": "a", "y": "b"},
        pandas.Series(["a", "b"]),
        polars.Series(["a", "b"]),
        numpy.array(["a", "b"]),
    ],
    ids=lambda table: type(table).__name__,
)
def test_plain_values_are_in_a_column_of_their_own(table: Any) -> None:
    assert read(table).rows == [{"value": "a"}, {"value": "b"}]


def test_the_keys_of_a_dict_of_rows_are_the_index() -> None:
    assert read({"x": "a", "y": "b"}).frame.index.tolist() == ["x", "y"]


def test_a_series_keeps_its_name_and_index() -> None:
    table = read(pandas.Series(["a"], index=[7], name="text"))
    assert table.rows == [{"text": "a"}]
    assert table.frame.index.tolist() == [7]


def test_what_is_missing_is_in_no_row() -> None:
    frame = pandas.DataFrame(
        {
            "a": [1.5, None],
            "b": ["x", None],
            "c": pandas.array([1, None], dtype="Int64"),
            "d": [pandas.Timestamp("2026-01-01"), pandas.NaT],
        }
    )
    full, empty = read(frame).rows
    assert list(full) == ["a", "b", "c", "d"]
    assert empty == {}
    assert read([{"a": 1}, {"b": 2}]).rows == [{"a": 1}, {"b": 2}]


def test_a_limit_takes_the_first_rows() -> None:
    for table in (ROWS, pandas.DataFrame(ROWS), polars.DataFrame(ROWS), {"city": ["Oslo", "Rome"]}, {"a": 1, "b": 2}):
        assert len(read(table, limit=1)) == 1
    assert read(itertools.count(), limit=3).rows == [{"value": 0}, {"value": 1}, {"value": 2}]


def test_an_iterator_asks_for_a_limit_and_nothing_is_read_of_it() -> None:
    numbers = itertools.count()
    with pytest.raises(errors.SettingsError, match=r"A count doesn.t say how many rows it has") as caught:
        read(numbers)
    assert "limit=1000" in caught.value.fix
    assert next(numbers) == 0


def test_arrays_and_pictures_are_values_and_not_taken_apart() -> None:
    pictures = [numpy.zeros((2, 2, 3), "uint8"), numpy.ones((2, 2, 3), "uint8")]
    table = read(pictures)
    assert table.rows[1]["value"] is pictures[1]
    assert len(table.frame) == 2


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("text", "A str is no table"),
        (3, "An int is no table"),
        ([], "has no rows"),
        ({}, "has no rows"),
        ({"a": [1, 2], "b": [1]}, "differ in length"),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), "two columns named 'a'"),
    ],
)
def test_what_is_no_table_is_told(table: Any, what: str) -> None:
    with pytest.raises(errors.SettingsError, match=what):
        read(table)
