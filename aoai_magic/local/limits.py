"""Rate limits, counted as Azure counts them: on arrival, by an estimate, and never by what is billed in the end.

Microsoft's page "Manage Azure OpenAI quota": a request's tokens are the prompt's characters over four plus
the most that it may generate; they add up in a counter that starts anew each minute. Requests are counted by the
minute, and in windows of 1 or 10 seconds as well, so that a burst can fail well under the total of a minute. Refused
requests count like others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .azure_errors import AzureError

_MINUTE = 60.0
# "Retry after 86400 seconds" is the answer to a request that is larger than all that a minute allows.
_NEVER = 86_400


class ExceededError(Exception):
    """A request is over a limit: that of "call"s or of "token"s; trying again makes sense after `wait` seconds."""

    def __init__(self, what: str, wait: float) -> None:
        super().__init__(f"{what} rate limit, {wait} seconds")
        self.what, self.wait = what, wait


@dataclass
class _Window:
    """A counter that starts anew every `seconds`: how much of `limit` is used in the window that runs."""

    limit: int
    seconds: float
    used: int = 0
    ends: float = -math.inf

    def at(self, now: float) -> _Window:
        """The window as it stands now, started anew if its time is over."""
        if now >= self.ends:
            self.used, self.ends = 0, now + self.seconds
        return self

    def left(self, now: float) -> float:
        """Seconds until it starts anew."""
        return max(0.0, self.ends - now)


@dataclass
class Limits:
    """The limits of one deployment. Each request is counted twice: `begin` when it arrives, `take` when it is read.

    >>> limits = Limits(tokens_per_minute=1000, requests_per_minute=6, clock=lambda: 0.0)
    >>> limits.begin()
    >>> limits.take(400)
    >>> limits.headers()[b"x-ratelimit-remaining-tokens"]
    b'600'
    """

    tokens_per_minute: int
    requests_per_minute: int
    clock: Callable[[], float] = time.monotonic
    _tokens: _Window = field(init=False)
    _requests: _Window = field(init=False)
    _burst: _Window = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = _Window(self.tokens_per_minute, _MINUTE)
        self._requests = _Window(self.requests_per_minute, _MINUTE)
        # The page's example is 600 requests a minute, which are 10 a second; which deployments are counted over 10
        # seconds it doesn't say. Resource Manager shows 60 a minute as 10 in 10 seconds.
        seconds = 1.0 if self.requests_per_minute >= 600 else 10.0
        self._burst = _Window(math.ceil(self.requests_per_minute * seconds / _MINUTE), seconds)

    @property
    def burst(self) -> tuple[int, int]:
        """How many requests may come in how many seconds."""
        return self._burst.limit, int(self._burst.seconds)

    def begin(self) -> None:
        """Count a request. Raises ExceededError."""
        now = self.clock()
        windows = self._burst.at(now), self._requests.at(now)
        for window in windows:
            window.used += 1
        if any(window.used > window.limit for window in windows):
            # This one may have used up the minute's last: then the next has to wait for that too.
            raise ExceededError("call", max(window.left(now) for window in windows if window.used >= window.limit))

    def take(self, tokens: int) -> None:
        """Count a request's tokens; those of a request that is refused don't count. Raises ExceededError."""
        now = self.clock()
        window = self._tokens.at(now)
        if tokens > window.limit:
            raise ExceededError("token", _NEVER)
        if window.used + tokens > window.limit:
            raise ExceededError("token", window.left(now))
        window.used += tokens

    def headers(self) -> dict[bytes, bytes]:
        """What a minute allows and what of it is left, as every answer says it; resets in whole seconds."""
        now = self.clock()
        requests, tokens = self._requests.at(now), self._tokens.at(now)
        return {
            b"x-ratelimit-limit-requests": b"%d" % requests.limit,
            b"x-ratelimit-limit-tokens": b"%d" % tokens.limit,
            b"x-ratelimit-remaining-requests": b"%d" % max(0, requests.limit - requests.used),
            b"x-ratelimit-remaining-tokens": b"%d" % max(0, tokens.limit - tokens.used),
            b"x-ratelimit-reset-requests": b"%d" % math.ceil(requests.left(now)),
            b"x-ratelimit-reset-tokens": b"%d" % math.ceil(tokens.left(now)),
        }


def rate_limited(
    over: ExceededError, *, deployment: str, model: str, region: str, operation: str, version: str
) -> AzureError:
    """429, in the words of today for v1, and in those that clients of the dated versions have met for years."""
    seconds = max(1, math.ceil(over.wait))
    headers = {"retry-after-ms": str(max(1, math.ceil(over.wait * 1000))), "retry-after": str(seconds)}
    if version == "v1":  # the newer form has been seen with dated versions too
        message = (
            f"Your requests to {deployment} for {model} in {region} have exceeded the {over.what} rate limit for your "
            f"current AIServices S0 pricing tier. This request was for {operation} under Azure OpenAI API version {version}. "
            f"Please retry after {seconds} seconds. To increase your default rate limit, visit: "
            "https://aka.ms/oai/quotaincrease."
        )
        return AzureError(429, {"code": "RateLimitReached", "message": message}, headers)
    message = (
        f"Requests to the {operation} Operation under Azure OpenAI API version {version} have exceeded {over.what} rate "
        f"limit of your current OpenAI S0 pricing tier. Please retry after {seconds} seconds. Please go here: "
        "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
    )
    return AzureError(429, {"code": "429", "message": message}, headers)


def arrival_tokens(characters: int, most_output: int) -> int:
    """What a request counts as on arrival: its prompt's characters over four, and all that it may generate.

    >>> arrival_tokens(400, 100)
    200
    """
    return math.ceil(characters / 4) + most_output
