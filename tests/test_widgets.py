"""The lenses, as Python sees them; tests/test_browser.py looks at them in a browser."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import aoai_magic as aoai
from aoai_magic.widgets import lens


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.jpg"
    Image.effect_mandelbrot((4000, 3000), (-2, -1.5, 1, 1.5), 10).convert("RGB").save(file)
    return file


def test_the_lens_shows_hamburger_as_the_overview_page_cuts_it_and_as_todays_models_do() -> None:
    old, new = aoai.TokenLens("hamburger", models=["r50k_base", "gpt-4o"]).panes
    assert old["shown"] == ["ham", "bur", "ger"]
    assert new["shown"] == ["hamb", "urger"]


def test_the_lens_counts_again_when_the_text_changes() -> None:
    shown = aoai.TokenLens("one")
    shown.texts = ["one two three"]
    assert shown.panes[0]["head"].startswith("gpt-4o (o200k_base): 3 tokens")
    shown.models = ["gpt-4", "gpt-4o"]
    assert len(shown.panes) == 2


def test_two_languages_stand_side_by_side() -> None:
    panes = aoai.TokenLens(["Good morning", "Guten Morgen"], models=["gpt-4o"]).panes
    assert [len(pane["ids"]) for pane in panes] == [2, 3]


def test_a_part_of_a_character_is_shown_by_its_bytes() -> None:
    assert any("‹f0›" in shown for shown in aoai.TokenLens("🗼").panes[0]["shown"])
    assert "‹U+200D›" in aoai.TokenLens("🧑‍🚀").panes[0]["shown"]


def test_a_model_that_nobody_knows_has_its_encoding_assumed() -> None:
    assert "assumed" in aoai.TokenLens("x", models=["mine"]).panes[0]["head"]


@given(st.text(max_size=200))
def test_the_bytes_of_a_pane_are_those_of_the_text(text: str) -> None:
    pane = lens._pane(text, "gpt-4o")
    whole = bytes.fromhex(" ".join(pane["bytes"])).decode()
    assert whole == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert len(pane["ids"]) == aoai.tokens.count(text, "gpt-4o")


@given(st.text(max_size=60))
def test_the_static_form_holds_no_markup_of_the_text(text: str) -> None:
    shown = lens.static([f"<img src=x onerror=alert(1)>{text}"], ["gpt-4o"])
    assert "<img" not in shown.html
    assert "\u202e" not in shown.html


def test_a_long_text_is_shown_by_its_beginning_in_the_static_form() -> None:
    shown = lens.static(["word " * 10_000], ["gpt-4o"])
    assert "more" in shown.text
    assert len(shown.html) < 100_000


def test_a_cell_is_cut_into_tokens_and_nothing_is_sent(run: Any, shell: Any) -> None:
    printed = run("%%tokens r50k_base,gpt-4o -o cut\nhamburger")
    assert "ham·bur·ger" in printed
    assert "hamb·urger" in str(shell.user_ns["cut"])
    assert aoai.last is None
    assert "%%tokens" in run("%%tokens --help\nx")


def test_a_large_photo_is_there_within_a_second(photo: Path) -> None:
    began = time.process_time()
    costs = aoai.VisionCosts(photo, model="gpt-4o")
    costs.static()
    assert time.process_time() - began < 1
    assert costs.outcome["total"] == 765
    assert costs.outcome["resized"] == [1024, 768]


def test_the_grid_is_that_of_the_models_rule(photo: Path) -> None:
    costs = aoai.VisionCosts(photo, model="gpt-4o")
    assert costs.outcome["cell"] == 512
    costs.model = "gpt-4.1-mini"
    assert costs.outcome["cell"] == 32
    costs.detail, costs.model = "low", "gpt-4o"
    assert (costs.outcome["cell"], costs.outcome["total"]) == (0, 85)


def test_the_slider_keeps_the_shape_and_bounds_the_size(photo: Path) -> None:
    costs = aoai.VisionCosts(photo)
    costs.longest = 400
    assert costs.size == (400, 300)
    costs.longest = 10**9
    assert costs.size == (8192, 6144)
    costs.longest = -5
    assert costs.size == (1, 1)


def test_a_detail_that_a_model_lacks_is_said_and_not_raised() -> None:
    costs = aoai.VisionCosts(model="gpt-4o", detail="original")
    assert "no detail" in costs.outcome["head"]
    assert any(row["tokens"] == "no original detail" for row in costs.outcome["table"])
    unknown = aoai.VisionCosts(models=["my-own", "gpt-4o"], model="my-own")
    assert (unknown.outcome["total"], unknown.outcome["table"][0]["tokens"]) == (None, "unknown")


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_a_picture_of_any_mode_is_shown(mode: str) -> None:
    costs = aoai.VisionCosts(Image.new("RGB", (40, 30), "red").convert(mode))
    data = base64.b64decode(costs.picture.partition(",")[2])
    assert Image.open(io.BytesIO(data)).size == (40, 30)


def test_the_users_own_picture_is_left_as_it_is() -> None:
    own = Image.new("RGB", (2000, 1000))
    aoai.VisionCosts(own)
    assert own.size == (2000, 1000)


def test_the_figure_is_the_same_in_matplotlib(photo: Path) -> None:
    figure = aoai.VisionCosts(photo, model="gpt-4o").figure()
    axes = figure.axes[0]
    assert "765 tokens" in axes.get_title(loc="left")
    assert len(axes.lines) == 2


def test_a_widget_has_its_static_form_beside_it() -> None:
    for widget in (aoai.TokenLens("hamburger"), aoai.VisionCosts()):
        shown = widget._repr_mimebundle_()[0]
        assert {"text/html", "text/plain", "application/vnd.jupyter.widget-view+json"} <= set(shown)
