"""Chat requests to tokens: text, what roles and the reply's priming add, images, tools and schemas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .. import catalog
from .pictures import image_size
from .text import DEFAULT_ENCODING, count, encoding
from .vision import ImageTokens, count_image

# OpenAI's cookbook, "How to count tokens with tiktoken" (commit c81359c): each message is framed by 3 tokens, a name
# takes 1 more, and every reply is primed with 3.
_PER_MESSAGE = 3
_PER_NAME = 1
_PRIMING = 3
# Reasoning models: no document says. One captured request has one token less than the formula, as the framing of
# gpt-oss would have it, so their counts are marked as estimates.
_PRIMING_REASONING = 2
# The same notebook, on functions: what a function begins with, by encoding, and what its properties and values add.
_FUNCTION = {"o200k_base": 7, "cl100k_base": 10}
_PROPERTIES, _PROPERTY, _ENUM, _ENUM_ITEM, _FUNCTIONS_END = 3, 3, -3, 3, 12


class Part(NamedTuple):
    """A part of a request and its tokens; `estimated` where no document says how it is counted."""

    name: str
    tokens: int
    image: ImageTokens | None = None
    estimated: bool = False


def count_chat(
    messages: Iterable[Mapping[str, Any]],
    model: str = DEFAULT_ENCODING,
    tools: Sequence[Mapping[str, Any]] | None = None,
    schema: Mapping[str, Any] | None = None,
) -> int:
    """Return the prompt tokens of a chat request: all its messages, images, tools and its schema, and the framing.

    >>> count_chat([{"role": "user", "content": "pear"}], "gpt-4o")
    8
    """
    return sum(part.tokens for part in chat_parts(messages, model, tools, schema))


def chat_parts(
    messages: Iterable[Mapping[str, Any]],
    model: str = DEFAULT_ENCODING,
    tools: Sequence[Mapping[str, Any]] | None = None,
    schema: Mapping[str, Any] | None = None,
) -> list[Part]:
    """Return the parts that `count_chat` adds up, in the order of the request: messages, their images, tools, schema.

    Images are data: URLs; raises SettingsError for what is no image, or for a model that takes none.

    >>> [(part.name, part.tokens) for part in chat_parts([{"role": "user", "content": "pear"}], "gpt-4o")]
    [('user', 5), ('start of the reply', 3)]
    """
    known = catalog.model(model)
    reasoning = known is not None and known.reasoning
    parts = [part for message in messages for part in _message_parts(message, model, reasoning)]
    if tools:
        name = f"{len(tools)} tool{'s' * (len(tools) > 1)}"
        simple = all(_is_simple(facts) for tool in tools for facts in _properties(tool).values())
        parts.append(Part(name, _count_tools(tools, model), estimated=reasoning or not simple))
    if schema:
        parts.append(Part("schema", count(_json(schema), model), estimated=True))
    priming = _PRIMING_REASONING if reasoning else _PRIMING
    return [*parts, Part("start of the reply", priming, estimated=reasoning)]


def _message_parts(message: Mapping[str, Any], model: str, reasoning: bool) -> Iterator[Part]:
    role = _text(message.get("role"))
    tokens = _PER_MESSAGE + count(role, model)
    if name := _text(message.get("name")):
        tokens += count(name, model) + _PER_NAME
    content = message.get("content")
    tokens += count(_text(content), model)
    parts = _objects(content)
    for part in parts:
        tokens += count(_text(part.get("text")) or _text(part.get("refusal")), model)
    calls = _objects(message.get("tool_calls")) if role == "assistant" else []
    if role == "assistant" and (older := _object(message.get("function_call"))):
        calls = [*calls, {"function": older}]
    for call in calls:
        function = _object(call.get("function")) or _object(call.get("custom"))
        given = _text(function.get("arguments")) or _text(function.get("input"))
        tokens += _PER_MESSAGE + count(_text(function.get("name")), model) + count(given, model)
    yield Part(role, tokens, estimated=reasoning or bool(calls) or role in ("tool", "function"))
    for part in parts:
        if part.get("type") == "image_url":
            image = _object(part.get("image_url"))
            found = count_image(*image_size(image.get("url")), model, image.get("detail") or "auto")
            yield Part("image", found.total, found, found.estimated)


def _count_tools(tools: Sequence[Mapping[str, Any]], model: str) -> int:
    total = _FUNCTIONS_END
    for tool in tools:
        function, properties = _function(tool), _properties(tool)
        total += _FUNCTION.get(encoding(model), 7)
        total += count(f"{_text(function.get('name'))}:{_description(function)}", model)
        total += _PROPERTIES * bool(properties)
        total += sum(_PROPERTY + _count_property(name, facts, model) for name, facts in properties.items())
    return total


def _count_property(name: str, facts: Any, model: str) -> int:
    if not _is_simple(facts):
        return count(f"{name}:{_json(facts)}", model)
    total = count(f"{name}:{facts['type']}:{_description(facts)}", model)
    if "enum" in facts:
        total += _ENUM + sum(_ENUM_ITEM + count(str(value), model) for value in facts["enum"])
    return total


def _is_simple(facts: Any) -> bool:
    """Whether a property is of the kind that the notebook has.

    How one with a structure of its own counts is unknown.
    """
    return (
        isinstance(facts, Mapping)
        and set(facts) <= {"type", "description", "enum"}
        and isinstance(facts.get("type"), str)
        and isinstance(facts.get("description"), str | None)
        and isinstance(facts.get("enum", []), list)
    )


def _function(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    return _object(tool.get("function")) or tool


def _properties(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    return _object(_object(_function(tool).get("parameters")).get("properties"))


def _description(facts: Mapping[str, Any]) -> str:
    return _text(facts.get("description")).removesuffix(".")


# What is no valid request is for the service to refuse; here it counts for nothing.


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
