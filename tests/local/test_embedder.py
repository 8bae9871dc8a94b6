"""The real model of embeddings, and how its vectors become a deployment's."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from aoai_magic import settings
from aoai_magic.local import weights
from aoai_magic.local.embedder import WINDOW, Embedder
from aoai_magic.local.embeddings import widened
from aoai_magic.local.llama import CHARACTERS_AT_ONCE, TEXTS_AT_ONCE, Llama

ALIKE = {
    "the sea": ["A boat crosses the ocean.", "Ships sail over the water.", "The captain steered through the waves."],
    "food": ["He baked a loaf of bread.", "She cooked soup for dinner.", "The kitchen smells of fresh pastry."],
    "code": [
        "The function returns a list.",
        "This program raises an exception.",
        "Python compiles source to bytecode.",
    ],
    "money": ["The bank raised its interest rates.", "Stocks fell on the market.", "The loan must be repaid in May."],
}


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(weights.EMBEDDING.ensure(settings.home()))


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


@pytest.mark.llama
def test_texts_of_one_subject_are_nearer_than_those_of_two(embedder: Embedder) -> None:
    subjects = [subject for subject, texts in ALIKE.items() for _ in texts]
    vectors = embedder.embed([text for texts in ALIKE.values() for text in texts])
    for at, vector in enumerate(vectors):
        others = [(cosine(vector, other), subject) for i, (other, subject) in enumerate(zip(vectors, subjects, strict=True)) if i != at]  # fmt: skip
        assert max(others)[1] == subjects[at]
    pairs = itertools.combinations(zip(vectors, subjects, strict=True), 2)
    near: dict[bool, list[float]] = {True: [], False: []}
    for (one, its), (other, others_subject) in pairs:
        near[its == others_subject].append(cosine(one, other))
    assert sum(near[True]) / len(near[True]) > 0.15 + sum(near[False]) / len(near[False])


@pytest.mark.llama
def test_a_text_has_one_vector_whatever_stands_beside_it(embedder: Embedder) -> None:
    texts = [text for several in ALIKE.values() for text in several]
    together = embedder.embed(texts)
    assert embedder.embed(list(reversed(texts))) == together[::-1]
    assert [embedder.embed([text])[0] for text in texts] == together


@pytest.mark.llama
@effort(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=WINDOW - 2))
def test_every_short_text_has_a_vector_of_length_one(embedder: Embedder, text: str) -> None:
    (vector,) = embedder.embed([text])
    assert len(vector) == 384
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-6)


@pytest.mark.llama
@pytest.mark.parametrize("text", ["", " ", "\n\n", "\0", "한국" * 255, "ệ " * 255, "🎉" * 510, "語 " * 900])
def test_odd_texts_have_vectors_too(embedder: Embedder, text: str) -> None:
    assert math.hypot(*embedder.embed([text])[0]) == pytest.approx(1, abs=1e-6)


@pytest.mark.llama
def test_a_text_longer_than_the_window_is_the_mean_of_what_it_says(embedder: Embedder) -> None:
    sea, food = "A boat crosses the ocean. ", "He baked a loaf of bread. "
    both, of_sea, of_food, of_code = embedder.embed([sea * 100 + food * 100, sea, food, ALIKE["code"][0]])
    assert min(cosine(both, of_sea), cosine(both, of_food)) > 0.15 + cosine(both, of_code)


@pytest.mark.llama
def test_a_short_text_does_not_wait_for_all_of_a_long_request() -> None:
    async def ended() -> list[str]:
        order = []

        async def embed(name: str, texts: list[str]) -> None:
            await engine.embed(texts)
            order.append(name)

        await engine.embed(["warm"])
        long = asyncio.create_task(embed("long", ["word " * 300] * 20))
        await asyncio.sleep(0.05)
        await embed("short", ["a boat"])
        await long
        return order

    engine = Llama(weights.CHAT.ensure(settings.home()), settings.home())
    try:
        assert asyncio.run(ended()) == ["short", "long"]
    finally:
        engine.close()
    assert 300 * len("word ") * TEXTS_AT_ONCE > CHARACTERS_AT_ONCE, "by their number alone they would have been one"


VECTORS = st.lists(st.floats(-1, 1), min_size=8, max_size=8).filter(lambda vector: math.hypot(*vector) > 1e-3)


@given(VECTORS, VECTORS, st.integers(1, 8))
def test_a_widened_vector_keeps_its_angles(one: list[float], other: list[float], times: int) -> None:
    wide = [widened(vector, 8 * times, 8 * times) for vector in (one, other)]
    assert [len(vector) for vector in wide] == [8 * times] * 2
    assert [math.hypot(*vector) for vector in wide] == pytest.approx([1, 1])
    assert cosine(*wide) == pytest.approx(cosine(one, other), abs=1e-6)


@given(VECTORS, st.integers(1, 64), st.integers(1, 64))
def test_fewer_dimensions_are_the_beginning_of_more(vector: list[float], few: int, whole: int) -> None:
    assume(math.hypot(*vector[: min(few, whole)]) > 1e-9)
    short, long = widened(vector, min(few, whole), whole), widened(vector, whole, whole)
    beginning = long[: len(short)]
    length = math.hypot(*beginning)
    assert short == pytest.approx([value / length for value in beginning])
