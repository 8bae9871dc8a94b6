"""The events of a streamed response, put back together into the response that they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MOST_PLACES = 10_000
_OVER = ("completed", "incomplete", "failed", "cancelled")


class ResponseChunks:
    """Grows a response event by event; `body` is at any time the response of what has arrived.

    What an event says again as a whole is taken from there: each part's end, each item's, and the response's. Events of
    other kinds, such as those of tools that the service runs itself, pass: the items that they are about come whole.

    >>> chunks = ResponseChunks()
    >>> chunks.add({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hel"})
    'Hel'
    >>> chunks.add({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Hello"})
    'lo'
    >>> chunks.body["output"][0]["content"][0]["text"], chunks.finished
    ('Hello', False)
    """

    def __init__(self) -> None:
        self.body: dict[str, Any] = {"output": []}
        self._shown = ""

    @property
    def finished(self) -> bool:
        """Whether the response has ended, however it did."""
        return self.body.get("status") in _OVER

    @property
    def failure(self) -> dict[str, Any] | None:
        """The error that the response ended with."""
        return self.body.get("error") or ({"code": "failed"} if self.body.get("status") == "failed" else None)

    def add(self, event: dict[str, Any]) -> str:
        """Take in an event and return the text that it adds to the answer."""
        kind = str(event.get("type")).removeprefix("response.")
        if kind == "error":
            self.body["error"] = event.get("error") or {name: event.get(name) for name in ("code", "message", "param")}
        elif isinstance(whole := event.get("response"), dict):
            self._take(whole)
        elif grow := _GROWERS.get(kind):
            grow(self, event)
            if kind == "output_text.delta":  # by far most events: the whole text isn't put together for each
                self._shown += event["delta"]
                return str(event["delta"])
        else:
            return ""
        return self._more()

    def _take(self, whole: dict[str, Any]) -> None:
        # Some services end with a response whose output is empty; what was streamed is its output then.
        self.body = {**whole, "output": whole.get("output") or self.body["output"]}

    def _more(self) -> str:
        """What the text of the answer has grown by; nothing, should it have become another one."""
        text = "".join(
            part.get("text") or ""
            for item in self.body["output"]
            if item.get("type") == "message"
            for part in item.get("content") or []
            if part.get("type") == "output_text"
        )
        before, self._shown = self._shown, text
        return text.removeprefix(before) if text.startswith(before) else ""

    def item(self, event: dict[str, Any], kind: str) -> dict[str, Any]:
        """The item that an event is about."""
        return _place(self.body["output"], event.get("output_index"), lambda: {"type": kind})

    def part(self, event: dict[str, Any], kind: str) -> dict[str, Any]:
        """The part of a message that an event is about."""
        item = self.item(event, "reasoning" if kind == "reasoning_text" else "message")
        item["content"] = item.get("content") or []
        return _place(item["content"], event.get("content_index"), lambda: {"type": kind})


def _place(places: list[dict[str, Any]], index: Any, new: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not isinstance(index, int) or not 0 <= index <= _MOST_PLACES:
        raise ValueError(f"there is no place {index!r}")
    while len(places) <= index:
        places.append(new())
    return places[index]


def _set(places: list[dict[str, Any]], index: Any, whole: Any) -> None:
    place = _place(places, index, dict)
    place.clear()
    place.update(whole)


def _item(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    _set(chunks.body["output"], event.get("output_index"), event["item"])


def _part(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    item = chunks.item(event, "message")
    item["content"] = item.get("content") or []
    _set(item["content"], event.get("content_index"), event["part"])


def _text(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    part = chunks.part(event, "output_text")
    _grow(part, "text", event)
    if more := event.get("logprobs"):
        whole = "text" in event
        part["logprobs"] = list(more) if whole else [*(part.get("logprobs") or []), *more]


def _refusal(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    _grow(chunks.part(event, "refusal"), "refusal", event)


def _reasoning(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    _grow(chunks.part(event, "reasoning_text"), "text", event)


def _arguments(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    _grow(chunks.item(event, "function_call"), "arguments", event)


def _summary(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    item = chunks.item(event, "reasoning")
    item["summary"] = item.get("summary") or []
    _grow(_place(item["summary"], event.get("summary_index"), lambda: {"type": "summary_text"}), "text", event)


def _summary_part(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    item = chunks.item(event, "reasoning")
    item["summary"] = item.get("summary") or []
    _set(item["summary"], event.get("summary_index"), event["part"])


def _note(chunks: ResponseChunks, event: dict[str, Any]) -> None:
    part = chunks.part(event, "output_text")
    part["annotations"] = [*(part.get("annotations") or []), event["annotation"]]


def _grow(place: dict[str, Any], name: str, event: dict[str, Any]) -> None:
    """Add a delta to a text, or put the whole text in its place."""
    place[name] = event[name] if name in event else (place.get(name) or "") + event["delta"]


_GROWERS: dict[str, Callable[[ResponseChunks, dict[str, Any]], None]] = {
    "output_item.added": _item,
    "output_item.done": _item,
    "content_part.added": _part,
    "content_part.done": _part,
    "output_text.delta": _text,
    "output_text.done": _text,
    "output_text.annotation.added": _note,
    "refusal.delta": _refusal,
    "refusal.done": _refusal,
    "reasoning_text.delta": _reasoning,
    "reasoning_text.done": _reasoning,
    "reasoning_summary_part.added": _summary_part,
    "reasoning_summary_part.done": _summary_part,
    "reasoning_summary_text.delta": _summary,
    "reasoning_summary_text.done": _summary,
    "function_call_arguments.delta": _arguments,
    "function_call_arguments.done": _arguments,
}
