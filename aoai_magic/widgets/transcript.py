"""What was said in a chat panel: turns that grow, and their form that stays in a saved notebook."""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets

from ..render import Throttle, mimebundle
from ..visible import visible
from .static import Static, safe


@dataclass
class Turn:
    """A prompt and what came of it.

    It has the reply's text so far, the quiet line under it, and what went wrong, if anything did. `whole` is the reply
    as cells show it, once it is there; `joined` whether the conversation goes on from it.

    >>> print(Turn("Hello?", "gpt-4o", "Hello!").plain())
    You: Hello?
    <BLANKLINE>
    gpt-4o: Hello!
    """

    prompt: str
    deployment: str
    text: str = ""
    status: str = ""
    wrong: str = ""
    whole: dict[str, str] | None = None
    joined: bool = False

    def html(self) -> str:
        """The turn as HTML that can't do anything; the words of both are strangers' for all that is known."""
        said = f'<div class="aoai-who"><strong>You</strong></div><div class="aoai-said" style="white-space:pre-wrap">{safe(self.prompt)}</div>'
        reply = self._bundle()["text/html"] if self.text or self.status else ""
        wrong = f'<div class="aoai-wrong" style="white-space:pre-wrap">{safe(self.wrong)}</div>' if self.wrong else ""
        return f'{said}<div class="aoai-who"><strong>{safe(self.deployment)}</strong></div>{reply}{wrong}'

    def plain(self) -> str:
        """The turn as text."""
        reply = "\n\n".join(part for part in (self._bundle()["text/plain"], self.wrong) if part)
        return visible(f"You: {self.prompt}\n\n{self.deployment}: {reply}")

    def _bundle(self) -> dict[str, str]:
        return self.whole or mimebundle(self.text, self.status)


class Transcript(ipywidgets.Box):
    """The turns, one below the other; the last of them grows.

    >>> Transcript().turns
    []
    """

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self._inner = ipywidgets.VBox()
        self._throttle = Throttle()
        super().__init__([self._inner])
        self.add_class("aoai-transcript")

    def begin(self, turn: Turn) -> None:
        """Have another turn at the end."""
        self.turns.append(turn)
        shown = ipywidgets.HTMLMath(turn.html())
        shown.add_class("aoai-turn")
        self._inner.children = (*self._inner.children, shown)

    def grow(self, turn: Turn) -> None:
        """Show that there is more of a turn, if there is time to."""
        if self._throttle.due(len(turn.text)):
            self.show(turn)

    def show(self, turn: Turn) -> None:
        """Show a turn as it is now, if it is still there."""
        for known, shown in zip(self.turns, self._inner.children, strict=False):
            if known is turn:
                shown.value = turn.html()
                self._throttle.shown()

    def drop(self) -> Turn:
        """Take the last turn away, and return it."""
        *kept, last = self._inner.children
        self._inner.children = tuple(kept)
        last.close()
        return self.turns.pop()

    def static(self) -> Static:
        """All turns as they stand, for where no kernel runs."""
        turns = "".join(f"<div>{turn.html()}</div>" for turn in self.turns)
        plain = "\n\n".join(turn.plain() for turn in self.turns)
        return Static(turns, plain or "Nothing was said yet.")

    def __repr__(self) -> str:
        return f"<Transcript, {len(self.turns)} turn{'' if len(self.turns) == 1 else 's'}>"
