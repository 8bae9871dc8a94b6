"""Which model a name stands for, and what its facts say."""

from __future__ import annotations

import datetime
import subprocess
import sys

import pytest

from aoai_magic import catalog


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gpt-4o", "gpt-4o"),
        ("GPT-4o", "gpt-4o"),
        ("gpt-4o-2024-11-20", "gpt-4o"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4o-mini-europe", "gpt-4o-mini"),
        ("gpt-4o-2", "gpt-4o"),
        ("gpt_4o_test", "gpt-4o"),
        ("gpt-4", "gpt-4"),
        ("gpt-4-32k-old", "gpt-4-32k"),
        ("gpt-5.1-codex-max", "gpt-5.1-codex-max"),
        ("o3-deep-research-2025-06-26", "o3-deep-research"),
        ("text-embedding-3-small", "text-embedding-3-small"),
        ("gpt-4o-mini-2024-07-18.ft-0123abcd", "gpt-4o-mini"),
    ],
)
def test_a_model_is_known_by_the_longest_name_that_fits(name: str, model: str) -> None:
    found = catalog.model(name)
    assert found is not None
    assert found.name == model


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gpt-3.5-turbo", "gpt-35-turbo"),
        ("gpt-35-turbo", "gpt-35-turbo"),
        ("gpt-3.5-turbo-0125", "gpt-35-turbo"),
        ("gpt-3-5-turbo", "gpt-35-turbo"),
        ("gpt-4-1", "gpt-4.1"),
        ("gpt-4-5", "gpt-4.5-preview"),
        ("gpt-4-1-mini-prod", "gpt-4.1-mini"),
        ("gpt-5-6-sol", "gpt-5.6-sol"),
        ("gpt-image-1-5", "gpt-image-1.5"),
        ("gpt-4-turbo-2024-04-09", "gpt-4-turbo"),
        ("tts-1-hd", "tts-hd"),
        ("whisper-1", "whisper"),
    ],
)
def test_dots_and_hyphens_are_the_same_and_openais_names_are_known(name: str, model: str) -> None:
    found = catalog.model(name)
    assert found is not None
    assert found.name == model


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-",
        "my-deployment",
        "gpt",
        "gpt-4omni",
        "xgpt-4o",
        "gpt-5-7",
        "gpt-5.7",
        "gpt-5.5-mini",
        "gpt-4.1-audio-x",
        "gpt-6",
        "gpt-7-sol",
        "o3-2",
    ],
)
def test_a_name_that_says_nothing_or_names_a_newer_model_is_no_model(name: str) -> None:
    assert catalog.model(name) is None
    assert catalog.price(name) is None


def test_a_dated_name_has_the_facts_of_its_version() -> None:
    old, new = catalog.model("gpt-4o-2024-05-13"), catalog.model("gpt-4o")
    assert old
    assert new
    assert (old.max_output_tokens, new.max_output_tokens) == (4096, 16384)
    assert old.retires == datetime.date(2026, 10, 1)
    assert old.id == "gpt-4o-2024-05-13"
    assert catalog.model("gpt-4o", "2024-05-13") == catalog.model("gpt-4o-0513-eu") == old
    assert catalog.model("gpt-4", "turbo-2024-04-09") == catalog.model("gpt-4-turbo")


def test_a_version_that_is_newer_than_the_catalogue_has_no_dates() -> None:
    found = catalog.model("gpt-4o-2031-01-01")
    assert found
    assert (found.version, found.stage, found.retires, found.successor) == ("2031-01-01", None, None, None)


def test_the_best_of_what_is_at_hand_tells_the_model() -> None:
    everything = {"told": "gpt-5", "control_plane": "gpt-4.1-2025-04-14", "reply": "gpt-4o-2024-11-20"}
    for how in ("told", "control_plane", "reply"):
        known = catalog.known("o3", **everything)
        assert known
        assert known.how == how.replace("_", " ")
        del everything[how]
    assert catalog.known("o3") == catalog.Known(catalog.model("o3"), "name")
    assert catalog.known("blue", told="nonsense", reply="SmolLM2-135M-Instruct") is None


def test_a_model_is_retired_from_its_day_on() -> None:
    whisper, old, new = catalog.model("whisper"), catalog.model("gpt-35-turbo"), catalog.model("gpt-6-sol")
    assert whisper
    assert old
    assert new
    assert not whisper.retired(datetime.date(2026, 12, 14))
    assert whisper.retired(datetime.date(2026, 12, 15))
    assert old.retired()
    assert not new.retired(datetime.date(2031, 1, 1))


def test_the_window_depends_on_the_type_of_deployment() -> None:
    wide, plain, drawing = catalog.model("gpt-4.1"), catalog.model("gpt-5"), catalog.model("gpt-image-2")
    assert wide
    assert plain
    assert drawing
    assert wide.context_window == 1_047_576
    assert [wide.window(sku) for sku in ("Standard", "DataZoneStandard", "GlobalBatch", "ProvisionedManaged")] == [
        300_000,
        300_000,
        128_000,
        128_000,
    ]
    assert plain.window("GlobalBatch") == 400_000
    assert drawing.window() == 0


def test_where_function_tools_go_depends_on_the_effort() -> None:
    def need(name: str, effort: str | None = None) -> bool:
        found = catalog.model(name)
        assert found
        return found.tools_need_responses(effort)

    assert not need("gpt-4o")
    assert not need("gpt-5", "high")
    assert need("gpt-5.6-luna")
    assert not need("gpt-5.6-luna", "none")
    assert need("gpt-6.1-sol", "none")
    assert need("gpt-5-pro")


def test_regions_and_rates_are_those_of_the_type() -> None:
    found = catalog.model("gpt-4o-mini")
    assert found
    assert {"GlobalStandard", "Standard", "GlobalBatch", "DataZoneStandard"} <= set(found.deployment_types)
    assert "swedencentral" in found.regions("Standard")
    assert "centralus" not in found.regions("Standard")
    assert found.regions("Nonsense") == ()
    assert found.requests_per_1k_tokens("GlobalBatch") is None


def test_nothing_is_parsed_or_imported_before_it_is_asked_for() -> None:
    code = """
import sys
from aoai_magic import catalog
assert not {"tomllib", "genai_prices", "pydantic", "httpx2"} & set(sys.modules)
assert catalog.model("gpt-4o").regions()
assert not {"genai_prices", "pydantic", "httpx2"} & set(sys.modules)
assert catalog.price("whisper").hour and catalog.price("my-deployment") is None
assert "genai_prices" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
