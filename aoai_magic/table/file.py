"""A run's file: the answers so far, so that a run that was cut can be finished, by this kernel or another.

JSON Lines, an answer a line, found again by the digest of its request; no prompt is in it. It is deleted when every row
has its answer. A line is written at once, and one that a kill or a full disk cut short is taken off again.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import settings
from ..errors import RunFileError
from .outcome import Answer

_MARK = "aoai_map"


class RunFile:
    """The file of one run, open and locked; `answers` are those in it, by key, and those that need not be written down.

    One that is `lasting` stays when its run is done: it is a part of a larger one. Raises RunFileError where it can't
    be opened, is none, or another run has it. With no path it is in memory alone.
    """

    def __init__(
        self, path: Path | None, *, new: bool = False, head: dict[str, Any] | None = None, lasting: bool = False
    ) -> None:
        self.path, self._lasting = path, lasting
        self.answers: dict[str, Answer] = {}
        if path is None:
            return
        try:
            if new:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else 0), 0o600)
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            self._take()
            if new:
                self._write({_MARK: 1, **(head or {})})
            else:
                self._take_over(path)
        except BaseException:
            self.close(done=new)
            raise

    def keep(self, key: str, answer: Answer, *, write: bool = True) -> None:
        """Write an answer down. Raises RunFileError where that can't be; the lines before it stay whole."""
        self.answers[key] = answer  # also one that can't be written
        if write and self.path is not None:
            self._write({"key": key, **answer.line()})

    def close(self, *, done: bool) -> None:
        """Let go of the file, and delete it if the run is done."""
        if self.path is None:
            return
        if done and not (self._lasting and self.answers):
            with suppress(OSError):
                self.path.unlink()
        os.close(self._file)

    def _take(self) -> None:
        for wait in (0.01, 0.1, 0.3, 0.0):  # who looks whether it is free has it for a moment
            with suppress(OSError):
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            time.sleep(wait)
        raise RunFileError(
            f"Another run has {self.path} now.",
            "Two at once would send the same rows.",
            "Wait until it has ended, or interrupt it.",
        )

    def _write(self, line: dict[str, Any]) -> None:
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise RunFileError(
                f"An answer can't be written to {self.path}: {error}.",
                "Nothing more was sent: a run that is cut would lose what isn't written down.",
                "Make room, then run the cell again with --resume (resume=True); the error's reply has all answers so far.",
            ) from error

    def _take_over(self, path: Path) -> None:
        content = os.pread(self._file, os.fstat(self._file).st_size, 0)
        whole = content.rfind(b"\n") + 1
        _, self.answers = _read(path, content[:whole])
        if whole < len(content):  # a line that was being written when its writer was killed
            os.ftruncate(self._file, whole)


def new(head: dict[str, Any], part_of: str | None = None) -> RunFile:
    """Begin the file of a new run, in the state folder; as a part of a larger one, if that is named.

    Raises RunFileError.
    """
    name = f"{part_of or time.strftime('%Y-%m-%dT%H%M%S')}-{secrets.token_hex(3)}.jsonl"
    return RunFile(folder() / name, new=True, head=head, lasting=part_of is not None)


def taken_up(path: Path, part_of: str | None = None) -> RunFile:
    """Go on with the file of a run that was cut; as a part of a larger one, if that is named. Raises RunFileError."""
    if part_of is not None:
        with suppress(OSError):
            path = path.rename(folder() / f"{part_of}-{secrets.token_hex(3)}.jsonl")
    return RunFile(path, lasting=part_of is not None)


def read(path: Path) -> tuple[dict[str, Any], dict[str, Answer]]:
    """What a run's file says of the run, and its answers by key. Raises RunFileError where it can't be read."""
    try:
        return _read(path, path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error


def is_free(path: Path) -> bool:
    """Whether no run has the file now. Raises OSError."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def folder() -> Path:
    """Where the files of runs are."""
    return settings.home() / "maps"


def _unreadable(path: Path, error: OSError) -> RunFileError:
    if isinstance(error, FileNotFoundError):
        return RunFileError(
            f"There is no run in {path}.",
            "The file of a run that was cut is named when it starts, and when it ends too early; it goes when it is finished.",
            "%aoai runs lists them; --resume alone (resume=True) takes up the one with answers to these rows.",
        )
    return RunFileError(
        f"The file of a run can't be used: {error}.",
        "It keeps the answers, so that a run that is cut loses none. Nothing was sent.",
        f"Look at {path.parent}, its disk and its rights; AOAI_HOME names another folder for what is kept.",
    )


def _read(path: Path, content: bytes) -> tuple[dict[str, Any], dict[str, Answer]]:
    lines = _lines(content)
    head = next(lines, None)
    if head is None or _MARK not in head:
        raise RunFileError(
            f"{path} is no file of a run.",
            "The file of a run that was cut is named when it starts, and when it ends too early.",
            "--resume alone looks for it.",
        )
    fields = Answer.__dataclass_fields__
    answers = {
        line["key"]: Answer(**{name: value for name, value in line.items() if name in fields})
        for line in lines
        if isinstance(line.get("key"), str) and isinstance(line.get("text"), str)
    }
    return head, answers


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    """The lines that can be read: of a damaged one, the row is sent again."""
    for line in content.split(b"\n"):
        with suppress(ValueError):
            found = json.loads(line) if line else None
            if isinstance(found, dict):
                yield found
