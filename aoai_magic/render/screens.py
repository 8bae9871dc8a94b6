"""The places where a reply is shown: a notebook, a terminal, a plain stream, nowhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..safe_html import safe_html
from ..visible import visible
from .bundles import Table, in_columns, mimebundle
from .watching import Throttle

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


@dataclass(frozen=True)
class End:
    """What stands there in the end."""

    text: str
    status: str = ""
    language: str | None = None
    table: Table = ()
    whole: dict[str, str] | None = None
    metadata: dict[str, Any] | None = None


class Screen(Protocol):
    """A place where a reply is shown: first what is waited for, then as much as there is, in the end the whole."""

    def note(self, what: str, fraction: float | None) -> None: ...
    def grow(self, text: str, added: str, language: str | None) -> None: ...
    def draw(self, pictures: dict[str, str]) -> None: ...
    def end(self, last: End) -> None: ...


class Nothing:
    """Nowhere."""

    def note(self, what: str, fraction: float | None) -> None: ...
    def grow(self, text: str, added: str, language: str | None) -> None: ...
    def draw(self, pictures: dict[str, str]) -> None: ...
    def end(self, last: End) -> None: ...


class Notebook:
    """One display a cell, updated in place: front ends have had bugs with more than one (facts/frontend.md, section 2)."""

    def __init__(self, *, animate: bool) -> None:
        self._animate = animate
        self._handle: Any = None
        self._throttle = Throttle()

    def note(self, what: str, fraction: float | None) -> None:
        if self._animate and self._throttle.due():
            self._show({"text/html": _progress(what, fraction), "text/plain": what})

    def grow(self, text: str, added: str, language: str | None) -> None:
        if self._animate and self._throttle.due(len(text)):
            self._show(mimebundle(text, language=language))

    def draw(self, pictures: dict[str, str]) -> None:
        if self._animate:
            self._show(pictures)

    def end(self, last: End) -> None:
        if last.text or last.status or self._handle is not None:
            self._show(last.whole or mimebundle(last.text, last.status, last.language, table=last.table), last.metadata)

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
        self._live: Live | None = None
        if animate and not self._console.is_dumb_terminal:
            self._live = Live(console=self._console, transient=True, refresh_per_second=10, redirect_stdout=False)
            self._live.start()

    def note(self, what: str, fraction: float | None) -> None:
        if self._live:
            from rich.columns import Columns
            from rich.progress_bar import ProgressBar

            bar = [] if fraction is None else [ProgressBar(total=1.0, completed=fraction, width=30)]
            self._live.update(Columns([f"{what} …", *bar]))

    def grow(self, text: str, added: str, language: str | None) -> None:
        if self._live:
            self._live.update(_Tail(text, language))

    def draw(self, pictures: dict[str, str]) -> None: ...

    def end(self, last: End) -> None:
        if self._live:
            self._live.stop()
        if last.text:
            self._console.print(visible(last.text) if last.whole else _drawn(last.text, last.language))
        for quiet in filter(None, (in_columns(last.table), last.status)):
            self._console.print(f"\n{visible(quiet)}", style="dim")


class Plain:
    """Text on a stream that is no terminal: each bit once, as it comes."""

    def __init__(self, *, waits: bool = False) -> None:
        self._written = 0
        self._waits = waits

    def note(self, what: str, fraction: float | None) -> None: ...

    def grow(self, text: str, added: str, language: str | None) -> None:
        if not self._waits:
            sys.stdout.write(visible(added))
            sys.stdout.flush()
            self._written = len(text)

    def draw(self, pictures: dict[str, str]) -> None: ...

    def end(self, last: End) -> None:
        rest = visible(last.text[self._written :]) + "\n" * bool(last.text)
        quiet = "".join(f"\n{visible(one)}\n" for one in (in_columns(last.table), last.status) if one)
        sys.stdout.write(rest + quiet)
        sys.stdout.flush()


class _Tail:
    """As much of the end of a growing text as the terminal has lines: what rich's Live can redraw without scrolling."""

    def __init__(self, text: str, language: str | None) -> None:
        self._text, self._language = text, language

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        lines = console.render_lines(_drawn(self._text, self._language), options, pad=False)
        for line in lines[-max(1, console.size.height - 2) :]:
            yield from line
            yield Segment.line()


def _drawn(text: str, language: str | None) -> Any:
    if language:
        from rich.syntax import Syntax

        return Syntax(visible(text), language, background_color="default", word_wrap=True)
    if language == "":
        return visible(text)
    from rich.markdown import Markdown

    # hyperlinks off: the address is written out, and no escape sequence carries it.
    return Markdown(visible(text), hyperlinks=False)


def _progress(what: str, fraction: float | None) -> str:
    bar = "" if fraction is None else f' <progress value="{fraction:.3f}" max="1"></progress>'
    return safe_html("", f"{what} …").removesuffix("</div>") + bar + "</div>"
