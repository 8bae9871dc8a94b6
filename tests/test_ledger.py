"""The ledger's rows and budgets: kept by many threads and processes at once, through crashes, and on a bad disk."""

from __future__ import annotations

import math
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aoai_magic import errors, ledger
from aoai_magic.ledger import budget, store


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_HOME", str(tmp_path / "home"))


def reserve(dearest: float | None = 0.01, cheapest: float | None = 0.0, **more: Any) -> ledger.Entry:
    entry = ledger.reserve("azure", "chat", cheapest=cheapest, dearest=dearest, **more)
    entry.sending()
    return entry


def counted() -> float:
    return math.fsum(row["counted"] or 0 for row in ledger.rows())


def test_a_row_is_there_before_the_request_is_sent_and_settled_after() -> None:
    entry = reserve(0.05, 0.01, tokens=9)
    (row,) = ledger.rows()
    assert (row["outcome"], row["price"], row["dearest"], row["counted"]) == (None, None, 0.05, 0.05)
    entry.settle("stop", price=0.02, model="gpt-4o-2024-11-20", prompt_tokens=9, completion_tokens=3, seconds=0.5)
    (row,) = ledger.rows()
    assert (row["outcome"], row["price"], row["counted"], row["completion_tokens"]) == ("stop", 0.02, 0.02, 3)
    assert (row["connection"], row["deployment"], row["operation"]) == ("azure", "chat", "chat")
    assert abs(row["at"] - time.time()) < 60


def test_there_is_no_ledger_before_the_first_request() -> None:
    assert ledger.rows() == ledger.budgets() == []
    assert not ledger.path().exists()


def test_only_the_user_can_read_it() -> None:
    reserve()
    for file in ledger.path().parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_request_that_never_settled_counts_in_full() -> None:
    ledger.set_budget(1.0)
    reserve(0.7)
    assert ledger.budgets()[0].spent == 0.7
    with pytest.raises(errors.BudgetError):
        reserve(0.7)


@pytest.mark.parametrize("outcome", ["interrupted", "error"])
def test_a_request_of_unknown_price_goes_on_to_count_in_full(outcome: str) -> None:
    reserve(0.7).settle(outcome)
    (row,) = ledger.rows()
    assert (row["price"], row["counted"]) == (None, 0.7)


def test_what_is_refused_leaves_no_row() -> None:
    ledger.set_budget(0.5)
    with pytest.raises(errors.BudgetError, match="Not sent") as refused:
        reserve(0.7)
    assert ledger.rows() == []
    assert "$0.50 left" in str(refused.value)
    assert "%aoai budget 0.77 --per session" in str(refused.value)


def test_the_way_out_that_is_offered_leads_out() -> None:
    ledger.set_budget(0.5)
    reserve(0.4)
    with pytest.raises(errors.BudgetError) as refused:
        reserve(0.123)
    words = refused.value.fix.split()
    ledger.set_budget(float(words[2]), words[4])  # type: ignore[arg-type]
    reserve(0.123)


def test_the_limit_is_lowered_so_that_the_dearest_outcome_fits() -> None:
    ledger.set_budget(0.5)
    entry = reserve(1.0, 0.01, limit=100)
    assert entry.limit == 50  # 0.01 a token
    assert ledger.rows()[0]["dearest"] == pytest.approx(0.5)
    assert "50 tokens" in entry.note


def test_what_fits_is_left_alone() -> None:
    ledger.set_budget(0.5)
    entry = reserve(0.5, 0.1, limit=100)
    assert (entry.limit, entry.note) == (None, "")


def test_a_budget_that_is_used_up_refuses_even_the_cheapest() -> None:
    ledger.set_budget(0.5)
    reserve(0.5)
    with pytest.raises(errors.BudgetError, match=r"costs at least \$0.010"):
        reserve(1.0, 0.01, limit=100)


def test_a_budget_of_nothing_lets_only_through_what_is_free() -> None:
    ledger.set_budget(0)
    with pytest.raises(errors.BudgetError):
        reserve(0.001, 0.0001, limit=10)
    reserve(0.0, 0.0)


def test_an_unknown_price_is_refused_under_a_budget_and_only_there() -> None:
    reserve(None, None)
    ledger.set_budget(1.0, "day")
    with pytest.raises(errors.BudgetError, match="isn't known") as refused:
        reserve(None, None)
    assert "%aoai budget off --per day" in str(refused.value)
    ledger.reserve("local", "chat", cheapest=None, dearest=None)


def test_lifting_a_budget_lets_requests_through_again() -> None:
    ledger.set_budget(0)
    ledger.set_budget(None)
    reserve(5.0)
    assert ledger.budgets() == []


def test_the_tightest_of_several_budgets_rules() -> None:
    ledger.set_budget(1.0, "session")
    ledger.set_budget(0.3, "notebook")
    ledger.set_budget(0.5, "day")
    assert reserve(1.0, 0.01, limit=100).limit == 30
    assert [held.per for held in ledger.budgets()] == ["notebook", "day", "session"]


def test_budgets_count_what_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    for per in ("session", "notebook", "day"):
        ledger.set_budget(1.0, per)  # type: ignore[arg-type]
    reserve(0.1)
    monkeypatch.setattr(budget, "SESSION", "another kernel")
    reserve(0.2)
    monkeypatch.setenv("JPY_SESSION_NAME", "/another/notebook.ipynb")
    reserve(0.4)
    assert {held.per: round(held.spent, 9) for held in ledger.budgets()} == {"day": 0.7}  # the only one that holds here
    for per in ("session", "notebook"):
        ledger.set_budget(1.0, per)  # type: ignore[arg-type]
    spent = {held.per: round(held.spent, 9) for held in ledger.budgets()}
    assert spent == {"session": 0.6, "notebook": 0.4, "day": 0.7}


def test_yesterday_is_no_matter_of_todays_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    with monkeypatch.context() as yesterday:
        yesterday.setattr("aoai_magic.ledger.entry.time.time", lambda: now() - 86_400)
        reserve(0.7)
    ledger.set_budget(1.0, "day")
    assert ledger.budgets()[0].spent == 0


def test_what_is_settled_in_another_time_zone_stays_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an hour before midnight in New York it is tomorrow in London."""
    try:
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        late = time.mktime((2026, 11, 24, 23, 30, 0, 0, 0, -1))
        monkeypatch.setattr("aoai_magic.ledger.entry.time.time", lambda: late)
        entry = reserve(1.0)
        ledger.set_budget(1.0, "day")
        assert ledger.budgets()[0].spent == 1.0
        monkeypatch.setenv("TZ", "Europe/London")
        time.tzset()
        ledger.reopened(entry.number or 0).settle("completed", price=0.25)
        assert ledger.budgets()[0].spent == 0  # it is the 25th here
        reserve(0.75)
        assert ledger.budgets()[0].spent == 0.75
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_practice_and_money_are_two_accounts() -> None:
    ledger.set_budget(1.0)
    practice = ledger.reserve("local", "chat", cheapest=0.1, dearest=0.9)
    practice.sending()
    practice.settle("stop", price=0.0, azure_price=0.8)
    reserve(0.7)
    assert [ledger.budgets(practice=practice)[0].spent for practice in (True, False)] == [0.8, 0.7]
    with pytest.raises(errors.BudgetError, match="on Azure"):
        ledger.reserve("local", "chat", cheapest=0.1, dearest=0.9)


def test_an_allowance_is_shared_by_the_requests_of_one_cell() -> None:
    allowance = ledger.Allowance(0.5)
    reserve(0.3, allowance=allowance)
    reserve(0.3)
    with pytest.raises(errors.BudgetError, match="this cell"):
        reserve(0.3, allowance=allowance)
    reserve(0.2, allowance=allowance)


def test_what_an_inexact_count_may_be_short_of_is_reserved_too() -> None:
    ledger.set_budget(0.5)
    assert reserve(0.4, 0.1, slack=0.05).limit is None
    assert ledger.rows()[0]["counted"] == pytest.approx(0.45)
    ledger.set_budget(1.0)
    assert reserve(1.0, 0.01, limit=100, slack=0.05).limit == 50  # 0.55 are left, 0.05 of them for the prompt
    assert ledger.budgets()[0].left == pytest.approx(0)


def test_a_recording_is_a_row_for_nothing_that_no_budget_refuses() -> None:
    ledger.set_budget(0)
    ledger.reserve("azure", "chat", cheapest=0.1, dearest=0.2, recorded=True).settle("stop", price=0.1)
    (row,) = ledger.rows()
    assert (row["recorded"], row["price"], row["counted"]) == (1, 0, 0)


@pytest.mark.parametrize("usd", [-1, math.nan, math.inf, "0.5"])
def test_what_is_no_amount_is_no_budget(usd: float) -> None:
    with pytest.raises(errors.SettingsError):
        ledger.set_budget(usd)
    with pytest.raises(errors.SettingsError):
        ledger.Allowance(usd)


def test_a_budget_is_per_session_notebook_or_day() -> None:
    with pytest.raises(errors.SettingsError, match="'year'"):
        ledger.set_budget(1, "year")  # type: ignore[arg-type]


def test_a_second_attempt_is_a_second_row_and_the_first_may_be_billed_too() -> None:
    ledger.set_budget(1.0)
    entry = reserve(0.6)
    with pytest.raises(errors.BudgetError):
        entry.sending()
    ledger.set_budget(2.0)
    entry.sending()
    entry.settle("stop", price=0.1)
    assert [(row["outcome"], row["counted"]) for row in ledger.rows()] == [("tried again", 0.6), ("stop", 0.1)]


def test_fifty_threads_at_once_spend_no_more_than_the_budget() -> None:
    ledger.set_budget(0.2)

    def one(_: int) -> bool:
        try:
            entry = reserve(0.01)
        except errors.BudgetError:
            return False
        time.sleep(0.02)
        entry.settle("stop", price=0.01)
        return True

    with ThreadPoolExecutor(50) as pool:
        sent = list(pool.map(one, range(50)))
    assert sum(sent) == 20
    assert counted() == pytest.approx(0.2)


SPENDER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from aoai_magic import errors, ledger

def one(_):
    try:
        entry = ledger.reserve("azure", "chat", cheapest=0.0, dearest=0.01)
    except errors.BudgetError:
        return 0
    entry.sending()
    entry.settle("stop", price=0.01)
    return 1

input()
ledger.set_budget(0.2, "day")
with ThreadPoolExecutor(10) as pool:
    print(sum(pool.map(one, range(10))))
"""


def spawn(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_five_processes_make_one_ledger_at_once_and_spend_no_more_than_the_budget() -> None:
    spenders = [spawn(SPENDER) for _ in range(5)]
    for spender in spenders:
        assert spender.stdin
        spender.stdin.write("go\n")
        spender.stdin.flush()
    sent = [int(spender.communicate()[0]) for spender in spenders]
    assert sum(sent) == 20
    assert len(ledger.rows()) == 20


VICTIM = """
from concurrent.futures import ThreadPoolExecutor
from aoai_magic import ledger

def one(_):
    entry = ledger.reserve("azure", "chat", cheapest=0.0, dearest=0.02)
    entry.sending()
    entry.settle("stop", price=0.01)

with ThreadPoolExecutor(4) as pool:
    one(0)
    print("begun", flush=True)
    list(pool.map(one, range(100_000)))
"""


def test_after_kill_9_nothing_is_corrupt_and_the_unsettled_count_in_full() -> None:
    for seconds in (0.01, 0.05, 0.11):
        victim = spawn(VICTIM)
        assert victim.stdout
        victim.stdout.readline()
        time.sleep(seconds)
        victim.kill()
        victim.communicate()
        with sqlite3.connect(ledger.path()) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
        rows = ledger.rows()
        pending = [row for row in rows if row["outcome"] is None]
        assert len(rows) > len(pending)
        assert len(pending) <= 12  # at most one a thread
        assert counted() == pytest.approx(0.01 * (len(rows) - len(pending)) + 0.02 * len(pending))
    reserve()


def test_a_forked_process_writes_its_own_rows() -> None:
    ledger.set_budget(0.2)
    reserve()
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=reserve, args=(0.01,)) for _ in range(3)]
    for child in children:
        child.start()
        reserve()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert len(ledger.rows()) == 7
    assert ledger.budgets()[0].spent == pytest.approx(0.07)  # of the same session


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # Python 3.12 on: that is the test
def test_a_fork_amid_transactions_leaves_no_lock_behind() -> None:
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            reserve().settle("stop", price=0.0)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(5):
            if (child := os.fork()) == 0:
                try:
                    reserve(0.5)
                finally:
                    os._exit(0)
            _, status = os.waitpid(child, 0)
            assert status == 0
    finally:
        stop.set()
        thread.join()
    assert sum(row["dearest"] == 0.5 for row in ledger.rows()) == 5


def test_looking_back_waits_for_nobody_and_holds_nobody_up() -> None:
    reserve(0.1)
    store._close()
    with sqlite3.connect(ledger.path()) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(ledger.rows()) == 1
        other.rollback()
    other.close()


def test_an_interrupt_in_the_middle_rolls_back() -> None:
    with pytest.raises(KeyboardInterrupt), store.transaction() as db:
        db.execute("INSERT INTO budgets VALUES ('day', '', 1.0)")
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    assert ledger.budgets() == []
    reserve()


def test_a_ledger_that_was_moved_away_is_begun_anew() -> None:
    reserve()
    ledger.path().rename(ledger.path().with_name("old"))
    reserve()
    assert len(ledger.rows()) == 1


def _garbage(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"no database at all " * 100)


def _newer(file: Path) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def _directory(file: Path) -> None:
    file.mkdir(parents=True)


def _no_home(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")


def test_a_ledger_of_the_first_version_goes_on_with_all_that_was_spent() -> None:
    """Until version 2 a request had no day; its triggers took it from the moment, in whatever zone they ran."""
    entry = reserve(0.5)
    with store.transaction() as db:
        for name in ("reserved", "settled"):
            (made,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
            db.execute(f"DROP TRIGGER {name}")
            db.execute(made.replace("new.day", "NULL"))
        db.execute("ALTER TABLE requests DROP COLUMN day")
        db.execute("PRAGMA user_version = 1")
    store._close()
    ledger.set_budget(1.0, "day")
    assert ledger.budgets()[0].spent == 0.5
    entry.settle("stop", price=0.125)
    reserve(0.25)
    assert ledger.budgets()[0].spent == 0.375
    assert {row["day"] for row in ledger.rows()} == {time.strftime("%Y-%m-%d")}
    with store.transaction() as db:  # as a kernel would that has the file open since before
        db.execute(
            "INSERT INTO requests (at, session, notebook, connection, deployment, operation, counted) "
            "VALUES (?, 's', 'n', 'azure', 'd', 'chat', 0.125)",
            (time.time(),),
        )
    assert ledger.budgets()[0].spent == 0.5


@pytest.mark.parametrize(
    ("spoil", "way_out"),
    [(_garbage, "away: a new one"), (_newer, "AOAI_HOME"), (_directory, "AOAI_HOME"), (_no_home, "AOAI_HOME")],
)
def test_a_ledger_that_cannot_be_written_refuses_what_costs_and_nothing_else(spoil: Any, way_out: str) -> None:
    spoil(ledger.path())
    with pytest.raises(errors.LedgerError, match="can't be written") as refused:
        reserve()
    assert way_out in str(refused.value)
    for free in (
        ledger.reserve("local", "gpt-4o", cheapest=0.1, dearest=0.2),
        ledger.reserve("azure", "chat", cheapest=0.1, dearest=0.2, recorded=True),
    ):
        assert "can't be written" in free.note
        free.settle("stop", price=0.0)


def test_a_ledger_that_another_program_holds_is_waited_for_and_then_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_PATIENCE", 0.2)
    reserve()
    store._close()
    with sqlite3.connect(ledger.path()) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(errors.LedgerError, match="locked"):
            reserve()
    other.close()


def test_a_ledger_that_breaks_after_the_request_was_sent_keeps_the_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = reserve(0.02)
    store._close()
    content = ledger.path().read_bytes()
    ledger.path().write_bytes(b"spoilt " * 1000)
    entry.settle("stop", price=0.01)
    assert "counts in full" in entry.note
    ledger.path().write_bytes(content)
    assert ledger.rows()[0]["counted"] == 0.02


PRICES = st.floats(0, 2).map(lambda usd: round(usd, 6))


class Kernels(RuleBasedStateMachine):
    """Kernels that reserve, settle, die and set budgets in any order, beside a list that is kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.home = tempfile.mkdtemp(prefix="aoai-ledger-")
        self.patch.setenv("AOAI_HOME", self.home)
        self.session, self.sessions = "0", 1
        self.patch.setattr(budget, "SESSION", self.session)
        self.rows: list[dict[str, Any]] = []
        self.open: list[tuple[ledger.Entry, dict[str, Any]]] = []
        self.held: dict[tuple[str, str], float] = {}

    def teardown(self) -> None:
        store._close()
        self.patch.undo()
        shutil.rmtree(self.home)

    def spent(self, per: str) -> float:
        return math.fsum(row["counted"] for row in self.rows if per == "day" or row["session"] == self.session)

    def in_force(self) -> list[tuple[str, float]]:
        return [(per, usd) for (per, key), usd in self.held.items() if key in ("", self.session)]

    @rule(usd=st.none() | PRICES, per=st.sampled_from(["session", "day"]))
    def set_budget(self, usd: float | None, per: Any) -> None:
        ledger.set_budget(usd, per)
        key = (per, self.session if per == "session" else "")
        self.held.pop(key, None)
        if usd is not None:
            self.held[key] = usd

    @rule(cheapest=PRICES, more=PRICES, limit=st.none() | st.integers(1, 10_000))
    def reserve(self, cheapest: float, more: float, limit: int | None) -> None:
        dearest = cheapest + (0 if limit == 1 else more)
        left = min((usd - self.spent(per) for per, usd in self.in_force()), default=math.inf)
        try:
            entry = reserve(dearest, cheapest, limit=limit)
        except errors.BudgetError:
            assert (cheapest if limit else dearest) > left
            return
        price = dearest if entry.limit is None else cheapest + (dearest - cheapest) * (entry.limit - 1) / (limit - 1)  # type: ignore[operator]
        assert price <= max(left, 0) + 1e-7
        if entry.limit is not None and entry.limit < limit:  # type: ignore[operator]
            one_more = cheapest + (dearest - cheapest) * entry.limit / (limit - 1)  # type: ignore[operator]
            assert one_more > left - 1e-7
        row = {"session": self.session, "counted": price}
        self.rows.append(row)
        self.open.append((entry, row))

    @rule(part=st.none() | st.floats(0, 1), which=st.integers(0, 100))
    def settle(self, part: float | None, which: int) -> None:
        if not self.open:
            return
        entry, row = self.open.pop(which % len(self.open))
        price = None if part is None else row["counted"] * part
        entry.settle("stop", price=price)
        if price is not None:
            row["counted"] = price

    @rule()
    def crash(self) -> None:
        store._close()
        self.open.clear()
        self.session, self.sessions = str(self.sessions), self.sessions + 1
        self.patch.setattr(budget, "SESSION", self.session)

    @invariant()
    def the_ledger_has_the_same_rows(self) -> None:
        assert [row["counted"] for row in ledger.rows()] == pytest.approx([row["counted"] for row in self.rows])

    @invariant()
    def the_same_is_spent(self) -> None:
        """The sums that the ledger keeps are those of its rows."""
        spent = {held.per: held.spent for held in ledger.budgets()}
        assert spent == pytest.approx({per: self.spent(per) for per, _ in self.in_force()})


TestKernels = Kernels.TestCase
TestKernels.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
