from __future__ import annotations

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
    ],
)
def test_a_model_is_known_by_the_longest_name_that_fits(name: str, model: str) -> None:
    found = catalog.model(name)
    assert found is not None
    assert found.name == model


@pytest.mark.parametrize("name", ["", "my-deployment", "gpt-4", "gpt-4omni", "xgpt-4o"])
def test_a_name_that_says_nothing_is_no_model(name: str) -> None:
    assert catalog.model(name) is None
    assert catalog.price(name) is None


def test_prices_are_for_a_million_tokens_and_dated() -> None:
    price = catalog.price("gpt-4o")
    assert price is not None
    assert price.cost(1_000_000, 0) == 2.5
    assert price.cost(0, 1_000_000) == 10.0
    assert price.cost(1000, 200) == pytest.approx(0.0045)
    assert price.read.year >= 2026
