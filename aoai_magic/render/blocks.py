"""What a reply is shown as: blocks under each other, each as safe HTML, as plain text, and drawn in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..safe_html import safe_html, safe_text
from ..tools import ToolCall
from ..visible import visible

#: Rows of plain text, the first with the heads.
Table = Sequence[Sequence[str]]

_CELL = "text-align:left;padding:1px 12px 1px 0"
_LONGEST, _MOST_LINES, _SHORT = 5_000, 40, 80


class Block(Protocol):
    """Something that is shown, between others."""

    def html(self) -> str: ...
    def plain(self) -> str: ...
    def drawn(self) -> Any:
        """What rich prints of it."""
        ...


# For code in a terminal: its own colours, and its own for plain text, which are read on light and dark alike.
_COLOURS = "ansi_dark"


@dataclass(frozen=True)
class Words:
    """Text of a stranger: Markdown, or with a `language` code of it; "" is none, and the text stands as it is.

    >>> Words("**hi**").plain()
    '**hi**'
    """

    text: str
    language: str | None = None

    def html(self) -> str:
        return safe_html(self.text, language=self.language)

    def plain(self) -> str:
        return visible(self.text)

    def drawn(self) -> Any:
        if self.language:
            from rich.syntax import Syntax

            return Syntax(visible(self.text), self.language, theme=_COLOURS, background_color="default", word_wrap=True)
        if self.language == "":
            return visible(self.text)
        from rich.markdown import Markdown

        # hyperlinks off: the address is written out, and no escape sequence carries it.
        return Markdown(visible(self.text), hyperlinks=False, code_theme=_COLOURS)


@dataclass(frozen=True)
class Quiet:
    """A line of our own, less loud than a reply: which of several answers follows, why one is empty."""

    text: str

    def html(self) -> str:
        return f'<p style="opacity:.65;margin:.6em 0 .2em">{safe_text(self.text)}</p>'

    def plain(self) -> str:
        return visible(f"[{self.text}]")

    def drawn(self) -> Any:
        from rich.text import Text

        return Text(self.plain(), style="dim")


@dataclass(frozen=True)
class Folded:
    """A line that unfolds to a text as it stands, both a stranger's; where nothing unfolds, the text is indented under it.

    A text of one short line stands in the line itself, and nothing is left to unfold.

    >>> print(Folded("double(n=21)", "42").plain())
    ▸ double(n=21) → 42
    """

    head: str
    text: str

    @property
    def _short(self) -> bool:
        return len(self.text) <= _SHORT and "\n" not in self.text

    def html(self) -> str:
        if self._short:
            return f'<p style="margin:.4em 0">{safe_text(self._line())}</p>'
        inside = safe_html(_cut(self.text), language="")
        return f'<details style="margin:.4em 0"><summary>{safe_text(self.head)}</summary>{inside}</details>'

    def plain(self) -> str:
        if self._short:
            return visible(f"▸ {self._line()}")
        lines = _cut(self.text).splitlines()
        if len(lines) > _MOST_LINES + 1:
            lines[_MOST_LINES:] = [f"… {len(lines) - _MOST_LINES:,} lines more"]
        return visible("\n  ".join([f"▸ {self.head}", *lines]))

    def _line(self) -> str:
        return f"{self.head} → {self.text}" if self.text else self.head

    def drawn(self) -> Any:
        from rich.text import Text

        return Text(self.plain(), style="dim")


@dataclass(frozen=True)
class Rows:
    """A small table of plain text."""

    table: Table

    def html(self) -> str:
        rows = [
            "".join(f'<{tag} style="{_CELL}">{safe_text(one)}</{tag}>' for one in row)
            for tag, row in zip(["th", *["td"] * len(self.table)], self.table, strict=False)
        ]
        body = "".join(f'<tr style="background:none">{row}</tr>' for row in rows)
        return f'<table style="opacity:.8;font-size:85%;margin:.6em 0 0">{body}</table>'

    def plain(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.table, strict=True)]
        return visible(
            "\n".join(
                "  ".join(f"{one:<{width}}" for one, width in zip(row, widths, strict=True)).rstrip()
                for row in self.table
            )
        )

    def drawn(self) -> Any:
        from rich.text import Text

        return Text(self.plain(), style="dim")


@dataclass(frozen=True)
class Ready:
    """What has its bundle already: pictures, a sound."""

    bundle: Mapping[str, str]

    def html(self) -> str:
        return self.bundle["text/html"]

    def plain(self) -> str:
        return self.bundle["text/plain"]

    def drawn(self) -> Any:
        return self.plain()


def called(call: ToolCall) -> Block:
    """A call of a tool: its function, arguments and result; one that isn't made here says so."""
    if call.result is None:
        return Quiet(f"asks for {call}")
    return Folded(str(call), call.result if len(call.json) <= _SHORT else f"{call.json}\n\n{call.result}")


def bundled(blocks: Sequence[Block], status: str = "") -> dict[str, str]:
    """Return blocks as the bundle to display, with a quiet line under them.

    >>> bundled([Quiet("1 of 2"), Words("Hi")], "gpt-4o")["text/plain"]
    '[1 of 2]\\n\\nHi\\n\\ngpt-4o'
    """
    plain = "\n\n".join(filter(None, [*(block.plain() for block in blocks), visible(status)]))
    match blocks:
        case [Words(text, language)]:
            html = safe_html(text, status, language)
        case _:
            html = "".join(block.html() for block in blocks) + (safe_html("", status) if status else "")
    return {"text/html": html, "text/plain": plain}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… {len(text) - _LONGEST:,} characters more"
