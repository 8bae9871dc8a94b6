"""Interrupts before anything is sent, and after all has come: told in a line, wherever they strike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import ledger


@pytest.fixture
def interrupted(shell: Any, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Runs a cell that an interrupt ends, and returns what is shown. `{{ stop() }}` is where it strikes."""

    def stop() -> None:
        raise KeyboardInterrupt

    shell.user_ns["stop"] = stop

    def run(cell: str) -> str:
        capsys.readouterr()
        result = shell.run_cell(cell)
        assert isinstance(result.error_in_exec, aoai.errors.Interrupted)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("magic", ["%%chat", "%%aoai", "%%complete", "%%image", "%%chat --compare gpt-4o,gpt-4.1"])
def test_an_interrupt_while_a_cell_is_read_is_told_in_a_line(interrupted: Callable[[str], str], magic: str) -> None:
    assert interrupted(f"{magic} -o answer\n{{{{ stop() }}}}").strip() == "Interrupted: nothing had come yet."
    assert aoai.last is None
    assert ledger.rows() == []


@pytest.mark.parametrize(
    ("cell", "where"),
    [
        ("%%chat -i tea\nhi", "aoai_magic.operations.chat.refuse"),
        ("%%chat -i tea --dry-run\nhi", "aoai_magic.operations.chat.as_things_stand"),
        ("%%tokens\nhi", "aoai_magic.widgets.lens.static"),
        ("%aoai deployments", "aoai_magic.operations.listing.connection"),
        ("%aoai doctor", "aoai_magic.doctor.examine"),
    ],
)
def test_so_is_one_before_anything_is_sent(
    interrupted: Callable[[str], str], shell: Any, monkeypatch: pytest.MonkeyPatch, cell: str, where: str
) -> None:
    __import__(where.rpartition(".")[0])
    monkeypatch.setattr(where, lambda *_, **__: shell.user_ns["stop"]())
    assert interrupted(cell).strip().endswith("Interrupted: nothing had come yet.")
    assert len(aoai.conversation("tea")) == 0
    assert ledger.rows() == []


def test_one_while_a_reply_is_shown_loses_nothing_of_it(
    interrupted: Callable[[str], str], shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aoai_magic.magics.live.finish", lambda *_, **__: shell.user_ns["stop"]())
    shown = interrupted("%%chat -i tea -o answer\none two")
    assert shown.strip().endswith("Interrupted: the reply is kept (in aoai.last).")
    assert aoai.last is shell.user_ns["answer"]
    assert aoai.last.text == "one two"
    assert len(aoai.conversation("tea")) == 1, "it was answered"
    assert [row["outcome"] for row in ledger.rows()] == ["stop"]
