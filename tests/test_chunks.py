from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.chunks import Chunks

AZURES_FIRST: dict[str, Any] = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}],
    "choices": [],
    "usage": None,
}


def chunk(delta: dict[str, Any], finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "finish_reason": finish, **more}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 5,
        "model": "m",
        "choices": [choice],
        "usage": None,
    }


def put_together(*parts: dict[str, Any]) -> Chunks:
    chunks = Chunks()
    for part in parts:
        chunks.add(part)
    return chunks


def test_azures_first_chunk_has_no_choices_and_is_no_trouble() -> None:
    chunks = put_together(AZURES_FIRST, chunk({"role": "assistant", "content": ""}), chunk({"content": "Hi"}, "stop"))
    assert chunks.body["id"] == "c"
    assert chunks.body["object"] == "chat.completion"
    assert chunks.body["prompt_filter_results"] == AZURES_FIRST["prompt_filter_results"]
    assert chunks.body["choices"][0]["message"] == {"role": "assistant", "content": "Hi"}


def test_a_stream_without_an_end_is_not_finished() -> None:
    assert not Chunks().finished
    assert not put_together(AZURES_FIRST, chunk({"content": "Hi"})).finished
    assert put_together(chunk({"content": "Hi"}), chunk({}, "stop")).finished


def test_the_usage_chunk_comes_last_and_has_no_choices() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    chunks = put_together(chunk({"content": "Hi"}, "stop"), {"id": "c", "choices": [], "usage": usage})
    assert chunks.body["usage"] == usage


def test_several_choices_grow_side_by_side() -> None:
    chunks = put_together(chunk({"content": "b"}, index=1), chunk({"content": "a"}), chunk({"content": "B"}, index=1))
    assert [choice["message"]["content"] for choice in chunks.body["choices"]] == ["a", "bB"]
    assert not chunks.finished


def test_tool_calls_are_put_together_by_their_number() -> None:
    chunks = put_together(
        chunk(
            {"tool_calls": [{"index": 0, "id": "t0", "type": "function", "function": {"name": "f", "arguments": ""}}]}
        ),
        chunk(
            {"tool_calls": [{"index": 1, "id": "t1", "type": "function", "function": {"name": "g", "arguments": "{"}}]}
        ),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"x":'}}]}),
        chunk(
            {
                "tool_calls": [
                    {"index": 0, "function": {"arguments": " 1}"}},
                    {"index": 1, "function": {"arguments": "}"}},
                ]
            }
        ),
    )
    calls = chunks.body["choices"][0]["message"]["tool_calls"]
    assert [(call["id"], call["function"]) for call in calls] == [
        ("t0", {"name": "f", "arguments": '{"x": 1}'}),
        ("t1", {"name": "g", "arguments": "{}"}),
    ]


def test_a_finding_in_the_middle_of_a_stream_outlasts_a_safe_end() -> None:
    low, safe = ({"hate": {"filtered": False, "severity": severity}} for severity in ("low", "safe"))
    chunks = put_together(
        chunk({"content": "x"}, content_filter_results=low), chunk({"content": "y"}, content_filter_results=safe)
    )
    assert chunks.body["choices"][0]["content_filter_results"] == low


def test_late_verdicts_of_the_content_filter_are_taken_in() -> None:
    late = chunk(
        {}, "content_filter", content_filter_results={"protected_material_text": {"detected": True, "filtered": True}}
    )
    chunks = put_together(chunk({"content": "x"}, content_filter_results={"hate": {"filtered": False}}), late)
    assert chunks.body["choices"][0]["content_filter_results"]["protected_material_text"]["detected"]
    assert chunks.body["choices"][0]["content_filter_results"]["hate"] == {"filtered": False}
    assert chunks.body["choices"][0]["finish_reason"] == "content_filter"


def test_logprobs_are_strung_together() -> None:
    chunks = put_together(
        chunk({"content": "a"}, logprobs={"content": [{"token": "a", "logprob": -1}]}),
        chunk({"content": "b"}, logprobs={"content": [{"token": "b", "logprob": -2}]}),
    )
    assert [one["token"] for one in chunks.body["choices"][0]["logprobs"]["content"]] == ["a", "b"]


@given(st.lists(st.text()))
def test_what_is_added_is_what_is_there(texts: list[str]) -> None:
    chunks = Chunks()
    added = "".join(chunks.add(chunk({"content": text})) for text in texts)
    whole = chunks.body["choices"][0]["message"]["content"] if texts else ""
    assert added == (whole or "") == "".join(texts)


@pytest.mark.parametrize("odd", [{}, {"choices": None}, {"choices": [{}]}, {"choices": [{"delta": None}]}])
def test_odd_chunks_are_borne(odd: dict[str, Any]) -> None:
    assert Chunks().add(odd) == ""
