"""The tools of one prompt, and the calls that they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..attachments import LONGEST_TEXT
from ..errors import OptionError
from ..tokens.pictures import is_a
from ..visible import shortened
from .awaiting import awaited
from .call import ToolCall
from .definition import adapter, definition

_LONGEST_ERROR = 500


class Toolbox:
    """Functions that a model may call, by name; definitions of other tools are only described to it.

    Raises OptionError for what can't be described, and for two tools of one name.

    >>> def double(n: int) -> int:
    ...     "Twice a number."
    ...     return 2 * n
    >>> call = ToolCall("call_1", "double", '{"n": 21}')
    >>> Toolbox([double]).run(call)
    >>> call.result, call.failed
    ('42', False)
    """

    def __init__(self, tools: Sequence[Callable[..., Any] | Mapping[str, Any]]) -> None:
        self.definitions = [definition(one) for one in tools]
        names = [one["function"]["name"] for one in self.definitions if "function" in one]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise OptionError(
                f"Two tools are called {twice!r}.", "A model tells them apart by their names.", "Rename one of them."
            )
        self._functions = {
            described["function"]["name"]: tool
            for described, tool in zip(self.definitions, tools, strict=True)
            if not isinstance(tool, Mapping)
        }
        self._described = {*names} - {*self._functions}

    def __bool__(self) -> bool:
        """Whether it holds anything that can be called here."""
        return bool(self._functions)

    def runs(self, calls: Sequence[ToolCall]) -> bool:
        """Whether all of those calls are for here; a name that nobody knows is, and is answered with an error."""
        return bool(self._functions) and not any(call.name in self._described for call in calls)

    def run(self, call: ToolCall) -> None:
        """Make a call, and put what it returns, as text, into it.

        Its arguments are checked by the function's signature. An async function is awaited, in a loop of its own (see
        `awaited`). What goes wrong, in the arguments or in the function, is its result too, in a line: the model may do
        better then. Only an interrupt comes through.
        """
        function = self._functions.get(call.name)
        try:
            if function is None:
                raise LookupError(f"there is no function {call.name!r}; there are {', '.join(self._functions)}")
            call.result = _text(awaited(adapter(function).validate_json(call.json or "{}")))
        except Exception as error:
            call.result, call.failed = f"Error: {_told(error)}", True


def _text(value: Any) -> str:
    """What a function returned, as text for the model: text as it is, tables as CSV, all else as JSON."""
    import pydantic_core

    if isinstance(value, str):
        text = value
    elif is_a(value, "pandas", "DataFrame") or is_a(value, "pandas", "Series"):
        from ..templates.values import table

        text = table(value)
    else:
        text = pydantic_core.to_json(value, fallback=str).decode()
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"the result is too long: {len(text):,} characters")
    return text


def _told(error: Exception) -> str:
    import pydantic

    if isinstance(error, pydantic.ValidationError):
        told = "; ".join(
            ": ".join(filter(None, [".".join(map(str, one["loc"])), one["msg"]]))
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        )
    else:
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return shortened(" ".join(told.split()), _LONGEST_ERROR)
