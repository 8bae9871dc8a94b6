"""Who may talk to the service: checked before anything else looks at a request.

A web page in the user's browser can reach loopback: blindly from any site, and with answers through a host name that
it rebinds to 127.0.0.1. Other users of the machine can as well. Seen in Chromium: with these checks no request of
either kind arrives.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
from collections.abc import Mapping

from .account import Account
from .azure_errors import AzureError, too_many_headers, wrong_key
from .plumbing import Call

HEALTH = "/aoai/health"
_CONTROL_PLANE = "/subscriptions"
# Where files are sent, and so a form and not JSON.
_FORMS = ("/files", "/images/edits", "/audio/transcriptions", "/audio/translations")
# Microsoft's quotas page: at most ten custom headers. What counts as one isn't said: here, what HTTP, browsers, proxies and
# Azure's and OpenAI's own clients don't send by themselves.
_MOST_CUSTOM_HEADERS = 10
_ORDINARY = re.compile(
    "accept|api-key$|authorization$|cache-control$|connection$|content-|cookie$|date$|expect|forwarded$|from$|host$|idempotency|"
    "if-|keep-alive$|ocp-apim-|openai-|origin$|pragma$|priority$|proxy-|range$|referer$|request-id$|sec-|te$|trace|trailer$|"
    "transfer-encoding$|upgrade|user-agent$|via$|x-aoai-|x-forwarded-|x-ms-|x-request|x-stainless-"
)


class Guard:
    """Lets through only what comes from a program on this machine that knows a key or the local credential's token."""

    def __init__(self, account: Account, host: str, port: int) -> None:
        self._account = account
        own = f"[{host}]" if ":" in host else host
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", own)}
        self._networked = not is_loopback(host)

    def objection(self, call: Call) -> AzureError | None:
        """Why the request isn't let through; None if it is."""
        headers, path = call.sent, call.scope["path"]
        if not self._is_its_name(headers.get("host", "")):
            return AzureError(421, {"code": "421", "message": "This service answers to its own address only."})
        # Another port of 127.0.0.1 is "same-site" to a browser, so only "none" (typed by hand) and no word of it pass.
        if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
            return AzureError(403, {"code": "403", "message": "This service doesn't answer to web pages."})
        if path == HEALTH:
            return None
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if path.startswith(_CONTROL_PLANE):
            if not self._account.admits_token(bearer):
                message = "Authentication failed. The 'Authorization' header is missing or holds another's token."
                return AzureError(401, {"code": "AuthenticationFailed", "message": message})
        elif not (self._account.admits(headers.get("api-key") or bearer) or self._account.admits_token(bearer)):
            return wrong_key()
        if len(headers) > _MOST_CUSTOM_HEADERS and sum(map(_is_custom, headers)) > _MOST_CUSTOM_HEADERS:
            return too_many_headers()
        if call.method in ("POST", "PUT", "PATCH") and not _has_right_type(headers, path):
            return AzureError(415, {"code": "415", "message": "The body must be application/json."})
        return None

    def _is_its_name(self, host: str) -> bool:
        if host in self._hosts or not self._networked:
            return host in self._hosts
        # Behind a network's own doors (a container's ports) neither address nor port need be those it listens on. A page
        # can rebind a name of its own to them, and no address and no name of this machine's.
        name = re.sub(r":[0-9]*$", "", host).strip("[]").lower()
        return name in ("localhost", socket.gethostname().lower()) or _is_address(name)


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach that address.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@functools.lru_cache(1000)
def _is_custom(name: str) -> bool:
    return not _ORDINARY.match(name)


def _has_right_type(headers: Mapping[str, str], path: str) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip()
    if path.endswith(_FORMS):
        return kind == "multipart/form-data"
    # A request without a body, as Resource Manager's clients send for listKeys, has no type either.
    return kind == "application/json" or (not kind and headers.get("content-length", "0") == "0")
