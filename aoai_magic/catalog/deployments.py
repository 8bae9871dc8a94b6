"""Where a model can be deployed, and at which rates (deployments.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from .toml import load


@dataclass(frozen=True)
class Offer:
    """One type of deployment of a model: its regions, and the requests a minute for each 1,000 tokens a minute."""

    regions: tuple[str, ...] = ()
    rpm: float | None = None


def offers(name: str, version: str) -> Mapping[str, Offer]:
    """The types of deployment in which a version of a model is offered, by SKU name."""
    return _offers(f"{name}-{version}") or _offers(name)


@cache
def _offers(key: str) -> Mapping[str, Offer]:
    offers = load("deployments.toml")["models"].get(key, {})
    return MappingProxyType(
        {sku: Offer(_regions(one.get("regions", "")), _float(one.get("rpm"))) for sku, one in offers.items()}
    )


def _regions(words: str) -> tuple[str, ...]:
    """The regions that a few words stand for: names, names of sets, and names to be taken out again."""
    sets = load("deployments.toml")["sets"]
    regions: set[str] = set()
    for word in words.split():
        if word.startswith("-"):
            regions.discard(word[1:])
        else:
            regions.update(sets.get(word, word).split())
    return tuple(sorted(regions))


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
