"""Telling whoever waits what it is that takes so long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Called with what is going on and how far it is (0 to 1, None where that is unknown).
Listener = Callable[[str, float | None], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told(listener: Listener) -> Iterator[None]:
    """Within it, `listener` is told what takes long."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(what: str, fraction: float | None = None) -> None:
    """Tell the listener, if there is one."""
    if (listener := _listener.get()) is not None:
        listener(what, fraction)
