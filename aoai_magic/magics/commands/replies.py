"""What came back: last."""

from __future__ import annotations

from typing import Any

from ...errors import SettingsError
from .command import Command


def _last(options: dict[str, Any]) -> None:
    from ... import current
    from ...render import LiveReply, current_shell
    from ..live import finish

    reply = current.last()
    if reply is None:
        raise SettingsError("There is no last reply.", "Nothing was answered yet in this kernel.", "%%chat")
    with LiveReply(current_shell(), animate=False) as live:
        finish(live, reply)


COMMANDS = {
    "last": Command(
        "Show the last reply again, also one that was interrupted, or that a page lost when it was loaded again.", _last
    ),
}
