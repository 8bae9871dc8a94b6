"""Server-sent events and ids, as the service writes them."""

from __future__ import annotations

import secrets
import string
from typing import Any

from .wire import written

DONE = b"data: [DONE]\n\n"
REGION = "local"
#: The beginning of a chunk that belongs to the stream, and not to the answer: the filter's.
BLANK: dict[str, Any] = {"id": "", "object": "", "created": 0, "model": ""}
# A letter or digit for each byte: some come up a little more often than others, which an id can bear.
_LETTERS = ((string.ascii_letters + string.digits) * 5)[:256].encode()


def sse(data: dict[str, Any], name: str | None = None) -> bytes:
    """One event, with a name where the API gives its events names.

    >>> sse({"a": 1})
    b'data: {"a":1}\\n\\n'
    """
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + written(data) + b"\n\n"


def new_id(prefix: str, length: int = 29) -> str:
    """A new id: prefix, and that many letters and digits."""
    return prefix + secrets.token_bytes(length).translate(_LETTERS).decode()


def hex_id(prefix: str, length: int = 32) -> str:
    """A new id: prefix, and that many hexadecimal digits, an even number."""
    return prefix + secrets.token_hex(length // 2)
