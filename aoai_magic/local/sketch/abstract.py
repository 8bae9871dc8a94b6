"""A pleasant composition for prompts that name nothing that can be drawn."""

from __future__ import annotations

import math
from random import Random

from .colours import Colour, colour, mix
from .pen import Pen, Stroke, ring
from .scene import Scene

_PALETTES = [
    [colour(name) for name in line.split()]
    for line in (
        "#f6efe4 #e4572e #17bebb #ffc914 #2e282a #76b041",
        "#eef1f5 #264653 #2a9d8f #e9c46a #f4a261 #e76f51",
        "#fbf3ec #355070 #6d597a #b56576 #e56b6f #eaac8b",
        "#f2f4ee #606c38 #283618 #dda15e #bc6c25 #a3b18a",
        "#f3f0fa #5f0f40 #9a031e #fb8b24 #e36414 #0f4c5c",
        "#eaf4f4 #05668d #028090 #00a896 #02c39a #f0b67f",
    )
]


def abstract(scene: Scene, width: int, height: int, random: Random, detail: int, *, behind: bool) -> list[Stroke]:
    """Strokes of one of four kinds of composition, in the colours of the prompt if it names any.

    >>> strokes = abstract(Scene(), 64, 64, Random(0), 2, behind=True)
    >>> strokes == abstract(Scene(), 64, 64, Random(0), 2, behind=True)
    True
    """
    strokes: list[Stroke] = []
    pen = Pen(strokes, x=width / 2, y=height / 2, unit=height / 2, random=random, detail=detail)
    far = width / height
    paper, *paints = random.choice(_PALETTES)
    if scene.palette:
        first = scene.palette[0]
        paints = [*scene.palette, mix(first, "white", 0.35), mix(first, "#1a2030", 0.35)]
        paper = mix(first, "white", 0.86)
    if behind:
        pen.box(-far - 0.05, -1.05, far + 0.05, 1.05, scene.backdrop or paper, outline=False)
    random.choice((_discs, _tiles, _waves, _arches))(pen, paints, far)
    return strokes


def _discs(pen: Pen, paints: list[Colour], far: float) -> None:
    random = pen.random
    for at in range(9 + 3 * pen.detail):
        size = 0.52 / (1 + at * 0.16)
        x, y = random.uniform(-far + size, far - size) * 0.9, random.uniform(-0.85 + size, 0.8 - size)
        paint = paints[at % len(paints)]
        if at % 3 == 2:
            pen.line([*ring(x, y, size, size), (x + size, y)], 0.025, paint)
        else:
            pen.oval(x, y, size, fill=paint, outline=False, opacity=0.82)
    for _ in range(2):
        y = random.uniform(-0.6, 0.6)
        pen.line([(-far * 0.85, y), (far * 0.85, y + random.uniform(-0.5, 0.5))], 0.012, paints[-1])


def _tiles(pen: Pen, paints: list[Colour], far: float) -> None:
    random = pen.random
    across = max(3, round(4 * far))
    side = 1.68 / 4
    for row in range(4):
        for column in range(across):
            x, y = (column - across / 2) * side, -0.86 + row * side
            ground, figure = random.sample(paints, 2) if len(paints) > 1 else (paints[0], mix(paints[0], "white", 0.5))
            pen.box(x, y, x + side, y + side, mix(ground, "white", 0.12), outline=False)
            turn = random.choice((0, 90, 180, 270))
            centre_x, centre_y = x + side / 2, y + side / 2
            form = random.randrange(4)
            if form == 0:
                pen.oval(centre_x, centre_y, side * 0.36, fill=figure, outline=False)
            elif form == 1:
                away = math.radians(turn + 225)
                corner = centre_x + math.cos(away) * side * 0.707, centre_y + math.sin(away) * side * 0.707
                pen.shape(
                    [corner, *ring(*corner, side * 0.97, side * 0.97, start=turn, end=turn + 90, n=20)],
                    figure,
                    outline=False,
                )
            elif form == 2:
                pen.shape(
                    ring(centre_x, centre_y, side * 0.48, side * 0.48, start=turn, end=turn + 180, n=20),
                    figure,
                    outline=False,
                )
            else:
                corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
                skipped = turn // 90
                pen.shape([corner for at, corner in enumerate(corners) if at != skipped], figure, outline=False)


def _waves(pen: Pen, paints: list[Colour], far: float) -> None:
    random = pen.random
    sun = random.uniform(-0.5, 0.5) * far
    pen.oval(sun, -0.42, 0.3, fill=paints[-1], outline=False)
    bands = 6 + pen.detail
    for at in range(bands):
        y = -0.3 + at * 1.4 / bands
        crest = [
            (-far - 0.3, y),
            *((x * far, y + random.uniform(-0.14, 0.14)) for x in (-0.8, -0.4, 0, 0.4, 0.8)),
            (far + 0.3, y),
        ]
        pen.curve([*crest, (far + 0.3, 1.5), (-far - 0.3, 1.5)], paints[at % len(paints)], outline=False)


def _arches(pen: Pen, paints: list[Colour], far: float) -> None:
    random = pen.random
    for at in range(5):
        x = -far * 0.72 + at * far * 0.36
        tall = random.uniform(0.2, 0.85)
        start = random.randrange(len(paints))
        wide = far * 0.26
        for inner in range(4):
            across = wide * (1 - inner * 0.24)
            y = 0.7 - tall
            arch = [*ring(x, y, across, across, start=180, end=360, n=24), (x + across, 0.82), (x - across, 0.82)]
            pen.shape(arch, paints[(start + inner) % len(paints)], outline=False)
    for _ in range(3 + pen.detail):
        pen.oval(
            random.uniform(-0.85, 0.85) * far,
            random.uniform(-0.85, -0.4),
            random.uniform(0.02, 0.06),
            fill=random.choice(paints),
            outline=False,
        )
