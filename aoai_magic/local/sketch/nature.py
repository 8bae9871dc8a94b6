"""What grows and what hangs in the sky, each drawn by a few strokes of the pen."""

from __future__ import annotations

import math

from .colours import mix
from .pen import Pen, ring, thing


@thing("tree oak", 1.2, 1.6, "green #5fae4a #3f9460 #7cb342", "land", "meadow")
def _tree(pen: Pen) -> None:
    pen.shape([(-0.1, 0.1), (0.1, 0.1), (0.12, 0.8), (0.22, 1), (-0.22, 1), (-0.12, 0.8)], pen.accent("#8a5a3c"))
    pen.line([(0, 0.42), (0.26, 0.1)], 0.09, pen.accent("#8a5a3c"))
    crown = [(-0.62, 0.1), (-0.7, -0.28), (-0.45, -0.72), (0, -1), (0.45, -0.74), (0.7, -0.28), (0.6, 0.1), (0, 0.26)]
    pen.curve(crown)
    for x, y, across in ((-0.3, -0.35, 0.24), (0.2, -0.62, 0.2), (0.28, -0.1, 0.22))[: pen.detail + 1]:
        pen.oval(x, y, across, across * 0.85, pen.shade(-0.16), outline=False, opacity=0.6)


@thing("pine fir spruce christmastree", 1.0, 1.8, "#2f8055 #3a8f5a #276b52", "land", "meadow")
def _pine(pen: Pen) -> None:
    pen.box(-0.09, 0.6, 0.09, 1, pen.accent("#7a5136"))
    for y, across in ((0.72, 0.54), (0.22, 0.43), (-0.26, 0.32)):
        pen.shape(
            [
                (0, y - 0.74),
                (across, y),
                (across * 0.5, y - 0.05),
                (0, y + 0.03),
                (-across * 0.5, y - 0.05),
                (-across, y),
            ]
        )


@thing("palm", 1.3, 1.7, "#3da35d #57b04a", "land", "beach")
def _palm(pen: Pen) -> None:
    pen.curve([(-0.12, 1), (-0.08, 0.4), (0.06, -0.4), (0.16, -0.4), (0.06, 0.4), (0.1, 1)], pen.accent("#a87848"))
    for angle, reach in ((200, 0.8), (235, 0.72), (290, 0.7), (330, 0.72), (355, 0.62), (165, 0.6)):
        x, y = math.cos(math.radians(angle)) * reach, math.sin(math.radians(angle)) * reach
        pen.curve(
            [
                (0.1, -0.45),
                (0.1 + x * 0.5, -0.55 + y * 0.8),
                (0.1 + x, -0.38 + y * 0.62),
                (0.1 + x * 0.55, -0.42 + y * 0.42),
            ]
        )
    for x in (0.02, 0.18):
        pen.oval(x, -0.34, 0.09, fill="#7a4f2c")


@thing("cactus", 0.9, 1.3, "#4c9c5d #3b8f6b", "land", "desert")
def _cactus(pen: Pen) -> None:
    for path in (
        [(0, 0.95), (0, -0.75)],
        [(0, 0.35), (-0.42, 0.25), (-0.42, -0.2)],
        [(0, 0.1), (0.42, 0), (0.42, -0.42)],
    ):
        pen.line(path, 0.34 if path[0][1] > 0.5 else 0.22, outline=True)
    for x, y in ((-0.08, -0.4), (0.06, -0.1), (-0.06, 0.2), (0.07, 0.5)):
        pen.line([(x, y), (x, y + 0.12)], 0.035, pen.shade(-0.5))
    pen.oval(0, -0.93, 0.11, fill=pen.accent("pink"))


@thing("flower daisy blossom rose", 0.7, 1.2, "pink yellow violet coral red white orange", "land")
def _flower(pen: Pen) -> None:
    pen.line([(0, -0.35), (0.04, 0.3), (0, 1)], 0.07, "#3f9b4f", bent=True)
    for side in (-1, 1):
        pen.curve([(0, 0.75), (side * 0.2, 0.4), (side * 0.45, 0.38), (side * 0.28, 0.66)], "#4faf5c")
    for angle in range(0, 360, 60):
        x, y = math.cos(math.radians(angle + 30)), math.sin(math.radians(angle + 30))
        pen.oval(x * 0.3, -0.5 + y * 0.3, 0.24, 0.19, turn=angle + 30)
    pen.oval(0, -0.5, 0.18, fill=pen.accent("white" if mix(pen.main, pen.main, 0)[2] < 110 < pen.main[1] else "gold"))


@thing("sunflower", 0.9, 1.6, "yellow", "land", "meadow")
def _sunflower(pen: Pen) -> None:
    pen.line([(0, -0.3), (0, 1)], 0.08, "#3f9b4f")
    for side in (-1, 1):
        pen.curve([(0, 0.7), (side * 0.2, 0.3), (side * 0.5, 0.3), (side * 0.3, 0.6)], "#4faf5c")
    for angle in range(0, 360, 24):
        x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        pen.oval(x * 0.36, -0.48 + y * 0.36, 0.16, 0.075, turn=angle)
    pen.oval(0, -0.48, 0.27, fill=pen.accent("#6b4226"))


@thing("tulip", 0.55, 1.2, "red yellow pink violet orange", "land")
def _tulip(pen: Pen) -> None:
    pen.line([(0, -0.2), (0, 1)], 0.07, "#3f9b4f")
    pen.curve([(0, 1), (0.12, 0.5), (0.36, 0), (0.3, 0.6)], "#4faf5c")
    pen.shape(
        [(-0.32, -0.95), (-0.16, -0.66), (0, -1), (0.16, -0.66), (0.32, -0.95), *ring(0, -0.5, 0.33, 0.42, end=180)]
    )


@thing("mushroom toadstool", 0.9, 1.0, "red #d9583f brown", "land")
def _mushroom(pen: Pen) -> None:
    pen.curve([(-0.2, 0.95), (-0.16, 0), (0.16, 0), (0.2, 0.95), (0, 1)], "cream")
    pen.shape(ring(0, 0.1, 0.85, 1.0, start=180, end=360) + ring(0, 0.1, 0.85, 0.14, end=180))
    for x, y, across in ((-0.42, -0.2, 0.13), (0.05, -0.52, 0.16), (0.46, -0.14, 0.12)):
        pen.oval(x, y, across, across * 0.9, pen.accent("white"), outline=False)


@thing("leaf", 0.8, 1.0, "green orange #b8a236 #5fae4a", "any")
def _leaf(pen: Pen) -> None:
    pen.curve([(0, -1), (0.5, -0.5), (0.55, 0.15), (0, 0.65), (-0.55, 0.15), (-0.5, -0.5)])
    pen.line([(0, -0.75), (0, 1)], 0.05, pen.shade(0.4))
    for y in (-0.45, -0.1, 0.22):
        pen.line([(-0.3, y - 0.16), (0, y + 0.1), (0.3, y - 0.16)], 0.03, pen.shade(0.4))


# The sky


@thing("sun", 1.1, 1.1, "#fdc830", "sky", "meadow")
def _sun(pen: Pen) -> None:
    pen.glow(0, 0, 1.7, 1.7, pen.shade(-0.5), 0.6)
    for angle in range(0, 360, 30):
        x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        pen.line([(x * 0.74, y * 0.74), (x * 0.96, y * 0.96)], 0.09)
    pen.oval(0, 0, 0.6)


@thing("moon", 0.8, 0.8, "#f6ecc4", "sky", "night")
def _moon(pen: Pen) -> None:
    pen.glow(0, 0, 1.8, 1.8, pen.shade(-0.3), 0.35)
    pen.oval(0, 0, 0.95)
    for x, y, across in ((-0.3, -0.3, 0.2), (0.35, 0.05, 0.26), (-0.15, 0.45, 0.15)):
        pen.oval(x, y, across, fill=pen.shade(0.1), outline=False)


@thing("crescent", 0.8, 1.0, "#f6d860", "sky", "")
def _crescent(pen: Pen) -> None:
    pen.shape([*ring(0, 0, 0.95, 0.95, start=55, end=305), *reversed(ring(0.42, 0, 0.78, 0.78, start=85, end=275))])


@thing("cloud", 1.4, 0.8, "white", "sky", "meadow")
def _cloud(pen: Pen) -> None:
    outline = [
        *ring(-0.95, 0.4, 0.6, 0.55, start=90, end=262, n=16), *ring(-0.35, -0.2, 0.72, 0.75, start=190, end=318, n=18),
        *ring(0.65, 0.02, 0.58, 0.55, start=232, end=352, n=14), *ring(1.1, 0.45, 0.5, 0.5, start=280, end=450, n=14),
    ]  # fmt: skip
    pen.shape(outline)


@thing("rainbow", 3.0, 1.5, "red", "sky", "meadow")
def _rainbow(pen: Pen) -> None:
    for step, name in enumerate(("red", "orange", "yellow", "green", "blue", "violet")):
        outer, inner = 1.95 - step * 0.17, 1.95 - (step + 1) * 0.17
        arch = ring(0, 1, outer, outer, start=180, end=360) + ring(0, 1, inner, inner, start=180, end=360)[::-1]
        pen.shape(arch, name)


@thing("lightning bolt thunderbolt", 0.6, 1.2, "yellow", "sky")
def _lightning(pen: Pen) -> None:
    pen.shape([(0.15, -1), (-0.42, 0.12), (-0.04, 0.12), (-0.22, 1), (0.45, -0.22), (0.06, -0.22), (0.4, -1)])


@thing("snowflake", 0.9, 0.9, "#8cc8f0 #b5def5", "sky")
def _snowflake(pen: Pen) -> None:
    for angle in range(0, 360, 60):
        x, y = math.sin(math.radians(angle)), -math.cos(math.radians(angle))
        pen.line([(0, 0), (x * 0.95, y * 0.95)], 0.09)
        for turn in (-40, 40):
            p, q = math.sin(math.radians(angle + turn)), -math.cos(math.radians(angle + turn))
            pen.line([(x * 0.55, y * 0.55), (x * 0.55 + p * 0.3, y * 0.55 + q * 0.3)], 0.07)


@thing("planet saturn", 1.3, 1.0, "#e0a458 #7fa8e0 #d98880", "sky", "space")
def _planet(pen: Pen) -> None:
    ring_colour = pen.accent("#e8d5a8")
    pen.line(ring(0, 0.05, 1.2, 0.3, turn=-16, start=180, end=360), 0.13, ring_colour)
    pen.oval(0, 0, 0.72)
    for y, across in ((-0.25, 0.62), (0.12, 0.66)):
        pen.line(ring(0, y - 0.06, across, 0.12, start=15, end=165, turn=-6), 0.07, pen.shade(0.18))
    pen.line(ring(0, 0.05, 1.2, 0.3, turn=-16, start=0, end=180), 0.13, ring_colour)


@thing("mountain volcano hill peak", 2.6, 1.5, "#7d8aa5 #8b93a0 #74869a", "land", "meadow")
def _mountain(pen: Pen) -> None:
    pen.shape([(-1.7, 1), (-0.75, -0.2), (-0.55, -0.05), (0, -1), (0.62, -0.1), (0.85, -0.3), (1.7, 1)])
    snow = [(-0.3, -0.48), (0, -1), (0.34, -0.5), (0.2, -0.4), (0.08, -0.55), (-0.04, -0.32), (-0.16, -0.5)]
    pen.shape(snow, pen.accent("white"), outline=False)
    pen.shape(
        [(0, -1), (0.62, -0.1), (0.85, -0.3), (1.7, 1), (0.5, 1), (0.3, 0.2), (0.42, 0)], pen.shade(), opacity=0.35
    )
