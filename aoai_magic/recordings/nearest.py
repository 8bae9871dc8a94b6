"""What to say of a request that isn't recorded where nothing may be sent.

The error names the nearest recorded one, and what differs, field by field.
"""

from __future__ import annotations

import itertools
import json
import re
import types
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import NotRecordedError
from ..visible import shortened
from . import words
from .recording import Recording

if TYPE_CHECKING:
    from .store import Store

ABSENT = ...
_MOST_FIELDS, _ONE_LINE = 5, 72
# Characters: of the text that is shown where two differ, and of what stands around it.
_LONGEST, _AROUND = 60, 24
# Of a request's JSON, what says nothing to a reader.
_SCAFFOLD = ("", "properties", "type", "function", "image_url", "url", "input_audio", "file")
_ASKED = ("messages", "prompt", "input", "instructions")
_WORD = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]|\w+")  # what is written without spaces, sign by sign
_REQUIRED = re.compile(r", required(, \d+)?$")

#: Where two requests differ: the field's name, the recorded value and the one that was asked, ABSENT where there is none.
Difference = tuple[str, Any, Any]


def missing(operation: str, request: dict[str, Any], store: Store) -> NotRecordedError:
    """The error of a request that no recording answers."""
    # The same whatever the environment says: a notebook that shows it is compared in both.
    what = f"This request isn't among the recordings in {store.folder.name}/ ({operation})."
    send = "%aoai record sends what isn't recorded, where AOAI_RECORDINGS doesn't forbid it."
    best, others = _nearest(operation, request, store)
    if best is None and not store.file.exists():
        return NotRecordedError(what, "There is no such folder where this kernel runs, or nothing is in it.", f"%aoai replay FOLDER names another. {send}")  # fmt: skip
    if best is None:
        there = ", ".join(f"{count:,} of {name}" for name, count in others.most_common(4))
        return NotRecordedError(what, f"None of this kind is, but {there}." if there else "It has none.", send)
    found = differences(best.request, request)
    named = words.named(best)
    if not found:
        return NotRecordedError(what, f"It was, as {named}, but that can't be used.", f"%aoai recordings --verify says why. {send}")  # fmt: skip
    # Without its date: it is another when it is asked anew.
    told = [f"The nearest is {named}. It differs in", *(_told(*one) for one in found[:_MOST_FIELDS])]
    told += [f"  and {len(found) - _MOST_FIELDS} more"] if len(found) > _MOST_FIELDS else []
    return NotRecordedError(what, "\n".join(told), f"%aoai recordings --show {best.hash[:8]} shows that one. {send}")


def _nearest(operation: str, request: dict[str, Any], store: Store) -> tuple[Recording | None, Counter[str]]:
    """The recording that is most like a request; and how many there are of other operations."""
    wanted, others = _Likeness(request), Counter[str]()
    best, likest = None, (0.0, "")
    for one in store.recordings():
        if one.operation != operation:
            others[one.operation] += 1
            continue
        # Of equals always the same one, in whatever order they were recorded.
        if (like := (wanted.of(one.request), one.hash)) >= likest:
            best, likest = one, like
    return best, others


class _Likeness:
    """How much like a request others are: by the words of what is asked, and then by what else they have in common."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._words, self._rest = self._parted(request)

    def of(self, other: dict[str, Any]) -> float:
        words, rest = self._parted(other)
        common = 2 * (self._words & words).total() / max(1, self._words.total() + words.total())
        equal = sum(rest.get(name) == value for name, value in self._rest.items())
        return float(2 * common + equal / max(1, len(self._rest | rest)))

    @staticmethod
    def _parted(request: dict[str, Any]) -> tuple[Counter[str], dict[str, Any]]:
        asked = [request.get(name) for name in _ASKED]
        rest = {name: value for name, value in request.items() if name not in _ASKED}
        return Counter(_WORD.findall(" ".join(_texts(asked)))), rest


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for name, one in value.items():
                if name not in ("role", "type"):
                    yield from _texts(one)


def differences(recorded: dict[str, Any], asked: dict[str, Any]) -> list[Difference]:
    """The fields in which two canonical requests differ, named as a reader of the cell would.

    >>> differences({"model": "gpt-4o", "temperature": 0}, {"model": "gpt-4.1", "temperature": 0})
    [('deployment', 'gpt-4o', 'gpt-4.1')]
    """
    found = list(_unlike(_fields(recorded), _fields(asked), ()))
    # A schema's fields are all required: the list of them repeats what was said of each.
    return [one for one in found if not _REQUIRED.search(one[0])] or found


def _unlike(recorded: Any, asked: Any, names: tuple[str, ...]) -> Iterator[Difference]:
    if isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked) > 1:
        recorded, asked = ({str(at): value for at, value in enumerate(one, 1)} for one in (recorded, asked))
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in recorded | asked:
            yield from _unlike(recorded.get(name, ABSENT), asked.get(name, ABSENT), (*names, name))
    elif ABSENT in (recorded, asked) or json.dumps(recorded) != json.dumps(asked):  # to which 1 isn't True
        yield ", ".join(name for name in names if name not in _SCAFFOLD), recorded, asked


def _fields(request: dict[str, Any]) -> dict[str, Any]:
    """A request whose messages, their parts and tools have names instead of numbers."""
    fields: dict[str, Any] = {}
    for name, value in request.items():
        match name, value:
            case "model", _:
                fields["deployment"] = value
            case "response_format", {"json_schema": {"schema": schema}}:
                fields["schema"] = schema
            case ("messages" | "input", [{"role": _}, *_]):
                fields |= _numbered((f"{one.get('role') or one.get('type')} message", _message(one)) for one in value)
            case "tools", [{"function": {"name": _}}, *_]:
                fields |= _numbered((f"tool {one.get('function', one).get('name')}", one) for one in value)
            case _:
                fields[name] = value
    return fields


def _message(message: dict[str, Any]) -> dict[str, Any]:
    content, rest = message.get("content"), {name: message[name] for name in message if name not in ("role", "content")}
    if not isinstance(content, list):
        return {"": content, **rest}
    parts = (one if isinstance(one, dict) else {"text": one} for one in content)
    return _numbered((words.PARTS.get(str(one.get("type")), ""), one.get("text", one)) for one in parts) | rest


def _numbered(named: Any) -> dict[str, Any]:
    """By name, the second of one name with a 2 behind it."""
    found: dict[str, Any] = {}
    times = Counter[str]()
    for name, value in named:
        times[name] += 1
        found[f"{name} {times[name]}".strip() if times[name] > 1 else name] = value
    return found


def _told(name: str, recorded: Any, asked: Any) -> str:
    alike = False
    if isinstance(recorded, str) and isinstance(asked, str):
        recorded, asked = _where(recorded, asked)
        alike = unicodedata.normalize("NFC", recorded) == unicodedata.normalize("NFC", asked)
    one, other = (_value(value, escaped=alike) for value in (recorded, asked))
    if len(name) + len(one) + len(other) <= _ONE_LINE:
        return f"  {name}: {one} recorded, {other} asked"
    return f"  {name}:\n    recorded {one}\n    asked    {other}"


def _value(value: Any, *, escaped: bool) -> str:
    match value:
        case types.EllipsisType():
            return "nothing"
        case {"": text, **rest} if not rest:  # of a message
            value = text
        case {"type": str(kind), **rest} if not rest:  # of a schema's field
            return kind
    text = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{24}\b", r"\1", json.dumps(value, ensure_ascii=escaped))
    return shortened(text, 2 * _LONGEST)


def _where(recorded: str, asked: str) -> tuple[str, str]:
    """What of two texts is enough to see how they differ."""
    if len(recorded) <= _LONGEST and len(asked) <= _LONGEST:
        return recorded, asked
    start = _common(recorded, asked)
    rest = recorded[start:], asked[start:]
    end = _common(reversed(rest[0]), reversed(rest[1]))
    lead = max(0, start - _AROUND)
    if lead and (space := recorded.find(" ", lead, start)) >= 0:
        lead = space + 1
    begun, ends = ("…" if lead else "") + recorded[lead:start], recorded[len(recorded) - end :]
    after = ends if len(ends) <= _AROUND else f"{ends[:_AROUND].rpartition(' ')[0] or ends[:_AROUND]}…"
    middles = [one[: len(one) - end] for one in rest]
    one, other = (f"{begun}{mid}{after}" if len(mid) <= _LONGEST else f"{begun}{mid[:_LONGEST]}…" for mid in middles)
    return one, other


def _common(one: Iterable[str], other: Iterable[str]) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
