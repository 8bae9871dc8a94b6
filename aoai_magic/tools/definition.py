"""Functions of the notebook as tools of a model: their definitions, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import OptionError, a_kind

_EXAMPLE = 'def weather(city: str) -> str: "The weather of a city."'
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def definition(tool: Callable[..., Any] | Mapping[str, Any]) -> dict[str, Any]:
    """Return a function as the service wants a tool described; a definition that is ready is returned as it is.

    The description is the docstring's first paragraph, the arguments' types are the annotations, their descriptions
    those of `Annotated[..., pydantic.Field(description=...)]`. Raises OptionError for what is no function, and for
    annotations that have no JSON schema.

    >>> def weather(city: str, days: int = 1) -> str:
    ...     "The weather of a city."
    >>> definition(weather)["function"]["parameters"]["required"]
    ['city']
    """
    if isinstance(tool, Mapping):
        return dict(tool)
    if not callable(tool):
        raise OptionError(
            f"{a_kind(tool)} is no tool.",
            "A tool is a function of the notebook.",
            "--tools NAME, the name of a function that is defined above",
        )
    function = getattr(tool, "func", tool)  # of a functools.partial
    name = str(getattr(function, "__name__", type(tool).__name__))
    if not _NAME.fullmatch(name):
        raise OptionError(
            f"The function {name} can't be a tool.",
            "A model calls tools by name: up to 64 letters, digits, _ and -.",
            _EXAMPLE,
        )
    description = (inspect.getdoc(tool) or "").split("\n\n")[0].replace("\n", " ")
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": _parameters(tool, name)},
    }


def _parameters(tool: Callable[..., Any], name: str) -> dict[str, Any]:
    import pydantic

    try:
        schema = adapter(tool).json_schema()
        if schema.get("type") != "object":
            raise ValueError("some can be given by their place alone")
    except (TypeError, ValueError, NameError, pydantic.errors.PydanticUserError) as error:
        raise OptionError(
            f"The arguments of {name} can't be described: {error}".split("\n")[0],
            "A tool's annotations are types that JSON has: str, int, list[str], Literal[...], pydantic classes.",
            _EXAMPLE,
        ) from None
    _untitle(schema)
    return {"type": "object", "properties": {}, **schema}


def adapter(tool: Callable[..., Any]) -> Any:
    """What checks arguments by a function's signature, and calls it with them."""
    import pydantic

    return pydantic.TypeAdapter(tool)  # type: ignore[arg-type]  # functions are taken, and typed as if not


def _untitle(schema: Any) -> None:
    """Take out the titles that pydantic adds to everything: they say nothing, and each would be paid for."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for value in schema.values():
            _untitle(value)
    elif isinstance(schema, list):
        for value in schema:
            _untitle(value)
