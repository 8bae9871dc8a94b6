"""What is current in this kernel: the connection that requests go to, the last reply, the conversations, the cell."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from . import confirmed, settings
from .client import Connection
from .conversations import Cell, Conversation

if TYPE_CHECKING:
    from .audio_reply import Audio
    from .image_reply import ImageReply
    from .reply import Reply

_connection: Connection | None = None
_last: Reply | ImageReply | Audio | None = None
_drawn: ImageReply | None = None
#: The named conversations of this kernel, in the order in which they began.
conversations: dict[str, Conversation] = {}


def connect(
    endpoint: str | None = None,
    *,
    api_key: str | None = None,
    key_env: str | None = None,
    credential: object | None = None,
    api_version: str | None = None,
    deployment: str | None = None,
    scope: str | None = None,
    subscription: str | None = None,
    serves: str | None = None,
) -> Connection:
    """Say where requests go from here on, and return the connection. Nothing is sent.

    `endpoint` is "local", "openai", the address of an Azure OpenAI resource, or the base URL of an OpenAI-compatible
    service; None reads the environment and pyproject.toml anew. Azure is asked through its v1 API, unless an
    `api_version` selects the classic one. `key_env` names the environment's variable that holds the key, `api_key` is
    the key itself; without either the environment's key for that very resource is used, else a sign-in with Entra ID:
    `credential` (an azure-identity credential, by default DefaultAzureCredential) for `scope`. `deployment` is used
    where a cell names none; `serves` is its model, where its name doesn't say; `subscription` (an id) saves the control
    plane the search for the resource. Raises SettingsError for what can't be an endpoint.

    >>> connect("https://contoso.openai.azure.com", deployment="chat")
    <Connection azure https://contoso.openai.azure.com, deployment chat>
    """
    global _connection
    _connection = Connection(
        settings.resolve(
            endpoint,
            api_key=api_key,
            key_env=key_env,
            credential=credential,
            api_version=api_version,
            deployment=deployment,
            scope=scope,
            subscription=subscription,
            serves=serves,
        )
    )
    if endpoint:
        confirmed.remember(_connection.target)
    return _connection


def connection() -> Connection:
    """Return the current connection.

    It is that of the last `connect`, else what the environment or pyproject.toml says, else the local service.

    >>> connect("local")
    <Connection local, deployment gpt-4o>
    >>> connection().kind
    'local'
    """
    return _connection or connect()


def foreseen() -> Connection:
    """The connection that the next request will take, as things are.

    Nothing is settled by it: what the environment says may still change.
    """
    return _connection or Connection(settings.resolve())


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


def last_drawn() -> ImageReply | None:
    """The last reply that has pictures; None before the first."""
    return _drawn


def remember(reply: Reply | ImageReply | Audio) -> None:
    """Keep a reply as the last one."""
    global _last, _drawn
    _last = reply
    if hasattr(reply, "pictures"):
        _drawn = reply  # type: ignore[assignment]  # the kind that has them


def conversation(name: str = "main") -> Conversation:
    """The conversation that cells call by that name (`-i NAME`; `-c` is `-i main`); a new one if there is none yet.

    It is kept for as long as the kernel lives; `.save(FILE)` keeps it longer. Raises SettingsError for what is no name.

    >>> conversation("tea")
    tea: no turns
    """
    return conversations.get(name) or conversations.setdefault(name, Conversation(name))


def cell() -> Cell | None:
    """The cell that runs now, where the front end says which (JupyterLab, Notebook, VS Code: metadata's cellId).

    None in nbclient, nbval and terminals, and in a thread: what that does, it does for itself.
    """
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython else None
    if kernel is None or threading.current_thread() is not threading.main_thread():
        return None
    parent = kernel.get_parent()
    name = (parent.get("metadata") or {}).get("cellId")
    return Cell(name, parent["header"]["msg_id"]) if isinstance(name, str) else None
