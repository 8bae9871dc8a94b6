"""The SDK's clients, which say how long they wait before they try again, and stop waiting when they are told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai

from .local.waiting import tell
from .stopping import pause

if TYPE_CHECKING:
    import httpx2

_SHORT = 1.0  # seconds for which nobody needs a reason


class _Telling:
    """Waits as the SDK does, and for as long; should the SDK wait in another place one day, it does so in silence."""

    def _sleep_for_retry(
        self, *, retries_taken: int, max_retries: int, options: Any, response: httpx2.Response | None
    ) -> None:
        sdk: Any = self
        headers = response.headers if response is not None else None
        seconds = sdk._calculate_retry_timeout(max_retries - retries_taken, options, headers)
        why = _why(response, options.json_data)

        def tick(left: int) -> None:
            if seconds >= _SHORT:
                tell(f"{why}: trying again in {left} s", 1 - left / seconds if left < seconds else 0)

        pause(seconds, tick)
        if seconds >= _SHORT:
            tell("Trying again")


class OpenAI(_Telling, openai.OpenAI):
    """`openai.OpenAI`, which says what it waits for."""


class AzureOpenAI(_Telling, openai.AzureOpenAI):
    """`openai.AzureOpenAI`, which says what it waits for."""


def _why(response: httpx2.Response | None, body: object) -> str:
    if response is None:
        return "No connection"
    if response.status_code != 429:
        return f"The service answered {response.status_code}"
    deployment = body.get("model") if isinstance(body, dict) else None
    return f"{deployment!r} is at its rate limit" if deployment else "The deployment is at its rate limit"
