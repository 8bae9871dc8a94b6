"""Requests ended from another thread, as an interrupt ends those of a cell: what a stop button needs."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

_current: ContextVar[Stop | None] = ContextVar("stop", default=None)


class Stop:
    """Ends the requests that a thread sends inside of `with stop:`, as soon as another thread calls `stop()`.

    They end as an interrupt ends them, with KeyboardInterrupt, also where the answer has stalled: its connection is
    cut. An answer that hasn't begun is ended when it does.

    >>> stop = Stop()
    >>> with stop:
    ...     stop.asked
    False
    """

    def __init__(self) -> None:
        self.asked = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._token: Token[Stop | None] | None = None

    def __call__(self) -> None:
        with self._lock:
            self.asked = True
            if self._socket is not None:
                # Not close: that wouldn't wake up whoever reads from it. And of the plain socket under TLS, which has no
                # time for a farewell.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Stop:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _current.reset(self._token)

    @contextlib.contextmanager
    def _cutting(self, connection: socket.socket | None) -> Iterator[None]:
        with self._lock:
            if self.asked:
                raise KeyboardInterrupt
            self._socket = connection
        try:
            yield
        except Exception:  # whatever reading from a connection that was cut raises
            if self.asked:
                raise KeyboardInterrupt from None
            raise
        finally:
            with self._lock:
                self._socket = None


def pause(seconds: float, tick: Callable[[int], None]) -> None:
    """Wait, and tell `tick` at each second how many are left. The thread's `Stop`, and an interrupt, end it at once.

    >>> pause(0.01, lambda left: print(left, "s"))
    1 s
    """
    stop, until, told = _current.get(), time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0:
        if stop is not None and stop.asked:
            raise KeyboardInterrupt
        if (whole := math.ceil(left)) != told:
            told = whole
            tick(whole)
        time.sleep(min(left, 0.1))


@contextlib.contextmanager
def stoppable(response: httpx2.Response) -> Iterator[None]:
    """Within it, an answer is read that the thread's `Stop` can end; in a thread without one nothing changes."""
    stop = _current.get()
    if stop is None:
        yield
        return
    stream = response.extensions.get("network_stream")
    with stop._cutting(stream.get_extra_info("socket") if stream is not None else None):
        yield
