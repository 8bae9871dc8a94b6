"""Dask tables, on a real cluster in this process."""

from __future__ import annotations

import shutil
import signal
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pandas
import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger, settings
from aoai_magic.operations.faults import faults
from aoai_magic.table.purse import Purse

dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

# What Dask and Tornado warn of is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")
FRAME = pandas.DataFrame({"word": [f"word {number}" for number in range(20)]}, index=range(100, 120))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.Client(
            processes=False, n_workers=2, threads_per_worker=2, dashboard_address=None, set_as_default=True
        ) as client:
            yield client


@pytest.fixture(autouse=True)
def _nothing_left() -> None:
    shutil.rmtree(settings.home() / "maps", ignore_errors=True)


def table(partitions: int = 4) -> Any:
    return dd.from_pandas(FRAME, npartitions=partitions)


def test_without_a_cluster_it_is_said_how_to_get_one() -> None:
    with pytest.raises(errors.SettingsError, match="no cluster") as caught:
        aoai.map("{{ word }}", table())
    assert "Client()" in caught.value.fix


def test_a_dask_table_comes_back_with_its_answers(cluster: Any) -> None:
    found = aoai.map(
        "{{ greeting }} {{ word }}", table(), names={"greeting": "Hello", "other": lambda: 1}, temperature=0
    )
    assert found.columns.tolist() == ["word", "answer", "error"]
    assert found.npartitions == 4
    frame = found.compute()
    assert frame["answer"].tolist() == [f"Hello word {number}" for number in range(20)]
    assert frame.index.tolist() == list(range(100, 120))
    assert len(ledger.rows()) == 20
    found.compute()
    assert len(ledger.rows()) == 20  # what is paid for is kept


def test_a_schema_gives_the_types_that_were_promised(cluster: Any) -> None:
    found = aoai.map("{{ word }}", table(), schema="name, age int, mood glad|sad")
    promised = found.dtypes.to_dict()
    assert found.compute().dtypes.to_dict() == promised
    assert str(promised["age"]) == "Int64"


def test_what_would_go_wrong_with_all_is_raised_here(cluster: Any) -> None:
    with pytest.raises(errors.DeploymentNotFoundError, match="no deployment 'nope'"):
        aoai.map("{{ word }}", table(), deployment="nope")
    with pytest.raises(errors.SettingsError, match="has a column 'word' already"):
        aoai.map("{{ word }}", table(), output="word")


def test_no_more_partitions_are_mapped_at_once_than_the_limits_were_parted_for(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aoai_magic.table.job import Job

    now = most = 0
    parts = set()
    run = Job.run

    def counted(self: Job, *args: Any, **options: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        parts.add(options["parts"])
        try:
            return run(self, *args, **options)
        finally:
            now -= 1

    monkeypatch.setattr(Job, "run", counted)
    aoai.connect("local")
    faults("delay=0.2 times=20")
    aoai.map("{{ word }}", table(8), concurrency=2)
    faults("off")
    assert parts == {2}
    assert most == 2


def test_a_budget_is_for_all_partitions_together(cluster: Any) -> None:
    with pytest.raises(errors.BudgetError):
        aoai.map("{{ word }}", table(), budget=0.00004, max_tokens=5)
    spent = sum(row["counted"] for row in ledger.rows())
    assert spent <= 0.00004
    assert aoai.map("{{ word }}", table(), budget=1, max_tokens=5).compute()["answer"].notna().all()


def test_what_a_partition_does_not_need_is_left_to_those_after_it(cluster: Any) -> None:
    purse = Purse("purse")
    purse.fill(1.0, 4)
    with purse.open(None) as first, purse.open(0.1) as second:
        assert first.usd == pytest.approx(0.25)
        assert second.usd == pytest.approx(0.1)  # all that it may cost
        first.spent = second.spent = 0.05
    with pytest.raises(errors.AoaiError), purse.open(None) as third:
        assert third.usd == pytest.approx(0.45)
        raise errors.AoaiError("broke off")  # then it counts in full
    with purse.open(None) as last:
        assert last.usd == pytest.approx(0.45)


def test_what_the_workers_spend_counts_for_the_kernel_that_sent_them(service: Any) -> None:
    with distributed.Client(processes=True, n_workers=1, threads_per_worker=1, dashboard_address=None):
        aoai.map("{{ word }}", table(2), max_tokens=5).compute()
    assert {row["session"] for row in ledger.rows()} == {ledger.SESSION}
    assert len(ledger.rows()) == 20


def test_a_key_does_not_travel(cluster: Any, service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import cloudpickle

    from aoai_magic.table import partitions

    seen = []
    watch = partitions._watch
    monkeypatch.setattr(
        partitions, "_watch", lambda client, share, *rest: seen.append(share) or watch(client, share, *rest)
    )
    aoai.connect(f"http://127.0.0.1:{service.port}/openai/v1", api_key=service.key, deployment="gpt-4o")
    assert aoai.map("{{ word }}", table(1)).compute()["answer"].notna().all()  # workers here are threads of this kernel
    assert service.key.encode() not in cloudpickle.dumps(seen[0].target)


def test_a_cell_may_be_over_one(cluster: Any, run: Any, shell: Any) -> None:
    shell.user_ns.update(table=table(), open_file=open, greeting="Hello")
    printed = run("%%chat --over table -o answers\n{{ greeting }} {{ word }}")
    assert "4 partitions are mapped; answers.compute() gathers them" in printed
    assert shell.user_ns["answers"].compute()["answer"].tolist()[0] == "Hello word 0"
    run("%%chat --over table -o answers --limit 7\n{{ word }}")
    assert len(shell.user_ns["answers"]) == 7
    with pytest.raises(errors.SettingsError, match="How many rows a Dask table has"):
        run("%%chat --over table --dry-run\n{{ word }}")


def test_an_interrupt_stops_the_partitions_too_and_resume_goes_on(cluster: Any) -> None:
    aoai.connect("local")
    faults("delay=0.3 skip=2 times=200")

    def stop(words: str, fraction: float | None) -> None:
        if len(ledger.rows()) >= 6:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(errors.Interrupted):
        aoai.map("{{ word }}", table(4), concurrency=2, on_progress=stop)
    deadline = time.monotonic() + 60
    while any(row["outcome"] is None for row in ledger.rows()) and time.monotonic() < deadline:
        time.sleep(0.1)
    faults("off")
    assert 6 <= len(ledger.rows()) < 20
    aoai.map("{{ word }}", table(4), resume=True)
    assert len(ledger.rows()) == 20
