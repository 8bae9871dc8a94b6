"""The body of a request, from what a user gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import attachments, schema, tools
from .catalog import Model
from .errors import SettingsError
from .local.limits import arrival_tokens

Message = Mapping[str, Any]

_MOST_TEXTS, _MOST_TOKENS = 2048, 300_000


def chat_body(
    prompt: str | Sequence[Message],
    deployment: str,
    model: Model | None = None,
    *,
    system: str | None = None,
    max_tokens: int | None = None,
    stop: str | Sequence[str] | None = None,
    attach: object = (),
    detail: str | None = None,
    answer: object = None,
    functions: Sequence[Any] = (),
    **params: Any,
) -> dict[str, Any]:
    """Return the JSON body of a chat request; what is None isn't in it, so that the service's own default holds.

    `prompt` is the user's text or a whole list of messages, to whose last one things are attached. `answer` is the schema of
    the answer, `functions` the tools; `params` go in as they are. `model`, where it is known, decides under which name
    the limit of the reply's tokens is sent. Raises AoaiError for what can't be attached or described.

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
        "response_format": None if answer is None else schema.response_format(answer),
        "tools": [tools.definition(one) for one in functions] or None,
        **params,
    }
    return {
        "model": deployment,
        "messages": messages,
        **{name: value for name, value in given.items() if value is not None},
    }


def completion_body(
    prompt: str, deployment: str, *, stop: str | Sequence[str] | None = None, **params: Any
) -> dict[str, Any]:
    """Return the JSON body of a request for the continuation of a text; what is None isn't in it.

    >>> completion_body("Once upon a", "gpt-35-turbo-instruct", max_tokens=5, suffix=None)
    {'model': 'gpt-35-turbo-instruct', 'prompt': 'Once upon a', 'max_tokens': 5}
    """
    if not isinstance(prompt, str):
        raise SettingsError(
            f"A {type(prompt).__name__} can't be continued.",
            "The prompt is one text; messages are for chat deployments.",
            'aoai.complete("Once upon a time")',
        )
    given = {"stop": [stop] if isinstance(stop, str) else stop, **params}
    return {
        "model": deployment,
        "prompt": prompt,
        **{name: value for name, value in given.items() if value is not None},
    }


def texts_of(given: object) -> tuple[list[str], Any]:
    """Read what is to be embedded: one text, or an iterable of texts. Returns them, and the index if it is a Series.

    Raises SettingsError for nothing, for what is no text (a missing value too) and for an empty one, which no model takes.

    >>> texts_of(("a", "b"))
    (['a', 'b'], None)
    """
    index = getattr(given, "index", None) if hasattr(given, "iloc") else None
    if hasattr(given, "columns") or isinstance(given, bytes | Mapping) or not isinstance(given, Iterable):
        raise SettingsError(
            f"A {type(given).__name__} can't be embedded.",
            "Each text gets a vector: they come as a list, or as a column of a table.",
            'aoai.embed(["one", "two"]), aoai.embed(table["text"])',
        )
    texts = [given] if isinstance(given, str) else list(given)
    for at, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            what = "is empty" if isinstance(text, str) else f"is {str(text)[:40]!r}, and no text"
            raise SettingsError(
                f"Text {_label(at, index)} {what}.",
                "Each text gets a vector; nothing was sent.",
                "Leave it out, or put a text in its place: series.dropna(), .astype(str), .replace('', …)",
            )
    if not texts:
        raise SettingsError("There is no text to embed.", "", 'aoai.embed(["one", "two"])')
    return texts, index


def batches(texts: Sequence[str], counts: Sequence[int], minute: int | None = None) -> Iterator[slice]:
    """Cut texts into as few requests for vectors as their limits allow, in order; `counts` are the tokens of each.

    A request takes 2,048 texts (Azure OpenAI, "Embeddings") and 300,000 tokens (the reference of the openai SDK, at
    `embeddings.create`); where `minute`, the tokens that a deployment may take in a minute, is known, no more than those, as
    counted on arrival. A text that is too long for all that goes alone.

    >>> list(batches(["a"] * 5, [150_000] * 5))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    first = tokens = characters = 0
    for at, (text, count) in enumerate(zip(texts, counts, strict=True)):
        full = at - first == _MOST_TEXTS or tokens + count > _MOST_TOKENS
        if at > first and (full or (minute and arrival_tokens(characters + len(text), 0) > minute)):
            yield slice(first, at)
            first, tokens, characters = at, 0, 0
        tokens, characters = tokens + count, characters + len(text)
    yield slice(first, len(texts))


def refuse_too_long(counts: Sequence[int], index: Any, model: Model) -> None:
    """Raise SettingsError if a text has more tokens than an embedding model takes: it would refuse all texts of a request."""
    most = model.max_input_tokens or model.context_window
    for at, count in enumerate(counts):
        if most and count > most:
            raise SettingsError(
                f"Text {_label(at, index)} has {count:,} tokens, and {model.name} takes {most:,}.",
                "A text becomes one vector as a whole; nothing was sent.",
                f"Cut it into pieces: aoai.tokens.head(text, {most}, {model.name!r}) is the longest first one.",
            )


def _label(at: int, index: Any) -> str:
    return str(at) if index is None else f"at {index[at]!r}"


def lower_limit(body: dict[str, Any], tokens: int, model: Model | None = None) -> None:
    """Let the reply that a body asks for have at most so many tokens.

    >>> body = {"model": "gpt-4o", "messages": [], "max_tokens": 100}
    >>> lower_limit(body, 20)
    >>> body["max_tokens"]
    20
    """
    given = [name for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None]
    for name in given or [_limit(model)]:
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
