"""The sky of a sketch, its hour and its weather."""

from __future__ import annotations

from random import Random

from .colours import Colour, colour, mix
from .pen import Pen, Stroke, ring
from .scene import Scene

#: Where the ground begins, in the measure of a pen whose y runs from -1, the top, to 1.
HORIZON = 0.28

#: The colours of the sky, from top to horizon.
SKIES = {
    "day": ("#7cc4f2", "#e3f4fb"), "night": ("#121a3d", "#40548c"), "dawn": ("#93b4ea", "#ffdccb"),
    "sunset": ("#5f539c", "#f58d6f"), "rain": ("#7d8b9c", "#bcc6cf"), "snow": ("#b9cbdc", "#eaf1f7"),
    "fog": ("#b9c3c9", "#e2e7ea"),
}  # fmt: skip


def sky(pen: Pen, scene: Scene, far: float) -> None:
    """The sky down to the horizon, with what belongs there at this hour and in this weather."""
    random = pen.random
    kinds = {group.kind for group in scene.groups}
    mood = scene.time or next((mood for mood in ("rain", "snow", "fog") if mood in scene.weather), "day")
    if "storm" in scene.weather:
        mood = "night" if scene.time == "night" else "rain"
    top, bottom = SKIES[mood]
    above, below = colour(top), colour(bottom)
    if scene.sky is not None:
        above, below = scene.sky, mix(scene.sky, "white", 0.4)
    end = 1.05 if scene.place == "sky" else HORIZON + 0.12
    if mood == "sunset":
        pen.box(-far, -1.05, far, -0.2, above, fade=below, outline=False)
        pen.box(-far, -0.2, far, end, below, fade=mix(below, "#ffe2a0", 0.75), outline=False)
    else:
        pen.box(-far, -1.05, far, end, above, fade=below, outline=False)
    if scene.time == "night":
        stars(pen, far, -1, HORIZON - 0.1, 45 + 30 * pen.detail)
        if not kinds & {"moon", "crescent", "sun"} and not scene.weather:
            pen.another("moon", random.choice((-1, 1)) * random.uniform(0.5, 0.75) * far, -0.68, 0.13, "#f6ecc4")
    elif mood in ("sunset", "dawn") and "sun" not in kinds:
        x = random.uniform(-0.5, 0.5) * far
        pen.glow(x, HORIZON - 0.12, 0.7, 0.7, "#fff0b8", 0.8)
        pen.oval(x, HORIZON - 0.1, 0.2, fill="#ffd873")
    cloudy = scene.weather & {"rain", "storm", "clouds", "snow"}
    if "cloud" not in kinds and (cloudy or mood in ("day", "sunset", "dawn")):
        paint = (
            mix(
                "#5d6a7c" if mood == "night" else "#e9eef2" if cloudy & {"snow", "clouds"} else "#8894a3", "white", 0.15
            )
            if cloudy
            else mix(below, "white", 0.6)
        )
        for at in range(4 if cloudy else 2 + pen.detail // 2):
            size = random.uniform(0.09, 0.15) * (1.7 if cloudy else 1)
            x = -far + (at + random.uniform(0.2, 0.8)) * 2 * far / (4 if cloudy else 3)
            pen.another("cloud", x, random.uniform(-0.88, -0.55), size, paint)
    if "storm" in scene.weather:
        pen.another("lightning", random.uniform(-0.5, 0.5) * far, -0.3, 0.3, "#fff3a0")


def stars(pen: Pen, far: float, top: float, bottom: float, count: int) -> None:
    """So many stars between two heights."""
    for _ in range(count):
        x, y = pen.random.uniform(-far, far), pen.random.uniform(top, bottom)
        size = pen.random.choice((0.004, 0.005, 0.006, 0.01))
        pen.shape(ring(x, y, size, size, n=8), mix("white", "#ffe9b0", pen.random.random()), outline=False)


def dimmed(scene: Scene, of: str | Colour) -> Colour:
    """A colour of the landscape as it looks at this hour and in this weather."""
    seen = colour(of)
    if "snow" in scene.weather or scene.place == "winter":
        seen = mix(seen, "#f2f6fb", 0.82)
    if scene.weather & {"rain", "storm", "fog"}:
        seen = mix(seen, "#8d99a5", 0.35)
    if scene.time == "night":
        return mix(seen, "#101a3a", 0.55)
    return mix(seen, "#7a3a55", 0.24) if scene.time == "sunset" else seen


def weather(scene: Scene, width: int, height: int, random: Random, detail: int) -> list[Stroke]:
    """Everything in front of the things."""
    strokes: list[Stroke] = []
    pen = Pen(strokes, x=width / 2, y=height / 2, unit=height / 2, random=random, detail=detail)
    far = width / height
    if scene.weather & {"rain", "storm"}:
        for _ in range(70 + 50 * detail):
            x, y, long = random.uniform(-far, far + 0.2), random.uniform(-1.1, 1), random.uniform(0.05, 0.13)
            pen.line([(x, y), (x - long * 0.35, y + long)], 0.008, "#dcebf7" if scene.time == "night" else "#5f86ad")
    if "snow" in scene.weather:
        for _ in range(60 + 50 * detail):
            x, y = random.uniform(-far, far), random.uniform(-1, 1)
            pen.shape(ring(x, y, *[random.uniform(0.008, 0.022)] * 2, n=10), "white", outline=False)
    if "fog" in scene.weather:
        for y in (-0.1, 0.25, 0.55):
            pen.glow(random.uniform(-0.4, 0.4), y, far * 1.6, 0.3, "white", 0.75)
    return strokes
