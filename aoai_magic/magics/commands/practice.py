"""The local service asked to fail: fault."""

from __future__ import annotations

from typing import Any

from ..arguments import Option
from .command import Command


def _fault(options: dict[str, Any]) -> str:
    from ...operations.faults import faults

    waiting = faults(options.get("fault"))
    lines = [f"{one['fault']}  ({_strikes(one['skip'], one['times'])})" for one in waiting]
    return "\n".join(lines) or "No fault waits: requests to the local service are answered in good order."


def _strikes(skip: int, times: int) -> str:
    after, struck = (f"{count} request{'' if count == 1 else 's'}" for count in (skip, times))
    return f"lets {after} pass, then strikes {struck}" if skip else f"strikes {struck}"


COMMANDS = {
    "fault": Command(
        "Let the local service fail on purpose, to see what a cell makes of it; alone, list the faults that wait.",
        _fault,
        (
            Option(
                ("--fault",),
                'what is to happen: "status=503", "delay=2", "reset=200", … (python -m pydoc aoai_magic.local.faults), or "off"',
                "FAULT",
                positional=True,
            ),
        ),
        '%aoai fault "status=429 retry-after=2 times=3"',
    ),
}
