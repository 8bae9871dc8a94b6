"""How long it takes to look before one sends."""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest


def test_a_dry_run_is_there_at_once(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def weather(city: str, days: int = 1) -> str:
        """The weather of a city."""
        raise AssertionError("never called")

    shell.push({"weather": weather})
    cell = (
        "%%chat gpt-4o -s 'Be brief.' --tools weather --schema 'name, age int' --dry-run\n"
        + "A prompt of some length. " * 40
    )
    took = []
    for _ in range(60):
        began = time.perf_counter()
        shell.run_cell(cell)
        took.append((time.perf_counter() - began) * 1000)
    warm = statistics.median(took[10:])
    with capsys.disabled():
        print(f"\ndry run of a cell, warm: median {warm:.1f} ms, first {took[0]:.0f} ms")
    assert warm < 20
