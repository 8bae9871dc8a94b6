"""What a cell that failed said, as text for a model: `{{ Err[3] }}`."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import AoaiError, Interrupted
from ..visible import visible

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_LONGEST = 20_000
_MOST_FRAMES = 200


def told(error: BaseException, shell: InteractiveShell) -> str:
    """The traceback in Python's own form, from the cell on.

    Cells are called by their number, not by a temporary file.
    """
    if isinstance(error, AoaiError | Interrupted):
        text = f"{type(error).__name__}: {error}"
    else:
        whole = traceback.TracebackException.from_exception(error, limit=-_MOST_FRAMES)
        for one in _chain(whole):
            _name_cells(one, shell)
        text = "".join(whole.format()).rstrip("\n")
    if len(text) > _LONGEST:
        left_out = len(text) - _LONGEST
        head, tail = text[: _LONGEST // 4], text[-_LONGEST * 3 // 4 :]
        text = f"{head}\n[… {left_out:,} characters are left out here …]\n{tail}"
    return visible(text)


def _name_cells(one: traceback.TracebackException, shell: InteractiveShell) -> None:
    frames = [
        traceback.FrameSummary(_file(frame.filename, shell), frame.lineno, frame.name, line=frame.line)
        for frame in one.stack
    ]
    # What comes before the cell is IPython, running it.
    at = next((at for at, frame in enumerate(frames) if frame.filename.startswith("Cell In")), 0)
    one.stack[:] = frames[at:]
    if isinstance(getattr(one, "filename", None), str):  # of a SyntaxError
        one.filename = _file(one.filename, shell)


def _file(name: str, shell: InteractiveShell) -> str:
    told = shell.compile.format_code_name(name)
    return " ".join(told) if told else name


def _chain(one: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    waiting: list[Any] = [one]
    while waiting:
        if (each := waiting.pop()) is not None:
            yield each
            waiting += [each.__cause__, each.__context__, *(getattr(each, "exceptions", None) or ())]
