"""A conversation in a file: JSON that a person can read, and that isn't believed when it is read again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import tokens
from ..errors import AoaiError, SettingsError
from ..saving import whole
from ..visible import escaped
from .conversation import Cell, Conversation, Message, Turn

FORMAT, VERSION = "aoai-magic conversation", 1
_LARGEST = 100_000_000
_ROLES = ("system", "developer", "user", "assistant", "tool")


def save(conversation: Conversation, path: str | os.PathLike[str]) -> None:
    """Write a conversation to a file, whole or not at all: turns, system messages, limit, and which cells sent them.

    A file that is there is replaced if it holds a conversation, too. Raises SettingsError for another one, and where it
    can't be written.
    """
    file = Path(path).expanduser()
    if file.exists():
        try:
            _read(file)
        except SettingsError as error:
            raise SettingsError(
                f"{file} is there already, and holds no conversation.",
                "It would be lost.",
                f"Name another file: %aoai chats save {conversation.name} {file.stem}-chat.json",
            ) from error
    written = escaped(json.dumps(_to_json(conversation), indent=2, ensure_ascii=False))
    try:
        with whole(file) as out:
            out.write(f"{written}\n".encode())
    except OSError as error:
        raise SettingsError(
            f"{file} can't be written: {error.strerror or error}.",
            "Nothing is lost: the conversation is kept here.",
            f"%aoai chats save {conversation.name} chat.json",
        ) from error


def load(path: str | os.PathLike[str]) -> Conversation:
    """Return the conversation that a file holds. Raises SettingsError for a file that holds none, or a damaged one."""
    file = Path(path).expanduser()
    found = _read(file)
    try:
        return _from_json(found)
    except AoaiError as error:
        raise _damaged(file, error.what) from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise _damaged(file, str(error)) from error


def _read(file: Path) -> dict[str, Any]:
    """The JSON of a file, if it says that it is a conversation."""
    try:
        if file.stat().st_size > _LARGEST:
            raise _none(file, f"It has more than {_LARGEST // 1_000_000} MB.")
        found = json.loads(file.read_bytes().decode("utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{file} can't be read: {error.strerror or error}.",
            "A path counts from the kernel's folder (%pwd).",
            "%aoai chats load chat.json",
        ) from error
    except (ValueError, RecursionError) as error:
        raise _none(file, "It isn't JSON.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _none(file, f'It doesn\'t say "format": "{FORMAT}".')
    if found.get("version") != VERSION:
        raise SettingsError(
            f"{file} holds a conversation of version {str(found.get('version'))[:20]}, and this one reads {VERSION}.",
            "A newer aoai-magic wrote it.",
            "%pip install --upgrade aoai-magic",
        )
    return found


def _none(file: Path, why: str) -> SettingsError:
    return SettingsError(f"{file} holds no conversation.", why, "%aoai chats save main chat.json writes one.")


def _damaged(file: Path, why: str) -> SettingsError:
    return SettingsError(f"The conversation in {file} is damaged.", why, "Mend the file, or load another.")


def _to_json(conversation: Conversation) -> dict[str, Any]:
    turns = [
        {
            "cell": turn.cell and turn.cell.id,
            "deployment": turn.deployment,
            "system": turn.system,
            "messages": turn.messages,
        }
        for turn in conversation.turns
    ]
    head = {"format": FORMAT, "version": VERSION, "name": conversation.name, "limit": conversation.limit}
    return {**head, "system": conversation.place(afresh=True).system, "turns": turns}


def _from_json(found: Mapping[str, Any]) -> Conversation:
    conversation = Conversation(found["name"], limit=found["limit"])
    conversation.start(_checked(found["system"]), [_turn(one) for one in found["turns"]])
    for message in conversation.messages:
        tokens.count_chat([message], "gpt-4o")  # raises for what is no picture
    return conversation


def _turn(found: Mapping[str, Any]) -> Turn:
    cell = found["cell"]
    if not isinstance(found["deployment"], str) or not isinstance(cell, str | None):
        raise ValueError("A turn's deployment or cell is no text.")
    messages = _checked(found["messages"])
    if not messages:
        raise ValueError("A turn has no messages.")
    return Turn(messages, _checked(found["system"]), found["deployment"], Cell(cell, "") if cell else None)


def _checked(messages: Sequence[Any]) -> tuple[Message, ...]:
    """Messages that have the form of some: what they say is anybody's."""
    for message in messages:
        content, calls = message.get("content"), message.get("tool_calls") or []
        if message["role"] not in _ROLES or not isinstance(content, str | list | None) or not isinstance(calls, list):
            raise ValueError(f"{str(message)[:60]!r} is no message.")
        for part in content if isinstance(content, list) else []:
            url = part["image_url"]["url"] if part["type"] == "image_url" else "data:"
            if part["type"] == "text" and not isinstance(part["text"], str):
                raise ValueError("A part's text is none.")
            if not url.lower().startswith(("data:", "http://", "https://")):
                raise ValueError(f"{url[:60]!r} is no address of a picture.")
        for call in calls:
            if not isinstance(call["function"]["name"], str) or not isinstance(call["function"]["arguments"], str):
                raise ValueError("A call has no name or arguments.")
    return tuple(messages)
