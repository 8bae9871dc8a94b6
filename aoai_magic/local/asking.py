"""From a request's body to what a deployment is asked: what chat, responses and text completions have in common."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from .. import tokens
from ..catalog import EFFORTS, Model
from . import talk
from .account import Deployment
from .asking_tools import read_schema, read_tools
from .azure_errors import chat_too_long, invalid_request, tools_need_responses
from .engine import Job
from .fields import Fields, listed
from .filters import Filter
from .functions import as_tools, is_older_form, read_functions
from .turn import Ask

#: How long a reply gets where the request doesn't say. Azure's own default is the model's limit (16,384 tokens for
#: GPT-4o); a small model that has begun to repeat itself would fill that for minutes.
DEFAULT_MAX_TOKENS = 512
#: Microsoft's page on service tiers; the words of the refusal are a guess.
_FLEX = ("gpt-5.6-sol",)
#: What json_object asks the engine for. The deployment is given no schema to read, so it is no part of the prompt.
ANY_OBJECT: dict[str, Any] = {"type": "object"}
PARAMETERS = frozenset(
    "frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata "
    "modalities model n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention "
    "response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools "
    "top_logprobs top_p user".split()
)
REASONING_PARAMETERS = frozenset({"reasoning_effort", "verbosity"})
#: What `stream_options` may say in chat and text completions.
STREAM_OPTIONS = ("include_obfuscation", "include_usage")


@dataclass(frozen=True)
class Extra:
    """What a request asks for beside its body, in headers of the local service's own: a pace, a filter that fails."""

    pace: float = 0.0
    filter_fails: bool = False


def read_chat(body: Fields, deployment: Deployment, extra: Extra) -> Ask:
    """Read a chat request."""
    model = deployment.model
    body.refuse_unknown(PARAMETERS | REASONING_PARAMETERS if model.reasoning else PARAMETERS)
    refuse_parameters(body, model)
    check_labels(body)
    _check_modalities(body)
    _check_prediction(body)
    conversation = talk.read(body)
    older = is_older_form(body)
    tools, choice = read_functions(body) if older else read_tools(body)
    if tools and model.tools_need_responses(body.text("reasoning_effort") or None):
        raise tools_need_responses(model.name, ever=model.tools != "responses")
    schema = _response_schema(body, conversation)
    job = read_sampling(
        body, model, messages=conversation.said, schema=schema, pace=extra.pace, logprobs=_logprobs(body)
    )
    counted = None if schema is ANY_OBJECT else schema
    described = as_tools(body) if older else body.array("tools")
    prompt_tokens = tokens.count_chat(body.raw("messages"), model.name, described, counted)
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
        parallel=body.boolean("parallel_tool_calls", True) and not older,
        images=conversation.images,
        effort=read_effort(body, "reasoning_effort", model) if model.reasoning else None,
        asynchronous=deployment.asynchronous_filter,
    )


def check_labels(body: Fields) -> None:
    """Check the fields that are for the books alone: who asks, and the labels that a request is given."""
    for name in ("user", "prompt_cache_key", "safety_identifier"):
        body.text(name)
    body.choice("prompt_cache_retention", ["in_memory", "24h"], "in_memory")
    body.strings("metadata")
    body.boolean("store")


def read_stream(body: Fields, options: Collection[str]) -> tuple[bool, Fields]:
    """Whether the answer is to be a stream, and its options, which may be these and which nothing else may have."""
    stream, given = body.boolean("stream"), body.object("stream_options")
    if "stream_options" in body and not stream:
        raise invalid_request(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
        )
    given.refuse_unknown(options, newer=True)
    for name in options:
        given.boolean(name)
    return stream, given


def _check_modalities(body: Fields) -> None:
    """Refuse answers in sound, which no model here gives; the words are a guess."""
    for at, wanted in enumerate(body.array("modalities", least=1, of="strings")):
        if wanted != "text":
            raise body.unsupported(f"modalities[{at}]", wanted, ["text"])


def _check_prediction(body: Fields) -> None:
    """Check the text that the answer is expected to resemble: it may speed up an answer, and never changes it."""
    if "prediction" not in body:
        return
    prediction = body.object("prediction")
    prediction.refuse_unknown(("type", "content"), newer=True)
    prediction.required("type")
    prediction.choice("type", ["content"], "content")
    prediction.required("content")
    if isinstance(prediction.raw("content"), list):
        for part in prediction.objects("content", least=1):
            part.required("type")
            part.choice("type", ["text"], "text")
            part.required("text")
            part.text("text")
    elif not isinstance(prediction.raw("content"), str):
        raise prediction.wrong_type("content", "a string or an array of objects")


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
    """How much a reasoning model is to reason; refused in the words that third parties have seen of chat and Responses."""
    efforts = model.efforts or ("low", "medium", "high")
    effort = body.choice(name, EFFORTS, model.default_effort or efforts[len(efforts) // 2])
    if effort not in efforts:
        in_chat = f"'{name}' does not support '{effort}' with this model"
        otherwise = f"'{effort}' is not supported with the '{model.name}' model"
        raise invalid_request(
            f"Unsupported value: {in_chat if name == 'reasoning_effort' else otherwise}. "
            f"Supported values are: {listed(efforts)}.",
            body.path(name),
            "unsupported_value",
        )
    return effort


def refuse_parameters(body: Fields, model: Model) -> None:
    """Refuse what the model doesn't take, as reasoning models refuse sampling."""
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
