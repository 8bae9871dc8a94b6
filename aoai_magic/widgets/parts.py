"""What panels have in common: their look, a button, and a static form that stays in the saved notebook."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import ipywidgets

from .. import current
from ..catalog import Model
from ..client import Connection
from ..errors import AoaiError
from ..local.waiting import told
from ..render import Table, lined_up, replaceable
from .static import Static, bundle, safe

_NEEDS_A_KERNEL = '<span style="opacity:.7;font-size:85%">This panel needs a running kernel.</span>'
_NUMBER = re.compile(r"\$?[\d,.]*|unknown")
_open: weakref.WeakSet[Panel] = weakref.WeakSet()


class Panel(ipywidgets.VBox):
    """A panel. What `static()` returns stays in the saved notebook beside it, as it was at the last `keep()`."""

    def __init__(self, children: list[Any]) -> None:
        self._kept: list[Callable[[dict[str, Any]], None]] = []
        super().__init__([ipywidgets.HTML(_look(), layout={"display": "none"}), *children])
        self.add_class("aoai-panel")
        _open.add(self)

    def static(self) -> Static:
        """The panel as it stands, for where no kernel runs."""
        raise NotImplementedError

    def keep(self) -> None:
        """Have the panel as it stands in the outputs that a notebook is saved with."""
        for replace in self._kept:
            replace(self._static_bundle())

    def close(self) -> None:
        """Take the panel away, with all that is in it."""
        _open.discard(self)
        _close(self)

    def _ipython_display_(self) -> None:
        # Two outputs: the panel, which no saved notebook shows, and its static form, which the panel's look hides while it
        # is alive. Updating the panel's own output would build it anew, and take the focus out of it.
        replaceable(bundle(self, Static(_NEEDS_A_KERNEL, repr(self))))
        self._kept.append(replaceable(self._static_bundle()))

    def _static_bundle(self) -> dict[str, str]:
        shown = self.static()
        return Static(f'<div class="aoai-panel-static">{shown.html}</div>', shown.text)._repr_mimebundle_()


def close_all() -> None:
    """Close all panels that are open, and with them the requests that are on their way."""
    for panel in list(_open):
        panel.close()


def button(label: str, told: str, press: Callable[[], None], style: str = "") -> ipywidgets.Button:
    """A button that calls `press`."""
    made = ipywidgets.Button(description=label, tooltip=told, button_style=style)
    made.on_click(lambda _: press())
    return made


class Line(ipywidgets.HTML):
    """A panel's quiet line: what is waited for, what something will cost, what went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.add_class("aoai-quiet")

    def wait(self, what: str, fraction: float | None = None) -> None:
        """Say what is waited for."""
        done = "" if fraction is None else f" {fraction:.0%}"
        self.value = safe(f"{what}{done} …")


class Refresh(ipywidgets.Button):
    """A button that asks the control plane which deployments there are, and hands them to `listed`, in a thread."""

    def __init__(self, line: Line, listed: Callable[[list[dict[str, Any]]], None]) -> None:
        super().__init__(description="Refresh", tooltip="ask the service which deployments there are")
        self._line, self._listed = line, listed
        self.on_click(lambda _: self.press())

    def press(self) -> None:
        """Do what a click does."""
        self.disabled = True
        threading.Thread(target=self._ask, name="aoai-panel-deployments", daemon=True).start()

    def _ask(self) -> None:
        try:
            with told(self._line.wait):
                found = current.connection().control_plane.deployments()
            self._listed(found)
        except AoaiError as error:
            self._line.value = f'<div class="aoai-wrong" style="white-space:pre-wrap">{safe(error)}</div>'
        finally:
            self.disabled = False


def that_chat(connection: Connection) -> list[str]:
    """The deployments of a connection that answer prompts, or may, as far as is known without asking."""
    known = {name: connection.known(name) for name in connection.names()}
    return [name for name, one in known.items() if one is None or _chats(one.model)]


def table(rows: Table, name: str) -> str:
    """Rows of plain text as an HTML table, the first with the heads.

    A column whose other cells are numbers is aligned to the right. Where it is scrolled, by the keyboard too, a screen
    reader says its `name`.

    >>> "right" in table([("name", "tokens"), ("gpt-4o", "1,000")], "tokens")
    True
    """
    columns = [*zip(*rows, strict=True)]
    sides = ["right" if all(map(_NUMBER.fullmatch, column[1:])) else "left" for column in columns]
    filled = [lined_up(column) if side == "right" else column for column, side in zip(columns, sides, strict=True)]
    rows = [*zip(*filled, strict=True)]
    shown = [
        "".join(
            f'<{tag} style="text-align:{side};padding:3px 14px 3px 0;white-space:nowrap">{safe(one)}</{tag}>'
            for one, side in zip(row, sides, strict=True)
        )
        for tag, row in zip(["th", *["td"] * len(rows)], rows, strict=False)
    ]
    whole = f'<table style="font-size:92%"><tr>{"</tr><tr>".join(shown)}</tr></table>'
    return f'<div role="region" aria-label="{name}" style="overflow-x:auto">{whole}</div>'


def _chats(model: Model) -> bool:
    return not model.retired() and not {"chat", "responses"}.isdisjoint(model.operations)


@cache
def _look() -> str:
    return f"<style>{(Path(__file__).parent / 'panel.css').read_text(encoding='utf-8')}</style>"


def _close(widget: Any) -> None:
    for child in (*getattr(widget, "children", ()), *([widget.link] if hasattr(widget, "link") else [])):
        _close(child)
    ipywidgets.Widget.close(widget)
