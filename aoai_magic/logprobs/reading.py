"""Logprobs as the APIs have them, read as tokens."""

from __future__ import annotations

import codecs
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Token(NamedTuple):
    """A token, the natural logarithm of its probability, and those of others in its place.

    Its own is among them where the service says so. Bytes that only together make a character are one token here, with
    what they were likely together. `logprob` is None where it isn't told, as of a prompt's first token.
    `pandas.DataFrame(reply.logprobs)` makes a table of them.

    >>> Token("Oslo", -0.5, {"Oslo": -0.5, "Rome": -1.0}).probability
    0.6065306597126334
    """

    text: str
    logprob: float | None
    alternatives: Mapping[str, float] = {}

    @property
    def probability(self) -> float | None:
        """Between 0 and 1."""
        return None if self.logprob is None else math.exp(min(self.logprob, 0.0))


def chat_tokens(logprobs: Mapping[str, Any] | None) -> tuple[Token, ...]:
    """The tokens of a chat choice's `logprobs`, those of its refusal where it is one.

    >>> chat_tokens({"content": [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}]})
    (Token(text='Hi', logprob=-0.5, alternatives={}),)
    """
    told = logprobs or {}
    return tuple(_joined(told.get("content") or told.get("refusal") or []))


def text_tokens(logprobs: Mapping[str, Any] | None) -> tuple[Token, ...]:
    """The tokens of a text choice's `logprobs`, which are lists side by side.

    >>> text_tokens({"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [{"Ho": -0.9}]})
    (Token(text='Hi', logprob=-0.5, alternatives={'Ho': -0.9}),)
    """
    told = logprobs or {}
    texts, values = told.get("tokens") or [], told.get("token_logprobs") or []
    others = told.get("top_logprobs") or [None] * len(texts)
    return tuple(Token(text, value, other or {}) for text, value, other in zip(texts, values, others, strict=False))


def _joined(entries: list[Mapping[str, Any]]) -> Iterator[Token]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text, logprob, parts = "", 0.0, 0
    for entry in entries:
        others = {one["token"]: one["logprob"] for one in entry.get("top_logprobs") or []}
        if entry.get("bytes") is None:
            yield Token(entry["token"], entry["logprob"], others)
            continue
        text, logprob, parts = text + decoder.decode(bytes(entry["bytes"])), logprob + entry["logprob"], parts + 1
        if not decoder.getstate()[0]:
            yield Token(text, logprob, others if parts == 1 else {})
            text, logprob, parts = "", 0.0, 0
    if parts:
        yield Token(text + decoder.decode(b"", final=True), logprob)
