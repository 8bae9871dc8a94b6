"""How things stand to each other: groups in rows and rings, and groups beside, on and in other groups."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, replace

from .pen import THINGS, Home, Point
from .scene import Group

#: Places where things float; everywhere else what has a weight stands on the ground.
FLOATING = ("", "space", "underwater", "sky")
_GAP = 0.22
# How far below their top things carry others, as a share of their height.
_DECKS = {
    "boat": 0.73, "ship": 0.5, "chair": 0.5, "bicycle": 0.55, "bridge": 0.3, "tree": 0.12, "cat": 0.1, "dog": 0.12, "mountain": 0.12,
    "elephant": 0.08, "turtle": 0.1, "person": 0.02, "robot": 0.1, "cup": 0.3, "castle": 0.03, "snowman": 0.02,
}  # fmt: skip
# How wide things on others may be, as a share of what carries them.
_ROOMS = {"mountain": 0.42, "boat": 0.5, "ship": 0.6}
# What one can be under while standing on the same ground, and how far from its middle.
_SHELTERS = {
    "tree": 0.24, "pine": 0.3, "palm": 0.3, "mushroom": 0.3, "sunflower": 0.4, "lamp": 0.4, "table": 0.0, "bridge": 0.0,
    "umbrella": 0.0, "chair": 0.0,
}  # fmt: skip


def lines_of(text: str) -> list[str]:
    """Lettering broken into a few lines of like length.

    >>> lines_of("Happy birthday, dear Ada")
    ['Happy birthday,', 'dear Ada']
    """
    return textwrap.wrap(text, max(16, math.ceil(len(text) / 3)))[:4] or [text]


@dataclass(frozen=True)
class Box:
    """A group's room, around its centre."""

    x: float
    y: float
    width: float
    height: float
    scale: float = 1.0

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.x - self.width / 2, self.y - self.height / 2, self.x + self.width / 2, self.y + self.height / 2

    def at(self, x: float, y: float) -> Box:
        return replace(self, x=x, y=y)

    def standing(self, x: float, feet: float) -> Box:
        return replace(self, x=x, y=feet - self.height / 2)

    def scaled(self, fit: float) -> Box:
        return replace(self, width=self.width * fit, height=self.height * fit, scale=self.scale * fit)

    def within(self, width: float, height: float) -> Box:
        return self.scaled(min(1.0, width / self.width, height / self.height))


@dataclass(frozen=True)
class Cluster:
    """Groups that stand in relations to each other, and the room they take together."""

    boxes: dict[int, Box]
    home: Home
    spot: tuple[int, int] | None

    @property
    def left(self) -> float:
        return min(box.sides[0] for box in self.boxes.values())

    @property
    def top(self) -> float:
        return min(box.sides[1] for box in self.boxes.values())

    @property
    def width(self) -> float:
        return max(box.sides[2] for box in self.boxes.values()) - self.left

    @property
    def height(self) -> float:
        return max(box.sides[3] for box in self.boxes.values()) - self.top


def natural_size(group: Group) -> tuple[float, float]:
    """The width and height of one thing of a group, beside which others are measured."""
    if group.kind == "words":
        lines = lines_of(group.text)
        return (0.34 * max(3, *map(len, lines)) * group.size, 0.62 * len(lines) * group.size)
    kind = THINGS[group.kind]
    return kind.width * group.size, kind.height * group.size


def home_of(group: Group) -> Home:
    """Where the things of a group are by nature."""
    return THINGS[group.kind].home if group.kind in THINGS else "any"


def spread(group: Group, place: str) -> tuple[list[Point], float, float]:
    """The places of a group's things around its centre, and the room they take."""
    across, down = natural_size(group)
    count = group.count
    if group.arrange == "ring" and count > 2:
        radius = max(across, down) * max(1.15, count / math.tau * 1.2)
        turns = [math.tau * item / count - math.pi / 2 for item in range(count)]
        return [(math.cos(t) * radius, math.sin(t) * radius) for t in turns], 2 * radius + across, 2 * radius + down
    home = home_of(group)
    low = home in ("land", "water", "any") and place not in FLOATING
    high = home == "sky" and place not in FLOATING and count > 2 and not group.arrange
    row = 8 if low else 4
    columns = {"row": count, "column": 1}.get(group.arrange, 0)
    if not columns:
        columns = count if count <= row else math.ceil(math.sqrt(count * 1.25 * down / across))
    rows = math.ceil(count / columns)
    wide, tall = across * (1 + _GAP), down * (0.62 if low and rows > 1 else 1 + _GAP)
    if high:
        wide, tall = across * 1.8, down * 1.5
    points = []
    for item in range(count):
        line, at = divmod(item, columns)
        in_line = min(columns, count - line * columns)
        stray = (0.3 * across * math.sin(item * 2.4), 0.3 * down * math.cos(item * 1.7)) if high else (0.0, 0.0)
        points.append(((at - (in_line - 1) / 2) * wide + stray[0], (line - (rows - 1) / 2) * tall + stray[1]))
    return points, (columns - 1) * wide + across, (rows - 1) * tall + down


def surrounding(group: Group, centre: Group, place: str) -> tuple[list[Point], float, float]:
    """The places of a group's things around another group."""
    across, down = natural_size(group)
    _, wide, high = spread(centre, place)
    if place not in FLOATING and home_of(group) == "land":  # to both sides, on the ground
        sides = [
            (-1 if item % 2 else 1) * (wide / 2 + across * (0.7 + 0.95 * (item // 2))) for item in range(group.count)
        ]
        return [(x, (high - down) / 2) for x in sides], 2 * max(map(abs, sides)) + across, high
    radius_x, radius_y = wide / 2 + across * 0.75, high / 2 + down * 0.6
    turns = [math.tau * (item + 0.5) / group.count - math.pi / 2 for item in range(group.count)]
    return [(math.cos(t) * radius_x, math.sin(t) * radius_y) for t in turns], 2 * radius_x + across, 2 * radius_y + down


def cluster_of(groups: tuple[Group, ...], root: int, spreads: list[tuple[list[Point], float, float]]) -> Cluster:
    """A group and all that stand in a relation to it, or to one of those."""
    boxes = {root: Box(0, 0, *spreads[root][1:])}
    waiting = [index for index, group in enumerate(groups) if group.link is not None]
    for _ in groups:
        for index in list(waiting):
            link = groups[index].link
            if link is not None and link[1] in boxes:
                box = Box(0, 0, *spreads[index][1:])
                boxes[index] = _related(link[0], groups[link[1]].kind, box, link[1], boxes)
                if link[0] == "on":
                    siblings = [at for at, group in enumerate(groups) if group.link == link]
                    boxes[index] = _sharing(boxes[index], boxes[link[1]], siblings.index(index), len(siblings))
                waiting.remove(index)
    homes: list[Home] = [home_of(groups[index]) if groups[index].kind in THINGS else "sky" for index in boxes]
    spots = [groups[index].spot for index in boxes if groups[index].spot is not None]
    return Cluster(boxes, min(homes, key=("land", "water", "any", "sky").index), spots[0] if spots else None)


def _related(relation: str, anchor_kind: str, box: Box, anchor_index: int, boxes: dict[int, Box]) -> Box:
    """The room of a group that stands so to its anchor, clear of the others."""
    anchor = boxes[anchor_index]
    left, top, right, bottom = anchor.sides
    if relation == "around":
        return replace(box, x=anchor.x, y=anchor.y)
    if relation == "inside":
        drop = anchor.height * (0.1 if anchor_kind in ("triangle", "house", "cup") else 0)
        return box.within(anchor.width * 0.6, anchor.height * 0.6).at(anchor.x, anchor.y + drop)
    if relation == "holding":
        held = box.within(anchor.width * 1.2, anchor.height * 0.75)
        return held.standing(right + held.width * 0.3, top + anchor.height * 0.62)
    if relation == "wearing":  # several hats on several heads are as far apart as those
        fit = min(anchor.width * (1.0 if box.width > 1.5 else 0.8) / box.width, anchor.height / box.height)
        return box.scaled(fit).standing(anchor.x, top + _DECKS.get(anchor_kind, 0.04) * anchor.height)
    if relation == "on":
        carried = box.within(anchor.width * _ROOMS.get(anchor_kind, 1.1), math.inf)
        return carried.standing(anchor.x, top + _DECKS.get(anchor_kind, 0.04) * anchor.height)
    if relation == "below" and anchor_kind in _SHELTERS:
        sheltered = box.within(
            anchor.width * 0.8, anchor.height * (0.7 if anchor_kind in ("table", "bridge") else 0.46)
        )
        return sheltered.standing(anchor.x + anchor.width * _SHELTERS[anchor_kind], bottom + 0.04)
    if relation == "behind":
        return box.standing(anchor.x + anchor.width * 0.45, bottom - anchor.height * 0.12)
    if relation == "front":
        before = box.within(anchor.width * 0.7, anchor.height * 0.7)
        return before.standing(anchor.x - anchor.width * 0.2, bottom + before.height * 0.14)
    others = [other for index, other in boxes.items() if index != anchor_index]
    if relation in ("above", "below"):
        turn = -1 if relation == "above" else 1
        return _clear(box.at(anchor.x, anchor.y + turn * (anchor.height + box.height + 0.6) / 2), 0, turn * 0.1, others)
    beside = box.standing(right + box.width / 2 + 0.3, bottom)
    if relation == "left" or (relation == "beside" and any(_overlap(beside, other) for other in others)):
        return _clear(box.standing(left - box.width / 2 - 0.3, bottom), -0.1, 0, others)
    return _clear(beside, 0.1, 0, others)


def _sharing(box: Box, anchor: Box, which: int, among: int) -> Box:
    """The room of one of several groups that stand on the same thing, side by side."""
    if among == 1:
        return box
    feet, part = box.sides[3], anchor.width / among
    return box.within(part * 0.92, anchor.height * 1.1).standing(anchor.sides[0] + part * (which + 0.5), feet)


def _clear(box: Box, step_x: float, step_y: float, others: list[Box]) -> Box:
    """The room moved on until it overlaps no other."""
    for _ in range(400):
        if not any(_overlap(box, other) for other in others):
            break
        box = box.at(box.x + step_x, box.y + step_y)
    return box


def _overlap(one: Box, other: Box) -> bool:
    reach_x, reach_y = (one.width + other.width) / 2 + 0.1, (one.height + other.height) / 2 + 0.1
    return abs(one.x - other.x) < reach_x and abs(one.y - other.y) < reach_y
