"""100 faults, drawn by chance, over a map of 2,000 rows, on a disk that gets full.

Run as root: pytest tests/bench/test_table_faults.py -s
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..table.soak import soak
from ..table.test_resume import check

ROWS, SERVICE_FAULTS, KILLS, INTERRUPTS, FULL_DISKS = 2000, 80, 12, 3, 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB in memory, for all that a kernel keeps: the ledger, and the run's file."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_faults_lose_no_row_and_no_cent(seed: int, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = soak(
        ROWS,
        service_faults=SERVICE_FAULTS,
        kills=KILLS,
        interrupts=INTERRUPTS,
        full_disks=FULL_DISKS,
        seed=seed,
        home=small_disk,
    )
    counted = check(result, ROWS, small_disk, monkeypatch)
    print(
        f"\nseed {seed}: {result.struck} faults of the service, {result.kills} kills, {result.interrupts} interrupts, "
        f"{result.full_disks} full disks in {result.runs} runs; the service counted {counted['arrived']:,} requests, the ledger has "
        f"{counted['settled']:,} settled and {counted['pending']} pending"
    )
