"""What --help and ? show."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_magic.magics import aoai, chat, complete, image, tokens
from aoai_magic.magics.arguments import HELP, Option
from aoai_magic.magics.help import Usage, rows

ROOMS = {"chat": chat, "complete": complete, "image": image, "tokens": tokens}


@pytest.mark.parametrize("name", ROOMS)
def test_help_names_every_option_once_with_its_value_and_is_no_wider_than_a_page(name: str) -> None:
    room = ROOMS[name]
    lines = str(room.USAGE).splitlines()
    assert max(map(len, lines)) <= 100
    one_line = " ".join(str(room.USAGE).split())
    for option in (*room.OPTIONS, HELP):
        value = f"[{option.metavar}]" if option.alone is not None else option.metavar
        named = ", ".join(option.names) + (f" {value}" if value else "")
        assert sum(line.startswith(f"  {named}") and line[len(named) + 2 :][:2] in ("  ", "") for line in lines) == 1, (
            named
        )
        assert " ".join(option.help.split()) in one_line


def test_a_value_that_may_be_left_out_stands_in_brackets() -> None:
    option = Option(("--logprobs",), "show how likely", "COUNT", int, alone=5)
    assert "--logprobs [COUNT]" in str(Usage("%%chat", "Send.", (option,), "    %%chat"))


def test_a_long_text_goes_on_below_itself() -> None:
    assert rows([("-a", "word " * 30), ("-b", "x")]).splitlines()[1].startswith("      word")
    assert rows([("--a-name-that-is-longer-than-its-column", "text")]).splitlines() == [
        "  --a-name-that-is-longer-than-its-column",
        " " * 30 + "text",
    ]


@pytest.mark.parametrize(
    "cell", ["%%chat?", "%%complete?", "%%image?", "%%tokens?", "%aoai?", "%%aoai?", "# look\n%%chat?"]
)
def test_a_question_mark_shows_the_help(shell: Any, capsys: pytest.CaptureFixture[str], cell: str) -> None:
    shell.run_cell(cell)
    shown = capsys.readouterr().out
    room = {**ROOMS, "aoai": aoai}[cell.split("%")[-1].rstrip("?")]
    assert str(room.USAGE).splitlines()[5] in shown
    assert str(room.USAGE).splitlines()[-1] in shown


def test_every_command_has_help(run: Any) -> None:
    for name, command in aoai.COMMANDS.items():
        shown = run(f"%aoai {name} --help")
        assert shown.startswith(command.summary)
        for option in command.options:
            assert ", ".join(option.names) in shown
