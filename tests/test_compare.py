"""Several deployments asked at once: --compare and aoai.compare, through the real shell and service."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic import current, errors
from aoai_magic.operations.faults import faults
from aoai_magic.render import Column, Columns, Words, bundled

COLUMNS = [
    "deployment", "model", "reply", "prompt_tokens", "completion_tokens", "price", "azure_price", "seconds", "finish_reason", "error",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_fault_stays() -> Any:
    yield
    faults("off")


def test_replies_stand_one_below_the_other_in_their_order(run: Any, shell: Any) -> None:
    printed = run("%%chat --compare gpt-4o,gpt-4o-mini -o table --max-tokens 2\nSay hello twice")
    line = "answered by echo on this machine · 10 tokens in, 2 out · cut at the token limit"
    assert printed == f"gpt-4o\n──────\nSay hello\n\n{line}\n\ngpt-4o-mini\n───────────\nSay hello\n\n{line}\n"
    table = shell.user_ns["table"]
    assert table is shell.user_ns["_"]
    assert table.columns.tolist() == COLUMNS
    assert table["deployment"].tolist() == ["gpt-4o", "gpt-4o-mini"]
    assert table["reply"].tolist() == ["Say hello", "Say hello"]
    assert table["completion_tokens"].tolist() == [2, 2]
    assert table["price"].tolist() == [0, 0]
    assert table["azure_price"][0] > table["azure_price"][1] > 0
    assert table["error"].isna().all()


def test_all_are_asked_at_once() -> None:
    faults("delay=1.5 times=3")
    table = aoai.compare("hi", ["gpt-4o", "gpt-4o-mini", "gpt-4.1"])
    assert table["seconds"].min() > 1.4
    rows = aoai.usage()
    assert len(rows) == 3, "each is a request of its own in the ledger"
    began = (rows["when"].max() - rows["when"].min()).total_seconds()
    assert began < 1.4, "the last left before the first was answered"


def test_one_that_fails_is_a_row_and_the_cell_fails_after_the_table(run: Any, shell: Any) -> None:
    with pytest.raises(errors.ComparisonError) as caught:
        run("%%chat --compare gpt-4o,nope,gpt-4o-mini -o table\nhi")
    assert str(caught.value).splitlines()[:2] == [
        "1 of 3 deployments failed: nope.",
        "The local service has no deployment 'nope'.",
    ]
    shown: str = caught.value.shown  # type: ignore[attr-defined]
    assert shown.index("gpt-4o\n──") < shown.index("nope\n──") < shown.index("gpt-4o-mini\n──")
    assert shown.index("gpt-4o-mini\n──") < shown.index("ComparisonError")
    table = shell.user_ns["table"]
    assert isinstance(caught.value.reply, pandas.DataFrame)
    assert table["error"][1] == "DeploymentNotFoundError: The local service has no deployment 'nope'."
    assert table["reply"].isna().tolist() == [False, True, False]


def test_what_had_come_of_a_reply_that_broke_off_is_in_its_row() -> None:
    faults("reset=300 times=1")
    with pytest.raises(errors.ComparisonError) as caught:
        aoai.compare("one two three four five six seven eight", ["gpt-4o", "gpt-4o-mini"])
    table: Any = caught.value.reply
    assert sorted(table["finish_reason"].fillna("broken")) == ["broken", "stop"]


def test_the_last_reply_is_the_last_of_them_in_their_order() -> None:
    faults("delay=0.5 times=1")
    for _ in range(2):
        aoai.compare("hi", "gpt-4o, gpt-4o-mini")
        assert isinstance(aoai.last, aoai.Reply)
        assert aoai.last.deployment == "gpt-4o-mini"


def test_options_hold_for_all(run: Any) -> None:
    run('%%chat --compare gpt-4o,gpt-4o-mini -s Rhyme. -t 0 --schema "name, age int"\nhi')
    assert isinstance(aoai.last, aoai.Reply)
    assert aoai.last.request["messages"][0]["content"] == "Rhyme."
    assert aoai.last.request["temperature"] == 0
    assert aoai.last.json == {"name": "", "age": 0}


def test_a_budget_is_for_all_together() -> None:
    price = aoai.estimate("hi", deployment="gpt-4o", max_tokens=100).dearest
    assert price is not None
    with pytest.raises(errors.ComparisonError) as caught:
        aoai.compare("hi", ["gpt-4o", "gpt-4o-2024-11-20"], max_tokens=1, budget=price / 25)
    table: Any = caught.value.reply
    assert table["error"].notna().sum() >= 1
    assert aoai.compare("hi", ["gpt-4o", "gpt-4o-mini"], max_tokens=100, budget=3 * price)["error"].isna().all()


def test_a_conversation_is_sent_along_and_stays_as_it_is(run: Any) -> None:
    run("%%chat -c\nfirst")
    printed = run("%%chat -c --compare gpt-4o,gpt-4o-mini\nsecond")
    assert printed.count("not joined to main: 1 turn, as before") == 2
    assert isinstance(aoai.last, aoai.Reply)
    assert [one["content"] for one in aoai.last.request["messages"]] == ["first", "first", "second"]
    assert len(aoai.conversation()) == 1
    run("%%chat -i other --compare gpt-4o,gpt-4o-mini\nsecond")
    assert set(current.conversations) == {"main"}


def test_a_dry_run_is_a_table_of_estimates(run: Any, shell: Any) -> None:
    run("%%chat --compare gpt-4o,gpt-4o-mini --dry-run --max-tokens 10 --budget 1 -o table\nhi")
    table = shell.user_ns["table"]
    assert table["prompt_tokens"].tolist() == [8, 8]
    assert table["max_tokens"].tolist() == [10, 10]
    assert table["dearest"][0] > table["dearest"][1] > 0
    assert aoai.last is None


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("--compare gpt-4o", "can't be compared with nothing"),
        ("--compare ,", "No deployment is named"),
        ("--compare gpt-4o,gpt-4o-mini,gpt-4o", "named twice"),
        ("gpt-4o --compare gpt-4o,gpt-4o-mini", "--deployment can't go with"),
        ("-f json --compare gpt-4o,gpt-4o-mini", "--format can't go with"),
        ("--request --compare gpt-4o,gpt-4o-mini", "--request can't go with"),
    ],
)
def test_what_can_not_be_compared_is_refused(run: Any, line: str, what: str) -> None:
    with pytest.raises(errors.OptionError, match=what):
        run(f"%%chat {line}\nhi")
    assert aoai.last is None


def test_a_format_for_all_cells_is_for_those_with_one_reply(run: Any) -> None:
    run("%config AoaiMagics.format = 'json'")
    assert "hi" in run("%%chat --compare gpt-4o,gpt-4o-mini\nhi")


def test_quiet_shows_nothing(run: Any) -> None:
    assert run("%%chat -q --compare gpt-4o,gpt-4o-mini\nhi") == ""


# How it looks


class Tags(HTMLParser):
    """All that HTML does beside showing text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


HARMLESS = set(
    "div table colgroup col thead tbody tr th td p h1 h2 h3 h4 h5 h6 strong em s pre code blockquote ul ol li hr br a span style".split()
)


def check(column: Column) -> None:
    shown = bundled([Columns([column, Column("gpt-4o", [Words("fine")])])])
    found = Tags(shown["text/html"])
    assert found.tags <= HARMLESS
    assert not {name for name in found.attributes if name.startswith("on")}
    assert not any(sign in shown["text/plain"] for sign in "\x1b\x9b\x07\u202e\u200b")


def test_no_payload_does_anything_wherever_it_stands() -> None:
    for one in json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8")):
        text = one["payload"]
        check(Column(text, [Words(text)], {text: text}, text))


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_stands_in_a_column_is_harmless(head: str, text: str, fact: str, error: str) -> None:
    check(Column(head, [Words(text)], {fact: fact}, error))


def test_a_text_can_not_leave_its_cell() -> None:
    html = Columns([Column("a", [Words("</td></tr></table>```\n| x |")]), Column("b", [Words("```\nunclosed")])]).html()
    assert html.count("<table") == html.count("</table>") == 1
    assert html.count("<td") == html.count("</td>")


def test_columns_have_the_same_facts_in_the_same_rows() -> None:
    html = Columns([Column("a", facts={"tokens": "1", "end": "cut"}), Column("b", facts={"tokens": "2"})]).html()
    assert html.count("<tr") == 4  # the heads, the texts, and a row for each fact
    assert html.index("1</td>") < html.index("2</td>") < html.index("cut</td>")
