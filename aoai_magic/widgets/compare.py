"""The comparing panel: one prompt, several deployments, their replies side by side.

It calls what `%%chat --compare` calls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import ipywidgets

from .. import catalog, current
from ..errors import AoaiError, ComparisonError, Interrupted
from ..operations.compare import Comparison, estimate_comparison
from ..render import Columns, Throttle, bundled, is_watched
from ..visible import visible
from .parameters import Settings
from .parts import Line, Panel, Refresh, that_chat
from .prompt_box import PromptBox
from .static import Static, safe

if TYPE_CHECKING:
    import pandas


class Compare(Panel):
    """A panel that asks several deployments at once: tick them, write a prompt, and see the replies grow side by side.

    `deployments` are those that are ticked to begin with, in a list or parted by commas, else the connection's own;
    `prompt` and `system` what stands in the boxes. It sends what `%%chat --compare` sends, within the same budgets. All
    can be stopped, and what had come stays. `panel.table` is the last comparison as a DataFrame (see `aoai.compare` for
    its columns), None before; `panel.static()` the form that stays in a saved notebook.

    >>> Compare("gpt-4o,gpt-4o-mini")
    <Compare gpt-4o, gpt-4o-mini>
    """

    def __init__(self, deployments: str | Sequence[str] = (), *, prompt: str = "", system: str = "") -> None:
        self.table: pandas.DataFrame | None = None
        self._connection = current.connection()
        self._watched = is_watched()  # else only what is the same at every run is said
        self._running: Comparison | None = None
        self._thread: threading.Thread | None = None
        self._last: Comparison | None = None
        self._asked, self._columns = "", Columns([])
        self._throttle = Throttle()

        self._ticks = ipywidgets.HBox()
        self._ticks.add_class("aoai-ticks")
        self._others = ipywidgets.Text(
            description="Others",
            placeholder="names, parted by commas",
            continuous_update=False,
            style={"description_width": "auto"},
        )
        self._line = Line()
        self._refresh_button = Refresh(self._line, lambda found: self._refreshed())
        self._settings = Settings(self._foresee, system)
        self._box = PromptBox(self.ask, self.stop)
        self._box.text = prompt
        self._send_button = self._box.button("Send", "ask all that are ticked (Ctrl+Enter)", self.ask, "primary")
        self._stop_button = self._box.button("Stop", "stop the replies, and keep what has come (Escape)", self.stop)
        self._shown = ipywidgets.HTMLMath()
        self._shown.add_class("aoai-wide")
        head = ipywidgets.HBox([self._others, self._refresh_button, self._settings.shown])
        row = ipywidgets.HBox([self._send_button, self._stop_button])
        super().__init__([self._ticks, head, self._settings, self._box, self._line, row, self._shown])
        self.layout.max_width = "none"

        given = deployments.split(",") if isinstance(deployments, str) else deployments
        self._offer([name.strip() for name in given] or [*filter(None, [self._connection.deployment])])
        self._others.observe(lambda _: self._chosen(), "value")
        self._box.observe(lambda _: self._foresee(), "text")
        self._show_state()

    @property
    def deployments(self) -> list[str]:
        """The deployments that are ticked, and those that are named."""
        ticked = [tick.description for tick in self._ticks.children if tick.value]
        return list(dict.fromkeys([*ticked, *filter(None, map(str.strip, self._others.value.split(",")))]))

    def ask(self, prompt: str | None = None) -> None:
        """Send a prompt, or what stands in the box, to all that are ticked.

        Nothing is sent while replies are on their way.
        """
        text = self._box.text if prompt is None else prompt
        if not text.strip() or self._running:
            return
        self._notice_connection()
        try:
            comparison = Comparison(text, self.deployments, **self._settings.values())
        except AoaiError as error:
            self._line.value = safe(error)
            return
        self._running, self._asked = comparison, text
        self._show(comparison)
        self._show_state("Answering.")
        self._thread = threading.Thread(target=self._answer, args=[comparison], name="aoai-panel-compare", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the replies that are on their way. What has come of them stays."""
        if self._running:
            self._running.stop()
            self._end(self._running, "Stopped.")

    def refresh(self) -> None:
        """Ask the control plane which deployments there are."""
        self._refresh_button.press()

    def static(self) -> Static:
        """The prompt and the replies, without what they were asked with."""
        if not self._asked:
            return Static("", "Nothing was asked yet.")
        shown = bundled([self._columns])
        return Static(f"{_said(self._asked)}{shown['text/html']}", f"{self._asked}\n\n{shown['text/plain']}")

    def close(self) -> None:
        """Stop the replies that are on their way, and take the panel away."""
        self.stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(2)
        super().close()

    def _answer(self, comparison: Comparison) -> None:
        """Have a prompt answered, in a thread of its own."""

        def show() -> None:
            if comparison is not self._running:
                return
            if comparison.waiting_for:
                self._line.wait(*comparison.waiting_for)
            while not self._throttle.due(comparison.columns(watched=False).length):
                time.sleep(0.02)  # what arrives meanwhile is shown with it
            if comparison is self._running:
                self._show(comparison)

        heard = "Answered."
        try:
            comparison.run(show)
        except (ComparisonError, Interrupted):  # told in the column of each
            heard = "Not all answered."
        except Exception as error:  # shown where someone looks; a thread's own goes to the server's log
            heard = f"{type(error).__name__}: {error}"
        self._end(comparison, heard)

    def _end(self, comparison: Comparison, heard: str) -> None:
        """Show the replies as they are in the end, which stopped ones may come to twice."""
        if comparison is self._last:
            self.table = comparison.frame()
            self._show(comparison)
            self.keep()
        if self._running is comparison:
            self._running = None
            self._show_state(heard)
            self._foresee()

    def _show(self, comparison: Comparison) -> None:
        self._last = comparison
        self._columns = comparison.columns(watched=self._watched)
        self._shown.value = f"{_said(self._asked)}{bundled([self._columns])['text/html']}"
        self._throttle.shown()

    def _refreshed(self) -> None:
        self._notice_connection()
        self._offer(self.deployments)

    def _offer(self, chosen: Sequence[str]) -> None:
        """Offer the deployments that are known, and those that are chosen, which are ticked."""
        self._others.value = ""
        before, ticks = self._ticks.children, []
        for name in dict.fromkeys([*that_chat(self._connection), *chosen]):
            tick = ipywidgets.Checkbox(name in chosen, description=name, indent=False, layout={"width": "auto"})
            tick.observe(lambda _: self._chosen(), "value")
            ticks.append(tick)
        self._ticks.children = tuple(ticks)
        for tick in before:
            tick.close()
        self._chosen()

    def _notice_connection(self) -> None:
        """Follow where cells go, if that was changed meanwhile."""
        if current.connection() is not self._connection:
            self._connection = current.connection()
            self._offer([*filter(None, [self._connection.deployment])])

    def _chosen(self) -> None:
        self._settings.parameters.fit(*map(self._connection.known, self.deployments))
        self._send_button.disabled = self._running is not None or len(self.deployments) < 2
        self._foresee()

    def _foresee(self) -> None:
        """Say what the prompt in the box will cost at all that are ticked. Nothing is sent."""
        if self._running:
            return
        self._notice_connection()
        text, names = self._box.text, self.deployments
        if len(names) < 2:
            self._line.value = "Tick at least two deployments."
        elif not text.strip():
            self._line.value = ""
        else:
            try:
                foreseen = estimate_comparison(text, names, **self._settings.values())
                where = " (on Azure; nothing here)" if self._connection.kind == "local" else ""
                self._line.value = safe(_brief(foreseen, where))
            except AoaiError as error:
                self._line.value = safe(error)

    def _show_state(self, heard: str = "") -> None:
        busy = self._running is not None
        self._send_button.disabled, self._stop_button.disabled = busy or len(self.deployments) < 2, not busy
        self._box.heard = heard
        if busy:
            self._line.value = "Answering …"

    def __repr__(self) -> str:
        return visible(f"<Compare {', '.join(self.deployments) or 'of nothing yet'}>")


def _said(prompt: str) -> str:
    return f'<div class="aoai-said" style="white-space:pre-wrap">{safe(prompt)}</div>'


def _brief(foreseen: pandas.DataFrame, where: str) -> str:
    """What a comparison will cost, in a line: the tokens of each, and the price of all together."""
    tokens = ", ".join(f"{row.deployment} {row.prompt_tokens:,}" for row in foreseen.itertuples())
    cheapest, dearest = (None if foreseen[end].isna().any() else foreseen[end].sum() for end in ("cheapest", "dearest"))
    if cheapest is None:
        price = "price unknown"
    elif dearest is None:
        price = f"at least {catalog.dollars(cheapest)} together"
    else:
        price = f"{catalog.dollars(cheapest)} to {catalog.dollars(dearest)} together"
    return " · ".join([f"tokens in: {tokens}", f"{price}{where}", *dict.fromkeys(filter(None, foreseen["warnings"]))])
