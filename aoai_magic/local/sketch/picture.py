"""A scene composed of strokes and rendered as a picture, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageColor, ImageDraw, ImageOps

from .abstract import abstract
from .colours import Colour, colour
from .ink import STYLES, Hand, font, grain, lay, sheet
from .layout import WATERS, Placed, arrange
from .pen import THINGS, Pen, Stroke
from .places import backdrop
from .relations import lines_of
from .scene import Scene
from .sky import weather

#: What every picture is signed with, so that nobody takes it for a model's.
STAMP = "sketch · local service"
DETAIL = {"low": 0, "medium": 1, "high": 2}

_MOST_PIXELS = 10_000_000  # of the enlarged canvas: a larger picture is drawn at its own size
#: Things of which several look better in several colours.
_VARIED = "balloon flower tulip fish butterfly gift kite book person house bird airballoon candle boat".split()
#: Things that point somewhere, and are never mirrored.
_HANDED = ("arrow", "key", "pencil", "flag", "book", "computer", "line", "spiral")


@dataclass(frozen=True)
class Composition:
    """The strokes of a scene, from back to front: what is around the things, and those themselves."""

    behind: list[Stroke]
    things: list[Stroke]

    def moment(self, share: float) -> int:
        """How many strokes are there when this share of the picture is: first the surroundings, then thing by thing.

        >>> line = Stroke("line", ((0, 0), (1, 1)), (0, 0, 0))
        >>> Composition([line] * 30, [line] * 4).moment(0.5)
        32
        """
        return len(self.behind) + int(len(self.things) * share) if self.things else int(len(self.behind) * share)


def compose(
    scene: Scene, width: int, height: int, random: Random, detail: int, *, behind: bool = True, room: float = 1.0
) -> Composition:
    """Compose a scene; without what is `behind` the things if so asked, and with those smaller if there is less `room`.

    >>> from .words import read
    >>> composition = compose(read("a red circle"), 64, 64, Random(0), 0)
    >>> len(composition.behind), len(composition.things)
    (1, 1)
    """
    if scene.says_nothing:
        return Composition([], abstract(scene, width, height, random, detail, behind=behind))
    around = backdrop(scene, width, height, random, detail) if behind else []
    strokes: list[Stroke] = []
    turn = random.randrange(60)
    for placed in arrange(scene, width, height, random, room):
        _thing(strokes, placed, scene, random, turn, detail, shaded=behind)
    return Composition(around, strokes + weather(scene, width, height, random, detail))


def _thing(
    strokes: list[Stroke], placed: Placed, scene: Scene, random: Random, turn: int, detail: int, *, shaded: bool
) -> None:
    """Draw one thing where it was placed; `turn` chooses among its natural colours."""
    group = placed.group
    if group.kind == "words":
        _lettering(strokes, placed, scene)
        return
    kind = THINGS[group.kind]
    main = _main_colour(placed, kind.colours, turn)
    accent = group.accents[placed.item % len(group.accents)] if group.accents else None
    own = Random(random.getrandbits(32))  # noqa: S311 - so that a thing's details don't change its neighbours'
    pen = Pen(
        strokes, x=placed.x, y=placed.y, unit=placed.height / 2, main=main, accent=accent,
        random=own, detail=detail, text=group.text,
        mirror=random.random() < 0.4 and group.kind not in _HANDED,
    )  # fmt: skip
    if shaded and not placed.floats and kind.home in ("land", "any"):
        across = placed.width / placed.height
        if scene.place == "sea" and kind.home == "land":
            rock = [(-across * 1.5, 1.16), (-across * 1.1, 0.94), (0, 0.88), (across * 1.1, 0.94), (across * 1.5, 1.16)]
            pen.curve(rock, "#9c8f7a" if group.kind == "lighthouse" else "#e3cb92")
        else:
            pen.glow(0, 0.97, across * 1.15, 0.16, "#1d2433", 0.32)
    kind.draw(pen)
    if shaded and kind.home == "water" and scene.place in WATERS:
        across = placed.width / placed.height
        swell = [(across * (at / 4 - 1) * 1.15, 0.9 + 0.05 * (-1) ** at) for at in range(9)]
        pen.curve([*swell, (across * 0.9, 1.08), (-across * 0.9, 1.08)], "#8fcbe3", opacity=0.55, outline=False)
    if group.text and kind.face:
        x, y = placed.x, placed.y + pen.unit * (kind.face[1] + kind.face[3]) / 2
        pen.words("\n".join(lines_of(group.text)), *kind.face, ink=_readable(_paper_at(x, y, strokes)))


def _main_colour(placed: Placed, natural: tuple[Colour, ...], turn: int) -> Colour:
    group = placed.group
    if group.colours:
        return group.colours[placed.item % len(group.colours)]
    own = sum(map(ord, group.kind)) + turn  # so that two kinds seldom have the same
    return natural[(own + (placed.item if group.kind in _VARIED else 0)) % len(natural)]


def _lettering(strokes: list[Stroke], placed: Placed, scene: Scene) -> None:
    """Words of their own, on a strip of paper where they would be lost in a landscape."""
    ink = placed.group.colours[0] if placed.group.colours else colour("#26304a")
    pen = Pen(strokes, x=placed.x, y=placed.y, unit=placed.height / 2, main=ink)
    across = placed.width / placed.height
    if scene.place and scene.backdrop is None:
        paper = "#26304a" if sum(ink) > 330 else "#fdf9ee"
        pen.box(-across, -0.95, across, 0.95, paper, corner=0.3)
    pen.words("\n".join(lines_of(placed.group.text)), -across * 0.94, -0.9, across * 0.94, 0.9)


def _paper_at(x: float, y: float, strokes: list[Stroke]) -> Colour:
    """The colour of the last shape around a point."""
    for stroke in reversed(strokes):
        across, down = [point[0] for point in stroke.points], [point[1] for point in stroke.points]
        if stroke.kind == "shape" and min(across) < x < max(across) and min(down) < y < max(down):
            return stroke.colour
    return colour("white")


def _readable(paper: Colour) -> Colour:
    return colour("#26262e") if sum(paper) > 330 else colour("white")


def pictures(
    scene: Scene,
    composition: Composition,
    size: tuple[int, int],
    quality: str,
    random: Random,
    *,
    clear: bool,
    steps: int = 0,
) -> Iterator[Image.Image]:
    """The picture at so many `steps` of its growth, and at its end; RGBA if it is to be `clear`."""
    style, detail = STYLES[scene.style], DETAIL[quality]
    scale = _scale(scene, size, quality)
    canvas_size = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    canvas = sheet(style, canvas_size, scale, clear=clear)
    hand = Hand(style, scale, detail, weight=max(0.6, min(size) / 420))
    paper_seed = random.getrandbits(32)
    strokes = [*composition.behind, *composition.things]
    done = 0
    for step in range(steps):
        moment = composition.moment((step + 1) / (steps + 1))
        for stroke in strokes[done:moment]:
            lay(canvas, stroke, hand, random)
        done = moment
        yield _finished(canvas.copy(), scene, size, detail, paper_seed)
    for stroke in strokes[done:]:
        lay(canvas, stroke, hand, random)
    yield _finished(canvas, scene, size, detail, paper_seed)


def _scale(scene: Scene, size: tuple[int, int], quality: str) -> float:
    """How much larger the canvas is than the picture: twice where edges are to be smooth, far less for pixel art."""
    cells = STYLES[scene.style].cells
    if cells:
        return min(1.0, cells * (0.75, 1.0, 1.34)[DETAIL[quality]] / min(size))
    return 2.0 if quality != "low" and 4 * size[0] * size[1] <= _MOST_PIXELS else 1.0


def _finished(canvas: Image.Image, scene: Scene, size: tuple[int, int], detail: int, paper_seed: int) -> Image.Image:
    if canvas.size == (2 * size[0], 2 * size[1]):
        canvas = canvas.reduce(2)
    elif canvas.size != size:
        canvas = canvas.resize(size, Image.Resampling.NEAREST)
    if detail == 2:
        canvas = grain(canvas, STYLES[scene.style].grain, Random(paper_seed))  # noqa: S311
    return toned(canvas, scene.tone)


def toned(image: Image.Image, tone: str) -> Image.Image:
    """The picture in grey or sepia, where the prompt asks for it."""
    if not tone:
        return image
    grey = ImageOps.grayscale(image.convert("RGB"))
    picture = ImageOps.colorize(grey, "#2b1a10", "#fbf3e0", "#a5835c") if tone == "sepia" else grey.convert("RGB")
    if image.mode == "RGBA":
        picture.putalpha(image.getchannel("A"))
    return picture


def stamped(image: Image.Image, within: Image.Image | None = None) -> Image.Image:
    """The picture with the local service's stamp in the lower right, or at the foot of what is white `within`."""
    height = max(9, round(min(image.size) * 0.019))
    lettering = font(height)
    wide, tall = round(lettering.getlength(STAMP)) + height, round(height * 1.7)
    if wide > image.width * 0.8 or tall > image.height * 0.3:
        return image  # too small for words, and for being mistaken
    margin = height // 2
    left, top = image.width - wide - margin, image.height - tall - margin
    if within is not None and within.crop((left, top, left + wide, top + tall)).getextrema() != (255, 255):
        left = (image.width - wide) // 2
        tops = range(top, image.height // 2, -margin)
        free = [at for at in tops if within.crop((left, at, left + wide, at + tall)).getextrema() == (255, 255)]
        if not free:
            return image
        top = free[0]
    pill = Image.new("L", (wide * 2, tall * 2))
    ImageDraw.Draw(pill).rounded_rectangle((0, 0, wide * 2 - 1, tall * 2 - 1), tall, fill=150)
    image.paste(ImageColor.getcolor("#20263a", image.mode), (left, top, left + wide, top + tall), pill.reduce(2))
    at = left + wide // 2, top + tall // 2
    ImageDraw.Draw(image).text(at, STAMP, fill="#f4f4f6", font=lettering, anchor="mm")
    return image
