"""The step before the wire: a request is answered from recordings, or its answer recorded on its way through."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2

from ..settings import Target
from ..sse import events as read_events
from . import owed, scrub, streams
from .asking import Asked, of
from .recording import Answer, Recording, now
from .replaying import replayed
from .store import warn

# About who asks, and not what; and where to ask instead.
_UNRECORDED = {*range(300, 400), 401, 403, 407}


class Recorder(httpx2.BaseTransport):
    """Answers requests from recordings, or lets another transport send them and records what comes back."""

    def __init__(self, transport: httpx2.BaseTransport, target: Target) -> None:
        self._transport, self._target = transport, target

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = of(request, self._target.kind)
        if asked is not None and (found := asked.next()) is not None:
            return replayed(found, request, self._target.endpoint, asked.tick)
        if self._target.kind == "local":
            self._make_up()
        if asked is None:
            return self._transport.handle_request(request)
        taking = _Taking(asked, request, self._target)
        response = self._transport.handle_request(request)
        if not taking.wants(response):
            return response
        if taking.streams(response):
            return taking.handed_on(response, _Recorded(response, taking))
        try:
            content = response.read()
        except httpx2.TransportError as error:
            taking.failed(error)
            raise
        finally:
            response.close()
        taking.whole(content)
        return taking.handed_on(response, httpx2.ByteStream(content))

    def _make_up(self) -> None:
        making_up = owed.making_up()
        with contextlib.suppress(StopIteration):
            request = next(making_up)
            while True:
                response = self._transport.handle_request(request)
                response.read()
                response.close()
                request = making_up.send(response)

    def close(self) -> None:
        self._transport.close()


class AsyncRecorder(httpx2.AsyncBaseTransport):
    """The same for the SDK's asynchronous client. What it writes is written in a thread."""

    def __init__(self, transport: httpx2.AsyncBaseTransport, target: Target) -> None:
        self._transport, self._target = transport, target

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        asked = of(request, self._target.kind)
        if asked is not None and (found := asked.next()) is not None:
            return replayed(found, request, self._target.endpoint, asked.tick)
        if self._target.kind == "local":
            await self._make_up()
        if asked is None:
            return await self._transport.handle_async_request(request)
        taking = _Taking(asked, request, self._target)
        response = await self._transport.handle_async_request(request)
        if not taking.wants(response):
            return response
        if taking.streams(response):
            return taking.handed_on(response, _AsyncRecorded(response, taking))
        try:
            content = await response.aread()
        except httpx2.TransportError as error:
            await asyncio.to_thread(taking.failed, error)
            raise
        finally:
            await response.aclose()
        await asyncio.to_thread(taking.whole, content)
        return taking.handed_on(response, httpx2.ByteStream(content))

    async def _make_up(self) -> None:
        making_up = owed.making_up()
        with contextlib.suppress(StopIteration):
            request = next(making_up)
            while True:
                response = await self._transport.handle_async_request(request)
                await response.aread()
                await response.aclose()
                request = making_up.send(response)

    async def aclose(self) -> None:
        await self._transport.aclose()


class _Taking:
    """Takes down what comes back of one request."""

    def __init__(self, asked: Asked, request: httpx2.Request, target: Target) -> None:
        self._asked, self._request, self._target = asked, request, target
        self._at, self._started = now(), time.perf_counter()
        self._status, self._headers = 0, dict[str, str]()
        self._sent = request
        self._blocks: list[tuple[float, bytes]] = []
        self._over = self._breaks = False

    def wants(self, response: httpx2.Response) -> bool:
        """Whether this answer is to be recorded."""
        self._status, self._sent = response.status_code, response.request
        self._headers = scrub.headers(response.headers)
        # The local service breaks off where it is told to, and that is an answer; anywhere else it is none.
        self._breaks = self._target.kind == "local" and "x-aoai-fault" in response.headers
        return self._asked.keeps and response.status_code not in _UNRECORDED

    def streams(self, response: httpx2.Response) -> bool:
        return response.is_success and "text/event-stream" in response.headers.get("content-type", "")

    def handed_on(self, response: httpx2.Response, stream: Any) -> httpx2.Response:
        """The response for whoever asked, its body unpacked already."""
        headers = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name not in ("content-encoding", "content-length", "transfer-encoding")
        ]
        return httpx2.Response(self._status, headers=headers, stream=stream, extensions=response.extensions)

    def block(self, data: bytes) -> None:
        self._blocks.append((self._elapsed(), data))

    def closed(self) -> None:
        """The stream was closed. Some close it at the event that says that it is the last."""
        if b"[DONE]" in b"".join(data for _, data in self._blocks[-2:]):
            self.ended()

    def ended(self, failure: httpx2.TransportError | None = None) -> None:
        """The stream has come to its end, or broke off."""
        if self._over or (failure is not None and not self._breaks):
            return
        self._over = True
        times: list[float] = []
        found: list[streams.Event] = []

        def blocks() -> Iterator[bytes]:
            for at, data in self._blocks:
                times.append(at)
                yield data

        seconds = []
        for _, data in read_events(blocks()):
            found.append(streams.event(data))
            seconds.append(times[-1])
        self._keep(events=found, seconds=seconds, failure=failure and type(failure).__name__)

    def failed(self, error: httpx2.TransportError) -> None:
        """The answer broke off."""
        if self._breaks:
            self._keep(seconds=self._elapsed(), failure=type(error).__name__)

    def whole(self, content: bytes) -> None:
        """The answer came in one piece."""
        found: dict[str, Any] = {}
        try:
            text = content.decode()
            try:
                found["body"] = json.loads(text)
            except ValueError:
                found["text"] = text
        except UnicodeDecodeError:
            found["data"] = content
        self._keep(seconds=self._elapsed(), **found)

    def _elapsed(self) -> float:
        return round(time.perf_counter() - self._started, 3)

    def _keep(self, **found: Any) -> None:
        asked = self._asked
        clean = scrub.Cleaner(asked.operation, self._sent, self._target.endpoint)
        answer = clean.answer(Answer(self._status, self._headers, **found))
        request, hidden = clean.request(asked.request)
        recording = Recording(
            self._at, asked.hash, self._target.kind, asked.n, asked.operation, request, answer, hidden=hidden
        )
        try:
            asked.keep(recording)
        except OSError as error:
            warn(f"An answer isn't recorded: {error.strerror or error} ({asked.store.folder.name}/). It was asked all the same.")  # fmt: skip


class _Recorded(httpx2.SyncByteStream):
    """A stream that is taken down as it passes."""

    def __init__(self, response: httpx2.Response, taking: _Taking) -> None:
        self._response, self._taking = response, taking

    def __iter__(self) -> Iterator[bytes]:
        try:
            for block in self._response.iter_bytes():
                self._taking.block(block)
                yield block
        except httpx2.TransportError as error:
            self._taking.ended(error)
            raise
        self._taking.ended()

    def close(self) -> None:
        self._taking.closed()
        self._response.close()


class _AsyncRecorded(httpx2.AsyncByteStream):
    def __init__(self, response: httpx2.Response, taking: _Taking) -> None:
        self._response, self._taking = response, taking

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for block in self._response.aiter_bytes():
                self._taking.block(block)
                yield block
        except httpx2.TransportError as error:
            await asyncio.to_thread(self._taking.ended, error)
            raise
        await asyncio.to_thread(self._taking.ended)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._taking.closed)
        await self._response.aclose()
