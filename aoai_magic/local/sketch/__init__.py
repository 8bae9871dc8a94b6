"""Pictures for the local service's image routes: sketches drawn from the words of the prompt, the same every time.

How a prompt becomes a picture, one module a step:

    words (with vocabulary)          the prompt, read for what can be drawn of it, as a scene
    layout, relations, places, sky   where its things stand, and what is around them
    animals, nature, objects, ...    things drawn with the pen of `pen`, which notes strokes
    ink                              strokes laid on paper in a style
    picture, edit                    the whole picture, new or made of one that is given
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from random import Random

from PIL import Image

from .edit import edit, edit_partials
from .picture import DETAIL, STAMP, compose, pictures, stamped
from .scene import seed
from .words import read

__all__ = ["STAMP", "draw", "edit", "edit_partials", "encode", "partials"]


def draw(
    prompt: str, *, width: int, height: int, quality: str = "high", background: str = "auto", number: int = 0
) -> Image.Image:
    """Draw the prompt; `number` tells the pictures of one request apart.

    The same arguments give the same picture on every machine. It is RGBA where the background is transparent
    (which `auto` makes it if the prompt asks for it), else RGB.

    >>> draw("a red circle on a white background", width=64, height=64, quality="low").getpixel((32, 32))
    (226, 59, 59)
    """
    *_, last = partials(prompt, 0, width=width, height=height, quality=quality, background=background, number=number)
    return last


def partials(
    prompt: str,
    steps: int,
    *,
    width: int,
    height: int,
    quality: str = "high",
    background: str = "auto",
    number: int = 0,
) -> Iterator[Image.Image]:
    """The picture as it grows: `steps` unfinished ones, each with more on it, then the finished one of `draw`.

    >>> len(list(partials("a house", 2, width=32, height=32)))
    3
    """
    scene = read(prompt)
    clear = background == "transparent" or (background == "auto" and scene.transparent)
    random = Random(seed(prompt, number))  # noqa: S311 - drawings, not secrets
    quality = quality if quality in DETAIL else "high"
    composition = compose(scene, width, height, random, DETAIL[quality], behind=not clear)
    for picture in pictures(scene, composition, (width, height), quality, random, clear=clear, steps=steps):
        yield stamped(picture)


def encode(image: Image.Image, output_format: str = "png", compression: int = 100) -> bytes:
    """The picture as a file: PNG, or JPEG of that quality on white.

    >>> encode(Image.new("RGB", (1, 1)), "jpeg", 80)[:3].hex()
    'ffd8ff'
    """
    written = io.BytesIO()
    if output_format == "jpeg":
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        flat.save(written, "JPEG", quality=max(1, min(100, compression)))
    else:
        image.save(written, "PNG")
    return written.getvalue()
