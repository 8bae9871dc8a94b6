"""A conversation: its turns, in what order they stand, how the last change is taken back, and how it is shown."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from ..errors import SettingsError
from ..safe_html import safe_html, safe_text
from ..secret import unsigned
from ..visible import visible

Message = Mapping[str, Any]

_UNDONE_AT_MOST = 100
_SHOWN_AT_MOST = 50


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook, by the id that its front end gave it, and one run of it."""

    id: str
    run: str


@dataclass(frozen=True)
class Turn:
    """What one prompt added to a conversation: its messages, the reply's, and those of the tools between them.

    `system` is the system message that it was sent with; `cell` the one that sent it, where that is known.
    """

    messages: tuple[Message, ...]
    system: tuple[Message, ...] = ()
    deployment: str = ""
    cell: Cell | None = None


@dataclass(frozen=True)
class Standing:
    """How a conversation stands after a prompt, for the line under its reply.

    `tokens` are those of its system message and turns as far as they fit, `limit` the most that they may have in a
    prompt, None where that isn't known. `left_out` turns, the oldest, weren't sent; `dropped` turns gave way to this
    one.

    >>> print(Standing("main", turns=3, tokens=412, limit=111_616, dropped=1))
    main: 3 turns, 412 of 111,616 tokens, 1 later turn dropped
    """

    name: str
    turns: int
    tokens: int
    limit: int | None = None
    left_out: int = 0
    dropped: int = 0
    afresh: bool = False
    joined: bool = True

    def __str__(self) -> str:
        if not self.joined:
            return f"not joined to {self.name}: {_turns(self.turns)}, as before"
        words = [f"{self.name}: {_turns(self.turns)}"]
        if self.left_out:
            words.append(f"the oldest {'one' if self.left_out == 1 else self.left_out} not sent")
        words.append(f"{self.tokens:,}{'' if self.limit is None else f' of {self.limit:,}'} tokens")
        if self.dropped:
            words.append(
                f"begun afresh, {_turns(self.dropped)} dropped"
                if self.afresh
                else f"{_turns(self.dropped, 'later ')} dropped"
            )
        return ", ".join(words)


class Conversation:
    """A list of turns, each a prompt and its reply, that is sent along with the next prompt.

    `name` is what cells call it (`-i NAME`), `system` a system message for as long as no prompt brings one of its own,
    `limit` the most tokens that it and the prompt may have; without one, as many as the model has room for beside its
    reply. The oldest turns are left out of a request first. `aoai.chat(..., conversation=it)` adds turns; `undo` takes
    back.

    >>> talk = Conversation("tea", system="Be brief.")
    >>> len(talk)
    0
    >>> talk.messages
    [{'role': 'system', 'content': 'Be brief.'}]
    """

    def __init__(self, name: str = "main", *, system: str | None = None, limit: int | None = None) -> None:
        if not isinstance(name, str) or not name.strip() or len(name) > 60 or not name.isprintable() or name[0] == "-":
            raise SettingsError(
                f"A conversation can't be called {str(name)[:60]!r}.",
                "A name is a word or a few, on one line, of 60 characters at most.",
                "%%chat -i poet",
            )
        self.name, self.limit = name, limit
        self._system: tuple[Message, ...] = () if system is None else ({"role": "system", "content": system},)
        self._turns: tuple[Turn, ...] = ()
        self._before: list[tuple[Turn, ...]] = []

    @property
    def limit(self) -> int | None:
        """The most tokens of a prompt with this conversation; None for as many as the model has room for."""
        return self._limit

    @limit.setter
    def limit(self, tokens: int | None) -> None:
        if tokens is not None and (not isinstance(tokens, int) or tokens < 1):
            raise SettingsError(
                f"The limit of a conversation can't be {tokens!r}.",
                "It is the most tokens that it may have in a prompt.",
                f"%aoai chats limit {self.name} 4000",
            )
        self._limit = tokens

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns, the oldest first."""
        return self._turns

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All messages as a request has them: the system message in force, then those of the turns. A copy."""
        own = [message for turn in self._turns for message in turn.messages]
        return copy.deepcopy([dict(message) for message in (*system_of(self._turns, self._system), *own)])

    def place(self, cell: Cell | None = None, *, afresh: bool = False) -> Place:
        """Where a prompt of a cell stands: at the end; or where the same cell stood when it was run before.

        A cell that sends several prompts in one run has them all in their order; without a `cell`, a prompt stands at
        the end. `afresh` is for the beginning, whoever stood there.
        """
        kept = () if afresh else tuple(takewhile(lambda turn: not _is_again(cell, turn.cell), self._turns))
        gone = self._turns[len(kept) :]
        dropped = (
            gone if afresh else [turn for turn in gone if turn.cell is None or not cell or turn.cell.id != cell.id]
        )
        return Place(self, cell, kept, system_of(kept, self._system), len(dropped), afresh)

    def start(self, system: Sequence[Message], turns: Sequence[Turn]) -> None:
        """Have these turns to begin with, under a system message that holds until a prompt brings another."""
        self._system, self._turns = tuple(system), tuple(turns)

    def become(self, turns: Sequence[Turn]) -> None:
        """Have other turns from here on; `undo` takes that back."""
        self._before = [*self._before, self._turns][-_UNDONE_AT_MOST:]
        self._turns = tuple(turns)

    def undo(self) -> None:
        """Take back the last change: a turn that was added, replaced or dropped with others, a new beginning, a file.

        Raises SettingsError where there is none.
        """
        if not self._before:
            raise SettingsError(
                f"There is nothing to take back in {self.name}.", f"It has {_turns(len(self))}.", "%aoai chats"
            )
        self._turns = self._before.pop()

    def fork(self, name: str) -> Conversation:
        """Return another conversation that begins with these turns; the two know nothing of each other.

        >>> Conversation("tea", system="Be brief.").fork("coffee").messages
        [{'role': 'system', 'content': 'Be brief.'}]
        """
        other = Conversation(name, limit=self.limit)
        other.start(self._system, self._turns)
        return other

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the conversation to a file, as JSON that reads well; see `file.save`."""
        from . import file

        file.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Conversation:
        """Read a conversation from a file that `save` wrote; see `file.load`."""
        from . import file

        return file.load(path)

    def standing(self) -> str:
        """How it stands, in a few words.

        >>> Conversation("tea").standing()
        'tea: no turns'
        """
        return f"{self.name}: {_turns(len(self))}"

    def __len__(self) -> int:
        return len(self._turns)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    def __str__(self) -> str:
        said = [f"{visible(who)}\n{_indented(visible(text))}" for who, text in self._said()]
        return "\n\n".join([self.standing(), *said])

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        said = "".join(
            f'<div style="opacity:.65;font-size:85%;padding-top:.15em">{safe_text(who)}</div>{safe_html(text)}'
            for who, text in self._said()
        )
        rows = f'<div style="display:grid;grid-template-columns:auto 1fr;gap:.2em 1.2em;margin-top:.6em">{said}</div>'
        return {"text/html": safe_html("", self.standing()) + rows * bool(said), "text/plain": str(self)}

    def _said(self) -> Iterator[tuple[str, str]]:
        """Who said what, message by message; of a long conversation, the end."""
        for message in system_of(self._turns, self._system):
            yield str(message["role"]), text_of(message)
        first = max(0, len(self) - _SHOWN_AT_MOST)
        if first:
            yield f"{_turns(first)} before that", ""
        for number, turn in enumerate(self._turns[first:], first + 1):
            for message in turn.messages:
                who = turn.deployment if message["role"] == "assistant" and turn.deployment else message["role"]
                yield f"{number} · {who}", text_of(message)


@dataclass(frozen=True)
class Place:
    """Where a prompt stands in a conversation: after `before`, under `system`, and instead of `dropped` others."""

    conversation: Conversation
    cell: Cell | None
    before: tuple[Turn, ...]
    system: tuple[Message, ...]
    dropped: int
    afresh: bool

    def fitting(self, room: int | None, tokens: Callable[[Turn], int]) -> tuple[Turn, ...]:
        """As many of the turns before as fit into `room` tokens: the last ones, whole; all where None is the limit."""
        if room is None:
            return self.before
        first = len(self.before)
        while first and (room := room - tokens(self.before[first - 1])) >= 0:
            first -= 1
        return self.before[first:]

    def join(self, messages: Sequence[Message], system: Sequence[Message], deployment: str) -> None:
        """Put the turn of a prompt that was answered here."""
        turn = Turn(tuple(messages), tuple(system), deployment, self.cell)
        self.conversation.become((*self.before, turn))


def system_of(turns: Sequence[Turn], first: tuple[Message, ...]) -> tuple[Message, ...]:
    """The system message in force after some turns; `first` is the one before there are any."""
    return turns[-1].system if turns else first


def text_of(message: Message) -> str:
    """What a message says, in Markdown: its text, its pictures and calls in words.

    >>> text_of({"role": "user", "content": [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {}}]})
    'Look:\\n\\n[picture]'
    """
    content = message.get("content")
    parts = (
        content if isinstance(content, list) else [{"type": "text", "text": content or message.get("refusal") or ""}]
    )
    said = [part["text"] if part.get("type") == "text" else _other(part) for part in parts]
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        said.append(f"[calls {function.get('name')} with {function.get('arguments')}]")
    return "\n\n".join(filter(None, said))


def _other(part: Mapping[str, Any]) -> str:
    kind = "picture" if part.get("type") == "image_url" else str(part.get("type"))
    url = str((part.get("image_url") or {}).get("url", ""))
    return f"[{kind}]" if url.startswith("data:") or not url else f"[{kind} {unsigned(url)}]"


def _is_again(cell: Cell | None, other: Cell | None) -> bool:
    return cell is not None and other is not None and cell.id == other.id and cell.run != other.run


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.split("\n"))


def _turns(count: int, which: str = "") -> str:
    return f"{count or 'no'} {which}turn{'' if count == 1 else 's'}"
