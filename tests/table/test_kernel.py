"""A cell over a table in a real kernel: watched, interrupted, resumed by another kernel, and with nobody watching."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

from aoai_magic import settings

from ..test_kernel import Kernel

SLOW = '%aoai fault "delay=0.3 times=300"'
CELL = "%%chat --over rows -o answers --concurrency 4\n{{ value }}"


@pytest.fixture
def kernels() -> Iterator[list[Kernel]]:
    """Two kernels with the extension loaded, and a table in each."""
    shutil.rmtree(settings.home() / "maps", ignore_errors=True)
    running = [Kernel(), Kernel()]
    try:
        for kernel in running:
            kernel.run("%load_ext aoai_magic\nrows = [f'row {n}' for n in range(60)]")
        yield running
    finally:
        running[0].run("%aoai fault off")
        for kernel in running:
            kernel.close()


def test_a_run_is_watched_interrupted_and_finished_by_another_kernel(kernels: list[Kernel]) -> None:
    first, second = kernels
    first.run(SLOW)
    cut = first.run(CELL, interrupt_at=" s left")
    seen = " ".join(content["data"]["text/plain"] for content in cut.of("display_data", "update_display_data"))
    assert re.search(r"of 60 rows · .* tokens in, \d+ out · local, free; on Azure about .* answers so far in ", seen)
    (error,) = cut.of("error")
    assert error["ename"] == "Interrupted"
    answered = int(re.search(r"(\d+) rows are answered and kept", error["evalue"])[1])  # type: ignore[index]
    assert 4 <= answered < 60
    assert f"{answered}\n" in first.run("print(answers['answer'].notna().sum())").text
    first.run("%aoai fault off")
    done = second.run(CELL.replace("--over", "--resume --over"))
    assert not done.of("error")
    assert f"{answered} answered by the run before" in done.text
    assert "60\n" in second.run("print(answers['answer'].notna().sum())").text
    assert list((settings.home() / "maps").iterdir()) == []


def test_what_nobody_watches_is_shown_once_and_the_same_each_time(kernels: list[Kernel]) -> None:
    shown = []
    for kernel in kernels:
        ran = kernel.run(CELL, watched=False)
        assert not ran.of("update_display_data", "stream", "error")
        (content,) = ran.of("display_data")
        shown.append(content["data"])
    assert shown[0] == shown[1]
    assert "60 rows" in shown[0]["text/plain"]
    for varying in ("$", " a second", "maps/", " s left"):
        assert varying not in shown[0]["text/plain"]
