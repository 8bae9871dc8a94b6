"""Ids, counts and texts are tiktoken's. The same on 20 MB of text and more: tests/bench/test_tokens.py."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aoai_magic import tokens
from aoai_magic.tokens import text as texts

from . import corpus
from .tiktoken_reference import reference

ENCODINGS = list(texts.ENCODINGS)
VOCABULARIES = [name for name in ENCODINGS if name != "o200k_harmony"]  # whose texts are o200k_base's
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))
#: Where a rule that cuts text could be read in two ways: spaces, lines, digits, apostrophes, marks, special tokens.
PIECES = st.sampled_from(
    [
        *"a Z é ß ǅ ʰ 中 の 한 ก ิ ́ ا ‍ 1 23 ٣ Ⅷ ² ' 's 'S 'LL ’s don't / \\ . !? _ - … € 😀 👩‍🚀 \0 \ufeff \ufffd".split(
            " "
        ),
        *"\ud800 \udc00 <|endoftext|> <|im_start|> <|start|> <|fim_prefix|> <| |>".split(" "),
        *[" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2028", "\x85", "\u3000", "\x1c", "\u200b"],
    ]
)


def same(text: str, name: str) -> None:
    ids = reference(name).encode_ordinary(text)
    assert tokens.encode(text, name) == ids
    assert tokens.count(text, name) == len(ids)


@cache
def sample() -> list[str]:
    """Some 1.3 MB: English and code, and 34 languages."""
    documents = ["\n".join(words) for words in corpus.locales(20_000).values()]
    return [*corpus.code(600_000), *documents]


@pytest.mark.parametrize("name", ENCODINGS)
def test_code_and_languages_have_tiktokens_ids(name: str) -> None:
    documents = sample()
    assert sum(len(document.encode()) for document in documents) > 1_000_000
    wanted = reference(name).encode_ordinary_batch(documents)
    assert [tokens.encode(document, name) for document in documents] == wanted
    assert tokens.count_many(documents, name) == [len(ids) for ids in wanted]
    assert [tokens.count(document, name) for document in documents] == [len(ids) for ids in wanted]


@pytest.mark.parametrize("name", ENCODINGS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=ANYTHING | st.lists(PIECES).map("".join))
def test_any_text_has_tiktokens_ids(name: str, text: str) -> None:
    same(text, name)


@pytest.mark.parametrize("name", ENCODINGS)
def test_special_tokens_spelled_out_are_plain_text(name: str) -> None:
    for special in [*reference(name).special_tokens_set, *texts._tokenizer("o200k_base").special_tokens()]:
        for text in (special, f"say {special} twice: {special}{special}"):
            same(text, name)
            assert tokens.count_many([text], name) == [len(reference(name).encode_ordinary(text))]


@pytest.mark.parametrize("name", VOCABULARIES)
@pytest.mark.parametrize("unit", ["a", "あ", "=-"])
def test_a_million_bytes_without_a_space_have_tiktokens_ids(name: str, unit: str) -> None:
    same(unit * (1_000_000 // len(unit.encode("utf-8", "surrogatepass"))), name)


@pytest.mark.parametrize("name", VOCABULARIES)
@pytest.mark.parametrize("unit", [" ", " \n"])
def test_long_runs_of_space_have_tiktokens_ids(name: str, unit: str) -> None:
    same(unit * 100_000, name)  # of a million spaces, tiktoken 0.14.0 panics: a stack overflows
    assert tokens.decode(tokens.encode(unit * 200_000, name), name) == unit * 200_000


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("codec", ["latin-1", "utf-8", "utf-16-le", "ascii"])
def test_random_bytes_have_tiktokens_ids(name: str, codec: str) -> None:
    data = random.Random(name + codec).randbytes(50_000)
    same(data.decode(codec, "replace"), name)
    same(data.decode(codec, "surrogateescape" if codec in ("utf-8", "ascii") else "ignore"), name)


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_token_has_tiktokens_text_and_no_other_number_has_one(name: str) -> None:
    wanted = reference(name)
    for number in [*range(wanted.n_vocab), wanted.n_vocab, 250_000, 2**32, 2**70, -1]:
        try:
            text = wanted.decode_single_token_bytes(number).decode("utf-8", "replace")
        except (KeyError, OverflowError):
            assert tokens.decode([number], name) is None, number
        else:
            assert tokens.decode([number], name) == text, number


@settings(deadline=None)  # the first builds tiktoken's encoding
@given(name=st.sampled_from(ENCODINGS), data=st.data())
def test_any_ids_have_tiktokens_text(name: str, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(0, texts.ENCODINGS[name] - 1).filter(lambda number: number != 50_256)))
    assert tokens.decode(ids, name) == reference(name).decode(ids)


@settings(deadline=None)
@given(text=ANYTHING, name=st.sampled_from(ENCODINGS))
def test_decoding_gives_the_text_back(text: str, name: str) -> None:
    utf8 = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert tokens.decode(tokens.encode(text, name), name) == utf8


def test_the_overview_pages_hamburger_is_cut_as_gpt_3_cut_it() -> None:
    def cut(model: str) -> list[str | None]:
        return [tokens.decode([number], model) for number in tokens.encode("hamburger", model)]

    assert cut("davinci") == cut("text-davinci-003") == ["ham", "bur", "ger"]
    assert cut("gpt-4") == ["h", "amburger"]
    assert cut("gpt-4o") == ["hamb", "urger"]
