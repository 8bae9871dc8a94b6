"""The body of a request as JSON text that shows all that is in it."""

from __future__ import annotations

import json
from typing import Any

from ..visible import escaped
from .layout import laid_out


def json_text(value: Any) -> str:
    """Return a value as JSON on one line.

    Letters stay as they are, characters that can't be seen are escaped, and files are named.

    >>> json_text({"prompt": "naïve\u202e"})
    '{"prompt": "naïve\\\\u202e"}'
    """
    return escaped(json.dumps(value, ensure_ascii=False, default=repr))


def json_lines(value: Any) -> str:
    """Return a value as JSON in lines that are easy to read.

    >>> print(json_lines({"model": "gpt-4o"}))
    {"model": "gpt-4o"}
    """
    return laid_out(value, json_text, last="", step=2)
