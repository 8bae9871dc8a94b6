"""The places where a reply is shown: a notebook, a terminal, a plain stream, nowhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..safe_html import safe_html
from ..visible import visible
from .blocks import Block, Words, bundled
from .columns import Columns
from .watching import Throttle

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live


@dataclass(frozen=True)
class End:
    """What stands there in the end."""

    blocks: Sequence[Block]
    status: str = ""
    metadata: dict[str, Any] | None = None


class Screen(Protocol):
    """A place where a reply is shown: first what is waited for, then as much as there is, in the end the whole."""

    def note(self, what: str, fraction: float | None) -> None: ...
    def grow(self, words: Words, added: str) -> None: ...
    def place(self, block: Block) -> None:
        """Show a block that stands from now on; what has grown so far is such a one, and comes first."""
        ...

    def draw(self, pictures: dict[str, str]) -> None: ...
    def set_out(self, columns: Columns) -> None: ...
    def ask(self, question: str) -> str: ...
    def end(self, last: End) -> None: ...


class Nothing:
    """Nowhere."""

    def note(self, what: str, fraction: float | None) -> None: ...
    def grow(self, words: Words, added: str) -> None: ...
    def place(self, block: Block) -> None: ...
    def draw(self, pictures: dict[str, str]) -> None: ...
    def set_out(self, columns: Columns) -> None: ...
    def ask(self, question: str) -> str:
        return input(question)

    def end(self, last: End) -> None: ...


class Notebook:
    """One display a cell, updated in place: front ends have had bugs with more than one."""

    def __init__(self, *, animate: bool) -> None:
        self._animate = animate
        self._handle: Any = None
        self._standing: list[Block] = []
        self._throttle = Throttle()

    def note(self, what: str, fraction: float | None) -> None:
        if self._animate and (self._standing or self._throttle.due()):
            shown = bundled(self._standing)
            self._show(
                {
                    "text/html": shown["text/html"] + _progress(what, fraction),
                    "text/plain": "\n\n".join(filter(None, [shown["text/plain"], what])),
                }
            )

    def grow(self, words: Words, added: str) -> None:
        if self._animate and self._throttle.due(len(words.text)):
            self._show(bundled([*self._standing, words]))

    def place(self, block: Block) -> None:
        self._standing.append(block)
        if self._animate:
            self._show(bundled(self._standing))

    def draw(self, pictures: dict[str, str]) -> None:
        if self._animate:
            self._show(pictures)

    def set_out(self, columns: Columns) -> None:
        if self._animate and self._throttle.due(columns.length):
            self._show(bundled([columns]))

    def ask(self, question: str) -> str:
        return input(question)

    def end(self, last: End) -> None:
        shown = bundled(last.blocks, last.status)
        if shown["text/plain"] or self._handle is not None:
            self._show(shown, last.metadata)

    def _show(self, bundle: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        from IPython.display import display

        if self._handle is not None:
            self._handle.update(bundle, raw=True, metadata=metadata)
        elif self._animate:
            self._handle = display(bundle, raw=True, metadata=metadata, display_id=True)
        else:
            display(bundle, raw=True, metadata=metadata)
        self._throttle.shown()


class Terminal:
    """Markdown drawn by rich: the last lines while it grows, the whole when it has ended."""

    def __init__(self, *, animate: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(highlight=False, markup=False, emoji=False)
        self._printed = 0
        self._live: Live | None = None
        if animate and not self._console.is_dumb_terminal:
            self._live = Live(console=self._console, transient=True, refresh_per_second=10, redirect_stdout=False)
            self._start(self._live)

    def _start(self, live: Live) -> None:
        self._hear = _deaf()
        live.start()

    def _stop(self) -> None:
        if self._live:
            self._hear()
            self._live.stop()

    def note(self, what: str, fraction: float | None) -> None:
        if self._live:
            from rich.progress_bar import ProgressBar
            from rich.table import Table

            line = Table.grid(padding=(0, 2, 0, 0))
            # The bar first: words grow and shrink, and it stays where it is.
            width = max(8, min(30, self._console.width // 4))
            bar = [] if fraction is None else [ProgressBar(total=1.0, completed=fraction, width=width)]
            line.add_row(*bar, f"{what} …")
            self._live.update(line)

    def grow(self, words: Words, added: str) -> None:
        if self._live:
            self._live.update(_Tail(words))

    def place(self, block: Block) -> None:
        if self._live:
            self._live.update("")
        self._print(block)

    def draw(self, pictures: dict[str, str]) -> None: ...

    def set_out(self, columns: Columns) -> None:
        if self._live:
            self._live.update(columns.growing())

    def ask(self, question: str) -> str:
        self._stop()
        try:
            return input(question)
        finally:
            if self._live:
                self._start(self._live)

    def end(self, last: End) -> None:
        self._stop()
        for block in last.blocks[self._printed :]:
            self._print(block)
        if last.status:
            self._console.print(f"\n{visible(last.status)}", style="dim")

    def _print(self, block: Block) -> None:
        if block.plain():
            if self._printed:
                self._console.print()
            self._console.print(block.drawn())
        self._printed += 1


class Plain:
    """Text on a stream that is no terminal: each bit once, as it comes."""

    def __init__(self, *, waits: bool = False) -> None:
        self._written = 0  # characters of the text that grows
        self._printed = 0  # blocks that stand
        self._waits = waits

    def note(self, what: str, fraction: float | None) -> None: ...

    def grow(self, words: Words, added: str) -> None:
        if not self._waits:
            self._write(("" if self._written or not self._printed else "\n") + visible(added))
            self._written = len(words.text)

    def place(self, block: Block) -> None:
        if not self._waits:
            self._print(block)

    def draw(self, pictures: dict[str, str]) -> None: ...
    def set_out(self, columns: Columns) -> None: ...

    def ask(self, question: str) -> str:
        return input(question)

    def end(self, last: End) -> None:
        for block in last.blocks[self._printed :]:
            self._print(block)
        if last.status:
            self._write(f"\n{visible(last.status)}\n")

    def _print(self, block: Block) -> None:
        if self._written and isinstance(block, Words):
            self._write(visible(block.text[self._written :]) + "\n")
        elif text := block.plain():
            self._write("\n" * bool(self._printed) + text + "\n")
        self._written = 0
        self._printed += 1

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _deaf() -> Callable[[], None]:
    """Have the terminal show nothing of what is typed meanwhile, ^C neither: it would stand where rich draws.

    It is kept for the next prompt. Returns what lets it be shown again.
    """
    try:
        import termios

        at = sys.stdin.fileno()
        before = termios.tcgetattr(at)
    except Exception:  # no such terminals here (Windows), or none to type at: termios.error is of no other kind
        return lambda: None
    termios.tcsetattr(at, termios.TCSANOW, [*before[:3], before[3] & ~termios.ECHO, *before[4:]])
    return lambda: termios.tcsetattr(at, termios.TCSANOW, before)


class _Tail:
    """As much of the end of a growing text as the terminal has lines: what rich's Live can redraw without scrolling."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        lines = console.render_lines(self._words.drawn(), options, pad=False)
        for line in lines[-max(1, console.size.height - 2) :]:
            yield from line
            yield Segment.line()


def _progress(what: str, fraction: float | None) -> str:
    # The bar first: words grow and shrink, and it stays where it is.
    bar = "" if fraction is None else f'<progress value="{fraction:.3f}" max="1"></progress>'
    return f'<div style="font-variant-numeric:tabular-nums">{bar}{safe_html("", f"{what} …")}</div>'
