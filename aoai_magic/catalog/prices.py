"""What tokens cost: the package genai-prices, and over it what Azure has of its own (prices.toml)."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from .facts import Model, model
from .toml import load

if TYPE_CHECKING:
    from genai_prices.types import ModelPrice

_FIELDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "image_input": "input_image_mtok",
    "image_output": "output_image_mtok",
    "audio_input": "input_audio_mtok",
    "audio_output": "output_audio_mtok",
}


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens of each kind, None where unknown, and the day they were read.

    `hour` is for an hour of sound, `million_characters` for so much text to be spoken, where a model is billed so.
    `tiers` are pairs: when a prompt has more than so many tokens, that other price holds for the whole request.
    """

    input: float | None
    output: float | None
    read: datetime.date
    cached_input: float | None = None
    cache_write: float | None = None
    image_input: float | None = None
    image_output: float | None = None
    audio_input: float | None = None
    audio_output: float | None = None
    hour: float | None = None
    million_characters: float | None = None
    tiers: tuple[tuple[int, Price], ...] = ()

    def cost(
        self,
        prompt_tokens: int,
        completion_tokens: int,
        cached_tokens: int = 0,
        *,
        cache_write_tokens: int = 0,
        image_input_tokens: int = 0,
        image_output_tokens: int = 0,
        audio_input_tokens: int = 0,
        audio_output_tokens: int = 0,
        seconds: float = 0,
        characters: int = 0,
    ) -> float | None:
        """Dollars for a request, None where the price of something in it is unknown.

        The kinds of tokens are counted among the prompt's and the completion's, as `usage` has them; reasoning tokens
        are the completion's, and cost the same. Cached tokens, written caches and images in a prompt cost what input
        costs where they have no price of their own.

        >>> price("gpt-4o-mini").cost(1_000_000, 0)
        0.15
        >>> price("gpt-4o").cost(1000, 200, cached_tokens=400)
        0.004
        """
        at = next((dearer for above, dearer in reversed(self.tiers) if prompt_tokens > above), self)
        text_in = prompt_tokens - cached_tokens - cache_write_tokens - image_input_tokens - audio_input_tokens
        text_out = completion_tokens - image_output_tokens - audio_output_tokens
        parts = [
            (max(text_in, 0), at.input),
            (cached_tokens, _first(at.cached_input, at.input)),
            (cache_write_tokens, _first(at.cache_write, at.input)),
            (image_input_tokens, _first(at.image_input, at.input)),
            (audio_input_tokens, at.audio_input),
            (max(text_out, 0), at.output),
            (image_output_tokens, at.image_output),
            (audio_output_tokens, at.audio_output),
            (seconds / 3600 * 1_000_000, at.hour),
            (characters, at.million_characters),
        ]
        total = 0.0
        for amount, dollars in parts:
            if amount:
                if dollars is None:
                    return None
                total += amount * dollars
        return total / 1_000_000

    def _scaled(self, factor: float) -> Price:
        """The same, everything dearer or cheaper by a factor."""
        kinds = (*_FIELDS, "hour", "million_characters")
        dollars: dict[str, Any] = {kind: _times(getattr(self, kind), factor) for kind in kinds}
        tiers = tuple((above, dearer._scaled(factor)) for above, dearer in self.tiers)
        return replace(self, **dollars, tiers=tiers)


def price(name: str, *, sku: str = "GlobalStandard", region: str | None = None) -> Price | None:
    """The price of the model that `name` stands for (see `model`) on that type of deployment, or None where it is
    unknown: never zero.

    Data zones and regions differ; with no `region`, the price is that of the United States, the cheapest. Throughput
    that is reserved (the Provisioned types) is paid by the hour, and has no price for tokens.

    >>> [price("gpt-4.1", sku=sku).input for sku in ("GlobalStandard", "DataZoneStandard", "GlobalBatch")]
    [2.0, 2.2, 1.0]
    """
    found = model(name)
    if found is None or ".ft-" in name.lower():  # a model of the user's own, fine-tuned, isn't sold at the list price
        return None
    base = _base(found)
    if base is None or sku == "GlobalStandard":
        return base
    factor = _factor(found, sku, region or "eastus") if sku in found.deployment_types else None
    if factor is None:
        return None
    overlay = load("prices.toml")
    if sku.endswith("Batch") and found.name not in overlay["batch"]["cached"]:
        base = replace(base, cached_input=None)
    return replace(base._scaled(factor), read=min(base.read, overlay["read"]))


def dollars(amount: float) -> str:
    """An amount in words, with two digits that say something.

    >>> dollars(0.0000823), dollars(0.0), dollars(1250)
    ('$0.000082', '$0.00', '$1,250.00')
    """
    if amount == 0 or amount >= 0.1:
        return f"${amount:,.2f}"
    return f"${amount:.{1 - math.floor(math.log10(amount))}f}"


def _factor(model: Model, sku: str, region: str) -> float | None:
    """How much dearer than Global Standard a type of deployment is, None where that isn't known."""
    overlay = load("prices.toml")
    half: float = overlay["batch"]["factor"]
    if sku == "Standard":
        factors = [float(factor) for factor, names in overlay["regional"].items() if region in names.split()]
        return factors[0] if factors else None
    if sku == "GlobalBatch":
        return half
    if sku not in ("DataZoneStandard", "DataZoneBatch"):
        return None
    zones = [zone for zone, names in overlay["zones"].items() if region in names.split()]
    if not zones:
        return None
    exceptions = overlay["zone_exceptions"].get(model.name, {})
    factor: float = exceptions.get(zones[0], overlay["zone_factors"][zones[0]])
    return factor * half if sku == "DataZoneBatch" else factor


@cache
def _base(model: Model) -> Price | None:
    """The price on a Global Standard deployment."""
    overlay = load("prices.toml")
    own: dict[str, Any] = overlay["models"].get(model.name, {})
    if model.name in overlay["unknown"]["models"]:
        return None
    listed = None if "input" in own or "hour" in own or "million_characters" in own else _listed(model)
    if listed is None:
        return Price(**{"input": None, "output": None, **own}) if own else None
    return replace(listed, **(own | {"read": min(listed.read, own.get("read", listed.read))}))


def _listed(model: Model) -> Price | None:
    """The price that genai-prices has. It comes with its data and asks no network."""
    from genai_prices import Usage, calc_price

    # It knows gpt-35-turbo by OpenAI's name.
    for name in (model.id, model.name):
        try:
            found = calc_price(Usage(), name.replace("gpt-35-", "gpt-3.5-"), provider_id="azure")
        except LookupError:
            continue
        return _convert(found.model_price, load("prices.toml")["base"]["read"])
    return None


def _convert(prices: ModelPrice, read: datetime.date) -> Price | None:
    listed = {field: value for field, key in _FIELDS.items() if (value := getattr(prices, key, None)) is not None}
    if not listed:
        return None
    starts = sorted({tier.start for value in listed.values() for tier in getattr(value, "tiers", ())})
    return replace(_at(0, listed, read), tiers=tuple((start, _at(start, listed, read)) for start in starts))


def _at(start: int, listed: dict[str, Any], read: datetime.date) -> Price:
    """The prices where a prompt has more than `start` tokens, from numbers and genai-prices' TieredPrices."""
    dollars: dict[str, Any] = {"input": None, "output": None}
    for field, value in listed.items():
        tiers = [tier.price for tier in getattr(value, "tiers", ()) if tier.start <= start]
        dollars[field] = float(tiers[-1] if tiers else getattr(value, "base", value))
    return Price(**dollars, read=read)


def _first(*dollars: float | None) -> float | None:
    return next((one for one in dollars if one is not None), None)


def _times(dollars: float | None, factor: float) -> float | None:
    # Rounded as Azure's meters are; 0.1 * 1.1 is no price.
    return None if dollars is None else round(dollars * factor, 6)
