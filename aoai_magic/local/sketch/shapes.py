"""Plain shapes, each drawn by a few strokes of the pen."""

from __future__ import annotations

import math

from .pen import Pen, ring, thing


@thing("circle disc disk dot", face=(-0.62, -0.4, 0.62, 0.4))
def _circle(pen: Pen) -> None:
    pen.oval(0, 0, 0.95)


@thing("oval ellipse", 1.4, 0.9, face=(-0.9, -0.45, 0.9, 0.45))
def _oval(pen: Pen) -> None:
    pen.oval(0, 0, 1.45, 0.92)


@thing("square", face=(-0.75, -0.6, 0.75, 0.6))
def _square(pen: Pen) -> None:
    pen.box(-0.88, -0.88, 0.88, 0.88)


@thing("rectangle", 1.5, 0.95, face=(-1.3, -0.6, 1.3, 0.6))
def _rectangle(pen: Pen) -> None:
    pen.box(-1.5, -0.9, 1.5, 0.9)


@thing("triangle", face=(-0.4, 0.2, 0.4, 0.75))
def _triangle(pen: Pen) -> None:
    pen.shape([(0, -0.92), (0.98, 0.86), (-0.98, 0.86)])


def _regular(pen: Pen, corners: int, turn: float) -> None:
    pen.shape(ring(0, 0.02, 0.97, 0.97, turn=turn, n=corners))


@thing("pentagon", face=(-0.5, -0.35, 0.5, 0.45))
def _pentagon(pen: Pen) -> None:
    _regular(pen, 5, -90)


@thing("hexagon", 1.1, 1.0, face=(-0.6, -0.4, 0.6, 0.4))
def _hexagon(pen: Pen) -> None:
    _regular(pen, 6, 0)


@thing("octagon", face=(-0.6, -0.4, 0.6, 0.4))
def _octagon(pen: Pen) -> None:
    _regular(pen, 8, 22.5)


@thing("diamond rhombus", 0.8, 1.1, "#8fd3f4 red blue violet")
def _diamond(pen: Pen) -> None:
    pen.shape([(0, -0.97), (0.7, 0), (0, 0.97), (-0.7, 0)])


@thing("star starlet", colours="yellow gold orange", home="sky")
def _star(pen: Pen) -> None:
    corners = [
        (radius * math.sin(math.pi * at / 5), 0.06 - radius * math.cos(math.pi * at / 5))
        for at in range(10)
        for radius in [0.42 if at % 2 else 1.02]
    ]
    pen.shape(corners)


@thing("heart", 1.05, 1.0, "red pink #e8486a", face=(-0.6, -0.45, 0.6, 0.2))
def _heart(pen: Pen) -> None:
    angles = [math.tau * at / 48 for at in range(48)]
    pen.shape(
        [
            (
                1.02 * math.sin(t) ** 3,
                -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 15.5 - 0.13,
            )
            for t in angles
        ]
    )


@thing("cross plus")
def _cross(pen: Pen) -> None:
    a, b = 0.3, 0.92
    pen.shape(
        [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a)]
    )


@thing("ring hoop donut doughnut")
def _ring(pen: Pen) -> None:
    pen.line([*ring(0, 0, 0.72, 0.72), (0.72, 0.0)], 0.38, outline=True)


@thing("spiral swirl")
def _spiral(pen: Pen) -> None:
    pen.line([(math.cos(t / 5) * t / 95, math.sin(t / 5) * t / 95) for t in range(88)], 0.13)


@thing("line stripe", 1.8, 0.3, "black red blue")
def _stripe(pen: Pen) -> None:
    pen.line([(-5.6, 0), (5.6, 0)], 0.5)


@thing("arrow", 1.6, 0.8, "red blue black orange")
def _arrow(pen: Pen) -> None:
    pen.shape([(-1.85, -0.3), (0.7, -0.3), (0.7, -0.9), (1.9, 0), (0.7, 0.9), (0.7, 0.3), (-1.85, 0.3)])


@thing("cube block brick")
def _cube(pen: Pen) -> None:
    pen.shape([(-0.85, -0.45), (0, -0.95), (0.85, -0.45), (0, 0.05)], pen.shade(-0.3))
    pen.shape([(-0.85, -0.45), (0, 0.05), (0, 0.98), (-0.85, 0.48)])
    pen.shape([(0.85, -0.45), (0, 0.05), (0, 0.98), (0.85, 0.48)], pen.shade(0.22))
