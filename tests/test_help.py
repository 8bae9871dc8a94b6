"""What --help and ? show."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pandas
import pytest
from PIL import Image

import aoai_magic as aoai
from aoai_magic.magics import aoai as commands
from aoai_magic.magics import chat, complete, image, tokens
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
    room = {**ROOMS, "aoai": commands}[cell.split("%")[-1].rstrip("?")]
    assert str(room.USAGE).splitlines()[5] in shown
    assert str(room.USAGE).splitlines()[-1] in shown


def test_every_command_has_help(run: Any) -> None:
    for name, command in commands.COMMANDS.items():
        shown = run(f"%aoai {name} --help")
        assert shown.startswith(command.summary)
        for option in command.options:
            assert ", ".join(option.names) in shown


def examples(text: str) -> list[str]:
    """The cells that a help shows as examples; a command's lines are a cell each."""
    shown = textwrap.dedent(text.split("Examples::\n\n")[1])
    return shown.split("\n\n") if shown.startswith("%%") else shown.splitlines()


EXAMPLES = [one for room in ROOMS.values() for one in examples(str(room.USAGE))]
EXAMPLES += [one for name in commands.COMMANDS for one in examples(str(commands._usage(name)))]
#: What a new user, who has neither the recording nor the notebook, is told of an example.
TOLD = {"%aoai recordings --show 1f00ab": "No recording's hash begins with '1f00ab'."}


@pytest.fixture
def at_home(run: Any, shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Any) -> Any:
    """A notebook in which examples find what they name: variables, functions, files, conversations; a cloud for sounds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEAM_KEY", "sekret")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "y")
    Image.effect_noise((90, 90), 50).save("photo.jpg")
    Path("interview.mp3").write_bytes(b"ID3...")
    run("def weather(city: str) -> str:\n    return 'Rain.'\ndef now() -> str:\n    return '12:00'")
    shell.user_ns["role"] = "a poet"
    shell.user_ns["figure"] = Image.effect_noise((90, 90), 50)
    shell.user_ns["rain_by_month"] = pandas.Series([3, 4], ["May", "June"], name="rain")
    shell.user_ns["reviews"] = pandas.DataFrame({"text": ["Good.", "Bad."]})
    run("%%chat -q -i poet\nhi")
    aoai.conversation("poet").save("poet.json")
    run("%%image -q --quality low --size 1024x1024\nA fox.")
    run("%%chat -q -c\nhi")
    yield cloud
    aoai.connect("local")
    run("%aoai fault off")
    run("%aoai budget off --per day")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs_as_it_stands(run: Any, at_home: Any, example: str) -> None:
    if example.startswith("%aoai speak"):
        at_home.answer(200, b"ID3...", content_type="audio/mpeg")
        aoai.connect(at_home.url, deployment="tts", serves="tts")
    elif example.startswith("%aoai transcribe"):
        at_home.answer(200, b"1\n00:00 --> 00:01\nHello.\n")
        aoai.connect(at_home.url, deployment="whisper", serves="whisper")
    elif "save poet" in example:
        Path("poet.json").unlink()
    if example in TOLD:
        with pytest.raises(aoai.errors.AoaiError, match=TOLD[example]):
            run(example)
    elif example == "%aoai replay":
        run(example)
        run("%aoai replay off")
    else:
        run(example)
