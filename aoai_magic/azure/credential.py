"""The local credential: what Azure's libraries sign in to the local service with, in place of Entra ID."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .. import settings
from ..local import launch

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo

#: How long a token is said to hold, in seconds, as Entra ID's do about. The service itself takes it as long as it runs.
_LIFETIME = 3600


class LocalCredential:
    """Signs in to the local service: an azure-core `TokenCredential` for its control plane and its data plane.

    `key` is the first key that the service was started with (`aoai-magic serve` prints it). Without one, the token is
    for the service that notebooks share, which is found or started when a token is first asked for. Scopes, tenants and
    claims are accepted and make no difference. The token goes on working when keys are rotated, and nowhere else than
    at that one service.

    azure-core sends no token over plain http unless each call says that it is meant: `enforce_https=False`. For
    loopback it is: nothing leaves the machine.

    >>> from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
    >>> import aoai_magic as aoai
    >>> endpoint = aoai.connect("local").endpoint
    >>> with CognitiveServicesManagementClient(LocalCredential(), "local", base_url=endpoint) as client:
    ...     deployments = client.deployments.list("local", "local", enforce_https=False)
    ...     sorted(one.name for one in deployments)[0]
    'gpt-35-turbo-instruct'

    For openai's clients, on both of Azure's addresses:

    >>> from azure.identity import get_bearer_token_provider
    >>> from openai import OpenAI
    >>> token = get_bearer_token_provider(LocalCredential(), "https://ai.azure.com/.default")
    >>> with OpenAI(base_url=f"{endpoint}/openai/v1/", api_key=token) as client:
    ...     client.models.retrieve("gpt-4o-2024-11-20").object
    'model'
    """

    def __init__(self, key: str | None = None) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'key=...' if self._key else ''})"

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **options: Any,
    ) -> AccessToken:
        """Return the token, with the time (Unix, seconds) at which a client asks again.

        Raises LocalServiceError where no key was given and no service comes up.
        """
        from azure.core.credentials import AccessToken

        return AccessToken(self._token(), int(time.time()) + _LIFETIME)

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        """Return the same as `get_token`, as azure-core's newer protocol has it."""
        from azure.core.credentials import AccessTokenInfo

        return AccessTokenInfo(self._token(), int(time.time()) + _LIFETIME)

    def close(self) -> None:
        """Part of the protocol: there is nothing to close."""

    def __enter__(self) -> LocalCredential:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def _token(self) -> str:
        return launch.local_token(self._key or launch.ensure(settings.local()).key)


class AsyncLocalCredential:
    """`LocalCredential` for asynchronous clients: azure-core's `AsyncTokenCredential`.

    Those clients (`azure.….aio`) need aiohttp.

    >>> import asyncio
    >>> asyncio.run(AsyncLocalCredential(key="secret").get_token()).token.startswith("local.")
    True
    """

    def __init__(self, key: str | None = None) -> None:
        self._credential = LocalCredential(key)

    def __repr__(self) -> str:
        return f"Async{self._credential}"

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return the token; a service that has to be started first is started in a thread."""
        return await asyncio.to_thread(self._credential.get_token, *scopes, **options)

    async def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        """Return the same as `get_token`, as azure-core's newer protocol has it."""
        return await asyncio.to_thread(self._credential.get_token_info, *scopes, options=options)

    async def close(self) -> None:
        """Part of the protocol: there is nothing to close."""

    async def __aenter__(self) -> AsyncLocalCredential:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()
