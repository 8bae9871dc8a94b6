"""What is too large for a line: files beside it, named by the hash of their bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from ..saving import whole
from .canonical import media_type

# In characters: a text of base64 that is longer goes into a file, and so does an answer that still is, as JSON.
_LONG_BASE64, _LONG = 4096, 16_384
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_NAME = re.compile(r"files/([0-9a-f]{32})\.[a-z0-9]{2,4}")
_SUFFIXES = {"jpeg": "jpg", "mpeg": "mp3", "octet-stream": "bin"}
#: The key of an object that stands for a file's bytes; for them as base64; for what the file holds as JSON.
FILE, BYTES, JSON = "$file", "$base64", "$json"


def put(folder: Path, data: bytes, suffix: str = "") -> str:
    """Write bytes into a file beside the recordings, unless it is there, and return its name. Raises OSError.

    The file is whole or isn't there at all, whatever happens on the way.
    """
    name = f"files/{_hash(data)}.{suffix or _suffix(data)}"
    file = folder / name
    if file.exists():
        return name
    file.parent.mkdir(exist_ok=True)
    with whole(file) as out:
        out.write(data)
    return name


def get(folder: Path, name: str) -> bytes:
    """The bytes of a file beside the recordings. Raises ValueError for one that isn't there, or isn't what it was."""
    if not (found := _NAME.fullmatch(name)):
        raise ValueError(f"{name[:80]!r} is no name of a file beside recordings")
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise ValueError(f"{name} can't be read: {error.strerror}") from error
    if _hash(data) != found[1]:
        raise ValueError(f"{name} isn't what it was when it was written: its hash is another")
    return data


def is_ours(name: str) -> bool:
    """Whether a file beside recordings has a name that `put` gives.

    >>> is_ours("files/notes.txt")
    False
    """
    return _NAME.fullmatch(name) is not None


def names(value: Any) -> set[str]:
    """The files that a recorded answer stands on."""
    match value:
        case {"$file": str(name)} | {"$base64": str(name)} | {"$json": str(name)} if len(value) == 1:
            return {name}
        case dict():
            return set().union(*map(names, value.values())) if value else set()
        case list():
            return set().union(*map(names, value)) if value else set()
    return set()


def aside(folder: Path, value: Any) -> Any:
    """A JSON value with what is long in it put into files.

    Raises OSError, and ValueError for what would be taken for a file.
    """
    small = _aside(folder, value)
    text = json.dumps(small, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= _LONG:
        return small
    return {JSON: put(folder, text.encode("utf-8", "surrogatepass"), "json")}


def back(folder: Path, value: Any) -> Any:
    """The value again. Raises ValueError where a file is missing or damaged."""
    match value:
        case {"$json": str(name)} if len(value) == 1:
            return back(folder, json.loads(get(folder, name).decode("utf-8", "surrogatepass")))
        case {"$base64": str(name)} if len(value) == 1:
            return base64.b64encode(get(folder, name)).decode()
        case dict():
            return {name: back(folder, one) for name, one in value.items()}
        case list():
            return [back(folder, one) for one in value]
    return value


def _aside(folder: Path, value: Any, name: str = "") -> Any:
    match value:
        case dict():
            if len(value) == 1 and next(iter(value)).startswith("$"):
                raise ValueError("an object that looks like the name of a file")
            return {key: _aside(folder, one, key) for key, one in value.items()}
        case list():
            return [_aside(folder, one, name) for one in value]
        case str() if len(value) >= _LONG_BASE64 and name != "embedding" and (data := _decoded(value)):
            return {BYTES: put(folder, data)}  # vectors are many and small: together they go into one file
    return value


def _decoded(text: str) -> bytes | None:
    if not _BASE64.fullmatch(text):
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data).decode() == text else None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _suffix(data: bytes) -> str:
    kind = media_type(data).partition("/")[2]
    return _SUFFIXES.get(kind, kind)
