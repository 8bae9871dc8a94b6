"""Images to input tokens: in tiles or in patches, as the model does it, and every step on the way.

The rules are those of OpenAI's guide "Images and vision" ("Model sizing behavior", "Calculating costs") and of
Microsoft's overview of Azure OpenAI ("Image input tokens"); which model has which is in the catalogue. All sizes are
whole numbers and their ratios are never rounded on the way, so that no size, however odd, meets a float's last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isqrt
from operator import index

from .. import catalog
from ..catalog import PatchRule, TileRule
from ..errors import SettingsError

_TILE = 512
_PATCH = 32
_FIT = 2048  # tiles: an image is first shrunk into a square of that many px
_LOW = 512  # low detail: the model is given a version of at most that many px a side


@dataclass(frozen=True)
class ImageTokens:
    """What an image costs as input: `total` tokens, and how it came to that.

    `resized` is the (width, height) in px that the model sees. A model that counts tiles takes `base` tokens and
    `per_tile` for each of `tiles`; one that counts patches has these at 0, and `patches` of 32 x 32 px. `steps` tells
    the way in sentences. `estimated` is true where no document has the last word; a step says on what.

    >>> count_image(2048, 4096, "gpt-4o").resized
    (768, 1536)
    """

    total: int
    base: int
    per_tile: int
    tiles: int
    patches: int
    resized: tuple[int, int]
    steps: tuple[str, ...]
    estimated: bool = False


def count_image(width: int, height: int, model: str, detail: str = "high") -> ImageTokens:
    """Return what an image of `width` x `height` px costs `model`; `detail` is low, high, auto or original.

    >>> count_image(2048, 4096, "gpt-4o").total
    1105
    >>> for step in count_image(2048, 4096, "gpt-4o").steps:
    ...     print(step)
    2048 x 4096 px is shrunk to 1024 x 2048, to fit into 2048 x 2048.
    1024 x 2048 px is shrunk to 768 x 1536, for a short side of 768.
    2 x 3 = 6 tiles of 512 x 512 px cover it.
    85 + 6 x 170 = 1,105 tokens.
    """
    known = catalog.model(model)
    if known is None or known.vision is None:
        raise _uncountable(model, known)
    if isinstance(known.vision, TileRule):
        return tiles(width, height, known.vision, detail)
    return patches(width, height, known.vision, detail)


def tiles(width: int, height: int, rule: TileRule, detail: str = "high") -> ImageTokens:
    """Return what an image costs by a rule that counts tiles.

    >>> tiles(1024, 1024, TileRule(base=85, per_tile=170)).total
    765
    """
    width, height = _checked(width, height, detail, ("low", "high", "auto"))
    long, short = max(width, height), min(width, height)
    if detail == "low":
        resized = _shrunk(width, height, _LOW, long) if long > _LOW else (width, height)
        step = f"Low detail is a flat {rule.base:,} tokens, whatever the size."
        return ImageTokens(rule.base, rule.base, rule.per_tile, 0, 0, resized, (step,))

    steps = []
    if detail == "auto":
        # Microsoft, "Use vision-enabled chat models": "The model decides between low or high"; how, nobody says.
        steps.append("Auto leaves the choice between low and high to the model; high, the dearer, is counted.")
    resized, scale = (width, height), (1, 1)
    for side, limit, reason in (
        (long, _FIT, f"to fit into {_FIT} x {_FIT}"),
        (short, rule.short_side, f"for a short side of {rule.short_side}"),
    ):
        if side * scale[0] > limit * scale[1]:
            before, scale = resized, (limit, side)
            resized = _shrunk(width, height, *scale)
            steps.append(f"{_px(before)} is shrunk to {_by(resized)}, {reason}.")
    columns, rows = _cover(resized, _TILE)
    count = columns * rows
    total = rule.base + count * rule.per_tile
    steps.append(f"{columns} x {rows} = {count} tiles of {_TILE} x {_TILE} px cover it.")
    steps.append(f"{rule.base:,} + {count} x {rule.per_tile:,} = {total:,} tokens.")
    return ImageTokens(total, rule.base, rule.per_tile, count, 0, resized, tuple(steps), estimated=detail == "auto")


def patches(width: int, height: int, rule: PatchRule, detail: str = "high") -> ImageTokens:
    """Return what an image costs by a rule that counts patches; a fraction of a token is rounded up.

    >>> patches(1800, 2400, PatchRule(multiplier=1.62)).total
    2353
    """
    width, height = _checked(width, height, detail, ("low", "high", "auto", *(["original"] if rule.original else [])))
    steps = []
    if detail == "auto":
        detail = rule.auto
        steps.append(f"Auto is {detail} detail for this model.")
    budget, longest = {"low": (None, _LOW), "high": rule.high, "original": rule.original or rule.high}[detail]

    size = resized = width, height
    if longest and max(size) > longest:
        # Whole pixels, rounded down, as in the guide's example; an image is at least one of them wide.
        resized = max(1, width * longest // max(size)), max(1, height * longest // max(size))
        steps.append(f"{_px(size)} is shrunk to {_by(resized)}, for a long side of {longest}.")
    columns, rows = _cover(resized, _PATCH)
    if budget and columns * rows > budget:
        # The guide shrinks by s = sqrt(32² budget / (w h)), then by what makes one side whole patches: the smaller of
        # floor(w s / 32) / (w s / 32) and the same with h. The s cancels out: w becomes 32 floor(sqrt(budget w / h)).
        before, many = resized, columns * rows
        across, down = isqrt(budget * width // height), isqrt(budget * height // width)
        scale = (_PATCH * across, width) if across * height <= down * width else (_PATCH * down, height)
        resized = max(1, width * scale[0] // scale[1]), max(1, height * scale[0] // scale[1])
        columns, rows = _cover(resized, _PATCH)
        steps.append(f"{_px(before)} is shrunk to {_by(resized)}: {many:,} patches are more than {budget:,}.")
    count = min(columns * rows, budget or columns * rows)
    steps.append(f"{columns:,} x {rows:,} = {count:,} patches of {_PATCH} x {_PATCH} px cover it.")

    # Rounded before it is rounded up: 150 x 1.62 is 243.00000000000003 to a computer.
    exact = round(count * rule.multiplier, 6)
    total = ceil(exact)
    rounded = "" if exact == total else f", rounded up to {total:,}"
    steps.append(f"{count:,} x {rule.multiplier:g} = {exact:,.15g}{rounded} tokens.")
    if not rule.documented:
        steps.append(f"An estimate: the factor {rule.multiplier:g} was measured by others and is in no document.")
    if detail == "low":
        # "The model receives a low-resolution 512px x 512px version": whether it keeps its shape isn't said.
        steps.append("An estimate: how low detail shrinks an image that isn't square is in no document.")
    return ImageTokens(total, 0, 0, 0, count, resized, tuple(steps), estimated=not rule.documented or detail == "low")


def _uncountable(name: str, known: catalog.Model | None) -> SettingsError:
    what, why = f"What an image costs {name!r} isn't known.", "No document says how it counts images."
    if known is None:
        why = "No model of the catalogue has that name, and a deployment's own name says nothing about its model."
    elif "image" not in known.inputs:
        what, why = (
            f"{known.name} takes no images.",
            f"So say the documents that the catalogue has it from ({catalog.read()['windows']}).",
        )
    return SettingsError(what, why, "Name a model whose rule is known, such as gpt-4o.")


def _checked(width: int, height: int, detail: str, known: tuple[str, ...]) -> tuple[int, int]:
    if detail not in known:
        raise SettingsError(
            f"This model has no detail {detail!r} for images.", f"It has {', '.join(known)}.", 'detail="high"'
        )
    width, height = index(width), index(height)
    if width < 1 or height < 1:
        raise SettingsError(
            f"An image of {width} x {height} px can't be counted.",
            "Both sides are at least one pixel.",
            "aoai.tokens.image_size(FILE) reads the size of an image.",
        )
    return width, height


def _shrunk(width: int, height: int, numerator: int, denominator: int) -> tuple[int, int]:
    """Both sides times a fraction; part of a pixel is rounded up, which leaves the number of tiles as it was."""
    return -(-width * numerator // denominator), -(-height * numerator // denominator)


def _cover(size: tuple[int, int], side: int) -> tuple[int, int]:
    """How many squares it takes to cover an image, across and down."""
    return -(-size[0] // side), -(-size[1] // side)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _px(size: tuple[int, int]) -> str:
    return f"{_by(size)} px"
