"""A DataFrame as a command shows it: read at a glance, and still the DataFrame."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from ..safe_html import safe_text
from ..visible import visible

if TYPE_CHECKING:
    import pandas

_MOST_ROWS, _ENDS, _SHORT = 100, 10, 40
_CELL = "padding:2px 12px 2px 0;vertical-align:top"


def readable(frame: pandas.DataFrame) -> pandas.DataFrame:
    """The same DataFrame, which a notebook shows as a quiet table: numbers on the right, nothing for what is missing.

    An index that has no name isn't shown; of more than a hundred rows the first and the last ten are.

    >>> import pandas
    >>> "1,000" in readable(pandas.DataFrame({"tpm": [1000]}))._repr_html_()
    True
    """
    return _readable()(frame)


@cache
def _readable() -> Any:
    import pandas

    class Readable(pandas.DataFrame):  # type: ignore[misc]
        @property
        def _constructor(self) -> Any:
            return pandas.DataFrame  # what is made of it is shown as usual

        def _repr_html_(self) -> str:
            return _html(self)

    return Readable


def _html(frame: pandas.DataFrame) -> str:
    named = [str(frame.index.name)] if frame.index.name is not None else []
    heads = [*named, *map(str, frame.columns)]
    columns = [[*frame.index]] * len(named) + [[*frame[name]] for name in frame.columns]
    sides = ["right" if any(map(_is_number, one)) else "left" for one in columns]
    first = "".join(
        f'<th scope="col" style="text-align:{side};{_CELL};white-space:nowrap">{_safe(head)}</th>'
        for head, side in zip(heads, sides, strict=True)
    )
    body = "".join(
        f'<tr style="background:none">{"".join(map(_td, row, sides))}</tr>'
        for row in _rows([*zip(*columns, strict=True)])
    )
    count = (
        f'<p style="opacity:.65;font-size:85%;margin:.6em 0 0">{len(frame):,} rows</p>' if len(frame) > _ENDS else ""
    )
    table = (
        f'<table style="margin:0"><thead><tr style="background:none">{first}</tr></thead><tbody>{body}</tbody></table>'
    )
    return f'<div class="aoai-listing" style="overflow-x:auto">{table}</div>{count}'


def _rows(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    if len(rows) <= _MOST_ROWS:
        yield from rows
    else:
        yield from rows[:_ENDS]
        yield ("…",) * len(rows[0])
        yield from rows[-_ENDS:]


def _td(value: Any, side: str) -> str:
    text = _text(value)
    wrapped = ";min-width:14em;white-space:normal" if len(text) > _SHORT else ";white-space:nowrap"
    return f'<td style="text-align:{side};{_CELL}{wrapped}">{_safe(text)}</td>'


def _text(value: Any) -> str:
    import pandas

    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    if pandas.isna(value):
        return ""
    if isinstance(value, pandas.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if _is_number(value) and value == int(value):
        return f"{int(value):,}"
    if _is_number(value):
        import numpy

        return numpy.format_float_positional(float(value), precision=3, fractional=False, trim="-")
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _safe(text: str) -> str:
    return safe_text(visible(text))
