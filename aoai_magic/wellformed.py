"""What a completion has to be like for the rest of the house to read it: services, and recordings, can say anything."""

from __future__ import annotations

import math
from typing import Any

# More tokens than any request has; what claims more, or less than none, would upset every budget.
_MOST = 10**12


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST


def _logprob(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < 1


def _byte(value: Any) -> bool:
    return _count(value) and value < 256


def _finding(value: Any) -> bool:
    return not isinstance(value, dict) or fits(value, {"severity": str, "citation": {"URL": str, "license": str}})


# A list has one shape for all of its items; "*" is every key; a field with a mark has to be there, others may be null.
_TOKEN = {"token!": str, "logprob!": _logprob, "bytes": [_byte]}
_VERDICT = {"content_filter_results": {"*": _finding}}
COMPLETION = {
    "model": str,
    "usage": {
        "prompt_tokens": _count,
        "completion_tokens": _count,
        "prompt_tokens_details": {"cached_tokens": _count, "cache_write_tokens": _count},
        "completion_tokens_details": {"reasoning_tokens": _count},
    },
    "choices!": [
        {
            "index": _count,
            "finish_reason": str,
            "text": str,
            "message": {
                "content": str,
                "refusal": str,
                "reasoning_summary": str,
                "tool_calls": [{"id": str, "function": {"name": str, "arguments": str}}],
            },
            "logprobs": {
                "content": [{**_TOKEN, "top_logprobs": [_TOKEN]}],
                "refusal": [{**_TOKEN, "top_logprobs": [_TOKEN]}],
                "tokens": [str],
                "token_logprobs": [{"?": _logprob}],
                "top_logprobs": [{"?": {"*": _logprob}}],
            },
            **_VERDICT,
        }
    ],
    "prompt_filter_results": [_VERDICT],
}


def fits(value: Any, shape: Any = COMPLETION) -> bool:
    """Whether all that is read of a value has the type that it is read as.

    >>> fits({"choices": []}), fits({"choices": [], "model": ["gpt-4o"]}), fits({"choices": [{"message": {"content": 1}}]})
    (True, False, False)
    """
    if isinstance(shape, type):
        return isinstance(value, shape)
    if callable(shape):
        return bool(shape(value))
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    if "?" in shape:
        return value is None or fits(value, shape["?"])
    if not isinstance(value, dict):
        return False
    if "*" in shape:
        return all(fits(one, shape["*"]) for one in value.values())
    return all(_field_fits(value.get(name.rstrip("!")), inner, name.endswith("!")) for name, inner in shape.items())


def _field_fits(value: Any, shape: Any, needed: bool) -> bool:
    return not needed if value is None else fits(value, shape)
