"""Faults on request: what can go wrong between a client and the cloud, when a test or a lesson asks for it.

Asked for by the header `x-aoai-fault` of one request, or for requests to come by `POST /aoai/faults`. A fault is a line
of words:

    error=firewall        answer with Azure's own error of that name, which no request brings about by itself: no-role,
                          no-access, firewall, private-endpoint, key-auth-disabled, timeout, rate-limit, high-demand,
                          server-error, unavailable (and retry-after=SECONDS, retry-after-ms=…)
    status=503            answer with that status (and body=… , retry-after=SECONDS, retry-after-ms=…)
    delay=1.5             wait that many seconds, at most 60, before the first byte
    pace=0.2              wait that many seconds, at most 60, before each chunk after the first
    reset=200             break the connection after that many bytes of the body, or at its end if that comes first
    truncate=3            end the stream in good order after that many chunks
    malformed             cut the JSON of the body, or of each event, in half
    content-type=text/html   answer with another content type
    filter-error          the content filter failed, and says so

and, for requests to come: skip=2 lets two requests pass first, times=1 is how many it then strikes (1 if left out), and
path=chat/completions strikes only requests whose path ends like that. Nothing is left to chance: requests are counted,
each by the faults that wait, in their order, up to the one that strikes it. An answer that was struck carries the words
in its header `x-aoai-fault`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from .azure_errors import OUTSIDE

HEADER = "x-aoai-fault"
_LONGEST_WAIT, _LARGEST_NUMBER = 60.0, 10**9
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_WHOLE = ("status", "reset", "truncate", "skip", "times")
_SECONDS = ("delay", "pace", "retry-after", "retry-after-ms")
_FLAGS = ("malformed", "filter-error")
# These say of which requests, or how a fault's answer looks, and are no fault by themselves.
_WITH_STATUS = ("body", "retry-after", "retry-after-ms")
_OF_REQUESTS = ("skip", "times", "path")


@dataclass
class Fault:
    """One fault, as its words say. `skip` and `times` count requests down."""

    words: str
    error: str | None = None
    status: int | None = None
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pace: float = 0.0
    reset: int | None = None
    truncate: int | None = None
    malformed: bool = False
    content_type: str | None = None
    filter_error: bool = False
    path: str = ""
    skip: int = 0
    times: int = 1

    def strikes(self, path: str) -> bool:
        """Count a request; whether it is one that this fault strikes."""
        if self.times <= 0 or not path.endswith(self.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Faults:
    """The faults that wait for requests to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, words: str) -> None:
        """Let a fault strike requests to come. Raises ValueError where the words are none."""
        self._waiting.append(parse(words))

    def clear(self) -> None:
        """Take all faults away that wait."""
        self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults that wait, and how many requests each still skips and strikes."""
        return [{"fault": one.words, "skip": one.skip, "times": one.times} for one in self._waiting]

    def striking(self, path: str) -> Fault | None:
        """Count a request to `path`, and return the fault that strikes it, if one does."""
        found = next((fault for fault in self._waiting if fault.strikes(path)), None)
        self._waiting = [fault for fault in self._waiting if fault.times > 0]
        return found


def parse(words: str, *, once: bool = False) -> Fault:
    """Read a fault; `once` is for one request alone, which isn't counted. Raises ValueError with what can't be read.

    >>> parse("status=429 retry-after=2 times=3").times
    3
    """
    if not words.isprintable():
        raise ValueError("a fault is one line of printable characters")
    found: dict[str, str] = {}
    for word in shlex.split(words):
        name, equals, value = word.partition("=")
        if name not in (*_WHOLE, *_SECONDS, *_FLAGS, "error", "body", "path", "content-type") or (
            name in _FLAGS
        ) == bool(equals):
            raise ValueError(f"{word!r} is no fault")
        if name in found:
            raise ValueError(f"{name} is said twice")
        found[name] = value
    fault = Fault(
        words,
        error=found.get("error"),
        status=_whole(found, "status", 200, 599),
        body=found.get("body"),
        headers={name: found[name] for name in ("retry-after", "retry-after-ms") if name in found},
        delay=_seconds(found, "delay"),
        pace=_seconds(found, "pace"),
        reset=_whole(found, "reset", 0),
        truncate=_whole(found, "truncate", 0),
        malformed="malformed" in found,
        content_type=found.get("content-type"),
        filter_error="filter-error" in found,
        path=found.get("path", ""),
        skip=_whole(found, "skip", 0) or 0,
        times=_whole(found, "times", 1) or 1,
    )
    _check(fault, found, once)
    return fault


def _check(fault: Fault, found: dict[str, str], once: bool) -> None:
    """Refuse words that would do nothing, each by itself or beside the others."""
    for name in _WITH_STATUS:
        if name in found and fault.status is None and (fault.error is None or name == "body"):
            raise ValueError(f"{name} needs a status")
        if name in found and name != "body":
            _number(name, found[name], _LARGEST_NUMBER)
    if not found.keys() - {*_OF_REQUESTS}:
        raise ValueError("that says of no fault what it is, such as status=503 or delay=2")
    if fault.error is not None and fault.error not in OUTSIDE:
        raise ValueError(f"error={fault.error} is none of {', '.join(OUTSIDE)}")
    if fault.error is not None and fault.status is not None:
        raise ValueError("an error has a status of its own: error and status don't go together")
    if (fault.status is not None or fault.error is not None) and fault.filter_error:
        raise ValueError("an answer of the fault's own is not filtered: status and filter-error don't go together")
    if fault.status in (204, 205, 304) and fault.body:
        raise ValueError(f"an answer of status {fault.status} has no body")
    if fault.content_type is not None and not re.fullmatch(r"[!-~]([ -~]*[!-~])?", fault.content_type):
        raise ValueError(f"content-type={fault.content_type} can't be sent in a header")
    if once and (counted := [name for name in _OF_REQUESTS if name in found]):
        raise ValueError(f"{' and '.join(counted)}: a header is about its own request, and no other")


def _whole(found: dict[str, str], name: str, least: int, most: int = _LARGEST_NUMBER) -> int | None:
    if name not in found:
        return None
    number = _number(name, found[name], most)
    if number != int(number) or number < least:
        raise ValueError(f"{name}={found[name]} is no whole number from {least} to {most}")
    return int(number)


def _seconds(found: dict[str, str], name: str) -> float:
    return _number(name, found[name], _LONGEST_WAIT) if name in found else 0.0


def _number(name: str, value: str, most: float) -> float:
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"{name}={value} is not a number")
    if float(value) > most:
        raise ValueError(f"{name}={value} is out of range: the most is {most:g}")
    return float(value)
