"""What is around the things of a sketch: the paper, room or landscape behind them."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

from .colours import Colour, colour, luminance, mix
from .pen import THINGS, Pen, Stroke, ring
from .scene import Scene
from .sky import HORIZON, SKIES, dimmed, sky, stars

_PAPERS = "#eef3f8 #f6efe4 #f3ecf4 #eaf4ee #fdf1ec #f1f1ea #e8f1f4 #faf3dd".split()


def backdrop(scene: Scene, width: int, height: int, random: Random, detail: int) -> list[Stroke]:
    """Everything behind the things.

    >>> from .words import read
    >>> len(backdrop(read("a forest at night"), 64, 64, Random(0), detail=1)) > 20
    True
    """
    strokes: list[Stroke] = []
    pen = Pen(strokes, x=width / 2, y=height / 2, unit=height / 2, random=random, detail=detail)
    far = width / height + 0.05
    if scene.backdrop is not None or scene.place == "":
        _paper(pen, scene, far)
        return strokes
    if scene.place == "space":
        _space(pen, scene, far)
    elif scene.place == "underwater":
        _underwater(pen, scene, far)
    elif scene.place == "room":
        _room(pen, scene, far)
    else:
        sky(pen, scene, far)
        _LANDS.get(scene.place, _meadow)(pen, scene, far)
    return strokes


def _paper(pen: Pen, scene: Scene, far: float) -> None:
    """Plain paper: a tint, and something soft for the things to stand before."""
    if scene.backdrop is not None:
        pen.box(-far, -1.05, far, 1.05, scene.backdrop, outline=False)
        return
    tint = colour(pen.random.choice(_PAPERS))
    if scene.palette:
        tint = mix(scene.palette[0], "white", 0.78)
    named = [paint for group in scene.groups for paint in group.colours]
    pale = [paint for paint in named if luminance(paint) > 0.86]
    if pale:  # a white cat needs something to be seen against
        tint = mix(pen.random.choice(["#7d9cc0", "#8fb59c", "#b596b0", "#c7a27a"]), "#ffffff", 0.12)
    pen.box(-far, -1.05, far, 1.05, tint, outline=False)
    if any(group.kind in THINGS and THINGS[group.kind].home != "any" for group in scene.groups) or not scene.groups:
        blob = [
            (far * math.cos(t) * pen.random.uniform(0.7, 0.92), math.sin(t) * pen.random.uniform(0.7, 0.92))
            for t in (math.tau * at / 9 for at in range(9))
        ]
        pen.curve(
            blob,
            mix(tint, "white" if luminance(tint) < 0.9 else "#9fb3c9", 0.3 if luminance(tint) < 0.9 else 0.16),
            outline=False,
        )


def _hills(pen: Pen, scene: Scene, far: float, paint: str | Colour, y: float, wave: float) -> None:
    points = [(-far - 0.3, y)]
    for at in range(6):
        points.append((-far + at * far * 0.4, y + pen.random.uniform(-wave, wave)))
    pen.curve([*points, (far + 0.3, y), (far + 0.3, 1.4), (-far - 0.3, 1.4)], dimmed(scene, paint))


def _meadow(pen: Pen, scene: Scene, far: float) -> None:
    green = scene.ground or colour("#8cc863")
    _hills(pen, scene, far, mix(green, "#86b8c8", 0.35), HORIZON - 0.08, 0.1)
    _hills(pen, scene, far, mix(green, "#6fae8f", 0.25), HORIZON + 0.03, 0.06)
    _hills(pen, scene, far, green, HORIZON + 0.2, 0.03)
    random = pen.random
    snowy = "snow" in scene.weather
    for _ in range(12 * (pen.detail + 1)):
        x, y = random.uniform(-far, far), random.uniform(HORIZON + 0.3, 0.98)
        size = 0.02 + 0.03 * (y - HORIZON)
        for lean in (-0.5, 0, 0.5):
            pen.line([(x, y), (x + lean * size, y - size)], 0.006, dimmed(scene, mix(green, "#2f7d3a", 0.5)))
        if not snowy and random.random() < 0.3:
            x += 0.05
            pen.shape(
                ring(x, y, size * 0.32, size * 0.32, n=10),
                dimmed(scene, random.choice(["#fff6d8", "#ffd1dc", "#fde074"])),
                outline=False,
            )


def _forest(pen: Pen, scene: Scene, far: float) -> None:
    green = scene.ground or colour("#4f9160")
    for row, (y, size, fade) in enumerate(((HORIZON + 0.06, 0.34, 0.55), (HORIZON + 0.16, 0.46, 0.25))):
        x = -far
        while x < far + 0.2:
            tall = size * pen.random.uniform(0.8, 1.25)
            paint = dimmed(scene, mix(green, "#a9cfc4", fade))
            kind = "pine" if pen.random.random() < 0.7 else "tree"
            pen.another(kind, x, y - tall, tall, paint, accent=dimmed(scene, "#6b4f3c"), detail=0)
            x += tall * pen.random.uniform(0.5, 0.75)
        _hills(pen, scene, far, mix(green, "#8cc863", 0.4 if row else 0.1), y, 0.02)
    for _ in range(8 * (pen.detail + 1)):
        x, y = pen.random.uniform(-far, far), pen.random.uniform(HORIZON + 0.3, 0.98)
        pen.line([(x - 0.012, y - 0.03), (x, y), (x + 0.012, y - 0.03)], 0.006, dimmed(scene, "#2f6b40"))


def _desert(pen: Pen, scene: Scene, far: float) -> None:
    sand = scene.ground or colour("#ecc787")
    _hills(pen, scene, far, mix(sand, "#c9855a", 0.35), HORIZON - 0.02, 0.1)
    _hills(pen, scene, far, mix(sand, "#d99a62", 0.25), HORIZON + 0.12, 0.07)
    _hills(pen, scene, far, sand, HORIZON + 0.3, 0.05)
    if "cactus" not in {group.kind for group in scene.groups}:
        for _ in range(3):
            x, y = pen.random.uniform(-far, far) * 0.9, HORIZON + pen.random.uniform(0.1, 0.2)
            pen.another("cactus", x, y - 0.08, 0.09, dimmed(scene, "#6f9c62"))


def _city(pen: Pen, scene: Scene, far: float) -> None:
    night = scene.time in ("night", "sunset")
    for shade, low, high, pitch in ((0.5, 0.45, 0.95, 0.2), (0.15, 0.2, 0.7, 0.26)):
        x = -far
        while x < far:
            wide, tall = pitch * pen.random.uniform(0.7, 1.2), pen.random.uniform(low, high)
            wall = dimmed(scene, mix(pen.random.choice(["#7f93ad", "#a9988c", "#8b86a8", "#b5a58f"]), "#dfe9f2", shade))
            pen.box(x, HORIZON + 0.2 - tall, x + wide, HORIZON + 0.25, wall)
            if pen.detail:
                _windows(pen, x, HORIZON + 0.2 - tall, wide, tall, wall, night)
            x += wide + 0.01
    road = scene.ground or colour("#8b909c")
    pen.box(-far, HORIZON + 0.2, far, 0.5 + 0.04, dimmed(scene, "#cfccc4"))
    pen.box(-far, 0.54, far, 1.05, dimmed(scene, road))
    for at in range(-4, 5):
        pen.box(at * 0.32 - 0.09, 0.84, at * 0.32 + 0.09, 0.865, dimmed(scene, "#f5f0dc"), outline=False)


def _windows(pen: Pen, x: float, y: float, wide: float, tall: float, wall: Colour, night: bool) -> None:
    across, down = max(2, round(wide / 0.06)), max(2, round(tall / 0.085))
    for row in range(down - 1):
        for at in range(across):
            lit = pen.random.random() < (0.45 if night else 0.12)
            paint = colour("#ffe08a") if lit else mix(wall, "#2a3a55", 0.3)
            left, top = x + (at + 0.3) * wide / across, y + (row + 0.4) * tall / down
            pen.box(left, top, left + wide / across * 0.42, top + tall / down * 0.5, paint, outline=False)


def _sea(pen: Pen, scene: Scene, far: float) -> None:
    water = scene.ground or colour("#2f86b8")
    level = HORIZON - 0.18
    pen.box(-far, level, far, 1.05, dimmed(scene, mix(water, "#9fd8e0", 0.4)), fade=dimmed(scene, water), outline=False)
    for row in range(5 + pen.detail):
        y = level + 0.08 + row * row * 0.016 + row * 0.045
        for _ in range(4):
            x, size = pen.random.uniform(-far, far), 0.04 + 0.03 * row
            crest = [(x + (at - 2) * size, y + (0.012 + 0.004 * row) * (-1) ** at) for at in range(5)]
            pen.line(crest, 0.007 + 0.0015 * row, dimmed(scene, mix(water, "white", 0.55)), bent=True)


def _beach(pen: Pen, scene: Scene, far: float) -> None:
    _sea(pen, scene, far)
    sand = [(-far - 0.3, 0.62), (-far * 0.4, 0.5), (far * 0.2, 0.6), (far * 0.7, 0.46), (far + 0.3, 0.42)]
    pen.curve(
        [(x, y - 0.04) for x, y in sand] + [(far + 0.3, 1.4), (-far - 0.3, 1.4)],
        dimmed(scene, "#f4fbfb"),
        outline=False,
    )
    pen.curve([*sand, (far + 0.3, 1.4), (-far - 0.3, 1.4)], dimmed(scene, "#eed6a1"), outline=False)
    for _ in range(14 * pen.detail):
        x, y = pen.random.uniform(-far, far), pen.random.uniform(0.68, 0.98)
        pen.shape(ring(x, y, 0.006, 0.004, n=6), dimmed(scene, "#cfae74"), outline=False)


def _river(pen: Pen, scene: Scene, far: float) -> None:
    _meadow(pen, replace(scene, ground=None), far)
    path = [(0.22, 0.34), (0.05, 0.42), (0.28, 0.54), (-0.1, 0.72), (0.12, 1.1)]
    widths = (0.02, 0.05, 0.1, 0.2, 0.34)
    banks = [(x + w, y) for (x, y), w in zip(path, widths, strict=True)] + [
        (x - w, y) for (x, y), w in zip(path[::-1], widths[::-1], strict=True)
    ]
    pen.curve(banks, dimmed(scene, scene.ground or "#5fb0dc"))
    for x, y in ((0.16, 0.58), (-0.05, 0.74), (0.02, 0.86)):
        pen.line([(x - 0.06, y), (x, y - 0.012), (x + 0.06, y)], 0.009, dimmed(scene, "#c8e8f6"), bent=True)


def _lake(pen: Pen, scene: Scene, far: float) -> None:
    _meadow(pen, replace(scene, ground=None), far)
    pen.oval(0, 0.62, far * 0.86, 0.25, dimmed(scene, scene.ground or "#5fb0dc"))
    for x, y in ((-0.4, 0.56), (0.3, 0.52), (0.05, 0.72), (0.5, 0.68)):
        pen.line(
            [(x - 0.09, y), (x - 0.03, y - 0.012), (x + 0.03, y), (x + 0.09, y - 0.012)],
            0.009,
            dimmed(scene, "#d3eef8"),
            bent=True,
        )


def _winter(pen: Pen, scene: Scene, far: float) -> None:
    _hills(pen, scene, far, "#9fb8d8", HORIZON - 0.06, 0.12)
    for _ in range(6 + 2 * pen.detail):
        x, size = pen.random.uniform(-far, far), pen.random.uniform(0.1, 0.18)
        pen.another("pine", x, HORIZON + 0.08 - size, size, mix("#5f8f86", dimmed(scene, "white"), 0.3))
    _hills(pen, scene, far, "#d5e2f0", HORIZON + 0.1, 0.05)
    _hills(pen, scene, far, "white", HORIZON + 0.26, 0.03)


def _nothing(pen: Pen, scene: Scene, far: float) -> None:
    """Nothing but the sky."""


def _space(pen: Pen, scene: Scene, far: float) -> None:
    top = scene.sky or scene.ground or colour("#0d1030")
    pen.box(-far, -1.05, far, 1.05, top, fade=mix(top, "#4a2f6b", 0.6), outline=False)
    for paint in ("#6d4fb0", "#2f6f9c", "#a5487f"):
        pen.glow(pen.random.uniform(-far, far), pen.random.uniform(-0.8, 0.8), 0.9, 0.7, paint, 0.4)
    stars(pen, far, -1, 1, 90 + 60 * pen.detail)
    if not {group.kind for group in scene.groups} & {"planet", "moon"}:
        side = pen.random.choice((-1, 1))
        pen.another("planet", side * 0.78 * far, -0.72, 0.13, pen.random.choice(["#e0a458", "#7fa8e0", "#d98880"]))


def _underwater(pen: Pen, scene: Scene, far: float) -> None:
    water = scene.ground or colour("#1f7fae")
    pen.box(-far, -1.05, far, 1.05, mix(water, "#a5e6ea", 0.5), fade=mix(water, "#0b2f55", 0.45), outline=False)
    for at in range(4):
        x = -far + (at + pen.random.uniform(0.2, 0.8)) * far / 2
        pen.shape([(x, -1.05), (x + 0.12, -1.05), (x - 0.25, 0.7), (x - 0.6, 0.7)], "white", opacity=0.1, outline=False)
    for _ in range(5 + pen.detail):
        x, tall = pen.random.uniform(-far, far), pen.random.uniform(0.25, 0.5)
        weed = [(x + 0.04 * (-1) ** at, 0.95 - at * tall / 4) for at in range(5)]
        pen.line(weed, 0.035, pen.random.choice(["#2f8f63", "#3fa37a", "#7a9c3f"]), bent=True)
    pen.curve(
        [
            (-far - 0.3, 0.8),
            (-far * 0.4, 0.86),
            (far * 0.3, 0.78),
            (far + 0.3, 0.84),
            (far + 0.3, 1.4),
            (-far - 0.3, 1.4),
        ],
        "#d9c48f",
        outline=False,
    )
    for _ in range(8 + 6 * pen.detail):
        x, y, size = pen.random.uniform(-far, far), pen.random.uniform(-0.9, 0.7), pen.random.uniform(0.008, 0.024)
        pen.line([*ring(x, y, size, size, n=14), (x + size, y)], 0.005, "#d8f3f8")


def _room(pen: Pen, scene: Scene, far: float) -> None:
    wall = scene.ground or colour(pen.random.choice(["#efe2cf", "#dbe7e4", "#ece0ea", "#e3e8d3"]))
    pen.box(-far, -1.05, far, 0.5, wall, outline=False)
    pen.box(-far, 0.45, far, 1.05, "#c99f74", outline=False)
    pen.box(-far, 0.42, far, 0.48, "white")
    for at in range(1, 4):
        pen.line([(-far, 0.48 + at * at * 0.045), (far, 0.48 + at * at * 0.045)], 0.006, "#a97f56")
    x = pen.random.choice((-1, 1)) * far * 0.55
    outside = SKIES["night" if scene.time == "night" else "day"]
    pen.box(x - 0.28, -0.8, x + 0.28, -0.1, "white", corner=0.03)
    pen.box(x - 0.23, -0.75, x + 0.23, -0.15, outside[0], fade=outside[1])
    pen.line([(x, -0.75), (x, -0.15)], 0.025, "white")
    pen.line([(x - 0.23, -0.45), (x + 0.23, -0.45)], 0.025, "white")


_LANDS = {
    "forest": _forest, "desert": _desert, "city": _city, "street": _city, "sea": _sea, "beach": _beach,
    "river": _river, "lake": _lake, "winter": _winter, "sky": _nothing,
}  # fmt: skip
