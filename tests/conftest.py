"""What all tests stand on: a clean environment, a state folder of their own, the real shell, the real service."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# By the clock of a machine that is busy with other things as well, any example can take long.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")
_SIZE = ("COLUMNS", "LINES")  # a terminal's, which readline sets for children; those of tests have their own
_FOREIGN = ("AZURE_", "OPENAI_", "AOAI_")


def pytest_configure(config: pytest.Config) -> None:
    """Give this run, and the kernels that nbval starts from it, an environment that says nothing."""
    from aoai_magic import settings

    models = settings.home() / "models"  # the user's own: weights are fetched there once, not once a run
    models.mkdir(parents=True, exist_ok=True)
    for name in list(os.environ):
        if name.startswith(_FOREIGN) or name.lower().endswith("_proxy") or name in _SIZE:
            del os.environ[name]
    settings.started_with = os.environ.get  # type: ignore[assignment]  # as if it had begun with that
    scratch = Path(tempfile.mkdtemp(prefix="aoai-tests-"))
    config.add_cleanup(lambda: _clean_up(scratch))
    home = scratch / "home"
    home.mkdir()
    (home / "models").symlink_to(models)
    os.environ["AOAI_HOME"] = str(home)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        (scratch / name.lower()).mkdir()
        os.environ[name] = str(scratch / name.lower())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in which a browser or the small model is waited for go first, so that no worker is left alone with them."""
    slow = {item.path for item in items if item.get_closest_marker("browser") or item.get_closest_marker("llama")}
    items.sort(key=lambda item: item.path not in slow)


def _clean_up(scratch: Path) -> None:
    from aoai_magic.local import launch

    for service in launch.running(scratch / "home"):
        launch.stop(service)
    shutil.rmtree(scratch, ignore_errors=True)


@pytest.fixture(autouse=True)
def _echo(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Unless a test is about the model, the local service echoes: instant and the same on every machine."""
    if "llama" not in request.keywords:
        monkeypatch.setenv("AOAI_LOCAL_ENGINE", "echo")
    yield
    from aoai_magic import current, ledger, recordings
    from aoai_magic.errors import AoaiError

    for file in ledger.path().parent.glob("ledger.sqlite3*"):  # what one test spends is no matter of the next
        if file.is_file():
            file.unlink()

    current._connection = current._last = current._drawn = None
    current.conversations.clear()
    recordings.forget()
    AoaiError.short = True


@pytest.fixture(scope="session")
def _ipython() -> Any:
    from IPython.testing.globalipapp import start_ipython

    shell = start_ipython()
    shell.history_manager.enabled = False
    import openai.resources  # noqa: F401  # cells import both sooner or later
    import pandas  # noqa: F401

    gc.freeze()  # nothing of these is garbage: looking through all of their objects took 0.25 s each time
    return shell


@pytest.fixture
def shell(_ipython: Any) -> Iterator[Any]:
    """The real IPython shell with the extension loaded, and its variables reset afterwards."""
    _ipython.run_line_magic("load_ext", "aoai_magic")
    yield _ipython
    _ipython.run_line_magic("unload_ext", "aoai_magic")
    _ipython.config.pop("AoaiMagics", None)
    _ipython.reset(new_session=False)  # %reset -f would collect garbage besides, after each of thousands of tests


@pytest.fixture
def run(shell: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a cell as a user does and return what it printed. Raises what the cell raised."""

    def run_cell(cell: str) -> str:
        capsys.readouterr()
        result = shell.run_cell(cell, store_history=True)
        printed = capsys.readouterr().out
        if error := result.error_before_exec or result.error_in_exec:
            error.shown = printed
            raise error
        return printed

    return run_cell


@pytest.fixture
def cloud() -> Iterator[Any]:
    """A stand-in for a cloud service: answers what it was told to, and remembers what it was asked."""
    from .cloud import Cloud

    with Cloud() as running:
        yield running


@pytest.fixture
def service() -> Any:
    """A running local service of the engine that the test wants."""
    from aoai_magic import settings
    from aoai_magic.local import launch

    return launch.ensure(settings.local())


@pytest.fixture
def python() -> str:
    """This environment's interpreter."""
    return sys.executable
