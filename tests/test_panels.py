"""The panels of what was spent and of deployments, against the real ledger and the real local service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import ledger
from aoai_magic.widgets.parts import table

from .cloud import Cloud
from .test_safe_html import Inspector


@pytest.fixture
def spent() -> None:
    for deployment in ("gpt-4o", "gpt-4.1-mini", "gpt-4o"):
        aoai.chat("one two three", deployment=deployment)


@pytest.fixture
def deployments(service: Any) -> Iterator[aoai.DeploymentsPanel]:
    panel = aoai.DeploymentsPanel()
    yield panel
    panel.close()


def asked(panel: aoai.DeploymentsPanel) -> None:
    """Have the panel ask the control plane, and wait until it has."""
    panel.refresh()
    for _ in range(3000):
        if not panel._button.disabled:
            return
        time.sleep(0.01)
    raise AssertionError("it never answered")


# --- what was spent -------------------------------------------------------------------------------------------------------


def test_what_was_spent_is_told_by_model_notebook_and_day(spent: None) -> None:
    panel = aoai.UsagePanel("model")
    assert repr(panel) == "<UsagePanel by model: 3 requests>"
    assert [row[0] for row in panel._rows] == ["model", "gpt-4.1-mini-2025-04-14", "gpt-4o-2024-11-20", "total"]
    assert panel._rows[2][1:] == ("2", "20", "6", "$0.00", "$0.00011")
    panel._by.value = "day"
    assert panel._rows[1][0] == aoai.usage()["when"].dt.strftime("%Y-%m-%d")[0]
    assert "prompt tokens off by 0.0%" in panel._shown.value
    panel.close()


def test_what_was_spent_meanwhile_is_seen_at_a_press(spent: None) -> None:
    panel = aoai.UsagePanel()
    aoai.chat("four")
    assert "3 requests" in repr(panel)
    panel.refresh()
    assert "4 requests" in repr(panel)
    panel.close()


def test_it_is_drawn_and_stays_so_in_the_static_form(spent: None) -> None:
    panel = aoai.UsagePanel("model")
    assert "not known" not in panel._shown.value, "all is known"
    static = panel.static()
    assert 'src="data:image/png;base64,' in static.html
    assert "gpt-4o-2024-11-20        2" in str(static)
    panel.close()


def test_an_empty_ledger_has_nothing_to_draw() -> None:
    panel = aoai.UsagePanel()
    assert "<img" not in panel.static().html
    assert "total" in str(panel.static())
    panel.close()


def test_a_ledger_that_cant_be_read_says_so() -> None:
    ledger.path().write_bytes(b"no database at all" * 100)
    panel = aoai.UsagePanel()
    assert "aoai-wrong" in panel._shown.value
    assert repr(panel) == "<UsagePanel by day: 0 requests>"
    assert "<img" not in panel._shown.value
    panel.close()


# --- deployments ----------------------------------------------------------------------------------------------------------


def test_deployments_are_known_before_anyone_is_asked(deployments: aoai.DeploymentsPanel) -> None:
    row = next(row for row in deployments._rows if row[0] == "gpt-4o")
    assert row == ("gpt-4o", "gpt-4o-2024-11-20", "128,000", "$2.50", "$10.00", "2027-04-14")
    assert deployments._rows[0] == ("deployment", "model", "window", "1M in", "1M out", "retires"), "no empty column"
    assert next(row for row in deployments._rows if row[0] == "o4-mini")[-1].startswith("retired 20")


def test_the_control_plane_says_more(deployments: aoai.DeploymentsPanel) -> None:
    plane = aoai.connection().control_plane
    plane.deploy("mine", "gpt-4o-mini", sku="DataZoneStandard", capacity=3)
    try:
        asked(deployments)
        row = next(row for row in deployments._rows if row[0] == "mine")
        assert row[1:6] == ("gpt-4o-mini-2024-07-18", "DataZoneStandard", "3,000", "30", "128,000")
        assert row[6] == "$0.17"  # a data zone's
        assert row[-1] == "Succeeded"
        assert "the local service" in deployments._line.value
        deployments._only.value = " MINE "
        assert repr(deployments) == "<DeploymentsPanel, 1 deployment>"
        assert str(deployments.static()).count("\n") == 1
    finally:
        plane.remove("mine")


def test_where_nobody_can_be_asked_the_error_stands_there(cloud: Cloud) -> None:
    aoai.connect(cloud.url, api_key="k" * 20, deployment="theirs")
    panel = aoai.DeploymentsPanel()
    asked(panel)
    assert "aoai-wrong" in panel._line.value
    assert [row[:2] for row in panel._rows[1:]] == [("theirs", "unknown")]
    panel.close()


def test_names_and_cells_of_strangers_can_do_nothing() -> None:
    inspector = Inspector()
    inspector.feed(table([("<img src=x>", "$5"), ("<script>alert(1)</script>\u202e", "7")], "all"))
    inspector.close()
    assert [
        bad
        for bad in inspector.bad
        if not bad.startswith(("div role", "div aria-label", "div style", "<table", "table", "tr", "td", "th"))
    ] == []
    assert "⟨U+202E⟩" in inspector.text
