"""What the ledger adds to a request, in a new file and beside 100,000 rows. Run: pytest tests/bench -s"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from aoai_magic import ledger
from aoai_magic.ledger import budget, store


@pytest.mark.parametrize("rows", [0, 100_000])
def test_a_row_costs_less_than_two_milliseconds(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_HOME", str(tmp_path))
    for per in ("session", "notebook", "day"):
        ledger.set_budget(1e6, per)  # type: ignore[arg-type]
    with store.transaction() as db:
        db.executemany(
            "INSERT INTO requests (at, session, notebook, connection, deployment, operation, counted) "
            "VALUES (?, ?, ?, 'azure', 'chat', 'chat', 0.001)",
            [(time.time(), budget.key("session"), budget.key("notebook"))] * rows,
        )
    times: dict[str, list[float]] = {"reserve": [], "settle": []}
    for _ in range(500):
        started = time.perf_counter()
        entry = ledger.reserve("azure", "chat", cheapest=0.0001, dearest=0.01, limit=1000, tokens=30)
        reserved = time.perf_counter()
        entry.sending()
        entry.settle("stop", price=0.001, azure_price=0.001, prompt_tokens=30, completion_tokens=90, seconds=0.5)
        times["reserve"].append((reserved - started) * 1000)
        times["settle"].append((time.perf_counter() - reserved) * 1000)
    medians = {what: statistics.median(found) for what, found in times.items()}
    print(f"\n{rows:,} rows, three budgets: reserve {medians['reserve']:.3f} ms, settle {medians['settle']:.3f} ms")
    assert sum(medians.values()) < 2
