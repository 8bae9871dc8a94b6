"""Cells before and after a magic has them: as they were typed, and what those that failed said."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import AoaiError, Interrupted
from ..visible import visible

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

_MAGIC = re.compile(r"[ \t]*%%(\w+)(?:[ \t]+|(?=[\r\n]|$))")
_MOST_ERRORS = 100
_LONGEST_ERROR = 20_000
_MOST_FRAMES = 200


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
    opened.has_side_effects = True  # type: ignore[attr-defined]

    def begin(self, info: ExecutionInfo) -> None:
        """Keep the cell as it was typed: IPython strips prompts and indentation from what a magic gets."""
        self._typed, self._is_stored = info.raw_cell or "", info.store_history

    def end(self, result: ExecutionResult) -> None:
        """Keep what a cell that failed said."""
        error = result.error_before_exec or result.error_in_exec
        if error is not None and result.execution_count is not None:
            self.errors[result.execution_count] = self._told(error)
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

    def _told(self, error: BaseException) -> str:
        """The traceback in Python's own form, from the cell on.

        Cells are called by their number, not by a temporary file.
        """
        if isinstance(error, AoaiError | Interrupted):
            text = f"{type(error).__name__}: {error}"
        else:
            whole = traceback.TracebackException.from_exception(error, limit=-_MOST_FRAMES)
            for one in _chain(whole):
                self._name_cells(one)
            text = "".join(whole.format()).rstrip("\n")
        if len(text) > _LONGEST_ERROR:
            left_out = len(text) - _LONGEST_ERROR
            head, tail = text[: _LONGEST_ERROR // 4], text[-_LONGEST_ERROR * 3 // 4 :]
            text = f"{head}\n[… {left_out:,} characters are left out here …]\n{tail}"
        return visible(text)

    def _name_cells(self, one: traceback.TracebackException) -> None:
        frames = [
            traceback.FrameSummary(self._file(frame.filename), frame.lineno, frame.name, line=frame.line)
            for frame in one.stack
        ]
        # What comes before the cell is IPython, running it.
        at = next((at for at, frame in enumerate(frames) if frame.filename.startswith("Cell In")), 0)
        one.stack[:] = frames[at:]
        if isinstance(getattr(one, "filename", None), str):  # of a SyntaxError
            one.filename = self._file(one.filename)

    def _file(self, name: str) -> str:
        told = self._shell.compile.format_code_name(name)
        return " ".join(told) if told else name


def first_line(lines: list[str]) -> int:
    """The index of the first line that is neither blank nor a comment; the number of lines if all are."""
    return next((at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))


def opening(line: str) -> re.Match[str] | None:
    """The magic with which a line opens a cell, its name as group 1, and the space after it.

    >>> opening("%%chat -t 0")[1]
    'chat'
    """
    return _MAGIC.match(line)


def _chain(one: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    waiting: list[Any] = [one]
    while waiting:
        if (each := waiting.pop()) is not None:
            yield each
            waiting += [each.__cause__, each.__context__, *(getattr(each, "exceptions", None) or ())]
