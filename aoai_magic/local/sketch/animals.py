"""Animals, people and their kin, each drawn by a few strokes of the pen."""

from __future__ import annotations

import math

from .colours import DARK, Colour
from .pen import Pen, ring, thing


def eyes(pen: Pen, x: float, y: float, across: float) -> None:
    """A pair of bright eyes, each so far from the middle."""
    for side in (-x, x):
        pen.oval(side, y, across, across * 1.15, DARK, outline=False)
        pen.oval(side + across * 0.3, y - across * 0.4, across * 0.36, fill="white", outline=False)


def smile(pen: Pen, x: float, y: float, across: float, ink: str | Colour = DARK) -> None:
    """A smiling mouth."""
    pen.line(ring(x, y, across, across * 0.8, start=20, end=160, n=10), across * 0.22, ink)


# Those that sit facing us share a body


def _sitting(pen: Pen, belly: str, nose: str | Colour = DARK) -> None:
    pen.curve([(-0.5, 0.98), (-0.5, 0.5), (-0.24, 0.05), (0.24, 0.05), (0.5, 0.5), (0.5, 0.98), (0, 1.02)])
    pen.oval(0, 0.62, 0.24, 0.3, belly, outline=False)
    for side in (-0.2, 0.2):
        pen.oval(side, 0.94, 0.17, 0.1)
    pen.oval(0, -0.3, 0.56, 0.46)
    eyes(pen, 0.23, -0.36, 0.085)
    pen.curve([(-0.09, -0.2), (0.09, -0.2), (0, -0.1)], nose, outline=False)
    for side in (-0.07, 0.07):
        pen.line(ring(side, -0.09, 0.07, 0.07, start=0, end=180, n=8), 0.028, DARK)


def _pair(pen: Pen, *points: tuple[float, float], fill: str | None = None) -> None:
    for side in (-1, 1):
        pen.shape([(side * x, y) for x, y in points], fill)


@thing("cat kitten kitty", 0.95, 1.1, "#f0953f #8d939c #3d3f4a #d9b38c #f3efe8", "land")
def _cat(pen: Pen) -> None:
    pen.line([(0.4, 0.88), (0.72, 0.72), (0.76, 0.35), (0.66, 0.12)], 0.15, bent=True, outline=True)
    _pair(pen, (0.53, -0.34), (0.47, -1), (0.1, -0.66))
    _pair(pen, (0.44, -0.52), (0.41, -0.83), (0.22, -0.66), fill="#f2a7a7")
    _sitting(pen, pen.accent("white") and "white", "#e2747c")
    for side in (-1, 1):
        for rise in (-0.05, 0.05):
            pen.line(
                [(side * 0.3, -0.13 + rise * 0.4), (side * 0.68, -0.13 + rise * 2)],
                0.02,
                DARK if sum(pen.main) > 300 else "white",
            )


@thing("dog puppy hound", 0.95, 1.1, "#b5793f #e3c08b #5b4636 #f0e9df", "land")
def _dog(pen: Pen) -> None:
    pen.line([(0.4, 0.8), (0.66, 0.6), (0.74, 0.36)], 0.14, bent=True, outline=True)
    _sitting(pen, "cream")
    for side in (-1, 1):
        pen.curve(
            [(side * 0.36, -0.7), (side * 0.62, -0.62), (side * 0.7, -0.2), (side * 0.56, 0), (side * 0.46, -0.3)],
            pen.shade(0.3),
        )
    pen.curve([(-0.06, 0.0), (0.06, 0.0), (0.06, 0.12), (0, 0.16), (-0.06, 0.12)], "#ef7f86")
    pen.box(-0.26, 0.1, 0.26, 0.18, pen.accent("red"), corner=0.03)


@thing("rabbit bunny hare", 0.9, 1.4, "#f3ede4 #c9ab8a #a9a9b2", "land")
def _rabbit(pen: Pen) -> None:
    for side in (-1, 1):
        pen.oval(side * 0.2, -0.7, 0.12, 0.34, turn=side * 10)
        pen.oval(side * 0.2, -0.68, 0.06, 0.25, "#f5b5b8", turn=side * 10, outline=False)
    inner = Pen(pen.strokes, x=pen.x, y=pen.y + pen.unit * 0.22, unit=pen.unit * 0.78, main=pen.main)
    inner.oval(0.5, 0.75, 0.16)
    _sitting(inner, "white", "#e2747c")


@thing("bear teddy", 1.0, 1.1, "#9a6540 #7a4d30 #f0ece2", "land")
def _bear(pen: Pen) -> None:
    for side in (-1, 1):
        pen.oval(side * 0.42, -0.68, 0.2)
        pen.oval(side * 0.42, -0.68, 0.1, fill=pen.shade(-0.4), outline=False)
    _sitting(pen, "#d8b48a")


@thing("panda", 1.0, 1.1, "#f7f6f2", "land")
def _panda(pen: Pen) -> None:
    for side in (-1, 1):
        pen.oval(side * 0.44, -0.68, 0.19, fill=DARK)
    _sitting(pen, "white")
    for side in (-1, 1):
        pen.oval(side * 0.24, -0.34, 0.15, 0.18, DARK, turn=side * 25, outline=False)
        pen.oval(side * 0.23, -0.35, 0.06, fill="white", outline=False)
        pen.oval(side * 0.42, 0.55, 0.13, 0.28, DARK, turn=side * -15, outline=False)


@thing("fox wolf", 1.0, 1.1, "#e8732c", "land")
def _fox(pen: Pen) -> None:
    pen.curve([(0.35, 0.95), (0.8, 0.85), (0.9, 0.4), (0.74, 0.02), (0.62, 0.4), (0.5, 0.7)])
    pen.curve([(0.74, 0.02), (0.9, 0.34), (0.76, 0.38), (0.66, 0.3)], "white", outline=False)
    _pair(pen, (0.54, -0.34), (0.5, -1), (0.1, -0.66))
    _sitting(pen, "white")
    for side in (-1, 1):
        pen.curve(
            [(side * 0.08, -0.14), (side * 0.3, -0.22), (side * 0.53, -0.2), (side * 0.3, 0.1)], "white", outline=False
        )


@thing("mouse rat", 0.8, 0.9, "#a9aab5 #c7b8a8", "land")
def _mouse(pen: Pen) -> None:
    pen.line([(0.4, 0.9), (0.75, 0.8), (0.7, 0.4), (0.85, 0.2)], 0.06, "#e8a0a5", bent=True)
    for side in (-1, 1):
        pen.oval(side * 0.46, -0.64, 0.3)
        pen.oval(side * 0.46, -0.62, 0.19, fill="#f2b3b6", outline=False)
    _sitting(pen, "white", "#e2747c")


@thing("pig piglet", 1.0, 1.0, "#f7a8b4", "land")
def _pig(pen: Pen) -> None:
    _pair(pen, (0.5, -0.5), (0.52, -0.92), (0.16, -0.7))
    _sitting(pen, "#fbc7ce")
    pen.oval(0, -0.14, 0.2, 0.14, pen.shade(0.14))
    for side in (-0.07, 0.07):
        pen.oval(side, -0.14, 0.035, 0.05, "#8a4552", outline=False)


@thing("lion", 1.1, 1.1, "#eab54d", "land")
def _lion(pen: Pen) -> None:
    pen.curve([(-0.5, 0.98), (-0.5, 0.5), (-0.24, 0.05), (0.24, 0.05), (0.5, 0.5), (0.5, 0.98), (0, 1.02)])
    mane = [
        (math.cos(a * math.pi / 10) * (0.8 - a % 2 * 0.1), -0.28 + math.sin(a * math.pi / 10) * (0.72 - a % 2 * 0.1))
        for a in range(20)
    ]
    pen.curve(mane, pen.accent("#b5682a"))
    _sitting(pen, "#f6dfa5", "#7a4a2a")


@thing("elephant", 1.5, 1.3, "#9aa5b5", "land")
def _elephant(pen: Pen) -> None:
    for x in (-0.5, 0.5):
        pen.box(x - 0.2, 0.4, x + 0.2, 1, corner=0.1)
    pen.oval(0, 0.25, 0.8, 0.6)
    for side in (-1, 1):
        pen.oval(side * 0.68, -0.35, 0.42, 0.48)
        pen.oval(side * 0.7, -0.33, 0.26, 0.32, "#d9a9b0", outline=False)
    pen.oval(0, -0.4, 0.5, 0.52)
    eyes(pen, 0.24, -0.42, 0.07)
    pen.line([(0, -0.2), (0, 0.35), (0.12, 0.62), (0.34, 0.56)], 0.24, bent=True, outline=True)


@thing("owl", 0.8, 1.1, "#9c7650 #7d6a5a #c49a6c", "land")
def _owl(pen: Pen) -> None:
    _pair(pen, (0.58, -0.5), (0.56, -1), (0.14, -0.78))
    pen.oval(0, 0.08, 0.66, 0.88)
    pen.oval(0, 0.34, 0.4, 0.52, pen.accent("cream"), outline=False)
    for side in (-1, 1):
        pen.curve([(side * 0.6, -0.2), (side * 0.72, 0.3), (side * 0.5, 0.75), (side * 0.44, 0.2)], pen.shade(0.2))
        pen.oval(side * 0.27, -0.36, 0.27, fill="white")
        pen.oval(side * 0.24, -0.34, 0.13, fill=DARK, outline=False)
        pen.line([(side * 0.2, 0.94), (side * 0.2, 1)], 0.12, "orange")
    pen.shape([(-0.1, -0.22), (0.1, -0.22), (0, 0.02)], "orange")


@thing("penguin", 0.8, 1.1, "#2f3644", "land", "winter")
def _penguin(pen: Pen) -> None:
    for side in (-1, 1):
        pen.oval(side * 0.22, 0.95, 0.22, 0.07, "orange")
        pen.curve([(side * 0.45, -0.25), (side * 0.72, 0.2), (side * 0.68, 0.5), (side * 0.48, 0.25)])
    pen.curve([(0, -1), (0.4, -0.7), (0.55, 0.2), (0.4, 0.85), (0, 0.98), (-0.4, 0.85), (-0.55, 0.2), (-0.4, -0.7)])
    pen.curve(
        [(0, -0.35), (0.28, -0.6), (0.36, 0.2), (0.26, 0.75), (0, 0.85), (-0.26, 0.75), (-0.36, 0.2), (-0.28, -0.6)],
        pen.accent("white"),
        outline=False,
    )
    eyes(pen, 0.16, -0.52, 0.07)
    pen.shape([(-0.11, -0.4), (0.11, -0.4), (0, -0.24)], "orange")


@thing("bird sparrow robin seagull duck", 0.9, 0.7, "#4a90d9 #e2574c #f2b134 #6c9a8b white", "sky")
def _bird(pen: Pen) -> None:
    pen.shape([(-0.5, 0.15), (-1.15, -0.1), (-1.2, 0.22), (-0.6, 0.5)], pen.shade())
    pen.curve(
        [(-0.75, 0.25), (-0.2, -0.2), (0.35, -0.55), (0.75, -0.55), (0.92, -0.2), (0.7, 0.4), (0.05, 0.75), (-0.5, 0.6)]
    )
    pen.curve([(0.2, 0.66), (0.72, 0.34), (0.8, -0.02), (0.4, 0.15)], pen.accent("cream"), outline=False)
    pen.curve([(-0.45, 0.1), (-0.1, -0.12), (0.32, 0.02), (0.1, 0.42), (-0.45, 0.42), (-0.75, 0.3)], pen.shade(0.18))
    pen.shape([(0.86, -0.36), (1.25, -0.2), (0.88, -0.1)], "orange")
    pen.oval(0.62, -0.28, 0.09, fill=DARK, outline=False)
    pen.oval(0.65, -0.31, 0.035, fill="white", outline=False)
    for x in (-0.1, 0.12):
        pen.line([(x, 0.72), (x + 0.04, 1)], 0.05, "orange")


@thing("fish goldfish", 1.1, 0.7, "orange #4aa3df #f25f5c yellow #9b6dd6", "water", "underwater")
def _fish(pen: Pen) -> None:
    pen.curve([(-0.8, 0), (-1.45, -0.62), (-1.3, 0), (-1.45, 0.62)], pen.shade(0.12))
    pen.curve([(-0.1, -0.55), (0.15, -0.98), (0.62, -0.6)], pen.shade(0.12))
    pen.curve([(1.2, 0.05), (0.7, -0.55), (0, -0.66), (-0.95, 0), (0, 0.66), (0.7, 0.58)])
    pen.line(ring(0.35, 0, 0.28, 0.5, start=-60, end=60, n=10), 0.06, pen.shade(0.25))
    pen.curve([(0.15, 0.1), (-0.25, 0.02), (-0.35, 0.35), (0, 0.34)], pen.accent(pen.shade(0.2)))
    pen.oval(0.82, -0.14, 0.15, fill="white", outline=False)
    pen.oval(0.86, -0.13, 0.08, fill=DARK, outline=False)


@thing("whale dolphin shark", 2.0, 1.1, "#4f7fb8 #5a8fa8", "water", "sea")
def _whale(pen: Pen) -> None:
    pen.line([(-0.5, -0.6), (-0.5, -0.8), (-0.75, -0.98)], 0.07, "#9fd4f2", bent=True)
    pen.line([(-0.5, -0.6), (-0.5, -0.8), (-0.25, -0.98)], 0.07, "#9fd4f2", bent=True)
    pen.curve([(1.2, 0.1), (1.45, -0.3), (1.2, -0.72), (1.62, -0.5), (1.82, -0.8), (1.74, -0.1), (1.4, 0.6)])
    pen.curve(
        [
            (-1.6, 0.4),
            (-1.45, -0.2),
            (-0.7, -0.55),
            (0.4, -0.35),
            (1.2, 0.1),
            (1.5, 0.2),
            (0.9, 0.8),
            (-0.4, 1),
            (-1.3, 0.9),
        ]
    )
    pen.curve(
        [(-1.55, 0.55), (-0.7, 0.55), (0.3, 0.62), (0.85, 0.78), (-0.4, 0.98), (-1.25, 0.88)],
        pen.accent("#e4eef5"),
        outline=False,
    )
    pen.oval(-0.95, 0.22, 0.09, fill=DARK, outline=False)
    pen.curve([(-0.3, 0.6), (0.05, 0.62), (0.25, 1), (-0.12, 0.9)], pen.shade(0.2))


@thing("butterfly moth", 1.1, 0.9, "#f28c38 #5b8def #c86dd7 yellow", "sky", "meadow")
def _butterfly(pen: Pen) -> None:
    for side in (-1, 1):
        pen.curve(
            [(side * 0.05, -0.1), (side * 0.45, -0.9), (side * 1.1, -0.85), (side * 1.0, -0.15), (side * 0.3, 0.1)]
        )
        pen.curve(
            [(side * 0.05, 0.05), (side * 0.6, 0.1), (side * 0.85, 0.55), (side * 0.5, 0.92), (side * 0.15, 0.5)],
            pen.shade(-0.2),
        )
        pen.oval(side * 0.75, -0.52, 0.17, fill=pen.accent("white"), outline=False)
        pen.oval(side * 0.5, 0.5, 0.12, fill=pen.accent("white"), outline=False)
        pen.line([(0, -0.45), (side * 0.12, -0.75), (side * 0.3, -0.9)], 0.035, DARK, bent=True)
    pen.oval(0, 0.05, 0.08, 0.55, DARK)


@thing("bee", 0.8, 0.7, "yellow", "sky", "meadow")
def _bee(pen: Pen) -> None:
    for x in (-0.15, 0.25):
        pen.oval(x, -0.62, 0.26, 0.4, "#dcefff", turn=-15)
    pen.oval(0, 0.15, 0.9, 0.6)
    for x in (-0.45, -0.05):
        pen.line(ring(x - 0.3, 0.15, 0.3, 0.56, start=-68, end=68, n=10), 0.16, DARK)
    pen.oval(0.6, 0.0, 0.1, fill=DARK, outline=False)
    smile(pen, 0.62, 0.22, 0.12)


@thing("snail", 1.1, 0.8, "#c98b4b #b07cc6", "land", "meadow")
def _snail(pen: Pen) -> None:
    pen.curve(
        [
            (-1.3, 1),
            (-0.9, 0.72),
            (0.3, 0.75),
            (0.75, 0.4),
            (0.72, -0.1),
            (1.0, -0.35),
            (1.25, 0),
            (1.2, 0.7),
            (0.9, 1),
        ],
        "#e8cf9b",
    )
    for x in (0.85, 1.15):
        pen.line([(x, -0.2), (x + 0.08, -0.75)], 0.06, "#c9ab70")
        pen.oval(x + 0.08, -0.8, 0.09, fill=DARK)
    pen.oval(-0.2, 0.05, 0.78)
    spiral = [
        (-0.2 + math.cos(t / 3) * 0.62 * (1 - t / 32), 0.05 + math.sin(t / 3) * 0.62 * (1 - t / 32)) for t in range(30)
    ]
    pen.line(spiral, 0.08, pen.shade(0.35))


@thing("turtle tortoise", 1.3, 0.8, "#5d9b57 #6fa05a", "land")
def _turtle(pen: Pen) -> None:
    for x in (-0.75, 0.6):
        pen.box(x - 0.2, 0.5, x + 0.2, 1, "#a3c46f", corner=0.1)
    pen.curve([(0.8, 0.5), (1.15, -0.25), (1.5, -0.2), (1.55, 0.2), (1.2, 0.6)], "#a3c46f")
    pen.oval(1.36, 0, 0.07, fill=DARK, outline=False)
    pen.shape([*ring(-0.1, 0.62, 1.1, 1.4, start=180, end=360), (0.9, 0.7), (-1.1, 0.7)])
    for x, y in ((-0.1, -0.15), (-0.6, 0.25), (0.4, 0.25)):
        pen.shape(ring(x, y, 0.26, 0.24, n=6), pen.shade(0.2))


# People and their kin

SKINS = "#f6d2b3 #e8b58c #c68a5e #9a6240 #6f4429".split()
HAIRS = "#2c2320 #5a3a22 #b5783a #e3c06a #8a8a90".split()


@thing(
    "person man woman boy girl child kid friend teacher scientist doctor farmer people guy lady",
    0.75,
    1.7,
    "#3f7fbf #d9574a #4fa37a #8e62b5 #e0a030",
    "land",
)
def _person(pen: Pen) -> None:
    skin, hair = pen.random.choice(SKINS), pen.random.choice(HAIRS)
    for side in (-1, 1):
        pen.line([(side * 0.12, 0.4), (side * 0.14, 0.92)], 0.16, pen.accent("#35455e"), outline=True)
        pen.oval(side * 0.18, 0.96, 0.13, 0.06, "#33333c")
        pen.line([(side * 0.2, -0.22), (side * 0.38, 0.05), (side * 0.36, 0.28)], 0.13, bent=True, outline=True)
        pen.oval(side * 0.36, 0.33, 0.075, fill=skin)
    pen.curve([(-0.2, -0.3), (0, -0.34), (0.2, -0.3), (0.27, 0.1), (0.28, 0.48), (-0.28, 0.48), (-0.27, 0.1)])
    pen.oval(0, -0.66, 0.29, 0.31, skin)
    pen.curve(
        [
            (-0.31, -0.6),
            (-0.3, -0.88),
            (0, -1.02),
            (0.3, -0.88),
            (0.31, -0.6),
            (0.18, -0.78),
            (-0.05, -0.84),
            (-0.2, -0.76),
        ],
        hair,
    )
    eyes(pen, 0.11, -0.64, 0.04)
    smile(pen, 0, -0.56, 0.09, "#8a3b3b")


@thing("astronaut cosmonaut spaceman", 0.9, 1.6, "#f2f4f7", "land", "space")
def _astronaut(pen: Pen) -> None:
    pen.box(-0.4, -0.3, 0.4, 0.4, pen.shade(0.2), corner=0.1)
    for side in (-1, 1):
        pen.line([(side * 0.15, 0.35), (side * 0.17, 0.86)], 0.24, outline=True)
        pen.oval(side * 0.2, 0.93, 0.18, 0.08, pen.accent("orange"))
        pen.line([(side * 0.25, -0.15), (side * 0.45, 0.1), (side * 0.45, 0.3)], 0.18, bent=True, outline=True)
    pen.box(-0.3, -0.28, 0.3, 0.45, corner=0.12)
    pen.box(-0.15, 0, 0.15, 0.2, pen.accent("orange"), corner=0.03)
    pen.oval(0, -0.6, 0.4)
    pen.oval(0, -0.58, 0.29, 0.25, "#2b3a55")
    pen.oval(0.1, -0.68, 0.07, 0.05, "#9fc4ea", turn=-30, outline=False)


@thing("robot android", 1.0, 1.4, "#9fb4c7 #7fc4c9 #c3c9d2 #e9a86c", "land")
def _robot(pen: Pen) -> None:
    pen.line([(0, -0.75), (0, -0.92)], 0.05, "#5a6472")
    pen.oval(0, -0.94, 0.07, fill=pen.accent("red"))
    for side in (-1, 1):
        pen.line([(side * 0.18, 0.55), (side * 0.18, 0.9)], 0.15, pen.shade(0.35), outline=True)
        pen.box(side * 0.2 - 0.17, 0.86, side * 0.2 + 0.17, 1, pen.shade(0.35), corner=0.05)
        pen.line([(side * 0.45, -0.05), (side * 0.62, 0.15), (side * 0.58, 0.42)], 0.12, pen.shade(0.2), outline=True)
        pen.oval(side * 0.58, 0.46, 0.1, fill=pen.shade(0.35))
        pen.box(side * 0.5 - 0.06, -0.55, side * 0.5 + 0.06, -0.38, pen.shade(0.3))
    pen.box(-0.42, -0.15, 0.42, 0.62, corner=0.1)
    pen.box(-0.25, 0.05, 0.25, 0.35, "#dfe8ef", corner=0.04)
    for x, fill in ((-0.13, "red"), (0.0, "yellow"), (0.13, "green")):
        pen.oval(x, 0.2, 0.05, fill=fill)
    pen.box(-0.46, -0.78, 0.46, -0.18, corner=0.12)
    for x in (-0.2, 0.2):
        pen.oval(x, -0.54, 0.13, fill="white")
        pen.oval(x, -0.53, 0.065, fill="#2b5c8a", outline=False)
    pen.line([(-0.16, -0.31), (0.16, -0.31)], 0.05, DARK)


@thing("snowman", 0.9, 1.4, "#fafcff", "land", "winter")
def _snowman(pen: Pen) -> None:
    for side in (-1, 1):
        pen.line([(side * 0.3, -0.05), (side * 0.62, -0.3)], 0.05, "#7a5136")
    for y, across in ((0.62, 0.42), (0.02, 0.32), (-0.46, 0.24)):
        pen.oval(0, y, across, across * 0.93)
    pen.box(-0.24, -0.34, 0.24, -0.22, pen.accent("red"), corner=0.05)
    pen.box(0.08, -0.3, 0.2, 0.08, pen.accent("red"), corner=0.04)
    eyes(pen, 0.09, -0.52, 0.035)
    pen.shape([(0, -0.48), (0.26, -0.42), (0, -0.4)], "orange")
    pen.box(-0.3, -0.72, 0.3, -0.65, DARK)
    pen.box(-0.19, -1, 0.19, -0.68, DARK)


@thing("ghost", 0.9, 1.1, "#f4f4fb", "any", "night")
def _ghost(pen: Pen) -> None:
    hem = [(0.7 - at * 0.35, 1.0 if at % 2 == 0 else 0.8) for at in range(5)]
    pen.curve([*ring(0, -0.3, 0.7, 0.68, start=180, end=360, n=10), (0.72, 0.3), *hem, (-0.72, 0.3)])
    eyes(pen, 0.24, -0.3, 0.11)
    pen.oval(0, 0.02, 0.1, 0.13, DARK, outline=False)
