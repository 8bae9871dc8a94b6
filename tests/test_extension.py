"""Loading, unloading and reloading the extension, alone and beside another that has %%chat."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest


def magics(shell: Any) -> set[str]:
    found = shell.magics_manager.magics
    return {f"%{name}" for name in found["line"]} | {f"%%{name}" for name in found["cell"]}


def test_loading_twice_is_loading_once(shell: Any) -> None:
    before = magics(shell)
    shell.run_line_magic("load_ext", "aoai_magic")
    assert magics(shell) == before
    assert [type(one).__name__ for one in shell.configurables].count("AoaiMagics") == 1


def test_unloading_takes_everything_back(_ipython: Any) -> None:
    def state() -> Any:
        events = {name: len(callbacks) for name, callbacks in _ipython.events.callbacks.items()}
        transformers = [*_ipython.input_transformers_cleanup, *_ipython.input_transformers_post]
        matchers = list(_ipython.Completer.custom_matchers)
        registry = set(_ipython.magics_manager.registry)
        return magics(_ipython), len(_ipython.configurables), registry, events, transformers, matchers

    before = state()
    for _ in range(3):
        _ipython.run_line_magic("load_ext", "aoai_magic")
        assert {"%aoai", "%%aoai", "%%chat"} <= magics(_ipython)
        _ipython.run_line_magic("unload_ext", "aoai_magic")
        assert state() == before


def test_reloading_leaves_working_magics(shell: Any, run: Any) -> None:
    shell.run_line_magic("reload_ext", "aoai_magic")
    assert run("%%chat\nhi").startswith("hi\n")


def test_loading_prints_nothing(_ipython: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _ipython.run_line_magic("load_ext", "aoai_magic")
    _ipython.run_line_magic("unload_ext", "aoai_magic")
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


@pytest.fixture
def taken(_ipython: Any) -> Iterator[Any]:
    """A shell in which another extension has %%chat."""

    def chat(line: str, cell: str) -> None:
        print("the other one")

    _ipython.register_magic_function(chat, "cell")
    yield _ipython
    _ipython.run_line_magic("unload_ext", "aoai_magic")
    _ipython.config.pop("AoaiMagics", None)
    _ipython.magics_manager.magics["cell"].pop("chat", None)


def test_another_extensions_chat_is_left_alone(taken: Any, run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    taken.run_line_magic("unload_ext", "aoai_magic")
    taken.register_magic_function(lambda line, cell: print("the other one"), "cell", "chat")
    capsys.readouterr()
    taken.run_line_magic("load_ext", "aoai_magic")
    said = capsys.readouterr().out
    assert "%%chat stays with" in said
    assert "%config AoaiMagics.take_over = True" in said
    assert run("%%chat\nhi") == "the other one\n"
    assert run("%%aoai\nhi").startswith("hi\n")


def test_chat_can_be_taken_over_and_given_back(taken: Any, run: Any) -> None:
    taken.run_line_magic("unload_ext", "aoai_magic")
    taken.register_magic_function(lambda line, cell: print("the other one"), "cell", "chat")
    taken.run_line_magic("load_ext", "aoai_magic")
    run("%config AoaiMagics.take_over = True")
    assert run("%%chat\nhi").startswith("hi\n")
    run("%config AoaiMagics.take_over = False")
    assert run("%%chat\nhi") == "the other one\n"
    run("%config AoaiMagics.take_over = True")
    taken.run_line_magic("unload_ext", "aoai_magic")
    assert run("%%chat\nhi") == "the other one\n"


HEAVY = ("azure", "http.client", "httpx2", "ipywidgets", "jinja2", "markdown_it", "matplotlib.pyplot", "nh3", "openai", "pandas", "pydantic", "rich", "splintr", "ssl", "starlette", "subprocess", "uvicorn", "xllamacpp")  # fmt: skip


def test_loading_imports_nothing_heavy() -> None:
    code = f"""
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
before = set(sys.modules)
shell.run_line_magic("load_ext", "aoai_magic")
new = set(sys.modules) - before
print([name for name in {HEAVY!r} if name in new])
print(sorted(name for name in new if name.startswith("aoai_magic")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy, ours = done.stdout.strip().splitlines()[-2:]
    assert heavy == "[]"
    assert ours == "['aoai_magic', 'aoai_magic.magics', 'aoai_magic.magics.cells', 'aoai_magic.magics.interrupts']"


def test_importing_the_package_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        subprocess.run(
            [sys.executable, "-W", "error", "-c", "import aoai_magic; aoai_magic.chat, aoai_magic.tokens"], check=True
        )
