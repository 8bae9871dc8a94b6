"""The words that the sketches know besides colours and things: places, hours, weather, styles, sizes, relations."""

from __future__ import annotations

import re

from .pen import NOUNS

PLACES = {
    word: place
    for place, words in {
        "meadow": "meadow field grass garden park countryside farm lawn valley spring hills",
        "forest": "forest wood woods jungle rainforest",
        "desert": "desert dunes sahara",
        "city": "city town downtown skyline metropolis",
        "street": "street road highway avenue village",
        "sea": "sea ocean waves wave harbor harbour water bay",
        "beach": "beach shore coast island seaside",
        "river": "river stream creek",
        "lake": "lake pond",
        "underwater": "underwater seabed aquarium reef",
        "space": "space galaxy cosmos universe orbit nebula",
        "winter": "winter snowy arctic antarctica ice iceberg",
        "room": "room kitchen indoors bedroom office classroom floor wall",
        "sky": "sky heaven heavens",
    }.items()
    for word in words.split()
}
TIMES = {
    word: time
    for time, words in {
        "night": "night midnight nighttime starry moonlit nocturnal",
        "sunset": "sunset dusk evening twilight",
        "dawn": "sunrise dawn morning",
        "day": "day daytime noon sunny",
    }.items()
    for word in words.split()
}
WEATHER = {
    word: weather
    for weather, words in {
        "rain": "rain rainy raining drizzle",
        "snow": "snow snowy snowing snowfall blizzard",
        "storm": "storm stormy thunderstorm thunder",
        "fog": "fog foggy mist misty haze hazy",
        "clouds": "cloudy overcast",
    }.items()
    for word in words.split()
}
STYLES = {
    word: style
    for style, words in {
        "watercolor": "watercolor watercolour aquarelle gouache painting painted impressionist",
        "line": "lineart outline ink minimal",
        "sketchy": "sketchy pencildrawing drawing doodle crayon handdrawn sketch charcoaldrawing",
        "pixel": "pixelart pixelated retro",
        "flat": "flat vector minimalist icon logo emoji geometric sticker",
        "cartoon": "cartoon comic animated anime",
        "chalk": "chalk chalkboard blackboard",
        "blueprint": "blueprint schematic",
    }.items()
    for word in words.split()
}
SIZES = {
    word: size
    for size, words in {
        0.45: "tiny miniature",
        0.66: "small little mini short",
        1.2: "tall long",
        1.45: "big large",
        1.9: "huge giant enormous gigantic massive",
    }.items()
    for word in words.split()
}
NUMBERS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
} | {
    "single": 1, "pair": 2, "couple": 2, "both": 2, "few": 3, "some": 3, "several": 5, "many": 9, "dozen": 12, "twentyfour": 24,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip
RELATIONS = {
    "leftof": "left", "rightof": "right", "beside": "beside", "near": "beside", "by": "beside", "alongside": "beside",
    "above": "above", "over": "above", "below": "below", "under": "below", "beneath": "below", "underneath": "below",
    "inside": "inside", "within": "inside", "into": "inside", "in": "in", "behind": "behind", "infront": "front",
    "on": "on", "onto": "on", "atop": "on", "upon": "on", "riding": "on", "crossing": "on", "between": "between", "around": "around",
    "surrounding": "around", "wearing": "wearing", "holding": "holding", "carrying": "holding",
}  # fmt: skip
SPOTS = {
    "atleft": (-1, 0), "atright": (1, 0), "attop": (0, -1), "atbottom": (0, 1), "atmiddle": (0, 0),
    "attopleft": (-1, -1), "attopright": (1, -1), "atbottomleft": (-1, 1), "atbottomright": (1, 1),
}  # fmt: skip
ARRANGEMENTS = {"inrow": "row", "incolumn": "column", "inring": "ring", "ingrid": "grid"}
IRREGULAR = {
    "mice": "mouse",
    "geese": "bird",
    "men": "man",
    "women": "woman",
    "children": "child",
    "leaves": "leaf",
    "wolves": "wolf",
}
#: What speaks of the quotation beside it.
LETTERINGS = ("text", "letters", "lettering", "words", "word", "title", "caption", "font", "writing")
#: Colours that are things where no thing follows them.
ALSO_THINGS = {"orange": "tangerine", "rose": "flower", "lemon": "lemonfruit", "salmon": "fish"}

_SIDE = "(?:(?:on|at|to|in) the )?(?:far )?"
_PHRASES = [
    (re.compile(rf"\b(?:{pattern})\b"), word)
    for pattern, word in (
        (r"(?:on|to|at) the left (?:side )?of|left of", "leftof"),
        (r"(?:on|to|at) the right (?:side )?of|right of", "rightof"),
        (r"on top of", "atop"),
        (r"in front of", "infront"),
        (r"next to|close to|at the side of", "beside"),
        (r"surrounded by", "amid"),
        (r"in the (?:middle|center|centre) of", "inside"),
        (rf"{_SIDE}(?:top|upper) left(?: corner)?", "attopleft"),
        (rf"{_SIDE}(?:top|upper) right(?: corner)?", "attopright"),
        (rf"{_SIDE}(?:bottom|lower) left(?: corner)?", "atbottomleft"),
        (rf"{_SIDE}(?:bottom|lower) right(?: corner)?", "atbottomright"),
        (r"(?:on|at|to) the (?:far )?left(?: side)?", "atleft"),
        (r"(?:on|at|to) the (?:far )?right(?: side)?", "atright"),
        (r"(?:in|at) the (?:middle|center|centre)", "atmiddle"),
        (r"(?:at|in|on|near) the top", "attop"),
        (r"(?:at|in|on|near) the bottom", "atbottom"),
        (r"in an? (?:row|line)|side by side", "inrow"),
        (r"in an? (?:column|stack|pile)|stacked|on top of each other", "incolumn"),
        (r"in an? (?:circle|ring)", "inring"),
        (r"in an? grid", "ingrid"),
        (r"half a dozen|half dozen", "six"),
        (r"two dozen", "twentyfour"),
        (r"(?:a )?lots? of", "many"),
        (
            r"line (?:drawing|art)|pen and ink|(?:colou?ring|outline) (?:page|book|drawing)|ink drawing|outlines only",
            "lineart",
        ),
        (r"pencil (?:drawing|sketch)", "pencildrawing"),
        (r"pixel art|8 bit|16 bit", "pixelart"),
        (r"hand drawn", "handdrawn"),
        (r"water colou?r", "watercolor"),
        (r"black and white|monochrome|gr[ae]yscale", "blackandwhite"),
        (r"(?:transparent|no) background|without (?:a )?background|cut ?out", "transparent"),
        (r"hot air balloon", "airballoon"),
        (r"ice cream", "icecream"),
        (r"light bulb", "lightbulb"),
        (r"birthday cake", "cake"),
        (r"(?:christmas|pine|fir) tree", "pine"),
        (r"(?:christmas|pine|fir) trees", "pines"),
        (r"palm tree", "palm"),
        (r"palm trees", "palms"),
        (r"crescent moon|half moon", "crescent"),
        (r"full moon", "moon"),
        (r"polar bear", "white bear"),
        (r"fire truck|fire engine", "red bus"),
        (r"police car", "blue car"),
        (r"outer space", "space"),
        (r"sky blue", "skyblue"),
        (r"navy blue", "navy"),
        (r"baby blue", "light blue"),
        (r"hot pink", "vivid pink"),
        (r"(?:cup|mug) of (?:coffee|tea)|(?:coffee|tea) (?:cup|mug)", "cup"),
    )
]


def joined(text: str) -> str:
    """Lower-case text whose known phrases have become one word each.

    >>> joined("a cat to the left of a palm tree")
    'a cat leftof a palm'
    """
    for pattern, word in _PHRASES:
        text = pattern.sub(word, text)
    return text


def noun(word: str) -> tuple[str, bool]:
    """The kind of thing that a noun means, and whether it means several; an empty kind if none.

    >>> from . import animals
    >>> noun("puppies"), noun("mice"), noun("thoughts")
    (('dog', True), ('mouse', True), ('', False))
    """
    if word in IRREGULAR:
        return NOUNS[IRREGULAR[word]], True
    if word in NOUNS:
        return NOUNS[word], False
    for ending, singular in (("ies", "y"), ("es", ""), ("s", "")):
        stem = word.removesuffix(ending) + singular
        if word.endswith(ending) and (stem in NOUNS or stem in ALSO_THINGS):
            return NOUNS.get(stem) or ALSO_THINGS[stem], True
    return "", False
