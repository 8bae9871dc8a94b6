"""Where what came back is written to: nothing is overwritten unasked, and a name says what is in the file."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from .errors import SettingsError


def destinations(
    path: str | os.PathLike[str], suffixes: Sequence[str], what: str, count: int = 1, *, overwrite: bool = False
) -> list[Path]:
    """Return the files that `count` things of a kind would be written to under a name.

    Of several they are fox-1.png, fox-2.png, … `suffixes` are those of its format, the first of which a name without
    one gets; `what` is the kind in words ("picture"). Raises SettingsError for a name that doesn't fit the format, for
    no such folder and, unless `overwrite`, for a file that is there already. Asked before anything is sent, what can't
    be saved isn't paid for.

    >>> [str(file) for file in destinations("fox", (".jpg", ".jpeg"), "picture", 2)]
    ['fox-1.jpg', 'fox-2.jpg']
    """
    name = Path(path).expanduser()
    if not name.suffix:
        name = name.with_name(name.name + suffixes[0]) if name.name else name
    elif name.suffix.lower() not in suffixes:
        raise SettingsError(
            f"The {what} is written to a {suffixes[0]}, and {name.name} isn't the name of one.",
            "It is written as it was sent.",
            f"Name it {name.with_suffix(suffixes[0]).name}, or ask for another format (--format).",
        )
    files = [name] if count == 1 else [name.with_stem(f"{name.stem}-{number}") for number in range(1, count + 1)]
    if not name.parent.is_dir():
        raise SettingsError(f"There is no folder {name.parent}.", "", "Make it first: pathlib.Path(FOLDER).mkdir()")
    for file in files:
        if file.is_dir() or not file.name:
            raise SettingsError(f"{file} is a folder.", "", f"Name a file in it: {file / what}{suffixes[0]}")
        if file.exists() and not overwrite:
            raise SettingsError(
                f"{file} is there already.",
                "Nothing is overwritten unasked.",
                f'Name another file, or in Python: reply.save("{name}", overwrite=True)',
            )
    return files


def write(files: Sequence[Path], contents: Sequence[bytes], what: str, *, overwrite: bool = False) -> None:
    """Write each content to its file.

    Raises SettingsError where that fails, and for a file that has come into being meanwhile.
    """
    try:
        for file, data in zip(files, contents, strict=True):
            with file.open("wb" if overwrite else "xb") as out:
                out.write(data)
    except OSError as error:
        raise SettingsError(
            f"{file} can't be written: {error.strerror or error}.",
            "What came back is kept, in _ and aoai.last.",
            f'aoai.last.save("{what}")',
        ) from error


@contextlib.contextmanager
def whole(file: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of another in one step at the end.

    Whatever goes wrong before, the other stays as it is. Raises OSError.
    """
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
        Path(draft).chmod(file.stat().st_mode if file.exists() else 0o644)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
