"""Chat completions: from Azure's request to a job for the engine, and from its pieces to Azure's answer."""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import AsyncGenerator
from typing import Any

from .. import tokens
from .azure_errors import AzureError, invalid_request, too_long
from .deployments import Deployment
from .engine import Engine, FinishReason, Job, Piece, TooLongError, text_of
from .meter import Meter

#: How long a reply gets where the request doesn't say. Azure's own default is the model's limit (16,384 tokens for
#: GPT-4o); a small model that has begun to repeat itself would fill that for minutes.
DEFAULT_MAX_TOKENS = 512

_CATEGORIES = ("hate", "self_harm", "sexual", "violence")
_SAFE: dict[str, Any] = {category: {"filtered": False, "severity": "safe"} for category in _CATEGORIES}
_PROMPT_FILTERS = [
    {"prompt_index": 0, "content_filter_results": {**_SAFE, "jailbreak": {"filtered": False, "detected": False}}}
]
_NOT_DETECTED = {"filtered": False, "detected": False}
_REPLY_FILTERS = {**_SAFE, "protected_material_code": _NOT_DETECTED, "protected_material_text": _NOT_DETECTED}
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


class Chat:
    """One chat completion: the checked request, its prompt's tokens, and what has been generated so far."""

    def __init__(self, body: dict[str, Any], deployment: Deployment, engine: Engine, pace: float = 0.0) -> None:
        self.deployment, self.engine = deployment, engine
        self.messages = _messages(body)
        self.max_tokens = _limit(body, deployment)
        self.stream: bool = _value(body, "stream", bool, False)
        options = _value(body, "stream_options", dict, {})
        if options and not self.stream:
            raise invalid_request(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
            )
        self.include_usage = bool(options.get("include_usage"))
        self.job = Job(
            messages=[
                {"role": _engine_role(message["role"]), "content": text_of(message.get("content"))}
                for message in self.messages
            ],
            temperature=_number(body, "temperature", 0, 2, 1.0),
            top_p=_number(body, "top_p", 0, 1, 1.0),
            seed=_value(body, "seed", int, None),
            stop=_stop(body),
            pace=pace,
        )
        self.prompt_tokens = tokens.count_chat(self.messages, deployment.model.name)
        window = deployment.model.context_window
        if self.prompt_tokens > window:
            raise too_long(window, self.prompt_tokens)
        self.id = "chatcmpl-" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(29))
        self.created = int(time.time())
        self.text = ""
        self._pieces = self._generate()
        self._first: Piece | None = None

    async def begin(self) -> None:
        """Wait for the first piece, so that what is wrong with the request is known before an answer begins."""
        self._first = await anext(self._pieces)

    async def pieces(self) -> AsyncGenerator[Piece]:
        """The reply piece by piece, from its beginning."""
        try:
            if self._first is not None:
                yield self._first
            async for piece in self._pieces:
                yield piece
        finally:
            await self._pieces.aclose()

    async def _generate(self) -> AsyncGenerator[Piece]:
        """The engine's pieces, cut where the reply reaches `max_tokens` in the deployment's own tokens."""
        meter = Meter(self.max_tokens, self.deployment.model.name)
        generated = self.engine.generate(self.job)
        try:
            async for piece in generated:
                if not meter.fits(piece.text):
                    piece = Piece(meter.cut(piece.text), "length")
                self.text += piece.text
                yield piece
                if piece.finish_reason:
                    return
        except TooLongError:
            raise too_long(self.engine.context_window, self.prompt_tokens) from None
        finally:
            await generated.aclose()

    async def answer(self) -> dict[str, Any]:
        """The whole answer in one body."""
        finish: FinishReason = "stop"
        async for piece in self.pieces():
            finish = piece.finish_reason or finish
        message: dict[str, Any] = {"role": "assistant", "content": self.text, "refusal": None, "annotations": []}
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": finish,
            "content_filter_results": _REPLY_FILTERS,
        }
        return {
            **self._head("chat.completion"),
            "prompt_filter_results": _PROMPT_FILTERS,
            "choices": [choice],
            "usage": self._usage(),
        }

    async def events(self) -> AsyncGenerator[bytes]:
        """The answer as server-sent events, in the order that Azure sends them (facts, section 2.2)."""
        # The verdict on the prompt comes first, in a chunk with no choices: clients must not look at choices[0] blindly.
        yield _event(
            {
                "id": "", "object": "", "created": 0, "model": "",
                "prompt_filter_results": _PROMPT_FILTERS, "choices": [], "usage": None,
            }
        )  # fmt: skip
        yield self._chunk({"role": "assistant", "content": "", "refusal": None}, filters={})
        async for piece in self.pieces():
            if piece.text:
                yield self._chunk({"content": piece.text})
            if piece.finish_reason:
                yield self._chunk({}, finish=piece.finish_reason)
        if self.include_usage:
            yield _event({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()})
        yield b"data: [DONE]\n\n"

    def _chunk(
        self, delta: dict[str, Any], *, finish: FinishReason | None = None, filters: dict[str, Any] = _REPLY_FILTERS
    ) -> bytes:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish,
            "content_filter_results": filters,
        }
        return _event({**self._head("chat.completion.chunk"), "choices": [choice], "usage": None})

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.deployment.model.id,
            "system_fingerprint": self.engine.fingerprint,
        }

    def _usage(self) -> dict[str, Any]:
        completion = tokens.count(self.text, self.deployment.model.name)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0,
                "audio_tokens": 0,
                "reasoning_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def _engine_role(role: str) -> str:
    return {"developer": "system", "function": "tool"}.get(role, role)


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    messages = body.get("messages")
    if messages is None:
        raise invalid_request("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    if not isinstance(messages, list):
        raise _wrong_type("messages", "an array of objects", messages)
    if not messages:
        raise invalid_request(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            "messages",
            "empty_array",
        )
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        if not isinstance(message, dict):
            raise _wrong_type(where, "an object", message)
        if message.get("role") not in _ROLES:
            raise invalid_request(
                f"Invalid value: {message.get('role')!r}. Supported values are: {', '.join(map(repr, _ROLES))}.",
                f"{where}.role",
                "invalid_value",
            )
        content = message.get("content")
        if isinstance(content, list):
            for part in content:
                if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
                    raise invalid_request("The local service takes text parts only so far.", f"{where}.content")
        elif not isinstance(content, str) and not (content is None and message["role"] == "assistant"):
            raise _wrong_type(f"{where}.content", "a string or an array of objects", content)
    return messages


def _limit(body: dict[str, Any], deployment: Deployment) -> int:
    most = deployment.model.max_output_tokens
    given = [name for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None]
    if len(given) == 2:
        raise invalid_request(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
            "invalid_parameter_combination",
        )
    if not given:
        return DEFAULT_MAX_TOKENS
    limit: int = _value(body, given[0], int, 0)
    if limit < 1:
        raise invalid_request(
            f"Invalid '{given[0]}': integer below minimum value. Expected a value >= 1, but got {limit} instead.",
            given[0],
            "integer_below_min_value",
        )
    if limit > most:
        raise invalid_request(
            f"{given[0]} is too large: {limit}. This model supports at most {most} completion tokens, whereas you provided {limit}.",
            given[0],
            "invalid_value",
        )
    return limit


def _stop(body: dict[str, Any]) -> list[str]:
    stop = body.get("stop")
    stops = [stop] if isinstance(stop, str) else [] if stop is None else stop
    if not isinstance(stops, list) or not all(isinstance(one, str) for one in stops):
        raise _wrong_type("stop", "a string or an array of strings", stop)
    if len(stops) > 4:
        raise invalid_request(
            f"Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length {len(stops)} instead.",
            "stop",
            "array_above_max_length",
        )
    return stops


def _number(body: dict[str, Any], name: str, least: float, most: float, default: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(name, "a decimal", value)
    if not least <= value <= most:
        bound, kind, sign = (most, "above maximum", "<=") if value > most else (least, "below minimum", ">=")
        raise invalid_request(
            f"Invalid '{name}': decimal {kind} value. Expected a value {sign} {bound}, but got {value} instead.",
            name,
            f"decimal_{kind.replace('imum', '').replace(' ', '_')}_value",
        )
    return float(value)


def _value(body: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong_type(name, {bool: "a boolean", int: "an integer", dict: "an object"}[kind], value)
    return value


def _wrong_type(name: str, expected: str, value: object) -> AzureError:
    got = {
        bool: "a boolean",
        int: "an integer",
        float: "a decimal",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    found = got.get(type(value), "null")
    return invalid_request(
        f"Invalid type for '{name}': expected {expected}, but got {found} instead.", name, "invalid_type"
    )
