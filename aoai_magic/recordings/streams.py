"""A stream's events in few and readable words, and a stream as a whole answer and back.

Events of one stream differ in little. The first is written whole, each further one as what differs, by JSON Pointers
(RFC 6901); the pointer "" is the whole. What is no JSON object, such as [DONE], is a string.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..chunks import Chunks, TextChunks

Event = dict[str, Any] | str


def event(data: str) -> Event:
    """What an event's data says: an object, or the text itself where it is no object.

    >>> event('{"a": 1}'), event("[DONE]")
    ({'a': 1}, '[DONE]')
    """
    if data.startswith("{"):
        try:
            found: dict[str, Any] = json.loads(data)
            return found
        except ValueError:
            pass
    return data


def packed(events: Iterable[Event]) -> list[Event]:
    """Events as they are written down.

    >>> packed([{"id": "c", "delta": {"text": "Hel"}}, {"id": "c", "delta": {"text": "lo"}}, "[DONE]"])
    [{'id': 'c', 'delta': {'text': 'Hel'}}, {'/delta/text': 'lo'}, '[DONE]']
    """
    written: list[Event] = []
    before: Event = ""
    for one in events:
        written.append(dict(_changes(before, one, "")) if isinstance(before, dict) and isinstance(one, dict) else one)
        before = one
    return written


def unpacked(written: Iterable[Event]) -> list[Event]:
    """The events again. Raises LookupError, TypeError and ValueError where they can't be what `packed` wrote.

    >>> unpacked([{"id": "c", "delta": {"text": "Hel"}}, {"/delta/text": "lo"}])[1]
    {'id': 'c', 'delta': {'text': 'lo'}}
    """
    events: list[Event] = []
    before: Event = ""
    for one in written:
        if isinstance(before, dict) and isinstance(one, dict):
            found = copy.deepcopy(before)
            for pointer, value in one.items():
                found = _put(found, pointer, value)
            one = found
        events.append(one)
        before = one
    return events


def _changes(before: Any, now: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(before, dict) and isinstance(now, dict) and list(before) == list(now):
        for name, value in now.items():
            yield from _changes(before[name], value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for at, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _changes(old, new, f"{pointer}/{at}")
    elif type(before) is not type(now) or before != now:
        yield pointer, now


def _put(whole: Any, pointer: str, value: Any) -> Any:
    if not pointer:
        return copy.deepcopy(value)
    *way, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]
    place = whole
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = copy.deepcopy(value)
    return whole


def whole(operation: str, events: Sequence[Event]) -> dict[str, Any] | None:
    """The answer that a stream is, in one piece; None where the operation's streams have no such form.

    >>> whole("chat/completions", [{"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}, "[DONE]"])["id"]
    'c'
    """
    objects = [one for one in events if isinstance(one, dict)]
    make = _WHOLE.get(operation)
    return make(objects) if make and objects else None


def _completion(chunks: Chunks) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    def make(events: list[dict[str, Any]]) -> dict[str, Any]:
        for one in events:
            chunks.add(one)
        return chunks.body

    return make


def _response(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The last event that has the whole response in it: completed, incomplete or failed."""
    found: dict[str, Any] | None = next((one["response"] for one in reversed(events) if "response" in one), None)
    return found


def _pictures(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    ended = [one for one in events if str(one.get("type")).endswith(".completed")]
    if not ended:
        return None
    facts = ("background", "output_format", "quality", "size", "usage")
    body = {"created": ended[0].get("created_at"), **{name: ended[-1][name] for name in facts if name in ended[-1]}}
    if len(ended) > 1 and body.get("usage"):
        output = sum(one["usage"]["output_tokens"] for one in ended)
        usage = {**ended[0]["usage"], "output_tokens": output}
        body["usage"] = {**usage, "total_tokens": usage["input_tokens"] + output}
    return {**body, "data": [{"b64_json": one["b64_json"]} for one in ended]}


_WHOLE: dict[str, Callable[[list[dict[str, Any]]], dict[str, Any] | None]] = {
    "chat/completions": lambda events: _completion(Chunks())(events),
    "completions": lambda events: _completion(TextChunks())(events),
    "responses": _response,
    "images/generations": _pictures,
    "images/edits": _pictures,
}


def stream(operation: str, body: dict[str, Any]) -> list[Event] | None:
    """The stream that a whole answer could have been, in as few events as it has; None where there is no such form.

    >>> [one["choices"] for one in stream("completions", {"id": "c", "choices": [{"index": 0, "text": "Hi"}]})[:1]]
    [[{'index': 0, 'text': 'Hi'}]]
    """
    make = _STREAM.get(operation)
    return make(body) if make else None


def _chat_stream(body: dict[str, Any]) -> list[Event]:
    common = {name: value for name, value in body.items() if name not in ("choices", "usage", "prompt_filter_results")}
    common["object"] = "chat.completion.chunk"
    events: list[Event] = []
    if judged := body.get("prompt_filter_results"):
        events.append({**common, "choices": [], "prompt_filter_results": judged})
    for choice in body["choices"]:
        message = {name: value for name, value in choice["message"].items() if value is not None}
        if calls := message.get("tool_calls"):
            message["tool_calls"] = [{"index": at, **call} for at, call in enumerate(calls)]
        rest = {name: value for name, value in choice.items() if name not in ("message", "finish_reason")}
        events.append({**common, "choices": [{**rest, "delta": message, "finish_reason": None}]})
        ended = {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}
        events.append({**common, "choices": [ended]})
    return [*events, {**common, "choices": [], "usage": body.get("usage")}, "[DONE]"]


def _text_stream(body: dict[str, Any]) -> list[Event]:
    common = {name: value for name, value in body.items() if name not in ("choices", "usage")}
    events: list[Event] = [{**common, "choices": [choice]} for choice in body["choices"]]
    return [*events, {**common, "choices": [], "usage": body.get("usage")}, "[DONE]"]


def _response_stream(body: dict[str, Any]) -> list[Event]:
    begun = {**body, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    for at, item in enumerate(body.get("output") or []):
        events.append(
            {"type": "response.output_item.added", "output_index": at, "item": {**item, "status": "in_progress"}}
        )
        for index, part in enumerate(item.get("content") or []):
            if "text" in part:
                place = {"item_id": item.get("id"), "output_index": at, "content_index": index}
                events.append({"type": "response.output_text.delta", **place, "delta": part["text"]})
                events.append({"type": "response.output_text.done", **place, "text": part["text"]})
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
    events.append({"type": f"response.{body.get('status') or 'completed'}", "response": body})
    return [{"sequence_number": number, **one} for number, one in enumerate(events)]


def _picture_stream(kind: str) -> Callable[[dict[str, Any]], list[Event]]:
    def make(body: dict[str, Any]) -> list[Event]:
        facts = {name: value for name, value in body.items() if name not in ("data", "created")}
        more = {**facts, "usage": {**facts["usage"], "output_tokens": 0}} if facts.get("usage") else facts
        return [
            {"type": f"{kind}.completed", "created_at": body.get("created"), **(more if at else facts), "b64_json": one.get("b64_json")}
            for at, one in enumerate(body["data"])
        ]  # fmt: skip

    return make


_STREAM: dict[str, Callable[[dict[str, Any]], list[Event]]] = {
    "chat/completions": _chat_stream,
    "completions": _text_stream,
    "responses": _response_stream,
    "images/generations": _picture_stream("image_generation"),
    "images/edits": _picture_stream("image_edit"),
}
