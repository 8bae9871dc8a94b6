"""What async functions return, awaited in a loop of its own: the kernel's stands still until the cell has ended."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterable, Awaitable
from functools import cache
from typing import Any


def awaited(value: Any) -> Any:
    """Return what an awaitable returns, or what an asynchronous generator yields, as a list.

    Anything else is returned as it is. One loop, in a thread, serves all calls, so that a client that one of them opens
    is there for the next. An interrupt cancels what is awaited.

    >>> async def double(n: int) -> int:
    ...     return 2 * n
    >>> awaited(double(21)), awaited(42)
    (42, 42)
    """
    if inspect.isasyncgen(value):
        value = _listed(value)
    if not inspect.isawaitable(value):
        return value
    future = asyncio.run_coroutine_threadsafe(_waited(value), _loop())
    try:
        return future.result()
    except KeyboardInterrupt:
        future.cancel()
        raise


async def _waited(value: Awaitable[Any]) -> Any:
    return await value


async def _listed(values: AsyncIterable[Any]) -> list[Any]:
    return [one async for one in values]


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="aoai-tools", daemon=True).start()
    return loop
