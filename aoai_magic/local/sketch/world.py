"""Buildings and vehicles, each drawn by a few strokes of the pen."""

from __future__ import annotations

import math

from .colours import DARK
from .pen import Pen, ring, thing

# Buildings


@thing("house home cottage hut cabin barn villa", 1.4, 1.3, "#f2d5a7 #e9b7a0 #bcd7e6 #d8e2b8 #f0e4d2", "land", "meadow")
def _house(pen: Pen) -> None:
    roof = pen.accent("#c2553f")
    pen.box(0.42, -0.85, 0.62, -0.35, "#a5674f")
    pen.box(-0.82, -0.15, 0.82, 1)
    pen.shape([(-1.04, -0.1), (0, -0.95), (1.04, -0.1)], roof)
    pen.box(-0.18, 0.38, 0.18, 1, "#7b4b33", corner=0.04)
    pen.oval(0.1, 0.7, 0.035, fill="gold")
    for x in (-0.52, 0.52):
        pen.box(x - 0.19, 0.12, x + 0.19, 0.5, "#cfe8f7")
        pen.line([(x, 0.12), (x, 0.5)], 0.035, "white")
        pen.line([(x - 0.19, 0.31), (x + 0.19, 0.31)], 0.035, "white")
    pen.oval(0, -0.42, 0.12, fill="#cfe8f7")


@thing("castle palace fortress", 1.9, 1.6, "#b9b4c7 #d0c4b0 #e8c9d5", "land", "meadow")
def _castle(pen: Pen) -> None:
    roof = pen.accent("#5b6fb5")
    for side in (-1, 1):
        pen.box(side * 0.85 - 0.2, -0.35, side * 0.85 + 0.2, 1)
        pen.shape([(side * 0.85 - 0.27, -0.33), (side * 0.85, -0.85), (side * 0.85 + 0.27, -0.33)], roof)
        pen.box(side * 0.85 - 0.06, 0, side * 0.85 + 0.06, 0.25, "#4a4a5c", corner=0.05)
    pen.box(-0.3, -0.45, 0.3, 0.4, pen.shade(0.08))
    pen.shape([(-0.38, -0.43), (0, -0.95), (0.38, -0.43)], roof)
    pen.box(-0.65, 0.2, 0.65, 1)
    for at in range(5):
        pen.box(-0.65 + at * 0.28, 0.04, -0.65 + at * 0.28 + 0.17, 0.21)
    pen.box(-0.07, -0.2, 0.07, 0.05, "#4a4a5c", corner=0.06)
    pen.shape([*ring(0, 0.68, 0.22, 0.26, start=180, end=360, n=14), (0.22, 1), (-0.22, 1)], "#6b4630")


@thing("lighthouse", 0.9, 1.9, "white", "land", "sea")
def _lighthouse(pen: Pen) -> None:
    stripe = pen.accent("red")
    if pen.second is None and pen.main[0] > 180 and pen.main[1] < 120:
        stripe = (252, 252, 250)  # a red lighthouse has white stripes

    def band(y0: float, y1: float) -> list[tuple[float, float]]:
        at0, at1 = 0.19 + (y0 + 0.5) * 0.09, 0.19 + (y1 + 0.5) * 0.09
        return [(-at0, y0), (at0, y0), (at1, y1), (-at1, y1)]

    pen.shape(band(-0.5, 1))
    for y in (-0.35, 0.05, 0.45):
        pen.shape(band(y, y + 0.2), stripe)
    pen.box(-0.07, 0.76, 0.07, 1, "#5a4636", corner=0.05)
    pen.glow(0, -0.62, 0.5, 0.4, "#fff3b0", 0.9)
    pen.box(-0.14, -0.74, 0.14, -0.5, "#ffe98a")
    pen.line([(0, -0.74), (0, -0.5)], 0.025, "#4a4a55")
    pen.box(-0.27, -0.53, 0.27, -0.46, "#4a4a55")
    pen.shape([(-0.2, -0.73), (0, -0.98), (0.2, -0.73)], stripe)


@thing(
    "tower skyscraper building office school hospital",
    0.9,
    1.8,
    "#a9bccf #c9b8a8 #8fa3c0 #d5c7b5",
    "land",
    "city",
    (-0.42, -0.98, 0.42, -0.78),
)
def _tower(pen: Pen) -> None:
    pen.box(-0.48, -1, 0.48, 1)
    for row in range(6):
        for x in (-0.28, 0, 0.28):
            lit = pen.random.random() < 0.35
            pen.box(x - 0.08, -0.72 + row * 0.24, x + 0.08, -0.57 + row * 0.24, "#ffe9a0" if lit else "#5d7896")
    pen.box(-0.1, 0.75, 0.1, 1, pen.accent("#4d4038"))


@thing("tent", 1.3, 0.9, "orange #5fa35a #d95f4b", "land", "meadow")
def _tent(pen: Pen) -> None:
    pen.shape([(-1.35, 1), (0, -0.9), (1.35, 1)])
    pen.shape([(-0.4, 1), (0, -0.3), (0.4, 1)], pen.accent("#4a3a35"))
    pen.line([(0, -0.95), (0, -0.8)], 0.07, "#7a5136")


@thing("windmill", 1.3, 1.7, "#efe6d6", "land", "meadow")
def _windmill(pen: Pen) -> None:
    pen.shape([(-0.24, -0.4), (0.24, -0.4), (0.36, 1), (-0.36, 1)])
    pen.shape([(-0.3, -0.38), (0, -0.72), (0.3, -0.38)], pen.accent("#b5563f"))
    pen.box(-0.09, 0.66, 0.09, 1, "#7b4b33", corner=0.04)
    for angle in (25, 115, 205, 295):
        x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        pen.shape(
            [
                (x * 0.12, -0.35 + y * 0.12),
                (x * 0.72, -0.35 + y * 0.72),
                (x * 0.68 - y * 0.16, -0.35 + y * 0.68 + x * 0.16),
                (x * 0.16 - y * 0.16, -0.35 + y * 0.16 + x * 0.16),
            ],
            "#d7c4a0",
        )
        pen.line([(0, -0.35), (x * 0.74, -0.35 + y * 0.74)], 0.04, "#6b4a33")
    pen.oval(0, -0.35, 0.07, fill="#6b4a33")


@thing("bridge", 2.4, 0.9, "#b08968 #a9a9b2", "land", "river")
def _bridge(pen: Pen) -> None:
    arch = [
        *ring(0, 1, 1.9, 1.05, start=180, end=360),
        (2.65, 1),
        (2.65, -0.05),
        *ring(0, 0.15, 2.65, 0.6, start=0, end=-180),
    ]
    pen.shape([*arch, (-2.65, 1)])
    for at in range(9):
        x = -2.2 + at * 0.55
        top = 0.15 - 0.6 * math.sqrt(max(0, 1 - (x / 2.65) ** 2))
        pen.line([(x, top), (x, top - 0.35)], 0.07, pen.shade(0.3))
    pen.line(
        [(x, -0.2 - 0.6 * math.sqrt(max(0, 1 - (x / 2.65) ** 2))) for x in [-2.2 + at * 0.275 for at in range(17)]],
        0.09,
        pen.shade(0.3),
    )


# Vehicles


def _wheels(pen: Pen, y: float, across: float, *places: float) -> None:
    for x in places:
        pen.oval(x, y, across, fill="#33363f")
        pen.oval(x, y, across * 0.45, fill="#c8ccd4", outline=False)


@thing("car automobile taxi", 1.7, 0.9, "red #3f7fbf #e0a030 #4fa37a", "land", "street")
def _car(pen: Pen) -> None:
    pen.curve([(-1.1, -0.05), (-0.7, -0.8), (0.4, -0.85), (0.95, -0.05)])
    for points in (
        [(-0.82, -0.12), (-0.56, -0.6), (-0.12, -0.63), (-0.12, -0.12)],
        [(0.02, -0.12), (0.02, -0.63), (0.34, -0.63), (0.7, -0.12)],
    ):
        pen.shape(points, "#cfe6f5")
    pen.box(-1.8, -0.15, 1.82, 0.62, corner=0.24)
    pen.oval(1.66, 0.12, 0.12, 0.14, "#fff1a8")
    pen.box(-1.8, 0.02, -1.66, 0.24, "#ffb3a0", corner=0.05)
    pen.line([(-0.05, -0.05), (-0.05, 0.5)], 0.04, pen.shade(0.35))
    _wheels(pen, 0.62, 0.36, -1.05, 1.08)


@thing("bus truck van", 2.0, 1.1, "yellow #d9574a #4a90d9", "land", "street", (-1.4, 0.12, 1.4, 0.5))
def _bus(pen: Pen) -> None:
    pen.box(-1.78, -0.95, 1.78, 0.68, corner=0.2)
    for at in range(5):
        pen.box(-1.6 + at * 0.66, -0.68, -1.06 + at * 0.66, -0.12, "#cfe6f5", corner=0.06)
    pen.box(-1.78, 0.5, 1.78, 0.6, pen.accent(pen.shade(0.3)), outline=False)
    _wheels(pen, 0.7, 0.29, -1.05, 1.05)


@thing("train locomotive", 2.2, 1.1, "#4f9d69 #c44f45 #3f6fb5", "land", "meadow")
def _train(pen: Pen) -> None:
    pen.box(0.9, -0.8, 1.15, -0.2, DARK)
    pen.box(-0.4, -0.3, 1.6, 0.5, corner=0.2)
    pen.box(-1.8, -0.75, -0.35, 0.5)
    pen.box(-1.95, -0.92, -0.2, -0.72, pen.accent("#b5463a"), corner=0.05)
    pen.box(-1.5, -0.5, -0.7, 0, "#cfe6f5", corner=0.05)
    pen.shape([(1.5, 0.5), (1.95, 0.85), (1.3, 0.85)], "#4a4f5a")
    _wheels(pen, 0.66, 0.32, -1.4, -0.55, 0.35, 1.1)
    for x, y, across in ((1.0, -0.95, 0.14), (0.72, -0.88, 0.11)):
        pen.oval(x, y, across, fill="white")


@thing("bicycle bike cycle", 1.5, 1.0, "red #3f7fbf #4fa37a", "land")
def _bicycle(pen: Pen) -> None:
    for x in (-0.88, 0.88):
        pen.line([*ring(x, 0.38, 0.56, 0.56), (x + 0.56, 0.38)], 0.09, DARK)
        for angle in (15, 75, 135):
            across, down = 0.52 * math.cos(math.radians(angle)), 0.52 * math.sin(math.radians(angle))
            pen.line([(x - across, 0.38 - down), (x + across, 0.38 + down)], 0.02, "grey")
    pen.line([(-0.88, 0.38), (-0.4, -0.4), (0.55, -0.4), (-0.05, 0.4), (-0.88, 0.38)], 0.1)
    pen.line([(-0.5, -0.62), (-0.05, 0.4)], 0.09)
    pen.line([(0.88, 0.38), (0.5, -0.72), (0.78, -0.82)], 0.09)
    pen.line([(-0.72, -0.64), (-0.3, -0.64)], 0.13, DARK)


@thing("boat sailboat yacht", 1.4, 1.5, "#b5623f #3f6fa5 #c94f4f", "water", "sea")
def _boat(pen: Pen) -> None:
    pen.line([(0, -0.98), (0, 0.5)], 0.05, "#7a5a3c")
    pen.shape([(0.06, -0.92), (0.72, 0.34), (0.06, 0.34)], pen.accent("white"))
    pen.shape([(-0.06, -0.72), (-0.58, 0.34), (-0.06, 0.34)], pen.accent("#f5e6d0"))
    pen.shape([(-0.92, 0.46), (0.92, 0.46), (0.84, 0.68), (0.58, 0.96), (-0.52, 0.96), (-0.78, 0.72)])
    pen.line([(-0.84, 0.62), (0.85, 0.62)], 0.05, pen.shade(-0.5))


@thing("ship steamer ferry", 2.0, 1.2, "#b5423f #34507a", "water", "sea")
def _ship(pen: Pen) -> None:
    for x in (-0.3, 0.3):
        pen.box(x - 0.14, -0.95, x + 0.14, -0.2, pen.accent("orange"))
        pen.box(x - 0.14, -0.95, x + 0.14, -0.78, DARK)
    pen.box(-0.9, -0.3, 0.8, 0.1, "white")
    pen.box(-1.15, 0.0, 1.1, 0.36, "white")
    for at in range(6):
        pen.oval(-0.9 + at * 0.35, 0.18, 0.07, fill="#6fa3cc")
    pen.shape([(-1.6, 0.34), (1.65, 0.34), (1.25, 0.96), (-1.3, 0.96)])


@thing("rocket spaceship", 0.8, 1.6, "#eef1f5 #d9dee6", "sky", "space")
def _rocket(pen: Pen) -> None:
    red = pen.accent("red")
    pen.curve([(-0.16, 0.68), (0, 1.06), (0.16, 0.68), (0, 0.6)], "orange")
    pen.curve([(-0.08, 0.68), (0, 0.9), (0.08, 0.68)], "yellow", outline=False)
    for side in (-1, 1):
        pen.curve([(side * 0.22, 0.2), (side * 0.46, 0.48), (side * 0.48, 0.82), (side * 0.2, 0.62)], red)
    pen.curve([(0, -1), (0.22, -0.6), (0.3, 0), (0.2, 0.66), (-0.2, 0.66), (-0.3, 0), (-0.22, -0.6)])
    pen.curve([(0, -1), (0.13, -0.78), (0.2, -0.56), (-0.2, -0.56), (-0.13, -0.78)], red)
    pen.oval(0, -0.2, 0.15, fill="#4a6fa5")
    pen.oval(0, -0.2, 0.1, fill="#a9d3f2", outline=False)


@thing("plane airplane aeroplane jet", 1.7, 0.9, "#eef2f6 #d5e3f0", "sky", "meadow")
def _plane(pen: Pen) -> None:
    trim = pen.accent("#d9574a")
    pen.shape([(-1.75, -0.9), (-1.45, -0.9), (-1.05, 0), (-1.6, 0)], trim)
    pen.curve([(-1.8, 0), (-1.2, -0.22), (0.9, -0.3), (1.6, -0.05), (1.75, 0.15), (1.3, 0.32), (0, 0.36), (-1.3, 0.2)])
    for at in range(5):
        pen.oval(-0.75 + at * 0.36, -0.05, 0.08, fill="#6fa3cc", outline=False)
    pen.shape([(-0.35, 0.1), (0.45, 0.1), (-0.35, 0.95), (-0.75, 0.95)], trim)
    pen.curve([(1.2, -0.22), (1.5, -0.1), (1.45, 0.02), (1.15, -0.02)], "#6fa3cc", outline=False)


@thing("airballoon", 1.2, 1.7, "red #e0a030 #5b8def #c86dd7", "sky", "meadow")
def _airballoon(pen: Pen) -> None:
    for side in (-1, 1):
        pen.line([(side * 0.3, 0.3), (side * 0.14, 0.72)], 0.03, "#6b5140")
    outline = [
        (0, -1),
        (0.5, -0.84),
        (0.68, -0.4),
        (0.5, 0.05),
        (0.2, 0.42),
        (-0.2, 0.42),
        (-0.5, 0.05),
        (-0.68, -0.4),
        (-0.5, -0.84),
    ]
    pen.curve(outline)
    pen.curve([(x * 0.42, y) for x, y in outline], pen.accent("cream"))
    pen.box(-0.17, 0.7, 0.17, 1, "#a5713f", corner=0.05)


@thing("balloon", 0.7, 1.3, "red blue yellow #4fb36b violet", "sky")
def _balloon(pen: Pen) -> None:
    pen.line([(0, 0.15), (0.08, 0.45), (-0.06, 0.7), (0.02, 1)], 0.025, "#5a5a66", bent=True)
    pen.shape([(-0.08, 0.22), (0.08, 0.22), (0, 0.06)])
    pen.curve([(0, -1), (0.4, -0.82), (0.52, -0.42), (0.3, 0), (0, 0.14), (-0.3, 0), (-0.52, -0.42), (-0.4, -0.82)])
    pen.oval(-0.22, -0.62, 0.08, 0.16, pen.shade(-0.6), turn=25, outline=False)


@thing("kite", 0.9, 1.3, "red #5b8def orange #4fb36b", "sky", "meadow")
def _kite(pen: Pen) -> None:
    pen.line([(0, 0.35), (0.12, 0.6), (-0.1, 0.75), (0.05, 1)], 0.03, DARK, bent=True)
    pen.shape([(0, -1), (0.62, -0.4), (0, 0.4), (-0.62, -0.4)])
    pen.shape([(0, -1), (0.62, -0.4), (0, -0.4)], pen.accent("yellow"))
    pen.shape([(0, 0.4), (-0.62, -0.4), (0, -0.4)], pen.accent("yellow"))
