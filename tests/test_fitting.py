"""Text of ours in a terminal of any width."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.fitting import fitted


def test_where_there_is_no_terminal_nothing_is_cut() -> None:
    assert fitted("word " * 100) == "word " * 100


def test_a_row_goes_on_below_its_second_column() -> None:
    assert fitted("requests go to  Azure OpenAI, https://contoso.openai.azure.com", 40).split("\n") == [
        "requests go to  Azure OpenAI,",
        "                https://contoso.openai.azure.com",
    ]


def test_a_name_that_takes_most_of_the_line_leaves_the_rest_to_the_next() -> None:
    assert fitted("a name that is really quite long  and what it is for", 36).split("\n") == [
        "a name that is really quite long",
        "  and what it is for",
    ]


@given(st.text("ab -\n", max_size=200), st.integers(10, 60))
def test_no_word_is_cut_or_lost_and_no_line_longer_than_it_has_to_be(text: str, width: int) -> None:
    found = fitted(text, width)
    assert found.split() == text.split()
    for line in found.split("\n"):
        assert len(line.rstrip()) <= width or len(re.findall(r"\S+", line)) == 1
