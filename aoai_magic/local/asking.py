"""From a request's body to what a deployment is asked: what chat, responses and text completions have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .. import tokens
from ..catalog import Model
from . import talk
from .account import Deployment
from .azure_errors import AzureError, chat_too_long, invalid_request, tools_need_responses
from .engine import Job
from .fields import Fields
from .filters import Filter
from .turn import Ask, Tool

#: How long a reply gets where the request doesn't say. Azure's own default is the model's limit (16,384 tokens for
#: GPT-4o); a small model that has begun to repeat itself would fill that for minutes.
DEFAULT_MAX_TOKENS = 512
#: Microsoft's page on service tiers (facts, section 2.9); the words of the refusal are a guess.
_FLEX = ("gpt-5.6-sol",)
_LONGEST_DESCRIPTION = 1_048_576
#: What json_object asks the engine for. The deployment is given no schema to read, so it is no part of the prompt.
ANY_OBJECT: dict[str, Any] = {"type": "object"}
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_PARAMETERS = frozenset(
    "frequency_penalty logit_bias logprobs max_completion_tokens max_tokens messages metadata model n parallel_tool_calls "
    "prediction presence_penalty prompt_cache_key prompt_cache_retention response_format safety_identifier seed "
    "service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user".split()
)
_REASONING_PARAMETERS = frozenset({"reasoning_effort", "verbosity"})


@dataclass(frozen=True)
class Extra:
    """What a request asks for beside its body, in headers of the local service's own: a pace, a filter that fails."""

    pace: float = 0.0
    filter_fails: bool = False


def read_chat(body: Fields, deployment: Deployment, extra: Extra) -> Ask:
    """Read a chat request."""
    model = deployment.model
    body.refuse_unknown(_PARAMETERS | _REASONING_PARAMETERS if model.reasoning else _PARAMETERS)
    refuse_parameters(body, model)
    check_labels(body)
    conversation = talk.read(body)
    tools, choice = _tools(body)
    if tools and model.tools_need_responses(body.text("reasoning_effort") or None):
        raise tools_need_responses(model.name, ever=model.tools != "responses")
    schema = _response_schema(body, conversation)
    job = read_sampling(
        body, model, messages=conversation.said, schema=schema, pace=extra.pace, logprobs=_logprobs(body)
    )
    counted = None if schema is ANY_OBJECT else schema
    prompt_tokens = tokens.count_chat(body.raw("messages"), model.name, body.array("tools"), counted)
    if prompt_tokens > deployment.context_window:
        alone = tokens.count_chat(body.raw("messages"), model.name, (), counted)
        raise chat_too_long(deployment.context_window, prompt_tokens, prompt_tokens - alone)
    body.choice("verbosity", ["low", "medium", "high"], "medium")
    return Ask(
        job=job,
        model=model,
        prompt_tokens=prompt_tokens,
        max_tokens=read_limit(body, model),
        filter=Filter.of(conversation.texts, fails=extra.filter_fails),
        tools=tools,
        tool_choice=choice,
        parallel=body.boolean("parallel_tool_calls", True),
        images=conversation.images,
        effort=read_effort(body, "reasoning_effort", model) if model.reasoning else None,
        asynchronous=deployment.asynchronous_filter,
    )


def check_labels(body: Fields) -> None:
    """Check the fields that are for the books alone: who asks, and the labels that a request is given."""
    for name in ("user", "prompt_cache_key", "safety_identifier"):
        body.text(name)
    body.strings("metadata")
    body.boolean("store")


def read_tier(body: Fields, model: Model) -> str | None:
    """The service tier that the reply repeats; None where the request doesn't name one."""
    if "service_tier" not in body:
        return None
    tier = body.choice("service_tier", ["auto", "default", "flex", "priority"], "auto")
    if tier == "flex" and model.name not in _FLEX:
        raise invalid_request(
            f"Invalid service_tier argument: '{tier}' is not supported with this model.",
            "service_tier",
            "invalid_value",
        )
    return "default" if tier == "auto" else tier


def read_effort(body: Fields, name: str, model: Model) -> str:
    """How much a reasoning model is to reason."""
    efforts = model.efforts or ("low", "medium", "high")
    return body.choice(name, efforts, model.default_effort or efforts[len(efforts) // 2])


def refuse_parameters(body: Fields, model: Model) -> None:
    """Refuse what the model doesn't take, as reasoning models refuse sampling (facts, section 7)."""
    defaults = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}
    for name in model.refuses:
        if name not in body or (name in defaults and body.raw(name) == defaults[name]):
            continue
        if name in defaults:
            raise invalid_request(
                f"Unsupported value: '{name}' does not support {body.raw(name)} with this model. "
                f"Only the default ({defaults[name]}) value is supported.",
                name,
                "unsupported_value",
            )
        instead = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
        raise invalid_request(
            f"Unsupported parameter: '{name}' is not supported with this model.{instead}", name, "unsupported_parameter"
        )


def read_sampling(body: Fields, model: Model, **others: Any) -> Job:
    """A job with the sampling that a chat or a text completion asks for, and with the `others` of its fields."""
    stop = body.raw("stop")
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or not all(isinstance(one, str) for one in stops):
        raise body.wrong_type("stop", "a string or an array of strings")
    if not isinstance(stop, str):
        body.array("stop", most=4)
    return Job(
        temperature=body.decimal("temperature", 1.0, least=0, most=2),
        top_p=body.decimal("top_p", 1.0, least=0, most=1),
        presence_penalty=body.decimal("presence_penalty", 0.0, least=-2, most=2),
        frequency_penalty=body.decimal("frequency_penalty", 0.0, least=-2, most=2),
        seed=body.integer("seed") if "seed" in body else None,
        stop=[one for one in stops if one],
        logit_bias=_logit_bias(body, model),
        **others,
    )


def read_limit(body: Fields, model: Model) -> int:
    """The most tokens that the reply may have."""
    given = [name for name in ("max_completion_tokens", "max_tokens") if name in body]
    if len(given) > 1:
        raise invalid_request(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
            "invalid_parameter_combination",
        )
    if not given:
        return DEFAULT_MAX_TOKENS
    limit, most = body.integer(given[0], least=1), model.max_output_tokens
    if limit > most:
        raise invalid_request(
            f"{given[0]} is too large: {limit}. This model supports at most {most} completion tokens, "
            f"whereas you provided {limit}.",
            given[0],
            "invalid_value",
        )
    return limit


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


def _tools(body: Fields) -> tuple[list[Tool], str]:
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


def _response_schema(body: Fields, conversation: talk.Talk) -> dict[str, Any] | None:
    if "response_format" not in body:
        return None
    wanted = body.object("response_format")
    wanted.required("type")
    kind = wanted.choice("type", ["json_object", "json_schema", "text"], "text")
    if kind == "text":
        return None
    if kind == "json_schema":
        wanted.required("json_schema")
        return read_schema(wanted.object("json_schema"))
    if not conversation.mentions_json():
        raise invalid_request(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
        )
    return ANY_OBJECT


def _logprobs(body: Fields) -> int | None:
    top = body.integer("top_logprobs", 0, least=0, most=20)
    if body.boolean("logprobs"):
        return top
    if "top_logprobs" in body:
        raise invalid_request(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs", "invalid_value"
        )
    return None


def _logit_bias(body: Fields, model: Model) -> list[tuple[str, float]]:
    """The biases by text: the numbers in a request are the deployment's tokens, which the engine doesn't share."""
    biases = []
    bias = body.object("logit_bias")
    for number in bias.values():
        value = bias.decimal(number, 0.0, least=-100, most=100)
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise invalid_request(
                f"Invalid key in 'logit_bias': {number}. You should only be submitting non-negative integers.",
                "logit_bias",
            )
        if text := tokens.decode([int(number)], model.name):
            biases.append((text, value))
    return biases
