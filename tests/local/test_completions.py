"""Text completions: prompts continued, several at once, several times, and the best of them."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import tokens

V1 = "/openai/v1/completions"
CLASSIC = "/openai/deployments/gpt-35-turbo-instruct/completions?api-version=2024-10-21"
MODEL = "gpt-35-turbo-instruct"


def body(prompt: Any = "one two three", **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "prompt": prompt, **more}


@pytest.mark.parametrize("path", [V1, CLASSIC])
def test_a_prompt_is_continued(ask: Any, path: str) -> None:
    answer = ask(path, body()).json
    (choice,) = answer["choices"]
    assert (choice["text"], choice["finish_reason"], choice["logprobs"]) == ("one two three", "stop", None)
    assert answer["model"] == MODEL
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}


def test_sixteen_tokens_are_written_if_nothing_else_is_asked_for(ask: Any) -> None:
    answer = ask(V1, body("word " * 40)).json
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 16


def test_several_prompts_are_answered_in_their_order(ask: Any) -> None:
    choices = ask(V1, body(["one", "two", "three"], n=2)).json["choices"]
    assert [(one["index"], one["text"]) for one in choices] == [
        (0, "one"), (1, "one"), (2, "two"), (3, "two"), (4, "three"), (5, "three"),
    ]  # fmt: skip


def test_tokens_are_the_models_own(ask: Any) -> None:
    ids = tokens.encode("one two three", "gpt-35-turbo-instruct")
    answers = [ask(V1, body(prompt)).json["choices"] for prompt in (ids, [ids, ids])]
    assert [[one["text"] for one in choices] for choices in answers] == [["one two three"], ["one two three"] * 2]


def test_a_token_that_the_vocabulary_lacks_is_refused(ask: Any) -> None:
    answer = ask(V1, body([10**6]))
    assert (answer.status, answer.json["error"]["param"]) == (400, "prompt")


@pytest.mark.parametrize("prompt", [7, {"a": 1}, [], [["one"]], [1, "one"], ["one", 1], [[]], [True], [1.5]])
def test_what_is_no_prompt_is_refused(ask: Any, prompt: Any) -> None:
    answer = ask(V1, body(prompt))
    assert (answer.status, answer.json["error"]["param"]) == (400, "prompt")


def test_the_prompt_is_repeated_if_asked(ask: Any) -> None:
    assert ask(V1, body("one", echo=True)).json["choices"][0]["text"] == "oneone"


def test_a_suffix_ends_the_text_before_it(ask: Any) -> None:
    assert ask(V1, body("one two three", suffix=" three")).json["choices"][0]["text"] == "one two "


def test_the_best_of_several_is_answered_and_all_are_billed(ask: Any) -> None:
    answer = ask(V1, body(n=1, best_of=3)).json
    assert len(answer["choices"]) == 1
    assert answer["choices"][0]["logprobs"] is None
    assert answer["usage"]["completion_tokens"] == 9


def test_logprobs_are_lists_that_run_side_by_side(ask: Any) -> None:
    logprobs = ask(V1, body(logprobs=1)).json["choices"][0]["logprobs"]
    assert logprobs["tokens"] == ["one", " two", " three"]
    assert logprobs["text_offset"] == [0, 3, 7]
    assert logprobs["top_logprobs"] == [{"one": 0.0}, {" two": 0.0}, {" three": 0.0}]
    assert ask(V1, body(logprobs=0)).json["choices"][0]["logprobs"]["top_logprobs"] == [None] * 3


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"n": 2, "best_of": 1}, "best_of", None),
        ({"best_of": 2, "stream": True}, "best_of", None),
        ({"echo": True, "logprobs": 1}, None, None),
        ({"logprobs": 6}, "logprobs", "integer_above_max_value"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage", "unknown_parameter"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"messages": []}, None, None),
        ({"prompt": ["one"] * 21}, "prompt", "array_above_max_length"),
        ({"prompt": "word " * 4097}, None, None),
    ],
)
def test_what_can_not_be_is_refused(ask: Any, change: dict[str, Any], param: str | None, code: str | None) -> None:
    answer = ask(V1, body(**change) if "prompt" not in change else {**body(), **change})
    error = answer.json["error"]
    assert (answer.status, error["type"], error["param"], error["code"]) == (400, "invalid_request_error", param, code)


def test_a_stream_has_the_verdict_the_words_the_ends_and_the_usage(ask: Any) -> None:
    asked = body(["one two", "three"], stream=True, stream_options={"include_usage": True}, logprobs=1)
    first, *chunks, usage, done = ask(V1, asked).events
    assert (first["id"], first["choices"], len(first["prompt_filter_results"])) == ("", [], 2)
    assert [(one["choices"][0]["index"], one["choices"][0]["text"]) for one in chunks] == [
        (0, "one"), (0, " two"), (0, ""), (1, "three"), (1, ""),
    ]  # fmt: skip
    assert [one["choices"][0]["finish_reason"] for one in chunks] == [None, None, "stop", None, "stop"]
    assert chunks[1]["choices"][0]["logprobs"]["text_offset"] == [3]
    assert all(one["usage"] is None for one in (first, *chunks))
    assert (usage["choices"], usage["usage"]["total_tokens"], done) == ([], 6, "[DONE]")


def test_the_sdk_reads_both_forms(sdk: openai.OpenAI, azure_sdk: openai.AzureOpenAI) -> None:
    for client in (sdk, azure_sdk):
        assert client.completions.create(model=MODEL, prompt="one two").choices[0].text == "one two"
        stream = client.completions.create(model=MODEL, prompt="one two", stream=True)
        assert "".join(chunk.choices[0].text for chunk in stream if chunk.choices) == "one two"


@given(st.lists(st.sampled_from(["one", " two", "  ", "\n", "é", "日本", "🙂"]), min_size=1, max_size=20).map("".join))
def test_a_text_in_tokens_is_the_text(text: str) -> None:
    from aoai_magic.local.completions import read_text

    assert read_text(tokens.encode(text, MODEL), MODEL, "prompt") == text
