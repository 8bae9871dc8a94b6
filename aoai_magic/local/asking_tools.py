"""Tools and schemas of a request, checked as the service checks them: what every API that takes them has in common."""

from __future__ import annotations

import re
from typing import Any

from .azure_errors import AzureError, invalid_request
from .fields import Fields
from .turn import Tool

_LONGEST_DESCRIPTION = 1_048_576
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def read_function(function: Fields) -> Tool:
    """A function's name, description and parameters, checked."""
    function.required("name")
    name = _checked_name(function)
    parameters = function.object("parameters").values() or {"type": "object", "properties": {}}
    strict = function.boolean("strict")
    if strict:
        check_schema(parameters, f"function '{name}'", function.path("parameters"))
    return Tool(name, function.text("description", longest=_LONGEST_DESCRIPTION), parameters, strict)


def read_schema(wanted: Fields) -> dict[str, Any]:
    """The schema of structured output: named, and in strict mode one of those that are supported."""
    for name in ("name", "schema"):
        wanted.required(name)
    name = _checked_name(wanted)
    schema = wanted.object("schema").values()
    if wanted.boolean("strict"):
        if schema.get("type") != "object":
            raise invalid_request(
                f"Invalid schema for response_format '{name}': schema must be a JSON Schema of 'type: \"object\"'.",
                "response_format",
            )
        check_schema(schema, f"response_format '{name}'", "response_format")
    return schema


def check_schema(schema: Any, what: str, param: str, path: tuple[str, ...] = (), depth: int = 0) -> None:
    """Refuse a schema that strict structured output doesn't take: every object closed, every property required.

    Microsoft's "Structured outputs" page, section "Supported schemas and limitations".
    """

    def refuse(why: str) -> AzureError:
        return invalid_request(f"Invalid schema for {what}: In context={path!r}, {why}", param)

    if depth > 5:
        raise refuse("the schema is nested more than 5 levels deep.")
    if not isinstance(schema, dict):
        raise refuse("a schema must be an object.")
    properties = schema.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise refuse("'properties' must be an object.")
    if schema.get("type") == "object" or properties is not None:
        if schema.get("additionalProperties") is not False:
            raise refuse("'additionalProperties' is required to be supplied and to be false.")
        required = schema["required"] if isinstance(schema.get("required"), list) else []
        missing = [name for name in properties or {} if name not in required]
        if missing:
            raise refuse(
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{missing[0]}'."
            )
    inner: dict[tuple[str, ...], Any] = {("properties", name): one for name, one in (properties or {}).items()}
    if isinstance(schema.get("items"), dict):
        inner["items",] = schema["items"]
    if isinstance(schema.get("anyOf"), list):
        inner |= {("anyOf", str(index)): one for index, one in enumerate(schema["anyOf"])}
    if isinstance(schema.get("$defs"), dict):
        inner |= {("$defs", name): one for name, one in schema["$defs"].items()}
    for step, one in inner.items():
        check_schema(one, what, param, (*path, *step), depth + (step[0] in ("properties", "items")))


def _checked_name(fields: Fields) -> str:
    name = fields.text("name")
    if not _NAME.fullmatch(name):
        raise invalid_request(
            f"Invalid '{fields.path('name')}': string does not match pattern. "
            "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
            fields.path("name"),
            "invalid_value",
        )
    return name


def read_tools(body: Fields) -> tuple[list[Tool], str]:
    """The tools of a chat request, and the choice among them."""
    tools = []
    for tool in body.objects("tools", most=128):
        tool.required("type")
        tool.choice("type", ["function"], "function")
        tool.required("function")
        tools.append(read_function(tool.object("function")))
    choice = body.raw("tool_choice")
    if choice is not None and not tools:
        raise invalid_request("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
    if isinstance(choice, dict):
        return tools, named_tool(tools, body.object("tool_choice").object("function").text("name"))
    return tools, body.choice("tool_choice", ["none", "auto", "required"], "auto")


def named_tool(tools: list[Tool], name: str) -> str:
    """The tool that a choice names; refused where there is none of that name."""
    if name not in [tool.name for tool in tools]:
        raise invalid_request(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice", "invalid_value")
    return name
