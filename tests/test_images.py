"""The body of a request for pictures, and what it will cost, beside what the local service then counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

import aoai_magic as aoai
from aoai_magic import catalog, errors
from aoai_magic.images import PictureFile, estimate_image, image_body

FOX = Image.new("RGB", (64, 48), "orange")


def mask(size: tuple[int, int] = (64, 48), mode: str = "RGBA") -> Image.Image:
    return Image.new(mode, size, "black")


def test_what_is_not_said_is_not_sent() -> None:
    assert image_body("A fox.", "d") == {"model": "d", "prompt": "A fox."}


def test_options_have_the_names_of_the_api() -> None:
    body = image_body(
        "A fox.",
        "d",
        size="1024x1024",
        quality="low",
        n=2,
        background="opaque",
        format="jpeg",
        partial_images=1,
        user="me",
    )
    assert body == {
        "model": "d", "prompt": "A fox.", "size": "1024x1024", "quality": "low", "n": 2, "background": "opaque",
        "output_format": "jpeg", "stream": True, "partial_images": 1, "user": "me",
    }  # fmt: skip


def test_a_picture_to_edit_may_be_anything_that_holds_one(tmp_path: Path) -> None:
    FOX.save(tmp_path / "fox.jpg")
    FOX.save(tmp_path / "fox.webp")
    things = [
        FOX,
        numpy.zeros((48, 64, 3)),
        tmp_path / "fox.jpg",
        str(tmp_path / "fox.webp"),
        (tmp_path / "fox.jpg").read_bytes(),
    ]
    kinds = [image_body("x", "d", edit=thing)["image"][0].media_type for thing in things]
    assert kinds == ["image/png", "image/png", "image/jpeg", "image/png", "image/jpeg"]  # Azure takes no WebP
    assert len(image_body("x", "d", edit=things)["image"]) == 5


def test_a_picture_in_a_request_does_not_flood_the_screen() -> None:
    (file,) = image_body("x", "d", edit=FOX)["image"]
    assert isinstance(file, PictureFile)
    assert repr(file) == f"<image/png, {len(file)} bytes>"
    assert file.named("fox")[0] == "fox.png"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"mask": mask()}, "no picture to edit"),
        ({"fidelity": "high"}, "no picture to edit"),
        ({"edit": FOX, "mask": mask((10, 10))}, "mask is 10 x 10 px, the picture 64 x 48"),
        ({"edit": FOX, "mask": mask(mode="RGB")}, "no alpha"),
        ({"edit": "nowhere.png"}, "can't be read"),
        ({"edit": "https://example.com/fox.png"}, "isn't here"),
        ({"edit": object()}, "is no picture"),
        ({"edit": [FOX] * 17}, "17 pictures"),
        ({"background": "transparent", "format": "jpeg"}, "JPEG can't be transparent"),
        ({"response_format": "url"}, "doesn't take response_format"),
    ],
)
def test_what_cannot_be_sent_is_an_error_before_it_is(options: dict[str, Any], what: str) -> None:
    with pytest.raises(errors.SettingsError, match=what):
        image_body("x", "d", catalog.model("gpt-image-1"), **options)


def test_a_parameter_that_the_model_lacks_is_an_error() -> None:
    with pytest.raises(errors.SettingsError, match="gpt-image-1-mini doesn't take input_fidelity"):
        image_body("x", "d", catalog.model("gpt-image-1-mini"), edit=FOX, fidelity="high")


def estimated(model: str, **options: Any) -> Any:
    known = catalog.known(model)
    return estimate_image(image_body("A red fox.", model, **options), known, local=False)


@pytest.mark.parametrize("size", ["1024x1024", "1024x1536", "1536x1024"])
@pytest.mark.parametrize("quality", ["low", "medium", "high"])
def test_where_size_and_quality_are_said_the_price_is_one(size: str, quality: str) -> None:
    found = estimated("gpt-image-1", size=size, quality=quality, n=3)
    assert found.min_tokens == found.max_tokens == aoai.tokens.count_generated_image(size, quality)
    assert found.cheapest == found.dearest == pytest.approx((4 * 5 + 3 * found.max_tokens * 40) / 1_000_000)


def test_what_is_left_to_the_service_is_a_range() -> None:
    found = estimated("gpt-image-1")
    assert (found.min_tokens, found.max_tokens) == (272, 6240)
    assert "272 to 6,240 tokens" in str(found)
    assert (
        estimated("gpt-image-1", size="1024x1536").min_tokens,
        estimated("gpt-image-1", quality="low").max_tokens,
    ) == (408, 408)


def test_pictures_in_between_and_pictures_handed_over_are_counted() -> None:
    plain = estimated("gpt-image-1", size="1024x1024", quality="low")
    assert estimated("gpt-image-1", size="1024x1024", quality="low", partial_images=3).max_tokens == 272 + 300
    edit = estimated("gpt-image-1", size="1024x1024", quality="low", edit=FOX, fidelity="high")
    handed_over = aoai.tokens.count_edited_image(64, 48, input_fidelity="high")
    assert edit.prompt_tokens == plain.prompt_tokens + handed_over
    assert edit.dearest == pytest.approx(plain.dearest + handed_over * 10 / 1_000_000)


def test_what_nobody_can_count_has_no_price() -> None:
    for found in (estimated("gpt-image-2.5-flare"), estimated("gpt-image-2"), estimated("somebody's")):
        assert (found.dearest, found.cheapest) == (None, None)
        assert "unknown" in str(found)
    assert estimated("gpt-image-2", size="1024x1024", quality="low").dearest < 0.02
    edit = estimated("gpt-image-1.5", size="1024x1024", quality="low", edit=FOX)
    assert edit.dearest is None
    assert any("can't be counted" in warning for warning in edit.warnings)


def test_a_size_that_the_model_does_not_have_is_an_error() -> None:
    with pytest.raises(errors.SettingsError, match="makes no image of '512x512'"):
        estimated("gpt-image-1", size="512x512")


def test_an_estimate_shows_itself_as_a_table() -> None:
    found = estimated("gpt-image-1", n=2)
    assert repr(found) == str(found)
    assert "<table>" in found._repr_html_()
    assert "2 x 272 to 6,240 tokens" in repr(found)


@pytest.mark.parametrize(
    "options",
    [
        {"quality": "low", "size": "1024x1024"},
        {"quality": "low", "size": "1536x1024", "n": 2},
        {"quality": "low", "size": "1024x1024", "partial_images": 2, "n": 2},
        {"quality": "low", "size": "1024x1024", "edit": FOX},
        {"quality": "low", "size": "1024x1024", "edit": [FOX, FOX], "fidelity": "high"},
        {},
    ],
    ids=lambda options: " ".join(options) or "nothing",
)
def test_what_was_foreseen_is_what_is_billed(options: dict[str, Any]) -> None:
    reply = aoai.image("A red fox.", **options)
    assert reply.estimate is not None
    assert reply.usage is not None
    assert reply.estimate.prompt_tokens == reply.usage.prompt_tokens
    least, billed, most = reply.estimate.cheapest, reply.azure_cost, reply.estimate.dearest
    assert least is not None
    assert most is not None
    assert billed is not None
    assert least - 1e-12 <= billed <= most + 1e-12


def test_a_prompt_that_is_longer_than_the_model_takes_is_warned_of() -> None:
    assert not any("characters" in one for one in aoai.estimate_image("a" * 4_000).warnings)
    assert (
        "The prompt has 4,001 characters; gpt-image-1 takes 4,000, says Microsoft's list."
        in aoai.estimate_image("a" * 4_001).warnings
    )
