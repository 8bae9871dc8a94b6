"""Server-sent events, and ids, as the service writes them."""

from __future__ import annotations

import secrets
import string
from typing import Any

from .wire import written

DONE = b"data: [DONE]\n\n"
_LETTERS = string.ascii_letters + string.digits


def sse(data: dict[str, Any], name: str | None = None) -> bytes:
    """One event, with a name where the API gives its events names.

    >>> sse({"a": 1})
    b'data: {"a":1}\\n\\n'
    """
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + written(data) + b"\n\n"


def new_id(prefix: str, length: int = 29) -> str:
    """A new id: prefix, and that many letters and digits."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))
