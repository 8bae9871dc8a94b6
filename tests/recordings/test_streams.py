"""Streams: packed and unpacked, as a whole answer and back."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.drawing import _Drawn
from aoai_magic.recordings.streams import packed, stream, unpacked, whole

from .test_canonical import VALUES

OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(st.lists(OBJECTS | st.text(), max_size=6))
def test_any_events_come_back(events: list[Any]) -> None:
    assert unpacked(packed(events)) == events


@given(st.data())
def test_events_that_differ_in_little_come_back_too(data: Any) -> None:
    first = data.draw(OBJECTS)
    events = [first]
    for _ in range(3):
        names = list(events[-1])
        changed = {name: data.draw(VALUES) for name in names if data.draw(st.booleans())}
        events.append({**events[-1], **changed})
    assert unpacked(packed(events)) == events
    assert [type(a) for a in unpacked(packed(events))[-1].values()] == [type(a) for a in events[-1].values()]


def test_only_what_differs_is_written() -> None:
    chunk = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}]}
    other = {**chunk, "choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": None}]}
    assert packed([chunk, other, chunk])[1:] == [{"/choices/0/delta/content": "b"}, {"/choices/0/delta/content": "a"}]


CHAT = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "m", "system_fingerprint": "fp",
    "choices": [
        {
            "index": 0, "finish_reason": "tool_calls", "logprobs": None,
            "message": {
                "role": "assistant", "content": "Hi",
                "tool_calls": [
                    {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {"id": "t2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
                ],
            },
            "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
        },
        {"index": 1, "finish_reason": "stop", "logprobs": None, "message": {"role": "assistant", "content": "Ho"}},
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}  # fmt: skip


def test_a_chat_answer_as_a_stream_is_the_same_answer() -> None:
    events = stream("chat/completions", CHAT)
    assert events is not None
    assert events[-1] == "[DONE]"
    again = whole("chat/completions", events)
    assert again is not None
    for choice in again["choices"]:
        for call in choice["message"].get("tool_calls", []):
            call.pop("index", None)
    assert again == CHAT


def test_a_text_answer_as_a_stream_is_the_same_answer() -> None:
    choice = {"index": 0, "text": "Hi", "finish_reason": "stop", "logprobs": None}
    body = {"id": "c", "object": "text_completion", "model": "m", "choices": [choice], "usage": {"prompt_tokens": 1}}
    events = stream("completions", body)
    assert events is not None
    assert whole("completions", events) == body


def test_a_response_as_a_stream_ends_in_itself() -> None:
    text = {"type": "output_text", "text": "Hi", "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    body = {"id": "resp_1", "object": "response", "status": "completed", "output": [item], "usage": {"input_tokens": 1}}
    events = stream("responses", body)
    assert events is not None
    assert whole("responses", events) == body
    assert [one["type"] for one in events if isinstance(one, dict)] == [
        "response.created", "response.output_item.added", "response.output_text.delta", "response.output_text.done",
        "response.output_item.done", "response.completed",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 3])
def test_pictures_as_a_stream_are_the_same_pictures_and_cost_as_much(count: int) -> None:

    from tests.recordings.test_canonical import png

    data = [{"b64_json": base64.b64encode(png("red")).decode()} for _ in range(count)]
    usage = {"input_tokens": 10, "output_tokens": 272 * count, "total_tokens": 10 + 272 * count}
    body = {"created": 5, "size": "30x20", "quality": "low", "usage": usage, "data": data}
    events = stream("images/generations", body)
    assert events is not None
    assert whole("images/generations", events) == body
    drawn = _Drawn(count)
    for event in events:
        assert isinstance(event, dict)
        drawn.add(event)
    assert drawn.usage is not None
    assert (len(drawn.pictures), drawn.usage.completion_tokens) == (count, 272 * count)


def test_a_stream_that_has_no_whole_is_none() -> None:
    assert whole("chat/completions", []) is None
    assert whole("audio/speech", [{"type": "x"}]) is None
    assert whole("responses", [{"type": "response.created"}]) is None
