"""Where the things of a scene stand: relations first, then land, water and sky, then what is left of the room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from .pen import Point
from .relations import FLOATING, Cluster, cluster_of, home_of, natural_size, spread, surrounding
from .scene import Group, Scene

#: Where the feet of things are, as a share of the picture's height.
GROUND = 0.87
WATERLINE = 0.8
#: Places with water that things float on.
WATERS = ("sea", "beach", "lake", "river")


_BETWEEN = 0.35  # clusters

#: A cluster, the middle of its place in pixels, and how large its measure is there.
Spot = tuple[Cluster, float, float, float]


@dataclass(frozen=True)
class _Frame:
    """The part of the picture that things are placed in."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Placed:
    """One thing in its place: its centre and size in pixels."""

    group: Group
    item: int
    x: float
    y: float
    width: float
    height: float
    floats: bool = False


def arrange(scene: Scene, width: int, height: int, random: Random, room: float = 1.0) -> list[Placed]:
    """Place every thing of the scene, in the order in which they are drawn; with less `room`, smaller.

    >>> from .words import read
    >>> [thing.group.kind for thing in sorted(arrange(read("a cat left of a dog"), 100, 100, Random(0)), key=lambda t: t.x)]
    ['cat', 'dog']
    """
    spreads: list[tuple[list[Point], float, float]] = []
    for group in scene.groups:
        centre = scene.groups[group.link[1]] if group.link is not None and group.link[0] == "around" else None
        spreads.append(spread(group, scene.place) if centre is None else surrounding(group, centre, scene.place))
    clusters = [
        cluster_of(scene.groups, root, spreads) for root, group in enumerate(scene.groups) if group.link is None
    ]
    spots: list[Spot] = []
    if clusters and scene.place in FLOATING:
        spots = _in_the_air(clusters, width, height, random)
    elif clusters:
        spots = _on_the_ground(clusters, scene, width, height, random)
    placed: list[tuple[float, Placed]] = []
    for cluster, x, y, full in spots:
        scale = full * room
        depth = y + cluster.height * scale / 2 if cluster.home != "sky" else -height
        for index, box in cluster.boxes.items():
            group = scene.groups[index]
            across, down = natural_size(group)
            size = scale * box.scale
            order = _order(scene.groups, index)
            for item, (dx, dy) in enumerate(spreads[index][0]):
                at_x = x + (box.x - cluster.left - cluster.width / 2) * scale + dx * size
                at_y = y + (box.y - cluster.top - cluster.height / 2) * scale + dy * size
                floats = _floats(group, scene.place)
                thing = Placed(group, item, at_x, at_y, across * size, down * size, floats)
                placed.append((depth + order * 0.01 + item * 1e-5, thing))
    return [thing for _, thing in sorted(placed, key=lambda entry: entry[0])]


def _floats(group: Group, place: str) -> bool:
    """Whether there is nothing under the things of a group that they could cast a shadow on."""
    if group.link is not None and group.link[0] in ("on", "inside", "wearing", "holding", "above"):
        return True
    return place in FLOATING and home_of(group) == "any"


def _order(groups: tuple[Group, ...], index: int) -> float:
    """Who is drawn before whom within a cluster."""
    link = groups[index].link
    if link is None:
        return index * 0.01
    return _order(groups, link[1]) + {"behind": -1.0, "around": -0.5}.get(link[0], 1.0)


def _in_the_air(clusters: list[Cluster], width: int, height: int, random: Random) -> list[Spot]:
    """Clusters with no ground to stand on: each in the part of the picture it was given, else all in rows."""
    frame = _Frame(width * 0.09, height * 0.08, width * 0.82, height * 0.8)
    if any(cluster.spot for cluster in clusters):
        return _in_parts(clusters, frame)
    best: tuple[float, list[list[Cluster]]] = (0.0, [])
    for count in range(1, len(clusters) + 1):
        rows = _rows(clusters, count)
        wide, high = _room(rows)
        scale = min(frame.width / wide, frame.height / high)
        if scale > best[0] * 1.05:
            best = scale, rows
    scale, rows = best
    if len(clusters) == 1:  # what is alone doesn't fill the picture
        only = clusters[0]
        several = len(only.boxes) > 1 or only.width > 2.6
        largest = max(only.width / frame.width, only.height / frame.height)
        scale = min(scale, (random.uniform(0.84, 0.92) if several else random.uniform(0.66, 0.76)) / largest)
    else:
        scale *= random.uniform(0.9, 0.98)
    spots = []
    y = frame.top + (frame.height - _room(rows)[1] * scale) / 2
    for row in rows:
        row_wide, row_high = _room([row])
        x = frame.left + (frame.width - row_wide * scale) / 2
        for cluster in row:
            sunk = (row_high - cluster.height) / 2 if cluster.home == "land" else 0  # feet on one line
            spots.append((cluster, x + cluster.width * scale / 2, y + (row_high / 2 + sunk) * scale, scale))
            x += (cluster.width + _BETWEEN) * scale
        y += (row_high + _BETWEEN) * scale
    return spots


def _in_parts(clusters: list[Cluster], frame: _Frame) -> list[Spot]:
    """Clusters of which some were given a part of the picture; the others stand in the middle."""
    parts: dict[tuple[int, int], list[Cluster]] = {}
    for cluster in clusters:
        parts.setdefault(cluster.spot or (0, 0), []).append(cluster)
    columns, lines = sorted({column for column, _ in parts}), sorted({line for _, line in parts})
    if len(columns) == 1:  # "on the left" is left of nothing
        columns = sorted({*columns, 0})
    if len(lines) == 1:
        lines = sorted({*lines, 0})
    wide, high = frame.width / len(columns), frame.height / len(lines)
    scale = min(min(wide * 0.84 / _room([row])[0], high * 0.84 / _room([row])[1]) for row in parts.values())
    scale = min(scale, min(frame.width, frame.height) * 0.52)
    spots = []
    for (column, line), row in parts.items():
        x = frame.left + (columns.index(column) + 0.5) * wide - _room([row])[0] * scale / 2
        for cluster in row:
            y = frame.top + (lines.index(line) + 0.5) * high
            spots.append((cluster, x + cluster.width * scale / 2, y, scale))
            x += (cluster.width + _BETWEEN) * scale
    return spots


def _room(rows: list[list[Cluster]]) -> tuple[float, float]:
    """The width and height of rows of clusters."""
    wide = max(sum(cluster.width for cluster in row) + _BETWEEN * (len(row) - 1) for row in rows)
    return wide, sum(max(cluster.height for cluster in row) for row in rows) + _BETWEEN * (len(rows) - 1)


def _rows(clusters: list[Cluster], count: int) -> list[list[Cluster]]:
    each = math.ceil(len(clusters) / count)
    return [clusters[start : start + each] for start in range(0, len(clusters), each)]


def _on_the_ground(clusters: list[Cluster], scene: Scene, width: int, height: int, random: Random) -> list[Spot]:
    """Clusters in a landscape: mountains far away, the rest in a row on land and water, the sky above."""
    clusters = sorted(clusters, key=lambda cluster: _column(cluster))
    far: list[Cluster] = []
    low: list[Cluster] = []
    high: list[Cluster] = []
    for cluster in clusters:
        kinds = [scene.groups[index].kind for index in cluster.boxes]
        lifted = cluster.home == "sky" or (cluster.spot is not None and cluster.spot[1] < 0)
        (high if lifted else far if kinds == ["mountain"] else low).append(cluster)
    spots = [_far_away(cluster, width, height, random) for cluster in far]
    if low:
        spots += _in_a_row(low, scene.place, width, height, random, below=0.38 if high else 0.12)
    if high:
        spots += _in_the_sky(high, width, height, random, above=0.38 if low else 0.62)
    return spots


def _column(cluster: Cluster) -> int:
    return cluster.spot[0] if cluster.spot else 0


def _far_away(cluster: Cluster, width: int, height: int, random: Random) -> Spot:
    several = cluster.width > 3
    scale = min(width * (0.98 if several else 0.62) / cluster.width, height * 0.44 / cluster.height)
    column = _column(cluster) if cluster.spot or several else random.choice((-0.5, 0, 0.5))
    return cluster, width * (0.5 + 0.28 * column), height * 0.655 - cluster.height * scale / 2, scale


def _in_a_row(
    clusters: list[Cluster], place: str, width: int, height: int, random: Random, *, below: float
) -> list[Spot]:
    """Clusters with their feet on the ground, or in the water."""
    wide, high = _room([clusters])
    scale = min(width * 0.88 / wide, height * (GROUND - below) / high, height * 0.4) * random.uniform(0.9, 1.0)
    loose = 1 + min(0.6, (width * 0.86 / (wide * scale) - 1) * 0.5) if len(clusters) > 1 else 1.0
    aside = 0.24 * _column(clusters[0]) if len(clusters) == 1 else 0.0
    x = width * (0.5 + aside + random.uniform(-0.02, 0.02)) - wide * scale * loose / 2
    spots = []
    for at, cluster in enumerate(clusters):
        wet = place in WATERS and (cluster.home == "water" or place == "sea")
        feet = height * (WATERLINE if wet else GROUND - 0.025 * (at % 2))
        x += cluster.width * scale * loose / 2
        spots.append((cluster, x, feet - cluster.height * scale / 2, scale))
        x += (cluster.width / 2 + _BETWEEN) * scale * loose
    return spots


def _in_the_sky(clusters: list[Cluster], width: int, height: int, random: Random, *, above: float) -> list[Spot]:
    """Clusters side by side, now higher, now lower."""
    wide, high = _room([clusters])
    alone = len(clusters) == 1
    scale = min(width * 0.86 / wide, height * (above - 0.05) / high, height * (0.36 if alone and above > 0.5 else 0.24))
    part = width / len(clusters)
    spots = []
    for at, cluster in enumerate(clusters):
        stray = random.uniform(-0.6, 0.6) * max(0.0, part - cluster.width * scale) / 2
        x = width * (0.5 + 0.3 * _column(cluster)) if alone and cluster.spot else part * (at + 0.5) + stray
        slack = max(0.0, height * (above - 0.05) - cluster.height * scale)
        y = height * 0.05 + cluster.height * scale / 2 + slack * random.uniform(0.1, 0.8)
        spots.append((cluster, x, y, scale))
    return spots
