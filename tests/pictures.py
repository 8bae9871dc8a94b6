"""Take README's pictures from the real thing: `python tests/pictures.py`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

    from tests.lab import Opened

PICTURES = Path(__file__).parent.parent / ".github" / "pictures"
CELLS = {
    "chat": (
        "%load_ext aoai_magic",
        "%%chat -t 0 -o answer\nIn one sentence, what is a language model?",
        "answer.usage, answer.finish_reason",
        "%%chat gpt-4p\nAre you there?",
    ),
    "foresee": (
        "%load_ext aoai_magic\nimport aoai_magic as aoai",
        "%%chat gpt-4o -a lighthouse.png --detail high --max-tokens 200 --dry-run\nWhat is on this picture?",
        "aoai.VisionCosts('lighthouse.png', models=['gpt-4o', 'gpt-4o-mini', 'gpt-4.1-mini', 'gpt-5', 'gpt-5-mini'])",
        "aoai.TokenLens(['hamburger and pear', 'Grüße aus Köln'], models=['r50k_base', 'gpt-4o'])",
    ),
    "panel": (
        "%load_ext aoai_magic\nimport aoai_magic as aoai",
        "aoai.ChatPanel(system='You answer in one sentence.')",
    ),
}


def main() -> None:
    from aoai_magic.local import sketch
    from tests.lab import Lab, chromium

    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        root = Path(scratch) / "root"
        root.mkdir()
        sketch.draw("a lighthouse on a rocky coast at sunset", width=1536, height=1024, quality="high").save(
            root / "lighthouse.png"
        )
        lab = Lab(root, Path(scratch) / "jupyter", browser)
        for name, cells in CELLS.items():
            lab.write(f"{name}.ipynb", *cells)
            for theme in ("Light", "Dark"):
                with lab.open(f"{name}.ipynb", theme=theme, height=1500) as notebook:
                    _take(notebook, PICTURES / f"{name}-{theme.lower()}.png")
        lab.close()


def _take(notebook: Opened, file: Path) -> None:
    """Run all cells and photograph them, from the first to the last."""
    notebook.command("application:toggle-left-area")
    notebook.run_all()
    if file.name.startswith("panel"):
        _chat(notebook.page)
    notebook.page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    notebook.page.mouse.move(1000, 1450)
    notebook.page.wait_for_timeout(1500)
    cells = notebook.page.locator(".jp-CodeCell")
    top, bottom = cells.first.bounding_box(), cells.last.bounding_box()
    assert top
    assert bottom
    height = bottom["y"] + bottom["height"] - top["y"] + 8
    clip: FloatRect = {"x": top["x"], "y": top["y"] - 4, "width": top["width"], "height": height}
    notebook.page.screenshot(path=str(file), clip=clip)


def _chat(page: Page) -> None:
    """Have a chat in the panel, and begin another prompt."""
    from playwright.sync_api import expect

    panel = page.locator(".aoai-panel")
    panel.get_by_role("button", name="Settings").click()
    panel.get_by_label("Max. tokens, number").fill("120")
    panel.get_by_label("Temperature, number").fill("0")
    box = panel.get_by_role("textbox", name="Prompt")
    box.fill("Why is the sky blue?")
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".aoai-status")).to_have_count(1, timeout=60_000)
    box.fill("And what colour is it at sunset?")
    expect(panel.locator(".aoai-quiet")).to_contain_text("tokens in")


if __name__ == "__main__":
    os.environ.pop("AOAI_LOCAL_ENGINE", None)
    main()
