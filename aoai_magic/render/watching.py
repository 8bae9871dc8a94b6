"""Who looks, and how often what they look at may change."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def current_shell() -> InteractiveShell | None:
    """The IPython shell that runs this, if one does."""
    ipython = sys.modules.get("IPython")
    shell: InteractiveShell | None = ipython.get_ipython() if ipython else None
    return shell


def is_watched(shell: InteractiveShell | None = None) -> bool:
    """Whether someone looks at the output as it comes; `shell` is the one that runs this, if it isn't named.

    nbval and nbclient tell the kernel that they take no input, JupyterLab that it may ask. nbval ignores
    updates of a display, so that what is animated would be compared by its first frame.
    """
    kernel = getattr(shell or current_shell(), "kernel", None)
    if kernel is None:
        return sys.stdout.isatty()
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin", False))


def can_answer(shell: InteractiveShell) -> bool:
    """Whether there is somebody who can type an answer to a question."""
    return is_watched(shell) if hasattr(shell, "kernel") else sys.stdin.isatty()


class Throttle:
    """Says when a text that grows may be shown again: ten times a second at most, and less often the longer it is.

    JupyterLab takes about 25 us a character to show an update, and falls behind for ever if they come faster.

    >>> throttle = Throttle()
    >>> throttle.due(1000)
    True
    >>> throttle.shown()
    >>> throttle.due(1000)
    False
    """

    def __init__(self) -> None:
        self._last = 0.0

    def due(self, characters: int = 0) -> bool:
        """Whether a text of so many characters may be shown now."""
        return time.monotonic() - self._last >= max(0.1, 30e-6 * characters)

    def shown(self) -> None:
        """It has just been."""
        self._last = time.monotonic()


def replaceable(bundle: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Display a bundle, and return what puts another in its place, from any thread and after its cell has ended."""
    from IPython.display import display

    handle: Any = display(bundle, raw=True, display_id=True)
    return lambda other: handle.update(other, raw=True)
