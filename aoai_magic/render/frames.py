"""Tables displayed by the shell itself: as pandas and polars draw them, but for characters that steer a terminal or hide.

Their data stays as it came, and answers of models are among it. Whoever prints one, prints what is there.
"""

from __future__ import annotations

from typing import Any

from ..visible import visible
from .watching import current_shell

# As they name themselves: pandas 2 and 3, polars.
_TYPES = [
    (module, name)
    for name, modules in {
        "DataFrame": ("pandas.core.frame", "pandas", "polars.dataframe.frame"),
        "Series": ("pandas.core.series", "pandas", "polars.series.series"),
    }.items()
    for module in modules
]
_told: Any = None


def show_frames_safely() -> None:
    """Have the shell that runs this, if one does, show tables so from here on."""
    global _told
    shell = current_shell()
    if shell is not None and shell is not _told:
        _told = shell
        formatters: Any = shell.display_formatter and shell.display_formatter.formatters
        for module, name in _TYPES:
            formatters["text/plain"].for_type_by_name(module, name, _plain)
            formatters["text/html"].for_type_by_name(module, name, _html)


def _plain(frame: Any, printer: Any, cycle: bool) -> None:
    printer.text(visible(repr(frame)))


def _html(frame: Any) -> str | None:
    draw = getattr(frame, "_repr_html_", None)
    drawn = draw() if draw else None
    return drawn if drawn is None else visible(drawn)
