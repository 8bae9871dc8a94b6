from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aoai_magic import tokens
from aoai_magic.errors import SettingsError

Messages = list[dict[str, Any]]


def parts(messages: Messages, model: str, **more: Any) -> dict[str, int]:
    return {part.name: part.tokens for part in tokens.chat_parts(messages, model, **more)}


PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="

# OpenAI's cookbook, "How to count tokens with tiktoken", prints the counts of its two examples.
COOKBOOK: Messages = [
    {
        "role": "system",
        "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
    },
    {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
    {
        "role": "system",
        "name": "example_assistant",
        "content": "Things working well together will increase revenue.",
    },
    {
        "role": "system",
        "name": "example_user",
        "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
    },
    {
        "role": "system",
        "name": "example_assistant",
        "content": "Let's talk later when we're less busy about how to do better.",
    },
    {
        "role": "user",
        "content": "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    },
]
WEATHER: Messages = [
    {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
    {"role": "user", "content": "What's the weather like in San Francisco?"},
]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                "unit": {
                    "type": "string",
                    "description": "The unit of temperature to return",
                    "enum": ["celsius", "fahrenheit"],
                },
            },
            "required": ["location"],
        },
    },
}


@pytest.mark.parametrize(
    ("model", "conversation", "with_tool"),
    [("gpt-35-turbo", 129, 105), ("gpt-4", 129, 105), ("gpt-4o", 124, 101), ("gpt-4o-mini", 124, 101)],
)
def test_the_cookbooks_examples_are_counted_as_it_says(model: str, conversation: int, with_tool: int) -> None:
    assert tokens.count_chat(COOKBOOK, model) == conversation
    assert tokens.count_chat(WEATHER, model, [TOOL]) == with_tool


# The one captured request of a reasoning model that there is.
def test_a_reasoning_models_count_is_an_estimate_that_meets_the_captured_request() -> None:
    messages = [{"role": "user", "content": "Reply only OK"}]
    assert tokens.count_chat(messages, "gpt-5.6-sol") == 9
    assert all(part.estimated for part in tokens.chat_parts(messages, "gpt-5.6-sol"))
    assert not any(part.estimated for part in tokens.chat_parts(messages, "gpt-4o"))


def test_text_in_parts_counts_like_text() -> None:
    in_parts = [{"role": "user", "content": [{"type": "text", "text": "pear"}]}]
    assert tokens.count_chat(in_parts) == tokens.count_chat([{"role": "user", "content": "pear"}]) == 8


def test_each_part_of_a_request_is_told_apart() -> None:
    picture = {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}}
    messages = [
        {"role": "system", "content": "pear"},
        {"role": "user", "content": [{"type": "text", "text": "pear"}, picture]},
    ]
    assert parts(messages, "gpt-4o", tools=[TOOL], schema={"type": "object"}) == {
        "system": 3 + 1 + 1,
        "user": 3 + 1 + 1,
        "image": 85,
        "1 tool": 101 - tokens.count_chat(WEATHER, "gpt-4o"),
        "schema": tokens.count('{"type":"object"}', "gpt-4o"),
        "start of the reply": 3,
    }


def test_a_call_of_a_tool_and_its_result_are_counted_as_an_estimate() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "pear", "arguments": "pear pear"}}
    messages = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "pear"},
    ]
    asked, answered, _ = tokens.chat_parts(messages, "gpt-4o")
    assert (asked.tokens, answered.tokens) == (3 + 1 + 3 + 1 + 2, 3 + 1 + 1)
    assert asked.estimated
    assert answered.estimated


def test_a_property_with_a_structure_of_its_own_is_an_estimate() -> None:
    def tool(facts: object) -> dict[str, Any]:
        return {"type": "function", "function": {"name": "f", "parameters": {"properties": {"pear": facts}}}}

    def of(facts: object) -> tuple[int, bool]:
        (found,) = (part for part in tokens.chat_parts([], "gpt-4o", [tool(facts)]) if part.name == "1 tool")
        return found.tokens, found.estimated

    begun = 12 + 7 + tokens.count("f:", "gpt-4o") + 3 + 3
    assert of({"type": "string", "description": "pear."}) == (begun + tokens.count("pear:string:pear", "gpt-4o"), False)
    nested = '{"type":"array","items":{"description":"梨"}}'
    assert of(json.loads(nested)) == (begun + tokens.count(f"pear:{nested}", "gpt-4o"), True)


@pytest.mark.parametrize("facts", [{"type": "string", "description": 7}, {"type": "string", "enum": 7}, {"type": 7}, 7])
def test_a_tool_of_any_shape_is_counted(facts: object) -> None:
    tool = {"function": {"name": "look", "parameters": {"properties": {"city": facts}}}}
    assert tokens.count_chat([{"role": "user", "content": "pear"}], "gpt-4o", [tool]) > 8


def test_calls_are_counted_where_calls_can_be() -> None:
    assert tokens.count_chat([{"role": "user", "content": "pear", "tool_calls": [1]}]) == 8


@pytest.mark.parametrize("url", ["https://contoso.com/pear.png", "data:image/png;base64,AAAA", "", None, 3])
def test_an_image_that_cant_be_measured_is_an_error(url: object) -> None:
    picture = {"type": "image_url", "image_url": {"url": url}}
    with pytest.raises(SettingsError):
        tokens.count_chat([{"role": "user", "content": [picture]}], "gpt-4o")


WORDS = st.sampled_from(
    "role content name tool_calls function arguments parameters properties type description enum text image_url url "
    "detail refusal custom input user object array pear".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(WORDS, JSON), max_size=3),
    st.lists(st.dictionaries(WORDS, JSON), max_size=3),
    st.dictionaries(WORDS, JSON),
)
def test_what_is_no_valid_request_is_counted_or_refused(
    messages: Messages, tools: Messages, schema: dict[str, Any]
) -> None:
    with contextlib.suppress(SettingsError):
        assert tokens.count_chat(messages, "gpt-4o", tools, schema) >= 3
