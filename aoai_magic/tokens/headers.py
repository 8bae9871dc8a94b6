"""The size of a PNG, JPEG, GIF or WebP picture, from its structure alone: no pixel is ever decoded.

Pillow isn't used for it: it allocates a WebP's canvas before anybody can judge its size, warns of large pictures for
the whole process, and leaves frames and missing ends to be found later. Sources: the specifications of PNG (third
edition), JPEG (ITU-T T.81), Exif 2.32, GIF89a, and the WebP container with RFC 9649.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from ..errors import SettingsError

#: Pictures of more pixels are refused: Pillow won't decode them either, by default (twice its MAX_IMAGE_PIXELS).
MAX_PIXELS = 178_956_970

# The beginnings of what people try, and chat doesn't take.
_OTHERS = {
    b"BM": "a BMP file",
    b"II*\0": "a TIFF file",
    b"MM\0*": "a TIFF file",
    b"%PDF": "a PDF file",
    b"<svg": "an SVG file",
    b"<?xml": "an SVG or another XML file",
    b"<!DOCTYPE svg": "an SVG file",
    b"8BPS": "a Photoshop file",
    b"\0\0\1\0": "an ICO file",
    b"\xff\x0a": "a JPEG XL file",
    b"\0\0\0\x0cJXL ": "a JPEG XL file",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 file",
}
# Files that say after "ftyp" what they are (ISO/IEC 14496-12): pictures by these brands (ISO/IEC 23008-12, annex B; AV1
# Image File Format, section 6), films by all others.
_BRANDS = dict.fromkeys(("heic", "heix", "heim", "heis", "hevc", "hevx"), "a HEIC file") | {
    "mif1": "a HEIF file",
    "msf1": "a HEIF file",
    "avif": "an AVIF file",
    "avis": "an AVIF file",
}


def picture_size(data: bytes, name: str) -> tuple[int, int]:
    """Return width and height of a picture as it is seen: turned the way its EXIF orientation says.

    What can't be sent to a chat (broken, cut off, animated, huge, of another kind) is an error about `name`.

    >>> picture_size(b"BM and so on", "scan.bmp")
    Traceback (most recent call last):
    aoai_magic.errors.SettingsError: scan.bmp is no picture that chat takes: it is a BMP file.
    Chat takes PNG, JPEG, GIF and WebP.
    Convert it: PIL.Image.open(FILE).save("picture.png")
    """
    read = next((read for start, (_, read) in _READERS.items() if data.startswith(start)), None)
    if read is None or (read is _webp and data[8:12] != b"WEBP"):
        raise SettingsError(
            f"{name} is no picture that chat takes: it is {_kind(data)}.",
            "Chat takes PNG, JPEG, GIF and WebP.",
            'Convert it: PIL.Image.open(FILE).save("picture.png")',
        )
    try:
        (width, height), frames, turned = read(data, name)
    except (struct.error, IndexError):
        raise _broken(data, name, "it ends before the picture does") from None
    except ValueError as error:
        raise _broken(data, name, str(error)) from None
    if frames > 1:
        raise SettingsError(
            f"{name} is animated.",
            "A chat is shown still pictures only.",
            "Attach its first frame, as a variable: frame = PIL.Image.open(FILE)",
        )
    return (height, width) if turned else (width, height)


def media_type(data: bytes) -> str:
    """Return the media type of a picture that `picture_size` has taken, by how it begins.

    >>> media_type(b"GIF89a")
    'image/gif'
    """
    kind = next(kind for start, (kind, _) in _READERS.items() if data.startswith(start))
    return f"image/{kind.lower()}"


def check_pixels(width: int, height: int, name: str) -> tuple[int, int]:
    """Return the size of a picture, unless it has no pixels (ValueError) or too many (our error)."""
    if width * height > MAX_PIXELS:
        raise SettingsError(
            f"{name} is too large: {width} x {height} px are {width * height:,} pixels.",
            f"Above {MAX_PIXELS:,} nothing is unpacked: a small file that says so may be a decompression bomb.",
            "Shrink it first: image.thumbnail((4096, 4096))",
        )
    if not width or not height:
        raise ValueError("it says that it has no pixels")
    return width, height


def is_turned(exif: bytes) -> bool:
    """Whether EXIF data says that width and height change places (orientations 5 to 8); damaged data says nothing."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return False
    try:
        (start,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, at)
            if (tag, kind) == (0x0112, 3):
                return value in (5, 6, 7, 8)
    except struct.error:
        pass
    return False


# What a reader below returns: the size as stored, how many frames there are, whether the picture is turned.
_Facts = tuple[tuple[int, int], int, bool]


def _png(data: bytes, name: str) -> _Facts:
    if data[8:16] != b"\0\0\0\x0dIHDR":
        raise ValueError("it doesn't begin with its header")
    width, height = struct.unpack_from(">II", data, 16)
    size = check_pixels(width, height, name)
    frames, turned, pixels, at = 1, False, False, 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if kind[:1].isupper() and zlib.crc32(kind + content) != checksum:
            raise ValueError("a checksum in it is wrong")
        if kind == b"acTL":
            (frames,) = struct.unpack_from(">I", content)
        elif kind == b"eXIf":
            turned = is_turned(content)
        elif kind == b"IDAT":
            pixels = True
        elif kind == b"IEND":
            if not pixels:
                raise ValueError("it has no picture in it")
            return size, frames, turned
        at += 12 + length


def _jpeg(data: bytes, name: str) -> _Facts:
    size, exif = None, b""
    for marker, content, end in _segments(data):
        # Start of frame: all of C0 to CF, but the tables C4 and CC, and the reserved C8.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, 1)
            size = check_pixels(width, height, name)
        elif marker == 0xE1 and content.startswith(b"Exif\0\0"):
            exif = exif or content
        elif marker == 0xDA:
            # The scan. No FF D9, the end of the picture, can be inside of one; what may follow it is no matter.
            if size is None:
                raise ValueError("its size is missing")
            if data.find(b"\xff\xd9", end) < 0:
                raise IndexError
            break
    if size is None:
        raise ValueError("it has no picture in it")
    return size, 1, is_turned(exif)


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Marker, content and end of each of a JPEG's segments, up to the end of the picture."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("a part of it isn't where it should be")
        marker = data[at + 1]
        if marker == 0xFF:  # any number of FF may stand before a marker
            at += 1
        elif marker == 0xD9:
            return
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # these have no content
            at += 2
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            end = at + 2 + length
            if length < 2:
                raise ValueError("a part of it has no length")
            if end > len(data):
                raise IndexError
            yield marker, data[at + 4 : end], end
            at = end


def _gif(data: bytes, name: str) -> _Facts:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _colours(flags)
    frames = 0
    # 3B is the end. Some old pictures lack it, and nobody minds.
    while not (frames and at == len(data)) and data[at] != 0x3B:
        if data[at] == 0x2C:
            frames += 1
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, at + 1)
            # Viewers widen a screen that its first picture goes beyond.
            width, height = check_pixels(max(width, left + wide), max(height, top + high), name)
            at += 10 + _colours(flags) + 1
        elif data[at] == 0x21:
            at += 2
        else:
            raise ValueError("a part of it isn't where it should be")
        if frames > 1:
            break
        while data[at]:  # blocks of up to 255 bytes, then an empty one
            at += 1 + data[at]
        at += 1
    if not frames:
        raise ValueError("it has no picture in it")
    return (width, height), frames, False


def _colours(flags: int) -> int:
    """The bytes of a GIF's table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: bytes, name: str) -> _Facts:
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data):
        raise IndexError
    size, frames, turned, pixels, at = None, 0, False, False, 12
    while at < length + 8:
        kind, length_here = struct.unpack_from("<4sI", data, at)
        start, at = at + 8, at + 8 + length_here + length_here % 2
        if start + length_here > len(data):
            raise IndexError
        if kind == b"VP8X":
            wide, wide_high, high, high_high = struct.unpack_from("<HBHB", data, start + 4)
            size = check_pixels((wide | wide_high << 16) + 1, (high | high_high << 16) + 1, name)
        elif kind == b"VP8 ":
            if data[start + 3 : start + 6] != b"\x9d\x01\x2a":
                raise ValueError("its picture doesn't begin as one")
            wide, high = struct.unpack_from("<HH", data, start + 6)
            size = size or check_pixels(wide & 0x3FFF, high & 0x3FFF, name)
            pixels = True
        elif kind == b"VP8L":
            if data[start : start + 1] != b"\x2f":
                raise ValueError("its picture doesn't begin as one")
            (bits,) = struct.unpack_from("<I", data, start + 1)
            size = size or check_pixels((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, name)
            pixels = True
        elif kind == b"ANMF":
            frames += 1
            pixels = True
        elif kind == b"EXIF":
            turned = is_turned(data[start : start + length_here])
    if size is None or not pixels:
        raise ValueError("it has no picture in it")
    return size, frames, turned


_READERS = {
    b"\x89PNG\r\n\x1a\n": ("PNG", _png),
    b"\xff\xd8\xff": ("JPEG", _jpeg),
    b"GIF87a": ("GIF", _gif),
    b"GIF89a": ("GIF", _gif),
    b"RIFF": ("WebP", _webp),
}


def _broken(data: bytes, name: str, why: str) -> SettingsError:
    kind = next(kind for start, (kind, _) in _READERS.items() if data.startswith(start))
    return SettingsError(
        f"{name} is a broken {kind} file: {why}.",
        "A download or a copy that broke off leaves such files.",
        "Fetch it again, or open it in a viewer and save it anew.",
    )


def _kind(data: bytes) -> str:
    if not data:
        return "empty"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12].decode("ascii", "replace"), "a film")
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next(
        (kind for start, kind in _OTHERS.items() if data.startswith(start) or text.startswith(start)),
        "of no kind that is known",
    )
