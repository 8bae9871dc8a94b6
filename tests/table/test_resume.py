"""Runs that are cut, and finished by others: what is kept, what is sent again, and what the ledger says of it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger, settings
from aoai_magic.operations.faults import faults
from aoai_magic.table import file, runs
from aoai_magic.table.outcome import Answer
from aoai_magic.table.pacing import Width
from aoai_magic.table.runs import RunsWarning

from .soak import CONCURRENCY, soak


def files() -> list[Path]:
    return sorted((settings.home() / "maps").glob("*"))


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    shutil.rmtree(settings.home() / "maps", ignore_errors=True)
    yield
    faults("off")


def cut(rows: int, answered: int) -> Any:
    """A run over so many rows of which so many were answered; the table so far."""
    aoai.connect("local")
    faults(f"error=no-access skip={answered} times=1000")
    with pytest.raises(errors.AuthenticationError) as caught:
        aoai.map("{{ value }}", range(rows), concurrency=1)
    faults("off")
    return caught.value.reply


def test_a_run_that_was_cut_is_finished_and_leaves_nothing() -> None:
    so_far = cut(10, 4)
    assert so_far["answer"].notna().sum() == 4
    before = len(ledger.rows())
    frame = aoai.map("{{ value }}", range(10), resume=True)
    assert frame["answer"].tolist() == [str(number) for number in range(10)]
    assert len(ledger.rows()) - before == 6
    assert files() == []


def test_its_file_may_be_named() -> None:
    cut(5, 2)
    (path,) = files()
    assert aoai.map("{{ value }}", range(5), resume=path)["answer"].notna().all()
    with pytest.raises(errors.RunFileError, match="no run in"):
        aoai.map("{{ value }}", range(5), resume=path)


def test_a_new_run_is_not_answered_by_one_that_was_cut_unless_it_asks() -> None:
    cut(5, 2)
    before = len(ledger.rows())
    aoai.map("{{ value }}", range(5))
    assert len(ledger.rows()) - before == 5
    assert len(files()) == 1


def test_a_run_that_is_done_answers_no_other() -> None:
    aoai.map("{{ value }}", range(5))
    before = len(ledger.rows())
    with pytest.warns(RunsWarning, match="None was cut"):
        aoai.map("{{ value }}", range(5), resume=True)
    assert len(ledger.rows()) - before == 5


def test_a_run_that_answers_other_requests_is_named_before_all_is_sent() -> None:
    cut(5, 2)
    (path,) = files()
    with pytest.warns(RunsWarning, match=f"all are sent.*\n{path.name}: 2 answers, of 5 rows for gpt-4o"):
        aoai.map("Say {{ value }}", range(5), resume=True)
    assert files() == [path]


def test_of_several_the_one_with_most_answers_is_taken_up_and_the_others_are_named() -> None:
    cut(6, 2)
    (less,) = files()
    cut(6, 4)
    before = len(ledger.rows())
    with pytest.warns(RunsWarning, match=less.name):
        aoai.map("{{ value }}", range(6), resume=True)
    assert len(ledger.rows()) - before == 2
    assert files() == [less]
    aoai.map("{{ value }}", range(6), resume=less.name)
    assert files() == []


def test_cut_runs_are_listed_and_dropped(run: Any, shell: Any) -> None:
    assert "No run over a table was cut" in run("%aoai runs")
    cut(6, 2)
    (first,) = files()
    cut(7, 3)
    run("%aoai runs")
    listed = shell.user_ns["_"]
    assert listed[["deployment", "answers", "rows"]].values.tolist() == [["gpt-4o", 3, 7], ["gpt-4o", 2, 6]]
    assert listed["file"].tolist()[1] == first.name
    assert listed["begun in"].tolist() == [settings.notebook()] * 2
    assert "1 run is dropped, with 2 answers." in run(f"%aoai runs --drop {first.name}")
    with pytest.raises(errors.SettingsError, match="no run"):
        run(f"%aoai runs --drop {first.name}")
    run("%aoai runs --drop all")
    assert files() == []


def test_a_run_that_is_under_way_is_neither_listed_nor_dropped() -> None:
    kept = file.new({})
    kept.keep("a", Answer("one"))
    assert runs.cut() == []
    runs.drop("all")
    assert kept.path is not None
    assert kept.path.exists()
    kept.close(done=False)
    assert [one.path for one in runs.cut()] == [kept.path]


def test_rows_may_have_come_or_gone_in_between() -> None:
    cut(6, 4)
    before = len(ledger.rows())
    frame = aoai.map("{{ value }}", [9, 3, 2, 7], resume=True)
    assert frame["answer"].tolist() == ["9", "3", "2", "7"]
    assert len(ledger.rows()) - before == 2


def test_rows_that_are_alike_and_not_sent_once_are_told_apart() -> None:
    aoai.connect("local")
    faults("error=no-access skip=2 times=1000")
    with pytest.raises(errors.AuthenticationError):
        aoai.map("{{ value }}", ["same"] * 4, concurrency=1)
    faults("off")
    before = len(ledger.rows())
    aoai.map("{{ value }}", ["same"] * 4, resume=True)
    assert len(ledger.rows()) - before == 2


def test_the_estimate_is_without_what_is_answered() -> None:
    cut(10, 4)
    assert aoai.estimate_map("{{ value }}", range(10)).choices == 10
    foreseen = aoai.estimate_map("{{ value }}", range(10), resume=True)
    assert (foreseen.choices, foreseen.answered) == (6, 4)


def test_rows_that_failed_are_sent_again_and_the_others_not() -> None:
    aoai.connect("local")
    faults("status=400 skip=2")
    frame = aoai.map("{{ value }}", range(5), concurrency=1)
    assert frame["error"].notna().sum() == 1
    assert len(files()) == 1
    before = len(ledger.rows())
    assert aoai.map("{{ value }}", range(5), resume=True)["error"].isna().all()
    assert len(ledger.rows()) - before == 1
    assert files() == []


def test_no_prompt_is_in_the_file() -> None:
    aoai.connect("local")
    faults("error=no-access skip=1 times=100")
    with pytest.raises(errors.AuthenticationError):
        aoai.map("CONFIDENTIAL {{ value }}", range(3), max_tokens=1, concurrency=1)
    (path,) = files()
    assert b"CONFIDENTIAL" not in path.read_bytes().replace(b'"CONF', b"")  # the one answer is its first token
    assert path.stat().st_mode & 0o077 == 0


def test_an_interrupt_keeps_what_is_done_and_waits_for_what_is_paid() -> None:
    aoai.connect("local")
    faults("delay=0.4 skip=3 times=4")

    def stop(words: str, fraction: float | None) -> None:
        if fraction is not None and fraction >= 0.05:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(errors.Interrupted, match="--resume") as caught:
        aoai.map("{{ value }}", range(50), concurrency=2, on_progress=stop)
    answered = int(caught.value.reply["answer"].notna().sum())
    assert 3 <= answered < 50
    assert all(row["outcome"] == "stop" for row in ledger.rows())
    assert len(ledger.rows()) == answered
    assert aoai.map("{{ value }}", range(50), resume=True)["answer"].notna().all()
    assert len(ledger.rows()) == 50


def test_rows_that_were_answered_are_counted_and_not_requests() -> None:
    aoai.connect("local")
    faults("error=no-access skip=2 times=1000")
    with pytest.raises(errors.AuthenticationError) as caught:
        aoai.map("{{ value }}", ["a", "b", "a", "c", "a"], concurrency=1, temperature=0)
    assert "4 rows are answered and kept" in caught.value.fix


def test_a_second_interrupt_waits_for_nothing() -> None:
    aoai.connect("local")
    faults("delay=3 skip=1 times=4")
    started = threading.Event()

    def stop(words: str, fraction: float | None) -> None:
        if "1 of 9" in words or started.is_set():
            started.set()
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(errors.Interrupted) as caught:
        aoai.map("{{ value }}", range(9), concurrency=1, on_progress=stop)
    assert caught.value.reply["answer"].notna().sum() == 1
    outcomes = [row["outcome"] for row in ledger.rows()]
    assert outcomes == ["stop", None]  # the second is under way, and settled when it comes
    assert threading.active_count() > 1


def test_another_kernel_can_finish_it(tmp_path: Path) -> None:
    cut(10, 4)
    code = """
import aoai_magic as aoai
frame = aoai.map("{{ value }}", range(10), resume=True)
print(frame["answer"].tolist())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([str(number) for number in range(10)])
    assert files() == []


def test_a_map_that_all_goes_wrong_with_is_answered_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = soak(200, service_faults=12, kills=1, interrupts=1, full_disks=0, seed=1, home=tmp_path)
    check(result, 200, tmp_path, monkeypatch)


def check(result: Any, rows: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What must hold after a soak: every row answered, nothing sent unseen, and nothing on disk sent again."""
    assert result.answers == [f"row {number}" for number in range(rows)]
    assert result.sent_again == []
    monkeypatch.setenv("AOAI_HOME", str(home))
    found = ledger.rows()
    pending = sum(row["outcome"] is None for row in found)
    settled = len(found) - pending
    assert settled <= result.arrived <= settled + pending
    assert pending <= CONCURRENCY * (result.kills + result.full_disks)
    usage = aoai.usage()
    unknown = usage[usage["outcome"].isna()]
    assert len(unknown) == pending
    assert (unknown["unknown_up_to"] > 0).all()
    return {"settled": settled, "pending": pending, "arrived": result.arrived}


def test_a_width_is_never_less_than_one() -> None:
    width = Width(4)
    for _ in range(10):
        width.trouble()
    assert width.now == 1


def test_a_warning_is_words_alone(shell: Any, capfd: pytest.CaptureFixture[str]) -> None:
    shell.user_ns["rows"] = [{"x": "one"}]
    with pytest.warns(RunsWarning, match="None was cut") as warned:
        shell.run_cell("%%chat --over rows --resume\n{{ x }}")
    assert {one.filename for one in warned} == {"aoai-magic"}
