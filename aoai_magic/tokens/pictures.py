"""The size in pixels of whatever a notebook holds as a picture."""

from __future__ import annotations

import binascii
import os
import stat
import struct
import sys
from pathlib import Path
from typing import Any

from ..errors import SettingsError, a_kind
from ..visible import shortened
from .headers import check_pixels, picture_size

#: The largest picture in bytes. Microsoft, "Vision-enabled chat model concepts": "restricted to 20 MB".
MAX_BYTES = 20 * 1024 * 1024
#: The most pictures in a request, by Microsoft's page on quotas; its page on vision says 10.
MAX_PICTURES = 50
_ORIENTATION = 0x0112  # EXIF's tag


def image_size(source: object) -> tuple[int, int]:
    """Return width and height in pixels of a picture, as the model will see it: turned as its EXIF orientation says.

    `source` is a path, bytes, a data URL, or a variable: a PIL image, a NumPy array (height x width, with or without
    channels), or a matplotlib figure, which counts as `savefig(FILE, dpi="figure")` writes it: whole, not cut "tight".
    Files are PNG, JPEG, GIF or WebP, of one frame and up to 20 MB; their pixels aren't decoded. Everything else is an
    error.

    >>> image_size("data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
    (1, 1)
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _file_size(bytes(source), "This picture")
    if isinstance(source, str) and source[:5].lower() == "data:":
        return _file_size(_from_data_url(source), "The picture in the data URL")
    if isinstance(source, str | os.PathLike):
        return _file_size(*_from_file(source))
    try:
        return check_pixels(*_size_in_memory(source), "This picture")
    except ValueError as error:
        raise SettingsError(f"This picture can't be sent: {error}.") from None


def _size_in_memory(source: Any) -> tuple[int, int]:
    if is_a(source, "PIL.Image", "Image"):
        width, height = source.size
        check_pixels(width, height, "This picture")
        try:
            source.load()  # it will be encoded anew, as it is turned now; a file that breaks off only shows it here
            turned = source.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
        except (OSError, SyntaxError, struct.error) as error:
            raise ValueError(f"Pillow can't read it, {error}") from None
        return (height, width) if turned else (width, height)
    if is_a(source, "numpy", "ndarray"):
        shape = source.shape
        if source.dtype.kind not in "buif" or not (len(shape) == 2 or (len(shape) == 3 and 1 <= shape[2] <= 4)):
            raise SettingsError(
                f"An array of {source.dtype} with the shape {shape} is no picture.",
                "A picture is numbers: height x width, or height x width x 1 to 4 channels.",
                "Bring the axes into that order: array.transpose(1, 2, 0)",
            )
        return shape[1], shape[0]
    if is_a(source, "matplotlib.figure", "Figure"):
        width, height = source.canvas.get_width_height()  # in a file's pixels, also where a screen has smaller ones
        return width, height
    raise SettingsError(
        f"{a_kind(source)} is no picture.",
        "Pictures are files, bytes, data URLs, PIL images, NumPy arrays and matplotlib figures.",
        "Text and tables go into the prompt itself: {{ NAME }} in a cell",
    )


def is_a(source: object, module: str, name: str) -> bool:
    """Whether something is of a library's class, which it can be only if that library is loaded already.

    >>> is_a(1, "numpy", "ndarray")
    False
    """
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(source, getattr(loaded, name, ()))


def _file_size(data: bytes, name: str) -> tuple[int, int]:
    if len(data) > MAX_BYTES:
        raise _too_many_bytes(name, len(data))
    return picture_size(data, name)


def _from_file(source: str | os.PathLike[Any]) -> tuple[bytes, str]:
    name = os.fsdecode(source)
    if name.lower().startswith(("http://", "https://")):
        raise SettingsError(
            f"The picture at {_short(name)} isn't here to be measured.",
            "Counting is done offline; an address is fetched by the service alone.",
            "Download the picture, and name the file.",
        )
    try:
        # Read whole, at most 20 MB: that a file was cut off is only seen at its end.
        path = Path(name).expanduser()
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is a folder or a device, no file")
        if status.st_size > MAX_BYTES:
            raise _too_many_bytes(path.name, status.st_size)
        return path.read_bytes(), path.name
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a path with a NUL; RuntimeError: nobody's ~
        raise SettingsError(
            f"The picture {_short(name)} can't be read: {getattr(error, 'strerror', None) or error}.",
            "A path counts from the folder where the kernel runs.",
            "Look where that is: %pwd",
        ) from None


def _from_data_url(url: str) -> bytes:
    head, _, content = url.partition(",")
    try:
        if not head.lower().endswith(";base64"):
            raise binascii.Error("it has no ;base64")
        if len(content) // 4 * 3 > MAX_BYTES + 3:
            raise _too_many_bytes("The picture in the data URL", len(content) // 4 * 3)
        return binascii.a2b_base64(content.encode("ascii"), strict_mode=True)
    except ValueError as error:  # binascii.Error and UnicodeEncodeError are ones
        reason = "a character isn't base64" if isinstance(error, UnicodeEncodeError) else str(error)
        raise SettingsError(
            f"The data URL {_short(url)} can't be read: {reason}.",
            "A picture in a data URL is written in base64.",
            '"data:image/png;base64," + base64.b64encode(data).decode()',
        ) from None


def _too_many_bytes(name: str, size: int) -> SettingsError:
    return SettingsError(
        f"{name} has {size / 1024 / 1024:,.1f} MB.",
        f"Azure OpenAI takes pictures of up to {MAX_BYTES // 1024 // 1024} MB.",
        "Shrink it, or save it as a JPEG: image.thumbnail((4096, 4096))",
    )


def _short(text: str) -> str:
    return repr(shortened(text, 80))
