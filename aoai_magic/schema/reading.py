"""An answer read by the schema that it was asked for with, and nothing else taken for one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from ..visible import shortened
from .asking import response_format

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LONGEST = 200


def reader(schema: object) -> Callable[[str], Any]:
    """Return a function that reads the text of an answer.

    It raises ValueError, with the reason, where the text hasn't the shape. By a pydantic class, it returns an instance;
    by a list of fields in words, `[name, age int]`, a DataFrame; by other schemas what the JSON says, mostly a dict.
    Raises OptionError for what is no schema, as `response_format` does.

    >>> reader("name, age int")('{"name": "Ada", "age": 36}')
    {'name': 'Ada', 'age': 36}
    >>> reader("name, age int")('{"name": "Ada", "age": "36"}')
    Traceback (most recent call last):
    ValueError: age: "36" is not of type "integer"
    """
    wanted = response_format(schema)["json_schema"]
    if hasattr(schema, "model_validate_json"):
        return lambda text: _instance(schema, text)
    check = _validator(wanted["schema"])
    columns = list(wanted["schema"]["properties"]["items"]["items"]["properties"]) if _is_list(schema) else None

    def read(text: str) -> Any:
        value = strict_json(text)
        error = next(check.iter_errors(value), None)
        if error is not None:
            raise ValueError(_told(error.instance_path, error.message))
        return value if columns is None else _table(value["items"], columns)

    return read


def strict_json(text: str) -> Any:
    """Read JSON. Raises ValueError for what is none, also for NaN and Infinity, which Python's reader lets pass.

    >>> strict_json('{"n": 1}')
    {'n': 1}
    """
    return json.loads(text, parse_constant=_refuse)


def _validator(schema: dict[str, Any]) -> Any:
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, retriever=_fetch_nothing)
    except ValueError as error:
        reason = str(error).split("\n")[0]
        raise OptionError(
            f"The JSON schema isn't one: {reason[:_LONGEST]}",
            "It is checked as draft 2020-12, and nothing that it refers to is fetched.",
            "--schema 'name, age int' says simple ones in words",
        ) from None


def _fetch_nothing(uri: str) -> Any:
    raise ValueError(f"{uri} isn't fetched")


def _is_list(schema: object) -> bool:
    return isinstance(schema, str) and schema.strip().startswith("[")


def _instance(kind: Any, text: str) -> Any:
    import pydantic

    try:
        return kind.model_validate_json(text)
    except pydantic.ValidationError as error:
        raise ValueError(_first(error.errors(include_url=False))) from None


def _first(errors: Sequence[ErrorDetails]) -> str:
    """The first of pydantic's errors; of those in the JSON itself it has one."""
    return _told(errors[0]["loc"], errors[0]["msg"])


def _table(rows: list[dict[str, Any]], columns: list[str]) -> Any:
    import pandas

    return pandas.DataFrame(rows, columns=columns)


def _told(path: Sequence[int | str], message: str) -> str:
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
    return shortened(f"{where}: {message}" if where else message, _LONGEST)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")
