"""The smallest JSON value that a schema allows: what the echo engine answers where a shape is asked for."""

from __future__ import annotations

import math
from typing import Any

from .engine import BadSchemaError

# A schema of a few bytes can ask for values without end; these are far beyond what a test wants.
_DEEPEST, _LARGEST = 64, 10_000
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


def smallest(schema: Any) -> Any:
    """Return the smallest value that a JSON schema allows, as far as types, choices, lengths and bounds are concerned.

    Raises BadSchemaError where it is no schema, refers to what isn't there, or allows nothing of reasonable size.

    >>> smallest({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
    {'name': ''}
    """
    try:
        return _Smallest(schema).value(schema, 0)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # Every part of a schema may be of any type at all.
        raise BadSchemaError(f"{type(error).__name__} while reading it.") from None


class _Smallest:
    """Builds the value, and counts what it has built."""

    def __init__(self, root: Any) -> None:
        self._root, self._left = root, _LARGEST

    def value(self, schema: Any, depth: int) -> Any:
        self._spend(1)
        if depth > _DEEPEST:
            raise BadSchemaError("it is nested too deep, or in itself.")
        if not isinstance(schema, dict):
            return None
        if reference := schema.get("$ref"):
            return self.value(self._referred(reference), depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        for choice in ("anyOf", "oneOf", "allOf"):
            if schema.get(choice):
                return self.value(schema[choice][-1], depth + 1)
        kind = schema.get("type", "object")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.value(properties.get(name, {}), depth + 1) for name in schema.get("required", [])}
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(schema.get("minItems", 0))]
        if kind == "string":
            self._spend(least := schema.get("minLength", 0))
            return _FORMATS.get(schema.get("format", ""), "").ljust(least, "x")
        if kind in ("integer", "number"):
            return _least_number(schema, kind)
        return False if kind == "boolean" else None

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise BadSchemaError("what it asks for is too large.")

    def _referred(self, reference: str) -> Any:
        found = self._root
        for part in reference.removeprefix("#").strip("/").split("/"):
            if part:
                found = found[part.replace("~1", "/").replace("~0", "~")]
        return found


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
