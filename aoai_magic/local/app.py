"""The routes: Azure's two forms of each address, and the service's own health check."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .azure_errors import AzureError, broken, invalid_request, no_deployment, not_found, version_not_supported
from .chat import Chat
from .deployments import Deployment, defaults
from .engine import Engine
from .guard import HEALTH, Guard
from .launch import proof

_DATED = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
_MAX_BODY = 64 * 1024 * 1024


def build(engine: Engine, *, key: str, port: int) -> Starlette:
    """The ASGI application, answering on 127.0.0.1:`port` to whoever knows `key`."""
    app = Starlette(
        routes=[
            Route(HEALTH, health),
            Route("/openai/v1/chat/completions", chat_completions, methods=["POST"]),
            Route("/openai/deployments/{deployment}/chat/completions", chat_completions, methods=["POST"]),
        ],
        middleware=[Middleware(Activity), Middleware(Signed, engine=engine), Middleware(Guard, key=key, port=port)],
        exception_handlers={AzureError: refused, HTTPException: unknown, Exception: failed},
    )
    app.state.engine, app.state.key, app.state.deployments = engine, key, defaults()
    app.state.busy, app.state.last_active = 0, time.monotonic()
    return app


async def health(request: Request) -> Response:
    """Show that this is the service that its address file speaks of, to someone who knows the key too."""
    nonce = request.query_params.get("nonce", "")
    return JSONResponse({"status": "ok", "proof": proof(request.app.state.key, nonce)})


async def chat_completions(request: Request) -> Response:
    """POST /openai/v1/chat/completions, or /openai/deployments/{deployment}/chat/completions?api-version=…"""
    body = await _json(request)
    chat = Chat(body, _deployment(request, body), request.app.state.engine, _pace(request))
    await chat.begin()
    if chat.stream:
        return StreamingResponse(chat.events(), media_type="text/event-stream")
    return JSONResponse(await chat.answer())


async def refused(request: Request, error: Exception) -> Response:
    """An error with Azure's body."""
    assert isinstance(error, AzureError)
    return JSONResponse({"error": error.error}, error.status, headers=error.headers)


async def unknown(request: Request, error: Exception) -> Response:
    """No such route, or a method that it doesn't take: to Azure both are "Resource not found"."""
    return await refused(request, not_found())


async def failed(request: Request, error: Exception) -> Response:
    """A fault of the service's own: Azure's body for that, with the request's id in it."""
    return await refused(request, broken(request.state.request_id))


class Signed:
    """Gives every answer the headers that Azure sends, and one that says which model really answered."""

    def __init__(self, app: ASGIApp, *, engine: Engine) -> None:
        self.app = app
        self._model = engine.model.encode("latin-1", "replace")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"apim-request-id", request_id.encode()),
                    (b"x-ms-region", b"local"),
                    (b"x-aoai-local-model", self._model),
                ]
            await send(message)

        await self.app(scope, receive, signed)


class Activity:
    """Keeps count of what is under way, so that an idle service can end itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope["app"].state
        state.busy += 1
        try:
            await self.app(scope, receive, send)
        finally:
            state.busy -= 1
            state.last_active = time.monotonic()


def _pace(request: Request) -> float:
    """Seconds between the pieces of a reply of the echo engine: the header x-aoai-pace, for tests of streams."""
    try:
        return min(max(float(request.headers.get("x-aoai-pace", 0)), 0.0), 60.0)
    except ValueError:
        return 0.0


async def _json(request: Request) -> dict[str, Any]:
    received = bytearray()
    async for block in request.stream():
        received += block
        if len(received) > _MAX_BODY:
            raise AzureError(413, {"code": "413", "message": "Request body too large."})
    try:
        body = json.loads(received)
    except (ValueError, RecursionError):
        raise invalid_request("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise invalid_request("The body of your request must be a JSON object.")
    return body


def _deployment(request: Request, body: dict[str, Any]) -> Deployment:
    version = request.query_params.get("api-version")
    name = request.path_params.get("deployment")
    v1 = name is None
    if v1:
        if version not in (None, "v1", "preview", "latest"):
            raise version_not_supported()
        name = body.get("model")
    elif version is None or not _DATED.fullmatch(version):
        raise not_found()
    deployments: dict[str, Deployment] = request.app.state.deployments
    if not isinstance(name, str) or name not in deployments:
        raise no_deployment(v1=v1)
    return deployments[name]
