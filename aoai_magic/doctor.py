"""Where requests go, in words; and whether a prompt would be answered, looked at step by step (`aoai-magic doctor`)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies

from . import settings
from .client import Connection
from .errors import AoaiError, RequestRefusedError, SettingsError
from .explain import explain
from .fitting import fitted
from .local import launch, weights
from .local.waiting import told
from .operations.chat import chat
from .render import LiveReply
from .visible import visible

Check = tuple[str, Callable[[], str]]


def describe(connection: Connection) -> str:
    """A connection in words: where requests go, how they prove who they are, and where both came from."""
    target = connection.target
    came = {"connect": "named by connect", "": "", "nothing is configured": "since nothing else is configured"}
    came_from = came.get(target.source, f"from {target.source}")
    if target.kind == "local":
        local = settings.local()
        engine = (
            "the echo engine"
            if local.engine == "echo"
            else f"the model {(local.model or weights.CHAT.path(local.home)).stem}"
        )
        rows = [("requests go to", f"the local service on this machine ({came_from})"), ("answered by", engine)]
    else:
        names = {"azure": "Azure OpenAI", "openai": "OpenAI", "compatible": "an OpenAI-compatible service"}
        api_form = "classic API of " + target.api_version if target.api_version else "v1 API"
        rows = [("requests go to", f"{names[target.kind]}, {target.endpoint} ({came_from})")]
        if target.kind == "azure":
            rows.append(("spoken", api_form))
        rows.append(("proved by", _proof(target)))
    named = (
        f" ({came.get(target.deployment_source, 'from ' + target.deployment_source)})"
        if target.deployment_source
        else ""
    )
    rows.append(
        (
            "deployment",
            f"{target.deployment}{named}" if target.deployment else "none yet: %%chat NAME, or %aoai connect … -d NAME",
        )
    )
    return visible("\n".join(f"{name:<16}{value}" for name, value in rows))


def _proof(target: settings.Target) -> str:
    if target.key_source in ("api_key", "credential"):
        return "the key that connect was given" if target.api_key else f"a {type(target.credential).__name__}"
    if target.key_source:
        return f"the {'token' if target.ad_token else 'key'} in {target.key_source}"
    return "a sign-in with Entra ID (DefaultAzureCredential)" if target.kind == "azure" else "nothing: no key is sent"


def run() -> int:
    """Make the checks, print what each found, and return 0 only if a prompt would be answered.

    Checks go from the near to the far and stop at the first that fails. Of the local service a one-token reply is
    asked; to a service that costs money, a request with no messages is sent, which is refused without charge once
    address, credential and deployment are right.
    """
    try:
        examine(Connection(settings.resolve()))
    except AoaiError as error:
        print(fitted(f"\n{error}"))
        return 1
    return 0


def examine(connection: Connection) -> None:
    """The same for a connection; raises AoaiError at the first check that fails."""
    print(fitted(describe(connection)), "\n", sep="")
    for name, check in _checks(connection):
        print(f"{name} … ", end="", flush=True)
        try:
            print(check())
        except AoaiError:
            print("no.")
            raise
    print("\nA prompt would be answered.")


def _checks(connection: Connection) -> Iterator[Check]:
    if connection.kind == "local":
        wanted = settings.local()
        yield "the local service's packages", lambda: _installed(wanted)
        if wanted.engine == "llama":
            yield "its model", lambda: _model(wanted)
        yield "starting it, or finding it", lambda: f"process {launch.ensure(wanted).pid}"
        yield "a reply", lambda: f"{chat('Hi', max_tokens=1, recordings='off', connection=connection).seconds:.1f} s"
    else:
        if not getproxies():  # a proxy looks names up itself
            yield "the host's name", lambda: _resolved(connection)
        yield "a deployment", lambda: _named(connection)
        yield "address, credential and deployment", lambda: _probed(connection)


def _installed(wanted: launch.LocalSettings) -> str:
    launch.check_installed(wanted)
    return "installed"


def _model(wanted: launch.LocalSettings) -> str:
    if wanted.model is None and not weights.CHAT.present(wanted.home):
        print()  # the bar has a line of its own
        with LiveReply(None) as live, told(live.note):
            return f"fetched: {weights.CHAT.ensure(wanted.home)}"
    return str(launch.model_file(wanted))


def _resolved(connection: Connection) -> str:
    host = urlsplit(connection.endpoint).hostname or ""
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise explain(error, connection.target) or error from error
    return ", ".join(sorted(addresses))


def _named(connection: Connection) -> str:
    if connection.deployment is None:
        raise SettingsError(
            "No deployment is named.",
            "On Azure a model is called by the name that its deployment was given.",
            "Set AOAI_DEPLOYMENT to that name.",
        )
    return connection.deployment


def _probed(connection: Connection) -> str:
    with contextlib.suppress(RequestRefusedError):
        chat([], max_tokens=1, stream=False, recordings="off", connection=connection)
    return "all three right"
