"""What --help prints: a magic's options, in groups, and examples."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ..fitting import fitted, terminal_width
from .arguments import HELP, Option

# The options that several magics have in common; a magic's own come before them.
_GROUPS = {
    "What is sent": "system attach detail schema tools approve rounds roles raw param",
    "How it is written": "temperature top_p max_tokens effort verbosity seed stop n logprobs api",
    "Conversations": "continue chat new",
    "Many requests": "compare over limit concurrency resume no_unique batch",
    "Before it is sent": "dry_run request code budget",
    "Recordings": "record replay fresh",
    "What is shown": "format no_stream quiet help",
}
_WIDTH, _COLUMN, _LEAST = 100, 30, 34


@dataclass(frozen=True)
class Usage:
    """The help text of a magic, made from its options, as wide as the terminal and no wider than a page.

    >>> print(Usage("%aoai status", "Show it.", (), "    %aoai status"))
    Show it.
    <BLANKLINE>
    %aoai status [options]
    <BLANKLINE>
      -h, --help  show this help and send nothing
    <BLANKLINE>
    Examples::
    <BLANKLINE>
        %aoai status
    """

    magic: str
    summary: str
    options: Sequence[Option]
    examples: str

    def __str__(self) -> str:
        positional = " ".join(f"[{option.metavar}]" for option in self.options if option.positional)
        head = " ".join(filter(None, [self.magic, positional, "[options]"]))
        table = _table((*self.options, HELP))
        return f"{fitted(self.summary)}\n\n{head}\n\n{table}\n\nExamples::\n\n{self.examples}"


def rows(table: Sequence[tuple[str, str]], column: int | None = None) -> str:
    """Names and what they are for, side by side, at most a hundred characters wide; in a narrow terminal below each other.

    `column` is where the second part begins.

    >>> print(rows([("-q", "show nothing")]))
      -q  show nothing
    """
    column = column or min(max(len(name) for name, _ in table) + 4, _COLUMN)
    width = min(terminal_width() or _WIDTH, _WIDTH)
    if width < column + _LEAST:
        column = 6
    lines = []
    for name, text in table:
        told = textwrap.wrap(text, width - column) or [""]
        beside = told.pop(0) if len(name) + 4 <= column else ""
        lines += [f"  {name:<{column - 2}}{beside}".rstrip(), *(" " * column + line for line in told)]
    return "\n".join(lines)


def _table(options: Sequence[Option]) -> str:
    told = [(_form(option), option.help) for option in options]
    if len(options) < 10:
        return rows(told)
    groups = {name: [at for at, one in enumerate(options) if one.key in keys.split()] for name, keys in _GROUPS.items()}
    in_groups = {at for group in groups.values() for at in group}
    parts = [rows([one for at, one in enumerate(told) if at not in in_groups], _COLUMN)]
    parts += [f"{name}\n{rows([told[at] for at in group], _COLUMN)}" for name, group in groups.items() if group]
    return "\n\n".join(parts)


def _form(option: Option) -> str:
    """An option's names, and what comes after them."""
    value = f"[{option.metavar}]" if option.alone is not None else option.metavar
    return ", ".join(option.names) + (f" {value}" if value else "")
