"""How a table with its answers begins, as Markdown: a cell shows that much of it."""

from __future__ import annotations

import numbers
import re
from typing import Any

from ..visible import shortened
from .columns import ERROR
from .rows import is_missing

_ROWS, _COLUMNS, _WIDTH = 5, 6, 80
# What is data is not to be read as Markdown.
_MARKS = re.compile(r"([\\`*_\[\]<>|~$&])")


def preview(frame: Any, added: list[str]) -> str:
    """The first rows of a frame: the columns that were `added`, and as many others before them as there is room for.

    >>> import pandas
    >>> print(preview(pandas.DataFrame({"word": ["hey"], "answer": ["HEY!"]}), ["answer"]))
    | word | answer |
    |:---|:---|
    | hey | HEY! |
    """
    # One row more takes no more room than to say that there is one.
    head = _flat(frame.head(_ROWS if len(frame) > _ROWS + 1 else _ROWS + 1))
    cells = {name: [*head[name]] for name in head.columns}
    shown = [name for name in added if name != ERROR or not all(map(is_missing, cells[ERROR]))]
    others = [name for name in head.columns if name not in added][: max(1, _COLUMNS - len(shown))]
    names = [*others, *shown]
    lines = [
        _line(names),
        "|" + "".join("---:|" if all(map(_is_number, cells[name])) else ":---|" for name in names),
        *(_line(row) for row in zip(*(cells[name] for name in names), strict=True)),
    ]
    rest = len(frame) - len(head)
    return "\n".join([*lines, *([f"\n… and {rest:,} rows more"] if rest else [])])


def _flat(frame: Any) -> Any:
    """A frame whose columns have one level; those that answers were put into have their own names again."""
    if getattr(frame.columns, "nlevels", 1) == 1:
        return frame
    import pandas

    names = [one if any(one[1:]) else one[0] for one in frame.columns]
    return frame.set_axis(pandas.Index(names, tupleize_cols=False), axis=1)


def _is_number(value: Any) -> bool:
    return is_missing(value) or (isinstance(value, numbers.Number) and not isinstance(value, bool))


def _line(cells: Any) -> str:
    return f"| {' | '.join(_cell(one) for one in cells)} |"


def _cell(value: Any) -> str:
    text = "" if is_missing(value) else " ".join(str(value).split())
    return _MARKS.sub(r"\\\1", shortened(text, _WIDTH))
