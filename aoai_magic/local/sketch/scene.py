"""What a prompt says, in the form that the sketches are drawn from."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

from .colours import Colour


@dataclass(frozen=True)
class Group:
    """Some things of one kind; `link` says how they stand to another group, `spot` where in the picture."""

    kind: str
    count: int = 1
    colours: tuple[Colour, ...] = ()
    accents: tuple[Colour, ...] = ()
    size: float = 1.0
    link: tuple[str, int] | None = None
    spot: tuple[int, int] | None = None
    arrange: str = ""
    text: str = ""
    uncounted: bool = False  # several, but the prompt doesn't say how many
    definite: bool = False  # "the", not "a"


@dataclass(frozen=True)
class Scene:
    """All that a prompt says."""

    groups: tuple[Group, ...] = ()
    place: str = ""
    place_said: bool = False  # not only where such things are at home
    time: str = ""
    weather: frozenset[str] = frozenset()
    style: str = "picture"
    tone: str = ""
    palette: tuple[Colour, ...] = ()
    sky: Colour | None = None
    ground: Colour | None = None
    backdrop: Colour | None = None
    transparent: bool = False

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing to draw that the prompt names."""
        return not (self.groups or self.place or self.time or self.weather or self.backdrop)


def cleaned(prompt: str) -> str:
    """The prompt without characters that nobody sees, and with single spaces.

    >>> cleaned("a\\x00 red\\n\\n ball\\u202e")
    'a red ball'
    """
    text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in prompt)
    return " ".join(unicodedata.normalize("NFC", text).split())


def seed(prompt: str, number: int = 0) -> int:
    """What all chance in a drawing comes from.

    >>> seed("a cat") == seed(" a  cat\\n") != seed("a cat", 1)
    True
    """
    return int.from_bytes(hashlib.sha256(f"{number} {cleaned(prompt)}".encode()).digest()[:8])
