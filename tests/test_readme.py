"""What README says is true."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

import aoai_magic
from aoai_magic.magics import aoai, chat

from .local.serving import serving

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def commands() -> list[str]:
    return [block.strip() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]


def test_there_are_two_commands_and_each_stands_alone() -> None:
    assert len(commands()) == 2
    for command in commands():
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -e '.[")


def test_ci_runs_the_second_command_as_it_is_printed() -> None:
    script = ROOT / ".ci" / "run"
    printed = subprocess.run(
        ["bash", str(script), "--print"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert printed == commands()[1]


def test_every_dependency_has_its_reason() -> None:
    table = README.split("## What it stands on")[1].split("## ")[0]
    wanted = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
    for one in wanted:
        name = re.split(r"[>=\[]", one)[0]
        assert name == "aoai-magic" or f"`{name}`" in table, name


def test_binder_pins_every_dependency() -> None:
    pinned = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    for one in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["local"]]:
        name, least = one.split(">=")
        (version,) = re.findall(rf"^{name}==(\S+)$", pinned, re.MULTILINE)
        assert Version(version) >= Version(least), one


def test_every_module_has_its_place_in_the_picture() -> None:
    picture = README.split("## How a cell is answered")[1].split("## ")[0]
    for path in Path(aoai_magic.__file__).parent.iterdir():
        name = path.stem
        if not name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists()):
            assert re.search(rf"\b{name}\b", picture), name


def test_how_other_programs_ask_the_local_service() -> None:
    """The examples of "For other programs", run as they stand but for the port."""
    from aoai_magic.local.account import Account
    from aoai_magic.local.echo import Echo

    section = README.split("## For other programs")[1].split("\n## ")[0]
    [curl], [python] = (re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL) for kind in ("bash", "python"))
    with serving(Account(Echo(), ["local", "other"])) as served:
        curl, python = (block.replace("8321", str(served.port)) for block in (curl, python))
        if shutil.which("curl"):
            answer = subprocess.run(["bash", "-c", curl], capture_output=True, check=True, timeout=60).stdout
            assert json.loads(answer)["choices"][0]["message"]["content"] == "Hello"
        made: dict[str, Any] = {}
        exec(python, made)  # it is our own
        hello = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}
        for client in (made["v1"], made["classic"]):
            with client:
                assert client.chat.completions.create(**hello).choices[0].message.content == "Hello"
        assert made["chain"].invoke("Hello").text == "Hello"


def test_the_pictures_are_there() -> None:
    for picture in re.findall(r'(?:src|srcset)="([^"]+)"', README):
        assert (ROOT / picture).stat().st_size > 10_000


def test_options_that_are_named_exist() -> None:
    known = {name for option in chat.OPTIONS for name in option.names} | {"--help", "-h"}
    known |= {name for command in aoai.COMMANDS.values() for option in command.options for name in option.names}
    for line in re.findall(r"(?:%%chat|%aoai)[^`\n|]*", README):
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line):
            assert option in known, line


def test_commands_that_are_named_exist() -> None:
    help_ = subprocess.run(
        [sys.executable, "-m", "aoai_magic.cli", "--help"], capture_output=True, text=True, check=True
    )
    for name in re.findall(r"aoai-magic (\w+)", README):
        assert name in help_.stdout, name
    for name in re.findall(r"%aoai (\w+)", README):
        assert name in aoai.COMMANDS, name


def test_attributes_of_a_reply_that_are_named_exist() -> None:
    for name in re.findall(r"`answer\.(\w+)`", README):
        assert hasattr(aoai_magic.Reply, name) or name in aoai_magic.Reply.__dataclass_fields__, name


@pytest.mark.parametrize(
    "file",
    [
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        ".ci/run",
        "binder/requirements.txt",
        "binder/postBuild",
        "binder/runtime.txt",
    ],
)
def test_what_belongs_to_a_checkout_is_there(file: str) -> None:
    assert (ROOT / file).is_file()


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = re.compile("pypi" + r"\.org|python" + r"hosted\.org|registry\.npm" + r"js\.org|deb\.debian" + r"\.org")
    for name in files:
        if not name.endswith(".png"):
            assert not hosts.search((ROOT / name).read_text(encoding="utf-8", errors="replace")), name
