"""Pictures as a service sends them, which is not to be trusted: checked before they are unpacked, and once unpacked."""

from __future__ import annotations

import base64
import binascii
import io
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import AoaiError
from .tokens.headers import media_type, picture_size

if TYPE_CHECKING:
    from PIL.Image import Image

# Four times the largest picture that a model draws (gpt-image-2: 8,294,400 pixels, Microsoft's page on image generation
# models), and as many bytes as it has at most with four a pixel.
_MOST_PIXELS = 4 * 8_294_400
_MOST_BYTES = 4 * _MOST_PIXELS
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


@dataclass(frozen=True)
class Picture:
    """A picture that came back. It has the file's bytes as they were sent, their media type, and the PIL image.

    `finished` is false for what was shown on the way to the picture.
    """

    data: bytes = field(repr=False)
    media_type: str
    image: Image = field(repr=False, compare=False)
    finished: bool = True

    @property
    def format(self) -> str:
        """Such as "png"."""
        return self.media_type.removeprefix("image/")

    @property
    def url(self) -> str:
        """The file as a data URL."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"

    def __str__(self) -> str:
        return f"{self.image.width} x {self.image.height} px, {self.format.upper()}"


def picture(b64_json: object, *, finished: bool = True) -> Picture:
    """Return the picture that a service sent as base64.

    Raises ValueError with the reason for what isn't base64, isn't a PNG, JPEG or WebP, has more than 33 million pixels,
    is broken or is animated. What its header says is looked at before anything is unpacked.

    >>> picture("PHN2Zz4=")
    Traceback (most recent call last):
    ValueError: instead of a picture there is an SVG file
    """
    from PIL import Image

    if not isinstance(b64_json, str):
        raise ValueError("the picture isn't sent as base64")
    if len(b64_json) > _MOST_BYTES // 3 * 4:
        raise ValueError(f"the picture has more than {_MOST_BYTES // 1_000_000} MB")
    try:
        data = binascii.a2b_base64(b64_json.encode("ascii"), strict_mode=True)
    except ValueError as error:  # binascii.Error and UnicodeEncodeError are ones
        raise ValueError(f"the picture isn't base64: {error}") from None
    try:
        width, height = picture_size(data, "the picture")
    except AoaiError as error:
        why = error.what.partition("that chat takes: it is ")[2]  # it tells what can be sent to a chat
        raise ValueError((f"instead of a picture there is {why}" if why else error.what).removesuffix(".")) from None
    kind = media_type(data)
    if kind not in _FORMATS:
        raise ValueError(f"{kind} isn't a format that image models write")
    if width * height > _MOST_PIXELS:
        raise ValueError(f"the picture's {width} x {height} px are more than {_MOST_PIXELS:,}")
    try:
        image = Image.open(io.BytesIO(data), formats=[_FORMATS[kind]])
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as error:
        raise ValueError(f"Pillow can't read it: {error}") from None
    return Picture(data, kind, image, finished)
