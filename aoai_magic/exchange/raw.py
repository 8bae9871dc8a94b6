"""Chat requests sent past the SDK's models, for tables: a fifth of the processor's time."""

from __future__ import annotations

import time

from .exchange import Exchange
from .responses import ResponseExchange


class RawExchange(Exchange):
    """One chat request whose answer comes whole, sent once: who sends it decides whether to try again."""

    _path = "chat/completions"

    def run(self) -> None:
        """Send the request and read the answer."""
        import openai

        self._started = time.perf_counter()
        response = self._connection.post(self._path, self._body)
        self.headers = response.headers
        if response.is_error:
            try:
                error = response.json()["error"]
            except (ValueError, LookupError, TypeError):
                error = response.text
            raise openai.APIStatusError(response.reason_phrase, response=response, body=error)
        self._take_whole(response.content)
        self._end()


class RawResponseExchange(RawExchange, ResponseExchange):
    """The same through the Responses API."""

    _path = "responses"
