"""Conversations made short: what is kept, what stands for the rest, and how it goes on from there."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.local.items import messages, sealed

COMPACT = "/openai/v1/responses/compact"
TALK: list[Any] = [
    {"role": "user", "content": "My name is Ada."},
    {"role": "assistant", "content": "Hello, Ada. " * 50},
    {"role": "user", "content": "I count things."},
]


def test_the_users_messages_are_kept_and_one_item_stands_for_the_rest(ask: Any) -> None:
    short = ask(COMPACT, {"model": "gpt-4o", "input": TALK}).json
    *kept, last = short["output"]
    assert [one["content"][0]["text"] for one in kept] == ["My name is Ada.", "I count things."]
    assert last["type"] == "compaction"
    assert "Ada" not in str(last)
    assert short["object"] == "response.compaction"
    assert 0 < short["usage"]["output_tokens"] <= 200
    assert short["usage"]["total_tokens"] == short["usage"]["input_tokens"] + short["usage"]["output_tokens"]


def test_the_conversation_goes_on_from_there_with_what_was_said(ask: Any, sdk: openai.OpenAI) -> None:
    again: Any = ask(COMPACT, {"model": "gpt-4o", "input": TALK}).json["output"]
    goes_on = sdk.responses.create(model="gpt-4o", input=[*again, {"role": "user", "content": "Who am I?"}])
    assert goes_on.output_text == "Who am I?"
    [*_, said] = messages(again)
    assert said["role"] == "system"
    assert "My name is Ada." in said["content"]


def test_what_is_kept_can_be_made_short_by_its_id(sdk: openai.OpenAI) -> None:
    first = sdk.responses.create(model="gpt-4o", input="My name is Ada.")
    short = sdk.responses.compact(model="gpt-4o", previous_response_id=first.id)
    assert [one.type for one in short.output] == ["message", "compaction"]


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"input": None}, "input", "missing_required_parameter"),
        ({"previous_response_id": "resp_1"}, "previous_response_id", "previous_response_not_found"),
        ({"stream": True}, "stream", "unknown_parameter"),
        ({"input": [{"type": "compaction"}]}, "input[0].encrypted_content", "missing_required_parameter"),
        ({"input": [{"type": "compaction", "encrypted_content": "gAAAA"}]}, None, "invalid_encrypted_content"),
        ({"input": [{"type": "compaction", "encrypted_content": "local-!"}]}, None, "invalid_encrypted_content"),
        ({"input": "word " * 130_000}, "input", "context_length_exceeded"),
        ({"input": "aoai-filter:violence"}, "prompt", "content_filter"),
    ],
)
def test_what_cannot_be_made_short_is_refused(ask: Any, change: dict[str, Any], param: str | None, code: str) -> None:
    answer = ask(COMPACT, {"model": "gpt-4o", "input": TALK, **change})
    assert (answer.status, answer.json["error"]["param"], answer.json["error"]["code"]) == (400, param, code)


@given(st.text())
def test_a_text_that_is_sealed_is_the_text(text: str) -> None:
    [said] = messages([{"type": "compaction", "encrypted_content": sealed(text)}])
    assert said["content"] == f"What was said before: {text}"
