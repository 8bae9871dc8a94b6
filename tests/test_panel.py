"""The chat panel as Python sees it, over the real local service; tests/test_browser_panel.py has the browser."""

from __future__ import annotations

import ast
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic import catalog
from aoai_magic.magics.arguments import parse
from aoai_magic.magics.chat import OPTIONS
from aoai_magic.magics.roles import messages as messages_of
from aoai_magic.operations.faults import faults
from aoai_magic.templates import fill
from aoai_magic.widgets.as_cell import as_cell
from aoai_magic.widgets.parameters import Parameters
from aoai_magic.widgets.transcript import Turn

from .cloud import Cloud
from .test_safe_html import Inspector

PAYLOADS = json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8"))


@pytest.fixture
def panel() -> Iterator[aoai.ChatPanel]:
    panel = aoai.ChatPanel("gpt-4o")
    yield panel
    panel.close()
    if aoai.connection().kind == "local":
        faults("off")


def ended(panel: aoai.ChatPanel) -> Turn:
    """The panel's last turn, when it has ended."""
    assert panel._thread is not None
    panel._thread.join(60)
    return panel._transcript.turns[-1]


def until(there: Any) -> None:
    for _ in range(3000):
        if there():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_a_prompt_is_answered_as_a_cells_would_be(panel: aoai.ChatPanel) -> None:
    panel._box.text = "one two three"
    panel.ask()
    turn = ended(panel)
    assert panel._box.text == ""
    assert turn.text == "one two three"
    assert "answered by echo on this machine" in turn.status
    assert aoai.last is not None
    assert aoai.last.request["messages"] == [{"role": "user", "content": "one two three"}]
    assert repr(panel) == "<ChatPanel gpt-4o, 1 turn>"
    assert list(aoai.usage()["outcome"]) == ["stop"]


def test_a_second_prompt_goes_on_from_the_first(panel: aoai.ChatPanel) -> None:
    for prompt in ("one", "two"):
        panel.ask(prompt)
        ended(panel)
    assert aoai.last is not None
    assert [message["content"] for message in aoai.last.request["messages"]] == ["one", "one", "two"]
    assert len(panel.conversation) == 2
    panel.anew()
    assert (len(panel.conversation), repr(panel)) == (0, "<ChatPanel gpt-4o, no turns>")


def test_retry_takes_the_place_of_the_last_turn(panel: aoai.ChatPanel) -> None:
    panel.ask("one")
    ended(panel)
    panel._settings.parameters._temperature.moving.value = 0.2
    panel.retry()
    ended(panel)
    assert aoai.last is not None
    assert aoai.last.request["temperature"] == 0.2
    assert [message["content"] for message in aoai.last.request["messages"]] == ["one"]
    assert len(panel.conversation) == len(panel._transcript.turns) == 1


def test_stop_keeps_what_has_come_and_the_next_prompt_is_answered(panel: aoai.ChatPanel) -> None:
    faults("pace=1.5 times=1")
    panel.ask("one two three")
    until(lambda: panel._transcript.turns[-1].text)
    panel.stop()
    assert panel._running is None
    turn = ended(panel)
    assert (turn.text, turn.wrong) == ("one", "")
    assert turn.status.endswith("stopped")
    assert len(panel.conversation) == 0, "half a reply is nothing to go on from"
    panel.ask("four")
    assert ended(panel).text == "four"
    assert list(aoai.usage()["outcome"]) == ["interrupted", "stop"]


def test_stop_before_anything_has_come_is_heeded_at_once(panel: aoai.ChatPanel) -> None:
    faults("delay=1 times=1")
    panel.ask("one")
    panel.stop()
    assert not panel._send_button.disabled
    assert (ended(panel).text, ended(panel).status) == ("", "stopped")


def test_while_a_reply_is_on_its_way_another_prompt_waits_in_the_box(panel: aoai.ChatPanel) -> None:
    faults("delay=0.5 times=1")
    panel.ask("one")
    panel._box.text = "two"
    panel.ask()
    panel.retry()
    ended(panel)
    assert panel._box.text == "two"
    assert [turn.prompt for turn in panel._transcript.turns] == ["one"]


def test_an_error_is_told_as_a_cell_tells_it_and_retry_gets_past_it(panel: aoai.ChatPanel) -> None:
    faults("error=firewall times=1")
    panel.ask("one")
    turn = ended(panel)
    assert (
        turn.wrong.split("\n")[0]
        == "The local service refused access: Access denied due to Virtual Network/Firewall rules."
    )
    assert len(turn.wrong.split("\n")) == 3
    assert "aoai-wrong" in panel._transcript._inner.children[-1].value
    panel.retry()
    assert ended(panel).wrong == ""


def test_a_reply_that_breaks_off_stays_as_far_as_it_came(panel: aoai.ChatPanel) -> None:
    faults("truncate=6 times=1")
    panel.ask("one two three four five six seven eight nine ten")
    turn = ended(panel)
    assert turn.text.startswith("one")
    assert "broken off" in turn.status
    assert "The reply broke off before its end." in turn.wrong


def test_what_the_content_filter_found_is_shown_as_cells_show_it(panel: aoai.ChatPanel) -> None:
    panel.ask("aoai-filter:reply-violence=low")
    turn = ended(panel)
    assert turn.whole is not None
    assert turn.whole == aoai.last.bundle(turn.status)  # type: ignore[union-attr]
    assert turn.whole["text/html"] in panel._transcript._inner.children[-1].value


def test_an_error_that_nobody_foresaw_is_shown_too(panel: aoai.ChatPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("<b>\x1b[2J")

    monkeypatch.setattr("aoai_magic.widgets.panel.chat", fails)
    panel.ask("one")
    assert ended(panel).wrong == "RuntimeError: <b>\x1b[2J"
    assert "RuntimeError: &lt;b&gt;␛[2J" in panel._transcript._inner.children[-1].value
    assert panel._running is None


def test_what_it_will_cost_is_said_as_it_is_typed_and_nothing_is_sent(panel: aoai.ChatPanel) -> None:
    assert panel._line.value == ""
    panel._box.text = "How many tokens is this?"
    first = panel._line.value
    assert "13 tokens in, 16,384 out at most" in first
    panel._settings.parameters._max_tokens.moving.value = 100
    assert "13 tokens in, 100 out at most" in panel._line.value
    panel._settings.system.value = "Be brief."
    assert "20 tokens in" in panel._line.value
    panel._box.text = ""
    assert panel._line.value == ""
    assert aoai.usage().empty


def test_what_the_line_says_is_what_is_billed(panel: aoai.ChatPanel) -> None:
    panel._settings.system.value = "Be brief."
    panel.ask("one two three")
    ended(panel)
    panel._box.text = "four five six"
    panel.ask()
    ended(panel)
    assert aoai.last is not None
    assert aoai.last.estimate is not None
    assert aoai.last.usage is not None
    assert aoai.last.usage.prompt_tokens == aoai.last.estimate.prompt_tokens


def test_what_a_reasoning_model_refuses_is_greyed_with_the_reason(panel: aoai.ChatPanel) -> None:
    settings = panel._settings.parameters
    settings._temperature.moving.value = 0.2
    assert settings.values() == {"temperature": 0.2}
    panel._picker.value = "gpt-5"
    for row in (settings._temperature, settings._top_p):
        assert [one.disabled for one in row.children[:2]] == [True, True]
        assert "reasoning model" in row.moving.tooltip
        assert row.children[-1].value == row.moving.tooltip
    assert not settings._effort.moving.disabled
    assert settings.values() == {}
    settings._effort.moving.value = "low"
    assert settings.values() == {"effort": "low"}
    panel.ask("one")
    ended(panel)
    assert aoai.last is not None
    assert aoai.last.request["reasoning_effort"] == "low"
    assert "temperature" not in aoai.last.request
    panel._picker.value = "gpt-4o"
    assert settings.values() == {"temperature": 0.2}
    assert settings._effort.moving.disabled


def test_the_limit_of_a_reply_goes_as_far_as_the_model_does() -> None:
    settings = Parameters(lambda: None)
    for name in ("gpt-4o", "gpt-5", "gpt-4"):
        settings.fit(catalog.known(name))
        model = catalog.model(name)
        assert model is not None
        assert [one.max for one in settings._max_tokens.children[:2]] == [model.max_output_tokens] * 2
    settings.fit(None)
    assert not any(row.moving.disabled for row in settings.children), (
        "of an unknown model nothing is known to be refused"
    )


def test_deployments_are_known_without_asking_and_asked_for_at_a_press(panel: aoai.ChatPanel, service: Any) -> None:
    names = [value for _, value in panel._picker.options]
    assert {"gpt-4o", "gpt-5"} <= set(names)
    assert "text-embedding-3-small" not in names
    plane = aoai.connection().control_plane
    plane.deploy("mine", "gpt-4o-mini")
    try:
        panel.refresh()
        until(lambda: "mine" in [value for _, value in panel._picker.options])
        assert panel.deployment == "gpt-4o"
    finally:
        plane.remove("mine")


def test_a_deployment_can_be_named_that_nobody_lists(cloud: Cloud) -> None:
    cloud.completion("Hello!", model="gpt-4o-2024-11-20")
    aoai.connect(cloud.url)
    panel = aoai.ChatPanel()
    assert panel.deployment == ""
    panel._box.text = "hi"
    assert "No deployment is named" in panel._line.value
    panel._other.value = "mine"
    assert "mine" in repr(panel)
    panel.ask("hi")
    assert ended(panel).text == "Hello!"
    assert cloud.asked[0].json["model"] == "mine"
    panel.close()


def test_the_panel_goes_where_cells_go(panel: aoai.ChatPanel, cloud: Cloud) -> None:
    cloud.completion("Hello from the cloud!")
    aoai.connect(cloud.url, deployment="theirs")
    panel.ask("hi")
    assert ended(panel).text == "Hello from the cloud!"
    assert cloud.asked[0].json["model"] == "theirs"


def test_a_budget_holds_in_the_panel_too(panel: aoai.ChatPanel, run: Any) -> None:
    run("%aoai budget 0.0000001")
    panel.ask("one")
    assert ended(panel).wrong.startswith("Not sent")
    run("%aoai budget off")


# --- what stays -----------------------------------------------------------------------------------------------------------


def test_what_was_said_stays_in_the_static_form(panel: aoai.ChatPanel) -> None:
    assert str(panel.static()) == "Nothing was said yet."
    panel.ask("**one** costs $5")
    ended(panel)
    text, html = str(panel.static()), panel.static().html
    assert text.startswith("You: **one** costs $5\n\ngpt-4o: **one** costs $5\n\ngpt-4o · answered by echo")
    assert "<strong>one</strong>" in html
    assert "**one** costs <span>$</span>5" in html


def test_it_is_displayed_with_its_static_form_beside_it_which_follows(
    panel: aoai.ChatPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, Any]] = []

    def replaceable(bundle: dict[str, Any]) -> Any:
        at = len(shown)
        shown.append(bundle)
        return lambda other: shown.__setitem__(at, other)

    monkeypatch.setattr("aoai_magic.widgets.parts.replaceable", replaceable)
    panel._ipython_display_()
    assert shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id
    assert shown[0]["text/plain"] == "<ChatPanel gpt-4o, no turns>"
    panel.ask("one")
    ended(panel)
    assert len(shown) == 2
    assert shown[1]["text/plain"].startswith("You: one\n\ngpt-4o: one")
    panel.anew()
    assert shown[1]["text/plain"] == "Nothing was said yet."


def whole(widget: Any) -> Iterator[Any]:
    """A widget and all that is in it."""
    yield widget
    for child in (*getattr(widget, "children", ()), *([widget.link] if hasattr(widget, "link") else [])):
        yield from whole(child)


def test_close_ends_the_thread_and_leaves_no_widget(panel: aoai.ChatPanel) -> None:
    faults("pace=1.5 times=1")
    panel.ask("one two three")
    until(lambda: panel._transcript.turns[-1].text)
    thread, widgets = panel._thread, list(whole(panel))
    assert thread is not None
    assert thread.name == "aoai-panel-1"
    assert len(widgets) > 30
    panel.close()
    thread.join(30)
    assert not thread.is_alive()
    assert not [one for one in widgets if one.comm is not None]


def test_unloading_the_extension_closes_panels(shell: Any) -> None:
    panel = aoai.ChatPanel("gpt-4o")
    shell.run_line_magic("unload_ext", "aoai_magic")
    assert panel.comm is None
    shell.run_line_magic("load_ext", "aoai_magic")
    assert not [one for one in threading.enumerate() if one.name.startswith("aoai-panel")]


@pytest.mark.parametrize("payload", PAYLOADS, ids=[one["id"] for one in PAYLOADS])
def test_no_payload_gets_through(payload: dict[str, str]) -> None:
    text = payload["payload"].replace("{CBNOPROTO}", "//127.0.0.1:9/x").replace("{CB}", "http://127.0.0.1:9/x")
    inspector = Inspector()
    inspector.feed(Turn(text, text, text, text, text).html())
    inspector.close()
    assert set(inspector.bad) <= {"div style='white-space:pre-wrap'"}


# --- to a cell, and as code ----------------------------------------------------------------------------------------------


@pytest.fixture
def cells(panel: aoai.ChatPanel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cells that the panel asks the front end for."""
    asked: list[str] = []
    monkeypatch.setattr(panel._box, "send", lambda message: asked.append(message["cell"]))
    return asked


def sent() -> list[dict[str, Any]]:
    """The messages that were sent last."""
    assert aoai.last is not None
    return list(aoai.last.request["messages"])


def test_a_prompt_becomes_a_cell_that_sends_the_same(panel: aoai.ChatPanel, cells: list[str], run: Any) -> None:
    panel.to_a_cell()
    assert cells == [], "there is nothing to send"
    panel._settings.system.value = "You are brief."
    panel._settings.parameters._temperature.moving.value = 0.5
    panel._settings.parameters._max_tokens.moving.value = 20
    panel._box.text = "one two\nthree"
    panel.to_a_cell()
    assert cells == ['%%chat gpt-4o -t 0.5 --max-tokens 20 -s "You are brief."\none two\nthree']
    panel.ask()
    ended(panel)
    assert aoai.last is not None
    asked = aoai.last.request
    run(cells[0])
    assert aoai.last.request == asked
    panel.to_a_cell()
    assert cells[1] == cells[0], "with nothing in the box it is the last prompt"


def test_where_the_front_end_makes_no_cell_it_is_shown(panel: aoai.ChatPanel, cells: list[str]) -> None:
    panel._box.text = "<b>"
    panel.to_a_cell()
    panel._say_inserted(False)
    assert "%%chat gpt-4o\n&lt;b&gt;" in panel._code.value
    panel._say_inserted(True)
    assert panel._code.value == ""


@pytest.mark.parametrize("system", ["", "You are brief.", 'You are "brief".\nAnd it\'s so.', "{{ brief }}"])
def test_what_was_said_before_goes_into_the_cell(
    panel: aoai.ChatPanel, cells: list[str], run: Any, system: str
) -> None:
    panel._settings.system.value = system
    for prompt in ("one", "two\n\n{{ three }}"):
        panel.ask(prompt)
        ended(panel)
    asked = sent()
    panel.to_a_cell()
    run(cells[0])
    assert sent() == asked
    assert "--roles" in cells[0]


TEXT = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.lists(TEXT.filter(str.strip), min_size=2, max_size=6), st.booleans())
@example(["user: one", "system: two"], True)
@example(["one\n\n", " two "], False)
@example(["\"'", "it's"], True)
@example(["--limit", "0"], True)
@example(["@file", "0"], True)
def test_a_cell_is_read_back_as_the_messages_it_was_made_of(texts: list[str], with_system: bool) -> None:
    roles = ["system"] * with_system + ["user", "assistant"] * 3
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    cell = as_cell("my deployment", messages, {})
    assert read_back(cell) == messages


def read_back(cell: str) -> list[dict[str, Any]]:
    """The messages that a cell sends."""
    if cell.startswith("import"):
        call: Any = ast.parse(cell).body[1]
        found: list[dict[str, Any]] = ast.literal_eval(call.value.args[0])
        return found
    line, _, body = cell.partition("\n")
    options = parse(line.removeprefix("%%chat"), OPTIONS, "%%chat")
    assert options["deployment"] == "my deployment"
    filled = None if "raw" in options else lambda text: fill(text, {})
    told = [{"role": "user", "content": filled(body) if filled else body}]
    if "roles" in options:
        told = messages_of(body, filled)
    return [*([{"role": "system", "content": options["system"]}] if "system" in options else []), *told]


def test_the_code_of_a_prompt_is_seen_as_long_as_that_is_wanted(panel: aoai.ChatPanel) -> None:
    panel._box.text = "one <b>"
    assert panel._code.value == ""
    panel._code_shown.value = True
    assert "OpenAI" in panel._code.value
    assert "one &lt;b&gt;" in panel._code.value
    panel._settings.system.value = "Be brief."
    assert "Be brief." in panel._code.value
    panel.ask()
    ended(panel)
    assert "one &lt;b&gt;" in panel._code.value
    panel._code_shown.value = False
    assert panel._code.value == ""
