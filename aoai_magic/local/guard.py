"""Who may talk to the service: checked before anything else looks at a request.

A web page in the user's browser can reach loopback: blindly from any site, and with answers through a host name that
it rebinds to 127.0.0.1. Other users of the machine can as well. Seen in Chromium: with these checks no request of
either kind arrives (facts/frontend.md, section 6).
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .azure_errors import AzureError, wrong_key

HEALTH = "/aoai/health"


class Guard:
    """Lets through only what comes from a program on this machine that knows the key."""

    def __init__(self, app: ASGIApp, *, key: str, port: int) -> None:
        self.app = app
        self._key = key.encode()
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (error := self._objection(scope)):
            await JSONResponse({"error": error.error}, error.status)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _objection(self, scope: Scope) -> AzureError | None:
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            return AzureError(421, {"code": "421", "message": "This service answers to its loopback address only."})
        # Another port of 127.0.0.1 is "same-site" to a browser, so only "none" (typed by hand) and a program's silence pass.
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            return AzureError(403, {"code": "403", "message": "This service doesn't answer to web pages."})
        if scope["path"] == HEALTH:
            return None
        given = headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._key):
            return wrong_key()
        if (
            scope["method"] == "POST"
            and headers.get("content-type", "").partition(";")[0].strip() != "application/json"
        ):
            return AzureError(415, {"code": "415", "message": "The body must be application/json."})
        return None
