"""Take README's pictures from the real thing: `python -m tests.pictures`.

`python -m tests.pictures FOLDER` takes them into that folder, and those that README doesn't show with them: to be
looked at.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.tmux import IPython

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page

    from tests.lab import Opened

PICTURES = Path(__file__).parent.parent / ".github" / "pictures"
CELLS = {
    "chat": (
        "%load_ext aoai_magic",
        "%%chat -i physics -t 0\nIn one sentence, why is the sky blue?",
        "%%chat -i physics -t 0 --max-tokens 40\nAnd why is it red at sunset?",
        "%%chat --compare gpt-4o,gpt-4o-mini,gpt-4.1-nano -t 0.7 --max-tokens 40 -o names\nSuggest a name for a café by the sea.",
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
MORE = {
    "answers": (
        "%load_ext aoai_magic\n\ndef weather(city: str, days: int = 1) -> dict:\n    'The weather of a city.'\n"
        "    return {'city': city, 'degrees': 21, 'sky': '**clear**'}",
        "%%chat --tools weather\nHow is the weather in Oslo?",
        "%%chat --schema 'name, age int, mood good|bad' -o pet\nA cat called Mia, four years old and happy.",
        "%%chat -n 2 --logprobs 3 --max-tokens 12\nOnce upon a time",
        "%%chat -i physics\n# Light\n$E = h \\nu$ costs $5, and `code`:\n\n```python\nprint('hi')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        "%aoai chats",
        "%aoai chats show physics",
        "%%chat --compare gpt-4o,gpt-4p\nAre you there?",
    ),
}
TERMINAL = (
    "%load_ext aoai_magic",
    "%%chat -i physics -t 0\nIn one sentence, why is the sky blue?",
    "%%chat --compare gpt-4o,gpt-4o-mini -t 0.7 --max-tokens 30\nSuggest a name for a café by the sea.",
    "%%chat gpt-4p\nAre you there?",
)


def main(folder: Path, pages: dict[str, tuple[str, ...]]) -> None:
    from aoai_magic.local import sketch
    from tests.lab import Lab, chromium

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        root = Path(scratch) / "root"
        root.mkdir()
        sketch.draw("a lighthouse on a rocky coast at sunset", width=1536, height=1024, quality="high").save(
            root / "lighthouse.png"
        )
        lab = Lab(root, Path(scratch) / "jupyter", browser)
        for name, cells in pages.items():
            lab.write(f"{name}.ipynb", *cells)
            for theme in ("Light", "Dark"):
                with lab.open(f"{name}.ipynb", theme=theme, height=2400) as notebook:
                    _take(notebook, folder / f"{name}-{theme.lower()}.png")
        lab.close()
        if shutil.which("tmux"):
            _take_terminal(browser, folder / "terminal.png")
    for file in folder.glob("*.png"):
        _pack(file)


def _take_terminal(browser: Browser, file: Path) -> None:
    """Type cells into IPython in a terminal, and photograph it."""
    with IPython(width=100, height=44) as terminal:
        for cell in TERMINAL:
            terminal.run(cell)
        page = browser.new_page(viewport={"width": 1100, "height": 1200})
        page.set_content(terminal.html())
        page.locator("pre").screenshot(path=str(file))


def _pack(file: Path) -> None:
    """Few colours are enough for what is text: a picture of a screen then takes a third."""
    with Image.open(file) as picture:
        packed = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    packed.save(file, optimize=True)


def _take(notebook: Opened, file: Path) -> None:
    """Run all cells and photograph them, from the first to the last."""
    notebook.command("application:toggle-left-area")
    notebook.run_all()
    if file.name.startswith("panel"):
        _chat(notebook.page)
    notebook.page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    notebook.page.mouse.move(1000, 2380)
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
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), CELLS | MORE)
    else:
        main(PICTURES, CELLS)
