"""The running service: a socket on loopback, uvicorn on it, and an end when nobody has asked for a while."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from . import log
from .echo import Echo
from .engine import Engine
from .faults import Faults

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .service import Service

IDLE_SECONDS = 15 * 60
LOOPBACK = "127.0.0.1"
#: How long answers that are under way may go on when the service ends.
_LAST_SECONDS = 0.5


def load(engine: str, model: Path | None, home: Path, threads: int | None = None) -> Engine:
    """The engine of that name ("echo" or "llama"), loaded and ready; what it needs later, it fetches into `home`."""
    if engine == "echo":
        return Echo()
    from .llama import Llama

    assert model is not None
    return Llama(model, home, threads)


def run(
    engine: Callable[[], Engine],
    *,
    host: str = LOOPBACK,
    port: int = 0,
    key: str | None = None,
    idle_seconds: float | None = None,
    faults: Sequence[str] = (),
    ready: Callable[[int, str], None],
) -> None:
    """Serve until a signal ends it, or nobody has asked for `idle_seconds`.

    `engine` is called at once, in a thread beside the web framework's imports. `ready` is called with port and key when
    the socket accepts connections. `host` is the address to listen on; others than loopback let other machines in, and
    it is for the caller to make sure that this is meant. `faults` strike the first requests (see `faults`). Raises
    OSError where the address or the port can't be had, ValueError for what is no fault.
    """
    log.discreet()
    faults_to_come = Faults()
    for words in faults:
        faults_to_come.add(words)
    loaded: list[Engine | BaseException] = []

    def load_engine() -> None:
        try:
            loaded.append(engine())
        except BaseException as error:
            loaded.append(error)

    loading = threading.Thread(target=load_engine, name="engine")
    loading.start()
    # IPPROTO_TCP, or asyncio doesn't set TCP_NODELAY on it: 44 ms a request instead of 0.5.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        port = listener.getsockname()[1]
        key = key or secrets.token_hex(16)
        from .account import Account
        from .app import build

        loading.join()
        found = loaded[0]
        if isinstance(found, BaseException):
            raise found
        account = Account(found, [key, secrets.token_hex(16)])
        app = build(account, faults_to_come, host=host, port=port)
        settle()
        server = _Server(configured(app), app, lambda: ready(port, key), idle_seconds)
        try:
            server.run(sockets=[listener])
        finally:
            found.close()


def settle() -> None:
    """Prepare the process for a long run of requests, once everything is loaded."""
    gc.freeze()  # what is there now stays: the collector needn't look at it again with every request
    # asyncio asks for 256 KB with every read. glibc would map and unmap pages for that each time, 25 us a request, but keeps
    # pieces of a size at hand once a larger one has been freed.
    bytearray(2**20)


def configured(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn runs an application here."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        # Longer than clients keep a connection that nobody uses: uvicorn's 5 seconds are also httpx's, which then sends
        # its next request into a connection that is just being closed.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )


class _Server(uvicorn.Server):
    """uvicorn that says when it accepts connections, and goes when it is idle."""

    def __init__(
        self, config: uvicorn.Config, service: Service, ready: Callable[[], None], idle_seconds: float | None
    ) -> None:
        super().__init__(config)
        self._service, self._ready, self._idle_seconds = service, ready, idle_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(log.in_the_background)
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let short answers end by themselves, then end the others; uvicorn's own way is to break them off in the middle."""
        asyncio.get_running_loop().call_later(_LAST_SECONDS, self._service.end)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order on SIGINT and SIGTERM; uvicorn's own way ends the process before the engine is closed."""
        previous = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    async def main_loop(self) -> None:
        watch = asyncio.create_task(self._watch())
        try:
            await super().main_loop()
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch

    async def _watch(self) -> None:
        while self._idle_seconds is not None:
            await asyncio.sleep(min(30.0, self._idle_seconds / 4))
            if self._service.account.idle_seconds() > self._idle_seconds:
                self.should_exit = True
