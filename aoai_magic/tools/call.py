"""A call that a model asks for, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..visible import shortened

_LONGEST = 120


@dataclass
class ToolCall:
    """A call that a model asked for.

    `arguments` are a dict, or the text as it came where it isn't one in JSON. `result` is the text that the model got
    back, None as long as the call wasn't made; `failed` says that it is an error's, or why the call wasn't made.

    >>> print(ToolCall("call_1", "weather", '{"city": "Oslo", "days": 2}'))
    weather(city='Oslo', days=2)
    """

    id: str
    name: str
    json: str
    result: str | None = None
    failed: bool = False

    @property
    def arguments(self) -> dict[str, Any] | str:
        try:
            found = json.loads(self.json or "{}")
        except (ValueError, RecursionError):
            return self.json
        return found if isinstance(found, dict) else self.json

    @property
    def message(self) -> dict[str, Any]:
        """The message that gives the model its result."""
        return {"role": "tool", "tool_call_id": self.id, "content": self.result or ""}

    def __str__(self) -> str:
        given = self.arguments
        shown = ", ".join(f"{name}={value!r}" for name, value in given.items()) if isinstance(given, dict) else given
        return f"{self.name}({shortened(shown, _LONGEST)})"


def calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The calls that an assistant's message asks for.

    >>> calls({"tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}]})
    (ToolCall(id='call_1', name='now', json='{}', result=None, failed=False),)
    """
    found = []
    for call in message.get("tool_calls") or []:
        asked = call.get("function") or call.get("custom") or {}
        given = asked.get("arguments") or asked.get("input") or ""
        found.append(ToolCall(call.get("id") or "", asked.get("name") or "", given))
    return tuple(found)
