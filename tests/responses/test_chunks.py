"""A streamed response, put back together."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response

from aoai_magic.responses import ResponseChunks, completion

TEXT = st.text(max_size=30)


def cut(data: Any, text: str) -> list[str]:
    """A text, cut anywhere."""
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@st.composite
def items(draw: Any) -> dict[str, Any]:
    match draw(st.sampled_from(["message", "refusal", "call", "reasoning", "search"])):
        case "message":
            words = draw(TEXT)
            logprobs = (
                [{"token": words, "logprob": -0.5, "bytes": [], "top_logprobs": []}] if draw(st.booleans()) else []
            )
            part = {"type": "output_text", "text": words, "annotations": [], "logprobs": logprobs}
            return {"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": [part]}
        case "refusal":
            part = {"type": "refusal", "refusal": draw(TEXT)}
            return {"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": [part]}
        case "call":
            return {
                "type": "function_call",
                "id": "fc",
                "call_id": "call",
                "name": "f",
                "arguments": draw(TEXT),
                "status": "completed",
            }
        case "reasoning":
            summary = [{"type": "summary_text", "text": draw(TEXT)}]
            return {"type": "reasoning", "id": "rs", "summary": summary, "encrypted_content": "gAAA"}
    return {"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": "q"}}


def streamed(data: Any, response: dict[str, Any], *, endings: bool) -> list[dict[str, Any]]:
    """The events that such a response comes in, its texts cut anywhere; without `endings`, only what grows it."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for number, item in enumerate(response["output"]):
        at: dict[str, Any] = {"output_index": number, "item_id": item["id"]}
        new = copy.deepcopy(item)
        for name, empty in (("content", []), ("summary", []), ("arguments", "")):
            if name in new:
                new[name] = empty
        events.append({"type": "response.output_item.added", **at, "item": new})
        for place, part in enumerate(item.get("content", ())):
            here = {**at, "content_index": place}
            name = "text" if part["type"] == "output_text" else "refusal"
            events.append(
                {
                    "type": "response.content_part.added",
                    **here,
                    "part": {**part, name: "", **({"logprobs": []} if name == "text" else {})},
                }
            )
            for index, piece in enumerate(cut(data, part[name])):
                more = {"logprobs": [] if index else part["logprobs"]} if name == "text" else {}
                events.append(
                    {
                        "type": f"response.{'output_text' if name == 'text' else name}.delta",
                        **here,
                        "delta": piece,
                        **more,
                    }
                )
            if endings:
                events.append({"type": "response.content_part.done", **here, "part": part})
        for place, part in enumerate(item.get("summary", ())):
            here = {**at, "summary_index": place}
            events.append({"type": "response.reasoning_summary_part.added", **here, "part": {**part, "text": ""}})
            events += [
                {"type": "response.reasoning_summary_text.delta", **here, "delta": piece}
                for piece in cut(data, part["text"])
            ]
        if "arguments" in item:
            events += [
                {"type": "response.function_call_arguments.delta", **at, "delta": piece}
                for piece in cut(data, item["arguments"])
            ]
        if item["type"] == "web_search_call":
            events.append({"type": "response.web_search_call.searching", **at})
        if endings:
            events.append({"type": "response.output_item.done", **at, "item": item})
    return events


def whole(output: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    return {
        "id": "resp_1",
        "object": "response",
        "model": "gpt-5",
        "status": "completed",
        "output": output,
        "usage": usage,
        **more,
    }


@given(st.lists(items(), max_size=4), st.data(), st.booleans(), st.booleans())
def test_however_it_was_cut_the_response_is_the_same(output: Any, data: Any, endings: bool, closed: bool) -> None:
    response = whole(output)
    chunks = ResponseChunks()
    events = streamed(data, response, endings=endings)
    events += [{"type": "response.completed", "response": response}] if closed else []
    added = "".join(chunks.add(json.loads(json.dumps(event))) for event in events)
    assert chunks.body["output"] == output
    assert chunks.finished == closed
    texts = [part.get("text", "") for item in output if item["type"] == "message" for part in item["content"]]
    assert added == "".join(texts)
    if closed:
        assert chunks.body == response


def test_a_text_that_only_comes_at_the_end_is_added_then() -> None:
    chunks = ResponseChunks()
    message = {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}
    assert chunks.add({"type": "response.completed", "response": whole([message])}) == "Hello"


def test_an_end_without_output_leaves_what_was_streamed() -> None:
    chunks = ResponseChunks()
    chunks.add({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi"})
    chunks.add({"type": "response.completed", "response": whole([])})
    assert completion(chunks.body)["choices"][0]["message"]["content"] == "Hi"
    assert chunks.body["usage"]["input_tokens"] == 3


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "Sorry.", "param": None, "sequence_number": 3},
        {"type": "error", "error": {"code": "server_error", "message": "Sorry."}},
        {
            "type": "response.failed",
            "response": {"status": "failed", "error": {"code": "server_error", "message": "Sorry."}},
        },
    ],
)
def test_an_error_in_the_stream_is_found(event: Any) -> None:
    chunks = ResponseChunks()
    assert chunks.add(event) == ""
    assert chunks.failure is not None
    assert (chunks.failure["code"], chunks.failure["message"]) == ("server_error", "Sorry.")


@pytest.mark.parametrize("event", [{}, {"type": None}, {"type": "response.steer.accepted"}, {"type": "keepalive"}])
def test_other_events_pass(event: Any) -> None:
    assert ResponseChunks().add(event) == ""


def test_a_place_beyond_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        ResponseChunks().add(
            {"type": "response.output_text.delta", "output_index": 10**9, "content_index": 0, "delta": "x"}
        )


def test_what_is_put_together_is_a_response_of_the_sdks() -> None:
    message = {
        "type": "message",
        "id": "m",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
    }
    chunks = ResponseChunks()
    chunks.add({"type": "response.completed", "response": whole([message])})
    assert Response.construct(**chunks.body).output_text == "Hi"
