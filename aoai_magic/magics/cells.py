"""Cells before and after a magic has them: as they were typed, and the errors of those that failed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

_MAGIC = r"[ \t]*%%(\w+)(?:[ \t]+|(?=[\r\n]|$))"
_MOST_ERRORS = 100


class Cells:
    """What a shell's cells were, for the magics that `owns` says are ours. `attach` and `detach` are all it changes."""

    def __init__(self, shell: InteractiveShell, owns: Callable[[str], bool]) -> None:
        self._shell, self._owns = shell, owns
        self._typed, self._is_stored = "", False
        #: The tracebacks of cells that failed, by number: text, made visible.
        self.errors: dict[int, str] = {}

    def attach(self) -> None:
        self._shell.input_transformers_cleanup.insert(0, self.opened)
        self._shell.events.register("pre_run_cell", self.begin)
        self._shell.events.register("post_run_cell", self.end)

    def detach(self) -> None:
        self._shell.input_transformers_cleanup.remove(self.opened)
        self._shell.events.unregister("pre_run_cell", self.begin)
        self._shell.events.unregister("post_run_cell", self.end)

    def opened(self, lines: list[str]) -> list[str]:
        """Let a cell of ours begin with its magic, and have a body: IPython wants both before a magic gets it.

        Comments and blank lines above the magic are taken away, and a magic alone (`%%chat --help`) gets an empty line.
        Other cells are returned as they are.
        """
        at = first_line(lines)
        found = opening(lines[at]) if at < len(lines) else None
        if found is None or not self._owns(found[1]):
            return lines
        first = f"%%{found[1]} {lines[at][found.end() :]}"  # IPython looks for a space after the name
        return [first, *(lines[at + 1 :] or ["\n"])]

    # Asked whether a cell is complete, IPython leaves this one out: else a terminal would run %%chat at once.
    opened.has_side_effects = True  # type: ignore[attr-defined]  # IPython looks there

    def begin(self, info: ExecutionInfo) -> None:
        """Keep the cell as it was typed: IPython strips prompts and indentation from what a magic gets."""
        self._typed, self._is_stored = info.raw_cell or "", info.store_history

    def end(self, result: ExecutionResult) -> None:
        """Keep what a cell that failed said."""
        error = result.error_before_exec or result.error_in_exec
        if error is not None and result.execution_count is not None:
            from .failures import told

            self.errors[result.execution_count] = told(error, self._shell)
            for number in list(self.errors)[:-_MOST_ERRORS]:
                del self.errors[number]

    def as_typed(self, name: str, line: str, cell: str) -> str:
        """The body of the running cell as it was typed, if it is this magic's; else as the magic got it."""
        lines = self._typed.split("\n")
        at = first_line(lines)
        found = opening(lines[at]) if at + 1 < len(lines) else None
        if found and found[1] == name and lines[at][found.end() :].strip() == line.strip():
            body = "\n".join(lines[at + 1 :])
            # At a terminal's prompt, empty lines are what ends a cell; elsewhere they are what was typed.
            return body.rstrip("\n") if getattr(self._shell, "pt_app", None) is not None else body
        return cell.removesuffix("\n")  # called by other code, or from inside another cell

    def names(self) -> dict[str, Any]:
        """What `{{ }}` knows: the kernel's variables, and In, Out and Err where they aren't the user's own.

        In holds the cells before this one, as they were typed; Err the tracebacks of those that failed.
        """
        from ..templates.history import History

        variables, history = self._shell.user_ns, self._shell.history_manager
        found = dict(variables)
        if history is not None and variables.get("In") is history.input_hist_parsed:
            typed = dict(enumerate(history.input_hist_raw[: -1 if self._is_stored else None]))
            typed.pop(0, None)  # they count from 1
            found["In"] = History("In", typed, "wasn't run before this one")
        if history is not None and variables.get("Out") is history.output_hist:
            found["Out"] = History("Out", history.output_hist, "gave nothing back")
        return {"Err": History("Err", self.errors, "didn't fail"), **found}


def first_line(lines: list[str]) -> int:
    """The index of the first line that is neither blank nor a comment; the number of lines if all are."""
    return next((at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))


def opening(line: str) -> re.Match[str] | None:
    """The magic with which a line opens a cell, its name as group 1, and the space after it.

    >>> opening("%%chat -t 0")[1]
    'chat'
    """
    return re.match(_MAGIC, line)
