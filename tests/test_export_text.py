"""Values as source and as JSON: read back, they are what they were, and nothing in them is hidden."""

from __future__ import annotations

import ast
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.export.json_text import json_lines, json_text
from aoai_magic.export.layout import WIDTH, laid_out
from aoai_magic.export.literals import block, literal, quoted
from aoai_magic.visible import visible

TEXT = st.text(st.characters(codec=None, exclude_categories=())) | st.lists(
    st.sampled_from(['"', '""', '"""', "'", "\\", "\\u", "\n", "\r\n", " ", "word ", "\u202e", "\ud800", "\U000e0041"])
).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@given(TEXT)
def test_text_is_read_back_as_it_was(text: str) -> None:
    for source in (quoted(text), block(text)):
        assert ast.literal_eval(source) == text
        assert visible(source) == source
    assert "\n" not in quoted(text)


@given(st.lists(st.text("abcde", min_size=1, max_size=30)).map(" ".join))
def test_a_long_line_is_cut_between_words(text: str) -> None:
    source = block(text)
    assert ast.literal_eval(source) == text
    assert max(map(len, source.splitlines())) <= WIDTH
    words = [word for line in source.splitlines() for word in line.strip(' "()').split()]
    assert words == text.split()


@given(VALUES)
def test_values_are_read_back_as_they_were(value: Any) -> None:
    assert ast.literal_eval(laid_out(value, literal)) == value
    for text in (json_text(value), json_lines(value)):
        assert json.loads(text) == value
        assert visible(text) == text
    assert "\n" not in json_text(value)


def test_what_fits_stands_on_one_line() -> None:
    message = {"role": "user", "content": "x" * 20}
    lines = laid_out([message] * 3, literal).splitlines()
    assert lines[0] == "["
    assert lines[1] == '    {"role": "user", "content": "xxxxxxxxxxxxxxxxxxxx"},'
    assert lines[-1] == "]"
