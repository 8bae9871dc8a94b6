"""Recordings made by hand, for tests of where they are kept."""

from __future__ import annotations

from typing import Any

from aoai_magic.recordings.canonical import canonical, digest
from aoai_magic.recordings.recording import Answer, Recording, now


def request(text: str = "hi", **more: Any) -> dict[str, Any]:
    return canonical({"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more})


def recording(text: str = "hi", says: str = "Hello!", **more: Any) -> Recording:
    """One recorded chat; `more` are fields of the recording."""
    asked = request(text)
    body = {"id": "chatcmpl-1", "model": "gpt-4o", "choices": [{"index": 0, "message": {"content": says}}]}
    fields: dict[str, Any] = {
        "at": now(),
        "hash": digest("chat/completions", asked),
        "kind": "azure",
        "n": 1,
        "operation": "chat/completions",
        "request": asked,
        "answer": Answer(200, {"content-type": "application/json"}, body=body, seconds=0.5),
    }
    return Recording(**(fields | more))


def said(found: Recording) -> str:
    return str(found.answer.body["choices"][0]["message"]["content"])
