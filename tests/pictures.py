"""Take README's pictures from the real thing: `python tests/pictures.py`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PICTURES = Path(__file__).parent.parent / ".github" / "pictures"
CELLS = (
    "%load_ext aoai_magic",
    "%%chat -t 0 -o answer\nIn one sentence, what is a language model?",
    "answer.usage, answer.finish_reason",
    "%%chat gpt-4p\nAre you there?",
)


def main() -> None:
    from tests.lab import Lab, chromium

    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        root = Path(scratch) / "root"
        root.mkdir()
        lab = Lab(root, Path(scratch) / "jupyter", browser)
        name = lab.write("demo.ipynb", *CELLS)
        for theme in ("Light", "Dark"):
            with lab.open(name, theme=theme, height=900) as notebook:
                notebook.command("application:toggle-left-area")
                notebook.run_all()
                notebook.page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
                notebook.page.mouse.move(1000, 850)
                notebook.page.wait_for_timeout(800)
                cells = notebook.page.locator(".jp-CodeCell")
                top, bottom = cells.first.bounding_box(), cells.last.bounding_box()
                assert top
                assert bottom
                notebook.page.screenshot(
                    path=str(PICTURES / f"chat-{theme.lower()}.png"),
                    clip={
                        "x": top["x"],
                        "y": top["y"] - 4,
                        "width": top["width"],
                        "height": bottom["y"] + bottom["height"] - top["y"] + 8,
                    },
                )
        lab.close()


if __name__ == "__main__":
    os.environ.pop("AOAI_LOCAL_ENGINE", None)
    main()
