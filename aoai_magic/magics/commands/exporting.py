"""The last cell as something else: code, request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import SettingsError
from ..arguments import Option, choice
from .command import Command

if TYPE_CHECKING:
    from ...audio_reply import Audio
    from ...image_reply import ImageReply
    from ...reply import Reply


def _code(options: dict[str, Any]) -> Any:
    from ... import current, export

    reply = _last("%%chat --code python")
    operation = reply.estimate.operation if reply.estimate else ""
    return export.code(options.get("language", "python"), operation, reply.request, current.connection().target)


def _request(options: dict[str, Any]) -> Any:
    from ... import export

    return export.request(_last("%%chat --request").request)


def _last(example: str) -> Reply | ImageReply | Audio:
    from ... import current

    reply = current.last()
    if reply is None:
        raise SettingsError(
            "Nothing was sent yet.", "The last cell that was sent is shown.", f"{example} sends nothing."
        )
    return reply


COMMANDS = {
    "code": Command(
        "Show the last cell that was sent as a script for the openai SDK, a curl line, or a line of a batch.",
        _code,
        (
            Option(
                ("--language",),
                "python (if left out), curl or jsonl",
                "LANGUAGE",
                choice("python", "curl", "jsonl"),
                positional=True,
            ),
        ),
        "%aoai code curl",
    ),
    "request": Command("Show the JSON that the last cell sent.", _request),
}
