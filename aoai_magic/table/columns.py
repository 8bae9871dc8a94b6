"""Answers as columns: of text, or typed by a schema; beside each row, what was wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import AoaiError, SettingsError
from .outcome import Answer
from .rows import Table

#: The column that says what went wrong.
ERROR = "error"


def names(schema: Mapping[str, Any] | None, output: str) -> list[str]:
    """The names of the columns that are added: a schema's fields, else `output`; and `error`."""
    return [*(schema["properties"] if schema else [output]), ERROR]


def refuse_taken(table: Table, added: list[str]) -> None:
    """Raise SettingsError where the table, or another answer, has a column of such a name, before anything is sent."""
    for name in added:
        if not (isinstance(name, str) and name.strip()):
            raise SettingsError(f"Answers can't go into a column {name!r}.", "A column's name is a text.", "aoai.map(…, output=NAME)")  # fmt: skip
    if added.count(ERROR) > 1:
        raise SettingsError(
            f"Answers can't go into a column {ERROR!r}.",
            "It says what went wrong with a row.",
            "Another name: aoai.map(…, output=NAME), a field of the schema",
        )
    there = [name for name in added if name in table.columns]
    if there:
        raise SettingsError(
            f"The table has a column {there[0]!r} already.",
            "Answers go into columns of their own, and nothing is overwritten.",
            f"table.drop(columns={there!r}), or another name: aoai.map(…, output=NAME), a field of the schema",
        )


def with_answers(
    table: Table,
    output: str,
    schema: Mapping[str, Any] | None,
    answers: Sequence[Answer | None],
    errors: Sequence[AoaiError | None],
) -> Any:
    """The table's frame with its answers: a new one, with the same rows and index.

    What can't be read as the schema's, and rows without an answer, are missing values. `error` says why, and also what
    is to be known of an answer: that it was cut.
    """
    told = [
        error.what if error else answer.note if answer else None for answer, error in zip(answers, errors, strict=True)
    ]
    if schema is None:
        columns: dict[str, tuple[list[Any], Any]] = {
            output: ([one and one.text for one in answers], {"type": "string"})
        }
    else:
        found = [_read(one) for one in answers]
        columns = {
            name: ([None if one is None else one.get(name) for one in found], shape)
            for name, shape in schema["properties"].items()
        }
        for number, (answer, values) in enumerate(zip(answers, found, strict=True)):
            if answer is not None and values is None and not told[number]:
                told[number] = f"no JSON of the schema: {answer.text[:80]}"
    columns[ERROR] = [one or None for one in told], {"type": "string"}
    add = _to_polars if table.is_polars else _to_pandas
    return add(table.frame, columns)


def _read(answer: Answer | None) -> dict[str, Any] | None:
    try:
        found = json.loads(answer.text) if answer else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _kind(shape: Mapping[str, Any]) -> str:
    """The type of a field: string, integer, number, boolean, date, words to choose from, or something else."""
    options = [one for one in shape.get("anyOf", []) if one.get("type") != "null"]
    if len(options) == 1:  # a field that may be missing
        return _kind(options[0])
    kind = shape.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "string" and "enum" in shape:
        return "words"
    if kind == "string" and shape.get("format") == "date":
        return "date"
    return str(kind)


def _fit(value: Any, kind: str) -> Any:
    """A value if it is of its field's type, else None: no model is bound to keep to it, and a column has one."""
    fits = {
        "string": isinstance(value, str),
        "words": isinstance(value, str),
        "date": isinstance(value, str),
        "integer": isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63,
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }
    return value if fits.get(kind, True) else None


def _to_pandas(frame: Any, columns: dict[str, tuple[list[Any], Any]]) -> Any:
    import pandas

    types = {"string": "string", "integer": "Int64", "number": "Float64", "boolean": "boolean"}
    added = {}
    for name, (values, shape) in columns.items():
        kind = _kind(shape)
        fit = [_fit(value, kind) for value in values]
        if kind == "date":
            added[name] = pandas.to_datetime(pandas.Series(fit, dtype="object"), format="ISO8601", errors="coerce")
        elif kind == "words":
            added[name] = pandas.Series(pandas.Categorical(fit, categories=list(dict.fromkeys(shape_words(shape)))))
        else:
            added[name] = pandas.Series(fit, dtype=types.get(kind, "object"))
        added[name].index = frame.index
    more = pandas.DataFrame(added, index=frame.index)
    if (levels := frame.columns.nlevels) > 1:  # they stand on the first level, as a column that is assigned does
        more.columns = pandas.MultiIndex.from_tuples([(name, *[""] * (levels - 1)) for name in added])
    return pandas.concat([frame, more], axis=1)


def _to_polars(frame: Any, columns: dict[str, tuple[list[Any], Any]]) -> Any:
    import polars

    types = {
        "string": polars.String,
        "integer": polars.Int64,
        "number": polars.Float64,
        "boolean": polars.Boolean,
        "words": polars.String,
        "date": polars.String,
    }
    added = []
    for name, (values, shape) in columns.items():
        kind = _kind(shape)
        column = polars.Series(name, [_fit(value, kind) for value in values], dtype=types.get(kind), strict=False)
        added.append(column.str.to_date(strict=False) if kind == "date" else column)
    return frame.with_columns(added)


def shape_words(shape: Mapping[str, Any]) -> list[str]:
    """The words that a field chooses from."""
    words: list[Any] = shape.get("enum") or next((one["enum"] for one in shape.get("anyOf", []) if "enum" in one), [])
    return [word for word in words if isinstance(word, str)]
