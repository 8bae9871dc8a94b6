from __future__ import annotations

import inspect
from typing import Any

import pytest

from aoai_magic import errors
from aoai_magic.errors import AoaiError, Interrupted, OptionError


def test_an_error_is_told_in_three_lines() -> None:
    error = AoaiError("It broke.", "Someone dropped it.", "%aoai status")
    assert str(error) == "It broke.\nSomeone dropped it.\n%aoai status"


def test_lines_that_say_nothing_are_left_out() -> None:
    assert str(AoaiError("It broke.", "", "Mend it.")) == "It broke.\nMend it."


def test_every_error_stands_in_the_drawn_tree() -> None:
    drawn = errors.__doc__ or ""
    for name, thing in inspect.getmembers(errors, inspect.isclass):
        if issubclass(thing, BaseException) and thing.__module__ == errors.__name__:
            assert f" {name} " in drawn.replace("\n", " "), name


def test_control_characters_of_a_service_are_made_visible() -> None:
    assert "\x1b" not in str(AoaiError("\x1b[2J", "\x1b]0;title\x07", "\x9b"))


def test_an_interrupt_is_not_caught_by_except_exception() -> None:
    assert not issubclass(Interrupted, Exception)
    assert issubclass(Interrupted, KeyboardInterrupt)


def test_a_cell_shows_only_the_lines(run: Any) -> None:
    with pytest.raises(OptionError) as caught:
        run("%%chat --nonsense\nhi")
    shown = caught.value.shown  # type: ignore[attr-defined]
    assert "has no option --nonsense" in shown
    assert "Traceback" not in shown
    assert len(shown.strip().splitlines()) <= 4


def test_the_traceback_comes_back_on_request(run: Any) -> None:
    run("%config AoaiMagics.short_errors = False")
    with pytest.raises(OptionError) as caught:
        run("%%chat --nonsense\nhi")
    shown = caught.value.shown  # type: ignore[attr-defined]
    assert "Traceback" in shown
    assert "arguments.py" in shown


def test_without_colours_an_error_has_none(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    error = AoaiError("No.")
    monkeypatch.setattr(shell, "colors", "neutral")
    assert error._render_traceback_() == ["\x1b[1mAoaiError\x1b[22m: No."]
    monkeypatch.setenv("NO_COLOR", "1")
    shell.run_line_magic("reload_ext", "aoai_magic")
    assert error._render_traceback_() == ["AoaiError: No."]
    monkeypatch.delenv("NO_COLOR")
    shell.run_line_magic("reload_ext", "aoai_magic")
    assert "\x1b" in error._render_traceback_()[0]
    monkeypatch.setattr(shell, "colors", "nocolor")
    assert error._render_traceback_() == ["AoaiError: No."]
