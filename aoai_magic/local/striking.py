"""Lets a fault happen to an answer: the layer between the guard and the routes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .azure_errors import from_outside
from .faults import HEADER, Fault, Faults, parse
from .wire import JSONResponse

# A reset overtakes what the client hasn't read yet: seen on Linux, half of a reply was gone.
_READING_SECONDS = 0.1


class Striking:
    """Lets a fault happen to the answers that it is meant for; behind the guard, so that strangers neither ask for one
    nor count. A header that can't be read is refused with 400, and the reason.
    """

    def __init__(self, app: ASGIApp, *, faults: Faults) -> None:
        self.app, self._faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            fault = self._fault(scope) if scope["type"] == "http" else None
        except ValueError as error:
            refused = {"code": "400", "message": f"The header {HEADER} can't be read: {error}."}
            await JSONResponse({"error": refused}, 400)(scope, receive, send)
            return
        if fault is None:
            await self.app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay)
        struck = _Struck(fault, receive, send)
        with contextlib.suppress(_BrokenError):
            if fault.error is not None:
                known = from_outside(fault.error, scope["method"], scope["path"], scope["state"]["request_id"])
                await JSONResponse({"error": known.error}, known.status, fault.headers)(scope, receive, struck)
            elif fault.status is not None:
                await _answer(fault)(scope, receive, struck)
            else:
                scope.setdefault("state", {})["filter_error"] = fault.filter_error
                await self.app(scope, receive, struck)

    def _fault(self, scope: Scope) -> Fault | None:
        if (words := Headers(scope=scope).get(HEADER)) is not None:
            return parse(words, once=True)
        # The service's own routes are how faults are taken away again.
        return None if scope["path"].startswith("/aoai/") else self._faults.striking(scope["path"])


class _BrokenError(Exception):
    """The connection was broken, as the fault asked."""


def _answer(fault: Fault) -> Response:
    status = fault.status or 200
    error = {"code": str(status), "message": "A fault that was asked for."}
    body = json.dumps({"error": error}) if fault.body is None else fault.body
    return Response("" if status in (204, 205, 304) else body, status, fault.headers, "application/json")


class _Struck:
    """A `send` that does to an answer what its fault says."""

    def __init__(self, fault: Fault, receive: Receive, send: Send) -> None:
        self._fault, self._receive, self._send = fault, receive, send
        self._bytes = self._chunks = 0
        self._ended = False

    async def __call__(self, message: Message) -> None:
        if self._ended:
            return
        if message["type"] == "http.response.start":
            await self._send({**message, "headers": self._headers(message["headers"])})
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

    def _headers(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        dropped = set()
        if self._fault.content_type:
            dropped.add(b"content-type")
        if self._fault.malformed or self._fault.reset is not None or self._fault.truncate is not None:
            dropped.add(b"content-length")
        kept = [(name, value) for name, value in given if name not in dropped]
        if self._fault.content_type:
            kept.append((b"content-type", self._fault.content_type.encode()))
        return [*kept, (HEADER.encode(), self._fault.words.strip().encode("ascii", "backslashreplace"))]

    async def _break(self) -> None:
        """Close the connection so that the client's next read fails with "connection reset by peer"."""
        self._ended = True
        await asyncio.sleep(_READING_SECONDS)
        # uvicorn's `receive` is a method of the request's cycle, which has the transport; ASGI itself has no such thing.
        transport = self._receive.__self__.transport  # type: ignore[attr-defined]
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await asyncio.sleep(0)  # uvicorn learns of it in the next turn, and wouldn't know why the answer has no end
        raise _BrokenError


def _halved(body: bytes) -> bytes:
    """JSON cut in half, also that of each server-sent event."""
    if b"data: " not in body[:80]:
        return body[: len(body) // 2]
    events = [one for one in body.split(b"\n\n") if one]
    return b"".join((one if one == b"data: [DONE]" else one[: max(7, len(one) // 2)]) + b"\n\n" for one in events)
