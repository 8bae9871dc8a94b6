"""What the service says on stderr: where something went wrong, and never what anybody wrote.

A traceback ends in the error's message, which may quote a prompt, and so may the `repr` of a task or a callback; so
what is written is the error's type and the places in the code it went through.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any

_LOG = logging.getLogger("aoai_magic.local")


def discreet() -> None:
    """Let everything that this process writes about errors and warnings be about the code alone."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Places("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("asyncio").addFilter(lambda record: record.exc_info is None)  # `in_the_background` has it
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # its warnings quote what was sent
    warnings.showwarning = _warned
    threading.excepthook = lambda unhandled: mishap("In a thread", unhandled.exc_value)
    sys.unraisablehook = lambda unhandled: mishap("While tidying up", unhandled.exc_value)


def mishap(what: str, error: BaseException | None) -> None:
    """Write down an error that nobody was there to handle."""
    _LOG.error("%s: %s", what, places(error))


def in_the_background(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's exception handler: the same for what goes wrong in a task that nobody waits for."""
    mishap("In the background", context.get("exception"))


def places(error: BaseException | None) -> str:
    """An error's type and the places it went through, innermost last.

    >>> try: int("a secret")
    ... except ValueError as error: print(places(error))
    ValueError at ...:1 <module>
    """
    if error is None:
        return "an error"
    return f"{type(error).__name__} at {_path(error.__traceback__)}"


def _path(raised: TracebackType | None) -> str:
    frames = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in traceback.extract_tb(raised)]
    return " > ".join(frames) or "an unknown place"


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    _LOG.warning("%s at %s:%s", category.__name__, Path(filename).name, lineno)


class _Places(logging.Formatter):
    """A formatter that writes `places` where others write a traceback."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the name that logging has for it
        return places(ei[1])

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return ""
