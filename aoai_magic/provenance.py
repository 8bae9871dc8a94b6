"""Where a reply comes from, in a few words for machines: what goes into the metadata of a notebook's output."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from .recordings.canonical import canonical


def provenance(kind: str, deployment: str, model: str, request: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Say who answered which request, by which versions: what is None or empty isn't said.

    >>> found = provenance("azure", "chat", "gpt-4o-2024-11-20", {"messages": []}, request_id=None)
    >>> [name for name in found]
    ['service', 'deployment', 'model', 'request_sha256', 'aoai-magic', 'openai']
    """
    from . import __version__

    said = {
        "service": kind,
        "deployment": deployment,
        "model": model,
        "request_sha256": request_hash(request),
        **more,
        "aoai-magic": __version__,
        "openai": _openai(),
    }
    return {name: value for name, value in as_json(said).items() if value not in (None, "")}


@cache
def _openai() -> str:
    return version("openai")  # read from a file, which took a fifth of a warm cell


def request_hash(request: Mapping[str, Any]) -> str:
    """The SHA-256 of a request's canonical form (see `recordings.canonical`), as JSON with its keys in order.

    >>> request_hash({"a": 1, "b": 2}) == request_hash({"stream": True, "b": 2, "a": 1})
    True
    """
    text = json.dumps(canonical(request), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_json(value: Any) -> Any:
    """Return a value as JSON can hold it.

    Days become text, bytes base64, objects their fields, and None what can't be written.

    >>> as_json({"day": datetime.date(2026, 11, 25), "data": b"GIF", 1: (1, 2)})
    {'day': '2026-11-25', 'data': 'R0lG', '1': [1, 2]}
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {str(name): as_json(one) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_json(one) for one in value]
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case datetime.date() | datetime.timedelta():
            return str(value)
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    return None
