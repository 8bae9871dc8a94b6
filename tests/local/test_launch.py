"""Starting, finding and ending the service."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from aoai_magic.errors import LocalServiceError, MissingExtraError
from aoai_magic.local import launch
from aoai_magic.local.account import Account
from aoai_magic.local.app import build
from aoai_magic.local.echo import Echo
from aoai_magic.local.faults import Faults
from aoai_magic.local.launch import LocalSettings, Service
from aoai_magic.local.server import configured


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[LocalSettings]:
    yield LocalSettings(tmp_path, "echo")
    for service in launch.running(tmp_path):
        launch.stop(service)


def address_file(echo: LocalSettings) -> Path:
    return next(echo.folder.glob("*.json"))


def test_it_is_started_once_and_then_found(echo: LocalSettings) -> None:
    assert launch.find(echo) is None
    first = launch.ensure(echo)
    assert launch.ensure(echo) == first == launch.find(echo)


def test_many_at_once_start_one(echo: LocalSettings) -> None:
    found: list[Service] = []
    threads = [threading.Thread(target=lambda: found.append(launch.ensure(echo))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({service.pid for service in found}) == 1
    assert len(found) == 8


def test_two_processes_share_one(echo: LocalSettings) -> None:
    code = (
        "import sys; from pathlib import Path; from aoai_magic.local import launch;"
        "print(launch.ensure(launch.LocalSettings(Path(sys.argv[1]), 'echo')).pid)"
    )
    command = [sys.executable, "-c", code, str(echo.home)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    pids = {process.communicate(timeout=60)[0] for process in both}
    assert len(pids) == 1


def test_it_outlives_who_started_it_and_hears_no_interrupt(echo: LocalSettings) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from aoai_magic.local import launch;"
        "launch.ensure(launch.LocalSettings(Path(sys.argv[1]), 'echo')); os.killpg(0, signal.SIGINT)"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(echo.home)], start_new_session=True, capture_output=True, check=False
    )
    assert launch.find(echo) is not None


def test_its_address_is_for_its_user_alone(echo: LocalSettings) -> None:
    launch.ensure(echo)
    assert stat.S_IMODE(address_file(echo).stat().st_mode) == 0o600
    assert stat.S_IMODE(echo.folder.stat().st_mode) == 0o700


def test_its_key_is_on_no_command_line_and_in_no_log(echo: LocalSettings) -> None:
    service = launch.ensure(echo)
    assert service.key.encode() not in Path(f"/proc/{service.pid}/cmdline").read_bytes()
    assert service.key not in next(echo.folder.glob("*.log")).read_text()
    assert service.key not in repr(service)


def test_keys_of_other_services_are_not_handed_to_it(echo: LocalSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "sekret")
    for name in ("OPENAI_API_KEY", "TEAM_KEY", "AZURE_CLIENT_SECRET", "HF_TOKEN", "DB_PASSWORD"):
        monkeypatch.setenv(name, "sekret")
    service = launch.ensure(echo)
    assert b"sekret" not in Path(f"/proc/{service.pid}/environ").read_bytes()


def test_nobody_else_gets_into_the_state_folder_whatever_the_umask(echo: LocalSettings, tmp_path: Path) -> None:
    fresh = replace(echo, home=tmp_path / "a" / "state")
    before = os.umask(0)
    try:
        service = launch.ensure(fresh)
    finally:
        os.umask(before)
    launch.stop(service)
    assert [path.stat().st_mode & 0o077 for path in (fresh.home, fresh.folder)] == [0, 0]


def test_after_a_crash_another_is_started(echo: LocalSettings) -> None:
    first = launch.ensure(echo)
    os.kill(first.pid, signal.SIGKILL)
    second = launch.ensure(echo)
    assert second.pid != first.pid
    assert second.proves_itself()


def test_an_impostor_on_the_port_is_not_believed(echo: LocalSettings) -> None:
    with socket.socket() as impostor:
        impostor.bind(("127.0.0.1", 0))
        impostor.listen()
        heard = b""

        def answer() -> None:
            nonlocal heard
            peer, _ = impostor.accept()
            with peer:
                heard = peer.recv(4096)
                body = b'{"proof": "trust me"}'
                peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

        launch.ensure(echo)
        file = address_file(echo)
        known = json.loads(file.read_text())
        os.kill(known["pid"], signal.SIGTERM)
        time.sleep(0.5)
        launch.write_address(file, Service(os.getpid(), impostor.getsockname()[1], "the-key"))
        thread = threading.Thread(target=answer)
        thread.start()
        assert launch.find(echo) is None
        thread.join()
        assert b"the-key" not in heard


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "port": [], "key": 1}', "\x00"])
def test_a_damaged_address_file_is_as_good_as_none(echo: LocalSettings, content: str) -> None:
    launch.ensure(echo)
    file = address_file(echo)
    service = launch.find(echo)
    assert service is not None
    launch.stop(service)
    file.write_text(content)
    assert launch.find(echo) is None
    assert launch.ensure(echo).proves_itself()


def test_stopping_ends_it_and_takes_its_address_away(echo: LocalSettings) -> None:
    service = launch.ensure(echo)
    assert launch.running(echo.home) == [service]
    launch.stop(service)
    assert not service.alive()
    assert launch.running(echo.home) == []
    assert list(echo.folder.glob("*.json")) == []


def test_it_ends_by_itself_when_nobody_asks(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom aoai_magic.local import server\n"
        "server.run(lambda: server.load('echo', None, Path('.')), idle_seconds=0.5, ready=lambda port, key: print('ready', flush=True))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "ready\n"


def test_a_service_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\0" * 64)
    with pytest.raises(LocalServiceError, match="didn't start"):
        launch.ensure(LocalSettings(tmp_path / "home", "llama", broken))


# No file may grow in that process: what a full disk is to it.
_FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"


def test_without_room_on_the_disk_it_says_so(echo: LocalSettings) -> None:
    code = (
        "import sys; from pathlib import Path; from aoai_magic.errors import LocalServiceError\n"
        f"from aoai_magic.local import launch\n{_FULL}\n"
        "try: launch.ensure(launch.LocalSettings(Path(sys.argv[1]), 'echo'))\n"
        "except LocalServiceError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(echo.home)], capture_output=True, text=True, check=True)
    assert f"has no place for its address: File too large in {echo.folder}." in done.stdout
    assert "AOAI_HOME" in done.stdout
    assert launch.ensure(echo).proves_itself()


def test_an_address_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    code = (
        f"import sys; from pathlib import Path; from aoai_magic.local import launch\n{_FULL}\n"
        "try: launch.write_address(Path(sys.argv[1]), launch.Service(1, 2, 'key'))\n"
        "except OSError as error: print(error.strerror)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "echo.json")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_a_service_without_room_for_its_address_says_why(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    command = [
        sys.executable,
        "-m",
        "aoai_magic.local",
        "run",
        "--engine",
        "echo",
        "--address",
        str(nowhere / "a.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"File exists: {nowhere}"


def test_what_is_not_installed_is_named_with_the_pip_line(echo: LocalSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"%pip install 'aoai-magic\[local\]'"):
        launch.ensure(echo)


def test_other_weights_are_another_service(tmp_path: Path) -> None:
    one, two = tmp_path / "one.gguf", tmp_path / "two.gguf"
    one.write_bytes(b"GGUF1")
    two.write_bytes(b"GGUF2")
    names = {launch._address_file(LocalSettings(tmp_path, "llama", model)) for model in (one, two, None)}
    assert len(names) == 3
    before = launch._address_file(LocalSettings(tmp_path, "llama", one))
    os.utime(one, (1, 1))
    assert launch._address_file(LocalSettings(tmp_path, "llama", one)) != before


def test_a_connection_is_kept_for_longer_than_clients_keep_theirs() -> None:
    kept = httpx2.Limits().keepalive_expiry
    assert kept is not None
    assert configured(build(Account(Echo()), Faults(), port=1)).timeout_keep_alive > 2 * kept
