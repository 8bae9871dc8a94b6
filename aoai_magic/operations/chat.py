"""Prompts for chat deployments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .. import current
from ..client import Connection
from ..conversations import Conversation
from ..errors import AoaiError, Interrupted, OptionError
from ..estimates import Estimate
from ..ledger import Allowance
from ..recordings import Mode
from ..reply import Reply
from ..request import Message, refuse
from ..schema import reader
from ..tools import Toolbox
from .answering import as_things_stand, ask, make_ready
from .planning import Api, Plan, planned
from .rounds import ROUNDS, Approve, OnCall, answered_in_rounds
from .shaping import shape


def chat(
    prompt: str | Sequence[Message],
    *,
    deployment: str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    stop: str | Sequence[str] | None = None,
    effort: str | None = None,
    verbosity: str | None = None,
    n: int = 1,
    logprobs: int | bool | None = None,
    attach: object = (),
    detail: str | None = None,
    schema: object = None,
    tools: Sequence[Any] = (),
    rounds: int = ROUNDS,
    approve: Approve | None = None,
    api: Api | None = None,
    conversation: str | Conversation | None = None,
    new: bool = False,
    stream: bool = True,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    on_text: Callable[[str], None] | None = None,
    on_call: OnCall | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> Reply:
    """Send a prompt, or a list of messages, to a chat deployment and return its reply.

    What is None is not sent, so the service's own default holds. `temperature` is 0 to 2, `top_p` 0 to 1; `max_tokens`
    limits the reply, and its reasoning with it; `effort` says how much a reasoning model thinks first, `verbosity` how
    long its reply is; `n` answers are `reply[0]`, `reply[1]`, …; `logprobs` asks how likely each token was, and for so
    many others in its place (0 to 20). `attach` is a picture or text file, or several (see `attachments.content`),
    looked at as `detail` says; `schema` the shape of the answer (see `schema.response_format`), which `reply.parsed`
    then has (see `schema.reader`).

    `tools` are functions that the model may call: they are called here, one after another, their arguments checked by
    their signatures, and the model is asked again with what they return, at most `rounds` times; `approve` is asked
    before each call (a `ToolCall`) and says whether it is made. Tools that are ready definitions are described only:
    `reply.tool_calls` are then for you to answer. `api` is "chat" or "responses"; left out, it is chat, unless the
    model is known to need the other.

    `conversation`, by name or an `aoai.Conversation`, is sent along, as far as it fits, and goes on with the reply (a
    cell that is run again takes its own place anew); with `new` it begins afresh. `budget` is the most that it may
    cost, in US dollars, all rounds together; several calls can share an `aoai.Allowance`. `on_text` is called with each
    bit of text as it arrives, `on_call` with each call of a tool when it begins and when it has ended; `params` are
    sent as they are. The answer is read as a stream unless `stream` is false, so that a break loses nothing: an error's
    or interrupt's `reply` holds what had arrived. Raises AoaiError (see `errors`), OptionError before anything is sent
    for what the model is known to refuse, SchemaError for an answer that hasn't the shape, ToolError where there are
    more rounds; and, for Ctrl-C, Interrupted.

    >>> chat("Say hello.", deployment="gpt-4o", temperature=0, max_tokens=20)  # doctest: +SKIP
    Hello! How can I help you today?
    """
    connection = connection or current.connection()
    make_ready(connection, recordings)
    read = None if schema is None else reader(schema)
    toolbox = _toolbox(tools, n)
    plan = planned(
        connection,
        prompt,
        deployment,
        conversation,
        new,
        api=api,
        stream=stream,
        system=system,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        seed=seed,
        stop=stop,
        effort=effort,
        verbosity=verbosity,
        n=n,
        logprobs=logprobs,
        attach=attach,
        detail=detail,
        answer=schema,
        functions=toolbox.definitions,
        **params,
    )
    refuse(plan.form, plan.known)
    allowance = Allowance.of(budget)

    def send(plan: Plan) -> Reply:
        reply: Reply = ask(
            plan.exchange,
            plan.operation,
            connection,
            plan.body,
            plan.estimate,
            budget=allowance,
            recordings=recordings,
            on_arrival=on_text,
        )
        return reply

    try:
        reply = answered_in_rounds(plan, send, toolbox, rounds, approve, on_call)
        if read is not None:
            shape(reply, read)
    except (AoaiError, Interrupted) as error:
        if plan.continued and isinstance(error.reply, Reply):
            plan.continued.leave(error.reply)
        raise
    if plan.continued:
        plan.continued.join(reply)
    return reply


def estimate(
    prompt: str | Sequence[Message],
    *,
    deployment: str | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    attach: object = (),
    detail: str | None = None,
    schema: object = None,
    tools: Sequence[Any] = (),
    rounds: int = ROUNDS,
    api: Api | None = None,
    conversation: str | Conversation | None = None,
    new: bool = False,
    stream: bool = True,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> Estimate:
    """Return what `chat` with the same arguments would cost, and whether it fits. Nothing is sent; see `Estimate`.

    Where functions may be called, it is that of the first request, and a warning says how many more there may be.

    Tokens are exact where the vendor documents how they are counted, and marked as estimates elsewhere. The estimate's
    `request` is the body that would be sent. Raises AoaiError for what can't be attached or described.

    >>> print(estimate("Say hello.", deployment="gpt-4o", max_tokens=20).prompt_tokens)
    10
    """
    connection = connection or current.connection()
    toolbox = _toolbox(tools, params.get("n", 1))
    plan = planned(
        connection,
        prompt,
        deployment,
        conversation,
        new,
        api=api,
        stream=stream,
        system=system,
        max_tokens=max_tokens,
        attach=attach,
        detail=detail,
        answer=schema,
        functions=toolbox.definitions,
        **params,
    )
    foreseen = plan.estimate
    if toolbox:
        more = f"Up to {rounds} round{'s' * (rounds != 1)} of calls may follow, each a longer request: this is the first one's price."
        foreseen = replace(foreseen, warnings=(*foreseen.warnings, more))
    estimate: Estimate = as_things_stand(foreseen, plan.operation, connection, plan.body, recordings, budget)
    return estimate


def _toolbox(tools: Sequence[Any], n: int) -> Toolbox:
    """The functions that may be called. Raises OptionError where several answers could call them."""
    toolbox = Toolbox(tools)
    if toolbox and n != 1:
        raise OptionError(
            f"{n} answers can't all call tools.", "Whose calls would be made?", "Leave -n or --tools out."
        )
    return toolbox
