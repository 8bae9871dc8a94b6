"""A chat request in the form of the Responses API.

Sources: learn.microsoft.com, "Azure OpenAI Responses API", and the types of the openai SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: The least that it lets `max_output_tokens` be (azure-rest-api-specs, OpenAI.v1).
LEAST_TOKENS = 16
#: Parameters of chat that the Responses API doesn't have.
UNKNOWN = (
    "stop",
    "n",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "prediction",
    "modalities",
    "audio",
)
_RENAMED = {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}
_REMADE = ("messages", "response_format", "verbosity", "reasoning_effort", "tools", "tool_choice", "logprobs", "top_logprobs", "stream_options")  # fmt: skip


def response_body(form: Mapping[str, Any], *, reasoning: bool = False) -> dict[str, Any]:
    """Return a chat request as the body of a Responses request. What chat doesn't know goes in as it is.

    Nothing is stored on the service unless the request says so (`store`, which there is true by default). A model that
    reasons (`reasoning`) and is given tools hands over its reasoning, encrypted, for the next request to hand back.

    >>> body = response_body({"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 50})
    >>> body["input"], body["max_output_tokens"], body["store"]
    ([{'role': 'user', 'content': 'Hi'}], 50, False)
    """
    messages = list(form["messages"])
    body: dict[str, Any] = {"model": form["model"]}
    if messages and messages[0].get("role") == "system" and isinstance(messages[0].get("content"), str):
        body["instructions"] = messages.pop(0)["content"]
    body["input"] = [item for message in messages for item in _items(message)]
    body |= {_RENAMED.get(name, name): value for name, value in form.items() if name not in _REMADE}
    body.setdefault("store", False)
    if wanted := _format(form.get("response_format")):
        body["text"] = {"format": wanted, **(body.get("text") or {})}
    if "verbosity" in form:
        body["text"] = {**(body.get("text") or {}), "verbosity": form["verbosity"]}
    if "reasoning_effort" in form:
        body["reasoning"] = {"effort": form["reasoning_effort"], **(body.get("reasoning") or {})}
    include = list(body.get("include") or [])
    if form.get("logprobs"):
        include.append("message.output_text.logprobs")
        body["top_logprobs"] = form.get("top_logprobs") or 0
    if tools := form.get("tools"):
        body["tools"] = [_tool(one) for one in tools]
        if reasoning and not body["store"]:
            include.append("reasoning.encrypted_content")
    if include:
        body["include"] = include
    if "tool_choice" in form:
        body["tool_choice"] = _choice(form["tool_choice"])
    return body


def _items(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    role, content = message.get("role"), message.get("content")
    if role == "tool":
        output = [_part(part, "input_text") for part in content] if isinstance(content, list) else content
        yield {"type": "function_call_output", "call_id": message.get("tool_call_id"), "output": output}
        return
    yield from (dict(item) for item in message.get("reasoning_items") or [])
    if message.get("refusal"):
        yield {"role": role, "content": [{"type": "refusal", "refusal": message["refusal"]}]}
    elif isinstance(content, list):
        own = "output_text" if role == "assistant" else "input_text"
        yield {"role": role, "content": [_part(part, own) for part in content]}
    elif content is not None:
        yield {"role": role, "content": content}
    for call in message.get("tool_calls") or []:
        function = call["function"]
        yield {
            "type": "function_call",
            "call_id": call["id"],
            "name": function["name"],
            "arguments": function["arguments"],
        }


def _part(part: Mapping[str, Any], text: str) -> dict[str, Any]:
    match part.get("type"):
        case "text":
            return {"type": text, "text": part["text"]}
        case "image_url":
            image = part["image_url"]
            return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail") or "auto"}
        case "file":
            return {"type": "input_file", **part["file"]}
    return dict(part)


def _format(wanted: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    return {"type": wanted.get("type"), **(wanted.get("json_schema") or {})}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    # There a function is strict unless it says that it isn't; in chat, the other way round.
    if "function" not in tool:
        return dict(tool)
    function = tool["function"]
    return {"type": "function", **function, "strict": function.get("strict") or False}


def _choice(choice: Any) -> Any:
    if isinstance(choice, Mapping) and "function" in choice:
        return {"type": "function", "name": choice["function"].get("name")}
    return choice
