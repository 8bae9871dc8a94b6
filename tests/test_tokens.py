from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import tokens

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


# Measured with tiktoken.
@pytest.mark.parametrize(
    ("text", "encoding", "ids"),
    [
        ("tiktoken is great!", "cl100k_base", [83, 1609, 5963, 374, 2294, 0]),
        ("tiktoken is great!", "o200k_base", [83, 8251, 2488, 382, 2212, 0]),
    ],
)
def test_ids_are_those_of_tiktoken(text: str, encoding: str, ids: list[int]) -> None:
    assert tokens.encode(text, encoding) == ids


@pytest.mark.parametrize(
    ("text", "cl100k", "o200k"),
    [
        ("antidisestablishmentarianism", 6, 6),
        ("お誕生日おめでとう", 9, 8),
        ("pear", 1, 1),
        ("hamburger", 2, 2),
        ("", 0, 0),
    ],
)
def test_counts_are_those_of_tiktoken(text: str, cl100k: int, o200k: int) -> None:
    assert tokens.count(text, "cl100k_base") == cl100k
    assert tokens.count(text, "gpt-4o") == o200k


# The overview page's prompt and completion.
@pytest.mark.parametrize("encoding", ["cl100k_base", "o200k_base"])
def test_the_overview_pages_prompt_is_counted(encoding: str) -> None:
    assert tokens.count('""" count to 5 in a for loop """', encoding) == 10
    assert tokens.count("for i in range(1, 6): print(i)", encoding) == 13


def test_a_special_token_spelled_out_is_plain_text() -> None:
    assert tokens.count("<|endoftext|>", "gpt-4o") == len(tokens.encode("<|endoftext|>", "gpt-4o")) > 1
    assert tokens.count_many(["<|endoftext|>", "a"], "gpt-4o") == [7, 1]


def test_a_lone_surrogate_counts_as_the_replacement_character() -> None:
    assert tokens.encode("\ud800", "gpt-4o") == tokens.encode("\ufffd", "gpt-4o")
    assert tokens.encode("\ud83d\ude00", "gpt-4o") == tokens.encode("😀", "gpt-4o")


@given(st.lists(ANYTHING))
def test_counting_many_is_counting_each(texts: list[str]) -> None:
    assert tokens.count_many(texts) == [len(tokens.encode(text)) for text in texts]


@given(ANYTHING, st.integers(0, 20))
def test_the_head_of_a_text_is_its_beginning_and_within_the_limit(text: str, limit: int) -> None:
    head = tokens.head(text, limit)
    utf8 = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert utf8.startswith(head) or head == text
    assert tokens.count(head) <= limit


def test_a_forked_process_counts_as_well_where_its_parent_did_before() -> None:
    texts = [f"text number {number}" for number in range(20_000)]  # enough for the encoder's own threads
    there = tokens.count_many(texts)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(tokens.count_many, [texts, texts[:3]]).get(timeout=60) == [there, there[:3]]


@pytest.mark.parametrize(
    ("texts", "told"), [("abc", "this is one"), (b"abc", "this is one"), (["a", None, 3], "NoneType, int")]
)
def test_many_texts_are_no_text_and_nothing_else(texts: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        tokens.count_many(texts)
