"""Budgets on real requests: through the shell and the local service, and against a cloud that fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger, spending
from aoai_magic.operations.faults import faults

from .cloud import Cloud

WORDS = "word " * 50
# What one such request costs, its reply cut at 10 tokens: gpt-4o's list price, $2.50 and $10 a million.
PROMPT = 58
PRICE = (PROMPT * 2.5 + 10 * 10) / 1_000_000


def rows() -> list[dict[str, Any]]:
    return spending.usage().to_dict("records")


def test_a_reply_of_the_local_service_is_a_row_at_no_price(run: Any) -> None:
    run(f"%%chat --max-tokens 10\n{WORDS}")
    (row,) = ledger.rows()
    assert (row["connection"], row["deployment"], row["outcome"]) == ("local", "gpt-4o", "length")
    assert (row["prompt_tokens"], row["completion_tokens"], row["estimated_tokens"]) == (PROMPT, 10, PROMPT)
    assert (row["price"], row["azure_price"]) == (0, pytest.approx(PRICE))
    assert row["dearest"] == pytest.approx(PRICE)
    assert row["model"].startswith("gpt-4o")
    assert row["seconds"] > 0


def test_no_prompt_reply_or_key_is_in_the_ledger(run: Any, monkeypatch: pytest.MonkeyPatch, cloud: Any) -> None:
    run("%%chat -s CONFIDENTIALLY\nCLASSIFIED matters")
    cloud.completion("UNDISCLOSED")
    aoai.connect(f"{cloud.url}/v1", api_key="SEKRET-KEY-1234", deployment="gpt-4o")
    run("%%chat\nCLASSIFIED matters")
    cloud.answer(401, {"error": {"message": "key SEKRET-KEY-1234", "code": "401"}})
    with pytest.raises(errors.AuthenticationError):
        run("%%chat\nCLASSIFIED matters")
    content = b"".join(file.read_bytes() for file in ledger.path().parent.glob("ledger.sqlite3*"))
    assert b"gpt-4o" in content
    for word in (b"CLASSIFIED", b"CONFIDENTIALLY", b"UNDISCLOSED", b"SEKRET", b"127.0.0.1"):
        assert word not in content


def test_a_cells_budget_lowers_the_limit_of_its_reply_and_the_cell_says_so(run: Any) -> None:
    run(f"%%chat --budget 0.0003\n{WORDS}")
    assert aoai.last is not None
    assert aoai.last.request["max_tokens"] == 15  # (0.0003 - 58 x 0.0000025) / 0.00001
    assert aoai.last.azure_cost <= 0.0003  # type: ignore[operator]
    assert "at most 15 tokens, so that the budget holds ($0.00 of $0.00030 for this cell)" in aoai.last.status()
    assert "budget" not in aoai.last.status(watched=False)


def test_a_limit_that_the_user_set_lower_stays(run: Any) -> None:
    run(f"%%chat --budget 0.5 --max-tokens 7\n{WORDS}")
    assert aoai.last is not None
    assert aoai.last.request["max_tokens"] == 7
    assert aoai.last.note == ""


def test_a_reasoning_models_limit_has_its_own_name() -> None:
    reply = aoai.chat("hi", deployment="o4-mini", budget=0.001)
    assert "max_tokens" not in reply.request
    assert reply.request["max_completion_tokens"] < 1000


def test_where_no_document_says_how_it_is_counted_a_little_more_is_reserved() -> None:
    for deployment, inexact in (("o4-mini", True), ("gpt-4o", False)):
        reply = aoai.chat("hi", deployment=deployment, max_tokens=10)
        assert reply.estimate is not None
        assert (ledger.rows()[-1]["dearest"] > (reply.estimate.dearest or 0)) == inexact


def test_several_answers_share_the_budget() -> None:
    reply = aoai.chat(WORDS, n=3, budget=0.0003)
    assert reply.request["max_tokens"] == 5
    assert reply.azure_cost <= 0.0003  # type: ignore[operator]


def test_several_calls_share_an_allowance() -> None:
    allowance = aoai.Allowance(2.5 * PRICE)
    limits = [aoai.chat(WORDS, max_tokens=10, budget=allowance).request["max_tokens"] for _ in range(2)]
    assert limits == [10, 10]
    with pytest.raises(errors.BudgetError, match="this cell"):
        aoai.chat(WORDS, max_tokens=10, budget=allowance)


@pytest.mark.parametrize("budget", [-1, "0.5", float("nan")])
def test_what_is_no_amount_is_no_budget_of_a_call(budget: Any) -> None:
    with pytest.raises(errors.SettingsError, match="no amount"):
        aoai.chat("hi", budget=budget)
    assert ledger.rows() == []


def test_a_cell_that_cannot_fit_is_not_sent(run: Any, cloud: Any) -> None:
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    with pytest.raises(errors.BudgetError, match="Not sent") as refused:
        run(f"%%chat --budget 0.0001\n{WORDS}")
    assert cloud.asked == ledger.rows() == []
    assert "leave --budget out" in str(refused.value).lower()


def test_a_dry_run_costs_nothing_whatever_the_budget(run: Any) -> None:
    run("%aoai budget 0")
    run("%%chat --dry-run --budget 0\nhi")
    assert not ledger.rows()


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("--budget 1", "has room for it $0.00 of $1.00 for this cell"),
        ("--budget 0.0003", "at most 15 tokens $0.00 of $0.00030 for this cell"),
        (
            "--budget 0.0001",
            "refuses it $0.00 of $0.00010 for this cell; it costs at least $0.00015 (on Azure, that is)",
        ),
    ],
)
def test_a_dry_run_says_what_the_budgets_would_make_of_the_cell(
    run: Any, shell: Any, monkeypatch: pytest.MonkeyPatch, line: str, row: str
) -> None:
    assert "budget" not in run(f"%%chat --dry-run {line}\n{WORDS}")  # nobody watches: it is the same at every run
    monkeypatch.setattr("aoai_magic.operations.answering.is_watched", lambda: True)
    run(f"%%chat --dry-run -o foreseen {line}\n{WORDS}")
    assert f"budget {row}" in " ".join(str(shell.user_ns["foreseen"]).split())
    assert ledger.rows() == []
    assert not ledger.path().exists()
    try:
        run(f"%%chat {line}\n{WORDS}")
    except errors.BudgetError as refused:
        assert "refuses" in row
        assert row.rpartition("; ")[2] in str(refused)
    else:
        assert aoai.last is not None
        assert ("at most 15" in row) == (aoai.last.request.get("max_tokens") == 15)


def test_a_dry_run_needs_no_ledger(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aoai_magic.operations.answering.is_watched", lambda: True)
    ledger.path().write_bytes(b"no database at all" * 99)
    foreseen = aoai.estimate("hi", budget=1)
    assert foreseen.dearest is not None
    assert any("ledger can't be read" in warning for warning in foreseen.warnings)


def test_a_budget_is_set_shown_and_lifted(run: Any) -> None:
    assert "No budget is set" in run("%aoai budget")
    run("%aoai connect https://contoso.openai.azure.com")
    assert run("%aoai budget 0.50") == "Spent $0.00 of $0.50 for this session.\n"
    assert "Spent $0.00 of $2.00 for today." in run("%aoai budget 2 --per day")
    assert run("%aoai budget").count("Spent") == 2
    run("%aoai budget off")
    assert run("%aoai budget") == "Spent $0.00 of $2.00 for today.\n"


def test_on_the_local_service_a_budget_counts_what_azure_would_ask_and_says_so(run: Any) -> None:
    run("%aoai budget 0.01")
    run(f"%%chat --max-tokens 10\n{WORDS}")
    shown = run("%aoai budget")
    assert "Spent $0.00025 of $0.010 for this session." in shown or "Spent $0.00024 of" in shown
    assert "what the same would cost on Azure" in shown


@pytest.mark.parametrize(
    "line", ["%aoai budget -1", "%aoai budget nan", "%aoai budget much", "%aoai budget 1 --per year"]
)
def test_what_is_no_budget_is_an_error(run: Any, line: str) -> None:
    with pytest.raises(errors.OptionError):
        run(line)
    assert not ledger.path().exists()


def test_usage_is_a_table_with_its_total(run: Any, shell: Any) -> None:
    assert "total" in run("%aoai usage")
    run("%%chat gpt-4o\nhi")
    run("%%chat gpt-4o-mini\nhi")
    shown = run("%aoai usage --by model")
    assert "Estimates of 2 requests: prompt tokens off by 0.0% on average" in shown
    run("table = %aoai usage --by model")
    assert shell.user_ns["table"]["requests"].tolist() == [1, 1, 2]
    assert [name[:6] for name in shell.user_ns["table"].index] == ["gpt-4o", "gpt-4o", "total"]


def test_usage_is_written_and_drawn(run: Any, shell: Any, tmp_path: Any) -> None:
    run("%%chat\nhi")
    assert "out.csv: 1." in run(f"%aoai usage --csv '{tmp_path}/out.csv'")
    assert (tmp_path / "out.csv").read_text().count("\n") == 2
    run("figure = %aoai usage --plot")
    assert shell.user_ns["figure"].axes


def test_the_extension_makes_no_ledger_until_something_is_sent(run: Any) -> None:
    run("%aoai status")
    run("%aoai usage")
    run("%aoai budget")
    assert not ledger.path().exists()


def test_an_interrupted_request_counts_in_full() -> None:
    def stop(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(errors.Interrupted):
        aoai.chat(WORDS, max_tokens=10, on_text=stop)
    (row,) = ledger.rows()
    assert (row["outcome"], row["azure_price"]) == ("interrupted", None)
    assert row["counted"] == pytest.approx(PRICE)


def test_an_interrupt_before_anything_was_sent_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    aoai.connect("local")
    monkeypatch.setattr("aoai_magic.transport._Signer.signed", stop)
    with pytest.raises(errors.Interrupted):
        aoai.chat(WORDS, max_tokens=10)
    (row,) = ledger.rows()
    assert (row["outcome"], row["counted"]) == ("interrupted", 0)


FILTERED = {"error": {"message": "filtered", "code": "content_filter", "param": "prompt", "status": 400}}
TOO_LONG = {"error": {"message": "too long", "code": "context_length_exceeded", "param": "messages"}}
INVALID = {"error": {"message": "no", "code": "invalid_value", "param": "seed"}}


@pytest.mark.parametrize(
    ("status", "body", "charged"),
    [(400, FILTERED, True), (400, TOO_LONG, True), (400, INVALID, False), (401, INVALID, False), (404, INVALID, False)],
)
def test_errors_cost_what_azure_says_they_do(cloud: Any, status: int, body: Any, charged: bool) -> None:
    cloud.answer(status, body)
    connection = aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    with pytest.raises(errors.ServiceError):
        aoai.chat(WORDS, max_tokens=10, connection=connection)
    (row,) = ledger.rows()
    assert row["outcome"] == f"error {status}"
    assert row["price"] == (None if charged else 0)
    assert row["counted"] == pytest.approx(PRICE if charged else 0)


def test_a_retry_after_429_costs_nothing_more(cloud: Any) -> None:
    cloud.answer(429, {"error": {"message": "busy", "code": "429"}}, retry_after_ms="1")
    cloud.completion()
    connection = aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    aoai.chat(WORDS, max_tokens=10, connection=connection)
    assert [row["outcome"] for row in ledger.rows()] == ["stop"]


def test_a_retry_after_a_failure_that_may_be_charged_is_a_row_of_its_own(cloud: Any) -> None:
    cloud.answer(503, {"error": {"message": "fell over"}}, retry_after_ms="1")
    cloud.completion()
    connection = aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    aoai.chat(WORDS, max_tokens=10, connection=connection)
    first, second = ledger.rows()
    assert (first["outcome"], first["price"], first["counted"]) == ("tried again", None, pytest.approx(PRICE))
    assert (second["outcome"], second["price"]) == ("stop", pytest.approx((9 * 2.5 + 2 * 10) / 1_000_000))


def test_a_retry_that_no_longer_fits_the_budget_is_not_sent(cloud: Any) -> None:
    cloud.answer(503, {"error": {"message": "fell over"}}, retry_after_ms="1")
    connection = aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    with pytest.raises(errors.BudgetError):
        aoai.chat(WORDS, max_tokens=10, budget=1.5 * PRICE, connection=connection)
    assert len(cloud.asked) == 1
    assert len(ledger.rows()) == 1


def test_what_never_arrived_costs_nothing() -> None:
    connection = aoai.connect("http://127.0.0.1:9/v1", deployment="gpt-4o")
    connection.client.max_retries = 0
    with pytest.raises(errors.NoAnswerError):
        aoai.chat(WORDS, connection=connection)
    (row,) = ledger.rows()
    assert (row["price"], row["counted"]) == (0, 0)


def test_a_deployment_of_unknown_price_needs_no_budget_or_a_name_for_its_model(cloud: Any) -> None:
    cloud.completion(model="secret-sauce")
    connection = aoai.connect(f"{cloud.url}/v1", deployment="mine")
    aoai.chat("hi", connection=connection)
    assert rows()[0]["outcome"] == "stop"
    with pytest.raises(errors.BudgetError, match="isn't known"):
        aoai.chat("hi", budget=1, connection=connection)
    cloud.completion()
    told = aoai.connect(f"{cloud.url}/v1", deployment="mine", serves="gpt-4o")
    assert aoai.chat("hi", budget=1, connection=told).note == ""


def test_a_ledger_that_cannot_be_written_stops_the_cloud_and_not_the_local_service(cloud: Any) -> None:
    aoai.chat("warm")
    for file in ledger.path().parent.glob("ledger.sqlite3*"):
        file.unlink()
    ledger.path().mkdir()
    try:
        assert aoai.chat("hi").text == "hi"
        assert aoai.last is not None
        assert "isn't written down" in aoai.last.status()
        connection = aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
        with pytest.raises(errors.LedgerError):
            aoai.chat("hi", connection=connection)
        assert cloud.asked == []
    finally:
        ledger.path().rmdir()


def ask(_: int) -> bool:
    try:
        aoai.chat(WORDS, max_tokens=10)
    except errors.BudgetError:
        return False
    return True


def spent() -> float:
    return sum(row["counted"] for row in ledger.rows())


def test_fifty_requests_at_once_spend_no_more_than_a_budget_for_twenty() -> None:
    aoai.connect("local")
    aoai.chat("warm")
    ledger.set_budget(spent() + 20 * PRICE)
    with ThreadPoolExecutor(50) as pool:
        answered = sum(pool.map(ask, range(50)))
    assert answered == 20
    assert [row["outcome"] for row in ledger.rows()][1:] == ["length"] * 20
    assert spent() == pytest.approx(ledger.budgets(practice=True)[0].usd)


ASKING = f"""
import sys
sys.path.insert(0, {os.getcwd()!r})
import aoai_magic as aoai
from concurrent.futures import ThreadPoolExecutor
from tests.test_budgets import ask

aoai.connect("local").client
print("ready", flush=True)
input()
with ThreadPoolExecutor(25) as pool:
    print(sum(pool.map(ask, range(int(sys.argv[1])))))
"""


def kernel(requests: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ASKING, str(requests)]
    return subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def go(kernel: subprocess.Popen[str]) -> None:
    assert kernel.stdin
    kernel.stdin.write("go\n")
    kernel.stdin.flush()


def test_two_kernels_at_once_spend_no_more_than_a_budget_for_twenty_and_one_may_be_killed() -> None:
    aoai.chat("warm")
    ledger.set_budget(spent() + 20 * PRICE, "day")
    slow, quick = kernel(8), kernel(25)
    for one in (slow, quick):
        assert one.stdout
        one.stdout.readline()
    # The first one's replies come at a second a word, so that it is killed in the middle of all of them.
    faults("pace=1 times=8")
    go(slow)
    until = time.monotonic() + 20
    while faults() and time.monotonic() < until:
        time.sleep(0.01)
    go(quick)
    time.sleep(0.05)
    slow.kill()
    slow.communicate()
    answered = int(quick.communicate()[0])
    left = ledger.rows()[1:]
    never_settled = [row for row in left if row["outcome"] is None]
    assert (len(never_settled), answered, len(left)) == (8, 12, 20)
    assert spent() <= ledger.budgets(practice=True)[0].usd + 1e-8
    assert not ask(0)


@pytest.mark.parametrize(
    "more",
    [
        {"service_tier": "priority"},
        {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
        {"web_search_options": {}},
    ],
)
def test_what_costs_apart_has_no_known_price_and_passes_no_budget(cloud: Cloud, more: dict[str, Any]) -> None:
    cloud.completion()
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o", serves="gpt-4o")
    foreseen = aoai.estimate("hi", max_tokens=10, **more)
    assert foreseen.dearest is None
    assert "costs apart" in str(foreseen.warnings)
    with pytest.raises(errors.BudgetError):
        aoai.chat("hi", max_tokens=10, budget=1.0, **more)
    assert not cloud.asked
    assert aoai.chat("hi", max_tokens=10, stream=False, **more).cost is None
    assert aoai.chat("hi", max_tokens=10, stream=False, service_tier="default").cost
