"""What a deployment may take in the running minute."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Headroom:
    """What a deployment may take in the running minute, as the x-ratelimit headers of its last answer said."""

    tokens: int | None
    requests: int | None
    token_limit: int | None
    request_limit: int | None
    at: float

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Headroom | None:
        """Read the headers of an answer; None where they have none of it.

        >>> Headroom.of({"x-ratelimit-remaining-tokens": "900"}).tokens
        900
        """
        kinds = ("remaining-tokens", "remaining-requests", "limit-tokens", "limit-requests")
        found = [headers.get(f"x-ratelimit-{kind}", "") for kind in kinds]
        tokens, requests, token_limit, request_limit = (
            int(one) if one.isascii() and one.isdigit() else None for one in found
        )
        if tokens is None and requests is None:
            return None
        return cls(tokens, requests, token_limit, request_limit, time.time())

    def now(self) -> tuple[int | None, int | None]:
        """Tokens and requests that are left now: all of them, once a minute has gone by."""
        if time.time() - self.at >= 60:
            return self.token_limit, self.request_limit
        return self.tokens, self.requests
