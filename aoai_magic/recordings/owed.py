"""What was only replayed, but changes what a service answers next.

It is made up for before the first request that is really sent. A recording that answers "the deployment is made" makes
none. In a notebook that was replayed up to here, the next cell may be a new one, and its request wants what the cells
before it made. Of the local service alone: on an account that costs money nothing is done behind anybody's back (see
`asking`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import httpx2

_PATIENCE = 10.0
_lock = threading.Lock()
_owed: list[httpx2.Request] = []

#: Yields requests to be sent, is sent their responses, read.
MakingUp = Generator[httpx2.Request, httpx2.Response, None]


def owe(request: httpx2.Request) -> None:
    """A request was answered by a recording, and would have changed something."""
    with _lock:
        _owed.append(request)


def answered() -> None:
    """A recording answered for a model: the faults that were to strike requests have struck."""
    if _owed:
        with _lock:
            _owed[:] = [request for request in _owed if request.url.path != "/aoai/faults"]


def forget() -> None:
    """Owe nothing."""
    with _lock:
        _owed.clear()


def making_up() -> MakingUp:
    """Send what is owed, one after the other.

    It waits until deployments are ready, which the service makes one at a time.
    """
    while request := _next():
        response = yield request
        until = time.monotonic() + _PATIENCE
        while request.method == "PUT" and _under_way(response) and time.monotonic() < until:
            time.sleep(0.1)
            response = yield httpx2.Request("GET", request.url)


def _next() -> httpx2.Request | None:
    with _lock:
        return _owed.pop(0) if _owed else None


def _under_way(response: httpx2.Response) -> bool:
    try:
        return response.json()["properties"]["provisioningState"] in ("Accepted", "Creating")
    except (ValueError, LookupError, TypeError):
        return False
