"""Rate limits, counted as Azure counts them: on arrival, by an estimate, and never by what is billed in the end.

Microsoft's quota page (facts/azure-openai.md, section 8): a request's tokens are the prompt's characters over four plus
the most that it may generate; they add up in a counter that starts anew each minute. Requests are counted in windows of
1 or 10 seconds, so that a burst can fail well under the total of a minute. Refused requests count as well.
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


@dataclass
class _Window:
    """A counter that starts anew every `seconds`: how much of `limit` is used in the window that runs."""

    limit: int
    seconds: float
    used: int = 0
    began: float = -math.inf

    def at(self, now: float) -> _Window:
        """The window as it stands now, started anew if its time is over."""
        if now - self.began >= self.seconds:
            self.used, self.began = 0, now
        return self

    def left(self, now: float) -> float:
        """Seconds until it starts anew."""
        return max(0.0, self.began + self.seconds - now)


@dataclass
class Limits:
    """The limits of one deployment. `take` counts a request, or refuses it.

    >>> limits = Limits(tokens_per_minute=1000, requests_per_minute=6, clock=lambda: 0.0)
    >>> limits.take(400, "ChatCompletions_Create")["x-ratelimit-remaining-tokens"]
    '600'
    """

    tokens_per_minute: int
    requests_per_minute: int
    clock: Callable[[], float] = time.monotonic
    _tokens: _Window = field(init=False)
    _requests: _Window = field(init=False)

    def __post_init__(self) -> None:
        self._tokens = _Window(self.tokens_per_minute, _MINUTE)
        # 600 requests a minute are 10 a second; fewer than 60 a minute can only be told apart over 10 seconds.
        seconds = 1.0 if self.requests_per_minute >= 60 else 10.0
        self._requests = _Window(max(1, round(self.requests_per_minute * seconds / _MINUTE)), seconds)

    def take(self, tokens: int, operation: str, version: str = "v1") -> dict[str, str]:
        """Count a request of that many tokens; return the headers that say what is left, or raise AzureError 429."""
        now = self.clock()
        by_tokens, by_requests = self._tokens.at(now), self._requests.at(now)
        by_requests.used += 1
        if by_requests.used > by_requests.limit:
            raise self._refusal("call", by_requests.left(now), operation, version)
        if tokens > self.tokens_per_minute:
            raise self._refusal("token", _NEVER, operation, version)
        if by_tokens.used + tokens > by_tokens.limit:
            raise self._refusal("token", by_tokens.left(now), operation, version)
        by_tokens.used += tokens
        return self.headers()

    def headers(self) -> dict[str, str]:
        """What is left, as every answer says it; resets in whole seconds."""
        now = self.clock()
        by_tokens, by_requests = self._tokens.at(now), self._requests.at(now)
        return {
            "x-ratelimit-limit-requests": str(self.requests_per_minute),
            "x-ratelimit-limit-tokens": str(self.tokens_per_minute),
            "x-ratelimit-remaining-requests": str(max(0, by_requests.limit - by_requests.used)),
            "x-ratelimit-remaining-tokens": str(max(0, by_tokens.limit - by_tokens.used)),
            "x-ratelimit-reset-requests": str(math.ceil(by_requests.left(now))),
            "x-ratelimit-reset-tokens": str(math.ceil(by_tokens.left(now))),
        }

    def _refusal(self, what: str, wait: float, operation: str, version: str) -> AzureError:
        seconds = max(1, math.ceil(wait))
        message = (
            f"Requests to the {operation} Operation under Azure OpenAI API version {version} have exceeded {what} rate "
            f"limit of your current OpenAI S0 pricing tier. Please retry after {seconds} seconds. Please go here: "
            "https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."
        )
        waiting = {"retry-after-ms": str(max(1, math.ceil(wait * 1000))), "retry-after": str(seconds)}
        return AzureError(429, {"code": "429", "message": message}, {**self.headers(), **waiting})


def arrival_tokens(characters: int, most_output: int) -> int:
    """What a request counts as on arrival: its prompt's characters over four, and all that it may generate.

    >>> arrival_tokens(400, 100)
    200
    """
    return math.ceil(characters / 4) + most_output
