"""A DataFrame as a command shows it: read at a glance, and still the DataFrame."""

from __future__ import annotations

import math
import numbers
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ..catalog import dollars
from ..fitting import terminal_width
from ..safe_html import safe_text
from ..visible import visible
from .numerals import lined_up

if TYPE_CHECKING:
    import pandas

_MOST_ROWS, _ENDS, _SHORT = 100, 10, 40
_CELL = "padding:2px 12px 2px 0;vertical-align:top"
_QUIET = '<p style="opacity:.65;font-size:85%;margin:.6em 0 0">'
#: Columns of US dollars, by the names that our own tables have for them.
_DOLLARS = {"price", "cheapest", "dearest", "unknown_up_to", "practice"}


def readable(frame: pandas.DataFrame, note: str = "") -> pandas.DataFrame:
    """The same DataFrame, shown as a quiet table: numbers on the right, prices in dollars, nothing for what is missing.

    An index that has no name isn't shown; of more than a hundred rows the first and the last ten are. A `note` stands
    under it. A terminal shows all columns, as many beside each other as have room.

    >>> import pandas
    >>> "1,000" in readable(pandas.DataFrame({"tpm": [1000]}))._repr_html_()
    True
    """
    if isinstance(frame, _readable()):
        return frame
    made = _readable()(frame)
    made.attrs = {"note": note}
    return made


@cache
def _readable() -> Any:
    import pandas

    class Readable(pandas.DataFrame):  # type: ignore[misc]  # pandas has no types
        @property
        def _constructor(self) -> Any:
            return pandas.DataFrame  # what is made of it is shown as usual

        def _repr_html_(self) -> str:
            return _html(_Shown(self, _DOLLARS))

        def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
            printer.text(_plain(_Shown(self, _DOLLARS), terminal_width()))

    return Readable


@dataclass(frozen=True)
class Listing:
    """A DataFrame as a block between others."""

    frame: pandas.DataFrame

    def html(self) -> str:
        return _html(_Shown(self.frame))

    def plain(self) -> str:
        return _plain(_Shown(self.frame), None)

    def drawn(self) -> Any:
        from rich.text import Text

        return Text(_plain(_Shown(self.frame), terminal_width()))


class _Shown:
    """What is shown of a DataFrame: heads, the side that each column stands on, its texts, and what is said below.

    `prices` are the columns of US dollars.
    """

    def __init__(self, frame: pandas.DataFrame, prices: Collection[str] = ()) -> None:
        named = [str(frame.index.name)] if frame.index.name is not None else []
        self.heads = [*named, *map(str, frame.columns)]
        columns = [[*frame.index]] * len(named) + [[*frame.iloc[:, at]] for at in range(frame.shape[1])]
        self.right = [any(map(_is_number, one)) for one in columns]
        self.columns = [
            [*_ends([_text(value, head in prices) for value in one])]
            for head, one in zip(self.heads, columns, strict=True)
        ]
        count = [f"{len(frame):,} rows"] if len(frame) > _ENDS else []
        self.notes = list(filter(None, [*count, frame.attrs.get("note")]))


def _html(shown: _Shown) -> str:
    sides = ["right" if right else "left" for right in shown.right]
    first = "".join(
        f'<th scope="col" style="text-align:{side};{_CELL};white-space:nowrap">{safe_text(head)}</th>'
        for head, side in zip(shown.heads, sides, strict=True)
    )
    columns = [
        [_td(text, side) for text in (lined_up(texts) if side == "right" else texts)]
        for texts, side in zip(shown.columns, sides, strict=True)
    ]
    body = "".join(f'<tr style="background:none">{"".join(row)}</tr>' for row in zip(*columns, strict=True))
    notes = "".join(f"{_QUIET}{safe_text(note)}</p>" for note in shown.notes)
    table = (
        f'<table style="margin:0"><thead><tr style="background:none">{first}</tr></thead><tbody>{body}</tbody></table>'
    )
    return f'<div class="aoai-listing" style="overflow-x:auto">{table}</div>{notes}'


def _plain(shown: _Shown, width: int | None) -> str:
    """The table as text: as many columns beside each other as fit into `width`, the others below, by the first one's side."""
    columns = [
        _justified([head, *(lined_up(texts, " ", " ") if right else texts)], right)
        for head, texts, right in zip(shown.heads, shown.columns, shown.right, strict=True)
    ]
    blocks: list[list[list[str]]] = [columns[:1]]
    for column in columns[1:]:
        if width and sum(len(one[0]) + 2 for one in [*blocks[-1], column]) - 2 > width and len(blocks[-1]) > 1:
            blocks.append(columns[:1])
        blocks[-1].append(column)
    parts = ["\n".join("  ".join(row).rstrip() for row in zip(*block, strict=True)) for block in blocks]
    parts += ["\n".join(textwrap.wrap(note, width or 1_000)) for note in map(visible, shown.notes)]
    return "\n\n".join(parts)


def _justified(texts: Sequence[str], right: bool) -> list[str]:
    texts = [visible(text).translate({ord("\n"): " ", ord("\t"): " "}) for text in texts]
    width = max(map(len, texts))
    return [f"{text:>{width}}" if right else f"{text:<{width}}" for text in texts]


def _ends(texts: list[str]) -> Iterator[str]:
    if len(texts) <= _MOST_ROWS:
        yield from texts
    else:
        yield from texts[:_ENDS]
        yield "…"
        yield from texts[-_ENDS:]


def _td(text: str, side: str) -> str:
    wrapped = ";min-width:14em;white-space:normal" if len(text) > _SHORT else ";white-space:nowrap"
    return f'<td style="text-align:{side};{_CELL}{wrapped}">{safe_text(text)}</td>'


def _text(value: Any, is_price: bool) -> str:
    import pandas

    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    if pandas.isna(value):
        return ""
    if isinstance(value, pandas.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if is_price and _is_number(value):
        return dollars(float(value))
    if _is_number(value) and value == int(value):
        return f"{int(value):,}"
    if _is_number(value):
        import numpy

        return numpy.format_float_positional(float(value), precision=3, fractional=False, trim="-")
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
