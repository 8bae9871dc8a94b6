"""One request to the Responses API and its answer, read as it arrives."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..explain import stream_error
from ..responses import ResponseChunks, completion
from .exchange import Exchange, Growing

if TYPE_CHECKING:
    from openai import APIResponse


class ResponseExchange(Exchange):
    """One chat request that goes through the Responses API, and what has arrived of its answer."""

    operation = "responses"
    wanted = "a response"
    _chunks: ResponseChunks

    def _no_chunks(self) -> Growing:
        return ResponseChunks()

    def _sent(self) -> AbstractContextManager[APIResponse[Any]]:
        create = self._connection.client.responses.with_streaming_response.create
        rest = {key: value for key, value in self._body.items() if key not in ("model", "input")}
        return create(model=self._body["model"], input=self._body["input"], extra_body=rest)

    def _completion(self) -> dict[str, Any]:
        return completion(self._chunks.body)

    @property
    def _response(self) -> dict[str, Any] | None:
        return self._chunks.body

    @property
    def _over(self) -> bool:
        return self._chunks.finished  # there is no [DONE]

    def _take(self, chunk: dict[str, Any]) -> str:
        added = self._chunks.add(chunk)
        if self._chunks.failure:
            raise stream_error(self._chunks.failure, self.headers)
        return added

    def _take_whole(self, content: bytes) -> None:
        try:
            body = json.loads(content)
            body["output"][:]
            added = self._take({"type": "response.completed", "response": body})
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._not_wanted(content.decode("utf-8", "replace"), error) from None
        self._arrived(added)
