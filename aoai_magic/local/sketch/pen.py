"""The pen that the local service's sketches are drawn with: it notes strokes, which `ink` lays on paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from .colours import Colour, colour, mix

Point = tuple[float, float]
Home = Literal["any", "land", "sky", "water"]


@dataclass(frozen=True)
class Stroke:
    """One mark on the paper, in pixels of the finished picture.

    A shape is filled with `colour` (down to `fade`, if it has one); a line has a `width`; words stand in the box of
    their first and last point.
    """

    kind: Literal["shape", "line", "words", "glow"]
    points: tuple[Point, ...]
    colour: Colour
    fade: Colour | None = None
    width: float = 0.0
    opacity: float = 1.0
    outline: bool = True
    text: str = ""


class Pen:
    """Draws one thing around (x, y): its own y runs from -1, its top, to 1, its bottom; x by the same measure.

    >>> strokes = []
    >>> Pen(strokes, x=50, y=50, unit=10).box(-1, -1, 1, 1, "red")
    >>> strokes[0].points
    ((40, 40), (60, 40), (60, 60), (40, 60))
    """

    def __init__(
        self, strokes: list[Stroke], *, x: float, y: float, unit: float, main: Colour = (0, 0, 0),
        accent: Colour | None = None, random: Random | None = None, detail: int = 1, mirror: bool = False,
        text: str = "",
    ) -> None:  # fmt: skip
        self.strokes, self.x, self.y, self.unit = strokes, x, y, unit
        self.main, self.second = main, accent
        self.random = random or Random(0)  # noqa: S311 - drawings, not secrets
        self.detail, self.mirror, self.text = detail, mirror, text

    def accent(self, otherwise: str | Colour) -> Colour:
        """The second colour that the prompt gave the thing, or what it has otherwise."""
        return colour(otherwise) if self.second is None else self.second

    def shade(self, share: float = 0.25) -> Colour:
        """The thing's own colour, darker; lighter if `share` is negative."""
        return mix(self.main, "#ffffff" if share < 0 else "#101828", abs(share))

    def shape(
        self, points: Iterable[Point], fill: str | Colour | None = None, *, fade: str | Colour | None = None,
        opacity: float = 1.0, outline: bool = True,
    ) -> None:  # fmt: skip
        """A polygon."""
        filled = self.main if fill is None else colour(fill)
        faded = None if fade is None else colour(fade)
        self._note("shape", points, filled, fade=faded, opacity=opacity, outline=outline)

    def curve(
        self, points: Sequence[Point], fill: str | Colour | None = None, *, opacity: float = 1.0, outline: bool = True
    ) -> None:
        """A closed shape that runs smoothly through its points."""
        self.shape(smooth(points, closed=True), fill, opacity=opacity, outline=outline)

    def oval(
        self, x: float, y: float, across: float, down: float | None = None, fill: str | Colour | None = None, *,
        turn: float = 0.0, opacity: float = 1.0, outline: bool = True,
    ) -> None:  # fmt: skip
        """An ellipse with these radii, turned by so many degrees; with one radius, a disc."""
        down = across if down is None else down
        self.shape(ring(x, y, across, down, turn=turn), fill, opacity=opacity, outline=outline)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, fill: str | Colour | None = None, *, corner: float = 0.0,
        fade: str | Colour | None = None, outline: bool = True,
    ) -> None:  # fmt: skip
        """A rectangle, with rounded corners of that radius."""
        corners: list[Point] = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        if corner:
            centres = ((x0, y0, 1, 1, 180), (x1, y0, -1, 1, 270), (x1, y1, -1, -1, 0), (x0, y1, 1, -1, 90))
            corners = [
                point
                for x, y, right, down, start in centres
                for point in ring(
                    x + right * corner, y + down * corner, corner, corner, start=start, end=start + 90, n=8
                )
            ]
        self.shape(corners, fill, fade=fade, outline=outline)

    def line(
        self, points: Sequence[Point], width: float, stroke: str | Colour | None = None, *, bent: bool = False,
        outline: bool = False, opacity: float = 1.0,
    ) -> None:  # fmt: skip
        """A line with round ends, along a smooth curve if `bent`; `outline` makes a limb of it."""
        path = smooth(points) if bent else points
        drawn = self.main if stroke is None else colour(stroke)
        self._note("line", path, drawn, width=width * self.unit, outline=outline, opacity=opacity)

    def glow(self, x: float, y: float, across: float, down: float, light: str | Colour, opacity: float) -> None:
        """A soft light or shadow."""
        first, last = (x - across, y - down), (x + across, y + down)
        if self.mirror:
            first, last = (last[0], first[1]), (first[0], last[1])
        self._note("glow", [first, last], colour(light), opacity=opacity)

    def words(self, text: str, x0: float, y0: float, x1: float, y1: float, ink: str | Colour | None = None) -> None:
        """Lettering as large as the box allows."""
        mirror, self.mirror = self.mirror, False
        self._note("words", [(x0, y0), (x1, y1)], self.main if ink is None else colour(ink), text=text)
        self.mirror = mirror

    def another(
        self, kind: str, x: float, y: float, size: float, main: str | Colour, *, accent: Colour | None = None,
        detail: int | None = None,
    ) -> None:  # fmt: skip
        """Another thing, drawn around a point of this pen's measure; `size` is half its height."""
        pen = Pen(
            self.strokes, x=self.x + x * self.unit, y=self.y + y * self.unit, unit=size * self.unit, main=colour(main),
            accent=accent, random=self.random, detail=self.detail if detail is None else detail,
        )  # fmt: skip
        THINGS[kind].draw(pen)

    def _note(
        self, kind: Literal["shape", "line", "words", "glow"], points: Iterable[Point], drawn: Colour, *,
        fade: Colour | None = None, width: float = 0.0, opacity: float = 1.0, outline: bool = False, text: str = "",
    ) -> None:  # fmt: skip
        across = -self.unit if self.mirror else self.unit
        placed = tuple((self.x + x * across, self.y + y * self.unit) for x, y in points)
        self.strokes.append(Stroke(kind, placed, drawn, fade, width, opacity, outline, text))


def ring(
    x: float, y: float, across: float, down: float, *, turn: float = 0.0, start: float = 0.0, end: float = 360.0,
    n: int = 40,
) -> list[Point]:  # fmt: skip
    """Points along an ellipse, clockwise from `start` to `end` degrees, where 0 is to the right.

    >>> [(round(x), round(y)) for x, y in ring(0, 0, 1, 1, n=4)]
    [(1, 0), (0, 1), (-1, 0), (0, -1)]
    """
    whole = end - start == 360
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    points = []
    for step in range(n if whole else n + 1):
        angle = math.radians(start + (end - start) * step / n)
        right, below = across * math.cos(angle), down * math.sin(angle)
        points.append((x + right * cosine - below * sine, y + right * sine + below * cosine))
    return points


def smooth(points: Sequence[Point], closed: bool = False, steps: int = 8) -> list[Point]:
    """A Catmull-Rom curve through the points.

    >>> len(smooth([(0, 0), (1, 1), (2, 0)], steps=4))
    9
    """
    count = len(points)
    curve: list[Point] = []
    for at in range(count if closed else count - 1):
        a, b, c, d = (
            points[(at + shift) % count] if closed else points[min(max(at + shift, 0), count - 1)]
            for shift in (-1, 0, 1, 2)
        )
        for step in range(steps):
            t = step / steps
            x, y = (
                0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t**2 + (3 * q - p - 3 * r + s) * t**3)
                for p, q, r, s in zip(a, b, c, d, strict=True)
            )
            curve.append((x, y))
    return curve if closed else [*curve, points[-1]]


@dataclass(frozen=True)
class Thing:
    """Something that can be drawn: how, how large beside others, in which colours and where by nature."""

    draw: Callable[[Pen], None]
    width: float
    height: float
    colours: tuple[Colour, ...]
    home: Home = "any"
    place: str = ""  # the place it brings along where the prompt names none
    face: tuple[float, float, float, float] | None = None  # where words can be written on it, in its own measure


#: Things by kind, and the kind that each noun of a prompt means. The modules that draw fill them.
THINGS: dict[str, Thing] = {}
NOUNS: dict[str, str] = {}


def thing(
    nouns: str, width: float = 1.0, height: float = 1.0, colours: str = "", home: Home = "any", place: str = "",
    face: tuple[float, float, float, float] | None = None,
) -> Callable[[Callable[[Pen], None]], Callable[[Pen], None]]:  # fmt: skip
    """Enter a drawing function under its nouns; the first is its kind."""

    def enter(draw: Callable[[Pen], None]) -> Callable[[Pen], None]:
        kind, *_ = nouns.split()
        palette = colours or "red blue green yellow orange purple teal pink coral turquoise"
        THINGS[kind] = Thing(draw, width, height, tuple(colour(name) for name in palette.split()), home, place, face)
        NOUNS.update(dict.fromkeys(nouns.split(), kind))
        return draw

    return enter
