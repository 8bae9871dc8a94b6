"""Several answers side by side, each with its facts under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..safe_html import safe_text
from ..visible import visible
from .blocks import Block, bundled

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_CELL = "text-align:left;vertical-align:top;white-space:normal;overflow-wrap:anywhere"
_SIZE = "var(--jp-content-font-size1,14px)"
_WIDE = f"{_CELL};padding:4px 20px 4px 0;font-size:{_SIZE};line-height:var(--jp-content-line-height,1.5)"
_QUIET = f"{_CELL};padding:1px 20px 1px 0;font-size:calc({_SIZE}*.85);opacity:.65"
_ROW = '<tr style="background:none">'


@dataclass(frozen=True)
class Column:
    """One of them: its head, the blocks that it is shown as, its facts by name, and what went wrong, if it did."""

    head: str
    blocks: Sequence[Block] = ()
    facts: dict[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Columns:
    """All of them, as one block: a table; as plain text and in a terminal, one below the other.

    >>> print(Columns([Column("gpt-4o", facts={"tokens": "9 in, 2 out"}), Column("o1", error="Not there.")]).plain())
    gpt-4o
    ──────
    9 in, 2 out
    <BLANKLINE>
    o1
    ──
    Not there.
    """

    columns: Sequence[Column]

    @property
    def length(self) -> int:
        """How many characters they have."""
        return sum(len(block.plain()) for column in self.columns for block in column.blocks)

    def html(self) -> str:
        columns = self.columns
        heads = "".join(
            f'<th scope="col" style="{_WIDE};font-weight:600">{safe_text(one.head)}</th>' for one in columns
        )
        texts = "".join(f'<td style="{_WIDE}">{bundled(one.blocks)["text/html"]}{_failed(one)}</td>' for one in columns)
        names = dict.fromkeys(name for one in columns for name in one.facts)
        cells = [
            "".join(f'<td style="{_QUIET}">{safe_text(one.facts.get(name, ""))}</td>' for one in columns)
            for name in names
        ]
        facts = "".join(f"{_ROW}{row}</tr>" for row in cells)
        width = f"width:100%;min-width:{14 * len(columns)}em;table-layout:fixed;margin:0"
        return (
            f'<div class="aoai-columns" style="overflow-x:auto"><table style="{width}">'
            f"<thead>{_ROW}{heads}</tr></thead><tbody>{_ROW}{texts}</tr>{facts}</tbody></table></div>"
        )

    def plain(self) -> str:
        return visible("\n\n".join(map(_in_text, self.columns)))

    def drawn(self) -> Any:
        from rich.console import Group

        parts = [part for column in self.columns for part in _parts(column)]
        return Group(*parts[:-1])  # without the empty line after the last

    def growing(self) -> Any:
        """What rich shows while they come: a line for each, with the end of what there is."""
        return _Growing(self.columns)


@dataclass(frozen=True)
class _Growing:
    columns: Sequence[Column]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        width = max(len(visible(column.head)) for column in self.columns)
        for column in self.columns:
            text = visible(column.error).split("\n")[0] if column.error else " ".join(_said(column).split())
            room = max(options.max_width - width - 4, 1)
            end = text if column.error or len(text) <= room else f"…{text[1 - room :]}"
            line = Text.assemble((f"{visible(column.head):<{width}}", "bold"), "  ", end or "…")
            line.truncate(options.max_width, overflow="ellipsis")
            yield line


def _in_text(column: Column) -> str:
    blocks = [block.plain() for block in column.blocks]
    said = "\n\n".join(filter(None, [*blocks, column.error, " · ".join(column.facts.values())]))
    return f"{column.head}\n{'─' * len(column.head)}\n{said}"


def _parts(column: Column) -> list[Any]:
    from rich.rule import Rule
    from rich.text import Text

    parts: list[Any] = [Rule(Text(visible(column.head), style="bold"), align="left", style="dim")]
    parts += [block.drawn() for block in column.blocks]
    parts += [Text(visible(column.error), style="red")] if column.error else []
    facts = visible(" · ".join(column.facts.values()))
    return [*parts, *([Text(f"\n{facts}", style="dim")] if facts else []), Text()]


def _said(column: Column) -> str:
    return column.blocks[-1].plain() if column.blocks else ""


def _failed(column: Column) -> str:
    lines = "<br>".join(safe_text(line) for line in column.error.split("\n")) if column.error else ""
    return f'<div style="color:var(--jp-error-color1,#c62828)">{lines}</div>' if lines else ""
