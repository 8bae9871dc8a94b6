"""The lenses in a real browser: JupyterLab and Notebook 7, light and dark, by pointer and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from .lab import Lab, running_lab

pytestmark = pytest.mark.browser
SHOTS = Path("test-results")
FRONT_ENDS = [("lab", "Light"), ("lab", "Dark"), ("notebook", "Light"), ("notebook", "Dark")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory) as lab:
        photo = Image.effect_mandelbrot((4000, 3000), (-2, -1.5, 1, 1.5), 30)
        photo.convert("RGB").save(lab.root / "photo.jpg")
        yield lab


def errors_of_an_empty_notebook(lab: Lab, front_end: str, theme: str) -> set[str]:
    lab.write("empty.ipynb", "1 + 1")
    lab.console.clear()
    with lab.open("empty.ipynb", theme=theme, front_end=front_end) as notebook:
        notebook.run_all()
    return set(lab.console)


@pytest.mark.parametrize(("front_end", "theme"), FRONT_ENDS)
def test_the_lenses_are_worked_with(lab: Lab, front_end: str, theme: str) -> None:
    known = errors_of_an_empty_notebook(lab, front_end, theme)
    lab.write(
        "lenses.ipynb",
        "%load_ext aoai_magic\nimport aoai_magic as aoai",
        "aoai.TokenLens('hamburger', models=['r50k_base', 'gpt-4o'])",
        "aoai.VisionCosts('photo.jpg')",
        "%%chat gpt-4o -a photo.jpg --max-tokens 200 --dry-run\nWhat is on this picture?",
    )
    lab.console.clear()
    with lab.open("lenses.ipynb", theme=theme, front_end=front_end, height=1700) as notebook:
        notebook.run_all()
        page = notebook.page
        lens = page.locator(".aoai-lens")
        expect(lens.locator(".head").first).to_contain_text("3 tokens", timeout=30_000)
        expect(lens.locator(".tokens").last.locator("span")).to_have_text(["hamb", "urger"])
        lens.locator("textarea").click()
        page.keyboard.press("End")
        page.keyboard.type(" and <b>b")  # "b" alone would insert a cell, if the notebook got it
        expect(lens.locator(".tokens").last).to_have_text("hamburger and <b>b", timeout=20_000)
        assert lens.locator(".tokens b").count() == 0
        assert lens.locator(".tokens span").first.get_attribute("title") == "2763: 68 61 6d"

        vision = page.locator(".aoai-vision")
        expect(vision.locator(".head")).to_contain_text("765 tokens")
        slider = vision.locator("input[type=range]")
        slider.focus()
        page.keyboard.press("Home")
        expect(vision.locator(".head")).to_contain_text("32 x 24 px", timeout=20_000)
        box = vision.locator("input[type=number]")
        box.fill("2000")
        box.press("Enter")
        expect(vision.locator(".head")).to_contain_text("2000 x 1500 px", timeout=20_000)
        vision.locator("select").first.select_option("low")
        expect(vision.locator(".head")).to_contain_text("85 tokens", timeout=20_000)
        vision.locator("tr", has_text="gpt-4.1-mini").click()
        expect(vision.locator(".head")).to_contain_text("gpt-4.1-mini", timeout=20_000)
        assert page.locator(".jp-Cell").count() in (4, 5), "keys typed in a lens are text, no shortcuts"

        assert "$" in notebook.text(3)
        assert page.locator(".jp-OutputArea mjx-container, .jp-OutputArea .MathJax").count() == 0
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / f"lenses-{front_end}-{theme.lower()}.png"))
    assert set(lab.console) <= known
