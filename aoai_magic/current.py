"""What is current in this kernel: the connection that requests go to, and the last reply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import settings
from .client import Connection

if TYPE_CHECKING:
    from .audio_reply import Audio
    from .image_reply import ImageReply
    from .reply import Reply

_connection: Connection | None = None
_last: Reply | ImageReply | Audio | None = None


def connect(
    endpoint: str | None = None,
    *,
    api_key: str | None = None,
    credential: object | None = None,
    api_version: str | None = None,
    deployment: str | None = None,
    scope: str | None = None,
    subscription: str | None = None,
    serves: str | None = None,
) -> Connection:
    """Say where requests go from here on, and return the connection. Nothing is sent.

    `endpoint` is "local", "openai", the address of an Azure OpenAI resource, or the base URL of an OpenAI-compatible
    service; None reads the environment anew. Azure is asked through its v1 API, unless an `api_version` selects the
    classic one. Without an `api_key` the environment's key for that very resource is used, else a sign-in with
    Entra ID: `credential` (an azure-identity credential, by default DefaultAzureCredential) for `scope`.
    `deployment` is used where a cell names none; `serves` is its model, where its
    name doesn't say; `subscription` (an id) saves the control plane the search for the
    resource. Raises SettingsError for what can't be an endpoint.

    >>> connect("https://contoso.openai.azure.com", deployment="chat")
    <Connection azure https://contoso.openai.azure.com, deployment chat>
    """
    global _connection
    _connection = Connection(
        settings.resolve(
            endpoint,
            api_key=api_key,
            credential=credential,
            api_version=api_version,
            deployment=deployment,
            scope=scope,
            subscription=subscription,
            serves=serves,
        )
    )
    return _connection


def connection() -> Connection:
    """Return the current connection: that of the last `connect`, else what the environment says, else the local service.

    >>> connect("local")
    <Connection local, deployment gpt-4o>
    >>> connection().kind
    'local'
    """
    return _connection or connect()


def prefer(deployment: str | None) -> None:
    """Say which deployment is asked where a cell names none, now and by connections to come; None takes it back.

    What was said last holds: a `connect` with a deployment goes before what was preferred earlier.
    """
    settings.preferred = deployment
    if _connection is not None:
        _connection.target = settings.with_default_deployment(replace(_connection.target, serves=None))


def last() -> Reply | ImageReply | Audio | None:
    """The last reply, also one that was interrupted or broke off; None before the first."""
    return _last


def remember(reply: Reply | ImageReply | Audio) -> None:
    """Keep a reply as the last one."""
    global _last
    _last = reply
