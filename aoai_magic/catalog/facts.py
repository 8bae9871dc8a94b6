"""What is known of each model (models.toml), and which model a name stands for."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Literal

from .deployments import Offer, offers
from .toml import load

# A name that goes on with one of these words names another model than the one it began with, perhaps a newer one that
# isn't in the catalogue: a "gpt-5.5-mini" is not a gpt-5.5.
_VARIANTS = frozenset(
    """astra audio chat codex cyber deep flare image instruct live luna max micro mini nano pro realtime search sol
    sunburst terra transcribe translate tts turbo""".split()
)
#: All values of `reasoning_effort` that there are, from the least on; each reasoning model takes some of them.
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?=-|$)")


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
    """What is known of one version of a model. What isn't known is None or empty.

    `context_window` and `max_output_tokens` are in tokens; 0 says that the model isn't limited in tokens (it draws, or
    speaks). `standard_window` and `provisioned_window` (batch too) are the smaller windows of such deployments, where
    they are smaller: see `window`. `encoding` is the vocabulary of tokens; where `encoding_documented` is false, no
    document has it and it is assumed to be that of OpenAI's newer models.

    `operations` are of chat, responses, completions, embeddings, images, image_edits, videos, speech, transcriptions,
    translations, realtime; `inputs` and `outputs` of text, image, audio, video, vector. `tools` is where the model
    takes function tools, see `tools_need_responses`. `efforts` are what a reasoning model lets `reasoning_effort` be.
    `refuses` are the parameters of the API that a request must not have. `stage` is Preview, GA, Legacy, Deprecated or
    Retired, and `retires` the day on which requests end.

    >>> model("gpt-4.1").window("GlobalStandard"), model("o3").refuses[0], model("gpt-5").default_effort
    (300000, 'temperature', 'medium')
    """

    name: str
    version: str
    encoding: str = "o200k_base"
    context_window: int = 0
    max_output_tokens: int = 0
    vision: TileRule | PatchRule | None = None
    encoding_documented: bool = True
    max_input_tokens: int | None = None
    standard_window: int | None = None
    provisioned_window: int | None = None
    max_prompt_characters: int | None = None
    operations: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("text",)
    outputs: tuple[str, ...] = ("text",)
    tools: Literal["chat", "chat at effort none", "responses"] | None = None
    reasoning: bool = False
    efforts: tuple[str, ...] = ()
    default_effort: str | None = None
    refuses: tuple[str, ...] = ()
    dimensions: int | None = None
    dimensions_reducible: bool = False
    fine_tuning: tuple[str, ...] = ()
    stage: str | None = None
    retires: datetime.date | None = None
    successor: str | None = None

    @property
    def id(self) -> str:
        """The name a service puts in `model` of its replies: name and, where it is more than a number, version.

        >>> model("gpt-4o").id, model("text-embedding-3-small").id
        ('gpt-4o-2024-11-20', 'text-embedding-3-small')
        """
        return f"{self.name}-{self.version}" if len(self.version) > 3 else self.name

    def window(self, sku: str = "GlobalStandard") -> int:
        """The context window on that type of deployment, in tokens; 0 where none is counted in tokens."""
        narrower = self.standard_window if sku.endswith("Standard") else self.provisioned_window
        return narrower or self.context_window

    def retired(self, today: datetime.date | None = None) -> bool:
        """Whether requests have ended by `today`, as far as the dates go.

        >>> model("gpt-35-turbo").retired(), model("whisper").retired(datetime.date(2026, 12, 14))
        (True, False)
        """
        if self.retires is None:
            return self.stage == "Retired"
        return self.retires <= (today or datetime.date.today())

    def tools_need_responses(self, effort: str | None = None) -> bool:
        """Whether function tools go through the Responses API only, with that `reasoning_effort` or the default one.

        >>> model("gpt-5.6-sol").tools_need_responses(), model("gpt-5.6-sol").tools_need_responses("none")
        (True, False)
        """
        if self.tools == "chat at effort none":
            return (effort or self.default_effort) != "none"
        return self.tools == "responses"

    @property
    def deployment_types(self) -> tuple[str, ...]:
        """The SKU names under which it can be deployed; empty where that isn't known, as of retired models."""
        return tuple(offers(self.name, self.version))

    def regions(self, sku: str = "GlobalStandard") -> tuple[str, ...]:
        """The regions in which it can be deployed as that type; empty where that isn't known.

        >>> model("whisper").regions("Standard")[:3]
        ('eastus2', 'northcentralus', 'norwayeast')
        """
        return offers(self.name, self.version).get(sku, Offer()).regions

    def requests_per_1k_tokens(self, sku: str = "GlobalStandard") -> float | None:
        """How many requests a minute come with each 1,000 tokens a minute; a fraction for some, None where unknown.

        >>> model("gpt-5").requests_per_1k_tokens(), model("o3-mini").requests_per_1k_tokens()
        (10.0, 0.1)
        """
        return offers(self.name, self.version).get(sku, Offer()).rpm


@dataclass(frozen=True)
class Known:
    """The model of a deployment, and how it is known: the user "told" it, the "control plane" lists it, a "reply" named
    it, or it is guessed from the deployment's "name".
    """

    model: Model
    how: Literal["told", "control plane", "reply", "name"]


@lru_cache(maxsize=1024)
def model(name: str, version: str | None = None) -> Model | None:
    """The model that a model name, a dated model id or a deployment named like a model stands for, else None.

    `version` is for whom the two come apart, as the control plane has them. A deployment's name is its owner's choice
    and may say nothing about the model; then the answer is None, never a guess at random: "gpt-4o-2024-11-20" and
    "gpt-4o-mini-europe" are known by the longest model name they begin with, "gpt-4-1" is gpt-4.1 and not a gpt-4, and
    a "gpt-5.5-mini" would be another model than gpt-5.5.

    >>> model("gpt-4o-mini-2024-07-18").name, model("gpt-4o", "2024-05-13").max_output_tokens
    ('gpt-4o-mini', 4096)
    """
    wanted = _key(name if version is None else f"{name}-{version}")
    table = _table()
    begin = max((key for key in table if wanted == key or wanted.startswith(f"{key}-")), key=len, default=None)
    if begin is None:
        return None
    versions = table[begin]
    newest = next(iter(versions.values()))
    rest = wanted[len(begin) + 1 :]
    for one, found in versions.items():
        if rest == one or rest.startswith(f"{one}-"):
            return found
    if date := _DATE.match(rest):  # a version that isn't in the catalogue: its dates aren't known
        return replace(newest, version=date[0], stage=None, retires=None, successor=None)
    # After a name that ends in a number, a small number is the rest of another one: gpt-5-7 is no gpt-5.
    if rest.split("-")[0] in _VARIANTS or (begin[-1].isdigit() and re.match(r"\d\d?(-|$)", rest)):
        return None
    return newest


def known(
    deployment: str, *, told: str | None = None, control_plane: str | None = None, reply: str | None = None
) -> Known | None:
    """The model behind `deployment`, by the best of what is at hand: what the user said, what the control plane lists
    (name and version joined by a hyphen), the `model` field of a reply, or the deployment's own name.

    >>> known("my-deployment", reply="gpt-4o-2024-11-20").how, known("gpt-4o-test").how, known("my-deployment")
    ('reply', 'name', None)
    """
    if told and (found := model(told)):
        return Known(found, "told")
    if control_plane and (found := model(control_plane)):
        return Known(found, "control plane")
    if reply and (found := model(reply)):
        return Known(found, "reply")
    found = model(deployment)
    return Known(found, "name") if found else None


def models() -> tuple[Model, ...]:
    """Every model of the catalogue, in its newest version.

    >>> [one.name for one in models() if "embeddings" in one.operations][0]
    'text-embedding-3-large'
    """
    return tuple(next(iter(versions.values())) for versions in _models().values())


def versions(name: str) -> tuple[Model, ...]:
    """Every version of the model of exactly that name, the newest first; none where there is no such model.

    >>> [one.version for one in versions("gpt-4o")][:2], versions("gpt-4o-2024-11-20")
    (['2024-11-20', '2024-08-06'], ())
    """
    return tuple(_models().get(name, {}).values())


def read() -> Mapping[str, datetime.date]:
    """When each group of facts was read.

    >>> read()["retirement"].isoformat()
    '2026-09-02'
    """
    return MappingProxyType(load("models.toml")["read"])


@cache
def _models() -> dict[str, dict[str, Model]]:
    """All models by name, each with its versions, the newest first."""
    return {name: _versions(name, facts) for name, facts in load("models.toml")["models"].items()}


@cache
def _table() -> dict[str, dict[str, Model]]:
    """The same, by each way in which a name begins, and with the versions as names have them."""
    table = {}
    for name, facts in load("models.toml")["models"].items():
        versions = {_key(version): found for version, found in _models()[name].items()}
        # People call a deployment gpt-4o-0513 too.
        versions |= {f"{one[5:7]}{one[8:10]}": found for one, found in versions.items() if _DATE.match(one)}
        for one in (name, *facts.get("aliases", ())):
            table[_key(one)] = versions
    return table


def _key(name: str) -> str:
    """A name as it is compared: gpt-4.1, GPT-4.1, gpt_4_1 and gpt-4-1 are one."""
    return re.sub("[._ ]", "-", name.lower())


def _versions(name: str, facts: dict[str, Any]) -> dict[str, Model]:
    newest = {**load("models.toml")["groups"].get(facts.get("group"), {}), **facts}
    newest = {key: value for key, value in newest.items() if key not in ("group", "aliases", "versions")}
    shared = {key: value for key, value in newest.items() if key not in ("stage", "retires", "successor")}
    others = {version: {**shared, "version": version, **own} for version, own in facts.get("versions", {}).items()}
    return {one["version"]: _build(name, one) for one in (newest, *others.values())}


def _build(name: str, facts: dict[str, Any]) -> Model:
    facts = {key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()}
    told = load("models.toml")
    always = tuple(told["reasoning"]["refuses"]) if facts.get("reasoning") else ()
    older = ("verbosity",) if name.startswith(tuple(told["verbosity"]["refused_by"])) and _answers(facts) else ()
    facts["refuses"] = (*facts.get("refuses", always), *facts.pop("also_refuses", ()), *older)
    rule = facts.pop("vision", None)
    return Model(name=name, vision=_rule(rule) if rule else None, **facts)


def _answers(facts: dict[str, Any]) -> bool:
    return not {"chat", "responses"}.isdisjoint(facts["operations"])


def _rule(rule: dict[str, Any]) -> TileRule | PatchRule:
    if "base" in rule:
        return TileRule(**rule)
    # TOML has no null: an empty list says that nothing limits.
    limits: dict[str, Any] = {key: tuple(rule[key]) or (None, None) for key in ("high", "original") if key in rule}
    return PatchRule(**(rule | limits))
