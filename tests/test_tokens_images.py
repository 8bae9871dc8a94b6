from __future__ import annotations

import pytest

from aoai_magic import tokens
from aoai_magic.errors import SettingsError


# Facts, 5.5: Microsoft's overview, "Image generation tokens".
@pytest.mark.parametrize("model", ["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"])
@pytest.mark.parametrize(
    ("quality", "square", "portrait", "landscape"),
    [("low", 272, 408, 400), ("medium", 1056, 1584, 1568), ("high", 4160, 6240, 6208)],
)
def test_generated_images_cost_what_the_table_says(
    model: str, quality: str, square: int, portrait: int, landscape: int
) -> None:
    assert tokens.count_generated_image("1024x1024", quality, model) == square
    assert tokens.count_generated_image("1024x1536", quality, model) == portrait
    assert tokens.count_generated_image("1536x1024", quality, model) == landscape


def test_auto_is_the_dearest_that_the_service_may_choose() -> None:
    assert tokens.count_generated_image("auto", "low") == 408
    assert tokens.count_generated_image("1024x1024", "auto") == 4160
    assert tokens.count_generated_image("auto", "auto") == 6240
    assert tokens.count_generated_image("1024x1024", "auto", "gpt-image-2") == 7024


def test_a_partial_image_is_a_hundred_more() -> None:
    assert tokens.count_generated_image("1024x1024", "low", partial_images=3) == 572
    with pytest.raises(SettingsError):
        tokens.count_generated_image("1024x1024", "low", partial_images=4)


# Facts, 5.5: 196 tokens, and dollars per image at $30 for a million tokens, as OpenAI's guide prints them.
@pytest.mark.parametrize(
    ("size", "quality", "dollars"),
    [
        ("1024x1024", "low", 0.006),
        ("1024x1024", "medium", 0.053),
        ("1024x1024", "high", 0.211),
        ("1024x1536", "low", 0.005),
        ("1024x1536", "medium", 0.041),
        ("1024x1536", "high", 0.165),
    ],
)
def test_the_rule_for_gpt_image_2_gives_the_printed_prices(size: str, quality: str, dollars: float) -> None:
    assert round(tokens.count_generated_image(size, quality, "gpt-image-2") * 30 / 1e6, 3) == dollars
    assert tokens.count_generated_image("1024x1024", "low", "gpt-image-2") == 196


@pytest.mark.parametrize(
    ("size", "quality", "model"),
    [
        ("512x512", "low", "gpt-image-1"),
        ("1024x1024", "hd", "gpt-image-1"),
        ("1024x1024", "high", "gpt-4o"),
        ("1024x1024", "high", "dall-e-3"),
        ("1024x1024", "high", ""),
        ("auto", "high", "gpt-image-2"),
        ("1000x1000", "high", "gpt-image-2"),
        ("512x512", "high", "gpt-image-2"),
        ("3840x2176", "high", "gpt-image-2"),
        ("3072x1008", "high", "gpt-image-2"),
        ("0x0", "high", "gpt-image-2"),
        ("99999999999x1", "high", "gpt-image-2"),
    ],
)
def test_what_no_rule_covers_is_an_error(size: str, quality: str, model: str) -> None:
    with pytest.raises(SettingsError):
        tokens.count_generated_image(size, quality, model)


# Facts, 5.2 and 5.4, row 13.
@pytest.mark.parametrize(
    ("width", "height", "low", "high"),
    [(1024, 1024, 194, 4354), (1024, 1536, 323, 6563), (1536, 1024, 323, 6563), (64, 64, 194, 4354)],
)
def test_an_image_to_edit_is_counted_in_tiles_and_by_its_fidelity(width: int, height: int, low: int, high: int) -> None:
    assert tokens.count_edited_image(width, height) == low
    assert tokens.count_edited_image(width, height, input_fidelity="high") == high


@pytest.mark.parametrize(("model", "fidelity"), [("gpt-image-1", "medium"), ("gpt-4p", "low"), ("gpt-4o", "high")])
def test_an_edit_that_no_rule_covers_is_an_error(model: str, fidelity: str) -> None:
    with pytest.raises(SettingsError):
        tokens.count_edited_image(64, 64, model, fidelity)
