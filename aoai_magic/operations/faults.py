"""The local service asked to fail on purpose."""

from __future__ import annotations

from typing import Any

from .. import current
from ..errors import SettingsError


def faults(fault: str | None = None) -> list[dict[str, Any]]:
    """Ask the local service to fail on purpose; return the faults that wait, each with `fault`, `skip` and `times`.

    `fault` is a line as in `aoai_magic.local.faults`, "off" to take all away, None only to look. Raises SettingsError
    for another kind of connection and for words that are no fault.

    >>> import aoai_magic as aoai
    >>> aoai.connect("local")
    <Connection local, deployment gpt-4o>
    >>> faults("status=503 times=2")[0]["times"]
    2
    >>> faults("off")
    []
    """
    from ..transport import LOCAL_URL

    connection = current.connection()
    if connection.kind != "local":
        raise SettingsError(
            f"Faults are the local service's; requests go to {connection.target.endpoint}.",
            "A real service can't be told to fail.",
            "%aoai connect local",
        )
    method = "GET" if fault is None else "DELETE" if fault == "off" else "POST"
    json = {"fault": fault} if method == "POST" else None
    answer = connection.http.request(method, f"{LOCAL_URL}/aoai/faults", json=json)
    if not answer.is_success:
        raise SettingsError(
            answer.json()["error"]["message"],
            "A fault is words like status=503, delay=2 or reset=200, with skip=N and times=N.",
            '%aoai fault "status=503 times=2"',
        )
    waiting: list[dict[str, Any]] = answer.json()["faults"]
    return waiting
