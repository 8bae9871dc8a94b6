"""`aoai-magic` on the command line."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from aoai_magic import __version__, cli, lab, settings
from aoai_magic.local import launch

COMMAND = [sys.executable, "-m", "aoai_magic.cli"]


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environment}
    )


@pytest.fixture
def serve() -> Iterator[Any]:
    """Start `aoai-magic serve` and return the process and the two lines it prints."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
        process = subprocess.Popen(
            [*COMMAND, "serve", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        lines = [process.stdout.readline().strip().partition("=") for _ in range(2)]
        return process, {name: value for name, _, value in lines}

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.strip() == __version__


def test_without_a_command_the_help_says_what_there_is() -> None:
    done = command("--help")
    for name in ("lab", "notebooks", "serve", "stop", "doctor"):
        assert name in done.stdout
    assert command().returncode == 2


def test_serve_prints_where_it_is_once_it_can_be_asked(serve: Any) -> None:
    process, told = serve("--engine", "echo")
    assert set(told) == {"AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY"}
    with openai.AzureOpenAI(
        azure_endpoint=told["AZURE_OPENAI_ENDPOINT"], api_key=told["AZURE_OPENAI_API_KEY"], api_version="2024-10-21"
    ) as client:
        reply = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    assert reply.choices[0].message.content == "hi"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


@pytest.mark.parametrize("stream", [True, False])
def test_who_still_waits_is_told_when_serve_ends(serve: Any, stream: bool) -> None:
    process, told = serve("--engine", "echo")
    address = told["AZURE_OPENAI_ENDPOINT"].removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=30)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "word " * 300}], "stream": stream}
    headers = {"api-key": told["AZURE_OPENAI_API_KEY"], "content-type": "application/json", "x-aoai-pace": "1"}
    connection.request("POST", "/openai/v1/chat/completions", json.dumps(body), headers)
    if stream:
        answer = connection.getresponse()
        process.send_signal(signal.SIGINT)
        told_last = json.loads(answer.read().decode().removesuffix("\n\n").rpartition("data: ")[2])
    else:
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        answer = connection.getresponse()
        told_last = json.loads(answer.read())
    connection.close()
    assert (answer.status, told_last["error"]["code"]) == (200 if stream else 503, "ServiceUnavailable")
    assert process.wait(30) == 0
    assert "ERROR" not in process.stderr.read()


def test_serve_lets_other_machines_in_only_when_told_in_words(serve: Any) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.com"):
        done = command("serve", "--engine", "echo", "--host", host)
        assert done.returncode == 1
        assert "--let-other-machines-in" in done.stderr
        assert done.stdout == ""
    process, told = serve("--engine", "echo", "--host", "0.0.0.0", "--let-other-machines-in")
    port = int(told["AZURE_OPENAI_ENDPOINT"].rpartition(":")[2])

    def status(host: str, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/openai/v1/models", headers={"Host": host, **headers})
        answer = connection.getresponse()
        connection.close()
        return answer.status

    key = {"api-key": told["AZURE_OPENAI_API_KEY"]}
    for host in (f"127.0.0.1:{port}", "192.0.2.7:8080", "[2001:db8::1]:80", "localhost:9000", socket.gethostname()):
        assert status(host, **key) == 200
        assert status(host) == 401
    for host in ("rebound.example", f"rebound.example:{port}", "", "127.0.0.1.example.com"):
        assert status(host, **key) == 421
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert "for every machine that reaches it" in said


def test_serve_takes_a_fixed_address(serve: Any) -> None:
    _, first = serve("--engine", "echo", "--key", "my-key")
    assert first["AZURE_OPENAI_API_KEY"] == "my-key"
    port = first["AZURE_OPENAI_ENDPOINT"].rpartition(":")[2]
    done = command("serve", "--engine", "echo", "--port", port)
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 can't be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_fails_as_it_is_told_and_then_no_more(serve: Any) -> None:
    _, told = serve("--engine", "echo", "--fault", "status=503 times=2 path=chat/completions", "--fault", "truncate=4")
    with openai.AzureOpenAI(
        azure_endpoint=told["AZURE_OPENAI_ENDPOINT"],
        api_key=told["AZURE_OPENAI_API_KEY"],
        api_version="2024-10-21",
        max_retries=0,
    ) as client:

        def ask() -> str:
            chat = client.chat.completions
            with chat.create(
                model="gpt-4o", messages=[{"role": "user", "content": "one two three"}], stream=True
            ) as stream:
                return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

        for _ in range(2):
            with pytest.raises(openai.InternalServerError):
                ask()
        assert [ask(), ask()] == ["one two", "one two three"]


def test_serve_shows_how_to_ask_it(serve: Any) -> None:
    process, told = serve("--engine", "echo", "--key", "sesame")
    process.send_signal(signal.SIGINT)
    shown = process.stderr.read()
    endpoint = told["AZURE_OPENAI_ENDPOINT"]
    assert f'curl {endpoint}/openai/v1/chat/completions -H "api-key: sesame"' in shown
    assert f'openai.OpenAI(base_url="{endpoint}/openai/v1/", api_key="sesame")' in shown
    assert "gpt-4o, gpt-4o-mini" in shown
    assert "echo answers" in shown


def test_a_port_that_is_none_is_said() -> None:
    assert "'x' is no whole number from 0 to 65535" in command("serve", "--port", "x").stderr


def test_a_fault_that_is_none_is_said_with_the_reason() -> None:
    done = command("serve", "--fault", "status=9")
    assert "argument --fault: status=9 is no whole number from 200 to 599" in done.stderr


def test_serve_is_not_what_kernels_use(serve: Any) -> None:
    process, _ = serve("--engine", "echo")
    assert process.pid not in [service.pid for service in launch.running(settings.home())]


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--port", "70000"],
        ["serve", "--port", "x"],
        ["serve", "--threads", "0"],
        ["serve", "--engine", "gpt"],
        ["serve", "--fault", "status=503", "--fault", "status=9"],
        ["serve", "--fault", ""],
        ["nonsense"],
    ],
)
def test_a_command_line_that_is_not_understood_is_said(words: list[str]) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_stop_ends_the_service_that_is_kept_for_kernels(tmp_path: Path) -> None:
    launch.ensure(launch.LocalSettings(tmp_path, "echo"))
    assert "is stopped" in command("stop", AOAI_HOME=str(tmp_path)).stdout
    assert launch.running(tmp_path) == []
    assert "No local service" in command("stop", AOAI_HOME=str(tmp_path)).stdout


def test_the_doctor_is_content_where_a_reply_would_come() -> None:
    done = command("doctor", AOAI_LOCAL_ENGINE="echo")
    assert done.returncode == 0
    assert "A prompt would be answered." in done.stdout


def test_the_doctor_asks_a_service_that_costs_money_for_nothing(serve: Any, cloud: Any) -> None:
    _, told = serve("--engine", "echo")
    told |= {"AOAI_DEPLOYMENT": "gpt-4o"}
    assert command("doctor", **told).returncode == 0
    cloud.answer(400, {"error": {"code": "empty_array", "message": "Invalid 'messages': empty array."}})
    assert command("doctor", **{**told, "AZURE_OPENAI_ENDPOINT": cloud.url}).returncode == 0
    assert cloud.asked[-1].json["messages"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AZURE_OPENAI_API_KEY": "wrong-key-1"}, "refused the key"),
        ({"AOAI_DEPLOYMENT": "nope"}, "no deployment 'nope'"),
        ({"AOAI_DEPLOYMENT": ""}, "No deployment is named"),
        ({"OPENAI_API_VERSION": "2019"}, "is no version of Azure's API"),
        ({"OPENAI_API_VERSION": "2019-01-01"}, "2019-01-01 is unknown"),
        ({"AZURE_OPENAI_ENDPOINT": "http://no-such-host.invalid"}, "No such host name"),
        ({"AZURE_OPENAI_ENDPOINT": "nonsense"}, "is not an address"),
    ],
)
def test_the_doctor_finds_what_is_wrong(serve: Any, change: dict[str, str], said: str) -> None:
    _, told = serve("--engine", "echo")
    done = command("doctor", **{**told, "AOAI_DEPLOYMENT": "gpt-4o", **change})
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_says_how_to_get_the_model_where_there_is_no_network(tmp_path: Path) -> None:
    done = command(
        "doctor", AOAI_HOME=str(tmp_path), AOAI_LOCAL_ENGINE="llama", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 1
    assert "python -m pip download --no-deps" in done.stdout


def test_notebooks_are_copied_and_work_is_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert "copied" in command("notebooks", str(folder)).stdout
    lesson = folder / "00_start_here.ipynb"
    lesson.write_text("my work")
    kept = sum(path.is_file() for path in folder.rglob("*"))
    assert f"0 copied, {kept} kept" in command("notebooks", str(folder)).stdout
    assert lesson.read_text() == "my work"


def test_labs_link_is_printed_when_somebody_answers_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server,
        socket.create_server(("127.0.0.1", 0)) as taken,
    ):
        port = taken.getsockname()[1]
        taken.close()  # JupyterLab too chooses its port and writes it down before it listens there
        known = {"url": f"http://127.0.0.1:{port}/", "port": port, "token": "t"}
        (tmp_path / f"jpserver-{server.pid}.json").write_text(json.dumps(known))
        listening: list[socket.socket] = []
        late = threading.Timer(0.5, lambda: listening.append(socket.create_server(("127.0.0.1", port))))
        late.start()
        try:
            assert lab._link(server).startswith(known["url"])
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        finally:
            late.join()
            for one in listening:
                one.close()
            server.communicate(b"\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_lab_prints_a_link_that_works_and_ends_all_it_started(tmp_path: Path, number: signal.Signals) -> None:
    import urllib.request

    import psutil

    process = subprocess.Popen(
        [*COMMAND, "lab", str(tmp_path / "notebooks"), "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "AOAI_HOME": str(tmp_path / "home"), "AOAI_LOCAL_ENGINE": "echo"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        link = next(line.split()[-1] for line in process.stdout if "JupyterLab is at" in line)
        assert "00_start_here.ipynb" in link
        with urllib.request.urlopen(link, timeout=30) as page:
            assert page.status == 200
        service = launch.ensure(launch.LocalSettings(tmp_path / "home", "echo"))  # as a cell would
        family = psutil.Process(process.pid).children(recursive=True)
        assert family
        process.send_signal(number)
        assert process.wait(30) == 0
        time.sleep(0.2)
        assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        assert not service.alive()
    finally:
        # JupyterLab has the pipe too: a test that failed would wait for its end for ever.
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.communicate()
