"""Names that can be offered without asking anybody: deployments, conversations, variables, files."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AoaiError
from ..templates import data

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

#: What a magic's deployments have to offer, where their model is known.
_OPERATIONS = {"chat": "chat", "aoai": "chat", "complete": "completions", "image": "images"}


def deployments(magic: str) -> list[str]:
    """The deployments of the current connection that are known, those alone that can do what the magic asks for."""
    from ..current import foreseen

    operation = _OPERATIONS.get(magic)
    with contextlib.suppress(AoaiError):  # told when a cell is run
        current = foreseen()
        return [
            name
            for name in current.names()
            if operation is None or (known := current.known(name)) is None or operation in known.model.operations
        ]
    return []


def variables(names: Mapping[str, Any], fits: Callable[[Any], bool] | None = None) -> list[str]:
    """The user's variables that hold data, or what `fits`."""
    hidden = ("In", "Out")
    return [
        name
        for name, value in data(names).items()
        if name[:1] != "_" and name not in hidden and (fits or _is_data)(value)
    ]


def files(fragment: str, kind: str) -> Iterator[str]:
    """The files (or folders alone) whose path begins with a fragment; a folder ends in a slash. @FILE begins with @."""
    mark = "@" if kind == "@FILE" else ""
    if not fragment.startswith(mark):
        return
    folder, name = os.path.split(fragment[len(mark) :])
    try:
        entries = sorted(os.scandir(Path(folder).expanduser() if folder else "."), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(name) and (name or not entry.name.startswith(".")):
            is_folder = entry.is_dir()
            if is_folder or kind != "FOLDER":
                yield f"{mark}{os.path.join(folder, entry.name)}{'/' if is_folder else ''}"


def expressions(shell: InteractiveShell) -> list[str]:
    """What `{{ }}` knows by name."""
    from ..templates.sandbox import Sandbox
    from .prompt import names

    found = {**data(names(shell)), **Sandbox().globals}
    return sorted(name for name in found if name[:1] != "_")


def filters() -> list[str]:
    """What may stand after `|` in `{{ }}`."""
    from ..templates.sandbox import Sandbox

    return sorted(Sandbox().filters)


def _conversations(names: Mapping[str, Any]) -> Iterable[str]:
    from .. import current

    return list(current.conversations)


def _commands(names: Mapping[str, Any]) -> Iterable[str]:
    from .aoai import COMMANDS

    return ["chat", "complete", "image", "tokens", *COMMANDS]


def _models(names: Mapping[str, Any]) -> Iterable[str]:
    from ..catalog import models

    return [model.name for model in models()]


def _efforts(names: Mapping[str, Any]) -> Iterable[str]:
    from ..catalog import EFFORTS

    return EFFORTS


def _is_data(value: Any) -> bool:
    return not (inspect.ismodule(value) or inspect.isroutine(value) or isinstance(value, type))


#: By the words of metavars: names that are offered, of the kernel's variables or not.
KINDS: dict[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
    "CONVERSATION": _conversations,
    "COMMAND": _commands,
    "EFFORT": _efforts,
    "ENDPOINT": lambda names: ["local", "openai", "https://"],
    "MODEL": _models,
    "FUNCTION": lambda names: variables(names, inspect.isfunction),
    "SCHEMA": lambda names: variables(
        names, lambda value: hasattr(value, "model_json_schema") or isinstance(value, dict)
    ),
    "VARIABLE": variables,
}
