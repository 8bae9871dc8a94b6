"""Chat messages to tokens: what the roles and the reply's priming add to the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .text import DEFAULT_ENCODING, count

# OpenAI's cookbook, "How to count tokens with tiktoken" (commit c81359c): each message is framed by 3 tokens, a name
# takes 1 more, and every reply is primed with 3.
_PER_MESSAGE = 3
_PER_NAME = 1
_PRIMING = 3


def count_chat(messages: Iterable[Mapping[str, Any]], model: str = DEFAULT_ENCODING) -> int:
    """Return the prompt tokens of a chat request: the text of all messages, their framing, the reply's priming.

    >>> count_chat([{"role": "user", "content": "pear"}], "gpt-4o")
    8
    """
    return _PRIMING + sum(_count_message(message, model) for message in messages)


def _count_message(message: Mapping[str, Any], model: str) -> int:
    total = _PER_MESSAGE
    for key, value in message.items():
        if isinstance(value, str):
            total += count(value, model)
        elif key == "content" and isinstance(value, list):
            total += sum(count(part["text"], model) for part in value if part.get("type") == "text")
    return total + (_PER_NAME if "name" in message else 0)
