"""`%aoai COMMAND`: everything that isn't a prompt."""

from __future__ import annotations

from typing import Any

from ..errors import OptionError
from . import chat
from .arguments import parse
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
from .help import rows, usage


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
        print(usage(f"%aoai {name}", command.summary, command.options, f"    {command.example or '%aoai ' + name}"))
        return None
    found = command.run(options)
    if type(found) is not str:  # a table, or code, which is text that is shown in a way of its own
        return found
    print(found)
    return None


def _unknown(name: str) -> OptionError:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    return OptionError(
        f"%aoai has no command {name!r}.",
        f"Did you mean {near[0]}?" if near else f"It has {', '.join(COMMANDS)}.",
        f"%aoai {near[0] if near else 'help'}",
    )


COMMANDS: dict[str, Command] = {
    **connecting.COMMANDS,
    **spending.COMMANDS,
    **exporting.COMMANDS,
    **listing.COMMANDS,
    **recording.COMMANDS,
    **batching.COMMANDS,
    **sound.COMMANDS,
    **practice.COMMANDS,
    **replies.COMMANDS,
    **conversing.COMMANDS,
    "help": Command("Show the magics and their options.", lambda options: USAGE),
}

USAGE: str = f"""{chat.USAGE}

Other cells: %%complete, %%image, %%tokens. --help on their line says more.

%aoai COMMAND [options]

{rows([(name, command.summary) for name, command in COMMANDS.items()])}

%aoai COMMAND --help says more about each."""
