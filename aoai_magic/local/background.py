"""Work that goes on whether anybody waits for it or not, and its events, which can be read from any point on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from .account import Working


class Run:
    """Carries out the events of an answer in the background, and keeps them.

    `since` may be called by any number of readers, at once and one after the other; none of them ends the work.
    """

    def __init__(self, events: AsyncGenerator[bytes], working: Working) -> None:
        self._events: list[bytes] = []
        self._more = asyncio.Event()
        self._ended = False
        self._task = asyncio.create_task(self._carry_out(events, working))

    async def _carry_out(self, events: AsyncGenerator[bytes], working: Working) -> None:
        with working:  # the service doesn't go for want of requests meanwhile
            try:
                async with contextlib.aclosing(events):
                    async for event in events:
                        self._events.append(event)
                        self._wake()
            finally:
                self._end()

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()

    def _end(self) -> None:
        self._ended = True
        self._wake()

    async def since(self, number: int = 0) -> AsyncGenerator[bytes]:
        """The events from that number on: those that were, and then those to come until the last."""
        while True:
            while number < len(self._events):
                yield self._events[number]
                number += 1
            if self._ended:
                return
            await self._more.wait()

    async def cancel(self) -> None:
        """End the work, and wait until it has."""
        self._task.cancel()
        await asyncio.wait([self._task])
        self._end()  # of a task that never began too
