"""A service in this process, on a port of its own.

It is for tests that want its state to themselves, or its clock, or an engine that fails. It is the real application
behind the real web server; only the process is the test's.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from aoai_magic.local.account import Account
from aoai_magic.local.app import build
from aoai_magic.local.faults import Faults
from aoai_magic.local.launch import local_token


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The events of a stream, each as it stands; the named ones with their names."""
        events = []
        for block in filter(None, self.body.decode().split("\n\n")):
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            data = fields["data"] if fields["data"] == "[DONE]" else json.loads(fields["data"])
            events.append({"event": fields["event"], "data": data} if "event" in fields else data)
        return events


def answered(request: urllib.request.Request) -> Answer:
    """Send a request and return its answer, also one that is an error."""
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read())


@dataclass
class Served:
    """A service that runs, and its account. `key` is sent as `api-key`, the local token to the control plane."""

    account: Account
    port: int

    @property
    def key(self) -> str:
        return self.account.keys[0]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, body: Any = None, *, method: str | None = None, **headers: str | None) -> Answer:
        """Send a request by hand; header values of None leave the header out."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        if path.startswith("/subscriptions/"):
            given: dict[str, str | None] = {"authorization": f"Bearer {local_token(self.account.secret)}"}
        else:
            given = {"api-key": self.key}
        given |= {"content-type": "application/json"} if data is not None else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if value is not None}
        method = method or ("GET" if data is None else "POST")
        request = urllib.request.Request(self.endpoint + path, data=data, headers=sent, method=method)
        return answered(request)


@contextmanager
def serving(account: Account, faults: Faults | None = None) -> Iterator[Served]:
    """Serve an account until the block ends, failing as `faults` say."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            build(account, faults or Faults(), port=port), log_level="critical", access_log=False, lifespan="off"
        )
        server = uvicorn.Server(config)
        ready = threading.Event()
        startup = server.startup

        async def started(sockets: Any = None) -> None:
            await startup(sockets)
            ready.set()

        server.startup = started  # type: ignore[method-assign]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(10)
            yield Served(account, port)
        finally:
            server.should_exit = True
            thread.join()
