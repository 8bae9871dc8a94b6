"""The comparing panel as Python sees it, over the real local service; tests/test_browser_panel.py has the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic.operations.faults import faults

from .cloud import Cloud
from .test_panel import until
from .test_safe_html import Inspector

PAYLOADS = json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8"))


@pytest.fixture
def panel() -> Iterator[aoai.Compare]:
    panel = aoai.Compare("gpt-4o,gpt-4o-mini")
    yield panel
    panel.close()
    if aoai.connection().kind == "local":
        faults("off")


def ended(panel: aoai.Compare) -> Any:
    assert panel._thread is not None
    panel._thread.join(60)
    return panel.table


def tick(panel: aoai.Compare, name: str) -> Any:
    return next(one for one in panel._ticks.children if one.description == name)


def test_all_that_are_ticked_are_asked_what_stands_in_the_box(panel: aoai.Compare) -> None:
    panel._watched = True
    panel._box.text = "one two three"
    panel.ask()
    table = ended(panel)
    assert table["deployment"].tolist() == ["gpt-4o", "gpt-4o-mini"]
    assert table["reply"].tolist() == ["one two three"] * 2
    assert panel._box.text == "one two three", "the next comparison is of the same prompt, a little changed"
    for fact in ("one two three", "10 tokens in, 3 out", " s</td>", "$"):
        assert fact in panel._shown.value.replace("<span>$</span>", "$")
    assert len(aoai.usage()) == 2
    assert panel._box.heard == "Answered."


def test_what_it_will_cost_is_said_as_it_is_typed(panel: aoai.Compare) -> None:
    panel._box.text = "one two three"
    line = panel._line.value.replace("<span>$</span>", "$")
    assert line == "tokens in: gpt-4o 10, gpt-4o-mini 10 · $0.000037 to $0.17 together (on Azure; nothing here)"
    panel._settings.parameters._max_tokens.moving.value = 100
    assert " to <span>$</span>0.0011 together" in panel._line.value
    assert len(aoai.usage()) == 0


def test_one_alone_is_not_compared(panel: aoai.Compare) -> None:
    tick(panel, "gpt-4o").value = False
    panel._box.text = "hi"
    assert panel._line.value == "Tick at least two deployments."
    panel.ask()
    assert panel._line.value.startswith("gpt-4o-mini can't be compared with nothing.")
    assert panel.table is None


def test_deployments_may_be_named_too(panel: aoai.Compare) -> None:
    panel._others.value = "ours, gpt-4o , theirs"
    assert panel.deployments == ["gpt-4o", "gpt-4o-mini", "ours", "theirs"]
    assert repr(panel) == "<Compare gpt-4o, gpt-4o-mini, ours, theirs>"
    panel.ask("hi")
    table = ended(panel)
    assert table["error"].notna().tolist() == [False, False, True, True]
    assert "The local service has no deployment 'ours'." in panel._shown.value.replace("&#x27;", "'")
    assert panel._box.heard == "Not all answered."
    assert not panel._send_button.disabled


def test_what_one_of_them_refuses_is_greyed(panel: aoai.Compare) -> None:
    temperature = panel._settings.parameters._temperature.moving
    temperature.value = 0.2
    assert panel._settings.values() == {"temperature": 0.2}
    tick(panel, "gpt-5").value = True
    assert temperature.disabled
    assert temperature.tooltip.startswith("gpt-5: It is a reasoning model")
    panel.ask("hi")
    assert ended(panel)["error"].isna().all()
    tick(panel, "gpt-5").value = False
    assert not temperature.disabled


def test_stop_keeps_what_has_come_and_the_next_is_answered(panel: aoai.Compare) -> None:
    faults("pace=1.5 times=2")
    panel.ask("one two three")
    until(lambda: panel._shown.value.count("<p>one</p>") == 2)
    panel.stop()
    assert panel._stop_button.disabled
    assert panel._box.heard == "Stopped."
    table = ended(panel)
    assert table["reply"].tolist() == ["one", "one"]
    assert set(aoai.usage()["outcome"]) == {"interrupted"}
    panel.ask("four")
    assert ended(panel)["reply"].tolist() == ["four", "four"]


def test_they_are_seen_growing(panel: aoai.Compare) -> None:
    seen: list[str] = []
    panel._shown.observe(lambda change: seen.append(change["new"]), "value")
    faults("pace=0.3 times=2")
    panel.ask("one two three four")
    ended(panel)
    assert len(set(seen)) >= 4


def test_what_was_asked_and_answered_stays_in_the_saved_notebook(panel: aoai.Compare) -> None:
    assert str(panel.static()) == "Nothing was asked yet."
    panel.ask("one *two*")
    ended(panel)
    static = panel.static()
    assert str(static).startswith("one *two*\n\ngpt-4o\n──────\none *two*\n\n")
    assert "<em>two</em>" in static.html


def test_the_panel_follows_where_cells_go(panel: aoai.Compare, cloud: Cloud) -> None:
    aoai.connect(cloud.url, api_key="k" * 20, deployment="ours")
    panel._box.text = "hi"
    assert panel.deployments == ["ours"]


def test_strangers_can_do_nothing_in_it(panel: aoai.Compare) -> None:
    inspector = Inspector()
    for payload in PAYLOADS[::5]:
        panel.ask(payload["payload"])
        ended(panel)
        inspector.feed(panel._shown.value + panel.static().html)
    panel._others.value = "<img src=x onerror=alert(1)>"
    panel.ask("hi")
    ended(panel)
    inspector.feed(panel._shown.value + panel._line.value)
    inspector.close()
    ours = r"<col(group)?>|(div|table|col|tr|th|td) (style|scope)='[^'\"]*'"
    assert [bad for bad in inspector.bad if not re.fullmatch(ours, bad)] == []
