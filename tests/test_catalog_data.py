"""The catalogue's files: whole, and equal to what the documents say."""

from __future__ import annotations

import dataclasses
import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest

from aoai_magic import catalog
from aoai_magic.catalog import PatchRule, TileRule
from aoai_magic.tokens.text import ENCODINGS

FOLDER = Path(catalog.__file__).parent
MODELS, DEPLOYMENTS, PRICES = (
    tomllib.loads((FOLDER / f"{file}.toml").read_text(encoding="utf-8")) for file in ("models", "deployments", "prices")
)
OPERATIONS = set(
    """chat responses completions embeddings images image_edits videos speech
    transcriptions translations realtime""".split()
)
SKUS = set(
    """GlobalStandard DataZoneStandard Standard GlobalBatch DataZoneBatch GlobalProvisionedManaged
    DataZoneProvisionedManaged ProvisionedManaged DeveloperTier""".split()
)
FIELDS = {field.name for field in dataclasses.fields(catalog.Model)} - {"name"}


def every_version() -> list[catalog.Model]:
    ids = list(MODELS["models"])
    ids += [f"{name}-{version}" for name, facts in MODELS["models"].items() for version in facts.get("versions", {})]
    return [found for one in ids if (found := catalog.model(one))]


def fact(name: str) -> catalog.Model:
    found = catalog.model(name)
    assert found is not None, name
    return found


SEED_PAGE = """
    gpt-5 o4-mini o3 gpt-4.1 computer-use-preview o3-mini o1 o1-mini gpt-4o gpt-4o-mini gpt-4-turbo gpt-4
    gpt-35-turbo text-embedding-3-small text-embedding-3-large text-embedding-ada-002 gpt-image-1 dall-e-3 whisper
    tts davinci
""".split()
SECTION_5 = """
    gpt-4.5-preview gpt-5.2-codex gpt-5.3-codex gpt-5-codex-mini gpt-5.1-codex-mini gpt-5.4-mini gpt-5.4-nano o1-pro o4-mini
""".split()
# In OpenAI's guide to vision alone: Microsoft sells it nowhere, and its window is in no document that was read.
ONLY_VISION = "gpt-5-codex-mini"
SECTION_7 = """
    gpt-6.1-sol gpt-6-sol gpt-6-luna gpt-6-astra gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.5 gpt-5.4
    gpt-5.4-pro gpt-5.4-mini gpt-5.4-nano gpt-5.3-codex gpt-5.2 gpt-5.1 gpt-5-mini gpt-5-nano gpt-chat-latest
    gpt-4.1-mini gpt-4.1-nano o1-pro codex-mini gpt-image-1-mini gpt-image-1.5 gpt-image-2 gpt-image-2.5-flare
    gpt-image-2.5-sunburst tts-hd sora-2 gpt-oss-120b gpt-5-chat gpt-4.5-preview dall-e-2 babbage-002 gpt-realtime
    gpt-audio gpt-live-transcribe gpt-transcribe gpt-4o-transcribe gpt-4o-mini-transcribe gpt-4o-mini-tts
""".split()


@pytest.mark.parametrize("name", [*SEED_PAGE, *SECTION_5, *SECTION_7])
def test_every_model_of_the_overview_page_and_of_the_facts_is_there(name: str) -> None:
    assert fact(name).name == name


# Spot checks, each copied from the documents by hand and not from the catalogue.
SPOTS = [
    ("gpt-4o", "encoding", "o200k_base"),
    ("gpt-4", "encoding", "cl100k_base"),
    ("text-embedding-3-large", "encoding", "cl100k_base"),
    ("gpt-oss-120b", "encoding", "o200k_harmony"),
    ("gpt-6-sol", "encoding_documented", False),
    ("gpt-4o", "vision", TileRule(85, 170)),
    ("gpt-4-turbo", "vision", TileRule(85, 170)),
    ("gpt-4o-mini", "vision", TileRule(2833, 5667)),
    ("gpt-5", "vision", TileRule(70, 140)),
    ("o3", "vision", TileRule(75, 150)),
    ("computer-use-preview", "vision", TileRule(65, 129)),
    ("gpt-image-1", "vision", TileRule(65, 129, short_side=512)),
    ("gpt-4.1-mini", "vision", PatchRule(1.62)),
    ("gpt-5-nano", "vision", PatchRule(2.46)),
    ("o4-mini", "vision", PatchRule(1.72)),
    ("gpt-5.2", "vision", PatchRule(1.2, documented=False)),
    ("gpt-5.4", "vision", PatchRule(1.2, (2500, 2048), (10000, 6000), "high", False)),
    ("gpt-5.5", "vision", PatchRule(1.2, (2500, 2048), (10000, 6000), "original", False)),
    ("gpt-5.6-sol", "vision", PatchRule(1.2, (2500, 2048), (None, None), "original", False)),
    ("o3-mini", "vision", None),
    ("gpt-5.6-terra", "context_window", 1_050_000),
    ("gpt-5.5", "max_input_tokens", 922_000),
    ("gpt-5.4-mini", "max_input_tokens", 272_000),
    ("gpt-chat-latest", "context_window", 400_000),
    ("gpt-4.1-nano", "max_output_tokens", 32_768),
    ("o1", "max_output_tokens", 100_000),
    ("gpt-oss-120b", "context_window", 131_072),
    ("gpt-5.6-luna", "retires", datetime.date(2028, 1, 11)),
    ("gpt-5.2", "retires", datetime.date(2027, 6, 8)),
    ("gpt-5", "retires", datetime.date(2027, 2, 9)),
    ("gpt-4o-mini", "retires", datetime.date(2027, 4, 14)),
    ("gpt-4o-2024-05-13", "retires", datetime.date(2026, 10, 1)),
    ("o3", "retires", datetime.date(2026, 10, 21)),
    ("o3", "successor", "gpt-5.6-sol"),
    ("o4-mini", "retires", datetime.date(2026, 10, 16)),
    ("gpt-image-1", "retires", datetime.date(2026, 10, 23)),
    ("gpt-image-2", "retires", datetime.date(2027, 10, 21)),
    ("text-embedding-ada-002", "retires", datetime.date(2028, 2, 9)),
    ("tts", "retires", datetime.date(2026, 12, 15)),
    ("dall-e-3", "retires", datetime.date(2026, 3, 4)),
    ("gpt-4.1", "stage", "Legacy"),
    ("text-embedding-3-large", "dimensions", 3072),
    ("text-embedding-3-small", "dimensions_reducible", True),
    ("text-embedding-ada-002", "dimensions_reducible", False),
    ("text-embedding-ada-002", "dimensions", 1536),
    ("gpt-5.1", "default_effort", "none"),
    ("gpt-5", "efforts", ("minimal", "low", "medium", "high")),
    ("gpt-4.1", "fine_tuning", ("SFT", "DPO")),
    ("gpt-4o-2024-08-06", "fine_tuning", ("SFT", "DPO")),
    ("gpt-4o-mini", "fine_tuning", ("SFT",)),
    ("gpt-5", "fine_tuning", ("RFT",)),
]


@pytest.mark.parametrize(("name", "field", "value"), SPOTS, ids=[f"{name}-{field}" for name, field, _ in SPOTS])
def test_facts_are_those_of_the_documents(name: str, field: str, value: Any) -> None:
    assert getattr(fact(name), field) == value


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        ("gpt-4o", 6),
        ("gpt-4o-mini", 10),
        ("o1", 1 / 6),
        ("o3", 1),
        ("o4-mini", 1),
        ("o3-mini", 0.1),
        ("o3-pro", 0.1),
        ("gpt-4.1-mini", 1),
        ("gpt-5", 10),
        ("gpt-5-mini", 1),
        ("gpt-5-pro", 10),
        ("gpt-5.2", 10),
        ("gpt-5.4", 10),
        ("gpt-5.5", 1),
        ("gpt-6-astra", 1),
        ("text-embedding-3-large", 6),
    ],
)
def test_requests_for_tokens_are_those_of_the_quotas_page(name: str, requests: float) -> None:
    assert fact(name).requests_per_1k_tokens() == pytest.approx(requests, abs=1e-3)


def test_reasoning_models_refuse_what_the_documents_list() -> None:
    listed = "temperature top_p presence_penalty frequency_penalty logprobs top_logprobs logit_bias max_tokens".split()
    for name in ("o1", "o3-mini", "gpt-5", "gpt-5.1", "gpt-5.6-sol", "gpt-6-astra"):
        assert set(listed) <= set(fact(name).refuses), name
    assert fact("gpt-4o").refuses == fact("gpt-4.1").refuses == ("verbosity",)
    assert "dimensions" in fact("text-embedding-ada-002").refuses
    assert {"response_format", "style"} <= set(fact("gpt-image-1").refuses)


@pytest.mark.parametrize("model", every_version(), ids=lambda model: f"{model.name} {model.version}")
def test_a_model_is_whole_enough_for_what_it_does(model: catalog.Model) -> None:
    assert model.operations
    assert set(model.operations) <= OPERATIONS
    assert set(model.inputs) | set(model.outputs) <= {"text", "image", "audio", "video", "vector"}
    assert model.encoding in ENCODINGS
    assert model.stage in (None, "Preview", "GA", "Legacy", "Deprecated", "Retired")
    assert model.successor is None or catalog.model(model.successor)
    assert model.retires is None or isinstance(model.retires, datetime.date)
    assert set(model.fine_tuning) <= {"SFT", "DPO", "RFT"}
    assert set(model.efforts) <= {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
    assert model.default_effort is None or model.default_effort in model.efforts
    assert model.reasoning or not model.efforts
    assert len(set(model.refuses)) == len(model.refuses)
    if model.vision:
        assert "image" in model.inputs
    if model.name == ONLY_VISION:
        return
    if {"chat", "responses", "completions", "realtime"} & set(model.operations):
        assert 0 < model.max_output_tokens <= model.context_window
        assert model.max_input_tokens is None or model.max_input_tokens < model.context_window
    if model.operations == ("embeddings",):
        assert model.dimensions
        assert model.context_window > 2000
    if "images" in model.operations:
        assert model.max_prompt_characters
    if not model.retired(datetime.date(2026, 11, 22)):
        assert model.deployment_types, "where can it be deployed?"


def test_every_version_is_found_by_its_name() -> None:
    for name, facts in MODELS["models"].items():
        for version in (facts["version"], *facts.get("versions", {})):
            found = fact(f"{name}-{version}")
            assert (found.name, found.version) == (name, version)
            assert catalog.model(name, version) == found
            assert catalog.model(found.id)


def test_verbosity_came_with_gpt_5() -> None:
    chatting = [model for model in catalog.models() if not {"chat", "responses"}.isdisjoint(model.operations)]
    older = {model.name for model in chatting if "verbosity" in model.refuses}
    assert {"gpt-4o", "gpt-4.1-nano", "gpt-35-turbo", "o1", "o4-mini", "gpt-4o-audio-preview"} <= older
    assert not {name for name in older if name.startswith(("gpt-5", "gpt-6", "gpt-oss"))}
    assert "verbosity" not in fact("gpt-4o-transcribe").refuses


def test_no_file_has_a_word_that_nothing_reads() -> None:
    assert set(MODELS) == {"read", "reasoning", "verbosity", "groups", "models"}
    for facts in (*MODELS["groups"].values(), *MODELS["models"].values()):
        assert set(facts) <= FIELDS | {"group", "aliases", "versions", "also_refuses"}
        assert facts.get("group") in (None, *MODELS["groups"])
        for own in facts.get("versions", {}).values():
            assert set(own) <= FIELDS - {"version"}
    assert {facts["group"] for facts in MODELS["models"].values() if "group" in facts} == set(MODELS["groups"])

    names = {f"{model.name}-{model.version}" for model in every_version()} | {model.name for model in catalog.models()}
    assert set(DEPLOYMENTS) == {"read", "sets", "models"}
    assert set(DEPLOYMENTS["models"]) <= names
    for types in DEPLOYMENTS["models"].values():
        assert set(types) <= SKUS
        assert all(set(offer) <= {"rpm", "regions"} for offer in types.values())

    assert set(PRICES) == set("read base zone_factors zone_exceptions zones regional batch unknown models".split())
    prices = {field.name for field in dataclasses.fields(catalog.Price)}
    known = {model.name for model in catalog.models()}
    assert set(PRICES["models"]) | set(PRICES["zone_exceptions"]) <= known
    assert set(PRICES["unknown"]["models"]) | set(PRICES["batch"]["cached"]) <= known
    for own in PRICES["models"].values():
        assert set(own) <= prices - {"tiers"}
        assert all(value > 0 for field, value in own.items() if field != "read")


def test_every_group_of_facts_has_its_day() -> None:
    days = [*MODELS["read"].values(), DEPLOYMENTS["read"], PRICES["read"], PRICES["base"]["read"]]
    days += [own["read"] for own in PRICES["models"].values()]
    assert all(isinstance(day, datetime.date) and day >= datetime.date(2026, 1, 1) for day in days)
    assert dict(catalog.read()) == MODELS["read"]


def test_regions_are_azures_and_a_set_is_one_name_long() -> None:
    everywhere = {
        region for model in catalog.models() for sku in model.deployment_types for region in model.regions(sku)
    }
    assert len(everywhere) > 30
    assert all(region.isalnum() and region.islower() for region in everywhere)
    assert not everywhere & set(DEPLOYMENTS["sets"])
    assert {"eastus", "swedencentral", "japaneast", "uaenorth"} <= everywhere
