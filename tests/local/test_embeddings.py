"""Embeddings: vectors as numbers and as base64, in the size that is asked for, of texts and of tokens."""

from __future__ import annotations

import base64
import math
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from aoai_magic import tokens

V1 = "/openai/v1/embeddings"
SMALL = "text-embedding-3-small"


def vectors(ask: Any, given: Any, **more: Any) -> list[Any]:
    answer = ask(V1, {"model": SMALL, "input": given, **more}).json
    assert [one["index"] for one in answer["data"]] == list(range(len(answer["data"])))
    return [one["embedding"] for one in answer["data"]]


@pytest.mark.parametrize(
    ("model", "size"), [("text-embedding-ada-002", 1536), (SMALL, 1536), ("text-embedding-3-large", 3072)]
)
def test_each_model_has_its_size(ask: Any, model: str, size: int) -> None:
    answer = ask(V1, {"model": model, "input": "one"}).json
    assert (answer["object"], answer["model"]) == ("list", model)
    (vector,) = [one["embedding"] for one in answer["data"]]
    assert len(vector) == size
    assert math.hypot(*vector) == pytest.approx(1)


def test_the_answer_says_who_really_made_it(ask: Any) -> None:
    asked = {
        "embeddings": ({"model": "text-embedding-3-small", "input": "a"}, "echo"),
        "images/generations": ({"model": "gpt-image-1", "prompt": "a red circle", "quality": "low"}, "sketch"),
        "chat/completions": ({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}, "echo"),
    }
    for path, (body, who) in asked.items():
        assert ask(f"/openai/v1/{path}", body).headers["x-aoai-local-model"] == who


def test_base64_holds_the_very_numbers(ask: Any) -> None:
    (numbers,) = vectors(ask, "one two")
    (encoded,) = vectors(ask, "one two", encoding_format="base64")
    assert list(struct.unpack("<1536f", base64.b64decode(encoded))) == numbers


@pytest.mark.parametrize("size", [1, 2, 256, 1536])
def test_fewer_dimensions_are_the_beginning_at_length_one(ask: Any, size: int) -> None:
    (whole,) = vectors(ask, "one two")
    (short,) = vectors(ask, "one two", dimensions=size)
    length = math.hypot(*whole[:size])
    assert short == pytest.approx([number / length for number in whole[:size]], abs=1e-6)


def test_texts_that_share_words_are_alike(ask: Any) -> None:
    cat, kitten, taxes = vectors(ask, ["a cat on a mat", "a cat on a sofa", "taxes due in April"])

    def alike(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert alike(cat, kitten) > 0.5 > alike(cat, taxes)


def test_tokens_are_embedded_as_their_text(ask: Any) -> None:
    ids = tokens.encode("one two", SMALL)
    assert vectors(ask, ids) == vectors(ask, "one two")
    assert vectors(ask, [ids, ids]) == vectors(ask, ["one two"] * 2)


def test_the_tokens_of_all_texts_are_billed(ask: Any) -> None:
    answer = ask(V1, {"model": SMALL, "input": ["one two", "three"]}).json
    assert answer["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


def test_as_many_texts_as_are_allowed_are_embedded_and_no_more(ask: Any) -> None:
    assert len(vectors(ask, ["one"] * 2048, dimensions=1)) == 2048
    error = ask(V1, {"model": SMALL, "input": ["one"] * 2049}).json["error"]
    assert (error["param"], error["code"]) == ("input", "array_above_max_length")


@pytest.mark.parametrize("given", ["", [], [""], ["one", ""], [[]], 7, [7.5], {"a": 1}, [1, "one"], ["one", 1], [None]])
def test_what_can_not_be_embedded_is_refused(ask: Any, given: Any) -> None:
    answer = ask(V1, {"model": SMALL, "input": given})
    assert (answer.status, answer.json["error"]["param"]) == (400, "input")


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": None}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": 1537}, "dimensions"),
        ({"model": "text-embedding-ada-002", "dimensions": 4}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"input": "word " * 8193}, None),
        ({"nonsense": 1}, None),
    ],
)
def test_what_can_not_be_is_refused(ask: Any, change: dict[str, Any], param: str | None) -> None:
    answer = ask(V1, {"model": SMALL, "input": "one", **change})
    assert (answer.status, answer.json["error"]["param"]) == (400, param)


def test_a_text_of_the_greatest_length_is_embedded(ask: Any) -> None:
    text = "word" + " word" * 8191
    assert tokens.count(text, SMALL) == 8192
    assert len(vectors(ask, text, dimensions=2)[0]) == 2


def test_the_sdk_asks_for_base64_and_gets_numbers(sdk: openai.OpenAI, azure_sdk: openai.AzureOpenAI, ask: Any) -> None:
    (known,) = vectors(ask, "one two")
    for client in (sdk, azure_sdk):
        answer = client.embeddings.create(model=SMALL, input="one two")
        assert answer.data[0].embedding == known


def test_others_are_answered_while_a_large_request_is_worked_on(ask: Any) -> None:
    large = {"model": "text-embedding-3-large", "input": [f"text {n} " * 50 for n in range(2048)]}
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(ask, V1, {**large, "encoding_format": "base64"})
        answered = 0
        while not under_way.done():
            assert ask("/aoai/health", method="GET").status == 200
            answered += 1
    assert under_way.result().status == 200
    assert answered > 10
