"""`aoai-magic lab`: the guided notebooks, in a folder of the user's, in JupyterLab."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from . import settings
from .errors import AoaiError, LocalServiceError, MissingExtraError
from .local import launch
from .local.waiting import told
from .recordings.store import NAME, Store
from .render import LiveReply

FIRST = "00_start_here.ipynb"


def lessons() -> Path:
    """Where the guided notebooks are kept: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    return next(folder for folder in (package / "_notebooks", package.parent / "notebooks") if folder.is_dir())


def copy_notebooks(folder: Path) -> str:
    """Copy the guided notebooks to `folder` and say so.

    A file that is there already is the user's, and is kept; to recordings, those of notebooks that came since are
    added.
    """
    copied, kept = 0, 0
    for source in sorted(lessons().rglob("*")):
        name = source.relative_to(lessons())
        if source.is_dir() or any(part.startswith((".", "__")) for part in name.parts):
            continue
        if (folder / name).exists():
            if name.name == NAME:
                Store((folder / name).parent).merge(Store(source.parent))
            kept += 1
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
        copied += 1
    words = f"The guided notebooks are in {folder}: {copied} copied"
    return words + (f", {kept} kept as you left {'it' if kept == 1 else 'them'}." if kept else ".")


def run(folder: Path, *, port: int = 0, browser: bool = True) -> int:
    """Copy the notebooks, start JupyterLab on them, print its link, and wait for Ctrl-C.

    That ends all that was started.
    """
    if find_spec("jupyterlab") is None:
        raise MissingExtraError("aoai-magic lab", "lab", "jupyterlab")
    print(copy_notebooks(folder))
    _prepare_local_model()
    before = [service.pid for service in launch.running(settings.home())]
    with _jupyterlab(folder, port, browser) as server:
        print(f"\nJupyterLab is at {_link(server)}\nCtrl-C here ends it.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.wait()
    for service in launch.running(settings.home()):
        if service.pid not in before:
            launch.stop(service)
    print("\nEnded.")
    return 0


def _prepare_local_model() -> None:
    """Fetch the local model now, where a progress bar has room, if cells are going to need it."""
    if settings.resolve().kind != "local":
        return
    wanted = settings.local()
    launch.check_installed(wanted)
    try:
        with LiveReply(None) as live, told(live.note):
            launch.model_file(wanted)
    except LocalServiceError as error:
        print(f"{error}\nJupyterLab starts all the same; cells will say this again.", file=sys.stderr)


@contextlib.contextmanager
def _jupyterlab(folder: Path, port: int, browser: bool) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable, "-m", "jupyterlab", "--log-level=ERROR", f"--ServerApp.root_dir={folder.resolve()}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--LabApp.default_url=/lab/tree/{FIRST}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--ServerApp.open_browser={browser}",
    ]  # fmt: skip
    if os.geteuid() == 0:
        command.append("--allow-root")  # a container's only user; JupyterLab wouldn't start
    # A session of its own: Ctrl-C would make it ask whether to shut down; here it is ended in order.
    server = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
    previous = [(number, signal.signal(number, _interrupt)) for number in (signal.SIGTERM, signal.SIGHUP)]
    try:
        yield server
    finally:
        for number, handler in previous:
            signal.signal(number, handler)
        _end(server)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(15)  # it ends its kernels first
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _link(server: subprocess.Popen[bytes]) -> str:
    """Wait until JupyterLab has written its address down and listens there; return it with the token in it."""
    import json

    from jupyter_core.paths import jupyter_runtime_dir

    file = Path(jupyter_runtime_dir()) / f"jpserver-{server.pid}.json"
    for _ in range(600):
        if server.poll() is not None:
            raise AoaiError(
                f"JupyterLab ended at once (status {server.returncode}).", "It says why above.", "Is the port taken?"
            )
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(file.read_text())
            # It writes the address before it listens there (jupyter_server, start_app).
            socket.create_connection((known.get("hostname") or "localhost", known["port"]), timeout=1).close()
            return f"{known['url']}lab/tree/{FIRST}?token={known['token']}"
        time.sleep(0.1)
    raise AoaiError("JupyterLab didn't come up within a minute.", "", f"Try it by hand: {sys.executable} -m jupyterlab")
