"""The Responses API: one answer as a list of items, kept so that the next request can go on from it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Any

from .. import tokens
from . import talk
from .account import Account, Deployment
from .asking import (
    ANY_OBJECT,
    DEFAULT_MAX_TOKENS,
    Extra,
    check_labels,
    named_tool,
    read_effort,
    read_function,
    read_schema,
    read_tier,
    refuse_parameters,
)
from .azure_errors import AzureError, input_too_long, invalid_request
from .engine import Job
from .events import new_id, sse
from .fields import Fields
from .filters import Filter
from .items import messages, read_items
from .limits import arrival_tokens
from .turn import Arguments, Ask, Call, End, Text, Tool, Turn

_LEAST_MAX_TOKENS = 16
_PARAMETERS = frozenset(
    "include input instructions max_output_tokens metadata model parallel_tool_calls previous_response_id "
    "prompt_cache_key reasoning safety_identifier service_tier store stream stream_options temperature text tool_choice "
    "tools top_logprobs top_p truncation user".split()
)
_Happening = tuple[str, dict[str, Any]]


class Responses:
    """One request to the Responses API, and the response object as it grows."""

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        body = Fields(values)
        body.refuse_unknown(_PARAMETERS, newer=True)
        refuse_parameters(body, deployment.model)
        check_labels(body)
        self._account = account
        self.stream = body.boolean("stream")
        self._store = body.boolean("store", True)
        previous = body.text("previous_response_id") or None
        self._items = [*_conversation(account, previous), *read_items(body)]
        self._ask, shown = _read(body, deployment, self._items, extra)
        self.cut = 0
        self.arrival = arrival_tokens(sum(len(one["content"]) for one in self._ask.job.messages), self._ask.max_tokens)
        self._turn = Turn(self._ask, account.engine)
        self._number = 0
        self.response: dict[str, Any] = {
            "id": new_id("resp_", 48),
            "object": "response",
            "created_at": int(time.time()),
            "status": "in_progress",
            "background": False,
            "content_filters": None,
            "error": None,
            "incomplete_details": None,
            "model": deployment.model_id,
            "output": [],
            "previous_response_id": previous,
            "service_tier": read_tier(body, deployment.model) or "default",
            "store": self._store,
            "usage": None,
            **shown,
        }

    async def begin(self) -> None:
        """Let the filter judge the input, and wait for the answer to begin."""
        if self._ask.filter.prompt.blocked:
            raise self._ask.filter.refusal(responses=True)
        job, self.cut = await self._account.engine.fit(self._ask.filter.heard(self._ask.job))
        self._turn = Turn(self._ask._replace(job=job), self._account.engine)
        await self._turn.begin()

    async def close(self) -> None:
        """End what is still generated, for a client that has left."""
        await self._turn.close()

    async def answer(self) -> dict[str, Any]:
        """The whole response."""
        async for _ in self._happenings():
            pass
        return self.response

    async def events(self) -> AsyncGenerator[bytes]:
        """The response as named events, each with a sequence number; there is no [DONE] at the end."""
        for name in ("response.created", "response.in_progress"):
            yield self._event(name, {"response": self.response})
        async with contextlib.aclosing(self._happenings()) as happenings:
            async for name, facts in happenings:
                yield self._event(name, facts)
        yield self._event(f"response.{self.response['status']}", {"response": self.response})

    async def _happenings(self) -> AsyncGenerator[_Happening]:
        """What happens to the response, as event names and their facts; it is whole when they have ended."""
        output: list[dict[str, Any]] = self.response["output"]
        if self._ask.effort not in (None, "none", "minimal"):
            output.append({"id": new_id("rs_", 48), "type": "reasoning", "summary": []})
            yield "response.output_item.added", {"output_index": 0, "item": output[0]}
            yield "response.output_item.done", {"output_index": 0, "item": output[0]}
        reason = "stop"
        async with contextlib.aclosing(self._turn.events()) as events:
            async for event in events:
                match event:
                    case Text():
                        for happening in self._grow(event):
                            yield happening
                    case Call():
                        output.append(_new_call(event))
                        yield "response.output_item.added", {"output_index": len(output) - 1, "item": dict(output[-1])}
                    case Arguments():
                        output[-1]["arguments"] += event.text
                        at = {"item_id": output[-1]["id"], "output_index": len(output) - 1}
                        yield "response.function_call_arguments.delta", {**at, "delta": event.text}
                    case End():
                        reason = event.reason
        for index, item in enumerate(output):
            for happening in _ended(index, item, whole=reason in ("stop", "tool_calls")):
                yield happening
        self._finish(reason)

    def _grow(self, event: Text) -> list[_Happening]:
        """Add text to the message of the response, which begins with its first text."""
        output: list[dict[str, Any]] = self.response["output"]
        happenings: list[_Happening] = []
        if not output or output[-1]["type"] != "message":
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            message = {"id": new_id("msg_", 48), "type": "message", "status": "in_progress", "role": "assistant"}
            at: dict[str, Any] = {"output_index": len(output)}
            happenings.append(("response.output_item.added", {**at, "item": {**message, "content": []}}))
            at |= {"item_id": message["id"], "content_index": 0}
            happenings.append(("response.content_part.added", {**at, "part": {**part, "logprobs": []}}))
            output.append({**message, "content": [part]})
        part = output[-1]["content"][0]
        part["text"] += event.text
        part["logprobs"] += event.logprobs
        at = {"output_index": len(output) - 1, "item_id": output[-1]["id"], "content_index": 0}
        delta = {"delta": event.text, "logprobs": list(event.logprobs)}
        return [*happenings, ("response.output_text.delta", {**at, **delta})]

    def _finish(self, reason: str) -> None:
        prompt, output = self._ask.prompt_tokens, self._turn.completion_tokens
        cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reason)
        self.response |= {
            "status": "incomplete" if cut else "completed",
            "incomplete_details": {"reason": cut} if cut else None,
            "content_filters": self._ask.filter.content_filters(),
            "usage": {
                "input_tokens": prompt,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": output,
                "output_tokens_details": {"reasoning_tokens": self._turn.reasoning_tokens},
                "total_tokens": prompt + output,
            },
        }
        if self._store:
            self._account.keep_response(self.response, self._items)

    def _event(self, name: str, facts: dict[str, Any]) -> bytes:
        number, self._number = self._number, self._number + 1
        return sse({"type": name, "sequence_number": number, **facts}, name)


def not_found(identity: str) -> AzureError:
    """404: no response is kept under that id."""
    message = f"Response with id '{identity}' not found."
    return AzureError(404, {"message": message, "type": "invalid_request_error", "param": None, "code": None})


def _new_call(event: Call) -> dict[str, Any]:
    call = {"call_id": event.id, "name": event.name, "arguments": ""}
    return {"id": new_id("fc_", 48), "type": "function_call", "status": "in_progress", **call}


def _ended(index: int, item: dict[str, Any], *, whole: bool) -> list[_Happening]:
    """What is said at the end of an item."""
    if item["type"] == "reasoning":
        return []
    item["status"] = "completed" if whole else "incomplete"
    at: dict[str, Any] = {"output_index": index, "item_id": item["id"]}
    done = ("response.output_item.done", {"output_index": index, "item": item})
    if item["type"] == "function_call":
        arguments = {"arguments": item["arguments"], "name": item["name"]}
        return [("response.function_call_arguments.done", {**at, **arguments}), done]
    part, at = item["content"][0], {**at, "content_index": 0}
    return [
        ("response.output_text.done", {**at, "text": part["text"], "logprobs": part["logprobs"]}),
        ("response.content_part.done", {**at, "part": part}),
        done,
    ]


def _conversation(account: Account, previous: str | None) -> list[dict[str, Any]]:
    if previous is None:
        return []
    if previous not in account.responses:
        raise invalid_request(
            f"Previous response with id '{previous}' not found.", "previous_response_id", "previous_response_not_found"
        )
    kept = account.responses[previous]
    return [*kept.items, *kept.response["output"]]


def _read(
    body: Fields, deployment: Deployment, items: list[dict[str, Any]], extra: Extra
) -> tuple[Ask, dict[str, Any]]:
    """What the deployment is asked, and the fields of the request that the response repeats."""
    model = deployment.model
    instructions = body.text("instructions")
    said = messages(items, instructions)
    conversation = talk.read(Fields({"input": said}), "input")
    tools, choice = _tools(body)
    schema, shown_format = _format(body.object("text").object("format"))
    effort = _effort(body, deployment)
    limit = body.integer("max_output_tokens", least=_LEAST_MAX_TOKENS, most=model.max_output_tokens)
    temperature = body.decimal("temperature", 1.0, least=0, most=2)
    top_p = body.decimal("top_p", 1.0, least=0, most=1)
    top_logprobs = body.integer("top_logprobs", 0, least=0, most=20)
    wants_logprobs = "message.output_text.logprobs" in body.array("include")
    counted = None if schema is ANY_OBJECT else schema
    prompt_tokens = tokens.count_chat(said, model.name, [_chat_tool(tool) for tool in tools], counted)
    if prompt_tokens > deployment.context_window:
        raise input_too_long()
    job = Job(
        messages=conversation.said,
        temperature=temperature,
        top_p=top_p,
        schema=schema,
        logprobs=top_logprobs if wants_logprobs else None,
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
        "max_tool_calls": None,
        "metadata": body.strings("metadata"),
        "parallel_tool_calls": ask.parallel,
        "prompt_cache_key": body.raw("prompt_cache_key"),
        "reasoning": {"effort": effort, "summary": None},
        "safety_identifier": body.raw("safety_identifier"),
        "temperature": None if model.reasoning else temperature,
        "text": {"format": shown_format, "verbosity": verbosity},
        "tool_choice": body.raw("tool_choice") or "auto",
        "tools": [_shown_tool(tool) for tool in tools],
        "top_logprobs": top_logprobs,
        "top_p": None if model.reasoning else top_p,
        "truncation": body.choice("truncation", ["disabled", "auto"], "disabled"),
        "user": body.raw("user"),
    }


def _effort(body: Fields, deployment: Deployment) -> str | None:
    reasoning = body.object("reasoning")
    if deployment.model.reasoning:
        return read_effort(reasoning, "effort", deployment.model)
    if "effort" in reasoning:
        raise invalid_request(
            "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
            "reasoning.effort",
            "unsupported_parameter",
        )
    return None


def _tools(body: Fields) -> tuple[list[Tool], str]:
    tools = []
    for tool in body.objects("tools", most=128):
        tool.required("type")
        tool.choice("type", ["function"], "function")
        tools.append(read_function(tool))
    if isinstance(body.raw("tool_choice"), dict):
        return tools, named_tool(tools, body.object("tool_choice").text("name"))
    return tools, body.choice("tool_choice", ["none", "auto", "required"], "auto")


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
