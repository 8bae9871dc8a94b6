"""A request to the Responses API, read: what the deployment is asked, and what the response repeats of it."""

from __future__ import annotations

from typing import Any

from .. import tokens
from . import talk
from .account import Account, Deployment
from .asking import (
    ANY_OBJECT,
    DEFAULT_MAX_TOKENS,
    Extra,
    read_effort,
)
from .asking_tools import named_tool, read_function, read_schema
from .azure_errors import AzureError, input_too_long, invalid_request
from .engine import Job
from .fields import Fields
from .filters import Filter
from .items import messages, read_items
from .turn import Ask, Tool

PARAMETERS = frozenset(
    "background include input instructions max_output_tokens max_tool_calls metadata model parallel_tool_calls "
    "previous_response_id prompt_cache_key prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options "
    "temperature text tool_choice tools top_logprobs top_p truncation user".split()
)
_LEAST_MAX_TOKENS = 16
_LOGPROBS, ENCRYPTED_REASONING = "message.output_text.logprobs", "reasoning.encrypted_content"
# Of these, the others belong to tools that the local service hasn't got: there is nothing of theirs to include.
_INCLUDED = (
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    _LOGPROBS,
    ENCRYPTED_REASONING,
    "web_search_call.action.sources",
)


def read_conversation(body: Fields, account: Account, *, needs_input: bool = True) -> list[dict[str, Any]]:
    """The items that are answered: those of the response gone on from, then the request's own, references resolved.

    Without `needs_input` the former may be all.
    """
    own = read_items(body) if needs_input or "input" in body else []
    items = [*_before(body, account), *(_resolved(item, account) for item in own)]
    called = {item["call_id"] for item in items if item["type"] == "function_call"}
    answered = {item["call_id"] for item in items if item["type"] == "function_call_output"}
    # Both in the words that third parties have seen.
    for one in sorted(answered - called):
        raise invalid_request(f"No tool call found for function call output with call_id {one}.", "input")
    for one in sorted(called - answered):
        raise invalid_request(f"No tool output found for function call {one}.", "input")
    return items


def _before(body: Fields, account: Account) -> list[dict[str, Any]]:
    previous = body.text("previous_response_id")
    if not previous:
        return []
    if previous not in account.responses:
        raise invalid_request(
            f"Previous response with id '{previous}' not found.", "previous_response_id", "previous_response_not_found"
        )
    kept = account.responses[previous]
    if kept.response["status"] in ("queued", "in_progress"):
        raise invalid_request(f"Previous response with id '{previous}' has not ended yet.", "previous_response_id")
    return [*kept.items, *kept.response["output"]]


def _resolved(item: dict[str, Any], account: Account) -> dict[str, Any]:
    """The item itself, or the kept one that it refers to."""
    if item["type"] != "item_reference":
        return item
    for kept in reversed(account.responses.values()):
        output: list[dict[str, Any]] = kept.response["output"]
        for one in (*kept.items, *output):
            if one["id"] == item["id"]:
                return one
    # As third parties have seen it.
    message = (
        f"Item with id '{item['id']}' not found. Items are not persisted when `store` is set to false. "
        "Try again with `store` set to true, or remove this item from your input."
    )
    raise AzureError(404, {"message": message, "type": "invalid_request_error", "param": "input", "code": None})


def read_response(
    body: Fields, deployment: Deployment, items: list[dict[str, Any]], extra: Extra
) -> tuple[Ask, dict[str, Any]]:
    """What the deployment is asked, and the fields of the request that the response repeats."""
    model = deployment.model
    instructions = body.text("instructions")
    tools, choice = _tools(body)
    truncation = body.choice("truncation", ["disabled", "auto"], "disabled")
    body.object("text").refuse_unknown(("format", "verbosity"), newer=True)
    schema, shown_format = _format(body.object("text").object("format"))
    effort = _effort(body, deployment)
    limit = body.integer("max_output_tokens", least=_LEAST_MAX_TOKENS, most=model.max_output_tokens)
    temperature = body.decimal("temperature", 1.0, least=0, most=2)
    top_p = body.decimal("top_p", 1.0, least=0, most=1)
    top_logprobs = body.integer("top_logprobs", 0, least=0, most=20)
    included = read_included(body)
    counted = None if schema is ANY_OBJECT else schema
    while True:
        said = messages(items, instructions)
        conversation = talk.read(Fields({"input": said}), "input")
        prompt_tokens = tokens.count_chat(said, model.name, [_chat_tool(tool) for tool in tools], counted)
        if prompt_tokens <= deployment.context_window:
            break
        if truncation != "auto" or len(items) == 1:
            raise input_too_long()
        items = _without_the_oldest(items)
    if schema is ANY_OBJECT and not conversation.mentions_json():
        raise invalid_request(
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
            "input",
        )
    job = Job(
        messages=conversation.said,
        temperature=temperature,
        top_p=top_p,
        schema=schema,
        logprobs=top_logprobs if _LOGPROBS in included else None,
        pace=extra.pace,
    )
    ask = Ask(
        job=job,
        model=model,
        prompt_tokens=prompt_tokens,
        max_tokens=limit or DEFAULT_MAX_TOKENS,
        filter=Filter.of(conversation.texts, fails=extra.filter_fails),
        tools=tools,
        tool_choice=choice,
        parallel=body.boolean("parallel_tool_calls", True),
        images=conversation.images,
        effort=effort,
        asynchronous=deployment.asynchronous_filter,
    )
    verbosity = body.object("text").choice("verbosity", ["low", "medium", "high"], "medium")
    return ask, {
        "instructions": instructions or None,
        "max_output_tokens": limit or None,
        "max_tool_calls": body.integer("max_tool_calls", least=1) or None,
        "metadata": body.strings("metadata"),
        "parallel_tool_calls": ask.parallel,
        "prompt_cache_key": body.raw("prompt_cache_key"),
        "reasoning": {"effort": effort, "summary": _summary(body)},
        "safety_identifier": body.raw("safety_identifier"),
        "temperature": None if model.reasoning else temperature,
        "text": {"format": shown_format, "verbosity": verbosity},
        "tool_choice": body.raw("tool_choice") or "auto",
        "tools": [_shown_tool(tool) for tool in tools],
        "top_logprobs": top_logprobs,
        "top_p": None if model.reasoning else top_p,
        "truncation": truncation,
        "user": body.raw("user"),
    }


def read_included(body: Fields) -> frozenset[str]:
    """What the response is to hold that it leaves out otherwise."""
    included = body.array("include")
    for at, one in enumerate(included):
        if one not in _INCLUDED:
            raise body.unsupported(f"include[{at}]", one, _INCLUDED)
    return frozenset(included)


def _without_the_oldest(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items without the first few, and without results whose calls are among those."""
    kept = items[max(1, len(items) // 16) :]
    calls = {item["call_id"] for item in kept if item["type"] == "function_call"}
    return [item for item in kept if item["type"] != "function_call_output" or item["call_id"] in calls] or items[-1:]


def _effort(body: Fields, deployment: Deployment) -> str | None:
    reasoning = body.object("reasoning")
    reasoning.refuse_unknown(("effort", "generate_summary", "summary"), newer=True)
    if deployment.model.reasoning:
        return read_effort(reasoning, "effort", deployment.model)
    if "effort" in reasoning:
        raise invalid_request(
            "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
            "reasoning.effort",
            "unsupported_parameter",
        )
    return None


def _summary(body: Fields) -> str | None:
    """Which summary of the reasoning was asked for. It may always be empty, and is: the small model doesn't reason."""
    reasoning = body.object("reasoning")
    wanted = "summary" if "summary" in reasoning else "generate_summary"
    summary = reasoning.choice(wanted, ["auto", "concise", "detailed"], "auto") if wanted in reasoning else None
    return "detailed" if summary == "auto" else summary


def _tools(body: Fields) -> tuple[list[Tool], str]:
    tools = []
    for tool in body.objects("tools", most=128):
        tool.required("type")
        tool.choice("type", ["function"], "function")
        tools.append(read_function(tool))
    if isinstance(body.raw("tool_choice"), dict):
        return tools, named_tool(tools, body.object("tool_choice").text("name"))
    choice = body.choice("tool_choice", ["none", "auto", "required"], "auto")
    if choice == "required" and not tools:
        raise invalid_request("Tool choice 'required' must be specified with 'tools' parameter.", "tool_choice")
    return tools, choice


def _format(wanted: Fields) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    kind = wanted.choice("type", ["text", "json_object", "json_schema"], "text")
    if kind == "text":
        return None, {"type": "text"}
    if kind == "json_object":
        return ANY_OBJECT, {"type": "json_object"}
    schema = read_schema(wanted)
    shown = {"name": wanted.text("name"), "schema": schema, "strict": wanted.boolean("strict"), "description": None}
    return schema, {"type": "json_schema", **shown}


def _chat_tool(tool: Tool) -> dict[str, Any]:
    return {"function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}}


def _shown_tool(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description or None,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
