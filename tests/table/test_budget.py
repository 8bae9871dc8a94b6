"""A budget for a whole table: all at once can't overrun it, and it isn't spent on answers cut short."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger, settings

ROWS = [f"word {number}" for number in range(40)]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    shutil.rmtree(settings.home() / "maps", ignore_errors=True)
    yield
    ledger.set_budget(None)


def spent() -> float:
    return sum(row["counted"] for row in ledger.rows())


def test_rows_wait_for_room_and_are_not_cut_short_for_it() -> None:
    """Each may cost $0.16, and costs a thousandth of that."""
    frame = aoai.map("{{ value }}", ROWS, budget=0.4, concurrency=16)
    assert frame["answer"].tolist() == ROWS
    assert frame["error"].isna().all()
    assert spent() <= 0.4
    assert all("max_tokens" not in row for row in ledger.rows())


def test_a_budget_that_runs_out_ends_the_run_and_a_larger_one_finishes_it(run: Any, shell: Any) -> None:
    shell.user_ns["table"] = ROWS
    each = aoai.estimate_map("{{ value }}", ROWS[:1], max_tokens=2)
    # Enough for all at their cheapest, so that it is begun, and not for all as they come.
    budget = 40 * (each.cheapest or 0) + 1e-7
    with pytest.raises(errors.BudgetError, match="--resume") as caught:
        run(f"%%chat --over table -o answers --max-tokens 2 --concurrency 4 --budget {budget:.9f}\n{{{{ value }}}}")
    assert re.search(
        r"The \d+ requests that are left cost \$[\d.]+ at most: let the budget have that", caught.value.fix
    )
    answered = int(caught.value.reply["answer"].notna().sum())  # type: ignore[union-attr, call-overload]
    assert 0 < answered < 40
    assert shell.user_ns["answers"]["answer"].notna().sum() == answered
    assert spent() <= budget + 1e-8
    run("%%chat --over table -o answers --max-tokens 2 --resume --budget 1\n{{ value }}")
    assert shell.user_ns["answers"]["answer"].notna().all()


def test_a_table_that_costs_more_than_there_is_isnt_begun() -> None:
    with pytest.raises(errors.BudgetError, match="the table costs at least") as caught:
        aoai.map("{{ value }}", ROWS, budget=0.00001)
    assert "--limit" in caught.value.fix
    ledger.set_budget(0.00001)
    with pytest.raises(errors.BudgetError, match="for this session"):
        aoai.map("{{ value }}", ROWS)
    assert ledger.rows() == []


def test_one_allowance_holds_several_tables() -> None:
    allowance = aoai.Allowance(0.001)
    aoai.map("{{ value }}", ROWS[:3], max_tokens=5, budget=allowance)
    before = spent()
    assert 0 < before < 0.001
    with pytest.raises(errors.BudgetError):
        aoai.map("{{ value }}", ROWS * 5, max_tokens=5, budget=allowance)
    assert before <= spent() <= 0.001
