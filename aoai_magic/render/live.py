"""A reply shown as it grows, and what takes long told to whoever watches."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..visible import visible
from .blocks import Block, Words
from .bundles import picture_bundle
from .columns import Columns
from .screens import End, Notebook, Nothing, Plain, Screen, Terminal
from .watching import current_shell, is_watched

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..pictures import Picture


class LiveReply:
    """Shows a reply as it grows, and once more when it is whole.

    Use it as a context manager: `note` says what is waited for, `add` takes text as it arrives, `place` a block that
    stands between, `draw` the pictures so far, `finish` the whole and the quiet line. Where it shows depends on who
    looks: a notebook that someone watches is updated in place, a terminal gets rich's Markdown or plain text, and a
    notebook that nobody watches (nbval, nbclient, papermill) gets one display at the end. With `quiet` nothing is
    shown; with `animate` false only the end is. `language` is None for Markdown (see `mimebundle`); with `reshaped` the
    end shows another text than what grew, for which plain text, that can't be taken back, waits. `head` stands above
    the first text, as soon as there is one.

    >>> with LiveReply(None) as live:
    ...     live.add("Hel")
    ...     live.add("lo")
    Hello
    """

    def __init__(
        self,
        shell: InteractiveShell | None,
        *,
        animate: bool = True,
        quiet: bool = False,
        language: str | None = None,
        reshaped: bool = False,
        head: Block | None = None,
    ) -> None:
        self.watched = is_watched(shell)
        self.text = ""
        self._language, self._head = language, head
        self._standing: list[Block] = []
        self._end: End | None = None
        self._screen: Screen
        if quiet:
            self._screen = Nothing()
        elif shell is not None and hasattr(shell, "kernel"):
            self._screen = Notebook(animate=animate and self.watched)
        elif sys.stdout.isatty():
            self._screen = Terminal(animate=animate)
        else:
            self._screen = Plain(waits=reshaped)

    def note(self, what: str, fraction: float | None = None) -> None:
        """Say what is waited for, and how far it is (0 to 1) where that is known."""
        self._screen.note(visible(what), fraction)

    def add(self, text: str) -> None:
        """Show that more of the reply has arrived."""
        if self._head is not None:
            head, self._head = self._head, None
            self.place(head)
        self.text += text
        self._screen.grow(Words(self.text, self._language), text)

    def place(self, block: Block) -> None:
        """Show a block under what has arrived so far; what arrives from now on comes below it."""
        blocks = [Words(self.text, self._language), block] if self.text else [block]
        self.text = ""
        for one in blocks:
            self._standing.append(one)
            self._screen.place(one)

    def set_out(self, columns: Columns) -> None:
        """Show several answers as far as they have come."""
        self._screen.set_out(columns)

    def ask(self, question: str) -> str:
        """What whoever watches types as the answer to a question, which may hold text of strangers."""
        return self._screen.ask(visible(question))

    def draw(self, pictures: Sequence[Picture], prompt: str) -> None:
        """Show the pictures as far as they have come, if this is a place that shows any."""
        self._screen.draw(picture_bundle(pictures, prompt))

    def finish(self, blocks: str | Sequence[Block], status: str, *, metadata: dict[str, Any] | None = None) -> None:
        """Say what the whole is, and the line under it; they are shown on leaving the context.

        The whole is Markdown, or blocks, of which the first are those that stand already. `metadata` is what a notebook
        keeps with what is shown, and doesn't show.
        """
        self._end = End([Words(blocks, self._language)] if isinstance(blocks, str) else blocks, status, metadata)

    def __enter__(self) -> LiveReply:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        so_far = [*self._standing, *([Words(self.text, self._language)] if self.text else [])]
        self._screen.end(self._end or End(so_far))


@contextlib.contextmanager
def progress(patience: float = 1.0) -> Iterator[Callable[[str, float | None], None]]:
    """What tells whoever watches how far something is.

    It shows nothing in the first `patience` seconds, and leaves nothing.

    >>> with progress() as tell:
    ...     tell("half of it", 0.5)
    """
    started = time.monotonic()
    with contextlib.ExitStack() as shown:
        live: LiveReply | None = None

        def tell(what: str, fraction: float | None) -> None:
            nonlocal live
            if live is None and time.monotonic() - started >= patience:
                live = shown.enter_context(LiveReply(current_shell()))
            if live is not None:
                live.note(what, fraction)

        yield tell
