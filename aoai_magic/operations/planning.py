"""A chat request that isn't sent yet: which API it goes through, what it looks like there, and what it will cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ..errors import OptionError, SettingsError
from ..exchange import Exchange, ResponseExchange
from ..request import STREAMED, Message, chat_body, option, refused
from ..responses import LEAST_TOKENS, UNKNOWN, response_body
from ..tokens import Part
from .conversing import Continued

if TYPE_CHECKING:
    from ..catalog import Known
    from ..client import Connection
    from ..conversations import Conversation
    from ..estimates import Estimate

Api = Literal["chat", "responses"]

# The first dated api-version with the Responses API (learn.microsoft.com, "Azure OpenAI Responses API", region and API support).
_FIRST_VERSION = "2025-03-01-preview"
# What a message may hold for one API, and the other doesn't know.
_FOREIGN = {"chat": ("reasoning_items",), "responses": ("name",)}


@dataclass(frozen=True)
class Plan:
    """A chat request as it would be sent.

    `operation` is the API that it goes through, `form` the request as chat has it, `body` as that API does; `continued`
    is its place in a conversation.
    """

    connection: Connection
    known: Known | None
    operation: Api
    form: dict[str, Any]
    body: dict[str, Any]
    estimate: Estimate
    continued: Continued | None

    @property
    def exchange(self) -> type[Exchange]:
        """What sends it, and reads its answer."""
        return Exchange if self.operation == "chat" else ResponseExchange


def planned(
    connection: Connection,
    prompt: str | Sequence[Message],
    deployment: str | None,
    conversation: str | Conversation | None = None,
    new: bool = False,
    *,
    api: Api | None = None,
    stream: bool = False,
    **options: Any,
) -> Plan:
    """Plan a request; `options` are those of `request.chat_body`. Raises AoaiError for what can't be sent."""
    name = deployment or connection.for_chat()
    known = connection.known(name)
    form = chat_body(prompt, name, known.model if known else None, **options)
    if stream and not refused({"stream": True}, known):
        form |= STREAMED
    operation = api_of(connection, form, known, api)
    form["messages"] = [_without(one, _FOREIGN[operation]) for one in form["messages"]]
    if conversation is None and not new:
        return _plan(connection, known, operation, form, connection.estimated(form, known))
    continued = Continued(connection, form, known, "main" if conversation is None else conversation, afresh=new)
    return _plan(connection, known, operation, continued.body, continued.estimate, continued)


def after(plan: Plan, messages: Sequence[Message], handed_back: int = 0) -> Plan:
    """The plan that goes on from another, with more messages at its end. `handed_back` are tokens of reasoning in them.

    A tool that had to be called has been, and needn't be again: else there would never be an answer.
    """
    form = {**plan.form, "messages": [*plan.form["messages"], *messages]}
    if form.get("tool_choice") not in ("auto", "none"):
        form.pop("tool_choice", None)
    estimate = plan.connection.estimated(form, plan.known)
    if handed_back:
        parts = (*estimate.parts, Part("reasoning, handed back", handed_back, estimated=True))
        estimate = replace(estimate, parts=parts)
    return _plan(plan.connection, plan.known, plan.operation, form, estimate, plan.continued)


def api_of(connection: Connection, form: Mapping[str, Any], known: Known | None, wanted: Api | None) -> Api:
    """The API that a request goes through. Raises OptionError or SettingsError where it can't."""
    operation = _api(wanted, form, known)
    if operation == "responses":
        _check(connection, form, known, asked_for=wanted is not None)
    return operation


def body_of(operation: Api, form: Mapping[str, Any], known: Known | None) -> dict[str, Any]:
    """A request in the words of that API."""
    form = {**form, "messages": [_without(one, _FOREIGN[operation]) for one in form["messages"]]}
    if operation == "chat":
        return form
    return response_body(form, reasoning=known is not None and known.model.reasoning)


def _api(wanted: Api | None, form: Mapping[str, Any], known: Known | None) -> Api:
    """The API of a request: the one that is wanted, else chat, unless the model is known to need the other."""
    if wanted is not None:
        if wanted not in _FOREIGN:
            raise OptionError(
                f"There is no API {wanted!r}.",
                "Chat completions and Responses are the two.",
                '--api chat|responses, api="responses"',
            )
        return wanted
    if any(tool.get("type") not in ("function", "custom") for tool in form.get("tools", ())):
        return "responses"  # tools that the service runs itself, such as a search of the web
    if known is None:
        return "chat"
    operations = known.model.operations
    if "chat" not in operations and "responses" in operations:
        return "responses"
    needed = form.get("tools") and known.model.tools_need_responses(form.get("reasoning_effort"))
    return "responses" if needed else "chat"


def _check(connection: Connection, form: Mapping[str, Any], known: Known | None, *, asked_for: bool) -> None:
    """Refuse what can't go through the Responses API."""
    why = "It was asked for, or is what one of the tools needs."
    if not asked_for and known is not None:
        only = "chat" not in known.model.operations
        why = f"{known.model.name} {'is served there only' if only else 'takes tools there only, unless its effort is none'}."
    version = connection.target.api_version
    if version is not None and version < _FIRST_VERSION:
        raise SettingsError(
            f"The api-version {version} has no Responses API: {_FIRST_VERSION} is the first that does.",
            why,
            f"%aoai connect {connection.target.endpoint} (without an api-version)",
        )
    foreign = next((name for name in UNKNOWN if name in form), None)
    if foreign is not None:
        raise OptionError(
            f"The Responses API doesn't know {foreign}; nothing was sent.", why, f"Leave {option(foreign)} out."
        )
    limit = form.get("max_completion_tokens") or form.get("max_tokens")
    if limit is not None and limit < LEAST_TOKENS:
        raise OptionError(
            f"The Responses API gives no reply less than {LEAST_TOKENS} tokens, and {limit} were asked for; nothing was sent.",
            why,
            f"--max-tokens {LEAST_TOKENS}",
        )


def _without(message: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in names}


def _plan(
    connection: Connection,
    known: Known | None,
    operation: Api,
    form: dict[str, Any],
    estimate: Estimate,
    continued: Continued | None = None,
) -> Plan:
    body = body_of(operation, form, known)
    return Plan(connection, known, operation, form, body, replace(estimate, request=body), continued)
