"""The last step before the wire: where address and credential are put into a request, and nowhere else.

The SDK's clients carry a placeholder for a key, so that no key is in their repr, their copies or a traceback. A request
that is redirected to another host loses the credential, and an error that repeats it comes back without. What goes
wrong on the wire leaves no frames behind: they hold the headers, and some tracebacks show them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import httpx2

from . import confirmed, ledger, settings
from .errors import SettingsError
from .local import launch
from .local.launch import LocalSettings, Service
from .secret import HIDDEN
from .settings import Target

_AnyClient = TypeVar("_AnyClient")
#: What the SDK's clients hold for a key and an address; the transport puts the true ones in.
PLACEHOLDER = "put-in-by-the-transport"
#: In a request's `extensions`: an origin, and what returns the token for it. It is asked for when the request leaves.
PROOF = "aoai_proof"
LOCAL_URL = "http://local-service.invalid"
# As the SDK's own clients have it: many at once for tables and batches.
_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
# What can mean that the service of a moment ago is gone; a timeout can't.
_GONE = (httpx2.ConnectError, httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)
# Azure charges for what it has worked on, whatever the status then is: a prompt that the content filter blocks, a
# timeout. It doesn't for the others (learn.microsoft.com, "Plan to manage costs for Azure OpenAI", HTTP status and
# billing). Errors that say nothing about it (5xx) may be either, and so may those of a connection that broke off.
_FREE = {*range(300, 400), 401, 403, 404, 405, 413, 415, 422, 429}
# Shorter keys, as are typed for services that take any, are words that may stand anywhere by chance.
_SHORTEST = 8
_NEVER_ARRIVED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


class Transport(httpx2.BaseTransport):
    """Sends requests to a target with its credential; to the local service after finding or starting it."""

    def __init__(self, target: Target) -> None:
        self._signer = _Signer(target)
        # A whole client and not a bare transport: it knows the environment's proxies, which loopback never goes through.
        self._http = _client(httpx2.Client, target)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return self._send(request)
        except _GONE as error:
            if not self._signer.local_service_is_gone():
                _frameless(error)
                raise
            if entry := ledger.current.get():
                entry.turned_down()
            return self._send(request)
        except httpx2.TransportError as error:
            _frameless(error)
            raise

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        signed = self._signer.signed(request)
        if entry := ledger.current.get():
            entry.sending()
        try:
            response = self._http.send(signed, stream=True)
        except _NEVER_ARRIVED:
            if entry:
                entry.turned_down()
            raise
        if entry and response.status_code in _FREE:
            entry.turned_down()
        if not self._signer.is_to_be_cleaned(response):
            return response
        try:
            return _cleaned(response, response.read(), signed)
        finally:
            response.close()

    def close(self) -> None:
        self._http.close()


class AsyncTransport(httpx2.AsyncBaseTransport):
    """The same for the SDK's asynchronous client; signing in and starting a service happen in a thread."""

    def __init__(self, target: Target) -> None:
        self._signer = _Signer(target)
        self._http = _client(httpx2.AsyncClient, target)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._send(request)
        except _GONE as error:
            if not await asyncio.to_thread(self._signer.local_service_is_gone):
                _frameless(error)
                raise
            return await self._send(request)
        except httpx2.TransportError as error:
            _frameless(error)
            raise

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        signed = await asyncio.to_thread(self._signer.signed, request)
        response = await self._http.send(signed, stream=True)
        if not self._signer.is_to_be_cleaned(response):
            return response
        try:
            return _cleaned(response, await response.aread(), signed)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()


def _client(kind: Callable[..., _AnyClient], target: Target) -> _AnyClient:
    """What the wire is reached through; loopback's own service without the environment's proxies and certificates."""
    away = target.kind != "local"
    try:
        return kind(trust_env=away, verify=away, limits=_LIMITS)
    except ValueError:  # its message, and its frames, have the proxy's password
        pass
    raise SettingsError(
        "The environment names a proxy that can't be used.", "", "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
    )


def _frameless(error: BaseException) -> None:
    links: list[BaseException | None] = [error]
    while links:
        if (link := links.pop()) is not None:
            link.__traceback__ = None
            links += [link.__cause__, link.__context__]


def _cleaned(response: httpx2.Response, content: bytes, signed: httpx2.Request) -> httpx2.Response:
    """An error that was read, without the credential of the request that it answers."""
    for name in ("authorization", "api-key"):
        secret = signed.headers.get(name, "").removeprefix("Bearer ").encode()
        if len(secret) >= _SHORTEST:
            content = content.replace(secret, HIDDEN.encode())
    headers = [
        (name, value)
        for name, value in response.headers.multi_items()
        if name not in ("content-encoding", "content-length", "transfer-encoding")
    ]
    return httpx2.Response(
        response.status_code, headers=headers, content=content, extensions=response.extensions, request=signed
    )


class _Signer:
    """Knows the address and the credential of a target, and puts them into requests."""

    def __init__(self, target: Target) -> None:
        self._target, self._is_confirmed = target, False
        self._lock = threading.Lock()
        self._found: tuple[LocalSettings, Service] | None = None

    def signed(self, request: httpx2.Request) -> httpx2.Request:
        """Return a copy of the request with what is true now in place of the placeholders.

        A copy, since the request itself stays in view: in errors, in the reply, and in what a redirect makes of it.
        """
        if not self._is_confirmed:
            confirmed.check(self._target)
            self._is_confirmed = True
        target, url, headers = self._target, request.url, request.headers.copy()
        for name in ("authorization", "api-key"):
            if PLACEHOLDER in headers.get(name, ""):
                del headers[name]
        if not (target.kind == "openai" or target.source == "OPENAI_BASE_URL"):
            # The SDK sends these, from the environment, to whatever it talks to.
            for name in ("openai-organization", "openai-project", *settings.custom_headers()):
                headers.pop(name, None)
        if target.kind == "local":
            service = self._service()
            url = url.copy_with(scheme="http", host="127.0.0.1", port=service.port)
            headers["host"] = f"127.0.0.1:{service.port}"
            headers["authorization"] = f"Bearer {launch.local_token(service.key)}"  # stays, whatever keys are rotated
        elif (origin := settings.origin(str(url))) == settings.origin(target.endpoint):  # not where a redirect led
            headers.update(self._credential(url))
        elif (proof := request.extensions.get(PROOF)) and origin == proof[0]:
            headers["authorization"] = f"Bearer {proof[1]()}"
        return httpx2.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )

    def is_to_be_cleaned(self, response: httpx2.Response) -> bool:
        """Whether an answer may repeat the credential to whoever looks at it: the local service repeats none."""
        return response.is_error and self._target.kind != "local"

    def local_service_is_gone(self) -> bool:
        """Whether the local service that the last request went to no longer answers; the next `sign` finds another."""
        with self._lock:
            if self._found is None or (self._found[1].alive() and self._found[1].proves_itself()):
                return False
            self._found = None
            return True

    def _service(self) -> Service:
        wanted = settings.local()
        with self._lock:
            if self._found is None or self._found[0] != wanted or not self._found[1].alive():
                self._found = wanted, launch.ensure(wanted)
            return self._found[1]

    def _credential(self, url: httpx2.URL) -> dict[str, str]:
        target = self._target
        if target.kind != "azure":
            return {"authorization": f"Bearer {target.api_key.reveal()}"} if target.api_key else {}
        if url.scheme != "https" and url.host not in settings.LOOPBACK:
            raise SettingsError(
                f"{target.endpoint} would get the credential over plain http.",
                "Anyone on the way could read it.",
                "%aoai connect https://…",
            )
        if target.api_key:
            return {"api-key": target.api_key.reveal()}
        token = target.ad_token.reveal() if target.ad_token else self._token_provider()
        return {"authorization": f"Bearer {token}"}

    @cached_property
    def _token_provider(self) -> Any:
        from azure.identity import DefaultAzureCredential, get_bearer_token_provider

        target = self._target
        if target.credential is None and not target.is_azures_own:
            raise SettingsError(
                f"{target.endpoint} isn't an address of Azure's, and no credential was named for it.",
                "A sign-in to Azure is sent to Azure's own hosts only, unless told otherwise.",
                "aoai.connect(URL, credential=DefaultAzureCredential()), or %aoai connect URL --key-env NAME",
            )
        credential: Any = target.credential or DefaultAzureCredential()
        return get_bearer_token_provider(credential, target.scope)
