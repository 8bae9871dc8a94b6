"""The messages of a chat request: checked as the service checks them, and put into words for the engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import AoaiError
from ..tokens import image_size
from .azure_errors import AzureError, invalid_request
from .fields import Fields

_ROLES = ("system", "developer", "assistant", "user", "function", "tool")
#: What an assistant's message may have in the place of a content.
_INSTEAD = ("tool_calls", "function_call", "refusal")
_DETAILS = ("auto", "low", "high", "original")
# Microsoft's page "Azure OpenAI quotas and limits".
_MOST_MESSAGES, _LONGEST_TEXT, _MOST_IMAGES = 2048, 1_048_576, 50


@dataclass
class Talk:
    """A conversation: `said` as the engine gets it, `texts` as the filter reads them, and how many pictures are in it.

    A result of a tool is told to the engine in the user's place, marked with "from": "tool".
    """

    said: list[dict[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    images: int = 0

    def mentions_json(self) -> bool:
        """Whether the word JSON is somewhere in it, as `response_format` json_object wants it."""
        return any("json" in text.lower() for text in self.texts)


def read(body: Fields, name: str = "messages") -> Talk:
    """Check the messages in a request's body and return the conversation that they are."""
    body.required(name)
    talk = Talk()
    pending: dict[str, str] = {}  # tool calls without a result yet: id to function name
    for message in body.objects(name, least=1, most=_MOST_MESSAGES):
        role = message.raw("role")
        if role not in _ROLES:
            raise message.unsupported("role", role, _ROLES)
        if pending and role not in ("tool", "function"):
            raise _unanswered(pending, name)
        if role == "function" and "name" not in message:
            raise invalid_request(
                "Missing parameter 'name': messages with role 'function' must have a 'name'.", message.path("name")
            )
        caller = message.text("name")
        words = _content(message, role, talk)
        if role == "assistant":
            calls = _calls(message)
            pending = {identity: function for identity, function, _ in calls}
            called = [(function, given) for _, function, given in calls]
            if "function_call" in message:
                called.append(_function(message.object("function_call")))
            words = "\n".join(filter(None, [words, *(f"{function}({given})" for function, given in called)]))
            talk.said.append({"role": "assistant", "content": words})
        elif role == "tool":
            talk.said.append(_result(_answered(message, pending), words))
        elif role == "function":
            talk.said.append(_result(caller, words))
        else:
            talk.said.append({"role": "user" if role == "user" else "system", "content": words})
    if pending:
        raise _unanswered(pending, name)
    if talk.images > _MOST_IMAGES:
        raise invalid_request(f"Too many images in request. Max is {_MOST_IMAGES}.", name, "too_many_images")
    talk.said = _one_system_message(talk.said)
    return talk


def _content(message: Fields, role: str, talk: Talk) -> str:
    content = message.raw("content")
    if content is None and role == "assistant" and any(name in message for name in _INSTEAD):
        return ""
    if isinstance(content, str):
        words = message.text("content", longest=_LONGEST_TEXT)
    elif isinstance(content, list):
        words = "\n".join(_part(part, talk) for part in message.objects("content", least=1))
    else:
        raise message.wrong_type("content", "a string or an array of objects")
    talk.texts.append(words)
    return words


def _part(part: Fields, talk: Talk) -> str:
    kind = part.required("type")
    if kind in ("text", "refusal"):
        part.required(kind)
        return part.text(kind, longest=_LONGEST_TEXT)
    if kind == "image_url":
        talk.images += 1
        return _image(part)
    raise part.unsupported("type", kind, ["text", "image_url", "refusal"])


def _image(part: Fields) -> str:
    """A picture in words: the small model reads text only, but may know that there was one."""
    part.required("image_url")
    image = part.object("image_url")
    image.required("url")
    url, _ = image.text("url"), image.choice("detail", _DETAILS, "auto")
    if not url.startswith("data:"):
        # The real service fetches it; this one opens no connection to anywhere.
        raise invalid_request(
            f"Error while downloading {url[:200]}. The local service takes pictures as data: URLs only.",
            image.path("url"),
            "invalid_image_url",
        )
    try:
        width, height = image_size(url)
    except AoaiError as error:
        raise invalid_request(
            f"You uploaded an unsupported image. Please make sure your image is valid. ({error.what})",
            image.path("url"),
            "invalid_image_format",
        ) from None
    return f"[a picture, {width} x {height} pixels]"


def _calls(message: Fields) -> list[tuple[str, str, str]]:
    calls = []
    for call in message.objects("tool_calls"):
        call.required("id")
        calls.append((call.text("id"), *_function(call.object("function"))))
    return calls


def _function(function: Fields) -> tuple[str, str]:
    """The name of the function that was called, and its arguments."""
    for name in ("name", "arguments"):
        function.required(name)
    return function.text("name"), function.text("arguments")


def _result(function: str, words: str) -> dict[str, str]:
    return {"role": "user", "content": f"{function} returned: {words}", "from": "tool"}


def _answered(message: Fields, pending: dict[str, str]) -> str:
    message.required("tool_call_id")
    identity = message.text("tool_call_id")
    if identity not in pending:
        raise invalid_request(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
            message.path("role"),
        )
    return pending.pop(identity)


def _unanswered(pending: dict[str, str], name: str) -> AzureError:
    return invalid_request(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(pending)}",
        name,
    )


def _one_system_message(said: list[dict[str, str]]) -> list[dict[str, str]]:
    """All system messages as one, at the beginning, where the engine's chat template has its place for it."""
    system = [message["content"] for message in said if message["role"] == "system"]
    others = [message for message in said if message["role"] != "system"]
    return [*([{"role": "system", "content": "\n".join(system)}] if system else []), *others]
