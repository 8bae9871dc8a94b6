"""Chat requests in the words of the Responses API."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_magic.responses import response_body

CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
TOOL = {"type": "function", "function": {"name": "weather", "description": "It.", "parameters": {"type": "object"}}}


def asked(*messages: Any, **more: Any) -> dict[str, Any]:
    return response_body({"model": "gpt-5", "messages": list(messages), **more})


def user(content: Any = "Hi") -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_a_system_message_at_the_beginning_becomes_the_instructions() -> None:
    body = asked({"role": "system", "content": "Be brief."}, user())
    assert (body["instructions"], body["input"]) == ("Be brief.", [user()])


def test_other_ones_stay_where_they_stand() -> None:
    developer, late = {"role": "developer", "content": "Be brief."}, {"role": "system", "content": "Or not."}
    body = asked(developer, user(), late)
    assert body["input"] == [developer, user(), late]
    assert "instructions" not in body


def test_pictures_files_and_texts_are_parts_of_the_input() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}}
    plain = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}}
    (item,) = asked(user([{"type": "text", "text": "Look."}, picture, plain, file]))["input"]
    assert item["content"] == [
        {"type": "input_text", "text": "Look."},
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
    ]


def test_what_the_model_said_is_output() -> None:
    said = {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]}
    refused = {"role": "assistant", "content": None, "refusal": "No."}
    items = asked(user(), said, {"role": "assistant", "content": "Hello."}, refused, user())["input"]
    assert items[1]["content"] == [{"type": "output_text", "text": "Hello."}]
    assert items[2]["content"] == "Hello."
    assert items[3]["content"] == [{"type": "refusal", "refusal": "No."}]


def test_calls_and_their_results_are_items_with_the_reasoning_before_them() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    called = {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_items": [thought]}
    items = asked(user(), called, {"role": "tool", "tool_call_id": "call_1", "content": "7 °C"})["input"]
    assert items[1:] == [
        thought,
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "7 °C"},
    ]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_has_another_name(name: str) -> None:
    body = asked(user(), **{name: 50})
    assert body["max_output_tokens"] == 50
    assert name not in body


def test_the_shape_of_the_answer_and_its_length_are_about_its_text() -> None:
    schema = {"name": "it", "schema": {"type": "object"}, "strict": True}
    body = asked(user(), response_format={"type": "json_schema", "json_schema": schema}, verbosity="low")
    assert body["text"] == {"format": {"type": "json_schema", **schema}, "verbosity": "low"}
    assert asked(user(), response_format={"type": "json_object"})["text"] == {"format": {"type": "json_object"}}


def test_tools_are_flat_and_not_strict_unless_they_say_so() -> None:
    web = {"type": "web_search"}
    body = asked(user(), tools=[TOOL, web], tool_choice={"type": "function", "function": {"name": "weather"}})
    assert body["tools"] == [
        {
            "type": "function",
            "strict": False,
            "name": "weather",
            "description": "It.",
            "parameters": {"type": "object"},
        },
        web,
    ]
    assert body["tool_choice"] == {"type": "function", "name": "weather"}
    assert asked(user(), tools=[TOOL], tool_choice="required")["tool_choice"] == "required"


def test_effort_and_logprobs_are_asked_for_in_its_way() -> None:
    body = asked(user(), reasoning_effort="low", logprobs=True, top_logprobs=2, reasoning={"summary": "auto"})
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}
    assert (body["top_logprobs"], body["include"]) == (2, ["message.output_text.logprobs"])
    assert "logprobs" not in body


def test_nothing_is_stored_unless_it_is_asked_for() -> None:
    assert asked(user())["store"] is False
    assert asked(user(), store=True)["store"] is True


def test_reasoning_is_handed_over_where_tools_may_need_it() -> None:
    form = {"model": "gpt-5", "messages": [user()], "tools": [TOOL]}
    assert response_body(form, reasoning=True)["include"] == ["reasoning.encrypted_content"]
    assert "include" not in response_body(form)
    assert "include" not in response_body({**form, "store": True}, reasoning=True)
    assert "include" not in response_body({"model": "gpt-5", "messages": [user()]}, reasoning=True)


def test_what_chat_does_not_know_goes_in_as_it_is_and_streams_options_do_not() -> None:
    body = asked(user(), truncation="auto", user="ada", stream=True, stream_options={"include_usage": True})
    assert (body["truncation"], body["user"], body["stream"]) == ("auto", "ada", True)
    assert "stream_options" not in body


def test_the_chat_request_stays_as_it_was() -> None:
    form = {"model": "gpt-5", "messages": [{"role": "system", "content": "S"}, user()], "tools": [TOOL]}
    before = repr(form)
    response_body(form)
    assert repr(form) == before
