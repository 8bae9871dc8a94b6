"""What the echo engine answers where a shape is asked for: of any schema at all."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.local.engine import BadSchemaError
from aoai_magic.local.smallest import smallest

_ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_JSON = st.recursive(
    _ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
_WORDS = [
    "$ref", "const", "enum", "anyOf", "oneOf", "allOf", "type", "properties", "required", "items", "minItems", "minLength",
    "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
]  # fmt: skip
_KINDS = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null", "#", "#/items"])
_SCHEMAS = st.recursive(
    _JSON | _KINDS,
    lambda inner: st.dictionaries(st.sampled_from(_WORDS), inner | st.lists(inner, max_size=3), max_size=6),
)


@given(_SCHEMAS)
def test_any_json_is_a_schema_or_refused(schema: object) -> None:
    with contextlib.suppress(BadSchemaError):
        smallest(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/$defs/nowhere"},
        {"type": "array", "items": {"type": "string"}, "minItems": 10**9},
        {"type": "array", "minItems": 9000, "items": {"type": "array", "minItems": 9000, "items": {"type": "null"}}},
        {"type": "string", "minLength": 10**12},
        {"required": [["a list"]]},
        {"type": "number", "multipleOf": "three"},
    ],
)  # fmt: skip
def test_what_has_no_end_or_no_sense_is_refused(schema: object) -> None:
    with pytest.raises(BadSchemaError):
        smallest(schema)


def test_a_schema_within_a_schema_is_followed() -> None:
    inner = {"type": "object", "properties": {"when": {"type": "string", "format": "date"}}, "required": ["when"]}
    schema = {"type": "array", "items": {"$ref": "#/$defs/inner"}, "minItems": 2, "$defs": {"inner": inner}}
    assert smallest(schema) == [{"when": "2026-01-01"}] * 2
    assert smallest({"type": "integer", "minimum": 3, "multipleOf": 2}) == 4
