"""The file of recordings: JSON Lines, to which many kernels append at once, and an index of its lines."""

from __future__ import annotations

import binascii
import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..errors import warn_in_words
from . import beside, words
from .recording import Recording, line, read

if TYPE_CHECKING:
    from filelock import FileLock

NAME = "recordings.jsonl"
_GIT = {
    ".gitattributes": f"{NAME} text eol=lf merge=union\nfiles/** -text\n",
    ".gitignore": ".lock\n*.part\n",
}
# What `recording.line` begins with, and hand-edited lines may not.
_HASH = b'", "hash": "'
_BEFORE_HASH = b'{"at": "' + b"2026-11-22T00:00:00.000000Z" + _HASH
_BLOCK = 1 << 18


class RecordingsWarning(UserWarning):
    """Something is wrong with recordings, and the work goes on without it: a damaged line, a disk that is full."""


def warn(text: str) -> None:
    """Say it, once for each text."""
    warn_in_words(text, RecordingsWarning)


class Store:
    """The recordings in a folder. Nothing is read before one is looked for, and nothing made before one is added.

    Safe with many threads, and with other processes that add to the same file or replace it. Lines that can't be read
    are told of by a `RecordingsWarning`, and passed over.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / NAME
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None  # inode, size and time of the file that the index is of
        self._forget()

    def _forget(self) -> None:
        # Of most requests there is one line; a dictionary of lists would take 50,000 lists.
        self._index: dict[bytes, int | list[int]] = {}
        self._read_to = self._lines = 0
        self._end = b""  # of what was read

    def __contains__(self, hash_: str) -> bool:
        with self._lock:
            self._look()
            return bytes.fromhex(hash_) in self._index

    def find(self, hash_: str) -> list[Recording]:
        """The recordings of a request, in the order in which it was sent; of two of one sending the later by its time.

        Those of different kinds of service stand side by side. Files that belong to them aren't read yet.
        """
        with self._lock:
            self._look()
            found = self._at(hash_)
        return self._latest(found)

    def _at(self, hash_: str) -> list[Recording]:
        places = self._index.get(bytes.fromhex(hash_))
        if places is None:
            return []
        found = []
        with self.file.open("rb") as file:
            for place in [places] if isinstance(places, int) else places:
                file.seek(place)
                try:
                    found.append(read(file.readline()))
                except ValueError as error:
                    self._damaged(f"the recording at byte {place:,}", str(error))
        return found

    def _latest(self, found: list[Recording]) -> list[Recording]:
        if len(found) < 2:
            return found
        latest: dict[tuple[str, int], Recording] = {}
        replaced = {one.replaces for one in found}
        for one in sorted(found, key=lambda one: (one.n, one.at)):
            before = latest.get((one.kind, one.n))
            if before and before.at not in replaced and before.at != one.at:
                warn(
                    f"{self._named} has two recordings of one request, {words.named(one)}: that of {one.at} is "
                    f"used, that of {before.at} isn't. %aoai recordings --prune takes it out."
                )
            latest[one.kind, one.n] = one
        return list(latest.values())

    def add(self, recording: Recording) -> None:
        """Append a recording. Raises OSError where that can't be; then the file is as it was before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._refuse_links()
        with self._alone:  # of the files beside it too: who prunes just now finds no line that needs them
            self._append(line(recording, self.folder))

    def merge(self, other: Store) -> None:
        """Append the lines of another folder that aren't here; the files beside them are the caller's to copy.

        Raises OSError.
        """
        here = {raw.strip() for _, raw in self.lines()}
        more = [raw.strip() + b"\n" for _, raw in other.lines() if raw.strip() not in here]
        if more:
            self._refuse_links()
            self._append(b"".join(more))

    def _append(self, data: bytes) -> None:
        with self._alone:
            if not self.file.exists():
                for name, text in _GIT.items():
                    (self.folder / name).write_text(text, encoding="utf-8")
            handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
            try:
                size = os.fstat(handle).st_size
                os.lseek(handle, max(0, size - 1), os.SEEK_SET)
                if size and os.read(handle, 1) != b"\n":
                    data = b"\n" + data  # somebody was killed in the middle of a line
                try:
                    written = 0
                    while written < len(data):
                        written += os.write(handle, data[written:])
                except BaseException:
                    os.ftruncate(handle, size)
                    raise
            finally:
                os.close(handle)

    def recordings(self, *, files: bool = False) -> Iterator[Recording]:
        """All recordings as they stand in the file; with `files`, what lies beside it is read too, and checked."""
        for number, raw in self.lines():
            try:
                yield read(raw, self.folder if files else None)
            except ValueError as error:
                self._damaged(f"line {number}", str(error))

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines of the file that aren't empty, with their numbers."""
        if not self.file.is_file():
            return
        try:
            with self.file.open("rb") as file:
                for number, raw in enumerate(file, 1):
                    if raw.strip():
                        yield number, raw
        except FileNotFoundError:
            return

    def prune(self, keep: Callable[[Recording], bool]) -> int:
        """Take out the recordings that aren't to be kept, and say how many lines went.

        Damaged lines go too, and files that no line names. Raises OSError.
        """
        self._refuse_links()
        with self._alone:
            kept, gone, needed = [], 0, set()
            for _, raw in self.lines():
                try:
                    one = read(raw)
                    wanted = keep(one)
                except ValueError:
                    wanted = False
                if wanted:
                    kept.append(raw.rstrip(b"\r\n") + b"\n")
                    needed |= beside.names(_response(raw))
                gone += not wanted
            draft = self.file.with_suffix(".part")
            draft.write_bytes(b"".join(kept))
            draft.replace(self.file)
            for file in (self.folder / "files").glob("*"):
                if beside.is_ours(f"files/{file.name}") and f"files/{file.name}" not in needed:
                    file.unlink()
        return gone

    def _refuse_links(self) -> None:
        """Raise OSError where something here is a link: what is written would go wherever a clone's maker wanted."""
        for name in (NAME, f"{self.file.stem}.part", "files", ".lock", *_GIT):
            if (self.folder / name).is_symlink():
                raise OSError(errno.ELOOP, f"{name} is a symbolic link")

    @cached_property
    def _alone(self) -> FileLock:
        from filelock import FileLock

        return FileLock(self.folder / ".lock", timeout=30)

    def _look(self) -> None:
        """Bring the index up to date."""
        try:
            status = self.file.stat()
        except OSError:
            if self._seen:
                self._forget()
                self._seen = None
            return
        seen = (status.st_ino, status.st_size, status.st_mtime_ns)
        if seen == self._seen:
            return
        if not stat.S_ISREG(status.st_mode):
            self._seen = seen
            warn(f"{self._named} is no file, and is passed over.")
            return
        with self.file.open("rb") as file:
            if self._seen is None or seen[0] != self._seen[0] or not self._only_grown(file, seen[1]):
                self._forget()
            self._read(file)
        self._seen = seen

    def _only_grown(self, file: IO[bytes], size: int) -> bool:
        """Whether the file is the one that was read, with more at its end; else somebody edited it in place."""
        file.seek(self._read_to - len(self._end))
        return size > self._read_to and file.read(len(self._end)) == self._end

    def _read(self, file: IO[bytes]) -> None:
        # By position, since that is all that a line costs here: a pattern takes twice as long as this whole loop.
        file.seek(self._read_to)
        index, at, end_of_hash = self._index, len(_BEFORE_HASH), len(_BEFORE_HASH) + 32
        mark = at - len(_HASH)
        rest, base = b"", self._read_to
        while block := file.read(_BLOCK):
            block, begin = rest + block, 0
            while (end := block.find(b"\n", begin)) >= 0:
                self._lines += 1
                key = None
                if (
                    block[begin + mark : begin + at] == _HASH
                    and block[begin + end_of_hash : begin + end_of_hash + 1] == b'"'
                    and block[end - 1] in b"}\r"
                ):
                    with contextlib.suppress(binascii.Error):
                        key = binascii.unhexlify(block[begin + at : begin + end_of_hash])
                if key is None:
                    self._odd(block[begin:end], base + begin)
                elif key in index:
                    self._further(key, base + begin)
                else:
                    index[key] = base + begin
                begin = end + 1
            rest = block[begin:]
            base += begin
            self._end = block[max(0, begin - 80) : begin] or self._end
        self._read_to = base
        if rest.strip():  # its newline may be missing, or its end: then somebody is writing it, or was killed
            self._odd(rest, base)

    def _further(self, key: bytes, place: int) -> None:
        places = self._index.get(key)
        if places is None:
            self._index[key] = place
        elif isinstance(places, list):
            if place not in places:
                places.append(place)
        elif place != places:
            self._index[key] = [places, place]

    def _odd(self, raw: bytes, place: int) -> None:
        """A line that isn't as `recording.line` writes them: edited by hand, or damaged."""
        if not raw.strip():
            return
        try:
            self._further(bytes.fromhex(read(raw).hash), place)
        except ValueError as error:
            self._damaged(f"line {self._lines}", str(error))

    @property
    def _named(self) -> str:
        return f"{self.folder.name}/{NAME}"

    def _damaged(self, where: str, why: str) -> None:
        warn(f"{self._named}, {where}: can't be read, and is passed over. {why[:200]}")


def _response(raw: bytes) -> object:
    import json

    return json.loads(raw)["response"]
