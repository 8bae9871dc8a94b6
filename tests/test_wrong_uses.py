"""What people get wrong, told in at most four lines: what, why, what to type. Each fails its cell in every runner."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


@dataclass(frozen=True)
class Wrong:
    """A cell that someone got wrong, and what is said.

    `before` are cells that bring it about, `after` those that undo that.
    """

    cell: str
    said: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


#: What the cells find: a table, a function, a variable, files of several kinds.
SETTING = """\
import pathlib
import pandas
table = pandas.DataFrame({"text": ["one", "two"]})
title = "Weather"
pathlib.Path("notes.bin").write_bytes(bytes(range(256)))
pathlib.Path("fox.png").write_bytes(b"")
pathlib.Path("table.xyz").write_text("text")
import aoai_magic as aoai
from aoai_magic import settings
from aoai_magic.local import launch
None"""
HOME = "_ = aoai.connect('local')"

FLAGS = [
    Wrong("%%chat --temprature 0\nhi", "%%chat --temperature, or %%chat --help"),
    Wrong("%%chat -t 0 --temperature 1\nhi", "-t and --temperature are one option."),
    Wrong("%%chat gpt-4o -d gpt-4.1\nhi", "-d was given a second time."),
    Wrong("%%chat -t warm\nhi", "-t can't be 'warm': it is not a number."),
    Wrong("%%chat --stop\nhi", "--stop needs a value (TEXT)."),
    Wrong("%%chat -q=yes\nhi", "-q takes no value"),
    Wrong("%%chat gpt-4o gpt-4.1\nhi", "'gpt-4.1' is one word too many."),
    Wrong("%%chat -s \"It's brief.\nhi", "A quote is not closed"),
    Wrong("%%chat -f code -n 2\nhi", "-f code can't go with -n."),
    Wrong("%%chat --dry-run --code curl\nhi", "can't be had at once"),
    Wrong("%%chat --approve\nhi", "--approve is about --tools, and there are none."),
    Wrong("%aoai help chta", "Did you mean chats?"),
    Wrong("%%chat -f html\nhi", "it is none of markdown, text, json, code"),
    Wrong("%%chat --detail=sharp\nhi", "it is none of low, high, auto, original"),
    Wrong("%%chat --param temperature\nhi", "it is not of the form KEY=VALUE"),
    Wrong("%%chat --compare gpt-4o\nhi", "can't be compared with nothing"),
    Wrong("%%chat", "The cell holds no prompt."),
    Wrong("# why?\n%%complete --echo", "The cell holds no prompt."),
    Wrong("%%chat --roles\nhi", "The cell names no role."),
    Wrong("%aoai staus", "Did you mean status?"),
    Wrong("%aoai chat hi", "%%chat, and the prompt on the lines below it"),
    Wrong("%aoai usage --by week", "it is none of day, notebook, model"),
    Wrong("%config AoaiMagics.temprature = 0", "Did you mean temperature?"),
    Wrong("%config AoaiMagics.temperature = 'warm'", "it is not a number"),
]
NAMES = [
    Wrong("%%chat gpt-4p\nhi", "The local service has no deployment 'gpt-4p'."),
    Wrong("%%chat\nThe {{ titel }}", "Did you mean title?"),
    Wrong("%%chat\n{{ title.uper() }}", "Did you mean upper"),
    Wrong("%%chat\n{{ title.__class__ }}", "is Python's own"),
    Wrong("%%chat\n{{ Out[9999] }}", "cell 9999 gave nothing back"),
    Wrong("%%chat\n\\frac{{a}", "has no }} after it"),
    Wrong("%%chat -o 2nd\nhi", "it is not the name of a variable"),
    Wrong("%%chat -o print\nhi", "the notebook would lose what is called so"),
    Wrong("%%chat -o get_ipython\nhi", "the notebook would lose what is called so"),
    Wrong("%%complete gpt-4o\nOnce", "%%complete gpt-35-turbo-instruct"),
    Wrong("%%image gpt-4o\nA fox.", "%%image gpt-image-1"),
]
FILES = [
    Wrong("%%chat -a nowhere.png\nhi", "'nowhere.png' can't be read"),
    Wrong("%%chat -a fox.pgn\nhi", "Did you mean fox.png?"),
    Wrong("%%chat -a table\nhi", "{{ NAME }} in a cell"),
    Wrong("%%chat -a notes.bin\nhi", "notes.bin is no picture"),
    Wrong("%%chat -s @nowhere.md\nhi", "the file isn't there"),
    Wrong('%%chat\n{{ include("tabel.xyz") }}', "Did you mean table.xyz?"),
    Wrong("%%image --edit nowhere.png\nhi", "'nowhere.png' can't be read"),
    Wrong("%%image --save fox.png\nA fox.", "fox.png is there already."),
    Wrong("%%chat --over table.xyz\n{{ text }}", "table.xyz is no table"),
    Wrong("%aoai transcribe nowhere.mp3", "nowhere.mp3 can't be read"),
]
SCHEMAS = [
    Wrong("%%chat --schema 'name strin'\nhi", "'strin' is no type."),
    Wrong("%%chat --schema '{\"type\": '\nhi", "The schema isn't JSON"),
    Wrong("%%chat --schema 'name, age int' --max-tokens 2\nhi", "cut at the token limit"),
    Wrong("%%chat -f json\nhi", "The reply is no JSON"),
    Wrong("%%chat -f code\nhi", "The reply holds no code."),
]
KEYS = [
    Wrong("%aoai connect openai --key-env NO_SUCH_KEY", "The environment has no NO_SUCH_KEY."),
    Wrong("%aoai connect openai --api-key sk-sekret", "A key in a cell would be saved"),
    Wrong("%aoai connect https://ada:sekret@contoso.openai.azure.com", "holds a user name or password"),
    Wrong(
        "%%chat\nhi",
        "refused the key",
        ("_ = aoai.connect(launch.ensure(settings.local()).endpoint + '/openai/v1', api_key='sekret', deployment='gpt-4o')",),
        (HOME,),
    ),
    Wrong(
        "%%chat\nhi",
        "holds api_key",
        ("_ = pathlib.Path('pyproject.toml').write_text('[tool.aoai-magic]\\napi-key = \"sekret\"')",),
        ("pathlib.Path('pyproject.toml').unlink()",),
    ),
]  # fmt: skip
ENDPOINTS = [
    Wrong("%aoai connect contoso", "'contoso' is not an address."),
    Wrong(
        "%aoai connect https://contoso.openai.azure.com --api-version yesterday",
        "'yesterday' is no version of Azure's API.",
    ),
    Wrong("%aoai connect local --key-env HOME", "A key_env was given for the local service."),
    Wrong("%aoai connect local --api-version 2024-10-21", "An api-version (2024-10-21) was given for local."),
    Wrong("%%chat\nhi", "No deployment is named", ("_ = aoai.connect('https://contoso.openai.azure.com')",), (HOME,)),
    Wrong("%%chat\nhi", "127.0.0.1:9", ("_ = aoai.connect('http://127.0.0.1:9/v1', deployment='m')",), (HOME,)),
    Wrong(
        "%%chat\nhi",
        "which [tool.aoai-magic] in pyproject.toml names",
        (
            "_ = pathlib.Path('pyproject.toml').write_text('[tool.aoai-magic]\\nendpoint = \"contoso\"')",
            "aoai.current._connection = None",
        ),
        ("pathlib.Path('pyproject.toml').unlink()",),
    ),
]
LIMITS = [
    Wrong("%%chat -t 3\nhi", "it must be between 0 and 2"),
    Wrong("%%chat --max-tokens 0\nhi", "it must be at least 1"),
    Wrong("%%chat --max-tokens 1000000\nhi", "max_tokens is too large"),
    Wrong("%%chat --budget 0\nhi", "Not sent: it costs at least"),
    Wrong("%%chat gpt-4o\n{{ 'word ' * 200000 }}", "context"),
    Wrong("%%chat gpt-5 -t 0\nhi", "gpt-5 doesn't take temperature"),
    Wrong("%%chat gpt-4o --effort high\nhi", "gpt-4o doesn't take reasoning_effort"),
    Wrong("%%image --size 10x10\nA fox.", "makes no image of '10x10'"),
    Wrong("%%chat\nhi", "fault", ("aoai.connection().client.max_retries = 0", "%aoai fault status=500"), ("aoai.connection().client.max_retries = 2",)),
]  # fmt: skip
TOOLS = [
    Wrong("%%chat --tools wether\nhi", "no function of that name is defined here"),
    Wrong("%%chat --tools title\nhi", "it is of type str, and no function of that name is defined here"),
]
CONVERSATIONS = [
    Wrong("%aoai chats undo nowhere", "There is no conversation nowhere."),
    Wrong("%%chat -c -i tea\nhi", "-c and -i tea name two conversations."),
    Wrong("%aoai chats forget", "action can't be 'forget': it is none of list, show, undo"),
    Wrong("%aoai chats load nowhere.json", "nowhere.json can't be read"),
]
RECORDINGS = [
    Wrong("%%chat --replay\nNobody ever asked this.", "isn't among the recordings"),
    Wrong("%%chat --record --replay\nhi", "--record and --replay were both given."),
]
TABLES = [
    Wrong("%%chat --over tabel\n{{ text }}", "neither a variable nor a file has that name"),
    Wrong("%%chat --over table --raw\n{{ text }}", "--raw can't go with --over."),
    Wrong("%%chat --over table -f json\n{{ text }}", "-f can't go with --over."),
    Wrong("%%chat --over table --logprobs\n{{ text }}", "takes no logprobs"),
    Wrong("%%chat --over table --code curl\n{{ text }}", "--code is about one request"),
    Wrong("%%chat --over table\nhi", "The prompt names no column"),
    Wrong("%%chat --limit 3\nhi", "--limit is about a table, and none is named."),
]
ALL = [*FLAGS, *NAMES, *FILES, *SCHEMAS, *KEYS, *ENDPOINTS, *LIMITS, *TOOLS, *CONVERSATIONS, *RECORDINGS, *TABLES]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_there_are_more_than_forty() -> None:
    assert len({(wrong.cell, wrong.before) for wrong in ALL}) == len(ALL) > 40


@pytest.mark.parametrize("wrong", ALL, ids=lambda wrong: f"{wrong.cell.splitlines()[0]} {wrong.said}"[:60])
def test_each_is_told_in_the_shell(run: Any, wrong: Wrong) -> None:
    for cell in (SETTING, *wrong.before):
        run(cell)
    try:
        with pytest.raises(Exception, match=re.escape(wrong.said)) as caught:
            run(wrong.cell)
    finally:
        for cell in wrong.after:
            run(cell)
    error: Any = caught.value
    shown = "\n".join(error._render_traceback_()).splitlines()
    assert len(shown) <= 4
    assert max(map(len, shown)) < 300
    assert error.what
    assert error.why
    assert error.fix
    assert "sekret" not in "\n".join(shown)


def notebook(wrongs: list[Wrong]) -> Any:
    """A notebook of all of them: cells that have to fail are tagged so for a reader, not for a runner."""
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})

    def add(source: str, number: int | None = None) -> None:
        cell = nbformat.v4.new_code_cell(source, execution_count=len(made.cells) + 1)
        cell.metadata["tags"] = ["nbval-ignore-output"] if number is None else []
        cell.metadata["wrong"] = number
        made.cells.append(cell)

    add("%load_ext aoai_magic")
    add(SETTING)
    for number, wrong in enumerate(wrongs):
        for source in wrong.before:
            add(source)
        add(wrong.cell, number)
        for source in wrong.after:
            add(source)
    return made


def test_each_fails_its_cell_in_nbclient() -> None:
    made = notebook(ALL)
    NotebookClient(made, timeout=120, kernel_name="python3", allow_errors=True).execute()
    failed = {}
    for cell in made.cells:
        errors = [one for one in cell.outputs if one.output_type == "error"]
        number = cell.metadata["wrong"]
        assert bool(errors) == (number is not None), cell.source
        if errors:
            failed[number] = errors[0]
    assert set(failed) == set(range(len(ALL)))
    for number, error in failed.items():
        assert ALL[number].said in error["evalue"]
        assert len("\n".join(error["traceback"]).splitlines()) <= 4
        assert "sekret" not in json.dumps(error)


def test_nbclient_goes_no_further_than_the_first() -> None:
    made = notebook([FLAGS[0], FLAGS[1]])
    with pytest.raises(CellExecutionError, match="Did you mean --temperature"):
        NotebookClient(made, timeout=120, kernel_name="python3").execute()
    assert not made.cells[-1].outputs


@pytest.mark.parametrize("mode", ["--nbval", "--nbval-lax"])
def test_each_fails_its_cell_in_nbval(python: str, tmp_path: Path, mode: str) -> None:
    made = notebook(ALL)
    nbformat.write(made, tmp_path / "wrong.ipynb")
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:langsmith_plugin", "-c", "/dev/null"]
    done = subprocess.run(
        [
            *command,
            mode,
            "--nbval-current-env",
            "--nbval-cell-timeout=120",
            "-rA",
            f"--rootdir={tmp_path}",
            "wrong.ipynb",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    outcome = {
        int(number): what for what, number in re.findall(r"^(PASSED|FAILED) .*::Cell (\d+)", done.stdout, re.MULTILINE)
    }
    wanted = {at: "PASSED" if cell.metadata["wrong"] is None else "FAILED" for at, cell in enumerate(made.cells)}
    assert outcome == wanted, done.stdout[-3000:]


@pytest.mark.parametrize("wrong", [FLAGS[0], NAMES[0], RECORDINGS[0]], ids=["flag", "name", "recording"])
def test_three_fail_in_papermill(python: str, tmp_path: Path, wrong: Wrong) -> None:
    nbformat.write(notebook([wrong, Wrong("print('went on')", "")]), tmp_path / "wrong.ipynb")
    done = subprocess.run(
        [python, "-m", "papermill", "--no-progress-bar", "wrong.ipynb", "ran.ipynb"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert wrong.said in done.stderr
    ran = nbformat.read(tmp_path / "ran.ipynb", as_version=4)
    assert not any("went on" in str(cell.get("outputs")) for cell in ran.cells)
    assert any(one.output_type == "error" for cell in ran.cells for one in cell.get("outputs", ()))
