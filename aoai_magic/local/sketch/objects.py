"""The things around us, each drawn by a few strokes of the pen."""

from __future__ import annotations

import math

from .colours import DARK
from .pen import Pen, ring, thing


@thing("ball", 0.8, 0.8, "red blue yellow green orange violet")
def _ball(pen: Pen) -> None:
    pen.oval(0, 0, 0.95)
    if pen.second is not None:
        for turn in (0, 120, 240):
            pen.shape([(0, 0), *ring(0, 0, 0.93, 0.93, start=turn, end=turn + 60, n=10)], pen.second, outline=False)
    pen.oval(-0.34, -0.4, 0.2, 0.14, pen.shade(-0.55), turn=-35, outline=False)


@thing("book notebook", 1.1, 0.9, "#b5423f #3f6fa5 #4f8f6b #8e62b5", face=(-0.55, -0.6, 0.8, 0.2))
def _book(pen: Pen) -> None:
    pen.box(-1.0, 0.4, 1.05, 0.88, "#f6f0e0", corner=0.06)
    for y in (0.55, 0.68):
        pen.line([(-0.9, y), (1.02, y)], 0.025, "#d5ccb5")
    pen.box(-1.08, -0.95, 1.1, 0.56, corner=0.06)
    pen.box(-1.08, -0.95, -0.88, 0.9, pen.shade(0.2), corner=0.05)
    pen.box(-0.6, -0.65, 0.85, 0.25 if pen.text else 0.1, pen.accent("#f3e3b5"), corner=0.05)
    if not pen.text:
        pen.line([(-0.35, -0.35), (0.6, -0.35)], 0.06, pen.shade(0.2))
        pen.line([(-0.2, -0.12), (0.45, -0.12)], 0.05, pen.shade(0.2))


@thing("cup mug coffee tea teacup", 1.0, 1.0, "#e9eef3 #d9574a #4f9fb5 #f2c14e", face=(-0.55, -0.1, 0.35, 0.5))
def _cup(pen: Pen) -> None:
    for x in (-0.35, 0.1):
        pen.line([(x, -0.55), (x + 0.12, -0.7), (x - 0.02, -0.82), (x + 0.1, -0.98)], 0.055, "#b9bfc9", bent=True)
    pen.line(ring(0.58, 0.15, 0.33, 0.33, start=-75, end=90), 0.15, outline=True)
    pen.curve([(-0.78, -0.38), (-0.74, 0.4), (-0.5, 0.88), (-0.1, 0.93), (0.3, 0.88), (0.54, 0.4), (0.58, -0.38)])
    pen.oval(-0.1, -0.38, 0.68, 0.14, pen.shade(-0.3))
    pen.oval(-0.1, -0.36, 0.58, 0.09, pen.accent("#6b432a"), outline=False)


@thing("hat cap", 1.0, 0.7, "#4a5570 #a5593f red")
def _hat(pen: Pen) -> None:
    pen.curve([(-0.7, 0.6), (-0.62, -0.5), (-0.3, -0.9), (0.3, -0.9), (0.62, -0.5), (0.7, 0.6)])
    pen.box(-0.7, 0.15, 0.7, 0.48, pen.accent(pen.shade(0.4)))
    pen.oval(0, 0.66, 1.35, 0.28)


@thing("crown", 1.0, 0.8, "gold")
def _crown(pen: Pen) -> None:
    pen.shape([(-1.05, 0.85), (-1.15, -0.55), (-0.55, 0.1), (0, -0.85), (0.55, 0.1), (1.15, -0.55), (1.05, 0.85)])
    for x, y in ((-1.15, -0.6), (0, -0.88), (1.15, -0.6)):
        pen.oval(x, y, 0.13)
    for x, fill in ((-0.55, "ruby"), (0, "blue"), (0.55, "ruby")):
        pen.oval(x, 0.5, 0.15, fill=pen.accent(fill))


@thing("umbrella parasol", 1.2, 1.2, "red #5b8def #f2b134")
def _umbrella(pen: Pen) -> None:
    pen.line([(0, -0.9), (0, 0.7), (0.12, 0.92), (0.28, 0.82)], 0.07, "#6b4f3a", bent=True)
    scallops = [
        point for at in range(4) for point in ring(0.7125 - at * 0.475, 0.0, 0.2375, 0.16, start=0, end=-180, n=8)
    ]
    pen.shape(ring(0, 0, 0.95, 0.92, start=180, end=360) + scallops)
    pen.shape(
        [(0, -0.92), *ring(0, 0, 0.475, 0.92, start=180, end=270, n=8), *scallops[18:27]][1:],
        pen.accent("white"),
        opacity=0.7,
    )
    pen.shape([*ring(0, 0, 0.475, 0.92, start=270, end=360, n=8), *scallops[9:18]], pen.accent("white"), opacity=0.7)


@thing("key", 1.2, 0.6, "gold silver")
def _key(pen: Pen) -> None:
    pen.line([*ring(-1.2, 0, 0.55, 0.55), (-0.65, 0.0)], 0.3, outline=True)
    pen.shape(
        [
            (-0.6, -0.14),
            (1.85, -0.14),
            (1.85, 0.7),
            (1.55, 0.7),
            (1.55, 0.14),
            (1.25, 0.14),
            (1.25, 0.55),
            (0.95, 0.55),
            (0.95, 0.14),
            (-0.6, 0.14),
        ]
    )


@thing("clock watch", 0.9, 0.9, "#d9574a #3f7fbf #8a5a3c")
def _clock(pen: Pen) -> None:
    pen.oval(0, 0, 0.95)
    pen.oval(0, 0, 0.76, fill=pen.accent("white"))
    for hour in range(12):
        x, y = math.sin(hour * math.pi / 6), -math.cos(hour * math.pi / 6)
        pen.line([(x * 0.6, y * 0.6), (x * 0.68, y * 0.68)], 0.06, DARK)
    pen.line([(-0.28, -0.2), (0, 0), (0.24, -0.46)], 0.075, DARK)


@thing("candle", 0.5, 1.1, "#f3e6c8 red #a5c9e8")
def _candle(pen: Pen) -> None:
    pen.glow(0, -0.7, 0.8, 0.8, "#ffe9a0", 0.7)
    pen.curve([(0, -1), (0.15, -0.66), (0, -0.46), (-0.15, -0.66)], "orange")
    pen.line([(0, -0.5), (0, -0.32)], 0.045, DARK)
    pen.box(-0.25, -0.34, 0.25, 0.98, corner=0.08)


@thing("lamp lantern", 0.9, 1.3, "#f2c14e #e9a0a0 #a0c4b8")
def _lamp(pen: Pen) -> None:
    pen.glow(0, -0.3, 1.0, 0.8, "#fff2b8", 0.7)
    pen.line([(0, -0.2), (0, 0.9)], 0.09, "#6b5a4a")
    pen.oval(0, 0.9, 0.36, 0.1, "#6b5a4a")
    pen.shape([(-0.3, -0.95), (0.3, -0.95), (0.62, -0.1), (-0.62, -0.1)])


@thing("lightbulb bulb idea", 0.8, 1.1, "#ffe066")
def _lightbulb(pen: Pen) -> None:
    pen.glow(0, -0.3, 1.1, 1.1, "#fff2a8", 0.8)
    pen.curve(
        [
            (0, -0.98),
            (0.45, -0.82),
            (0.64, -0.38),
            (0.42, 0.08),
            (0.24, 0.45),
            (-0.24, 0.45),
            (-0.42, 0.08),
            (-0.64, -0.38),
            (-0.45, -0.82),
        ]
    )
    pen.line([(-0.1, 0.4), (-0.2, -0.15), (0, 0.02), (0.2, -0.15), (0.1, 0.4)], 0.05, "#c78a1e")
    for y in (0.55, 0.7, 0.85):
        pen.line([(-0.2, y), (0.2, y)], 0.13, "#9aa2ad")


@thing("bottle", 0.45, 1.4, "#4f9d69 #5b8def #a5713f", face=(-0.28, 0.15, 0.28, 0.5))
def _bottle(pen: Pen) -> None:
    pen.box(-0.12, -0.98, 0.12, -0.84, "#a5713f")
    pen.curve(
        [(-0.1, -0.85), (0.1, -0.85), (0.12, -0.5), (0.3, -0.2), (0.3, 0.95), (-0.3, 0.95), (-0.3, -0.2), (-0.12, -0.5)]
    )
    pen.box(-0.3, 0.1, 0.3, 0.55, pen.accent("cream"))


@thing("table desk", 1.8, 0.9, "#a8744a #8a5a3c", "land")
def _table(pen: Pen) -> None:
    for x in (-1.5, 1.5):
        pen.box(x - 0.12, -0.7, x + 0.12, 1, pen.shade(0.18))
    pen.box(-1.95, -0.95, 1.95, -0.65, corner=0.08)


@thing("chair", 0.8, 1.3, "#a8744a #3f7fbf #c94f4f", "land")
def _chair(pen: Pen) -> None:
    for x in (-0.45, 0.45):
        pen.line([(x, 0.15), (x, 0.95)], 0.1, pen.shade(0.2))
    pen.box(-0.48, -0.95, -0.34, 0.2)
    pen.box(-0.48, -0.95, -0.3, 0.05, corner=0.05)
    pen.box(-0.55, 0.02, 0.55, 0.2, corner=0.06)


@thing("gift present parcel", 0.9, 0.9, "#d9574a #5b8def #4fb36b violet")
def _gift(pen: Pen) -> None:
    ribbon = pen.accent("#ffe08a")
    for side in (-1, 1):
        pen.curve([(0, -0.5), (side * 0.2, -0.95), (side * 0.5, -0.85), (side * 0.35, -0.55)], ribbon)
    pen.box(-0.8, -0.1, 0.8, 0.95)
    pen.box(-0.9, -0.5, 0.9, -0.08, pen.shade(-0.12))
    pen.box(-0.13, -0.5, 0.13, 0.95, ribbon)


@thing("box crate basket", 1.0, 0.9, "#c99f68 #b5895a", face=(-0.8, -0.2, 0.8, 0.75))
def _box(pen: Pen) -> None:
    pen.shape([(-0.95, -0.4), (-0.6, -0.9), (1.05, -0.9), (0.95, -0.4)], pen.shade(0.25))
    pen.box(-0.95, -0.4, 0.95, 0.95)


@thing("flag pennant", 1.2, 1.3, "red #3f7fbf #4fa37a", face=(-0.7, -0.85, 0.75, 0.0))
def _flag(pen: Pen) -> None:
    pen.line([(-0.8, -0.95), (-0.8, 0.98)], 0.08, "#7a5a3c")
    pen.curve(
        [
            (-0.77, -0.9),
            (-0.3, -0.98),
            (0.3, -0.82),
            (0.88, -0.92),
            (0.88, 0.02),
            (0.3, 0.1),
            (-0.3, -0.04),
            (-0.77, 0.04),
        ]
    )


@thing(
    "sign signpost billboard poster placard board", 1.5, 1.2, "#e9d3a5 #dfe8d5", "land", "", (-1.05, -0.85, 1.05, 0.1)
)
def _sign(pen: Pen) -> None:
    for x in (-0.6, 0.6):
        pen.box(x - 0.07, 0, x + 0.07, 1, "#8a6244")
    pen.box(-1.2, -0.95, 1.2, 0.2, corner=0.08)


@thing("banner ribbon label", 2.2, 0.6, "#f2dfb0 #f5c9c9", face=(-2.6, -0.6, 2.6, 0.6))
def _banner(pen: Pen) -> None:
    for side in (-1, 1):
        pen.shape(
            [(side * 2.2, -0.4), (side * 3.65, -0.4), (side * 3.2, 0.25), (side * 3.65, 0.95), (side * 2.2, 0.95)],
            pen.shade(0.2),
        )
    pen.box(-2.8, -0.85, 2.8, 0.65)


@thing("envelope letter mail", 1.2, 0.8, "#f5efe0 #cfe0f0")
def _envelope(pen: Pen) -> None:
    pen.box(-1.45, -0.9, 1.45, 0.9, corner=0.08)
    pen.line([(-1.4, -0.82), (0, 0.22), (1.4, -0.82)], 0.07, pen.shade(0.35))
    pen.oval(0, 0.25, 0.2, fill=pen.accent("crimson"))


@thing("computer laptop screen monitor", 1.5, 1.1, "#aeb6c2 #c3c9d2", face=(-0.95, -0.78, 0.95, 0.22))
def _computer(pen: Pen) -> None:
    pen.box(-1.1, -0.95, 1.1, 0.42, corner=0.1)
    pen.box(-0.97, -0.82, 0.97, 0.3, pen.accent("#26364f"))
    for at, width in enumerate(() if pen.text else (0.9, 0.5, 1.1, 0.7)):
        pen.line(
            [(-0.75, -0.6 + at * 0.22), (-0.75 + width, -0.6 + at * 0.22)],
            0.05,
            ("#7fd1ae", "#f2c14e", "#9fc4ea", "#e88f8f")[at],
        )
    pen.shape([(-1.1, 0.5), (1.1, 0.5), (1.34, 0.95), (-1.34, 0.95)], pen.shade(0.1))


@thing("pencil crayon pen", 1.5, 0.4, "yellow #d9574a #3f7fbf")
def _pencil(pen: Pen) -> None:
    pen.box(-3.7, -0.55, -3.0, 0.55, "#f2a0a8", corner=0.2)
    pen.box(-3.1, -0.6, 2.2, 0.6)
    pen.shape([(2.2, -0.6), (3.6, 0), (2.2, 0.6)], "#f0d5a8")
    pen.shape([(3.1, -0.22), (3.65, 0), (3.1, 0.22)], DARK)


@thing("bell", 0.9, 1.0, "gold")
def _bell(pen: Pen) -> None:
    pen.oval(0, 0.85, 0.16, fill=pen.shade(0.3))
    pen.curve([(0, -0.85), (0.34, -0.7), (0.5, 0), (0.85, 0.68), (0, 0.78), (-0.85, 0.68), (-0.5, 0), (-0.34, -0.7)])
    pen.oval(0, -0.9, 0.1)


@thing("guitar violin", 0.8, 1.6, "#c98a45 #a5522f")
def _guitar(pen: Pen) -> None:
    pen.box(-0.06, -0.75, 0.06, 0.2, "#5a3a26")
    pen.box(-0.11, -1, 0.11, -0.74, "#5a3a26", corner=0.03)
    pen.curve(
        [
            (0, 0),
            (0.28, 0.06),
            (0.24, 0.32),
            (0.42, 0.62),
            (0.3, 0.95),
            (0, 1),
            (-0.3, 0.95),
            (-0.42, 0.62),
            (-0.24, 0.32),
            (-0.28, 0.06),
        ]
    )
    pen.oval(0, 0.45, 0.12, fill=DARK)
    pen.line([(-0.14, 0.75), (0.14, 0.75)], 0.06, DARK)
    for x in (-0.025, 0.025):
        pen.line([(x, -0.85), (x, 0.75)], 0.012, "#f0e6d0")
