"""Lets a fault happen to an answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from .azure_errors import from_outside
from .faults import HEADER, Fault, Faults, parse
from .plumbing import Call, connection_of
from .wire import JSONResponse

# A reset overtakes what the client hasn't read yet: seen on Linux, half of a reply was gone.
_READING_SECONDS = 0.1


def fault_of(call: Call, faults: Faults) -> Fault | None:
    """The fault that is to strike a request: the one that its own header asks for, or one that waits, which counts it.

    Raises ValueError where the header can't be read.
    """
    if (words := call.sent.get(HEADER)) is not None:
        return parse(words, once=True)
    # The service's own routes are how faults are taken away again.
    return None if call.scope["path"].startswith("/aoai/") else faults.striking(call.scope["path"])


async def strike(fault: Fault, call: Call, carry_out: Callable[[Call], Awaitable[Response]]) -> Response:
    """The answer that a fault leaves of a request's own, or puts in its place; `carry_out` makes the request's own."""
    await asyncio.sleep(fault.delay)
    if fault.error is not None:
        known = from_outside(fault.error, call.method, call.scope["path"], call.id)
        return Struck(JSONResponse({"error": known.error}, known.status, fault.headers), fault)
    if fault.status is not None:
        return Struck(_answer(fault), fault)
    call.filter_fails = fault.filter_error
    return Struck(await carry_out(call), fault)


class _BrokenError(Exception):
    """The connection was broken, as the fault asked."""


def _answer(fault: Fault) -> Response:
    status = fault.status or 200
    error = {"code": str(status), "message": "A fault that was asked for."}
    body = json.dumps({"error": error}) if fault.body is None else fault.body
    return Response("" if status in (204, 205, 304) else body, status, fault.headers, "application/json")


class Struck(Response):
    """An answer to which its fault happens while it is sent."""

    def __init__(self, answer: Response, fault: Fault) -> None:
        self._answer, self._fault = answer, fault
        self.raw_headers = _struck_headers(answer.raw_headers, fault)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._answer.raw_headers = self.raw_headers
        with contextlib.suppress(_BrokenError):
            await self._answer(scope, receive, _Sending(self._fault, receive, send))


class _Sending:
    """A `send` that does to an answer's body what its fault says."""

    def __init__(self, fault: Fault, receive: Receive, send: Send) -> None:
        self._fault, self._receive, self._send = fault, receive, send
        self._bytes = self._chunks = 0
        self._ended = False

    async def __call__(self, message: Message) -> None:
        if self._ended:
            return
        if message["type"] == "http.response.start":
            await self._send(message)
            return
        fault, body = self._fault, message.get("body", b"")
        if body:
            if self._chunks:
                await asyncio.sleep(fault.pace)
            self._chunks += 1
        if fault.truncate is not None and self._chunks > fault.truncate:
            self._ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        if fault.malformed:
            body = _halved(body)
        last = not message.get("more_body", False)
        if fault.reset is not None and (last or self._bytes + len(body) >= fault.reset):
            await self._send({**message, "body": body[: fault.reset - self._bytes], "more_body": True})
            await self._break()
        self._bytes += len(body)
        await self._send({**message, "body": body})

    async def _break(self) -> None:
        """Close the connection so that the client's next read fails with "connection reset by peer"."""
        self._ended = True
        await asyncio.sleep(_READING_SECONDS)
        transport = connection_of(self._receive)
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await asyncio.sleep(0)  # uvicorn learns of it in the next turn, and wouldn't know why the answer has no end
        raise _BrokenError


def _struck_headers(given: list[tuple[bytes, bytes]], fault: Fault) -> list[tuple[bytes, bytes]]:
    dropped = set()
    if fault.content_type:
        dropped.add(b"content-type")
    if fault.malformed or fault.reset is not None or fault.truncate is not None:
        dropped.add(b"content-length")
    kept = [(name, value) for name, value in given if name not in dropped]
    if fault.content_type:
        kept.append((b"content-type", fault.content_type.encode()))
    return [*kept, (HEADER.encode(), fault.words.strip().encode("ascii", "backslashreplace"))]


def _halved(body: bytes) -> bytes:
    """JSON cut in half, also that of each server-sent event."""
    if b"data: " not in body[:80]:
        return body[: len(body) // 2]
    events = [one for one in body.split(b"\n\n") if one]
    return b"".join((one if one == b"data: [DONE]" else one[: max(7, len(one) // 2)]) + b"\n\n" for one in events)
