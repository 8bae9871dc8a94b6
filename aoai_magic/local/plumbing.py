"""Between HTTP and the rest: requests, their bodies and forms, versions of the API, and noticing who has left."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from .account import Account
from .azure_errors import (
    invalid_request,
    not_found,
    timed_out,
    too_large,
    version_not_supported,
    version_too_old,
)
from .wire import read

_Result = TypeVar("_Result")
_LARGEST_BODY = 64 * 1024 * 1024
# Microsoft's batch page: 200 MB for an input file.
_LARGEST_FORM = 200 * 1024 * 1024
#: How long a client may pause in a request, or leave an answer unread: as Azure's load balancers keep a silent connection.
SILENT_SECONDS = 240.0
# Dated versions of the classic API that its lifecycle page or the specifications' repository names, from the first GA on.
_VERSIONS = frozenset(
    "2022-12-01 2023-03-15-preview 2023-05-15 2023-06-01-preview 2023-07-01-preview 2023-08-01-preview 2023-09-01-preview "
    "2023-10-01-preview 2023-12-01-preview 2024-02-01 2024-02-15-preview 2024-03-01-preview 2024-04-01-preview "
    "2024-05-01-preview 2024-06-01 2024-07-01-preview 2024-08-01-preview 2024-09-01-preview 2024-10-01-preview 2024-10-21 "
    "2024-12-01-preview 2025-01-01-preview 2025-02-01-preview 2025-03-01-preview 2025-04-01-preview".split()
)
_RESPONSES_SINCE = "2025-03-01-preview"


class Call(Request):
    """A request to the service, and what is said beside its body and the answer's."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.id = str(uuid.uuid4())
        #: The headers that came, by name; of several with one name the first, as in `headers`, which looks for each anew.
        self.sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        #: The answer's headers beside those that every answer has, as ASGI has them.
        self.told: dict[bytes, bytes] = {}
        #: Who really answers, where that isn't the engine's model.
        self.done_by = ""
        #: Whether the content filter is to fail.
        self.filter_fails = False


def account_of(request: Request) -> Account:
    """The account that the service plays."""
    return cast(Account, request.app.account)


def is_v1(request: Request) -> bool:
    """Whether the address is one of the v1 API's."""
    return str(request.scope["path"]).startswith("/openai/v1/")


def check_version(request: Request) -> str:
    """Return the API's version, "v1" or a date; refuse one that the address doesn't take."""
    version = request.query_params.get("api-version") if request.scope["query_string"] else None
    if is_v1(request):
        if version not in (None, "v1", "preview", "latest"):
            raise version_not_supported()
        return "v1"
    if version not in _VERSIONS:
        raise not_found()
    if request.scope["path"].startswith("/openai/responses") and version < _RESPONSES_SINCE:
        raise version_too_old(_RESPONSES_SINCE)
    return version


async def _blocks(request: Request) -> AsyncGenerator[bytes]:
    """A form as it comes.

    Raises AzureError 413 where it is too large, 408 where its client stops in the middle.
    """
    received = 0
    blocks = request.stream()
    while True:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                block = await anext(blocks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise timed_out() from None
        received += len(block)
        if received > _LARGEST_FORM:
            raise too_large()
        yield block


async def json_body(request: Request) -> dict[str, Any]:
    """The request's body, which has to be a JSON object."""
    received = bytearray()
    try:
        async with asyncio.timeout(SILENT_SECONDS):  # for the whole, where each block's own would take 2% of a request
            async for block in request.stream():
                received += block
                if len(received) > _LARGEST_BODY:
                    raise too_large()
    except TimeoutError:
        raise timed_out() from None
    try:
        body = read(received)
    except ValueError:
        raise invalid_request("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise invalid_request("The body of your request must be a JSON object.")
    return body


class _InMemory(MultiPartParser):
    """Starlette's parser of forms, which writes nothing to the disk: that may be full, and what is sent is nobody's else."""

    spool_max_size = max_file_size = _LARGEST_FORM  # the latter is what versions before 0.46 call it


async def form(request: Request) -> dict[str, Any]:
    """The fields of a multipart form: texts as they are, files as bytes, with the file's name under NAME.filename.

    A field that is given several times is a list.
    """
    _, kind = parse_options_header(request.headers.get("content-type"))
    # Python's codecs are many, and some fail in ways of their own, or make text that can't be sent back.
    if kind.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise invalid_request("We could not parse the form of your request: its charset must be UTF-8.")
    parser = _InMemory(request.headers, _blocks(request), max_files=32, max_fields=64, max_part_size=_LARGEST_BODY)
    try:
        given = await parser.parse()
    except (
        MultiPartException,
        FormParserError,
    ) as error:  # of which older versions of Starlette let the latter through
        told = error.message if isinstance(error, MultiPartException) else error
        raise invalid_request(f"We could not parse the form of your request: {told}.") from None
    fields: dict[str, Any] = {}
    for name, value in given.multi_items():
        content: Any = value
        if isinstance(value, UploadFile):
            content = await value.read()
            fields[f"{name}.filename"] = value.filename
        if name in fields:
            earlier = fields[name] if isinstance(fields[name], list) else [fields[name]]
            fields[name] = [*earlier, content]
        else:
            fields[name] = content
    await given.close()
    return fields


def patient(receive: Receive, send: Send) -> Send:
    """A `send` that waits for its reader for so long only, and then closes the connection and raises ClientDisconnect.

    What a client leaves unread fills the connection, and whoever writes to it waits.
    """

    async def sent(message: Message) -> None:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                await send(message)
        except TimeoutError:
            connection_of(receive).abort()
            await asyncio.sleep(0)  # uvicorn learns of it in the next turn
            raise ClientDisconnect from None

    return sent


def connection_of(receive: Receive) -> asyncio.Transport:
    """The connection that a request came through; ASGI has no such thing."""
    # uvicorn's `receive` is a method of the request's cycle, which has the transport.
    return cast(asyncio.Transport, receive.__self__.transport)  # type: ignore[attr-defined]


class EventStream(StreamingResponse):
    """A stream of events.

    When it has ended, however that came about, so has what makes them; then `close` is called.
    """

    def __init__(self, events: AsyncGenerator[bytes], close: Callable[[], Awaitable[None]]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._events, self._close = events, close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            # Not Starlette's own way, which ends a stream only at a moment in which nothing is ready to be sent (seen: 1 s
            # and 10,000 events for a client that had left).
            with contextlib.suppress(ClientDisconnect):
                await unless_gone(receive, self.stream_response(patient(receive, send)))
        finally:
            # Left to the garbage collector, the generators within one another are closed all at once, and fail at it.
            await self._events.aclose()
            await self._close()


async def unless_gone(receive: Receive, answer: Awaitable[_Result]) -> _Result:
    """Wait for an answer as long as its client does; a client that leaves ends the work for it at once.

    Raises ClientDisconnect then. The request's body must have been read.
    """
    working = asyncio.current_task()
    assert working is not None
    watching: asyncio.Task[None] | None = None
    left = answered = False

    async def watch() -> None:
        nonlocal left
        while (await receive())["type"] != "http.disconnect":
            pass
        if not answered:
            left = True
            working.cancel()

    def begin() -> None:
        nonlocal watching
        watching = asyncio.create_task(watch())

    # In the loop's next round, which an answer that never waits doesn't live to see, as most of the echo engine's.
    begins = working.get_loop().call_soon(begin)
    try:
        return await answer
    except asyncio.CancelledError:
        if left and working.uncancel() == 0:
            raise ClientDisconnect from None
        raise
    finally:
        answered = True
        begins.cancel()
        if watching is not None:
            watching.cancel()
