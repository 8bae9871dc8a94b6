"""`--roles`: a cell as several messages, each begun by `system:`, `user:` or `assistant:` at the start of a line."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from ..errors import OptionError
from ..templates.holes import holes

Content = str | list[dict[str, Any]]

# With it goes one space, or the rest of a line that holds nothing else.
_ROLE = re.compile(r"^(system|user|assistant):(?:[ \t]*(?:\r\n|\n|\Z)|[ \t])?", re.MULTILINE)
_BLANK_END = re.compile(r"(?:\r?\n[ \t]*)+\Z")


def messages(body: str, fill: Callable[[str], Content] | None = None) -> list[dict[str, Any]]:
    """Return the messages of a cell's body, each filled in by `fill`; None fills nothing in.

    A message is as it was typed, but for blank lines before the next one. Only roles that were typed count, also in the
    text of a loop; what is filled in makes none. Raises OptionError for text before the first role, and for an empty
    message.

    >>> messages("system: Be brief.\\n\\nuser: 1 + 1?\\nassistant: 2\\nuser: 2 + 2?")[2:]
    [{'role': 'assistant', 'content': '2'}, {'role': 'user', 'content': '2 + 2?'}]
    """
    mark = secrets.token_hex(8)  # so that no value can hold it
    ours = [range(hole.start, hole.end) for hole in holes(body)] if fill else []
    marked = _ROLE.sub(
        lambda role: role[0] if any(role.start() in hole for hole in ours) else f"{mark}{role[1]}:", body
    )
    filled = fill(marked) if fill else marked
    found: list[dict[str, Any]] = [{"role": "", "content": []}]
    for part in [{"type": "text", "text": filled}] if isinstance(filled, str) else filled:
        if part["type"] != "text":
            found[-1]["content"].append(part)
            continue
        first, *others = part["text"].split(mark)
        found[-1]["content"].append({"type": "text", "text": first})
        for other in others:
            role, _, text = other.partition(":")
            found.append({"role": role, "content": [{"type": "text", "text": text}]})
    before, *told = found
    if not told or _says_something(before["content"]):
        raise OptionError(
            "Text stands before the first role." if told else "The cell names no role.",
            "With --roles each message begins with system:, user: or assistant: at the start of a line.",
            "user: " + " ".join(_text(before["content"]).split())[:60],
        )
    for number, message in enumerate(told, 1):
        if number < len(told) and message["content"][-1]["type"] == "text":
            message["content"][-1]["text"] = _BLANK_END.sub("", message["content"][-1]["text"])
        if not _says_something(message["content"]):
            raise OptionError(
                f"Message {number} ({message['role']}) is empty.",
                "Each role's message is what stands after its colon.",
                f"{message['role']}: …",
            )
        content = [part for part in message["content"] if part["type"] != "text" or part["text"]]
        message["content"] = content if any(part["type"] != "text" for part in content) else _text(content)
    return told


def _says_something(content: list[dict[str, Any]]) -> bool:
    return any(part["type"] != "text" or part["text"].strip() for part in content)


def _text(content: list[dict[str, Any]]) -> str:
    return "".join(part["text"] for part in content if part["type"] == "text")
