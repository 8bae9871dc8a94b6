"""A recorded answer as the HTTP response that it was, or would have been had it been asked for in the other way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator

import httpx2

from . import scrub, streams
from .recording import Answer, Recording
from .streams import Event

Tick = Callable[[float], None]

#: The header that says that a recording answered: when it was asked, and of which kind the service was.
HEADER = "x-aoai-recorded"
_FAILURES = (httpx2.NetworkError, httpx2.TimeoutException, httpx2.ProtocolError)


def replayed(recording: Recording, request: httpx2.Request, endpoint: str | None, tick: Tick) -> httpx2.Response:
    """The response that a recording is to a request.

    Raises the httpx2 exception that it ended in, if it has nothing else. Whoever asks for a stream gets one, and
    whoever doesn't gets the whole, however it was recorded; `endpoint` is the address of the connection that asks.
    `tick` is told when, in seconds from the request, what is handed out had come.
    """
    answer = recording.answer
    if answer.events is None and answer.failure:
        raise _failure(answer.failure, request)
    headers = {**answer.headers, HEADER: f"{recording.at} {recording.kind}"}
    events, body = answer.events, answer.body
    if answer.status < 400 and isinstance(body, dict) and _wants_stream(request):
        events = streams.stream(recording.operation, body)
    elif events is not None and not answer.failure and not _wants_stream(request):
        body = streams.whole(recording.operation, events)
        events = events if body is None else None
    if events is not None:
        headers["content-type"] = "text/event-stream; charset=utf-8"
        blocks = [
            scrub.put_back(_block(one), str(request.url), endpoint).encode("utf-8", "surrogatepass") for one in events
        ]
        return httpx2.Response(answer.status, headers=headers, stream=_Events(blocks, answer, tick, request))
    tick(answer.seconds[-1] if isinstance(answer.seconds, list) else answer.seconds)
    content = answer.data
    if content is None:
        if body is not None:
            headers["content-type"] = "application/json"
        text = answer.text if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        content = scrub.put_back(text or "", str(request.url), endpoint).encode("utf-8", "surrogatepass")
    return httpx2.Response(answer.status, headers=headers, content=content)


class _Events(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A recorded stream, an event at a time."""

    def __init__(self, blocks: list[bytes], answer: Answer, tick: Tick, request: httpx2.Request) -> None:
        self._blocks, self._answer, self._tick, self._request = blocks, answer, tick, request

    def __iter__(self) -> Iterator[bytes]:
        seconds = self._answer.seconds
        for at, block in enumerate(self._blocks):
            self._tick(seconds[min(at, len(seconds) - 1)] if isinstance(seconds, list) else seconds)
            yield block
        if self._answer.failure:
            raise _failure(self._answer.failure, self._request)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self:
            yield block


def _block(event: Event) -> str:
    if isinstance(event, str):
        return "".join(f"data: {line}\n" for line in event.split("\n")) + "\n"
    kind = event.get("type")  # where events have names, they are the types of their data (Responses, images)
    named = f"event: {kind}\n" if isinstance(kind, str) and "\n" not in kind else ""
    return f"{named}data: {json.dumps(event, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _wants_stream(request: httpx2.Request) -> bool:
    content = request.read()
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return b'name="stream"\r\n\r\ntrue\r\n' in content
    try:
        body = json.loads(content)
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("stream") is True


def _failure(name: str, request: httpx2.Request) -> httpx2.TransportError:
    found = getattr(httpx2, name, None)
    kind = found if isinstance(found, type) and issubclass(found, _FAILURES) else httpx2.ReadError
    return kind("as it was recorded", request=request)
