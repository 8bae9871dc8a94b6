"""The Responses API: items in and out, kept and gone on from, streamed event by event."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

V1 = "/openai/v1/responses"
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "The weather somewhere.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


def body(given: Any = "one two three", **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "input": given, **more}


def text(response: dict[str, Any]) -> str:
    return "".join(part["text"] for item in response["output"] if item["type"] == "message" for part in item["content"])


@pytest.fixture
def create(ask: Any) -> Any:
    """Create a response, and return it."""

    def create(given: Any = "one two three", **more: Any) -> dict[str, Any]:
        answer = ask(V1, body(given, **more))
        assert answer.status == 200, answer.json
        response: dict[str, Any] = answer.json
        return response

    return create


def test_a_text_is_answered_with_a_message(create: Any) -> None:
    response = create()
    assert (response["status"], text(response)) == ("completed", "one two three")
    assert response["usage"]["total_tokens"] == response["usage"]["input_tokens"] + response["usage"]["output_tokens"]
    assert "output_text" not in response, "that is the SDK's own"


@pytest.mark.parametrize(
    "given",
    [
        [{"role": "user", "content": "hi"}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
        [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "hi"}],
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "hi"}],
        [{"type": "reasoning", "id": "rs_1", "summary": []}, {"role": "user", "content": "hi"}],
    ],
)
def test_items_are_answered_too(create: Any, given: Any) -> None:
    assert text(create(given)) == "hi"


def test_instructions_are_counted_and_not_carried_on(create: Any) -> None:
    plain, told = create("hi"), create("hi", instructions="Be brief.")
    assert told["usage"]["input_tokens"] > plain["usage"]["input_tokens"]
    after = [create("and", previous_response_id=one["id"]) for one in (plain, told)]
    assert after[0]["usage"] == after[1]["usage"]


def test_a_response_is_kept_until_it_is_deleted(ask: Any, create: Any) -> None:
    response = create()
    place = f"{V1}/{response['id']}"
    assert ask(place, method="GET").json == response
    assert ask(place, method="DELETE").json == {"id": response["id"], "object": "response", "deleted": True}
    for method in ("GET", "DELETE"):
        assert ask(place, method=method).status == 404
    assert ask(f"{place}/input_items", method="GET").status == 404


def test_what_is_not_stored_is_not_kept(ask: Any, create: Any) -> None:
    response = create(store=False)
    assert not response["store"]
    assert ask(f"{V1}/{response['id']}", method="GET").status == 404
    refused = ask(V1, body("more", previous_response_id=response["id"])).json["error"]
    assert (refused["param"], refused["code"]) == ("previous_response_id", "previous_response_not_found")


def test_a_conversation_goes_on_from_what_is_kept(ask: Any, create: Any) -> None:
    first = create("my name is Ada")
    second = create("and yours", previous_response_id=first["id"])
    third = create("thanks", previous_response_id=second["id"])
    assert third["previous_response_id"] == second["id"]
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    items = ask(f"{V1}/{third['id']}/input_items?order=asc", method="GET").json
    said = [(item["role"], item["content"][0]["text"]) for item in items["data"]]
    assert said == [
        ("user", "my name is Ada"), ("assistant", "my name is Ada"), ("user", "and yours"), ("assistant", "and yours"),
        ("user", "thanks"),
    ]  # fmt: skip
    assert items["data"][1]["id"] == first["output"][0]["id"]


def test_items_are_paged_the_latest_first(ask: Any, create: Any) -> None:
    response = create([{"role": "user", "content": str(number)} for number in range(5)])
    place = f"{V1}/{response['id']}/input_items"
    first = ask(f"{place}?limit=2", method="GET").json
    assert [item["content"][0]["text"] for item in first["data"]] == ["4", "3"]
    assert first["has_more"]
    rest = ask(f"{place}?limit=3&after={first['last_id']}", method="GET").json
    assert [item["content"][0]["text"] for item in rest["data"]] == ["2", "1", "0"]
    assert not rest["has_more"]
    assert ask(f"{place}?limit=0", method="GET").status == 400
    assert ask(f"{place}?order=sideways", method="GET").status == 400


def test_a_function_is_called_and_its_result_spoken_of(create: Any) -> None:
    called = create("weather in Rome?", tools=[WEATHER], tool_choice="required", parallel_tool_calls=False)
    (call,) = called["output"]
    assert (call["type"], call["name"], call["status"]) == ("function_call", "weather", "completed")
    assert list(json.loads(call["arguments"])) == ["city"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
    after = create([result], previous_response_id=called["id"], tools=[WEATHER])
    assert text(after) == "weather returned: sunny"
    by_hand = create([{"role": "user", "content": "weather in Rome?"}, call, result], tools=[WEATHER])
    assert by_hand["usage"]["input_tokens"] == after["usage"]["input_tokens"]


def test_a_result_without_its_call_is_refused(ask: Any) -> None:
    answer = ask(V1, body([{"type": "function_call_output", "call_id": "call_1", "output": "sunny"}]))
    assert answer.status == 400


@pytest.mark.parametrize("choice", ["none", "auto", "required", {"type": "function", "name": "weather"}])
@pytest.mark.parametrize("stream", [False, True])
def test_every_choice_of_a_tool_works(ask: Any, choice: Any, stream: bool) -> None:
    answer = ask(V1, body("weather?", tools=[WEATHER], tool_choice=choice, stream=stream))
    response = answer.events[-1]["data"]["response"] if stream else answer.json
    assert response["status"] == "completed"
    kinds = {item["type"] for item in response["output"]}
    assert kinds == {"message" if choice == "none" else "function_call"}
    assert response["tool_choice"] == choice


def test_a_call_without_its_result_is_refused_in_the_words_of_this_api(ask: Any) -> None:
    call = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "call_2", "output": "x"}
    error = ask(V1, body([call, {"role": "user", "content": "so?"}])).json["error"]
    assert (error["message"], error["param"]) == ("No tool output found for function call call_1.", "input")
    error = ask(V1, body([result])).json["error"]
    assert error["message"] == "No tool call found for function call output with call_id call_2."


def test_a_result_may_hold_parts_and_pictures(create: Any) -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    plain = create([call, {"type": "function_call_output", "call_id": "c", "output": "x"}])
    parts = [{"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": PIXEL}]
    shown = create([call, {"type": "function_call_output", "call_id": "c", "output": parts}])
    assert shown["usage"]["input_tokens"] > plain["usage"]["input_tokens"] + 80, "the picture is counted"


def test_an_item_is_referred_to_by_its_id(ask: Any, create: Any) -> None:
    first = create("a secret word")
    again = create([{"type": "item_reference", "id": first["output"][0]["id"]}, {"role": "user", "content": "hi"}])
    items = ask(f"{V1}/{again['id']}/input_items?order=asc", method="GET").json["data"]
    assert items[0] == first["output"][0]
    answer = ask(V1, body([{"type": "item_reference", "id": "msg_nothing"}]))
    assert (answer.status, answer.json["error"]["param"]) == (404, "input")


def test_a_conversation_that_is_too_long_loses_its_beginning_if_asked(ask: Any) -> None:
    said = [{"role": "user", "content": "pear " * 10_000}] * 14 + [{"role": "user", "content": "the end"}]
    assert ask(V1, body(said)).json["error"]["code"] == "context_length_exceeded"
    cut = ask(V1, body(said, truncation="auto")).json
    assert text(cut) == "the end"
    assert 100_000 < cut["usage"]["input_tokens"] <= 128_000
    alone = [{"role": "user", "content": "pear " * 140_000}]
    assert ask(V1, body(alone, truncation="auto")).json["error"]["code"] == "context_length_exceeded"


def test_reasoning_is_shown_as_asked_and_encrypted_where_nothing_is_kept(create: Any) -> None:
    answer = create(
        model="gpt-5", reasoning={"effort": "low", "summary": "auto"}, store=False, max_tool_calls=3,
        include=["reasoning.encrypted_content"],
    )  # fmt: skip
    assert (answer["reasoning"], answer["max_tool_calls"]) == ({"effort": "low", "summary": "detailed"}, 3)
    assert answer["output"][0]["encrypted_content"]
    assert text(create([*answer["output"], {"role": "user", "content": "on"}], model="gpt-5")) == "on"


def test_an_answer_keeps_to_a_schema(create: Any) -> None:
    wanted = {"type": "json_schema", "name": "person", "strict": True, "schema": PERSON}
    response = create("Ada, 36", text={"format": wanted})
    assert json.loads(text(response)).keys() == {"name", "age"}
    assert response["text"]["format"]["schema"] == PERSON


def test_an_answer_that_is_cut_is_incomplete(create: Any) -> None:
    response = create("word " * 30, max_output_tokens=16)
    assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert response["output"][0]["status"] == "incomplete"
    assert response["usage"]["output_tokens"] == 16


def test_logprobs_come_if_they_are_included(create: Any) -> None:
    (part,) = create("one two", include=["message.output_text.logprobs"], top_logprobs=1)["output"][0]["content"]
    assert [one["token"] for one in part["logprobs"]] == ["one", " two"]
    assert create("one two")["output"][0]["content"][0]["logprobs"] == []


def test_a_stream_grows_into_the_very_response(ask: Any) -> None:
    events = ask(V1, body("one two three", stream=True)).events
    names = [event["event"] for event in events]
    assert names == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
        *["response.output_text.delta"] * 3,
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
    ]  # fmt: skip
    assert [event["data"]["type"] for event in events] == names
    assert [event["data"]["sequence_number"] for event in events] == list(range(len(events)))
    deltas = "".join(event["data"].get("delta", "") for event in events)
    response = events[-1]["data"]["response"]
    assert deltas == text(response) == "one two three"
    assert events[0]["data"]["response"]["output"] == []
    assert ask(f"{V1}/{response['id']}", method="GET").json == response


def test_a_streamed_call_grows_into_its_arguments(ask: Any) -> None:
    events = ask(V1, body("weather?", tools=[WEATHER], tool_choice="required", stream=True)).events
    deltas = [event["data"] for event in events if event["event"] == "response.function_call_arguments.delta"]
    (done,) = [event["data"] for event in events if event["event"] == "response.function_call_arguments.done"]
    (call,) = events[-1]["data"]["response"]["output"]
    assert "".join(one["delta"] for one in deltas) == done["arguments"] == call["arguments"]
    assert {one["item_id"] for one in deltas} == {done["item_id"]} == {call["id"]}


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"input": None}, "input", "missing_required_parameter"),
        ({"input": 7}, "input", "invalid_type"),
        ({"input": []}, "input", "empty_array"),
        ({"input": [{"role": "wizard", "content": "x"}]}, "input[0].role", "invalid_value"),
        ({"input": [{"type": "nonsense"}]}, "input[0].type", "invalid_value"),
        ({"input": [{"role": "user", "content": [{"type": "x"}]}]}, "input[0].content[0].type", "invalid_value"),
        ({"messages": []}, "messages", "unknown_parameter"),
        ({"max_tokens": 5}, "max_tokens", "unknown_parameter"),
        ({"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"reasoning": {"effort": "low"}}, "reasoning.effort", "unsupported_parameter"),
        ({"reasoning": {"depth": 1}}, "reasoning.depth", "unknown_parameter"),
        ({"text": {"colour": 1}}, "text.colour", "unknown_parameter"),
        ({"include": ["nonsense"]}, "include[0]", "invalid_value"),
        ({"include": [None]}, "include[0]", "invalid_value"),
        ({"max_tool_calls": 0}, "max_tool_calls", "integer_below_min_value"),
        ({"tool_choice": "required"}, "tool_choice", None),
        ({"text": {"format": {"type": "json_object"}}}, "input", None),
        ({"input": [{"type": "item_reference"}]}, "input[0].id", "missing_required_parameter"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "invalid_value"),
        ({"tool_choice": {"type": "function", "name": "x"}}, "tool_choice", "invalid_value"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type", "invalid_value"),
        (
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}
                ]
            },
            "input[0].content[0].image_url.url",
            "invalid_image_format",
        ),
        ({"stream_options": {"include_obfuscation": True}}, "stream_options", None),
        (
            {"stream": True, "stream_options": {"include_usage": True}},
            "stream_options.include_usage",
            "unknown_parameter",
        ),
        ({"previous_response_id": "resp_1"}, "previous_response_id", "previous_response_not_found"),
        ({"service_tier": "flex"}, "service_tier", "invalid_value"),
    ],
)
def test_what_can_not_be_is_refused(ask: Any, change: dict[str, Any], param: str, code: str | None) -> None:
    answer = ask(V1, {**body(), **change})
    error = answer.json["error"]
    assert (answer.status, error["type"]) == (400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize("version", ["2025-03-01-preview", "2025-04-01-preview"])
def test_the_classic_address_answers_from_the_first_version_that_had_it(ask: Any, version: str) -> None:
    assert text(ask(f"/openai/responses?api-version={version}", body()).json) == "one two three"


@pytest.mark.parametrize(
    "place", ["/openai/responses", "/openai/responses/resp_1", "/openai/responses/resp_1/input_items"]
)
def test_older_versions_are_told_which_have_it(ask: Any, place: str) -> None:
    method = "POST" if place.endswith("responses") else "GET"
    answer = ask(f"{place}?api-version=2024-10-21", body(), method=method)
    assert answer.status == 400
    assert answer.json["error"]["message"].endswith("only for api-version 2025-03-01-preview and later")


def test_the_sdk_holds_a_conversation(sdk: openai.OpenAI) -> None:
    first = sdk.responses.create(model="gpt-4o", input="one two")
    assert first.output_text == "one two"
    second = sdk.responses.create(model="gpt-4o", input="three", previous_response_id=first.id)
    assert [item.type for item in sdk.responses.input_items.list(second.id, order="asc")] == ["message"] * 3
    with sdk.responses.stream(model="gpt-4o", input="one two") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert "".join(deltas) == stream.get_final_response().output_text == "one two"
    sdk.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(first.id)
