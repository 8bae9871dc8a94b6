"""Judges of 06_prompt_design and 07_structured_output_and_tools."""

from __future__ import annotations

import math
from typing import Any

from .. import schema, tools
from ..errors import AoaiError
from .judging import Judge

_BUG = {"title": "string", "severity": ["low", "high", "blocking"], "versions": "array", "reproducible": "boolean"}
_CURRENCIES = ["EUR", "JPY", "USD"]


def _right_for_most(answer: Any) -> str:
    said, tests = answer
    if not hasattr(said, "columns") or len(said) != len(tests):
        return "what is asked for is what measure returns: the table with the answers."
    if "label" not in said.columns:
        return "its answers are prose. What makes all of them readable?"
    right = int((said["label"] == tests["kind"]).sum())
    return "" if right >= 33 else f"{right} of {len(tests)} are right. What did the examples do above?"


def _narrow_enough(answer: Any) -> str:
    if isinstance(answer, bool) or not isinstance(answer, int):
        return "a number of texts is a whole number."
    if _width(answer) >= 0.1:
        return f"with {answer:,} texts the interval is {_width(answer):.5f} wide."
    return "" if answer - 2 < 1 or _width(answer - 2) >= 0.1 else "fewer are enough."


def _width(of: int) -> float:
    """How wide Wilson's interval of a share of one half is, with so many texts."""
    z = 1.96
    return 2 * z * math.sqrt(0.25 / of + z * z / (4 * of * of)) / (1 + z * z / of) if of > 0 else math.inf


def _reports_a_bug(answer: Any) -> str:
    try:
        shape = schema.response_format(answer)["json_schema"]["schema"]
    except AoaiError as error:
        return f"that can't be read: {error.what}"
    fields = shape.get("properties", {})
    if set(fields) != set(_BUG):
        return f"its fields are {', '.join(fields) or 'none'}."
    for name, wanted in _BUG.items():
        field = _spelt_out(fields[name], shape)
        found = field.get("enum") or field.get("type")
        if (sorted(found) if isinstance(found, list) else found) != (
            sorted(wanted) if isinstance(wanted, list) else wanted
        ):
            return f"{name!r} is {found!r}."
    return "" if fields["versions"].get("items") == {"type": "string"} else "'versions' holds something else than text."


def _converts(answer: Any) -> str:
    if isinstance(answer, dict):
        return "a signature is asked for: def convert(…)."
    try:
        described = tools.definition(answer)["function"]
    except AoaiError as error:
        return f"it can't be described: {error.what}"
    if described["name"] != "convert":
        return f"its name is {described['name']!r}."
    if not described["description"]:
        return "nothing says what it is for: a model knows it by its docstring."
    parameters = described["parameters"]
    kinds = {name: _allowed(_spelt_out(one, parameters)) for name, one in parameters["properties"].items()}
    if sorted(kinds.values(), key=str) != sorted(["number", _CURRENCIES, _CURRENCIES], key=str):
        return f"its arguments are {', '.join(f'{name} ({kind})' for name, kind in kinds.items()) or 'none'}."
    defaults = [one["default"] for one in parameters["properties"].values() if "default" in one]
    return (
        ""
        if defaults == ["EUR"] and len(parameters["required"]) == 2
        else "which of them can be left out, and what is it then?"
    )


def _spelt_out(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A field of a JSON schema with what it refers to, which is how an Enum is written there."""
    return schema["$defs"][field["$ref"].rpartition("/")[2]] if "$ref" in field else field


def _allowed(parameter: dict[str, Any]) -> Any:
    return (
        sorted(parameter["enum"])
        if "enum" in parameter
        else "number"
        if parameter.get("type") == "integer"
        else parameter.get("type")
    )


JUDGES: dict[str, Judge] = {
    "design-1": _right_for_most,
    "design-2": _narrow_enough,
    "shape-1": _reports_a_bug,
    "shape-2": _converts,
}
