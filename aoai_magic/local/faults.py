"""Faults on request: what can go wrong between a client and the cloud, when a test or a lesson asks for it.

Asked for by the header `x-aoai-fault` of one request, or for requests to come by `POST /aoai/faults`. A fault is a line of
words:

    status=503            answer with that status (and body=… , retry-after=SECONDS, retry-after-ms=…)
    delay=1.5             wait that many seconds before the first byte
    pace=0.2              wait that many seconds before each chunk after the first
    reset=200             break the connection after that many bytes of the body
    truncate=3            end the stream in good order after that many chunks
    malformed             cut the JSON of the body, or of each event, in half
    content-type=text/html   answer with another content type
    filter-error          the content filter failed, and says so

and, for requests to come: skip=2 lets two requests pass first, times=1 is how many it then strikes (1 if left out), and
path=chat/completions strikes only requests whose path ends like that. Nothing is left to chance: requests are counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-aoai-fault"


@dataclass
class Fault:
    """One fault, as its words say. `skip` and `times` count requests down."""

    words: str
    status: int | None = None
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pace: float = 0.0
    reset: int | None = None
    truncate: int | None = None
    malformed: bool = False
    content_type: str | None = None
    filter_error: bool = False
    path: str = ""
    skip: int = 0
    times: int = 1

    def strikes(self, path: str) -> bool:
        """Count a request; whether it is one that this fault strikes."""
        if self.times <= 0 or not path.endswith(self.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


def parse(words: str) -> Fault:
    """Read a fault. Raises ValueError with what can't be read.

    >>> parse("status=429 retry-after=2 times=3").times
    3
    """
    fault = Fault(words)
    for word in shlex.split(words):
        name, equals, value = word.partition("=")
        match name:
            case "status" | "reset" | "truncate" | "skip" | "times":
                setattr(fault, name, _number(name, value, int))
            case "delay" | "pace":
                setattr(fault, name, min(_number(name, value, float), 60.0))
            case "retry-after" | "retry-after-ms":
                fault.headers[name] = str(_number(name, value, float))
            case "body" | "path":
                setattr(fault, name, value)
            case "content-type":
                fault.content_type = value
            case "malformed" | "filter-error" if not equals:
                setattr(fault, name.replace("-", "_"), True)
            case _:
                raise ValueError(f"{word!r} is no fault")
    if fault.status is not None and not 200 <= fault.status <= 599:
        raise ValueError(f"status={fault.status} is no status of an answer")
    return fault


def _number(name: str, value: str, kind: Any) -> Any:
    try:
        number = kind(value)
    except ValueError:
        raise ValueError(f"{name}={value} is not a number") from None
    if not 0 <= number < 10**9:
        raise ValueError(f"{name}={value} is out of range")
    return number


class Faults:
    """The outermost layer: lets a fault happen to the answers that it is meant for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._waiting: list[Fault] = []

    def add(self, words: str) -> None:
        """Let a fault strike requests to come. Raises ValueError where the words are none."""
        self._waiting.append(parse(words))

    def clear(self) -> None:
        """Take all faults away that wait."""
        self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults that wait, and how many requests each still skips and strikes."""
        return [{"fault": one.words, "skip": one.skip, "times": one.times} for one in self._waiting if one.times > 0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay)
        struck = _Struck(fault, send)
        with contextlib.suppress(_BrokenError):
            if fault.status is not None:
                await _answer(fault)(scope, receive, struck)
            else:
                scope.setdefault("state", {})["filter_error"] = fault.filter_error
                await self._app(scope, receive, struck)

    def _fault(self, scope: Scope) -> Fault | None:
        if words := Headers(scope=scope).get(HEADER):
            with contextlib.suppress(ValueError):
                return parse(words)
        if scope["path"].startswith("/aoai/"):
            return None
        return next((fault for fault in self._waiting if fault.strikes(scope["path"])), None)


class _BrokenError(Exception):
    """The connection was broken, as the fault asked."""


def _answer(fault: Fault) -> Response:
    error = {"code": str(fault.status), "message": "A fault that was asked for."}
    body = json.dumps({"error": error}) if fault.body is None else fault.body
    return Response(body, fault.status or 200, fault.headers, fault.content_type or "application/json")


class _Struck:
    """A `send` that does to an answer what its fault says."""

    def __init__(self, fault: Fault, send: Send) -> None:
        self._fault, self._send = fault, send
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
        if fault.reset is not None and self._bytes + len(body) >= fault.reset:
            await self._send({**message, "body": body[: fault.reset - self._bytes], "more_body": True})
            self._break()
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
            kept.append((b"content-type", self._fault.content_type.encode("latin-1", "replace")))
        return kept

    def _break(self) -> None:
        """Close the connection so that the client's next read fails with "connection reset by peer"."""
        self._ended = True
        # uvicorn's `send` is a method of the request's cycle, which has the transport; ASGI itself has no such thing.
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is not None:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        raise _BrokenError


def _halved(body: bytes) -> bytes:
    """JSON cut in half, also that of each server-sent event."""
    if b"data: " not in body[:80]:
        return body[: len(body) // 2]
    events = [one for one in body.split(b"\n\n") if one]
    return b"".join((one if one == b"data: [DONE]" else one[: max(7, len(one) // 2)]) + b"\n\n" for one in events)
