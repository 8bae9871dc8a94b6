"""What is attached to a prompt, as the content parts of a message: pictures as data URLs, text files as text."""

from __future__ import annotations

import base64
import difflib
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SettingsError
from .tokens import image_size
from .tokens.headers import media_type
from .tokens.pictures import MAX_PICTURES

if TYPE_CHECKING:
    from PIL import Image


class PictureURL(str):
    """A picture as a data URL, which knows the file that it was read from, if it was.

    >>> PictureURL("data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==", "dot.gif").path
    'dot.gif'
    """

    path: str | None

    def __new__(cls, url: str, path: str | None = None) -> PictureURL:
        made = super().__new__(cls, url)
        made.path = path
        return made


#: The longest text that a message may hold, in characters (Microsoft's quotas page).
LONGEST_TEXT = 1_048_576


_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}


def content(
    prompt: str | Sequence[Mapping[str, Any]], attached: object, detail: str | None = None
) -> str | list[dict[str, Any]]:
    """Return the content of a user's message: the prompt alone, or its text and a part for each attachment.

    `prompt` is text, or content parts already.

    `attached` is one thing or several: a file (picture or text), an http(s) or data URL of a picture, bytes of one, or
    a variable: a PIL image, a NumPy array, a matplotlib figure. `detail` (low, high, auto, original) is how closely
    pictures are looked at. Files are read and pictures checked here; an address is fetched by the service alone. Raises
    SettingsError for what can't be sent.

    >>> content("What is this?", "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")[1]["type"]
    'image_url'
    """
    things = list(attached) if isinstance(attached, list | tuple) else [] if attached is None else [attached]
    if isinstance(prompt, str) and not things:
        return prompt
    parts = [{"type": "text", "text": prompt}] if isinstance(prompt, str) else [dict(one) for one in prompt]
    parts += [part(thing, detail) for thing in things]
    pictures = sum(one["type"] == "image_url" for one in parts)
    if pictures > MAX_PICTURES:
        raise SettingsError(
            f"{pictures} pictures are attached.", f"A request takes {MAX_PICTURES}.", "Send them in several cells."
        )
    return parts


def part(thing: object, detail: str | None = None) -> dict[str, Any]:
    """Return the content part of one thing; see `content`.

    >>> part("https://example.com/cat.png", "low")
    {'type': 'image_url', 'image_url': {'url': 'https://example.com/cat.png', 'detail': 'low'}}
    """
    if isinstance(thing, str) and thing.lower().startswith(("http://", "https://")):
        return _picture(thing, detail)
    if isinstance(thing, str | os.PathLike) and not str(thing).lower().startswith("data:"):
        path = Path(thing).expanduser()
        if not os.path.exists(path):
            raise SettingsError(
                f"{str(thing)!r} can't be read: there is no such file, and no variable of that name.",
                absent(path),
                "-a photo.jpg, -a https://…, or -a figure (a PIL image, array, figure of the notebook)",
            )
        text = read_text(path)
        if text is not None and path.suffix.lower() not in _PICTURES:  # an error page that was saved as one is none
            return {"type": "text", "text": f"{path.name}:\n\n{text}"}
    image_size(thing)  # raises for what is no picture, is broken, or is too large
    return _picture(_data_url(thing), detail)


def _picture(url: str, detail: str | None) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url} | ({"detail": detail} if detail else {})}


def read_text(path: Path) -> str | None:
    """Return a text file's text, its newlines as they are; None for another kind of file, and where it can't be read.

    Raises SettingsError for one that is too long for a message.

    >>> read_text(Path("no such file"))
    """
    try:
        if not path.is_file() or path.stat().st_size > 4 * LONGEST_TEXT:
            return None
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        return None
    if "\0" in text:
        return None
    if len(text) > LONGEST_TEXT:
        raise SettingsError(
            f"{path.name} has {len(text):,} characters.", f"A message holds {LONGEST_TEXT:,}.", "Attach a part of it."
        )
    return text


def absent(path: Path) -> str:
    """What may be the reason that a file isn't there.

    >>> absent(Path("nowhere.md"))
    "A path counts from the kernel's folder (%pwd)."
    """
    try:
        near = difflib.get_close_matches(path.name, os.listdir(path.parent), n=2)
    except (OSError, ValueError):
        near = []
    return f"Did you mean {' or '.join(near)}?" if near else "A path counts from the kernel's folder (%pwd)."


def _data_url(thing: Any) -> str:
    if isinstance(thing, str) and thing.lower().startswith("data:"):
        return thing
    data = picture_bytes(thing)
    url = f"data:{media_type(data)};base64,{base64.b64encode(data).decode()}"
    return PictureURL(url, file_of(thing))


def file_of(thing: object) -> str | None:
    """The file that a picture is read from; None for one that is given in another way.

    >>> file_of("photo.jpg")
    'photo.jpg'
    """
    if isinstance(thing, str | os.PathLike) and not str(thing).lower().startswith("data:"):
        return str(Path(thing).expanduser())
    return None


def picture_bytes(thing: Any) -> bytes:
    """Return a picture as a file's bytes: those of the file, or a PNG of what is in memory.

    `image_size` has checked it.

    >>> picture_bytes("data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")[:6]
    b'GIF89a'
    """
    if isinstance(thing, bytes | bytearray | memoryview):
        return bytes(thing)
    if isinstance(thing, str) and thing.lower().startswith("data:"):
        return base64.b64decode(thing.partition(",")[2])
    if isinstance(thing, str | os.PathLike):
        return Path(thing).expanduser().read_bytes()
    return _encoded(thing)


def _encoded(variable: Any) -> bytes:
    """A picture that is in memory, as PNG."""
    written = io.BytesIO()
    if hasattr(variable, "savefig"):
        variable.savefig(written, format="png", dpi="figure")  # whole, in the size that was counted
        return written.getvalue()
    from PIL import Image, ImageOps

    if not isinstance(variable, Image.Image):
        variable = _of_array(variable)
    picture = ImageOps.exif_transpose(variable)
    if picture.mode.startswith(("F", "I")):  # Pillow would cut off what is above 255
        import numpy

        array = numpy.asarray(picture)
        picture = _of_array(array // 257 if picture.mode.startswith("I;16") else array, 255)
    if picture.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        picture = picture.convert("RGB")
    picture.save(written, "PNG")
    return written.getvalue()


def _of_array(array: Any, most: int | None = None) -> Image.Image:
    """A picture of an array whose largest number may be `most`: as matplotlib has it 1 for floats, 255 for integers.

    Raises SettingsError for one with others, which would be cut off.
    """
    import numpy
    from PIL import Image

    array = array.squeeze(-1) if array.ndim == 3 and array.shape[2] == 1 else array
    if array.dtype.kind == "b":
        return Image.fromarray(array * numpy.uint8(255))
    most = most or (1 if array.dtype.kind == "f" else 255)
    array = numpy.nan_to_num(array)
    low, high = float(array.min()), float(array.max())
    rounded = 0.01 * most if array.dtype.kind == "f" else 0  # what arithmetic leaves
    if low < -rounded or high > most + rounded:
        raise SettingsError(
            f"An array of {array.dtype} from {low:g} to {high:g} is no picture.",
            "Floats are 0 to 1, and integers 0 to 255.",
            "Scale it: (array - array.min()) / (array.max() - array.min())",
        )
    return Image.fromarray((array.clip(0, most) * (255 / most)).round().astype("uint8"))
