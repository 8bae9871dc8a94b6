"""Chat completions on the wire: the SDK's view, and the very bytes."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

V1 = "/openai/v1/chat/completions"
CLASSIC = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
HI: list[dict[str, str]] = [{"role": "user", "content": "one two three"}]


def body(**more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": HI, **more}


def chunks(raw: bytes) -> list[Any]:
    """The events of a stream as they stand, [DONE] included."""
    assert raw.endswith(b"data: [DONE]\n\n")
    lines = [line.removeprefix("data: ") for line in raw.decode().split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.mark.parametrize("path", [V1, f"{V1}?api-version=v1", f"{V1}?api-version=preview", CLASSIC])
def test_both_forms_of_the_address_answer_alike(ask: Any, path: str) -> None:
    answer = ask(path, body())
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    found = answer.json
    found["id"] = found["created"] = 0
    safe = {"filtered": False, "severity": "safe"}
    unseen = {"filtered": False, "detected": False}
    severities = {"hate": safe, "self_harm": safe, "sexual": safe, "violence": safe}
    assert found == {
        "id": 0,
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o-2024-11-20",
        "system_fingerprint": "fp_local_echo",
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {**severities, "jailbreak": unseen}}],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "one two three", "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
                "content_filter_results": {
                    **severities,
                    "protected_material_code": unseen,
                    "protected_material_text": unseen,
                },
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 3,
            "total_tokens": 13,
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0,
                "audio_tokens": 0,
                "reasoning_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
    }


def test_a_stream_has_azures_order(ask: Any) -> None:
    answer = ask(V1, body(stream=True, stream_options={"include_usage": True}))
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, role, *words, end, usage, done = chunks(answer.body)
    assert first["choices"] == []
    assert (first["id"], first["object"], first["model"], first["created"]) == ("", "", "", 0)
    assert first["prompt_filter_results"][0]["content_filter_results"]["jailbreak"]["detected"] is False
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert [word["choices"][0]["delta"]["content"] for word in words] == ["one", " two", " three"]
    assert (end["choices"][0]["delta"], end["choices"][0]["finish_reason"]) == ({}, "stop")
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 13)
    assert all(one["usage"] is None for one in (first, role, *words, end))
    assert done == "[DONE]"
    assert len({one["id"] for one in (role, *words, end, usage)}) == 1


def test_usage_is_streamed_only_when_asked_for(ask: Any) -> None:
    assert all(one == "[DONE]" or one["usage"] is None for one in chunks(ask(V1, body(stream=True)).body))


def test_every_answer_says_who_answered(ask: Any) -> None:
    for answer in (ask(V1, body()), ask(V1, {}), ask("/nowhere", {})):
        assert answer.headers["x-aoai-local-model"] == "echo"
        assert len(answer.headers["apim-request-id"]) == 36


def test_the_sdk_on_v1(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(model="gpt-4o", messages=HI)  # type: ignore[arg-type]
    assert whole.choices[0].message.content == "one two three"
    with sdk.chat.completions.create(model="gpt-4o", messages=HI, stream=True) as stream:  # type: ignore[arg-type]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text == "one two three"


def test_the_sdk_for_azures_classic_api(azure_sdk: openai.AzureOpenAI) -> None:
    whole = azure_sdk.chat.completions.create(model="gpt-4o-mini", messages=HI)  # type: ignore[arg-type]
    assert whole.model == "gpt-4o-mini-2024-07-18"
    assert whole.choices[0].model_extra is not None
    assert whole.choices[0].model_extra["content_filter_results"]["hate"]["severity"] == "safe"
    with azure_sdk.chat.completions.create(model="gpt-4o", messages=HI, stream=True) as stream:  # type: ignore[arg-type]
        assert "".join(c.choices[0].delta.content or "" for c in stream if c.choices) == "one two three"


def test_the_sdk_raises_its_own_errors(sdk: openai.OpenAI, service: Any) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        sdk.chat.completions.create(model="nope", messages=HI)  # type: ignore[arg-type]
    assert missing.value.code == "DeploymentNotFound"
    with pytest.raises(openai.AuthenticationError) as wrong:
        sdk.with_options(api_key="wrong").chat.completions.create(model="gpt-4o", messages=HI)  # type: ignore[arg-type]
    assert wrong.value.code == "401"


@pytest.mark.parametrize(
    ("limit", "text", "finish"), [(1, "one", "length"), (2, "one two", "length"), (3, "one two three", "stop")]
)
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_counts_the_deployments_tokens(ask: Any, name: str, limit: int, text: str, finish: str) -> None:
    found = ask(V1, body(**{name: limit})).json
    choice = found["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, finish)
    assert found["usage"]["completion_tokens"] == limit


def test_a_stop_text_ends_the_reply_before_it(ask: Any) -> None:
    for stop in ("three", ["zzz", "three"]):
        assert ask(V1, body(stop=stop)).json["choices"][0]["message"]["content"] == "one two "


def test_text_parts_are_text(ask: Any) -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}]
    assert ask(V1, body(messages=parts)).json["choices"][0]["message"]["content"] == "one\ntwo"


def test_the_last_word_of_the_user_is_echoed(ask: Any) -> None:
    talk = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "second"},
        {"role": "assistant", "content": "b"},
    ]
    assert ask(V1, body(messages=talk)).json["choices"][0]["message"]["content"] == "second"
    alone = [{"role": "system", "content": "s"}]
    assert ask(V1, body(messages=alone)).json["choices"][0]["message"]["content"] == ""


def test_the_echo_keeps_a_pace_if_asked(ask: Any) -> None:
    import time

    started = time.perf_counter()
    ask(V1, body(), x_aoai_pace="0.1")
    assert 0.3 <= time.perf_counter() - started < 2
    assert ask(V1, body(), x_aoai_pace="fast").status == 200


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": "hi"}, "messages", "invalid_type"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": ["hi"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "invalid_type"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"temperature": -1}, "temperature", "decimal_below_min_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"temperature": True}, "temperature", "invalid_type"),
        ({"top_p": 2}, "top_p", "decimal_above_max_value"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_type"),
        ({"max_tokens": 16_385}, "max_tokens", "invalid_value"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens", "invalid_parameter_combination"),
        ({"seed": "x"}, "seed", "invalid_type"),
        ({"stop": 5}, "stop", "invalid_type"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"user": 7}, "user", "invalid_type"),
        ({"metadata": {"lesson": 1}}, "metadata.lesson", "invalid_type"),
        ({"store": "yes"}, "store", "invalid_type"),
        ({"service_tier": "first class"}, "service_tier", "invalid_value"),
        ({"service_tier": "flex"}, "service_tier", "invalid_value"),
        ({"messages": [{"role": "user", "content": "x", "name": 7}]}, "messages[0].name", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"stream_options": {}}, "stream_options", None),
        ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage", "unknown_parameter"),
        (
            {"stream": True, "stream_options": {"include_obfuscation": 1}},
            "stream_options.include_obfuscation",
            "invalid_type",
        ),
        ({"modalities": ["text", "audio"]}, "modalities[1]", "invalid_value"),
        ({"modalities": "text"}, "modalities", "invalid_type"),
        ({"prediction": "one two"}, "prediction", "invalid_type"),
        ({"prediction": {"content": "one two"}}, "prediction.type", "missing_required_parameter"),
        ({"prediction": {"type": "guess", "content": ""}}, "prediction.type", "invalid_value"),
        ({"prediction": {"type": "content"}}, "prediction.content", "missing_required_parameter"),
        ({"prediction": {"type": "content", "content": 7}}, "prediction.content", "invalid_type"),
        (
            {"prediction": {"type": "content", "content": [{"type": "image_url"}]}},
            "prediction.content[0].type",
            "invalid_value",
        ),
        ({"prompt_cache_retention": "7d"}, "prompt_cache_retention", "invalid_value"),
        ({"metadata": dict.fromkeys(map(str, range(17)), "")}, "metadata", "object_above_max_properties"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(ask: Any, change: dict[str, Any], param: str, code: str | None) -> None:
    answer = ask(V1, body(**change))
    error = answer.json["error"]
    assert (answer.status, error["type"]) == (400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize(
    "more",
    [
        {"modalities": ["text"]},
        {"prediction": {"type": "content", "content": "one two"}},
        {"prediction": {"type": "content", "content": [{"type": "text", "text": "one two"}]}},
        {"prompt_cache_retention": "24h"},
    ],
)
def test_what_changes_no_answer_is_taken(ask: Any, more: dict[str, Any]) -> None:
    assert ask(V1, body(**more)).json["choices"][0]["message"]["content"] == "one two three"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(ask: Any, raw: bytes) -> None:
    assert ask(V1, raw).status == 400


def test_a_prompt_longer_than_the_window_is_refused_with_the_numbers(ask: Any) -> None:
    long = [{"role": "user", "content": "word " * 130_000}]
    error = ask(V1, body(messages=long)).json["error"]
    assert error["code"] == "context_length_exceeded"
    assert "128000 tokens" in error["message"]


def test_two_clients_at_once_do_not_wait_for_each_other(sdk: openai.OpenAI) -> None:
    import threading
    import time

    def ask() -> None:
        sdk.chat.completions.create(model="gpt-4o", messages=HI, extra_headers={"x-aoai-pace": "0.2"})  # type: ignore[arg-type]

    threads = [threading.Thread(target=ask) for _ in range(4)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.perf_counter() - started < 1.5, "four replies of 0.6 s each"


def test_a_client_that_leaves_is_noticed(sdk: openai.OpenAI, ask: Any) -> None:
    with sdk.chat.completions.create(
        model="gpt-4o",
        messages=HI,
        stream=True,
        extra_headers={"x-aoai-pace": "0.2"},  # type: ignore[arg-type]
    ) as stream:
        next(iter(stream))
    assert ask(V1, body()).status == 200
