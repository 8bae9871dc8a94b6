"""Facts about models as data (models.toml, prices.toml), and the few functions that read them."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class TileRule:
    """Image input counted in tiles: `base` tokens, and `per_tile` for each 512 x 512 px tile in high detail.

    Before tiling, an image is shrunk into 2048 x 2048 px, then until its short side is at most `short_side` px.
    """

    base: int
    per_tile: int
    short_side: int = 768


@dataclass(frozen=True)
class PatchRule:
    """Image input counted in patches of 32 x 32 px, times `multiplier`, rounded up.

    `high` and `original` are (most patches, longest side in px) of these details, None where nothing limits;
    `original` is None for models that don't have it. `auto` says which of the two "auto" means. `documented` is false
    where the multiplier is a third party's measurement and no document has it: then a count is an estimate.
    """

    multiplier: float
    high: tuple[int | None, int | None] = (1536, 2048)
    original: tuple[int | None, int | None] | None = None
    auto: str = "high"
    documented: bool = True


@dataclass(frozen=True)
class Model:
    """What is known of a model: its name and version, its tokenizer, its limits in tokens."""

    name: str
    version: str
    encoding: str
    context_window: int
    max_output_tokens: int
    vision: TileRule | PatchRule | None = None

    @property
    def id(self) -> str:
        """The name a service puts in `model` of its replies: name and version."""
        return f"{self.name}-{self.version}"


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens in and out on a Global Standard deployment, and the day they were read."""

    input: float
    output: float
    read: datetime.date

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for that many tokens.

        >>> price("gpt-4o-mini").cost(1_000_000, 0)
        0.15
        """
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1_000_000


def model(name: str) -> Model | None:
    """The model that a model name, a dated model id or a deployment named like a model stands for, else None.

    A deployment's name is its owner's choice and may say nothing about the model; then the answer is None, never a
    guess at random: "gpt-4o-2024-11-20" and "gpt-4o-mini-europe" are known by the longest model name they begin with.

    >>> model("gpt-4o-mini-2024-07-18").name
    'gpt-4o-mini'
    """
    wanted = name.lower()
    known = [known for known in _models() if wanted == known or wanted.startswith(f"{known}-")]
    return _models()[max(known, key=len)] if known else None


def price(name: str) -> Price | None:
    """The price of the model that `name` stands for (see `model`), or None where it is unknown: never zero."""
    found = model(name)
    return _prices().get(found.name) if found else None


@cache
def _models() -> dict[str, Model]:
    return {name: Model(name=name, **facts) for name, facts in _read("models.toml").items()}


@cache
def _prices() -> dict[str, Price]:
    return {name: Price(**facts) for name, facts in _read("prices.toml").items()}


def _read(file: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(file).read_text(encoding="utf-8"))
