"""How replies are shown: the only module that displays anything."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from .safe_html import safe_html
from .visible import visible

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from rich.console import Console, ConsoleOptions, RenderResult

    from .pictures import Picture

# Squares behind what is transparent, in a grey that light and dark pages both let through.
_PICTURE = (
    "height:auto;border-radius:3px;background:repeating-conic-gradient(#8883 0 25%,transparent 0 50%) 0 0/16px 16px"
)

_PLAYER = "display:block;width:min(100%,30em);height:40px"


def mimebundle(text: str, status: str = "", language: str | None = None) -> dict[str, str]:
    """Return untrusted Markdown as the bundle to display: safe HTML beside plain text, with a quiet line under it.

    The one way in which text of a model, a tool, a file or an error is shown in a notebook. With a `language` it is no
    Markdown, and shown as it stands: as code of that language, or as plain text if that is "".

    >>> mimebundle("**hi**")["text/plain"]
    '**hi**'
    """
    plain = visible(f"{text}\n\n{status}" if status else text)
    return {"text/html": safe_html(text, status, language), "text/plain": plain}


def picture_bundle(pictures: Sequence[Picture], prompt: str, status: str = "") -> dict[str, str]:
    """Return checked pictures as the bundle to display, with the prompt as their description and a quiet line under them.

    >>> picture_bundle([], "A fox.", "gpt-image-1")["text/plain"]
    'gpt-image-1'
    """
    described = escape(visible(prompt.strip()))
    width = 512 if len(pictures) == 1 else 320
    images = "".join(
        f'<img alt="{described}" src="{one.url}" width="{one.image.width}" height="{one.image.height}" '
        f'style="{_PICTURE};max-width:min(100%,{width}px)">'
        for one in pictures
    )
    row = f'<div class="aoai-pictures" style="display:flex;flex-wrap:wrap;gap:8px">{images}</div>' if images else ""
    words = "\n".join([f"[picture, {one}: {prompt.strip()}]" for one in pictures] + [f"\n{status}"] * bool(status))
    return {"text/html": row + safe_html("", status), "text/plain": visible(words.strip())}


def sound_bundle(url: str, described: str, status: str = "") -> dict[str, str]:
    """Return a sound as the bundle to display: a player that waits to be started, and a quiet line under it.

    `url` is a data URL of our own making, `described` the sound in words.

    >>> sound_bundle("data:audio/wav;base64,", "[sound, 1.0 s, WAV, 48 kB: Hello.]")["text/plain"]
    '[sound, 1.0 s, WAV, 48 kB: Hello.]'
    """
    words = escape(visible(described))
    player = f'<audio controls preload="metadata" src="{url}" aria-label="{words}" title="{words}" style="{_PLAYER}"></audio>'
    plain = visible(f"{described}\n\n{status}" if status else described)
    return {"text/html": player + safe_html("", status), "text/plain": plain}


class Throttle:
    """Says when a text that grows may be shown again: ten times a second at most, and less often the longer it is.

    JupyterLab takes about 25 us a character to show an update, and falls behind for ever if they come faster
    (facts/frontend.md, section 2).

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


class LiveReply:
    """Shows a reply as it grows, and once more when it is whole.

    Use it as a context manager: `note` says what is waited for, `add` takes text as it arrives, `draw` the pictures so
    far, `finish` the quiet line. Where it shows depends on who looks: a notebook that someone watches is updated in place, a terminal gets
    rich's Markdown or plain text, and a notebook that nobody watches (nbval, nbclient, papermill) gets one display at
    the end. With `quiet` nothing is shown; with `animate` false only the end is. `language` is None for Markdown (see
    `mimebundle`); with `reshaped` the end shows another text than what grew, for which plain text, that can't be taken
    back, waits.

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
    ) -> None:
        self.watched = is_watched(shell)
        self.text = ""
        self._language = language
        self._status = ""
        self._whole: dict[str, str] | None = None
        self._screen: _Screen
        if quiet:
            self._screen = _Nothing()
        elif shell is not None and hasattr(shell, "kernel"):
            self._screen = _Notebook(animate=animate and self.watched)
        elif sys.stdout.isatty():
            self._screen = _Terminal(animate=animate)
        else:
            self._screen = _Plain(waits=reshaped)

    def note(self, what: str, fraction: float | None = None) -> None:
        """Say what is waited for, and how far it is (0 to 1) where that is known."""
        self._screen.note(visible(what), fraction)

    def add(self, text: str) -> None:
        """Show that more of the reply has arrived."""
        self.text += text
        self._screen.grow(self.text, text, self._language)

    def draw(self, pictures: Sequence[Picture], prompt: str) -> None:
        """Show the pictures as far as they have come, if this is a place that shows any."""
        self._screen.draw(picture_bundle(pictures, prompt))

    def finish(self, text: str, status: str, whole: dict[str, str] | None = None, language: str | None = None) -> None:
        """Say what the whole text is, and the line under it; they are shown on leaving the context.

        `whole` is the bundle with both where there are pictures or a sound, for places that show them; `language` is that
        of the whole text, None for Markdown.
        """
        self.text, self._status, self._whole, self._language = text, status, whole, language

    def __enter__(self) -> LiveReply:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._screen.end(self.text, self._status, self._whole, self._language)


@contextlib.contextmanager
def progress(patience: float = 1.0) -> Iterator[Callable[[str, float | None], None]]:
    """What tells whoever watches how far something is; it shows nothing in the first `patience` seconds, and leaves nothing.

    >>> with progress() as tell:
    ...     tell("half of it", 0.5)
    """
    started = time.monotonic()
    with contextlib.ExitStack() as shown:
        live: LiveReply | None = None

        def tell(what: str, fraction: float | None) -> None:
            nonlocal live
            if live is None and time.monotonic() - started >= patience:
                ipython = sys.modules.get("IPython")
                live = shown.enter_context(LiveReply(ipython.get_ipython() if ipython else None))
            if live is not None:
                live.note(what, fraction)

        yield tell


def is_watched(shell: InteractiveShell | None) -> bool:
    """Whether someone looks at the output as it comes.

    nbval and nbclient tell the kernel that they take no input, JupyterLab that it may ask (STYLE, section 2). nbval
    ignores updates of a display, so that what is animated would be compared by its first frame.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return sys.stdout.isatty()
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin", False))


class _Screen(Protocol):
    def note(self, what: str, fraction: float | None) -> None: ...
    def grow(self, text: str, added: str, language: str | None) -> None: ...
    def draw(self, pictures: dict[str, str]) -> None: ...
    def end(self, text: str, status: str, whole: dict[str, str] | None, language: str | None) -> None: ...


class _Nothing:
    def note(self, what: str, fraction: float | None) -> None: ...
    def grow(self, text: str, added: str, language: str | None) -> None: ...
    def draw(self, pictures: dict[str, str]) -> None: ...
    def end(self, text: str, status: str, whole: dict[str, str] | None, language: str | None) -> None: ...


class _Notebook:
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

    def end(self, text: str, status: str, whole: dict[str, str] | None, language: str | None) -> None:
        if text or status or self._handle is not None:
            self._show(whole or mimebundle(text, status, language))

    def _show(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True) if self._animate else display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)
        self._throttle.shown()


class _Terminal:
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

    def end(self, text: str, status: str, whole: dict[str, str] | None, language: str | None) -> None:
        if self._live:
            self._live.stop()
        if text:
            self._console.print(visible(text) if whole else _drawn(text, language))
        if status:
            self._console.print(f"\n{visible(status)}", style="dim")


class _Plain:
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

    def end(self, text: str, status: str, whole: dict[str, str] | None, language: str | None) -> None:
        rest = visible(text[self._written :])
        sys.stdout.write(rest + "\n" * bool(text) + (f"\n{visible(status)}\n" if status else ""))
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
