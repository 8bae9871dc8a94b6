"""Pictures given and changed: as the prompt's words say, and only where the mask lets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from .colours import Colour, luminance, mix
from .picture import DETAIL, Composition, compose, pictures, stamped, toned
from .scene import Scene, cleaned, seed
from .sky import weather
from .words import read

_PAPER = (244, 241, 234)
_ALL_OR_NOTHING = [0] + [255] * 255
_REMOVED = r"\b(?:remov(?:e|es|ed|ing)|eras(?:e|es|ed|ing)|delet(?:e|es|ed|ing)|without|get rid of|take away)\b"
#: How much of the picture what is added may take: less where more of the picture given is to be kept.
_ROOM = {"low": 0.8, "high": 0.5}


def edit(
    image: Image.Image, prompt: str, mask: Image.Image | None = None, *, width: int, height: int,
    quality: str = "high", background: str = "auto", input_fidelity: str = "low", number: int = 0,
) -> Image.Image:  # fmt: skip
    """Change a picture as the prompt says.

    Where the mask is fully transparent the prompt's things are drawn on what is around, continued, or in the place that
    the prompt names; every other pixel stays as it is. Without a mask, words such as "make it blue", "darker" or "flip"
    change the whole picture, and new things are drawn over it. "The" speaks of what is there already: "the cat" is not
    drawn a second time, and with "remove" what is around takes its place.

    >>> given = Image.new("RGB", (32, 32), "white")
    >>> mask = Image.new("RGBA", (32, 32), "black")
    >>> mask.paste((0, 0, 0, 0), (16, 0, 32, 32))
    >>> changed = edit(given, "a blue background", mask, width=32, height=32, quality="low")
    >>> changed.getpixel((8, 16)), changed.getpixel((24, 16))
    ((255, 255, 255), (47, 107, 224))
    """
    *_, last = edit_partials(
        image, prompt, 0, mask, width=width, height=height, quality=quality, background=background,
        input_fidelity=input_fidelity, number=number,
    )  # fmt: skip
    return last


def edit_partials(
    image: Image.Image, prompt: str, steps: int, mask: Image.Image | None = None, *, width: int, height: int,
    quality: str = "high", background: str = "auto", input_fidelity: str = "low", number: int = 0,
) -> Iterator[Image.Image]:  # fmt: skip
    """The change as it grows: `steps` unfinished pictures, then the finished one of `edit`."""
    quality = quality if quality in DETAIL else "high"
    base = _prepared(image, (width, height), background)
    scene = read(prompt)
    random = Random(seed(prompt, number))  # noqa: S311 - drawings, not secrets
    hole = None if mask is None else _hole(mask, (width, height))
    if hole is None:
        changed = _transformed(base, prompt, scene)
        added = replace(_added(scene), place="", backdrop=None)
        room = _ROOM.get(input_fidelity, _ROOM["low"])
        composition = Composition([], weather(scene, width, height, random, DETAIL[quality]))
        if added.groups:
            composition = compose(added, width, height, random, DETAIL[quality], behind=False, room=room)
        elif number:
            changed = _another(changed, random)
        for layer in pictures(added, composition, (width, height), quality, random, clear=True, steps=steps):
            yield stamped(_over(changed, layer))
        return
    box = hole.getbbox()
    if box is None:  # nothing may change
        for _ in range(steps + 1):
            yield base.copy()
        return
    clear = background == "transparent"
    for drawn in _inside(base, hole, box, prompt, scene, random, quality, clear, steps, number):
        result = base.copy()
        result.paste(stamped(drawn.copy(), hole.crop(box)).convert(base.mode), box, hole.crop(box))
        yield result


def _inside(
    base: Image.Image, hole: Image.Image, box: tuple[int, int, int, int], prompt: str, scene: Scene, random: Random,
    quality: str, clear: bool, steps: int, number: int,
) -> Iterator[Image.Image]:  # fmt: skip
    """What comes into the hole, `box` being the part of the picture that it is in, at its steps and whole."""
    window, size = base.crop(box), (box[2] - box[0], box[3] - box[1])
    changed, added = _transformed(window, prompt, scene), _added(scene)
    if not added.groups and (scene.groups or scene.says_nothing):  # nothing new is to be drawn
        if re.search(_REMOVED, prompt.casefold()):
            changed = _continued(base, hole).crop(box)
        if changed is not window:
            yield from [_another(changed, random) if number else changed] * (steps + 1)
            return
        added = scene
    alone = bool(added.groups) and not scene.place_said and scene.backdrop is None
    if clear or not alone:
        composition = compose(scene, *size, random, DETAIL[quality], behind=not clear)
        yield from pictures(scene, composition, size, quality, random, clear=clear, steps=steps)
        return
    around = _continued(base, hole).crop(box)
    if scene.time in _LIGHTS:
        around = _lit(around, *_LIGHTS[scene.time])
    added = replace(added, place="")
    composition = compose(added, *size, random, DETAIL[quality], behind=False)
    for layer in pictures(added, composition, size, quality, random, clear=True, steps=steps):
        yield _over(around, layer)


def _prepared(image: Image.Image, size: tuple[int, int], background: str) -> Image.Image:
    """The picture given, in the size that is asked for, with transparency only if it has some."""
    base = image.convert("RGBA" if image.has_transparency_data or background == "transparent" else "RGB")
    if base.size != size:
        base = base.resize(size, Image.Resampling.BICUBIC)
    if background == "opaque" and base.mode == "RGBA":
        base = Image.alpha_composite(Image.new("RGBA", size, "white"), base).convert("RGB")
    return base


def _hole(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """White where the mask is fully transparent, black elsewhere."""
    alpha = mask.convert("RGBA").getchannel("A")
    if alpha.size != size:
        alpha = alpha.resize(size, Image.Resampling.NEAREST)
    return alpha.point([255] + [0] * 255)


def _continued(picture: Image.Image, hole: Image.Image) -> Image.Image:
    """The picture with its hole filled from around it, and the less sharply the further from its rim.

    It is halved until no hole is left, and each half fills the holes of the one that it was made from.
    """
    known = ImageChops.darker(picture.convert("RGBA").getchannel("A"), ImageChops.invert(hole)).point(_ALL_OR_NOTHING)
    levels = [picture.convert("RGB")]
    levels[0].putalpha(known)
    while known.getextrema()[0] == 0 and max(known.size) > 1:
        smaller = levels[-1].convert("RGBa").reduce(2).convert("RGBA")
        known = smaller.getchannel("A").point(_ALL_OR_NOTHING)
        smaller.putalpha(known)
        levels.append(smaller)
    filled = Image.new("RGBA", known.size, _PAPER)
    for finer in reversed(levels):
        filled = Image.alpha_composite(filled.resize(finer.size, Image.Resampling.BICUBIC), finer)
    return filled.convert("RGB")


def _added(scene: Scene) -> Scene:
    """The scene without the things that the picture has already: those the prompt calls "the"."""
    kept = [index for index, group in enumerate(scene.groups) if not group.definite]
    place = {index: at for at, index in enumerate(kept)}
    groups = []
    for index in kept:
        group = scene.groups[index]
        link = None if group.link is None or group.link[1] not in place else (group.link[0], place[group.link[1]])
        groups.append(replace(group, link=link))
    return replace(scene, groups=tuple(groups))


def _over(picture: Image.Image, layer: Image.Image) -> Image.Image:
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert(picture.mode)


def _transformed(image: Image.Image, prompt: str, scene: Scene) -> Image.Image:
    """The picture changed by the words that speak of the whole of it; itself if there are none."""
    text = cleaned(prompt)[:1000].casefold()
    colours = [paint for group in scene.groups if group.definite for paint in group.colours]
    if not _added(scene).groups:
        colours += [*scene.palette, *filter(None, (scene.sky, scene.ground))]
    changes: list[Callable[[Image.Image], Image.Image]] = []
    if colours:
        changes.append(lambda picture: _tinted(picture, colours[0]))
    changes += [change for pattern, change in _CHANGES if re.search(pattern, text)]
    if not scene.groups and scene.style in _FILTERS:
        changes.append(_FILTERS[scene.style])
    if not scene.groups and scene.time in _LIGHTS:
        changes.append(lambda picture: _lit(picture, *_LIGHTS[scene.time]))
    if scene.tone:
        changes.append(lambda picture: toned(picture, scene.tone))
    if turned := _turn(text):
        changes.append(lambda picture: picture.rotate(-turned, Image.Resampling.BICUBIC, fillcolor=_corner(picture)))
    for change in changes:
        changed = change(image.convert("RGB")).convert(image.mode)
        if image.mode == "RGBA" and change not in _MOVES:
            changed.putalpha(image.getchannel("A"))
        image = changed
    return image


def _another(picture: Image.Image, random: Random) -> Image.Image:
    """Another take of a change in which nothing is drawn: in a slightly different light."""
    light = tuple(random.randrange(256) for _ in range(3))
    taken = Image.blend(picture.convert("RGB"), Image.new("RGB", picture.size, light), 0.06).convert(picture.mode)
    if picture.mode == "RGBA":
        taken.putalpha(picture.getchannel("A"))
    return taken


def _tinted(picture: Image.Image, paint: Colour) -> Image.Image:
    """The picture in shades of one colour."""
    light = luminance(paint)
    return ImageOps.colorize(
        ImageOps.grayscale(picture), mix(paint, "#000000", 0.8), mix(paint, "#ffffff", 0.85), paint,
        midpoint=max(40, min(215, round(255 * (0.35 + 0.4 * light)))),
    )  # fmt: skip


def _lit(picture: Image.Image, light: str, share: float) -> Image.Image:
    return Image.blend(picture, ImageChops.multiply(picture, Image.new("RGB", picture.size, light)), share)


def _turn(text: str) -> int:
    """The degrees, clockwise, by which the text asks to turn the picture."""
    if "upside down" in text:
        return 180
    found = re.search(r"\b(?:rotat\w+|turn)\b(?=.*(?:\d|rotat|clockwise|left|right)).{0,30}?(\d{1,3})?\b", text)
    if found is None:
        return 0
    number = re.search(r"\b(\d{1,3})\b", text)
    degrees = int(number[1]) % 360 if number else 90
    return -degrees if re.search(r"counter|anti|\bleft\b", text) else degrees


def _corner(picture: Image.Image) -> tuple[int, ...]:
    pixel = picture.getpixel((0, 0))
    return pixel if isinstance(pixel, tuple) else (255, 255, 255)


def _pixelated(picture: Image.Image) -> Image.Image:
    cells = max(1, picture.width // 64 + 1)
    return picture.reduce(cells).resize(picture.size, Image.Resampling.NEAREST)


def _outlined(picture: Image.Image) -> Image.Image:
    edges = ImageOps.invert(ImageOps.grayscale(picture).filter(ImageFilter.FIND_EDGES))
    edges = (
        ImageOps.expand(ImageOps.crop(edges, 1), 1, 255) if min(edges.size) > 2 else edges
    )  # the filter leaves a rim
    return ImageOps.autocontrast(edges).convert("RGB")


def _simplified(picture: Image.Image) -> Image.Image:
    """The picture without its small details; worked out on a small copy, as the filter is slow."""
    small = picture.reduce(max(1, min(picture.size) // 384))
    return small.filter(ImageFilter.MedianFilter(5)).resize(picture.size, Image.Resampling.BICUBIC)


def _washed(picture: Image.Image) -> Image.Image:
    return Image.blend(
        _simplified(picture).filter(ImageFilter.SMOOTH_MORE), Image.new("RGB", picture.size, (253, 250, 243)), 0.22
    )


_CHANGES: list[tuple[str, Callable[[Image.Image], Image.Image]]] = [
    (r"\bdark(?:er|en)\b|\bdim\b|\bdimmer\b", lambda picture: ImageEnhance.Brightness(picture).enhance(0.62)),
    (r"\b(?:bright|light)(?:er|en)\b", lambda picture: ImageEnhance.Brightness(picture).enhance(1.35)),
    (
        r"\b(?:more|higher|increase|stronger)\b.{0,12}\bcontrast\b",
        lambda picture: ImageEnhance.Contrast(picture).enhance(1.6),
    ),
    (r"\b(?:less|lower|reduce)\b.{0,12}\bcontrast\b", lambda picture: ImageEnhance.Contrast(picture).enhance(0.6)),
    (r"\b(?:saturat\w+|more colou?rful)\b", lambda picture: ImageEnhance.Color(picture).enhance(1.7)),
    (r"\bblur\w*\b", lambda picture: picture.filter(ImageFilter.GaussianBlur(max(2, min(picture.size) // 90)))),
    (r"\bsharp\w*\b", lambda picture: picture.filter(ImageFilter.UnsharpMask(3, 160))),
    (r"\b(?:invert\w*|negative)\b", ImageOps.invert),
    (r"\bpixelat\w+\b", _pixelated),
    (r"\b(?:flip|mirror)\w*\b(?!.*\bvertical)", ImageOps.mirror),
    (r"\b(?:flip|mirror)\w*\b(?=.*\bvertical)", ImageOps.flip),
]
_MOVES = (ImageOps.mirror, ImageOps.flip)
_FILTERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "watercolor": _washed,
    "line": _outlined,
    "sketchy": lambda picture: Image.blend(_outlined(picture), picture, 0.25),
    "pixel": _pixelated,
    "cartoon": lambda picture: ImageOps.posterize(_simplified(picture), 3),
    "flat": lambda picture: ImageOps.posterize(_simplified(picture), 2),
}
_LIGHTS = {"night": ("#24356e", 0.75), "sunset": ("#ff9a5a", 0.6), "dawn": ("#ffc9b8", 0.5), "day": ("#fff6d8", 0.4)}
