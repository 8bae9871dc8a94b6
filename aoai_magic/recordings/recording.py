"""One recording: a request and what was answered to it, as the line of a file and back."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from .. import settings
from . import beside, streams
from .streams import Event

if TYPE_CHECKING:
    from ..settings import Kind

# Ends of lines to some, commands to terminals, and what turns the order of text around.
_UNSEEN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
# A service's state of that moment: of a cloud's, the next answer may be a better one.
_MOMENTARY = {408, 409, 425, 429, *range(500, 600)}


@dataclass(frozen=True)
class Answer:
    """What came back: `status`, the `headers` that are kept, and the content.

    That is one of JSON (`body`), `text`, `data` or a stream's `events`. `seconds` is when it had come, counted from the
    request: of a stream, when each event had. `failure` is the httpx2 exception in which it ended, if it did.
    """

    status: int
    headers: dict[str, str]
    body: Any = None
    text: str | None = None
    data: bytes | None = None
    events: list[Event] | None = None
    seconds: float | list[float] = 0.0
    failure: str | None = None

    @property
    def momentary(self) -> bool:
        """Whether it says how the service was just then, rather than what it answers."""
        return self.status in _MOMENTARY or self.failure is not None


@dataclass(frozen=True)
class Recording:
    """A request's canonical form and its answer.

    `at` is when it was asked (ISO 8601, UTC), `hash` what it is found by, `kind` of which kind the service was, `n` the
    how-many-th time it was sent; `replaces` is the `at` of the one whose place it took. `hidden` says that the request
    as written down lacks a secret that was in it, so that its hash can't be checked. `raw` is the line that it was read
    from.
    """

    at: str
    hash: str
    kind: Kind
    n: int
    operation: str
    request: dict[str, Any]
    answer: Answer
    replaces: str | None = None
    hidden: bool = False
    raw: bytes = field(default=b"", repr=False, compare=False)

    @property
    def date(self) -> datetime.date:
        """The day on which it was asked, by the clock of here."""
        return datetime.datetime.fromisoformat(self.at).astimezone().date()


def now() -> str:
    """This moment, as a recording has it.

    >>> len(now())
    27
    """
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def line(recording: Recording, folder: Path) -> bytes:
    """A recording as a line of its file, with what is long in files beside it in `folder`. Raises OSError.

    What finds it stands first, so that an index is read without the rest (see `store`).
    """
    answer = recording.answer
    response: dict[str, Any] = {}
    if answer.events is not None:
        response |= _long(folder, "events", streams.packed(answer.events))
    elif answer.data is not None:
        response["data"] = {beside.FILE: beside.put(folder, answer.data)}
    elif answer.text is not None:
        response |= _long(folder, "text", answer.text)
    elif answer.body is not None:
        response |= _long(folder, "body", answer.body)
    if answer.failure:
        response["failure"] = answer.failure
    response |= {"headers": answer.headers, "seconds": answer.seconds, "status": answer.status}
    row: dict[str, Any] = {"at": recording.at, "hash": recording.hash}
    row |= {"hidden": True} if recording.hidden else {}
    row |= {"kind": recording.kind, "n": recording.n, "operation": recording.operation}
    row |= {"replaces": recording.replaces} if recording.replaces else {}
    row |= {"request": recording.request, "response": response}
    text = json.dumps(row, ensure_ascii=False)
    try:
        return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(row).encode() + b"\n"


def _long(folder: Path, name: str, value: Any) -> dict[str, Any]:
    try:
        return {name: beside.aside(folder, value)}
    except ValueError:
        return {f"{name}_as_text": json.dumps(value)}


def read(raw: bytes, folder: Path | None = None) -> Recording:
    """Read a line again; without a `folder`, what lies beside it stays the name of its file.

    Raises ValueError for one that is damaged, or whose files are.
    """
    try:
        row = json.loads(raw.rstrip())
        response = row["response"]
        found: dict[str, Any] = {}
        for name in ("body", "text", "events"):
            if name in response:
                found[name] = beside.back(folder, response[name]) if folder else response[name]
            elif f"{name}_as_text" in response:
                found[name] = json.loads(response[f"{name}_as_text"])
        if isinstance(found.get("events"), list):
            found["events"] = streams.unpacked(found["events"])
        if "data" in response and folder:
            found["data"] = beside.get(folder, response["data"][beside.FILE])
        headers = {str(name): str(value) for name, value in response.get("headers", {}).items()}
        if not all((name + value).isascii() and (name + value).isprintable() for name, value in headers.items()):
            raise ValueError("its headers aren't those of an answer")
        answer = Answer(
            status=int(response["status"]),
            headers=headers,
            seconds=response.get("seconds", 0.0),
            failure=response.get("failure"),
            **found,
        )
        datetime.datetime.fromisoformat(row["at"])
        if row["kind"] not in get_args(settings.Kind) or not isinstance(row["request"], dict):
            raise ValueError("not of a known kind")
        names = ("at", "hash", "kind", "operation", "request")
        return Recording(
            **{name: row[name] for name in names}, n=int(row["n"]), answer=answer, replaces=row.get("replaces"), hidden=bool(row.get("hidden")), raw=raw
        )  # fmt: skip
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON from its character {error.pos + 1} on") from error
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it lacks what a recording has ({error})") from error
