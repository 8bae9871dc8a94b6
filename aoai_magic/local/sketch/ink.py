"""Strokes laid on paper, in the style that the prompt asks for."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFont

from .colours import Colour, luminance, mix
from .pen import Point, Stroke

WHITE: Colour = (255, 255, 255)
INK: Colour = (43, 45, 58)


@dataclass(frozen=True)
class Style:
    """What a style does to each stroke.

    `outline` is the share of ink in a shape's edge (0: no edge), `width` the edge's, `wobble` how unsteady the hand,
    `body` how much of a fill's colour is there (the rest is paper), `washes` how many thin coats make a fill.
    """

    outline: float = 0.45
    width: float = 1.0
    wobble: float = 0.0
    body: float = 1.0
    washes: int = 0
    shading: float = 0.08
    hatched: bool = False
    paper: Colour | None = None
    lines: Colour | None = None
    cells: int = 0
    squared: bool = False
    grain: int = 2


STYLES: dict[str, Style] = {
    "picture": Style(),
    "flat": Style(outline=0.0, shading=0.0, grain=0),
    "cartoon": Style(outline=0.92, width=2.1, shading=0.0, grain=0),
    "watercolor": Style(outline=0.25, width=0.7, wobble=1.0, body=0.8, washes=3, paper=(253, 250, 243), grain=7),
    "line": Style(outline=1.0, width=1.2, body=0.0, shading=0.0, paper=(255, 255, 255), grain=1),
    "sketchy": Style(outline=0.8, wobble=1.4, body=0.45, shading=0.0, hatched=True, paper=(250, 247, 240), grain=5),
    "chalk": Style(outline=0.0, width=1.8, wobble=0.9, body=0.28, shading=0.0, hatched=True, paper=(44, 66, 58), lines=(238, 240, 232), grain=6),
    "blueprint": Style(outline=0.0, width=1.1, body=0.0, shading=0.0, paper=(31, 74, 138), lines=(228, 238, 250), grain=2, squared=True),
    "pixel": Style(outline=0.6, width=1.0, shading=0.0, cells=96, grain=0),
}  # fmt: skip


@dataclass(frozen=True)
class Hand:
    """How strokes are laid: in which style, enlarged by how much, how carefully, and how thick a line is."""

    style: Style
    scale: float
    detail: int
    weight: float


def lay(canvas: Image.Image, stroke: Stroke, hand: Hand, random: Random) -> None:
    """Draw one stroke on the canvas.

    >>> paper = Image.new("RGB", (8, 8), "white")
    >>> lay(paper, Stroke("shape", ((0, 0), (8, 0), (8, 8), (0, 8)), (9, 9, 9)), Hand(STYLES["flat"], 1, 0, 1), Random(0))
    >>> paper.getpixel((4, 4))
    (9, 9, 9)
    """
    points = [(x * hand.scale, y * hand.scale) for x, y in stroke.points]
    if stroke.kind == "shape":
        _shape(canvas, stroke, points, hand, random)
    elif stroke.kind == "line":
        _line(canvas, stroke, points, hand, random)
    elif stroke.kind == "words":
        _words(canvas, stroke.text, points, _drawn(stroke.colour, hand.style))
    elif hand.style.body == 1.0 and hand.detail:
        _glow(canvas, stroke, points)


def _shape(canvas: Image.Image, stroke: Stroke, points: list[Point], hand: Hand, random: Random) -> None:
    style = hand.style
    left, top, right, bottom = _bounds(canvas, points)
    if right <= left or bottom <= top:
        return
    small = max(right - left, bottom - top) < 14 * hand.scale
    shifted = [(x - left, y - top) for x, y in points]
    reach = min(style.wobble * hand.weight * hand.scale, 0.025 * max(right - left, bottom - top))
    if style.wobble and not small:
        shifted = _unsteady(shifted, reach, random)
    mask = _mask((right - left, bottom - top), shifted)
    broad = not stroke.outline and (right - left) * (bottom - top) > 0.2 * canvas.width * canvas.height
    if broad and (style.lines is not None or style.body == 0.0):
        return  # the board or page itself
    if (style.lines is not None or style.body == 0.0) and not stroke.outline and stroke.opacity == 1.0:
        mark = style.lines or INK  # eyes and noses are marks, all else without an edge is paper
        canvas.paste(
            _flat(canvas, mark if luminance(stroke.colour) < 0.3 else style.paper or WHITE),
            (left, top, right, bottom),
            mask,
        )
        return
    if style.paper is not None and stroke.opacity == 1.0:  # what lies below must not shine through
        canvas.paste(_flat(canvas, style.paper), (left, top, right, bottom), mask)
    if style.body:
        _fill(canvas, stroke, (left, top), mask, shifted, hand, random, small)
    if stroke.outline and (style.outline or style.lines or style.hatched) and stroke.opacity > 0.6:
        edge = style.lines or (INK if style.outline == 1.0 else mix(stroke.colour, INK, style.outline))
        width = style.width * hand.weight * hand.scale * (0.6 if small else 1.0)
        for _ in range(2 if style.hatched and not small else 1):  # a sketching hand goes round twice
            path = _unsteady(points, reach, random) if style.wobble else points
            _trace(canvas, [*path, path[0], path[1]], width, edge)


def _fill(
    canvas: Image.Image, stroke: Stroke, corner: tuple[int, int], mask: Image.Image, points: list[Point], hand: Hand,
    random: Random, small: bool,
) -> None:  # fmt: skip
    style = hand.style
    base = stroke.colour
    box = (*corner, corner[0] + mask.width, corner[1] + mask.height)
    if style.washes and not small:
        strength = stroke.opacity * style.body
        for coat in range(style.washes):
            reach = min((1 + 2 * coat) * hand.weight * hand.scale, 0.03 * max(mask.size))
            spread = _unsteady(points, reach, random)
            wash = _mask(mask.size, spread).point(_share(strength * (0.72 - 0.1 * coat)))
            canvas.paste(
                _flat(canvas, mix(base, WHITE, 0.12 * coat) if stroke.fade is None else stroke.fade), box, wash
            )
        return
    if style.hatched:
        body = style.body if style.lines is None else style.body * 0.7
        canvas.paste(_flat(canvas, base), box, mask.point(_share(stroke.opacity * body)))
        if not small and stroke.opacity > 0.6 and stroke.outline:
            hatching = _hatching(mask.size, hand, random)
            canvas.paste(_flat(canvas, base), box, ImageChops.multiply(mask, hatching))
        return
    top, bottom = base, stroke.fade
    if bottom is None and style.shading and hand.detail and not small and stroke.outline:
        top, bottom = mix(base, WHITE, style.shading), mix(base, INK, style.shading)
    paint = _flat(canvas, base) if bottom is None else _gradient(mask.size, top, bottom)
    if stroke.opacity < 1.0:
        mask = mask.point(_share(stroke.opacity))
    canvas.paste(paint if isinstance(paint, tuple) else paint.convert(canvas.mode), box, mask)


def _line(canvas: Image.Image, stroke: Stroke, points: list[Point], hand: Hand, random: Random) -> None:
    style = hand.style
    width = max(stroke.width * hand.scale, 1.0)
    if style.wobble and width < 6 * hand.weight * hand.scale:
        points = _unsteady(points, 0.5 * style.wobble * hand.weight * hand.scale, random)
    drawn = _drawn(stroke.colour, style)
    edge = style.width * hand.weight * hand.scale
    if style.body == 0.0 and not stroke.outline:
        width = min(width, 1.6 * edge)
    if stroke.outline and width > 3 * edge and (style.outline or style.lines):
        around = style.lines or (INK if style.outline == 1.0 else mix(stroke.colour, INK, style.outline))
        _trace(canvas, points, width + edge, around)
        width -= edge
        drawn = mix(style.paper or WHITE, stroke.colour, style.body if style.body < 1 else 1.0)
    if stroke.opacity < 1.0:
        mask = Image.new("L", canvas.size)
        _trace(mask, points, width, round(255 * stroke.opacity))
        canvas.paste(_flat(canvas, drawn), (0, 0), mask)
    else:
        _trace(canvas, points, width, drawn)


def _drawn(ink: Colour, style: Style) -> Colour:
    """The colour of a line or of lettering: on dark paper, chalk; in a drawing without fills, whatever can be seen."""
    if style.lines is not None:
        return mix(style.lines, ink, 0.25 if luminance(ink) > 0.3 else 0.0)
    if style.body == 0.0:
        return INK
    return ink


def _trace(canvas: Image.Image, points: Sequence[Point], width: float, ink: Colour | int) -> None:
    """A line with round joints and ends."""
    draw = ImageDraw.Draw(canvas)
    path = [(round(x), round(y)) for x, y in points]
    thick = max(1, round(width))
    draw.line(path, fill=ink, width=thick, joint="curve" if thick > 2 else None)
    if thick > 3:
        for x, y in (path[0], path[-1]):
            draw.ellipse((x - thick // 2, y - thick // 2, x + (thick - 1) // 2, y + (thick - 1) // 2), fill=ink)


def _glow(canvas: Image.Image, stroke: Stroke, points: list[Point]) -> None:
    (x0, y0), (x1, y1) = points
    left, top, right, bottom = _bounds(canvas, points)
    if right <= left or bottom <= top:
        return
    spot = ImageChops.invert(Image.radial_gradient("L")).point(
        [max(0, min(255, (at - 74) * 255 // 181)) for at in range(256)]
    )
    spot = spot.point(_share(stroke.opacity)).resize((max(1, round(x1) - round(x0)), max(1, round(y1) - round(y0))))
    spot = spot.crop((left - round(x0), top - round(y0), right - round(x0), bottom - round(y0)))
    canvas.paste(_flat(canvas, stroke.colour), (left, top, right, bottom), spot)


def _words(canvas: Image.Image, text: str, points: list[Point], ink: Colour) -> None:
    (x0, y0), (x1, y1) = points
    width, height = x1 - x0, y1 - y0
    lines = text.split("\n")
    size = max(6, min(round(height / len(lines) * 0.78), 400))
    wide = max(font(size).getlength(line) for line in lines)
    size = max(6, min(size, int(size * width / max(wide, 1.0))))
    lettering = font(size)
    draw = ImageDraw.Draw(canvas)
    draw.fontmode = "L"
    pitch = size * 1.22
    middle = (y0 + y1) / 2 - pitch * (len(lines) - 1) / 2
    for at, line in enumerate(lines):
        draw.text((round((x0 + x1) / 2), round(middle + at * pitch)), line, fill=ink, font=lettering, anchor="mm")


@functools.lru_cache(maxsize=32)
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Lettering of that size: DejaVu, which comes with matplotlib and knows many scripts, else Pillow's own.

    Basic layout on purpose: the other one depends on a library of the machine, and the same prompt must give the
    same picture everywhere.
    """
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    return ImageFont.load_default(size)


def sheet(style: Style, size: tuple[int, int], scale: float, *, clear: bool) -> Image.Image:
    """The empty paper of a style, squared if its drawings are plans."""
    paper = style.paper or WHITE
    if clear:
        return Image.new("RGBA", size, (*paper, 0))
    canvas = Image.new("RGB", size, paper)
    if style.squared:
        draw, step, rule = ImageDraw.Draw(canvas), max(8, min(size) // 24), max(1, round(scale))
        for at in range(step, max(size), step):
            draw.line((at, 0, at, size[1]), fill=mix(paper, WHITE, 0.1), width=rule)
            draw.line((0, at, size[0], at), fill=mix(paper, WHITE, 0.1), width=rule)
    return canvas


def grain(image: Image.Image, strength: int, random: Random) -> Image.Image:
    """The picture on paper with a grain; one small patch of it repeated, which a PNG compresses well."""
    if not strength:
        return image
    patch = Image.frombytes("L", (128, 128), random.randbytes(128 * 128))
    patch = patch.point([max(0, level - 160) * 2 * strength // 190 for level in range(256)])
    paper = Image.new("L", image.size)
    for left in range(0, image.width, 128):
        for top in range(0, image.height, 128):
            paper.paste(patch, (left, top))
    bands = [ImageChops.subtract(band, paper) for band in image.split()[:3]]
    return Image.merge(image.mode, [*bands, *image.split()[3:]])


def _mask(size: tuple[int, int], points: Sequence[Point]) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon([(round(x), round(y)) for x, y in points], fill=255)
    return mask


def _bounds(canvas: Image.Image, points: Sequence[Point]) -> tuple[int, int, int, int]:
    """The pixels around the points, cut to the canvas."""
    left, top = min(x for x, _ in points), min(y for _, y in points)
    right, bottom = max(x for x, _ in points), max(y for _, y in points)
    return (
        max(0, round(left)),
        max(0, round(top)),
        min(canvas.width, round(right) + 1),
        min(canvas.height, round(bottom) + 1),
    )


def _unsteady(points: Sequence[Point], reach: float, random: Random) -> list[Point]:
    """The points as an unsteady hand draws them: slow waves, not jitter."""
    moved: list[Point] = []
    x_off = y_off = 0.0
    for x, y in points:
        x_off = 0.6 * x_off + random.uniform(-reach, reach)
        y_off = 0.6 * y_off + random.uniform(-reach, reach)
        moved.append((x + x_off, y + y_off))
    return moved


def _hatching(size: tuple[int, int], hand: Hand, random: Random) -> Image.Image:
    """Slanted pencil lines."""
    width, height = size
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    gap = max(3.0, 3.4 * hand.weight * hand.scale)
    at = -height * 0.6
    while at < width:
        shift = random.uniform(-0.3, 0.3) * gap
        ends = (round(at + shift), height), (round(at + height * 0.6 - shift), 0)
        draw.line(ends, fill=190, width=max(1, round(0.9 * hand.weight * hand.scale)))
        at += gap
    return mask


@functools.lru_cache(maxsize=64)
def _share(share: float) -> list[int]:
    """The table that weakens a mask to this share."""
    return [round(level * max(0.0, min(1.0, share))) for level in range(256)]


def _flat(canvas: Image.Image, paint: Colour) -> tuple[int, ...]:
    return (*paint, 255) if canvas.mode == "RGBA" else paint


def _gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((1, size[1]), Image.Resampling.BILINEAR)
    bands = [
        ramp.point([round(a + (b - a) * level / 255) for level in range(256)]) for a, b in zip(top, bottom, strict=True)
    ]
    return Image.merge("RGB", bands).resize(size, Image.Resampling.NEAREST)
