"""A DataFrame that a command returns, as a notebook shows it."""

from __future__ import annotations

from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.render import lined_up, readable
from aoai_magic.render.numerals import DIGIT

from .test_compare import HARMLESS, Tags

FRAME = pandas.DataFrame(
    {
        "name": ["gpt-4o", None],
        "tpm": [1_000_000, 5],
        "price": [0.00003, 2000.0],
        "used": [True, False],
        "kinds": [("chat", "responses"), ()],
        "at": pandas.to_datetime(["2026-01-02 03:04:05.6", None]),
    }
)


def cells(html: str) -> list[str]:
    return [cell.partition(">")[2] for cell in html.replace("</td>", "<td").split("<td") if cell.startswith(" style")]


def test_values_are_read_at_a_glance() -> None:
    first = ["gpt-4o", "1,000,000", "<span>$</span>0.000030", "yes", "chat, responses", "2026-01-02 03:04:05"]
    assert cells(readable(FRAME)._repr_html_()) == [*first, "", "5", f"<span>$</span>2,000.00{4 * DIGIT}", "", "", ""]


def test_numbers_stand_on_the_right() -> None:
    html = readable(FRAME)._repr_html_()
    assert html.count("text-align:right") == 2 * 3  # two columns with their heads


def test_it_is_still_the_dataframe_and_what_is_made_of_it_is_a_usual_one() -> None:
    shown = readable(FRAME)
    assert shown.equals(FRAME)
    assert repr(shown) == repr(FRAME)
    assert type(shown[shown["tpm"] > 5]) is pandas.DataFrame


def test_an_index_with_a_name_is_a_column_and_another_is_not_shown() -> None:
    assert ">day<" not in readable(FRAME)._repr_html_()
    html = readable(FRAME.set_axis(["Monday", "total"]).rename_axis("day"))._repr_html_()
    assert ">day</th>" in html
    assert cells(html)[0] == "Monday"


def test_of_many_rows_both_ends_are_shown_and_none_is_no_error() -> None:
    html = readable(pandas.DataFrame({"n": range(1_000)}))._repr_html_()
    assert html.count("<tr") == 1 + 10 + 1 + 10
    assert "1,000 rows" in html
    assert cells(readable(pandas.DataFrame({"n": []}))._repr_html_()) == []
    assert cells(readable(pandas.DataFrame())._repr_html_()) == []


def test_commands_return_it(shell: Any) -> None:
    assert "<th" in shell.run_line_magic("aoai", "usage")._repr_html_()
    assert "aoai-listing" in shell.run_line_magic("aoai", "models")._repr_html_()


class Printed:
    def __init__(self, frame: pandas.DataFrame) -> None:
        frame._repr_pretty_(self, cycle=False)

    def text(self, text: str) -> None:
        self.lines = text.split("\n")


def test_as_text_numbers_line_up_and_nothing_is_left_out() -> None:
    assert Printed(readable(FRAME[["name", "tpm", "price"]], "As of today.")).lines == [
        "name          tpm          price",
        "gpt-4o  1,000,000      $0.000030",
        "                5  $2,000.00",
        "",
        "As of today.",
    ]


def test_a_narrow_terminal_gets_the_columns_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    frame = pandas.DataFrame(
        {"name": ["a" * 12], "first": [1], "second": [2], "third": ["b" * 12], "fourth": ["c" * 40]}
    )
    lines = Printed(readable(frame, "a note of more than thirty characters")).lines
    assert lines == [
        *("name          first  second", "aaaaaaaaaaaa      1       2", ""),
        *("name          third", "aaaaaaaaaaaa  bbbbbbbbbbbb", ""),
        *("name          fourth", f"aaaaaaaaaaaa  {'c' * 40}", ""),
        *("a note of more than thirty", "characters"),
    ]


@given(st.lists(st.decimals(0, 1_000_000, places=6).map(lambda one: f"{one.normalize():,f}") | st.just("unknown")))
def test_points_line_up(texts: list[str]) -> None:
    filled = lined_up(texts, " ", " ")
    assert [one.rstrip(" ") for one in filled] == texts
    width = max(map(len, filled), default=0)
    lines = [f"{one:>{width}}" for one in filled if one != "unknown"]
    ends = {line.index(".") if "." in line else len(line.rstrip(" ")) for line in lines}
    assert len(ends) <= 1


@given(st.text(), st.text())
def test_text_of_strangers_is_harmless(head: str, text: str) -> None:
    frame = readable(pandas.DataFrame({head: [text]}))
    assert len(Printed(frame).lines) == 2
    assert "\x1b" not in "".join(Printed(frame).lines)
    found = Tags(frame._repr_html_())
    assert found.tags <= HARMLESS
    assert not {name for name in found.attributes if name.startswith("on")}
