"""The engine that needs no model: instant, deterministic, and it answers with what it was told. For tests."""

from __future__ import annotations

import asyncio
import json
import math
import re
import zlib
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from .engine import Job, Piece

_DIMENSIONS = 384


class Echo:
    """Answers with the last user message, or with the smallest JSON that a schema allows."""

    model = "echo"
    fingerprint = "fp_local_echo"

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        text = _asked(job) if job.schema is None else json.dumps(smallest(job.schema), separators=(",", ":"))
        ends = [at for stop in job.stop if (at := text.find(stop)) >= 0]
        for word in _words(text[: min(ends, default=None)]):
            if job.pace:
                await asyncio.sleep(job.pace)
            yield Piece(word, logprobs=() if job.logprobs is None else [_certain(word, job.logprobs)])
        yield Piece("", "stop")

    async def fit(self, job: Job) -> tuple[Job, int]:
        return job, 0

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors in which every word has a place of its own: texts are alike as far as they share words."""
        return [_placed(text) for text in texts]

    async def choose(self, job: Job, options: Sequence[str]) -> str:
        """The option that the last user message names, else the last one."""
        words = set(re.findall(r"\w+", _asked(job)))
        return next((option for option in options if option in words), options[-1])

    def close(self) -> None:
        pass


def _placed(text: str) -> list[float]:
    vector = [0.0] * _DIMENSIONS
    for word in re.findall(r"\w+", text.lower()) or [text]:
        vector[zlib.crc32(word.encode("utf-8", "replace")) % _DIMENSIONS] += 1.0
    length = math.hypot(*vector)
    return [value / length for value in vector]


def smallest(schema: Any, root: Any = None) -> Any:
    """Return the smallest value that a JSON schema allows, as far as types, choices, lengths and bounds are concerned.

    >>> smallest({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
    {'name': ''}
    """
    root = schema if root is None else root
    if not isinstance(schema, dict):
        return None
    if reference := schema.get("$ref"):
        return smallest(_referred(root, reference), root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return smallest(schema[choice][-1], root)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: smallest(schema.get("properties", {}).get(name, {}), root) for name in schema.get("required", [])}
    if kind == "array":
        return [smallest(schema.get("items", {}), root) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "").ljust(schema.get("minLength", 0), "x")
    if kind in ("integer", "number"):
        return _least_number(schema, kind)
    return False if kind == "boolean" else None


_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "a@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def _least_number(schema: dict[str, Any], kind: str) -> float:
    """The number nearest to 0 within the bounds."""
    step = schema.get("multipleOf", 1 if kind == "integer" else 0)
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if "exclusiveMinimum" in schema:
        least = max(least, schema["exclusiveMinimum"] + (step or 1e-9))
    if "exclusiveMaximum" in schema:
        most = min(most, schema["exclusiveMaximum"] - (step or 1e-9))
    value = max(least, min(most, 0))
    if step:
        value = (math.ceil(value / step) if value >= 0 else math.floor(value / step)) * step
    return int(value) if kind == "integer" else value


def _referred(root: Any, reference: str) -> Any:
    found = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def _asked(job: Job) -> str:
    if job.prompt is not None:
        return job.prompt
    return next((message["content"] for message in reversed(job.messages) if message["role"] == "user"), "")


def _words(text: str) -> list[str]:
    """Cut text into pieces as small as a model's, so that streaming has something to stream.

    >>> _words("two words")
    ['two', ' words']
    """
    return re.findall(r" [^ ]*|[^ ]+", text)


def _certain(word: str, alternatives: int) -> dict[str, Any]:
    own = {"token": word, "logprob": 0.0, "bytes": list(word.encode("utf-8", "replace"))}
    return {**own, "top_logprobs": [own] if alternatives else []}
