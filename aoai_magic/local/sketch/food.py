"""Food, each piece drawn by a few strokes of the pen."""

from __future__ import annotations

import math

from .pen import Pen, thing


@thing("apple", 0.75, 0.8, "red #7cb342 #e04f4f")
def _apple(pen: Pen) -> None:
    pen.curve(
        [
            (0, -0.5),
            (0.42, -0.68),
            (0.84, -0.38),
            (0.82, 0.28),
            (0.44, 0.92),
            (0, 0.86),
            (-0.44, 0.92),
            (-0.82, 0.28),
            (-0.84, -0.38),
            (-0.42, -0.68),
        ]
    )
    pen.line([(0, -0.48), (0.05, -0.98)], 0.09, "#6b4226")
    pen.curve([(0.06, -0.72), (0.3, -1.0), (0.62, -0.92), (0.36, -0.7)], "#5aa84f")
    pen.oval(-0.46, -0.26, 0.12, 0.24, pen.shade(-0.5), turn=20, outline=False)


@thing("pear", 0.7, 1.0, "#b8cc45 #d5c84a")
def _pear(pen: Pen) -> None:
    pen.line([(0, -0.7), (0.08, -0.98)], 0.08, "#6b4226")
    pen.curve(
        [
            (0, -0.78),
            (0.26, -0.6),
            (0.32, -0.15),
            (0.6, 0.35),
            (0.42, 0.88),
            (0, 0.98),
            (-0.42, 0.88),
            (-0.6, 0.35),
            (-0.32, -0.15),
            (-0.26, -0.6),
        ]
    )


@thing("tangerine mandarin", 0.7, 0.7, "orange")
def _tangerine(pen: Pen) -> None:
    pen.oval(0, 0.06, 0.9)
    pen.curve([(0.04, -0.8), (0.3, -1.02), (0.6, -0.9), (0.34, -0.72)], "#5aa84f")
    for x, y in ((-0.3, 0.2), (0.1, 0.45), (0.4, 0.1), (-0.1, -0.2)):
        pen.oval(x, y, 0.04, fill=pen.shade(0.2), outline=False)


@thing("lemonfruit", 0.9, 0.7, "yellow")
def _lemon(pen: Pen) -> None:
    pen.curve(
        [
            (-1.15, 0),
            (-0.85, -0.3),
            (-0.3, -0.75),
            (0.4, -0.72),
            (0.9, -0.25),
            (1.18, 0),
            (0.9, 0.3),
            (0.4, 0.75),
            (-0.3, 0.75),
            (-0.85, 0.3),
        ]
    )


@thing("cherry", 0.8, 0.9, "crimson")
def _cherry(pen: Pen) -> None:
    for x in (-0.4, 0.42):
        pen.line([(x, 0.3), (x * 0.5 + 0.05, -0.4), (0.1, -0.9)], 0.06, "#4f8f45", bent=True)
        pen.oval(x, 0.55, 0.38)
        pen.oval(x - 0.13, 0.42, 0.09, fill=pen.shade(-0.6), outline=False)
    pen.curve([(0.1, -0.9), (0.4, -1.05), (0.75, -0.8), (0.4, -0.66)], "#5aa84f")


@thing("banana", 1.0, 0.7, "yellow")
def _banana(pen: Pen) -> None:
    pen.curve(
        [
            (-1.2, -0.55),
            (-0.95, 0.2),
            (-0.2, 0.8),
            (0.7, 0.65),
            (1.25, -0.05),
            (0.6, 0.15),
            (-0.2, 0.15),
            (-0.85, -0.35),
            (-1.05, -0.9),
        ]
    )


@thing("cake birthdaycake", 1.1, 1.1, "pink #f7e3c4 #8a5a3c", face=(-0.8, 0.45, 0.8, 0.85))
def _cake(pen: Pen) -> None:
    for x in (-0.4, 0, 0.4):
        pen.box(x - 0.045, -0.62, x + 0.045, -0.2, "#7fb7e8")
        pen.curve([(x, -0.98), (x + 0.09, -0.74), (x, -0.64), (x - 0.09, -0.74)], "orange")
    pen.box(-0.68, -0.28, 0.68, 0.3, pen.shade(-0.3), corner=0.08)
    pen.box(-0.95, 0.2, 0.95, 0.98, corner=0.08)
    drips = [(0.95 - at * 0.19, 0.42 if at % 2 else 0.28) for at in range(11)]
    pen.curve([(-0.95, 0.2), (0, 0.17), (0.95, 0.2), *drips], pen.accent("white"), outline=False)


@thing("icecream", 0.7, 1.4, "pink #f7e3c4 #8a5a3c mint")
def _icecream(pen: Pen) -> None:
    pen.shape([(-0.36, -0.12), (0.36, -0.12), (0, 1)], "#dba860")
    for x in (-0.12, 0.12):
        pen.line([(x * 2.2, -0.08), (x * -0.4, 0.8)], 0.03, "#b98445")
    for x, y, paint in ((-0.22, -0.3, None), (0.22, -0.3, pen.accent("#f7e3c4")), (0, -0.64, None)):
        pen.oval(x, y, 0.31, fill=paint)


@thing("egg", 0.7, 0.9, "#fbf3e4 #e5c29f")
def _egg(pen: Pen) -> None:
    pen.curve(
        [(0, -0.98), (0.42, -0.6), (0.68, 0.1), (0.55, 0.72), (0, 0.98), (-0.55, 0.72), (-0.68, 0.1), (-0.42, -0.6)]
    )


@thing("pizza", 1.0, 1.0, "#f2c14e")
def _pizza(pen: Pen) -> None:
    pen.oval(0, 0, 0.96, fill="#c98a45")
    pen.oval(0, 0, 0.82)
    for angle in range(0, 360, 60):
        pen.oval(
            math.cos(math.radians(angle)) * 0.5, math.sin(math.radians(angle)) * 0.5, 0.17, fill=pen.accent("#d0463b")
        )
        pen.line(
            [(0, 0), (math.cos(math.radians(angle + 30)) * 0.94, math.sin(math.radians(angle + 30)) * 0.94)],
            0.025,
            "#b0763a",
        )
