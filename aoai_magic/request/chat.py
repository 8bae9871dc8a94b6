"""The body of a chat request, from what a user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import attachments, schema, tools
from ..catalog import Model
from ..errors import SettingsError
from .parameters import counted

Message = Mapping[str, Any]
#: What a body has that is answered as a stream, with the usage in its last chunk.
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


def chat_body(
    prompt: str | Sequence[Message],
    deployment: str,
    model: Model | None = None,
    *,
    system: str | None = None,
    max_tokens: int | None = None,
    stop: str | Sequence[str] | None = None,
    effort: str | None = None,
    n: int = 1,
    logprobs: int | bool | None = None,
    attach: object = (),
    detail: str | None = None,
    answer: object = None,
    functions: Sequence[Any] = (),
    **params: Any,
) -> dict[str, Any]:
    """Return the JSON body of a chat request; what is None isn't in it, so that the service's own default holds.

    `prompt` is the user's text or a whole list of messages, to whose last one things are attached. `answer` is the
    schema of the answer, `functions` the tools; `logprobs` asks for each token's, and for so many alternatives;
    `params` go in as they are. `model`, where it is known, decides under which name the limit of the reply's tokens is
    sent. Raises AoaiError for what can't be attached or described.

    >>> chat_body("Hi", "gpt-4o", system="Be brief.", temperature=0)["messages"][0]
    {'role': 'system', 'content': 'Be brief.'}
    """
    messages: list[dict[str, Any]]
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [_checked(one) for one in prompt]
    if messages and isinstance(messages[-1].get("content"), str | list):
        messages[-1]["content"] = attachments.content(messages[-1]["content"], attach, detail)
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    given = {
        _limit(model): max_tokens,
        "stop": [stop] if isinstance(stop, str) else stop,
        "reasoning_effort": effort,
        "n": None if n == 1 else n,
        "logprobs": None if logprobs is None else logprobs is not False,
        "top_logprobs": None if isinstance(logprobs, bool) else logprobs or None,
        "response_format": None if answer is None else schema.response_format(answer),
        "tools": [tools.definition(one) for one in functions] or None,
        **params,
    }
    return {
        "model": deployment,
        "messages": messages,
        **counted({name: value for name, value in given.items() if value is not None}),
    }


def lower_limit(body: dict[str, Any], tokens: int, model: Model | None = None) -> None:
    """Let the reply that a body asks for have at most so many tokens.

    >>> body = {"model": "gpt-4o", "messages": [], "max_tokens": 100}
    >>> lower_limit(body, 20)
    >>> body["max_tokens"]
    20
    """
    names = ("max_completion_tokens", "max_tokens", "max_output_tokens")
    given = [name for name in names if body.get(name) is not None]
    for name in given or ["max_output_tokens" if "input" in body else _limit(model)]:
        body[name] = min(body.get(name, tokens), tokens)


def _limit(model: Model | None) -> str:
    # Reasoning models take the limit, which counts their reasoning too, under its newer name alone.
    return "max_completion_tokens" if model is not None and "max_tokens" in model.refuses else "max_tokens"


def _checked(message: Any) -> dict[str, Any]:
    """A message of the user's own making, if it has the form of one: what it says is the service's to judge."""
    if isinstance(message, Mapping) and isinstance(message.get("role"), str):
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        if all(_is_part(part) for part in parts):
            return dict(message)
    raise SettingsError(
        f"{str(message)[:80]!r} is no message.",
        "A message has a role, and its content is text or a list of parts that each have a type.",
        'aoai.chat([{"role": "user", "content": "Hello"}])',
    )


def _is_part(part: Any) -> bool:
    if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
        return False
    image = part.get("image_url")
    return part["type"] != "image_url" or (isinstance(image, Mapping) and isinstance(image.get("url"), str))
