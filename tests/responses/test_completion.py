"""Answers of the Responses API, as chat completions."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_magic.responses import completion

SAFE, LOW = {"hate": {"filtered": False, "severity": "safe"}}, {"hate": {"filtered": False, "severity": "low"}}


def message(*parts: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(parts)}


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, **more}


def response(*output: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    return {"id": "resp_1", "model": "gpt-5-2025-08-07", "status": status, "output": list(output), **more}


def choice(*output: Any, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = completion(response(*output, **more))["choices"][0]
    return found


def test_all_text_is_the_content() -> None:
    assert choice(message(said("a"), said("b")), message(said("c")))["message"]["content"] == "abc"


def test_a_refusal_is_no_content() -> None:
    found = choice(message({"type": "refusal", "refusal": "I can't."}))["message"]
    assert (found["content"], found["refusal"]) == (None, "I can't.")


def test_calls_end_a_turn_of_their_own() -> None:
    call = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    found = choice(call, call)
    assert found["finish_reason"] == "tool_calls"
    assert [one["id"] for one in found["message"]["tool_calls"]] == ["call_1", "call_1"]
    assert found["message"]["content"] is None


def test_reasoning_is_kept_where_it_can_be_handed_back() -> None:
    kept = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    assert choice(kept, {"type": "reasoning", "id": "rs_2", "summary": []})["message"]["reasoning_items"] == [kept]


@pytest.mark.parametrize(
    ("status", "details", "reason"),
    [
        ("completed", None, "stop"),
        ("incomplete", {"reason": "max_output_tokens"}, "length"),
        ("incomplete", {"reason": "content_filter"}, "content_filter"),
        ("incomplete", {"reason": "of its own"}, "of its own"),
        ("incomplete", None, "length"),
        ("in_progress", None, None),
        ("failed", None, None),
    ],
)
def test_how_it_ended(status: str, details: Any, reason: str | None) -> None:
    assert choice(message(said("a")), status=status, incomplete_details=details)["finish_reason"] == reason


def test_what_has_not_begun_has_no_choice_and_what_is_empty_has_one() -> None:
    assert completion(response(status="in_progress"))["choices"] == []
    assert completion({"output": []})["choices"] == []
    assert choice(status="incomplete", incomplete_details={"reason": "max_output_tokens"})["message"]["content"] is None


def test_verdicts_are_those_of_prompt_and_answer() -> None:
    filters = [
        {"source_type": "prompt", "blocked": False, "content_filter_results": SAFE},
        {"source_type": "completion", "blocked": False, "content_filter_results": SAFE},
        {"source_type": "completion", "blocked": False, "content_filter_results": LOW},
    ]
    found = completion(response(message(said("a")), content_filters=filters))
    assert found["prompt_filter_results"][0]["content_filter_results"] == SAFE
    assert found["choices"][0]["content_filter_results"] == LOW


def test_tokens_have_chats_names() -> None:
    counted = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 5},
    }
    usage = completion(response(message(said("a")), usage=counted))["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (10, 7, 17)
    assert usage["prompt_tokens_details"] == {"cached_tokens": 4, "cache_write_tokens": 3}
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 5}


def test_logprobs_are_those_of_the_text() -> None:
    one = {"token": "a", "logprob": -1.0, "bytes": [97], "top_logprobs": []}
    assert choice(message(said("a", logprobs=[one])))["logprobs"] == {"content": [one]}
    assert choice(message(said("a")))["logprobs"] is None
