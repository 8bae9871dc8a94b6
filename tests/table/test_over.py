"""%%chat --over, through the real shell and the real local service."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pandas
import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger

CITIES = pandas.DataFrame({"city": ["Oslo", "Rome", "Oslo"]})


@pytest.fixture
def cities(shell: Any) -> None:
    shell.user_ns.update(cities=CITIES, greeting="Hello", city="nowhere", weather=str.upper)


def test_a_cell_is_sent_for_each_row(run: Any, shell: Any, cities: None) -> None:
    printed = run("%%chat --over cities -o answers\n{{ greeting }} {{ city }}")
    assert shell.user_ns["answers"]["answer"].tolist() == ["Hello Oslo", "Hello Rome", "Hello Oslo"]
    assert shell.user_ns["_"] is shell.user_ns["answers"]
    assert "| Oslo | Hello Oslo |" in printed
    assert "gpt-4o · 3 rows · 27 tokens in, 6 out" in printed
    assert aoai.last is None


def test_rows_that_are_not_sent_are_said(run: Any, cities: None) -> None:
    assert "3 rows · 1 repeat another, and were not sent" in run("%%chat --over cities -t 0\n{{ city }}")
    assert "repeat" not in run("%%chat --over cities -t 0 --no-unique\n{{ city }}")
    assert len(ledger.rows()) == 5


def test_the_system_message_is_the_rows_own(run: Any, shell: Any, cities: None) -> None:
    run("%%chat --over cities -o foreseen --dry-run -s '{{ greeting }} {{ city }}'\n{{ city }}")
    foreseen = shell.user_ns["foreseen"]
    assert [part.name for part in foreseen.parts] == ["system", "user", "start of the reply"]
    assert foreseen.row_count == 3
    assert ledger.rows() == []


def test_other_options_are_filled_in_from_the_kernel(run: Any, shell: Any, cities: None) -> None:
    shell.user_ns["most"] = 2
    run("%%chat --over cities -o answers --max-tokens '{{ most }}'\nx {{ city }}")
    assert shell.user_ns["answers"]["error"].tolist()[0] in (pandas.NA, "cut at the token limit")
    assert {row["completion_tokens"] for row in ledger.rows()} == {2}


def test_the_estimate_is_for_the_whole_table(run: Any, shell: Any, cities: None) -> None:
    run("%%chat --over cities -t 0 -o foreseen --dry-run --max-tokens 100\n{{ city }}")
    foreseen = shell.user_ns["foreseen"]
    assert isinstance(foreseen, aoai.TableEstimate)
    assert foreseen.choices == 2
    assert foreseen.dearest == pytest.approx((foreseen.prompt_tokens * 2.5 + 200 * 10) / 1e6)
    run("%%chat --over cities -t 0 -o answers\n{{ city }}")
    assert sum(row["prompt_tokens"] for row in ledger.rows()) == foreseen.prompt_tokens


def test_a_file_may_be_the_table(run: Any, shell: Any, tmp_path: Path) -> None:
    CITIES.to_csv(tmp_path / "cities.csv", index=False)
    CITIES.to_json(tmp_path / "cities.jsonl", orient="records", lines=True)
    for name in ("cities.csv", "cities.jsonl"):
        run(f"%%chat --over {tmp_path / name} -o answers --limit 2\n{{{{ city }}}}")
        assert shell.user_ns["answers"]["answer"].tolist() == ["Oslo", "Rome"]
    (tmp_path / "notes.txt").write_text("no table")
    with pytest.raises(errors.OptionError, match="is no table"):
        run(f"%%chat --over {tmp_path / 'notes.txt'}\n{{{{ city }}}}")


def test_an_endless_iterator_asks_for_a_limit(run: Any, shell: Any) -> None:
    shell.user_ns["numbers"] = itertools.count()
    with pytest.raises(errors.SettingsError, match="--limit 1000"):
        run("%%chat --over numbers\n{{ value }}")
    run("%%chat --over numbers --limit 2 -o answers\n{{ value }}")
    assert shell.user_ns["answers"]["answer"].tolist() == ["0", "1"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("--over town", "neither a variable nor a file"),
        ("--over cities -i talk", "takes no conversation"),
        ("--over cities --tools weather", "takes no tools"),
        ("--over cities --request", "is about one request"),
        ("--over cities --code python", "is about one request"),
        ("--over cities -n 2", "takes no n"),
        ("--over cities --compare gpt-4o,gpt-4o-mini", "takes no compare"),
        ("--resume", "is about a table"),
        ("--limit 3", "is about a table"),
        ("--concurrency 3", "is about a table"),
        ("--no-unique", "is about a table"),
    ],
)
def test_options_that_do_not_go_together_are_told(run: Any, cities: None, line: str, what: str) -> None:
    with pytest.raises(errors.OptionError, match=what):
        run(f"%%chat {line}\n{{{{ city }}}}")


def test_an_error_leaves_the_table_so_far_in_the_variable(run: Any, shell: Any, cities: None, cloud: Any) -> None:
    cloud.completion("Hello!")
    cloud.answer(401, {"error": {"message": "no", "code": "401"}})
    run(f"%aoai connect {cloud.url}/v1 -d gpt-4o")
    with pytest.raises(errors.AuthenticationError, match="--resume"):
        run("%%chat --over cities --concurrency 1 -o answers\n{{ city }}")
    assert shell.user_ns["answers"]["answer"].tolist()[0] == "Hello!"
    cloud.completion("Hi!")
    printed = run("%%chat --over cities --resume -o answers\n{{ city }}")
    assert "1 answered by the run before" in printed
    assert shell.user_ns["answers"]["answer"].tolist() == ["Hello!", "Hi!", "Hi!"]


def test_quiet_shows_nothing(run: Any, shell: Any, cities: None) -> None:
    assert run("%%chat --over cities -q -o answers\n{{ city }}") == ""
    assert len(shell.user_ns["answers"]) == 3


def test_what_models_say_is_no_markdown_in_the_preview(run: Any, shell: Any) -> None:
    shell.user_ns["table"] = ["a | b", "![x](http://x.example/y.png)", "line\nline"]
    printed = run("%%chat --over table\n{{ value }}")
    assert "| a \\| b | a \\| b |" in printed
    assert "!\\[x\\](http" in printed
    assert "| line line | line line |" in printed


@pytest.mark.parametrize(("count", "said"), [(5, ""), (6, ""), (7, "… and 2 rows more")])
def test_a_row_is_never_left_out_alone(run: Any, shell: Any, count: int, said: str) -> None:
    shell.user_ns["table"] = pandas.DataFrame({"n": range(count)})
    printed = run("%%chat --over table\n{{ n }}")
    assert (said in printed, "rows more" in printed) == (True, bool(said))
    assert f"| {min(count, 6) - 1 - (count > 6)} |" in printed
