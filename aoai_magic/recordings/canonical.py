"""What a request is, whoever sends it and however: its canonical form, and the hash by which its recording is found.

Pure functions. Two requests have one hash if a service could not tell them apart but by how the answer is to travel.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..secret import SIGNED

# Whether the answer comes in one piece or many is no part of the question.
_NO_PART = ("stream", "stream_options")
# What is another at every run, in the text of a traceback or of an object: addresses in memory (at the end of a repr),
# and the names that IPython and `tempfile` make up, in the temporary folders of the three systems.
_TEMPORARY = r"(?:/tmp|/var/folders/[\w+]+/[\w+]+/T|[A-Za-z]:\\Users\\[^\\\n]{1,64}\\AppData\\Local\\Temp)[/\\]"
_MADE_UP = (
    (" at 0x", re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}(?=>)"), "0x…"),
    ("ipykernel_", re.compile(rf"(?:{_TEMPORARY})?ipykernel_\d+[/\\]\d+\.py"), "ipykernel/cell.py"),
    ("<ipython-input-", re.compile(r"<ipython-input-\d+-[0-9a-f]+>"), "<ipython-input>"),
    ("tmp", re.compile(_TEMPORARY + r"tmp[a-z0-9_]{8}(?![a-z0-9_])"), "temporary"),
)
_URL = re.compile(r"https?://[^\s\"'<>\\?]+\?[^\s\"'<>\\]+", re.IGNORECASE)
# What goes with a signature in an address, and changes with it.
_SIGNATURE = re.compile(
    r"s(ig|e|t|p|v|r|s|rt|ip|pr|dd|koid|ktid|kt|ke|ks|kv|i)|x-(amz|goog)-.*|signature|expires|key-pair-id|policy|awsaccesskeyid",
    re.IGNORECASE,
)
_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,", re.IGNORECASE)


# The beginnings of files that models take and make.
_MEDIA = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"\xff\xf3": "audio/mpeg",
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
    b"%PDF": "application/pdf",
}


def canonical(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the canonical form of a request's body: what JSON can hold, with its keys in order.

    `stream`, `stream_options` and what is None are left out; whole numbers are written without a point; files and data
    URLs become a hash, a PNG one of its pixels, since its bytes depend on who packed it. Texts lose what is another at
    every run (addresses in memory and made-up paths of tracebacks) and addresses their signatures.

    >>> canonical({"model": "gpt-4o", "messages": [], "temperature": 0.0, "stream": True})
    {'messages': [], 'model': 'gpt-4o', 'temperature': 0}
    """
    return {
        name: _canonical(value) for name, value in sorted(body.items()) if name not in _NO_PART and value is not None
    }


def digest(operation: str, request: Mapping[str, Any]) -> str:
    """Return the hash of an operation (such as "chat/completions") and a canonical request: 32 hexadecimal digits.

    >>> digest("chat/completions", canonical({"messages": [], "model": "gpt-4o"}))
    'd6f183e29d339066d786a7f12ce016e0'
    """
    text = json.dumps([operation, request], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def form(fields: Iterable[tuple[str, str | bytes]]) -> dict[str, Any]:
    """Return the fields of a form as a body: of one name, all values in a list.

    Files are bytes; their names are no part of it.

    >>> form([("image[]", b"GIF89a"), ("prompt", "a fox")])
    {'image': [b'GIF89a'], 'prompt': 'a fox'}
    """
    found: dict[str, list[str | bytes]] = {}
    for name, value in fields:
        found.setdefault(name.removesuffix("[]"), []).append(value)
    return {
        name: values if len(values) > 1 or isinstance(values[0], bytes) else values[0] for name, values in found.items()
    }


def _canonical(value: Any) -> Any:
    match value:
        case str():
            return _text(value)
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {str(name): _canonical(one) for name, one in sorted(value.items())}
        case bytes() | bytearray() | memoryview():
            return fingerprint(bytes(value))
        case list() | tuple():
            return [_canonical(one) for one in value]
    return value


def _text(text: str) -> str:
    if text[:5].lower() == "data:" and (head := _DATA_URL.match(text)):
        try:
            return fingerprint(base64.b64decode(text[head.end() :], validate=True))
        except (binascii.Error, ValueError):
            return text
    return without_signatures(without_made_up(text))


def without_made_up(text: str) -> str:
    """Return a text without what is another at every run: addresses in memory, names of temporary files.

    >>> without_made_up("<object at 0x7f5bd43b7c50>")
    '<object at 0x…>'
    """
    for mark, pattern, instead in _MADE_UP:
        if mark in text:
            text = pattern.sub(instead, text)
    return text


def without_signatures(text: str) -> str:
    """Return a text whose signed addresses have lost their signatures, which are others every day.

    >>> without_signatures("https://x.blob.core.windows.net/a/cat.png?size=2&sig=abc%3D")
    'https://x.blob.core.windows.net/a/cat.png?size=2'
    """
    return _URL.sub(lambda found: _unsigned(found[0]), text) if SIGNED.search(text) else text


def _unsigned(url: str) -> str:
    if not SIGNED.search(url):
        return url
    address, _, query = url.partition("?")
    kept = [one for one in query.split("&") if not _SIGNATURE.fullmatch(one.partition("=")[0])]
    return f"{address}?{'&'.join(kept)}" if kept else address


def media_type(data: bytes) -> str:
    """The media type of a file, by how it begins.

    >>> media_type(b"GIF89a"), media_type(b"a,b")
    ('image/gif', 'application/octet-stream')
    """
    if data[:4] == b"RIFF":
        return "image/webp" if data[8:12] == b"WEBP" else "audio/wav"
    return next((kind for start, kind in _MEDIA.items() if data.startswith(start)), "application/octet-stream")


def fingerprint(data: bytes) -> str:
    """What a file is called in a canonical request: its media type and the hash of its bytes, of a PNG of its pixels.

    >>> fingerprint(b"GIF89a")
    'image/gif 610f5ae4d76e332636a17bd357fd6ce9'
    """
    kind = media_type(data)
    if kind == "image/png":
        pixels = _pixels(data)
        if pixels is not None:
            return f"{kind} {pixels}"
    return f"{kind} {hashlib.sha256(data).hexdigest()[:32]}"


def _pixels(png: bytes) -> str | None:
    """The size of a picture and the hash of its pixels; None where it can't be unpacked: its bytes then have to do."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(png)) as picture:
            found = hashlib.sha256(f"{picture.mode} {picture.size}".encode())
            found.update(picture.tobytes())
            return f"{picture.width}x{picture.height} {found.hexdigest()[:32]}"
    except Exception:  # whatever a broken or a monstrous file lets Pillow raise
        return None
