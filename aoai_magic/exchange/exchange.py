"""One request and its answer, read as it arrives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from .. import ledger
from ..base_reply import Usage
from ..chunks import Chunks, TextChunks
from ..errors import AoaiError, NoAnswerError, ServiceError
from ..estimates import Estimate
from ..explain import stream_error
from ..logprobs import Token, chat_tokens, text_tokens
from ..recordings import Asked
from ..reply import Choice, Reply
from ..request import lower_limit
from ..responses import LEAST_TOKENS
from ..sse import events
from ..stopping import stoppable
from ..tools import calls
from ..verdicts import worst
from ..wellformed import fits

if TYPE_CHECKING:
    import httpx2
    from openai import APIResponse

    from ..audio_reply import Audio
    from ..client import Connection
    from ..image_reply import ImageReply
    from ..settings import Kind

# What a 400 says if the prompt was worked on and is charged: it was filtered, or found to be too long (transport, _FREE).
_CHARGED = {"content_filter", "contentFilter", "content_policy_violation", "context_length_exceeded"}


def reserve(
    kind: Kind,
    operation: str,
    body: dict[str, Any],
    estimate: Estimate,
    budget: float | ledger.Allowance | None,
    *,
    recorded: bool = False,
    lower: bool = True,
    strict: bool = False,
) -> ledger.Entry:
    """Write down what is about to be sent, and lower the limit of its reply where a budget wants it lower.

    What a recording answers costs nothing, and no budget has a say in it. Unless `lower`, what doesn't fit is refused
    instead; if `strict`, nothing is sent that can't be written down, even what is free.
    """
    entry = ledger.reserve(
        kind,
        body["model"],
        operation,
        tokens=estimate.prompt_tokens,
        strict=strict,
        recorded=recorded,
        **_terms(operation, estimate, budget, lower=lower),
    )
    if entry.limit is not None:
        lower_limit(body, entry.limit, estimate.known.model if estimate.known else None)
    return entry


def foretold(
    kind: Kind, operation: str, estimate: Estimate, budget: float | ledger.Allowance | None
) -> tuple[str, str] | None:
    """What `reserve` would make of a request, in a word, and the budget that says so; None where none holds."""
    return ledger.foretell(kind, estimate.deployment, **_terms(operation, estimate, budget))


def _terms(
    operation: str, estimate: Estimate, budget: float | ledger.Allowance | None, *, lower: bool = True
) -> dict[str, Any]:
    """What a request may cost, in the ledger's words."""
    kept = estimate.cache_write  # a lower limit of the reply makes it no less, so it is part of the slack
    return {
        "cheapest": estimate.cheapest,
        "dearest": None if estimate.dearest is None else estimate.dearest - kept,
        "limit": estimate.limit if lower else None,
        "slack": estimate.slack + kept,
        "allowance": ledger.Allowance.of(budget),
        "least": LEAST_TOKENS if operation == "responses" else 1,
    }


class Growing(Protocol):
    """An answer put together from what a stream brings: its body, as far as it is there, and whether it is whole."""

    body: dict[str, Any]

    @property
    def finished(self) -> bool: ...

    def add(self, chunk: dict[str, Any]) -> Any:
        """Take in the data of an event, and return what it adds for those who watch."""
        ...


class Exchange:
    """One chat request and what has arrived of its answer, so that a break loses nothing."""

    operation = "chat"
    wanted = "a completion"

    def __init__(
        self,
        connection: Connection,
        body: dict[str, Any],
        estimate: Estimate,
        entry: ledger.Entry,
        asked: Asked,
        on_arrival: Callable[[Any], None] | None = None,
    ) -> None:
        self._connection, self.estimate, self.entry, self.asked = connection, estimate, entry, asked
        self._on_arrival = on_arrival
        self._body = body
        self.headers: Mapping[str, str] = {}
        self._chunks = self._no_chunks()
        self._started = time.perf_counter()
        self._first_token: float | None = None
        self._ended: float | None = None
        self._done = False

    def run(self) -> None:
        """Send the request and read the answer to its end."""
        with self._sent() as response:
            first, *_ = [*response.http_response.history, response.http_response]  # more than one after a redirect
            self._body = self._as_sent(first.request)
            self.headers = response.headers
            with stoppable(response.http_response):
                if "text/event-stream" in response.headers.get("content-type", ""):
                    self._read(response.iter_bytes())
                else:
                    self._take_whole(response.read())
        self._end()

    def _end(self) -> None:
        """Note that all has arrived. Raises NoAnswerError if that can't be read as what was asked for."""
        self._ended = self._elapsed()
        if not self._is_wellformed():
            raise self._not_wanted(json.dumps(self._chunks.body), ValueError("not of its shape"))

    def _is_wellformed(self) -> bool:
        """Whether what has arrived can be read as a completion."""
        try:
            return fits(self._completion())
        except (ValueError, LookupError, TypeError, AttributeError):
            return False

    def _elapsed(self) -> float:
        """Seconds since the request; of a recorded answer, as it was then."""
        return self.asked.seconds if self.asked.answered else time.perf_counter() - self._started

    def _no_chunks(self) -> Growing:
        return Chunks()

    def _as_sent(self, request: httpx2.Request) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(request.content)
        return body

    def _sent(self) -> AbstractContextManager[APIResponse[Any]]:
        create = self._connection.client.chat.completions.with_streaming_response.create
        rest = {key: value for key, value in self._body.items() if key not in ("model", "messages")}
        return create(model=self._body["model"], messages=self._body["messages"], extra_body=rest)

    def _text(self, choice: dict[str, Any]) -> str:
        return choice["message"].get("content") or ""

    def _read(self, blocks: Iterator[bytes]) -> None:
        for _, data in events(self._unbroken(blocks)):
            if data == "[DONE]":
                self._done = True
                continue  # and read to the end: a connection left half-read can't be used again
            try:
                added = self._take(json.loads(data))
            except (ValueError, AttributeError, TypeError, LookupError) as error:
                raise self._not_wanted(data, error) from None
            self._arrived(added)
        if not self._chunks.finished:
            raise self._broke_off()

    def _unbroken(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        import httpx2

        try:
            yield from blocks
        except (httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            if not self._over:
                raise self._broke_off() from error

    @property
    def _over(self) -> bool:
        """Whether the stream has said that it ends here."""
        return self._done

    def _take(self, chunk: dict[str, Any]) -> Any:
        """Take in the data of an event, and return what it adds for those who watch.

        Raises ServiceError if it is one.
        """
        if chunk.get("error"):
            raise stream_error(chunk["error"], self.headers)
        return self._chunks.add(chunk)

    def _broke_off(self) -> NoAnswerError:
        return NoAnswerError(
            "The reply broke off before its end.",
            "The service, or something between here and there, closed the connection.",
            "Run the cell again.",
            request_id=self._request_id,
        )

    def _take_whole(self, content: bytes) -> None:
        try:
            body = json.loads(content)
            text = self._text(body["choices"][0])
            if not isinstance(text, str):
                raise TypeError("no text")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._not_wanted(content.decode("utf-8", "replace"), error) from None
        self._chunks.body = body
        self._arrived(text)

    def _not_wanted(self, answer: str, error: Exception) -> NoAnswerError:
        return NoAnswerError(
            f"{self._connection.target.endpoint or 'The service'} answered with something other than {self.wanted}.",
            answer[:120],
            "Is the address right? %aoai status shows it.",
            body=answer,
            request_id=self._request_id,
        )

    def _arrived(self, added: Any) -> None:
        if not added:
            return
        if self._first_token is None:
            self._first_token = self._elapsed()
        if self._on_arrival is not None:
            self._on_arrival(added)

    @property
    def _request_id(self) -> str | None:
        return self.headers.get("apim-request-id") or self.headers.get("x-request-id")

    def reply(self) -> Reply | ImageReply | Audio:
        """The reply as far as it has arrived."""
        body = self._completion()
        judged = [*(body.get("prompt_filter_results") or []), *body["choices"]]
        return Reply(
            **self._shared_fields(),
            unseen_tokens=int(cut) if (cut := self.headers.get("x-aoai-local-cut", "")).isdigit() else 0,
            choices=[
                Choice(
                    self._text(one),
                    one.get("finish_reason"),
                    (one.get("message") or {}).get("refusal"),
                    logprobs=self._tokens(one.get("logprobs")),
                    tool_calls=calls(one.get("message") or {}),
                )
                for one in body["choices"]
            ],
            model=self.headers.get("x-aoai-local-model") or body.get("model") or "",
            usage=usage_of(body.get("usage")),
            filters=worst(one.get("content_filter_results") for one in judged),
            body=body,
            response=self._response,
        )

    def _shared_fields(self) -> dict[str, Any]:
        """What a reply of any kind has, as far as it doesn't depend on the answer's body."""
        return {
            "request": self._body,
            "deployment": self.estimate.deployment,
            "kind": self.asked.served_by,
            "request_id": self._request_id,
            "seconds": self._elapsed() if self._ended is None else self._ended,
            "first_token_seconds": self._first_token,
            "recorded": self.asked.day,
            "estimate": self.estimate,
            "note": self.entry.note,
        }

    def _tokens(self, logprobs: dict[str, Any] | None) -> tuple[Token, ...]:
        return chat_tokens(logprobs)

    def _completion(self) -> dict[str, Any]:
        """The answer as far as it has arrived, as a completion."""
        return self._chunks.body

    @property
    def _response(self) -> dict[str, Any] | None:
        """The same as the Responses API has it, if it came from there."""
        return None

    def settle(self, outcome: str, error: AoaiError | None = None) -> Reply | ImageReply | Audio | None:
        """Write down in the ledger what came of it; return the reply so far, or None if nothing of it has arrived."""
        if isinstance(error, ServiceError):
            if error.status == 400 and error.code not in _CHARGED:
                self.entry.turned_down()
            outcome = f"error {error.status or error.code or 'on the way'}"
        if not self._is_wellformed():
            self._chunks = self._no_chunks()
        reply = self.reply()
        kinds = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "image_tokens")
        self.entry.settle(
            outcome if error else reply.finish_reason or outcome,
            price=reply.cost,
            azure_price=reply.azure_cost,
            model=reply.body.get("model"),
            seconds=reply.seconds,
            **{kind: getattr(reply.usage, kind) for kind in kinds if reply.usage},
        )
        return reply if len(reply) else None


class TextExchange(Exchange):
    """One request for the continuation of a text, and what has arrived of it."""

    operation = "completions"

    def _no_chunks(self) -> Growing:
        return TextChunks()

    def _sent(self) -> AbstractContextManager[APIResponse[Any]]:
        create = self._connection.client.completions.with_streaming_response.create
        rest = {key: value for key, value in self._body.items() if key not in ("model", "prompt")}
        return create(model=self._body["model"], prompt=self._body["prompt"], extra_body=rest)

    def _text(self, choice: dict[str, Any]) -> str:
        return choice["text"] or ""

    def _tokens(self, logprobs: dict[str, Any] | None) -> tuple[Token, ...]:
        return text_tokens(logprobs)


def usage_of(counted: dict[str, Any] | None) -> Usage | None:
    """A completion's `usage` in our words."""
    if not counted:
        return None
    prompt = counted.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=counted.get("prompt_tokens") or 0,
        completion_tokens=counted.get("completion_tokens") or 0,
        cached_tokens=prompt.get("cached_tokens") or 0,
        cache_write_tokens=prompt.get("cache_write_tokens") or 0,
        reasoning_tokens=(counted.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0,
    )
