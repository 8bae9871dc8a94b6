"""`%aoai COMMAND`: everything that isn't a prompt."""

from __future__ import annotations

import textwrap
from typing import Any

from ..errors import OptionError, near
from ..fitting import fitted
from ..render import readable
from ..visible import visible
from . import chat, complete, image, tokens
from .arguments import Option, parse
from .commands import (
    batching,
    connecting,
    conversing,
    exporting,
    listing,
    practice,
    recording,
    replies,
    sound,
    spending,
)
from .commands.command import Command
from .help import Usage, rows


def run(line: str) -> Any:
    """Do what the line says; print what it says in words, return what is a table.

    Raises OptionError for a command that there isn't.
    """
    words = line.split(maxsplit=1)
    name, rest = (words[0], words[1] if len(words) > 1 else "") if words else ("help", "")
    if name in ("-h", "--help"):
        name = "help"
    command = COMMANDS.get(name)
    if command is None:
        raise _unknown(name)
    options = parse(rest, command.options, f"%aoai {name}")
    if options.pop("help", False):
        print(_usage(name))
        return None
    found = command.run(options)
    if type(found) is not str:  # a table, or code, which is text that is shown in a way of its own
        return readable(found) if hasattr(found, "iterrows") else found
    print(fitted(visible(found)))
    return None


def _help(name: str | None) -> str:
    if name is None:
        return str(USAGE)
    name = name.lstrip("%")
    if name in _CELLS:
        return str(_CELLS[name])
    if name not in COMMANDS:
        raise _unknown(name)
    return str(_usage(name))


def _usage(name: str) -> Usage:
    command = COMMANDS[name]
    examples = textwrap.indent(command.example or f"%aoai {name}", "    ")
    return Usage(f"%aoai {name}", command.summary, command.options, examples)


def _unknown(name: str) -> OptionError:
    if name.lstrip("%") in _CELLS:
        cell = f"%%{name.lstrip('%')}"
        return OptionError(f"%aoai has no command {name!r}.", "Prompts are cells of their own.", f"{cell}, and the prompt on the lines below it")  # fmt: skip
    meant = near(name, COMMANDS)
    return OptionError(
        f"%aoai has no command {name!r}.",
        f"Did you mean {meant}?" if meant else f"It has {', '.join(COMMANDS)}.",
        f"%aoai {meant or 'help'}",
    )


GROUPS: dict[str, dict[str, Command]] = {
    "Where cells are sent, and what is there": {**connecting.COMMANDS, **listing.COMMANDS},
    "What they cost": spending.COMMANDS,
    "What came back": {**replies.COMMANDS, **conversing.COMMANDS, **batching.COMMANDS},
    "The same again: from recordings, in other programs": {**recording.COMMANDS, **exporting.COMMANDS},
    "Sound": sound.COMMANDS,
    "Practice": practice.COMMANDS,
    "Help": {
        "help": Command(
            "Show this, or the help of one of them.",
            lambda options: _help(options.get("name")),
            (Option(("--name",), "which, such as chat or connect", "COMMAND", positional=True),),
            "%aoai help\n%aoai help chat\n%aoai help connect",
        )
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}

_CELLS = {"chat": chat.USAGE, "complete": complete.USAGE, "image": image.USAGE, "tokens": tokens.USAGE}
_OVERVIEW = {
    "Prompts: cells that begin with": {
        **{f"%%{name}": one.summary for name, one in _CELLS.items()},
        "%%aoai": "The same as %%chat, for where another extension has that name.",
    },
    **{head: {f"%aoai {name}": one.summary for name, one in group.items()} for head, group in GROUPS.items()},
}


class _Overview:
    """What %aoai help prints."""

    def __str__(self) -> str:
        tables = [f"{head}\n{rows(list(table.items()), 22)}" for head, table in _OVERVIEW.items()]
        more = "--help after any of them says more: its options, and examples. So does %aoai help NAME."
        return "\n\n".join([*tables, fitted(more)])


USAGE = _Overview()
