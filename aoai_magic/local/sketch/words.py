"""A prompt read for what can be drawn of it: things with their colours, counts and places, and the scene around."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from . import animals, food, nature, objects, shapes, world  # noqa: F401 - they fill THINGS
from .colours import COLOURS, TONES, Colour, colour, toned
from .pen import THINGS
from .scene import Group, Scene, cleaned
from .vocabulary import (
    ALSO_THINGS,
    ARRANGEMENTS,
    LETTERINGS,
    NUMBERS,
    PLACES,
    RELATIONS,
    SIZES,
    SPOTS,
    STYLES,
    TIMES,
    WEATHER,
    joined,
    noun,
)

# The prompt is a stranger's text of up to 32,000 characters: what is drawn of it is bounded.
_LONGEST = 4000
_MOST_GROUPS = 14
_MOST_THINGS = 100
_LONGEST_TEXT = 72

_QUOTED = re.compile(
    r"\"([^\"]{1,400})\"|“([^”]{1,400})”|«([^»]{1,400})»|„([^“”]{1,400})[“”]|(?<!\w)['‘]([^'‘’]{1,400})['’](?!\w)"
)
_QUOTE = "\x00"  # what stands for a quotation among the words; no cleaned prompt has it
_WORD = re.compile(
    rf"{_QUOTE}|#(?:[0-9a-f]{{6}}|[0-9a-f]{{3}})\b|(?<![\d:.])\b\d+\b(?![:.]\d|%)|\b[^\W\d_]+\b|[,.;:!?]"
)


def read(prompt: str) -> Scene:
    """Read a prompt.

    >>> scene = read("three red balls left of a big house at night, watercolor")
    >>> [(group.kind, group.count, group.link) for group in scene.groups]
    [('ball', 3, ('left', 1)), ('house', 1, None)]
    >>> scene.time, scene.style
    ('night', 'watercolor')
    """
    quotes: list[str] = []

    def noted(found: re.Match[str]) -> str:
        quotes.append(next(part for part in found.groups() if part is not None).strip()[:_LONGEST_TEXT])
        return f" {_QUOTE} "

    text = _QUOTED.sub(noted, cleaned(prompt)[:_LONGEST])
    text = re.sub(r"['’]s\b", "", text.casefold()).replace("-", " ")
    words: list[str] = _WORD.findall(joined(" ".join(text.split(" "))))
    reader = _Reader(quotes)
    for word, following in pairwise([*words, "."]):
        reader.take(word, following)
    return reader.scene()


@dataclass
class _Said:
    """What has been said of a thing that is still to come."""

    count: int | None = None
    colours: list[Colour] = field(default_factory=list)
    last_colour: str = ""
    tone: str = ""
    size: float = 1.0
    known: bool = False  # "the", which may speak of a thing already there
    absent: bool = False  # "no", "without"
    patterned: bool = False  # "striped": the second colour is of the same thing


class _Reader:
    """Takes the words of a prompt one by one."""

    def __init__(self, quotes: list[str]) -> None:
        self.quotes = quotes
        self.groups: list[Group] = []
        self.facts = Scene()
        self.said = _Said()
        self.last: int | None = None  # the group spoken of
        self.target = ""  # what a colour that comes late belongs to: a "thing", the "sky" or the "ground"
        self.trimming = False  # after "with": a colour without a thing is of a part
        self.begun = 0  # the first group of the sentence
        self.fresh = True  # nothing has been named since the clause began
        self.relation = ""
        self.subject: int | None = None  # who stands in the relation
        self.leading: tuple[str, int] | None = None  # a relation said before its subject: "On the table, a cup"
        self.host: int | None = None  # a table with things that are still being listed
        self.spot: tuple[int, int] | None = None  # likewise: "on the left a cup"

    def take(self, word: str, following: str) -> None:
        """Read one word, knowing the next."""
        said = self.said
        if word == _QUOTE:
            self._quote(self.quotes.pop(0))
        elif word in ",.;:!?" or word in ("and", "plus", "then", "while", "but"):
            if not (said.colours and _is_colour(following)):  # red, white and blue
                self._break(word)
        elif word in ("with", "has", "having", "featuring", "amid"):
            anchor = self.last
            self._end()
            self.trimming = True
            self.relation, self.subject = "amid" if word == "amid" else "with", anchor
            if anchor is not None and self.groups[anchor].kind == "table":
                self.host = anchor
        elif word in TONES:
            said.tone = word if _is_colour(following) else ""
            if word == "dark" and following in PLACES:
                self.facts = replace(self.facts, time=self.facts.time or "night")
        elif _is_colour(word):
            plain = colour(word)
            said.colours.append(toned(said.tone, plain) if said.tone else plain)
            said.tone, said.last_colour = "", word
        elif word.isdecimal():
            said.count = int(word) if len(word) < 4 or not "1900" < word < "2100" else None  # a year is no count
        elif word in NUMBERS:
            said.count = (said.count or 1) * 100 if word == "hundred" else NUMBERS[word]
        elif not self._scenery(word):
            self._word(word, following)

    def _word(self, word: str, following: str) -> None:
        said = self.said
        kind, plural = noun(word)
        if word in ("a", "an", "another"):
            said.count = None if following in NUMBERS else 1
        elif word == "the":
            said.known = True
        elif word in ("no", "without", "not", "remove", "delete", "erase"):
            self._end()
            self.said.absent = True
        elif word in ("it", "them") and self.relation:
            self._refer()
        elif word in ("colorful", "colourful", "multicolored", "multicoloured"):
            said.colours += [COLOURS[name] for name in ("red", "yellow", "blue", "green", "orange", "violet")]
        elif word in ("striped", "spotted", "dotted", "checkered", "stripes", "dots", "spots"):
            said.patterned = True
        elif word in SIZES:
            said.size = SIZES[word]
        elif word in SPOTS:
            self._put(SPOTS[word])
        elif word in ARRANGEMENTS and self.last is not None:
            self._amend(self.last, arrange=ARRANGEMENTS[word])
        elif word in RELATIONS:
            if said.colours:
                self._end()
            self.relation, self.host = RELATIONS[word], None
            self.subject = self._bearer(self.last)
        elif word in ("is", "are", "colored", "coloured", "painted"):
            self._end()
            self.relation = "is"
        elif word in ("background", "backdrop") and said.colours:
            self.facts = replace(self.facts, backdrop=said.colours[0])
            self._forget()
        elif word in LETTERINGS and self.last is not None and self.groups[self.last].kind == "words" and said.colours:
            self._amend(self.last, colours=tuple(said.colours), size=said.size)
            self._forget()
        elif kind:
            self._thing(kind, plural)

    def _scenery(self, word: str) -> bool:
        """Read a word about place, hour, weather or style; False if it is about none of them."""
        facts, said = self.facts, self.said
        if word in ("blackandwhite", "sepia"):
            self.facts = replace(facts, tone="sepia" if word == "sepia" else "grey")
        elif word in STYLES:
            self.facts = replace(facts, style=STYLES[word] if facts.style == "picture" else facts.style)
        elif word == "transparent":
            self.facts = replace(facts, transparent=True)
        elif word in PLACES or word in TIMES or word in WEATHER:
            if said.last_colour in ALSO_THINGS:  # a rose garden
                self._end()
            if not said.absent:
                self._surround(PLACES.get(word, ""), TIMES.get(word, ""), WEATHER.get(word, ""))
            self._forget()
        else:
            return False
        return True

    def _surround(self, place: str, time: str, weather: str) -> None:
        facts, colours = self.facts, self.said.colours
        self.facts = replace(
            facts,
            place=place if place and facts.place in ("", "sky") else facts.place,
            time=facts.time or time,
            weather=facts.weather | ({weather} if weather else set()),
        )
        self.target = "sky" if place == "sky" or time else "ground"
        if colours:
            self._paint(colours)

    def _thing(self, kind: str, plural: bool) -> None:
        """Enter a thing that was named, or find it where it has been named before."""
        said = self.said
        if kind == "star" and plural and said.count is None and (said.known or self.facts.place or self.facts.time):
            self._surround("", "night", "")  # under the stars
            self._forget()
            return
        index = self._known(kind) if said.known and said.count is None else None
        if index is None and not said.absent:
            count = said.count if said.count is not None else 3 if plural else 1
            count = min(count, _MOST_THINGS - sum(group.count for group in self.groups))
            if count > 0 and len(self.groups) < _MOST_GROUPS:
                colours: tuple[Colour, ...] = tuple(said.colours)
                accents: tuple[Colour, ...] = ()
                if len(colours) > 1 and (count == 1 or said.patterned):
                    colours, accents = colours[:1], colours[1:]
                index = len(self.groups)
                self.groups.append(
                    Group(
                        kind,
                        count,
                        colours,
                        accents,
                        said.size,
                        spot=self.spot,
                        uncounted=plural and said.count is None,
                        definite=said.known,
                    )
                )
                self.spot = None
        if index is not None:
            self._relate(index)
            self.last, self.target = index, "thing"
        self.trimming = self.fresh = False
        self._forget()

    def _known(self, kind: str) -> int | None:
        colours = tuple(self.said.colours)
        for index, group in enumerate(self.groups):
            if group.kind == kind and (not colours or group.colours == colours):
                return index
        return None

    def _relate(self, index: int) -> None:
        """Enter the relation that was said between the group before and this one."""
        if self.leading is not None:
            self._link(index, *self.leading)
            self.leading = None
        relation, subject, kind = self.relation, self.subject, self.groups[index].kind
        if relation in ("", "is", "with") and self.host is not None and index != self.host:
            self._link(index, "on", self.host)
        if relation in ("", "is") or (subject is None and relation in ("in", "with")):
            return
        if subject is None:
            self.leading = (relation, index)
        elif relation in ("wearing", "holding", "amid") or (relation in ("in", "with") and kind in ("hat", "crown")):
            self._link(index, {"holding": "holding", "amid": "around"}.get(relation, "wearing"), subject)
        elif relation == "between":  # one neighbour is on its left, the other, still to come, on its right
            self._link(subject, "right", index)
            self.leading = ("right", subject)
        elif relation == "with" or (relation == "in" and kind == "mountain"):
            pass  # side by side, and far away
        elif relation == "in":
            self._link(subject, "on" if kind in ("boat", "ship") else "inside", index)
        elif relation == "on" and kind == "table":  # all that was listed is on it
            for listed in range(self.begun, index):
                self._link(listed, "on", index)
        else:
            self._link(subject, relation, index)

    def _refer(self) -> None:
        """Read "it": what was named last if the clause begins with the relation, else what was named before."""
        if self.last is None:
            return
        if self.fresh or self.last == 0:
            self.leading = (self.relation, self.last)
        else:
            self._link(self.last, self.relation, self.last - 1)
        self.relation = ""

    def _link(self, subject: int, relation: str, anchor: int) -> None:
        chain: int | None = anchor
        while chain is not None:  # a ring of relations would have no beginning
            if chain == subject:
                return
            link = self.groups[chain].link
            chain = None if link is None else link[1]
        group = self.groups[subject]
        if group.link is None:
            count = group.count
            if group.uncounted:
                count = {"around": 8, "wearing": self.groups[anchor].count}.get(relation, count)
            self._amend(subject, link=(relation, anchor), count=count)

    def _bearer(self, index: int | None) -> int | None:
        """Who wears or holds the group, as that is who the next relation is about; else the group itself."""
        link = None if index is None else self.groups[index].link
        return link[1] if link is not None and link[0] in ("wearing", "holding") else index

    def _quote(self, text: str) -> None:
        """Enter lettering: on the thing spoken of if that can be written on, else of its own."""
        if not text or sum(bool(group.text) for group in self.groups) >= 3:
            return
        last = None if self.last is None else self.groups[self.last]
        if last is not None and not last.text and self.target == "thing" and not self.said.colours:
            kind = THINGS.get(last.kind)
            if kind is not None and kind.face is not None:
                self._amend(self.last, text=text)
                return
        before = len(self.groups)
        self.said.known, self.said.count = False, 1
        self._thing("words", plural=False)
        if len(self.groups) > before:
            self._amend(self.last, text=text)

    def _put(self, spot: tuple[int, int]) -> None:
        """Place what was just named, or else what comes next."""
        if self.target == "thing" and not self.fresh:
            self._amend(self.last, spot=spot)
        else:
            self.spot = spot

    def _paint(self, colours: list[Colour]) -> None:
        """Give colours to what was spoken of last."""
        if self.target == "sky":
            self.facts = replace(self.facts, sky=colours[0])
        elif self.target == "ground":
            self.facts = replace(self.facts, ground=colours[0])
        else:
            self._amend(self.last, colours=tuple(colours))

    def _amend(self, index: int | None, **changes: Any) -> None:
        if index is not None:
            self.groups[index] = replace(self.groups[index], **changes)

    def _break(self, word: str) -> None:
        """Read what ends a clause."""
        self._end()
        self.fresh, self.target = True, ""
        if word not in ("and", ","):
            self.trimming = False
        if word in ".;!?":
            self.last, self.host, self.begun = None, None, len(self.groups)

    def _end(self) -> None:
        """Settle what was said and found no thing: it belongs to what was there before."""
        said = self.said
        unpainted = self.last is not None and not self.groups[self.last].colours
        if said.colours:
            if said.last_colour in ALSO_THINGS and said.count is not None:
                said.colours.pop()
                self._thing(ALSO_THINGS[said.last_colour], plural=False)
            elif self.relation in ("is", "in") and self.target:
                self._paint(said.colours)
            elif self.trimming and self.last is not None:
                self._amend(self.last, accents=tuple(said.colours))
            elif self.target == "thing" and unpainted and said.count is None:
                self._paint(said.colours)
            else:
                self.facts = replace(self.facts, palette=(*self.facts.palette, *said.colours)[:8])
        self._forget()

    def _forget(self) -> None:
        self.said = _Said()
        self.relation, self.subject = "", None

    def scene(self) -> Scene:
        """What the words came to."""
        self._end()
        facts, kinds = self.facts, {group.kind for group in self.groups}
        places = [THINGS[group.kind].place for group in self.groups if group.kind in THINGS]
        place = facts.place or next((place for place in places if place), "")
        if facts.backdrop is not None:
            place = ""
        elif "night" in places and "sun" not in kinds:  # the moon brings the night along, not the land below
            facts = replace(facts, time=facts.time or "night")
        if place == "night" or (not place and facts.backdrop is None and (facts.time or facts.weather)):
            place = "meadow"
        return replace(facts, groups=tuple(self.groups), place=place, place_said=facts.place != "")


def _is_colour(word: str) -> bool:
    return word in COLOURS or word in TONES or word[0] == "#"
