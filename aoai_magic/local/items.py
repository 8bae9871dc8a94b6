"""The items of the Responses API, as chat messages: the one form in which a conversation is checked and counted."""

from __future__ import annotations

import base64
from typing import Any

from .azure_errors import invalid_request
from .events import hex_id
from .fields import Fields

_SEAL = "local-"
_PARTS = ("input_text", "input_image", "output_text", "refusal", "text")


def read_items(body: Fields) -> list[dict[str, Any]]:
    """The request's input as a list of items, each with an id; a text alone is a message of the user's."""
    body.required("input")
    given = body.raw("input")
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    elif not isinstance(given, list):
        raise body.wrong_type("input", "one of an array of objects or string")
    items = []
    for item in Fields({"input": given}).objects("input", least=1):
        kind = item.raw("type") or "message"
        if not isinstance(kind, str) or kind not in _READERS:
            raise item.unsupported("type", kind, list(_READERS))
        items.append(_READERS[kind](item))
    return items


def messages(items: list[dict[str, Any]], instructions: str = "") -> list[dict[str, Any]]:
    """Items as the messages of a chat request.

    >>> messages([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}])
    [{'role': 'user', 'content': [{'type': 'text', 'text': 'Hi'}]}]
    """
    said: list[dict[str, Any]] = [{"role": "system", "content": instructions}] if instructions else []
    for item in items:
        if item["type"] == "message":
            said.append({"role": item["role"], "content": [_chat_part(part) for part in item["content"]]})
        elif item["type"] == "function_call":
            function = {"name": item["name"], "arguments": item["arguments"]}
            call = {"id": item["call_id"], "type": "function", "function": function}
            if not said or said[-1]["role"] != "assistant":
                said.append({"role": "assistant", "content": None})
            said[-1].setdefault("tool_calls", []).append(call)  # what was said before it is of the same turn
        elif item["type"] == "function_call_output":
            output = item["output"]
            content = output if isinstance(output, str) else [_chat_part(part) for part in output]
            said.append({"role": "tool", "tool_call_id": item["call_id"], "content": content})
        elif item["type"] == "compaction":
            said.append({"role": "system", "content": f"What was said before: {_unsealed(item['encrypted_content'])}"})
    return said


def sealed(text: str) -> str:
    """A text as the content of a compaction item: opaque, though no secret to whoever said it."""
    return _SEAL + base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()


def _unsealed(content: str) -> str:
    try:
        if content.startswith(_SEAL):
            return base64.b64decode(content.removeprefix(_SEAL), b"-_", validate=True).decode("utf-8")
    except ValueError:
        pass
    # As third parties have seen it.
    raise invalid_request(
        f"The encrypted content {content[:20]}... could not be verified. "
        "Reason: Encrypted content could not be decrypted or parsed.",
        None,
        "invalid_encrypted_content",
    )


def _message(item: Fields) -> dict[str, Any]:
    role = item.raw("role")
    if role not in ("assistant", "system", "developer", "user"):
        raise item.unsupported("role", role, ["assistant", "system", "developer", "user"])
    own = "output_text" if role == "assistant" else "input_text"
    content = item.raw("content")
    if isinstance(content, str):
        parts = [_text(own, content)]
    elif isinstance(content, list):
        parts = [_part(part) for part in item.objects("content", least=1)]
    else:
        raise item.wrong_type("content", "one of an array of objects or string")
    identity = item.text("id") or hex_id("msg_", 48)
    return {"id": identity, "type": "message", "status": "completed", "role": role, "content": parts}


def _part(part: Fields) -> dict[str, Any]:
    kind = part.required("type")
    if kind not in _PARTS:
        raise part.unsupported("type", kind, _PARTS)
    if kind == "input_image":
        if "file_id" in part:
            raise invalid_request("The local service takes pictures as data: URLs only.", part.path("file_id"))
        part.required("image_url")
        detail = part.choice("detail", ["low", "high", "auto", "original"], "auto")
        return {"type": "input_image", "image_url": part.text("image_url"), "detail": detail}
    if kind == "refusal":
        part.required("refusal")
        return {"type": "refusal", "refusal": part.text("refusal")}
    part.required("text")
    return _text(kind, part.text("text"))


def _text(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": text, "annotations": []} if kind == "output_text" else {"type": kind, "text": text}


def _call(item: Fields) -> dict[str, Any]:
    for name in ("call_id", "name", "arguments"):
        item.required(name)
    return {
        "id": item.text("id") or hex_id("fc_", 48),
        "type": "function_call",
        "status": "completed",
        "call_id": item.text("call_id"),
        "name": item.text("name"),
        "arguments": item.text("arguments"),
    }


def _call_output(item: Fields) -> dict[str, Any]:
    for name in ("call_id", "output"):
        item.required(name)
    output = item.raw("output")
    if isinstance(output, list):
        output = [_part(part) for part in item.objects("output", least=1)]
    elif not isinstance(output, str):
        raise item.wrong_type("output", "one of an array of objects or string")
    return {
        "id": item.text("id") or hex_id("fc_", 48),
        "type": "function_call_output",
        "status": "completed",
        "call_id": item.text("call_id"),
        "output": output,
    }


def _reference(item: Fields) -> dict[str, Any]:
    """An item that is kept with an earlier response."""
    item.required("id")
    return {"id": item.text("id"), "type": "item_reference"}


def _reasoning(item: Fields) -> dict[str, Any]:
    """An item that the conversation holds, and the engine has no use for."""
    return {"id": item.text("id") or hex_id("rs_", 48), "type": item.text("type"), "summary": item.array("summary")}


def _compaction(item: Fields) -> dict[str, Any]:
    """What a conversation was made into, see `compaction`."""
    item.required("encrypted_content")
    content = item.text("encrypted_content")
    return {"id": item.text("id") or hex_id("cmp_", 48), "type": "compaction", "encrypted_content": content}


def _chat_part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "input_image":
        return {"type": "image_url", "image_url": {"url": part["image_url"], "detail": part["detail"]}}
    if part["type"] == "refusal":
        return part
    return {"type": "text", "text": part["text"]}


_READERS = {
    "message": _message,
    "function_call": _call,
    "function_call_output": _call_output,
    "reasoning": _reasoning,
    "compaction": _compaction,
    "item_reference": _reference,
}
