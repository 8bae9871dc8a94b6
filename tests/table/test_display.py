"""Tables of strangers' texts, displayed: the data stays as it is, and what is shown of it steers no terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas
import polars
import pytest

import aoai_magic as aoai

STEERS = "a\x1b]0;owned\x07\u202eb"


@pytest.fixture(autouse=True)
def _as_in_a_notebook(_ipython: Any) -> Iterator[None]:
    """HTML too, which a terminal's shell leaves out."""
    html = _ipython.display_formatter.formatters["text/html"]
    html.enabled = True
    yield
    html.enabled = False


@pytest.mark.parametrize("make", [pandas.DataFrame, polars.DataFrame])
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_a_frame_is_displayed_without_what_steers_a_terminal(shell: Any, make: Any, kind: str) -> None:
    frame = aoai.map("{{ word }}", make({"word": [STEERS]}))
    assert list(frame["answer"]) == [STEERS]
    shown = shell.display_formatter.format(frame)[0][kind]
    assert "a␛]0;owned␇⟨U+202E⟩b" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_so_is_a_column_of_it(shell: Any, run: Any) -> None:
    shell.user_ns["frame"] = aoai.map("{{ word }}", [{"word": STEERS}])
    assert "␛" in run("frame['answer']")
    assert "\x1b" not in run("frame[['answer']]")


def test_a_frame_that_steers_nothing_is_displayed_as_ever(shell: Any) -> None:
    aoai.map("{{ value }}", ["a"])
    frame = pandas.DataFrame({"a": range(100), "b": "x & y"})
    shown = shell.display_formatter.format(frame)[0]
    assert shown["text/plain"] == repr(frame)
    assert shown["text/html"] == frame._repr_html_()
    with pandas.option_context("display.notebook_repr_html", False):
        assert "text/html" not in shell.display_formatter.format(frame)[0]


def test_without_the_extension_a_map_sees_to_it(_ipython: Any) -> None:
    frame = aoai.map("{{ word }}", [{"word": STEERS}])
    assert "\x1b" not in _ipython.display_formatter.format(frame)[0]["text/plain"]


def test_a_parsed_list_is_displayed_so_too(shell: Any, cloud: Any) -> None:
    cloud.completion(json.dumps({"items": [{"word": STEERS, "length": 3}]}))
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    frame = aoai.chat("words", schema="[word, length int]").parsed
    assert frame["word"].tolist() == [STEERS]
    assert "\x1b" not in shell.display_formatter.format(frame)[0]["text/plain"]
