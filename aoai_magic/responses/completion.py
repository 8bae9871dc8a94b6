"""An answer of the Responses API, as the chat completion that says the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..verdicts import worst

_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


def completion(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response, whole or as far as it has come, in the form of a chat completion.

    What of its reasoning must be handed back with the next request is `reasoning_items` in the message, and what it
    tells of it `reasoning_summary`.

    >>> part = {"type": "output_text", "text": "Hello!"}
    >>> hello = completion({"status": "completed", "output": [{"type": "message", "content": [part]}]})
    >>> hello["choices"][0]["message"]["content"], hello["choices"][0]["finish_reason"]
    ('Hello!', 'stop')
    """
    output = response.get("output") or []
    filters = response.get("content_filters") or []
    found = {
        "id": response.get("id"),
        "object": "chat.completion",
        "created": response.get("created_at"),
        "model": response.get("model"),
        "choices": [_choice(response, output, filters)] if output or response.get("status") in _ENDED else [],
        "prompt_filter_results": [
            {"prompt_index": 0, "content_filter_results": one.get("content_filter_results")}
            for one in filters
            if one.get("source_type") == "prompt"
        ],
        "usage": _usage(response.get("usage")),
    }
    return {name: value for name, value in found.items() if value not in (None, []) or name == "choices"}


_ENDED = ("completed", "incomplete")


def _choice(response: Mapping[str, Any], output: list[Any], filters: list[Any]) -> dict[str, Any]:
    parts = [part for item in output if item.get("type") == "message" for part in item.get("content") or []]
    text = "".join(part.get("text") or "" for part in parts if part.get("type") == "output_text")
    refusal = "".join(part.get("refusal") or "" for part in parts if part.get("type") == "refusal")
    calls = [_call(item) for item in output if item.get("type") == "function_call"]
    reasoning = [item for item in output if item.get("type") == "reasoning"]
    message: dict[str, Any] = {"role": "assistant", "content": text if parts and not refusal else None}
    if refusal:
        message["refusal"] = refusal
    if calls:
        message["tool_calls"] = calls
    # Without its encrypted content a service that stored nothing doesn't know it any more.
    if kept := [item for item in reasoning if item.get("encrypted_content")]:
        message["reasoning_items"] = kept
    told = [part.get("text") or "" for item in reasoning for part in item.get("summary") or []]
    if summary := "\n\n".join(filter(None, told)):
        message["reasoning_summary"] = summary
    logprobs = [one for part in parts for one in part.get("logprobs") or []]
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": _reason(response, calls),
        "logprobs": {"content": logprobs} if logprobs else None,
    }
    judged = worst(one.get("content_filter_results") for one in filters if one.get("source_type") == "completion")
    return {**choice, "content_filter_results": judged} if judged else choice


def _call(item: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": item.get("name") or "", "arguments": item.get("arguments") or ""}
    return {"id": item.get("call_id") or item.get("id") or "", "type": "function", "function": function}


def _reason(response: Mapping[str, Any], calls: list[Any]) -> str | None:
    match response.get("status"):
        case "completed":
            return "tool_calls" if calls else "stop"
        case "incomplete":
            why = str((response.get("incomplete_details") or {}).get("reason") or "max_output_tokens")
            return _REASONS.get(why, why)
    return None


def _usage(counted: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not counted:
        return None
    read, written = counted.get("input_tokens") or 0, counted.get("output_tokens") or 0
    prompt = counted.get("input_tokens_details") or {}
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": counted.get("total_tokens") or read + written,
        "prompt_tokens_details": {
            "cached_tokens": prompt.get("cached_tokens") or 0,
            **{name: prompt[name] for name in ("cache_write_tokens",) if prompt.get(name)},
        },
        "completion_tokens_details": {
            "reasoning_tokens": (counted.get("output_tokens_details") or {}).get("reasoning_tokens") or 0
        },
    }
