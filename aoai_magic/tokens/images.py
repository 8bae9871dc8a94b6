"""Images that a model makes: the output tokens of one, and the input tokens of one to be edited."""

from __future__ import annotations

import re

from .. import catalog
from ..catalog import TileRule
from ..errors import SettingsError
from .vision import tiles

# Microsoft's overview of Azure OpenAI, "Image generation tokens".
_TABLE = {
    "low": {"1024x1024": 272, "1024x1536": 408, "1536x1024": 400},
    "medium": {"1024x1024": 1056, "1024x1536": 1584, "1536x1024": 1568},
    "high": {"1024x1024": 4160, "1024x1536": 6240, "1536x1024": 6208},
}
_BY_TABLE = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5")
# gpt-image-2: no document has a table. This rule was read out of OpenAI's calculator by its users (OpenAI's forum,
# topic 1382699) and gives every number that OpenAI's image generation guide prints.
_STEPS = {"low": 16, "medium": 48, "high": 96}
# The same guide: "each partial image will incur an additional 100 image output tokens"; a stream has 0 to 3.
_PER_PARTIAL = 100
# OpenAI, "Images and vision", "GPT Image 1": as gpt-4o's tiles but with a short side of 512, and what high fidelity
# adds for an image that is square, and for one that isn't.
_FIDELITY = (4160, 6240)


def count_generated_image(size: str, quality: str, model: str = "gpt-image-1", partial_images: int = 0) -> int:
    """Return the output tokens of one generated or edited image, of a size such as "1024x1536", and its quality.

    "auto" leaves the choice to the service: the dearest that it may choose is counted. `partial_images` are the
    previews in a stream, 100 tokens each.

    >>> count_generated_image("1024x1024", "high")
    4160
    """
    if partial_images not in range(4):
        raise SettingsError(f"{partial_images} partial images can't be asked for.", "", "partial_images=0, 1, 2 or 3")
    qualities = ["low", "medium", "high"] if quality == "auto" else [quality]
    if qualities[0] not in _TABLE:
        raise SettingsError(f"There is no quality {quality!r}.", "", "Say low, medium, high or auto.")
    name = _name(model)
    if name == "gpt-image-2":
        return max(_by_area(size, one) for one in qualities) + partial_images * _PER_PARTIAL
    if name not in _BY_TABLE:
        raise SettingsError(
            f"What an image costs that {model!r} makes isn't known.",
            "No document says how many tokens it takes.",
            f"Models that can be counted: {', '.join(_BY_TABLE)}, gpt-image-2.",
        )
    sizes = list(_TABLE["low"]) if size == "auto" else [size]
    if sizes[0] not in _TABLE["low"]:
        raise SettingsError(
            f"{name} makes no image of {size!r}.",
            "It draws in a few sizes alone.",
            f"Say {', '.join(_TABLE['low'])} or auto.",
        )
    return max(_TABLE[q][s] for q in qualities for s in sizes) + partial_images * _PER_PARTIAL


def count_edited_image(width: int, height: int, model: str = "gpt-image-1", input_fidelity: str = "low") -> int:
    """Return the input tokens of an image that is handed over to be edited.

    >>> count_edited_image(1024, 1536), count_edited_image(1024, 1536, input_fidelity="high")
    (323, 6563)
    """
    known = catalog.model(model)
    if known is None or not isinstance(known.vision, TileRule):
        raise SettingsError(
            f"What it costs to hand {model!r} an image isn't known.",
            "No document says how many tokens it takes.",
            'A model that can be counted: model="gpt-image-1"',
        )
    if input_fidelity not in ("low", "high"):
        raise SettingsError(f"There is no input fidelity {input_fidelity!r}.", "", 'input_fidelity="low" or "high"')
    total = tiles(width, height, known.vision).total
    if input_fidelity == "low":
        return total
    if known.name != "gpt-image-1":
        raise SettingsError(
            f"What high input fidelity costs with {model!r} isn't known.",
            "It is documented for gpt-image-1 alone; gpt-image-1-mini and gpt-image-2 don't take the parameter.",
            'input_fidelity="low"',
        )
    return total + _FIDELITY[width != height]


def _name(model: str) -> str:
    known = catalog.model(model)
    return known.name if known else model


def _by_area(size: str, quality: str) -> int:
    """Tokens of gpt-image-2: steps along the long side, as many in proportion along the short, weighted by the area."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    long, short = max(width, height), min(width, height)
    # The limits are those of Microsoft's page on image generation models.
    fits = width % 16 == height % 16 == 0 and long <= 3840 and long <= 3 * short
    if not fits or not 655_360 <= width * height <= 8_294_400:
        raise SettingsError(
            f"gpt-image-2 can't be counted for {size!r}.",
            "Sides are multiples of 16 up to 3840, at most 3:1, with 655,360 to 8,294,400 pixels in all.",
            'size="1024x1024"',
        )
    steps = _STEPS[quality]
    along_short = (2 * steps * short + long) // (2 * long)  # rounded to the nearest
    return -(-steps * along_short * (2_000_000 + width * height) // 4_000_000)
