"""Function calling in its older form: `functions` and `function_call`, which `tools` and `tool_choice` have replaced.

The API still takes both. The older form is a tool call by other names: one at most, without an id, and its result comes
back in a message of the role "function".
"""

from __future__ import annotations

from typing import Any

from .asking_tools import read_function
from .azure_errors import invalid_request
from .fields import Fields
from .turn import Tool


def is_older_form(body: Fields) -> bool:
    """Whether a chat request calls functions in the older form."""
    return "functions" in body or "function_call" in body


def read_functions(body: Fields) -> tuple[list[Tool], str]:
    """The functions of a request as tools, and the choice among them.

    The messages are those that third parties have seen, but for that of both forms at once, which is a guess.
    """
    if "tools" in body or "tool_choice" in body:
        raise invalid_request(
            "Setting 'functions' and 'tools' at the same time is not supported.",
            "functions",
            "invalid_parameter_combination",
        )
    if "functions" not in body:
        raise invalid_request(
            "Invalid value for 'function_call': 'function_call' is only allowed when 'functions' are specified.",
            "function_call",
        )
    tools = [read_function(function) for function in body.objects("functions", least=1, most=128)]
    if not isinstance(body.raw("function_call"), dict):
        return tools, body.choice("function_call", ["none", "auto"], "auto")
    call = body.object("function_call")
    call.required("name")
    name = call.text("name")
    if name not in [tool.name for tool in tools]:
        raise invalid_request(
            f"Invalid value for 'function_call': no function named '{name}' was specified in the 'functions' parameter.",
            "function_call",
        )
    return tools, name


def as_tools(body: Fields) -> list[dict[str, Any]]:
    """The functions as they are counted: as tools."""
    return [{"type": "function", "function": function} for function in body.array("functions")]
