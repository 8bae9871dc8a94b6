"""The chat panel's box for a prompt: ipywidgets' own says nothing of Ctrl+Enter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from .parts import button


class PromptBox(anywidget.AnyWidget):
    """A box whose `text` follows what is typed, with a pause; `heard` is said to screen readers.

    `on_send` is called when Ctrl+Enter is pressed in it, `on_stop` when Escape is, `on_inserted` with whether `insert`
    could put a cell into the notebook.

    >>> PromptBox(lambda: None, lambda: None).text
    ''
    """

    _esm = Path(__file__).parent / "prompt_box.js"
    text = traitlets.Unicode().tag(sync=True)
    heard = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        on_send: Callable[[], None],
        on_stop: Callable[[], None],
        on_inserted: Callable[[bool], None] = lambda done: None,
    ) -> None:
        super().__init__()
        self._on_send, self._on_stop, self._on_inserted = on_send, on_stop, on_inserted
        self.on_msg(self._hear)

    def button(self, label: str, told: str, press: Callable[[], None], style: str = "") -> ipywidgets.Button:
        """A button that may be greyed when it was pressed: the focus goes back to the box."""

        def pressed() -> None:
            press()
            self.send({"focus": True})

        return button(label, told, pressed, style)

    def insert(self, cell: str, panel: str) -> None:
        """Ask the front end for a new cell below the one that shows the widget `panel`."""
        self.send({"cell": cell, "panel": panel})

    def _hear(self, _: Any, message: dict[str, Any], buffers: Any) -> None:
        if message.get("pressed") == "send":
            self._on_send()
        elif message.get("pressed") == "stop":
            self._on_stop()
        elif "inserted" in message:
            self._on_inserted(bool(message["inserted"]))
