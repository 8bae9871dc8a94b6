"""A recording in words: what was asked, and what was answered, for lists and comparisons."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from ..visible import shortened
from . import streams
from .recording import Recording

_NAME = 50  # characters

#: What the parts of a message are, by their types in the APIs.
PARTS = {"image_url": "picture", "input_image": "picture", "input_audio": "sound", "file": "file", "input_file": "file"}


def asked(recording: Recording) -> str:
    """What was asked, as text: the last message, the prompt, the text to be embedded; else the request's own words.

    >>> from .recording import Answer
    >>> request = {"messages": [{"role": "user", "content": "Hello"}]}
    >>> asked(Recording("2026-11-22T00:00:00Z", "0" * 32, "local", 1, "chat/completions", request, Answer(200, {})))
    'Hello'
    """
    request = recording.request
    if messages := request.get("messages"):
        return _content(messages[-1].get("content")) if isinstance(messages, list) and isinstance(messages[-1], dict) else str(messages)  # fmt: skip
    for name in ("prompt", "input"):
        if name in request:
            return _content(request[name])
    return json.dumps(request, ensure_ascii=False) if request else recording.operation


def named(recording: Recording) -> str:
    """What a recording is called where there are many: the first words of what was asked, and its hash.

    >>> from .recording import Answer
    >>> named(Recording("2026-11-22T00:00:00Z", "a1b2c3d4" * 4, "local", 1, "embeddings", {"input": "Hello"}, Answer(200, {})))
    '"Hello" (a1b2c3d4)'
    """
    text = " ".join(asked(recording).split())
    return f"{json.dumps(shortened(text, _NAME), ensure_ascii=False)} ({recording.hash[:8]})"


def answered(recording: Recording) -> str:
    """What was answered, as text: the same text for the same answer, without ids, times and counts.

    >>> from .recording import Answer
    >>> body = {"choices": [{"message": {"content": "Hello!"}}]}
    >>> answered(Recording("2026-11-22T00:00:00Z", "0" * 32, "local", 1, "chat/completions", {}, Answer(200, {}, body=body)))
    'Hello!'
    """
    answer = recording.answer
    try:
        body = whole(recording)
    except (LookupError, TypeError, AttributeError):
        return "(an answer that can't be read)"
    if answer.status >= 400:
        error = body.get("error", body) if isinstance(body, dict) else answer.text
        message = error.get("message") if isinstance(error, dict) else error
        return f"{answer.status}: {message}"
    broken = f" … broke off ({answer.failure})" if answer.failure else ""
    if answer.data is not None:
        return f"{len(answer.data):,} bytes, {hashlib.sha256(answer.data).hexdigest()[:8]}{broken}"
    if answer.text is not None:
        return f"{answer.text}{broken}"
    try:
        return f"{_ANSWERS.get(recording.operation, _as_json)(body)}{broken}"
    except (LookupError, TypeError, AttributeError):
        return f"{_as_json(body)}{broken}"


def whole(recording: Recording) -> Any:
    """The answer's JSON in one piece, also that of a stream; None where there is none."""
    answer = recording.answer
    if isinstance(answer.events, list):
        return streams.whole(recording.operation, answer.events)
    return answer.body


def _content(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(_content(one.get("text") or f"[{PARTS.get(str(one.get('type')), one.get('type'))}]") if isinstance(one, dict) else str(one) for one in content)  # fmt: skip
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _chat(body: dict[str, Any]) -> str:
    found = []
    for choice in body["choices"]:
        message = choice["message"]
        found.append(message.get("content") or message.get("refusal") or "")
        found += [f"{call['function']['name']}({call['function']['arguments']})" for call in message.get("tool_calls") or ()]  # fmt: skip
    return "\n".join(found)


def _response(body: dict[str, Any]) -> str:
    found = []
    for item in body["output"]:
        found += [str(part.get("text") or part.get("refusal") or "") for part in item.get("content") or ()]
        if item.get("type") == "function_call":
            found.append(f"{item['name']}({item['arguments']})")
    return "\n".join(found)


def _pictures(body: dict[str, Any]) -> str:
    return "\n".join(f"picture {hashlib.sha256(str(one['b64_json']).encode()).hexdigest()[:8]}" for one in body["data"])


def _vectors(body: dict[str, Any]) -> str:
    return "\n".join(f"vector {hashlib.sha256(json.dumps(one['embedding']).encode()).hexdigest()[:8]}" for one in body["data"])  # fmt: skip


def _as_json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True)


_ANSWERS: dict[str, Callable[[Any], str]] = {
    "chat/completions": _chat,
    "completions": lambda body: "\n".join(choice["text"] for choice in body["choices"]),
    "responses": _response,
    "images/generations": _pictures,
    "images/edits": _pictures,
    "embeddings": _vectors,
    "audio/transcriptions": lambda body: str(body["text"]),
    "audio/translations": lambda body: str(body["text"]),
}
