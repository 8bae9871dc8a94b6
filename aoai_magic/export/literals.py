"""Values as Python source that reads well and is read back exactly, whatever is in them."""

from __future__ import annotations

import re
from typing import Any

from ..visible import HIDDEN
from .layout import WIDTH

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}


class Source(str):
    """Python source that stands for a value, and is written as it is."""


def quoted(text: str) -> str:
    """Return text as a literal on one line; what can't be seen is escaped.

    >>> print(quoted('She said "no".\\n'))
    "She said \\"no\\".\\n"
    """
    return f'"{_escaped(text, _EVERYWHERE)}"'


def block(text: str) -> str:
    """Return text as a literal that may take several lines, as the right side of an assignment.

    Text of several lines stands between triple quotes as it is; one long line becomes several, cut between words.

    >>> print(block("one\\ntwo"))
    \"\"\"\\
    one
    two\"\"\"
    """
    if "\n" in text:
        # Of quotes side by side all but the last are escaped, and one at the end: so no three of them end it.
        return '"""\\\n' + re.sub(r'"(?="|\Z)', r"\"", _escaped(text, _IN_BLOCKS)) + '"""'
    if len(quoted(text)) <= WIDTH or text.startswith("data:"):
        return quoted(text)
    lines = [""]
    for word in re.findall(rf"\S{{1,{WIDTH - 8}}}\s*|\s+", text):
        if len(quoted(lines[-1] + word)) > WIDTH - 4 and lines[-1]:
            lines.append("")
        lines[-1] += word
    return "(\n" + "".join(f"    {quoted(line)}\n" for line in lines) + ")"


def literal(value: Any) -> str:
    """Return a value of JSON, or source, as source on one line.

    >>> literal(None), literal("None"), literal(Source("None"))
    ('None', '"None"', 'None')
    """
    if isinstance(value, Source):
        return str(value)
    return quoted(value) if isinstance(value, str) else repr(value)


_EVERYWHERE = re.compile(rf'{HIDDEN}|[\n\t\\"]')
_IN_BLOCKS = re.compile(rf"{HIDDEN}|[\t\\]")


def _escaped(text: str, what: re.Pattern[str]) -> str:
    return what.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return _SHORT.get(match[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")  # fmt: skip
