"""A client that leaves takes its work with it: at once, whatever it was waiting for."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from aoai_magic.local import plumbing
from aoai_magic.local.account import Account
from aoai_magic.local.app import build
from aoai_magic.local.echo import Echo
from aoai_magic.local.engine import Job, Piece
from aoai_magic.local.faults import Faults

AT_ONCE = 1.0  # seconds; measured: 0.002


class Watched(Echo):
    """The echo engine, and how many of its generations are under way."""

    def __init__(self) -> None:
        self.begun = self.open = 0

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        self.begun += 1
        self.open += 1
        try:
            async for piece in super().generate(job):
                yield piece
        finally:
            self.open -= 1


@dataclass
class Running:
    """The real application behind the real server, in a thread of this process so that its engine can be looked at."""

    engine: Watched = field(default_factory=Watched)

    def __post_init__(self) -> None:
        self.account = Account(self.engine, ["key", "other"])
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(build(self.account, Faults(), port=self.port), log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([listener],), daemon=True)
        self.thread.start()
        until(lambda: self.server.started)

    def send(self, path: str, body: dict[str, Any], *, pace: float, less: int = 0) -> socket.socket:
        """Send a request, all of it or `less` bytes less, and return the connection."""
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\napi-key: key\r\nx-aoai-pace: {pace}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
        )
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(head.encode() + data[: len(data) - less])
        return connection

    @property
    def idle(self) -> bool:
        return self.account.idle_seconds() > 0

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


def until(done: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait until something is so; return how long it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, "it didn't happen"
        time.sleep(0.002)
    return time.monotonic() - began


@pytest.fixture
def running() -> Iterator[Running]:
    service = Running()
    yield service
    service.stop()


CHAT: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "word " * 50}]}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"type": "string"}}}}}
ASKED = [
    ("/openai/v1/chat/completions", CHAT),
    ("/openai/v1/chat/completions", {**CHAT, "n": 3}),
    ("/openai/v1/chat/completions", {**CHAT, "tools": [TOOL], "tool_choice": "required"}),
    ("/openai/v1/completions", {"model": "gpt-35-turbo-instruct", "prompt": ["word " * 50] * 2, "max_tokens": 40}),
    ("/openai/v1/responses", {"model": "gpt-4o", "input": "word " * 50}),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("path", "body"), ASKED)
def test_before_the_first_piece(running: Running, path: str, body: dict[str, Any], stream: bool) -> None:
    connection = running.send(path, {**body, "stream": stream}, pace=30)
    until(lambda: running.engine.open > 0)
    connection.close()
    assert until(lambda: running.engine.open == 0 and running.idle) < AT_ONCE


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("path", "body"), ASKED)
def test_in_the_middle(running: Running, path: str, body: dict[str, Any], stream: bool) -> None:
    connection = running.send(path, {**body, "stream": stream}, pace=0.02)
    if stream:
        assert connection.recv(100)
    else:
        until(lambda: running.engine.open > 0)
        time.sleep(0.1)
    connection.close()
    assert until(lambda: running.engine.open == 0 and running.idle) < AT_ONCE


def test_with_a_stream_that_it_does_not_read(running: Running) -> None:
    connection = running.send("/openai/v1/chat/completions", {**CHAT, "max_tokens": 16_000, "stream": True}, pace=0)
    words = {**CHAT, "messages": [{"role": "user", "content": "word " * 15_000}], "max_tokens": 16_000, "stream": True}
    stuck = running.send("/openai/v1/chat/completions", words, pace=0)
    until(lambda: running.engine.begun == 2)
    time.sleep(0.3)  # the connection's buffers fill, and the service waits
    connection.close()
    stuck.close()
    assert until(lambda: running.engine.open == 0 and running.idle) < AT_ONCE


def unread(connection: socket.socket) -> bytes:
    """What is still there of an answer whose connection was closed."""
    received = b""
    with connection, contextlib.suppress(ConnectionResetError):
        while block := connection.recv(2**20):
            received += block
    return received


def test_a_stream_that_nobody_reads_is_ended(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plumbing, "SILENT_SECONDS", 0.2)
    words = {**CHAT, "messages": [{"role": "user", "content": "word " * 16_000}], "max_tokens": 16_384, "stream": True}
    connection = running.send("/openai/v1/chat/completions", words, pace=0)
    until(lambda: running.engine.begun > 0)
    until(lambda: running.engine.open == 0 and running.idle, 60)
    assert b"[DONE]" not in unread(connection)


def test_in_the_middle_of_an_upload(running: Running) -> None:
    connection = running.send("/openai/v1/chat/completions", CHAT, pace=0, less=10)
    until(lambda: not running.idle)
    connection.close()
    assert until(lambda: running.idle) < AT_ONCE
    assert running.engine.begun == 0


def test_a_client_that_stops_in_the_middle_of_its_request_is_told(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plumbing, "SILENT_SECONDS", 0.2)
    connection = running.send("/openai/v1/chat/completions", CHAT, pace=0, less=10)
    answer = unread(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'{"code":"Timeout","message":"The operation was timeout."}' in answer
    until(lambda: running.idle)
    assert running.engine.begun == 0


def test_in_the_middle_of_a_form(running: Running) -> None:
    head = (
        f"POST /openai/v1/files HTTP/1.1\r\nhost: 127.0.0.1:{running.port}\r\napi-key: key\r\n"
        "content-type: multipart/form-data; boundary=b\r\ncontent-length: 5000\r\n\r\n"
        '--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nsome'
    )
    connection = socket.create_connection(("127.0.0.1", running.port), timeout=10)
    connection.sendall(head.encode())
    until(lambda: not running.idle)
    connection.close()
    assert until(lambda: running.idle) < AT_ONCE
    assert running.account.files == {}


def test_one_of_several_answers_that_fails_ends_the_others(running: Running) -> None:
    class Failing(Watched):
        async def generate(self, job: Job) -> AsyncGenerator[Piece]:
            if job.seed == 8:
                raise RuntimeError
            async for piece in super().generate(job):
                yield piece

    running.account.engine = running.engine = Failing()
    connection = running.send("/openai/v1/chat/completions", {**CHAT, "n": 3, "seed": 7}, pace=0.5)
    assert connection.recv(1000).startswith(b"HTTP/1.1 500")
    connection.close()
    assert until(lambda: running.engine.open == 0 and running.idle) < AT_ONCE


@pytest.mark.llama
@pytest.mark.parametrize("stream", [False, True])
def test_the_slots_of_the_model_are_free_at_once(ask: Any, service: Any, stream: bool) -> None:
    def send() -> socket.socket:
        body = {**CHAT, "max_tokens": 3000, "n": 2, "stream": stream, "logit_bias": {"200002": -100}}
        data = json.dumps(body).encode()
        head = (
            f"POST /openai/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{service.port}\r\napi-key: {service.key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
        )
        connection = socket.create_connection(("127.0.0.1", service.port), timeout=10)
        connection.sendall(head.encode() + data)
        return connection

    short = {**CHAT, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    assert ask("/openai/v1/chat/completions", short).status == 200  # the service is there, and warm
    # Twelve requests of two long answers each, for four slots: some are generated and most wait, until all leave.
    connections = [send() for _ in range(12)]
    time.sleep(1)
    for connection in connections:
        connection.close()
    began = time.monotonic()
    assert ask("/openai/v1/chat/completions", short).status == 200
    # What is left is the step of the model that was under way: parts of a second, or seconds where four others share the
    # processor. All that was asked for would take many minutes.
    assert time.monotonic() - began < 15
