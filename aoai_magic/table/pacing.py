"""When the next request may leave: a deployment's limits by the minute and by bursts, kept to by going evenly.

Azure counts a request when it arrives, by the characters of its prompt and the most that it may generate, in windows of
a minute for tokens and of 1 or 10 seconds for requests (learn.microsoft.com, "Manage Azure OpenAI quota"). When a window began nobody
says; who goes evenly, a little slower than the limit, never meets one's end.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ..estimates import Headroom

if TYPE_CHECKING:
    from ..client import Connection

# The share of a limit that is used, and how much of a window may be made up for after a delay. What is left, 3 % of a
# window, is for requests that arrive less evenly than they left.
_SHARE, _LEAST_SHARE, _MADE_UP = 0.95, 0.4, 0.02
_SLOWER, _FASTER = 0.95, 0.001
#: What a deployment is taken to count for an answer whose length the request doesn't limit, until its answers tell.
_UNLIMITED = 16


@dataclass
class Pace:
    """When requests to one deployment may leave; all of this kernel's maps share it, in any thread.

    >>> pace = Pace(clock=lambda: 0.0)
    >>> pace.learn(Headroom(900, 59, 1000, 60, 0.0))
    >>> [round(pace.leave(5, 5, 10_000), 2) for _ in range(3)]
    [0.0, 0.85, 1.91]
    """

    clock: Callable[[], float] = time.monotonic
    share: float = _SHARE
    #: Of so many that go at once and don't see each other, it is one.
    parts: int = 1
    #: What the service counts beside a prompt's characters where the request sets no limit, as far as it is known.
    unlimited: int = _UNLIMITED
    _limits: Headroom | None = None
    _left: tuple[int, int] = (0, 0)  # how many have left, and the tokens of their prompts
    _since: tuple[int, int, int] | None = None  # the same, and what remained of the minute, when it was last the most
    _last: float = -math.inf  # when the last one left
    _requests: float = 0.0  # when the next is due
    _tokens: float = 0.0
    _blocked: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def leave(self, prompt: int, limit: int | None, to_come: int) -> float:
        """Count a request of so many tokens (on arrival), and return in how many seconds it may leave.

        `limit` is the most of its answer; `to_come` are the tokens of all that is still to be sent or under way, with
        it: where a minute has room for them, they need no pace.
        """
        with self._lock:
            now, tokens = self.clock(), prompt + (self.unlimited if limit is None else limit)
            self._left = self._left[0] + 1, self._left[1] + (prompt if limit is None else tokens)
            limits, start = self._limits, max(now, self._blocked)
            if limits and limits.request_limit:
                window, apart = (
                    1 if limits.request_limit >= 600 else 10,
                    60 * self.parts / (limits.request_limit * self.share),
                )
                due = max(self._requests or self._last + apart, start - _MADE_UP * window)
                self._requests = due + apart
                start = max(start, due)
            if limits and limits.token_limit and (limits.now()[0] or 0) < to_come * self.parts:
                apart = 60 * self.parts * tokens / (limits.token_limit * self.share)
                due = max(self._tokens or self._last + apart, start - _MADE_UP * 60)
                self._tokens = due + apart
                start = max(start, due)
            self._last = start
            return start - now

    def learn(self, limits: Headroom | None) -> None:
        """Take over what an answer said of the deployment's limits; and from what remains, how it counts."""
        with self._lock:
            self._limits = limits or self._limits
            if limits is None or limits.tokens is None:
                return
            if self._since is None or limits.tokens >= self._since[2]:
                self._since = *self._left, limits.tokens
            elif (count := self._left[0] - self._since[0]) > 0:
                used = self._since[2] - limits.tokens - (self._left[1] - self._since[1])
                self.unlimited = max(0, round(used / count))

    def went_well(self) -> None:
        """A request was let in: after one that wasn't, the pace quickens again."""
        self.share = min(_SHARE, self.share + _FASTER)

    def refused(self, wait: float) -> None:
        """A request was over a limit: none leaves for `wait` seconds, and then all go a little slower."""
        with self._lock:
            until = self.clock() + wait
            if until > self._blocked:
                # Those that were under way come back refused as well, and are one reason to slow down.
                if self.clock() >= self._blocked:
                    self.share = max(_LEAST_SHARE, self.share * _SLOWER)
                self._blocked = until

    def blocked(self) -> float:
        """How many seconds from now nothing may leave."""
        return max(0.0, self._blocked - self.clock())


@dataclass
class Width:
    """How many requests are under way at once: one at first, then ever more up to `most`, half as many after trouble.

    The first goes alone: it brings the deployment's limits, or the error that all others would have met as well. A
    `most` that the user named is gone to at once after it, another by doubling.

    >>> width = Width(8)
    >>> for _ in range(3): width.went_well()
    >>> width.now
    4
    """

    most: int
    at_once: bool = False
    #: Whether the deployment has answered before: then the first has nothing to find out.
    known: bool = False
    now: int = field(init=False)
    _credit: float = 0.0
    _careful: bool = False  # there was trouble: grow by one for each round of answers

    def __post_init__(self) -> None:
        self.now = self.most if self.known and self.at_once else 1

    def went_well(self) -> None:
        """An answer came."""
        if self.at_once and not self._careful:
            self.now = self.most
        else:
            self._credit += 1 / self.now if self._careful else 1
            if self._credit >= 1:
                self.now, self._credit = min(self.most, self.now + 1), 0.0

    def trouble(self) -> None:
        """The service was overloaded, or didn't answer."""
        self.now, self._careful = max(1, self.now // 2), True


_paces: WeakKeyDictionary[Connection, dict[str, Pace]] = WeakKeyDictionary()


def pace_of(connection: Connection, deployment: str) -> Pace:
    """The pace of a connection's deployment, the same for all who ask."""
    return _paces.setdefault(connection, {}).setdefault(deployment, Pace())
