"""The conversations that cells go on with: chats."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import OptionError, SettingsError, near
from ...visible import shortened
from ..arguments import Option, choice, integer
from .command import Command

if TYPE_CHECKING:
    from ...conversations import Conversation
    from ...widgets.static import Static


def _chats(options: dict[str, Any]) -> Any:
    action = options.get("action", "list")
    act, takes = _ACTIONS[action]
    words = takes.split()
    given = [options[key] for key in ("name", "to") if key in options]
    if not sum(word[0] != "[" for word in words) <= len(given) <= len(words):
        raise OptionError(
            f"%aoai chats {action} takes {takes or 'nothing more'}.",
            f"It was given {' '.join(map(repr, given)) or 'nothing'}.",
            f"%aoai chats {action} {takes}".rstrip(),
        )
    return act(*given)


def _list() -> Static | str:
    from ... import current
    from ...render import mimebundle
    from ...widgets.static import Static

    if not current.conversations:
        return "There is no conversation yet. %%chat -c begins one, %%chat -i NAME one of that name."
    rows = [
        (one.name, f"{len(one):,}", "the model's" if one.limit is None else f"{one.limit:,} tokens", _last(one))
        for one in current.conversations.values()
    ]
    shown = mimebundle("", table=[("name", "turns", "limit", "last prompt"), *rows])
    return Static(shown["text/html"], shown["text/plain"])


def _last(conversation: Conversation) -> str:
    from ...conversations import text_of

    text = " ".join(text_of(conversation.turns[-1].messages[0]).split()) if conversation.turns else ""
    return shortened(text, 60)


def _show(name: str = "main") -> Conversation:
    return _known(name)


def _undo(name: str = "main") -> str:
    conversation = _known(name)
    conversation.undo()
    return f"Taken back. {conversation.standing()}"


def _fork(name: str, new: str) -> str:
    from ... import current

    if new in current.conversations:
        raise SettingsError(f"There is a conversation {new} already.", "", f"%aoai chats fork {name} {new}-2")
    current.conversations[new] = _known(name).fork(new)
    return current.conversations[new].standing()


def _save(name: str, file: str) -> str:
    conversation = _known(name)
    conversation.save(file)
    return f"Saved to {file}. {conversation.standing()}"


def _load(file: str, name: str | None = None) -> str:
    from ... import current
    from ...conversations import Conversation

    found = Conversation.load(file)
    name = name or found.name
    if (there := current.conversations.get(name)) is None:
        current.conversations[name] = found.fork(name)
        return f"Loaded from {file}. {current.conversations[name].standing()}"
    before = there.standing()
    there.become(found.turns)
    return f"Loaded from {file}. {there.standing()} (%aoai chats undo {name} goes back to {before})"


def _limit(name: str, tokens: str) -> str:
    conversation = _known(name)
    try:
        conversation.limit = None if tokens == "off" else integer(1)(tokens)
    except ValueError as error:
        raise OptionError(
            f"The limit can't be {tokens!r}: {error}.",
            "It is the most tokens of a prompt with the conversation, or off.",
            f"%aoai chats limit {name} 4000",
        ) from None
    held = "as many tokens as the model has room for" if tokens == "off" else f"{conversation.limit:,} tokens at most"
    return f"{conversation.name} is sent along with {held}."


def _drop(name: str) -> str:
    from ... import current

    return f"Dropped. {current.conversations.pop(_known(name).name).standing()}"


def _known(name: str) -> Conversation:
    from ... import current

    if (found := current.conversations.get(name)) is not None:
        return found
    meant = near(name, current.conversations)
    there = ", ".join(current.conversations)
    raise SettingsError(
        f"There is no conversation {name}.",
        f"Did you mean {meant}?" if meant else f"There are {there}." if there else "None was begun yet.",
        "%aoai chats lists them."
        if there
        else f"%%chat -i {name} begins it."
        if name != "main"
        else "%%chat -c begins it.",
    )


_ACTIONS: dict[str, tuple[Callable[..., Any], str]] = {
    "list": (_list, ""),
    "show": (_show, "[NAME]"),
    "undo": (_undo, "[NAME]"),
    "fork": (_fork, "NAME NEW"),
    "save": (_save, "NAME FILE"),
    "load": (_load, "FILE [NAME]"),
    "limit": (_limit, "NAME TOKENS"),
    "drop": (_drop, "NAME"),
}
_EXAMPLES = """\
%aoai chats
%aoai chats show poet
%aoai chats undo
%aoai chats fork poet critic
%aoai chats save poet poet.json
%aoai chats load poet.json
%aoai chats limit poet 4000
%aoai chats drop poet"""

COMMANDS = {
    "chats": Command(
        "List the conversations; show, undo, fork, save, load, limit or drop one.",
        _chats,
        (
            Option(("--action",), "what to do; list if left out", "|".join(_ACTIONS), choice(*_ACTIONS), positional=True),
            Option(("--name",), "the conversation; main if left out where it may be", "CONVERSATION|FILE", positional=True),
            Option(("--to",), "the new name, the file, or how many tokens", "NAME|FILE|TOKENS|off", positional=True),
        ),
        _EXAMPLES,
    ),
}  # fmt: skip
