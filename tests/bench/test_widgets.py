"""How smooth the lens is: 10,000 tokens scrolled in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..lab import Lab, chromium

# Scrolls the pane to its end in steps, one a frame, and returns how long each frame took, in ms.
_SCROLL = """async (pane) => {
    const frames = [];
    let before = performance.now();
    for (let at = 0; at < 120; at++) {
        pane.scrollTop = (pane.scrollHeight * at) / 120;
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - before);
        before = performance.now();
    }
    return frames.slice(1);
}"""


def test_ten_thousand_tokens_scroll_smoothly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "root").mkdir()
    with chromium() as browser:
        lab = Lab(tmp_path / "root", tmp_path, browser)
        try:
            lab.write("long.ipynb", "import aoai_magic as aoai", "aoai.TokenLens('lorem ipsum ' * 5200)")
            with lab.open("long.ipynb") as notebook:
                notebook.run_all()
                pane = notebook.page.locator(".aoai-lens .tokens")
                assert pane.locator("span").count() >= 10_000
                frames = sorted(pane.evaluate(_SCROLL))
        finally:
            lab.close()
    with capsys.disabled():
        print(f"\n10,000 tokens: median frame {frames[len(frames) // 2]:.0f} ms, longest {frames[-1]:.0f} ms")
    assert frames[-1] < 100
