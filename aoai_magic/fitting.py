"""Text of ours as a terminal has room for it: cut between words, and set in below where it began."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap

# What begins a row of two or three columns: a name, and the space before what it is about.
_NAME = re.compile(r"(\s*\S(?:\S| (?! ))*\s{2,})\S")


def terminal_width() -> int | None:
    """How many columns the terminal has that is written to; None where it is none.

    >>> terminal_width() is None or terminal_width() > 0
    True
    """
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def fitted(text: str, width: int | None = None) -> str:
    """Return text with the lines cut that are longer than `width`, by default the terminal's; else as it is.

    What is too long goes on below where it began, in rows below their second column. Words are never cut.

    >>> print(fitted("deployment      gpt-4o, since nothing else was said", 36))
    deployment      gpt-4o, since
                    nothing else was
                    said
    """
    width = width or terminal_width()
    return "\n".join(_cut(line, width) for line in text.split("\n")) if width else text


def _cut(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    name = _NAME.match(line)
    inner = len(name[1]) if name else 0
    if not 0 < inner <= width // 2:
        inner = min(len(line) - len(line.lstrip()) + 2 * bool(name), width // 2)
    return textwrap.fill(
        line, width, subsequent_indent=" " * inner, break_long_words=False, break_on_hyphens=False, expand_tabs=False
    )
