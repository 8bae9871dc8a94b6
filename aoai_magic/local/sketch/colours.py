"""The colours that a prompt can name, and the few ways in which they are changed."""

from __future__ import annotations

import colorsys
import re

Colour = tuple[int, int, int]

#: Every colour word and what it looks like. They are a painter's colours, a little softer than a screen's.
COLOURS: dict[str, Colour] = {
    name: (int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16))
    for name, code in (
        entry.split()
        for entry in """
        red e23b3b | crimson c0143c | scarlet ff3215 | ruby b8113f | maroon 7a1528 | burgundy 6b1030 | pink ff8fb8
        rose f4557f | magenta e01fb0 | fuchsia f73cd5 | purple 8a3fc4 | violet 7b52e8 | lavender b9a3ee | lilac cfa0dc
        mauve b784a7 | plum 84366f | indigo 4338a8 | blue 2f6be0 | navy 1b2c5c | azure 3a9bf0 | cyan 1ccfe4
        teal 0f8a8a | turquoise 2bc9b8 | aqua 5adfd9 | green 36a852 | lime a4dc2c | olive 7f8030 | mint 9fe8c2
        emerald 0f9d6a | jade 2fa37c | yellow fbd531 | gold e6b422 | golden e6b422 | mustard d1a01f | amber ffb01f
        lemon fff04d | orange f58a25 | peach ffc09a | coral ff7a66 | salmon f99382 | apricot fbb877 | brown 8a5a34
        chocolate 5e3620 | tan d0ac7c | beige ead9b8 | cream fbf1d3 | ivory fcf9e8 | khaki b8ab72 | bronze a9713a
        copper be6c3f | rust ab4a22 | sand e6cf9b | silver c3c9d2 | grey 8d939c | gray 8d939c | charcoal 3c4149
        black 1d1f24 | white fcfcfa | skyblue 86cdf5 | blonde f0d58a
        """.replace("\n", "|").split("|")
        if entry.strip()
    )
}

#: For eyes, wheels and what is nearly black.
DARK: Colour = (42, 42, 53)

#: Words that change the colour after them.
TONES = ("light", "pale", "pastel", "soft", "bright", "vivid", "neon", "dark", "deep")


def colour(name: str | Colour) -> Colour:
    """The colour of a name, of a hex code, or of nothing but itself.

    >>> colour("#ff8000"), colour("#f80"), colour("navy")
    ((255, 128, 0), (255, 136, 0), (27, 44, 92))
    """
    if not isinstance(name, str):
        return name
    if re.fullmatch("#[0-9a-f]{3}", name):
        name = "#" + "".join(digit * 2 for digit in name[1:])
    return (int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)) if name[0] == "#" else COLOURS[name]


def mix(one: str | Colour, other: str | Colour, share: float) -> Colour:
    """`one` with a share of `other` stirred in.

    >>> mix("#000000", "#ffffff", 0.2)
    (51, 51, 51)
    """
    first, second = colour(one), colour(other)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def toned(tone: str, plain: Colour) -> Colour:
    """A colour as a word before it changes it.

    >>> toned("dark", (200, 100, 50))
    (116, 58, 29)
    """
    if tone in ("light", "soft"):
        return mix(plain, (255, 255, 255), 0.45)
    if tone in ("pale", "pastel"):
        return mix(plain, (255, 255, 255), 0.64)
    if tone in ("dark", "deep"):
        return mix(plain, (0, 0, 0), 0.42 if tone == "dark" else 0.28)
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in plain))
    if saturation > 0.08:  # a brighter grey is a lighter one, not a coloured one
        saturation = 1.0
    light = light + (0.62 - light) * (0.6 if tone == "neon" else 0.4)
    red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue, light, saturation))
    return red, green, blue


def luminance(of: str | Colour) -> float:
    """How light a colour looks, from 0 to 1.

    >>> luminance("black") < luminance("blue") < luminance("yellow") < luminance("white")
    True
    """
    red, green, blue = colour(of)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
