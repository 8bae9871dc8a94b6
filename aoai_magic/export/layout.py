"""Lists and mappings laid out as code: on one line where they fit, else an item a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: Characters in a line, as far as it can be cut.
WIDTH = 88


def laid_out(
    value: Any, written: Callable[[Any], str], last: str = ",", indent: int = 0, before: int = 0, step: int = 4
) -> str:
    """Return a value with lists and mappings in it as text, in the brackets that Python and JSON share.

    `written` writes keys and whatever else there is, `last` stands after the last of several lines. `indent` is that of
    the line that the value begins on, `before` how many characters stand there before it.

    >>> print(laid_out({"a": [1, 2]}, repr))
    {'a': [1, 2]}
    """
    if not isinstance(value, Mapping | list | tuple):
        return written(value)
    if isinstance(value, Mapping):
        items, brackets = [(f"{written(str(key))}: ", one) for key, one in value.items()], "{}"
    else:
        items, brackets = [("", one) for one in value], "[]"
    inner = indent + step
    flat = [head + laid_out(one, written, last, inner, len(head), step) for head, one in items]
    one_line = f"{brackets[0]}{', '.join(flat)}{brackets[1]}"
    if not items or ("\n" not in one_line and indent + before + len(one_line) < WIDTH):
        return one_line
    lines = ",\n".join(f"{' ' * inner}{item}" for item in flat)
    return f"{brackets[0]}\n{lines}{last}\n{' ' * indent}{brackets[1]}"
