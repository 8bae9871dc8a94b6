"""The shape of an answer: in a few words, a JSON schema or a pydantic class, sent as `response_format`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..errors import OptionError, a_kind

_TYPES: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}
_FIELD = re.compile(r"\s*(?P<name>[^\W\d]\w{0,63})(?:\s+(?P<type>\S.*?))?\s*", re.DOTALL)
_EXAMPLE = "--schema 'name, age int, tags list[str], mood good|bad'"


def response_format(schema: object) -> dict[str, Any]:
    """Return the `response_format` that holds a model to a schema, strictly.

    `schema` is a pydantic class, a JSON schema (a dict, or its text), or fields in words: a name each, with a type
    after it (str, int, float, bool, date, list[TYPE], or words to choose from as good|bad), parted by commas; a field
    without a type is text. In brackets, it is a list of such objects, which the answer holds as `items`. Raises
    OptionError for what can't be read.

    >>> response_format("name, age int")["json_schema"]["schema"]["properties"]
    {'name': {'type': 'string'}, 'age': {'type': 'integer'}}
    """
    name, shape = _read(schema)
    return {"type": "json_schema", "json_schema": {"name": name, "schema": shape, "strict": True}}


def _read(schema: object) -> tuple[str, dict[str, Any]]:
    if isinstance(schema, Mapping):
        return _named(str(schema.get("title") or "answer")), _strict(dict(schema))
    if isinstance(schema, str):
        text = schema.strip()
        if text.startswith("{"):
            try:
                return _read(json.loads(text))
            except ValueError as error:
                raise OptionError(
                    f"The schema isn't JSON: {error}.", "What begins with a brace is read as a JSON schema.", _EXAMPLE
                ) from None
        return "answer", _from_words(text)
    describe = getattr(schema, "model_json_schema", None)
    if describe is None:
        raise OptionError(
            f"{a_kind(schema)} is no schema.",
            "A schema is a pydantic class, a dict, or fields in words.",
            _EXAMPLE,
        )
    return _named(getattr(schema, "__name__", "answer")), _strict(describe())


def _from_words(text: str) -> dict[str, Any]:
    if text.startswith("[") and text.endswith("]"):
        return _object({"items": {"type": "array", "items": _from_words(text[1:-1])}})
    properties = {}
    for field in _split(text):
        found = _FIELD.fullmatch(field)
        if found is None:
            raise OptionError(f"{field.strip()!r} is no field of a schema.", "A field is a name and a type.", _EXAMPLE)
        if found["name"] in properties:
            raise OptionError(
                f"The schema has the field {found['name']!r} twice.", "An answer has each of them once.", _EXAMPLE
            )
        properties[found["name"]] = _type(found["type"] or "str")
    return _object(properties)


def _type(text: str) -> dict[str, Any]:
    if text.startswith("list[") and text.endswith("]"):
        return {"type": "array", "items": _type(text[5:-1].strip())}
    if "|" in text:
        return {"type": "string", "enum": [word.strip() for word in text.split("|")]}
    if text not in _TYPES:
        known = ", ".join(_TYPES)
        raise OptionError(f"{text!r} is no type.", f"There are {known}, list[TYPE] and words|to|choose.", _EXAMPLE)
    return _TYPES[text]


def _split(text: str) -> list[str]:
    """The fields, parted at commas that are in no brackets."""
    return re.split(r",(?![^\[]*\])", text)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _strict(shape: Any) -> Any:
    """A JSON schema as the service's strict mode wants it: nothing beside the properties, and all of them required."""
    if isinstance(shape, list):
        return [_strict(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    kept = {key: _strict(value) for key, value in shape.items() if key != "default"}
    if isinstance(kept.get("properties"), dict):
        kept = {**kept, "required": list(kept["properties"]), "additionalProperties": False}
    return kept


def _named(title: str) -> str:
    """A name as the service takes it: letters, digits, _ and -."""
    return re.sub(r"[^\w-]", "_", title, flags=re.ASCII)[:64] or "answer"
