"""The chat panel: a chat with a deployment in a notebook's output, over what cells call too."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets

from .. import current, export
from ..conversations import Conversation
from ..errors import AoaiError, Interrupted
from ..estimates import Estimate
from ..local.waiting import told
from ..operations.chat import chat, estimate
from ..render import is_watched
from ..stopping import Stop
from ..visible import visible
from .as_cell import as_cell
from .parameters import Settings
from .parts import Line, Panel, Refresh, button, that_chat
from .prompt_box import PromptBox
from .static import Static, safe
from .transcript import Transcript, Turn

_ANOTHER = ""  # of the names to choose from, the one that is typed


class ChatPanel(Panel):
    """A chat in a panel: deployment, system message and settings above it, what a prompt will cost below as you type.

    `deployment` is what to begin with, else the connection's own; `system` the system message. It sends what
    `%%chat -i` sends, to where cells go, within the same budgets; `panel.conversation` is what was said. A reply can be
    stopped, and what had come stays; `panel.static()` is the form that stays in a saved notebook.

    >>> ChatPanel("gpt-4o")
    <ChatPanel gpt-4o, no turns>
    """

    def __init__(self, deployment: str | None = None, *, system: str = "") -> None:
        self.conversation = Conversation("panel")
        self._connection = current.connection()
        self._watched = is_watched()  # else only what is the same at every run is said
        self._running: tuple[Stop, Turn] | None = None
        self._thread: threading.Thread | None = None

        self._picker = ipywidgets.Dropdown(description="Deployment", layout={"width": "22em"})
        self._other = ipywidgets.Text(
            description="Name",
            tooltip="name of the deployment",
            style={"description_width": "auto"},
            layout={"width": "16em", "display": "none"},
        )
        self._line = Line()
        self._refresh_button = Refresh(self._line, lambda found: self._refreshed())
        self._settings = Settings(self._foresee, system)
        self._transcript = Transcript()
        self._box = PromptBox(self.ask, self.stop, self._say_inserted)
        self._code = ipywidgets.HTML()
        self._cell = ""
        self._foreseen: Estimate | None = None
        self._send_button = self._box.button("Send", "send the prompt (Ctrl+Enter)", self.ask, "primary")
        self._stop_button = self._box.button("Stop", "stop the reply, and keep what has come (Escape)", self.stop)
        self._retry_button = self._box.button("Retry", "ask the last prompt again", self.retry)
        self._anew_button = self._box.button("New chat", "begin anew", self.anew)
        self._code_shown = ipywidgets.ToggleButton(
            description="View code", tooltip="the prompt in the box, or else the last one, as a Python script"
        )
        self._to_cell = button("To a cell", "put the prompt into a cell of its own", self.to_a_cell)
        head = ipywidgets.HBox([self._picker, self._other, self._refresh_button, self._settings.shown])
        row = ipywidgets.HBox(
            [
                self._send_button,
                self._stop_button,
                self._retry_button,
                self._anew_button,
                self._code_shown,
                self._to_cell,
            ]
        )
        super().__init__([head, self._settings, self._transcript, self._box, self._line, row, self._code])

        self._offer(deployment)
        self._picker.observe(self._chosen, "value")
        self._other.observe(self._chosen, "value")
        self._box.observe(lambda _: self._foresee(), "text")
        self._code_shown.observe(lambda _: self._show_code(), "value")
        self._chosen()
        self._show_state()

    @property
    def deployment(self) -> str:
        """The deployment that is chosen."""
        return self._other.value.strip() if self._picker.value == _ANOTHER else str(self._picker.value)

    def ask(self, prompt: str | None = None) -> None:
        """Send a prompt, or what stands in the box. Nothing is sent while a reply is on its way."""
        text = self._box.text if prompt is None else prompt
        if not text.strip() or self._running:
            return
        if prompt is None:
            self._box.text = ""
        self._notice_connection()
        stop, turn = Stop(), Turn(text, self.deployment)
        self._running = stop, turn
        self._transcript.begin(turn)
        self._show_state("Answering.")
        name = f"aoai-panel-{len(self._transcript.turns)}"
        self._thread = threading.Thread(target=self._answer, args=[turn, stop, self._options()], name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the reply that is on its way. What has come of it stays."""
        if self._running:
            stop, turn = self._running
            stop()
            turn.status = "stopped"
            self._end(stop, turn)

    def retry(self) -> None:
        """Ask the last prompt again, in place of what came of it."""
        if self._running or not self._transcript.turns:
            return
        turn = self._transcript.drop()
        if turn.joined:
            self.conversation.undo()
        self.ask(turn.prompt)

    def anew(self) -> None:
        """Begin a new chat."""
        self.stop()
        while self._transcript.turns:
            self._transcript.drop()
        self.conversation = Conversation("panel")
        self.keep()
        self._show_state()
        self._foresee()

    def refresh(self) -> None:
        """Ask the control plane which deployments there are."""
        self._refresh_button.press()

    def to_a_cell(self) -> None:
        """Put the prompt in the box, or else the last one, into a cell that sends the same.

        What was said before goes with it.
        """
        said, prompt = self.conversation.messages, self._box.text
        if not prompt.strip():
            if not self._transcript.turns:
                return
            last = self._transcript.turns[-1]
            prompt = last.prompt
            if last.joined:
                said = said[: -len(self.conversation.turns[-1].messages)]
        settings = self._settings.values()
        if system := settings.pop("system", None):
            said = [message for message in said if message["role"] != "system"]
            said.insert(0, {"role": "system", "content": system})
        self._cell = as_cell(self.deployment, [*said, {"role": "user", "content": prompt}], settings)
        self._box.insert(self._cell, self.model_id)

    def static(self) -> Static:
        """What was said, without what it was said with."""
        return self._transcript.static()

    def close(self) -> None:
        """Stop the reply that is on its way, and take the panel away."""
        self.stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(2)
        super().close()

    def _options(self) -> dict[str, Any]:
        return {
            "deployment": self.deployment or None,
            "conversation": self.conversation,
            **self._settings.values(),
        }

    def _answer(self, turn: Turn, stop: Stop, options: dict[str, Any]) -> None:
        """Have a prompt answered, in a thread of its own."""

        def grow(text: str) -> None:
            if not stop.asked:
                turn.text += text
                self._transcript.grow(turn)

        reply: Any = None
        with stop, told(self._line.wait):
            try:
                reply = chat(turn.prompt, on_text=grow, **options)
            except Interrupted as error:
                reply = error.reply
            except AoaiError as error:
                reply, turn.wrong = error.reply, str(error)
            except Exception as error:  # shown where someone looks; a thread's own goes to the server's log
                turn.wrong = f"{type(error).__name__}: {error}"
        if reply is not None:
            turn.text = reply.text
            turn.status = " · ".join([reply.status(watched=self._watched), *(["stopped"] if stop.asked else [])])
            turn.whole = reply.bundle(turn.status)
            self._foreseen = reply.estimate
            turn.joined = reply.conversation is not None and reply.conversation.joined
        self._end(stop, turn)

    def _end(self, stop: Stop, turn: Turn) -> None:
        """Show a turn as it is in the end, which a stopped one may come to twice."""
        self._transcript.show(turn)
        self.keep()
        if self._running and self._running[0] is stop:
            self._running = None
            self._show_state("Stopped." if stop.asked else "It failed." if turn.wrong else "Answered.")
            self._settings.parameters.fit(self._connection.known(self.deployment))
            self._foresee()

    def _refreshed(self) -> None:
        self._notice_connection()
        self._offer(self.deployment)
        self._foresee()

    def _offer(self, chosen: str | None) -> None:
        """Offer the deployments that are known, and choose one."""
        names = that_chat(self._connection)
        chosen = chosen or self._connection.deployment
        if chosen and chosen not in names:
            names.append(chosen)
        self._picker.options = [*((name, name) for name in names), ("another …", _ANOTHER)]
        self._picker.value = chosen or _ANOTHER

    def _notice_connection(self) -> None:
        """Follow where cells go, if that was changed meanwhile."""
        if current.connection() is not self._connection:
            self._connection = current.connection()
            self._offer(None)

    def _chosen(self, _: Any = None) -> None:
        self._other.layout.display = None if self._picker.value == _ANOTHER else "none"
        self._settings.parameters.fit(self._connection.known(self.deployment) if self.deployment else None)
        self._foresee()

    def _foresee(self) -> None:
        """Say what the prompt in the box will cost. Nothing is sent."""
        if self._running:
            return
        self._notice_connection()
        if self._box.text.strip():
            try:
                self._foreseen = estimate(self._box.text, **self._options())
                self._line.value = "<br>".join(map(safe, [_brief(self._foreseen), *self._foreseen.warnings]))
            except AoaiError as error:
                self._line.value = safe(error)
        else:
            self._line.value = ""
        self._show_code()

    def _show_code(self) -> None:
        """Show what is foreseen, or else was sent last, as a script, if that is wanted."""
        found = self._foreseen
        if not self._code_shown.value or found is None:
            self._code.value = ""
            return
        written = export.code("python", found.operation, found.request, self._connection.target)
        self._code.value = written._repr_mimebundle_()["text/html"]

    def _say_inserted(self, done: bool) -> None:
        """Say that a cell is there; where the front end has no way to make one, show what would be in it."""
        self._box.heard = "A cell was added below." if done else "The cell is shown below, to be copied."
        self._code.value = "" if done else f"<pre>{safe(self._cell)}</pre>"

    def _show_state(self, heard: str = "") -> None:
        busy = self._running is not None
        self._send_button.disabled, self._stop_button.disabled = busy, not busy
        self._retry_button.disabled = self._anew_button.disabled = busy or not self._transcript.turns
        self._box.heard = heard
        if busy:
            self._line.value = "Answering …"

    def __repr__(self) -> str:
        turns = len(self._transcript.turns)
        said = "no turns" if not turns else f"{turns} turn{'s' * (turns > 1)}"
        return visible(f"<ChatPanel {self.deployment}, {said}>")


def _brief(found: Estimate) -> str:
    """An estimate in a line."""
    rows = {name: (amount, remark) for name, amount, remark in found.rows()}
    about = "" if found.exact else "about "
    reply = "a reply of unknown length" if found.max_tokens is None else f"{found.max_tokens:,} out at most"
    words = [f"{about}{found.prompt_tokens:,} tokens in, {reply}", "{} ({})".format(*rows["price"])]
    limit, left = rows.get("rate limit", ("", ""))
    words += [f"{limit}: {left}"] if limit.startswith("doesn't") else []
    return " · ".join(words)
