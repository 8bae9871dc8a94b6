"""What a request costs."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from aoai_magic import catalog


def price(name: str, **where: str) -> catalog.Price:
    found = catalog.price(name, **where)
    assert found is not None, name
    return found


def test_prices_are_for_a_million_tokens_and_dated() -> None:
    found = price("gpt-4o")
    assert found.cost(1_000_000, 0) == 2.5
    assert found.cost(0, 1_000_000) == 10.0
    assert found.cost(1000, 200) == pytest.approx(0.0045)
    assert found.read.year >= 2026


# The examples of genai-prices' own numbers: 1,000 tokens in, of which 400 were cached, 200 out.
@pytest.mark.parametrize(
    ("name", "dollars"),
    [
        ("gpt-4o", 0.0040),
        ("gpt-4.1", 0.0030),
        ("gpt-5", 0.00280),
        ("gpt-5-mini", 0.00056),
        ("gpt-5.6-sol", 0.00656),
        ("gpt-5.6-luna", 0.000368),
        ("gpt-6-astra", 0.0164),
        ("gpt-image-2", 0.0095),
    ],
)
def test_cached_tokens_are_cheaper(name: str, dollars: float) -> None:
    assert price(name).cost(1000, 200, 400) == pytest.approx(dollars)


def test_an_embedding_has_no_output_to_pay_for() -> None:
    assert price("text-embedding-3-small").cost(1000, 0) == pytest.approx(0.00002)
    assert price("text-embedding-3-small").output is None


# Azure's own numbers, as azure-genai-prices 0.2.0 gives them for the same request.
@pytest.mark.parametrize(
    ("where", "dollars"),
    [
        ({}, 0.0030),
        ({"sku": "GlobalBatch"}, 0.0018),
        ({"sku": "DataZoneStandard", "region": "swedencentral"}, 0.0033),
        ({"sku": "Standard", "region": "eastus"}, 0.0033),
        ({"sku": "Standard", "region": "swedencentral"}, 0.00363),
    ],
)
def test_the_type_of_deployment_and_the_region_change_the_price(where: dict[str, str], dollars: float) -> None:
    assert price("gpt-4.1", **where).cost(1000, 200, 400) == pytest.approx(dollars)


def test_a_data_zone_has_its_own_price() -> None:
    assert price("gpt-5.4-mini", sku="DataZoneStandard").input == 0.825
    assert price("gpt-5.4-mini", sku="DataZoneStandard", region="japaneast").input == 0.9
    assert price("gpt-6-sol", sku="DataZoneStandard", region="westeurope").input == 2.4
    assert price("gpt-6-sol", sku="DataZoneStandard", region="eastus2").input == 2.2
    assert price("gpt-4.1", sku="DataZoneBatch").input == 1.1
    assert price("gpt-5", sku="GlobalBatch").cached_input == 0.0625


def test_a_long_prompt_is_dearer_altogether() -> None:
    found = price("gpt-5.6-sol")
    assert found.cost(272_000, 0) == pytest.approx(272_000 * 4e-6)
    assert found.cost(272_001, 100) == pytest.approx(272_001 * 8e-6 + 100 * 30e-6)
    assert found.cost(300_000, 0, 300_000) == pytest.approx(0.24)
    assert found.cost(1000, 0, cache_write_tokens=1000) == pytest.approx(0.005)
    assert price("gpt-5.6-sol", sku="DataZoneStandard").cost(300_000, 0) == pytest.approx(300_000 * 8.8e-6)


def test_images_and_sound_have_prices_of_their_own() -> None:
    assert price("gpt-image-1").cost(100, 4160, image_output_tokens=4160) == pytest.approx(0.1669)
    assert price("gpt-image-1.5").cost(1000, 4160, image_input_tokens=900, image_output_tokens=4160) == pytest.approx(
        100 * 5e-6 + 900 * 8e-6 + 4160 * 32e-6
    )
    assert price("gpt-audio").cost(100, 100, audio_input_tokens=100, audio_output_tokens=100) == pytest.approx(0.012)
    assert price("whisper").cost(0, 0, seconds=1800) == pytest.approx(0.18)
    assert price("tts").cost(0, 0, characters=2000) == pytest.approx(0.03)
    # An image that a chat model is shown costs what its tokens cost.
    assert price("gpt-4o").cost(765, 0, image_input_tokens=765) == price("gpt-4o").cost(765, 0)


def test_a_kind_whose_price_is_unknown_makes_the_cost_unknown() -> None:
    assert price("gpt-4o").cost(100, 10, audio_input_tokens=50) is None
    assert price("whisper").cost(100, 0) is None
    assert price("tts").cost(0, 0, seconds=1) is None
    assert price("whisper").cost(0, 0) == 0


@pytest.mark.parametrize("name", ["dall-e-3", "sora-2", "model-router", "gpt-oss-20b", "davinci", "my-deployment", ""])
def test_an_unknown_price_is_none(name: str) -> None:
    assert catalog.price(name) is None


def test_a_fine_tuned_model_has_no_list_price() -> None:
    assert catalog.price("gpt-4o-mini-2024-07-18.ft-0123abcd") is None


def test_a_type_under_which_a_model_is_not_sold_has_no_price() -> None:
    assert catalog.price("gpt-5.5", sku="GlobalBatch") is None
    assert catalog.price("gpt-4o", sku="GlobalProvisionedManaged") is None
    assert catalog.price("gpt-4o", sku="DeveloperTier") is None
    assert catalog.price("gpt-4o", sku="Nonsense") is None
    assert catalog.price("gpt-4o", sku="Standard", region="atlantis") is None
    assert catalog.price("gpt-4o", sku="DataZoneStandard", region="uksouth") is None


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.name)
def test_no_price_is_zero_and_no_lookup_error_gets_out(model: catalog.Model) -> None:
    for sku in ("GlobalStandard", *model.deployment_types):
        found = catalog.price(model.id, sku=sku)
        for one in [found, *(tier for _, tier in found.tiers)] if found else []:
            assert one
            numbers = [value for value in vars(one).values() if isinstance(value, float)]
            assert numbers
            assert all(value > 0 for value in numbers)
    if {"chat", "responses"} & set(model.operations) and not model.retired():
        found = catalog.price(model.name)
        assert found or model.name in ("gpt-oss-20b", "model-router", "gpt-5-codex-mini")


def test_versions_have_prices_of_their_own() -> None:
    assert price("gpt-4o-2024-05-13").input == 5.0
    assert price("gpt-35-turbo-0613").input == 1.5
    assert price("gpt-35-turbo").input == 0.5


def test_no_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the catalogue went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert catalog.price("gpt-5.1-codex-mini")
