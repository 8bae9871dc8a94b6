"""A prompt whose model may call functions: asked again with the results of its calls, until it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from .. import current
from ..errors import AoaiError, Interrupted, ToolError
from ..tools import ToolCall
from .planning import Plan, after

if TYPE_CHECKING:
    from ..reply import Reply
    from ..tools import Toolbox

Approve = Callable[[ToolCall], bool]
OnCall = Callable[[ToolCall], None]

#: The most rounds of calls where nobody says.
ROUNDS = 5

_DECLINED = "Error: the user declined this call."
_NO_MORE = "Error: no more calls were allowed."
_STOPPED = "Error: the user stopped before this call had ended."


def answered_in_rounds(
    plan: Plan,
    send: Callable[[Plan], Reply],
    toolbox: Toolbox,
    most: int,
    approve: Approve | None,
    on_call: OnCall | None,
) -> Reply:
    """Send a plan, make the calls that its reply asks for, and send again.

    It ends with a reply that asks for none that can be made here. At most `most` rounds of calls are made. `approve` is
    asked before each call; `on_call` is told of each twice: when it begins, its result None, and when it has ended. The
    reply returned has those of all rounds as `rounds`. Raises ToolError where there would be more rounds, and what
    `send` raises; an error's or interrupt's reply has all rounds so far.
    """
    done: list[Reply] = []
    try:
        while True:
            reply = send(plan)
            calls = reply.choices[0].tool_calls if reply.choices else ()
            cut = reply.finish_reason in ("length", "content_filter")  # and with it, perhaps, the last call's arguments
            if not calls or cut or not toolbox.runs(calls):
                return _remembered(_gathered(done, reply))
            if len(done) >= most:
                raise _too_many(most, reply)
            done.append(reply)
            _make(calls, toolbox, approve, on_call)
            plan = after(plan, reply.messages, _handed_back(reply))
    except (AoaiError, Interrupted) as error:
        if done:
            error.reply = _remembered(_gathered(done, error.reply))  # type: ignore[arg-type]  # a chat's reply, or none
        raise


def _make(calls: Sequence[ToolCall], toolbox: Toolbox, approve: Approve | None, on_call: OnCall | None) -> None:
    """Make calls one after another.

    Raises Interrupted, with a result for each of them, so that a conversation can go on.
    """
    tell = on_call or _nobody
    try:
        for call in calls:
            tell(call)
            if approve is None or approve(call):
                toolbox.run(call)
            else:
                call.result, call.failed = _DECLINED, True
            tell(call)
    except KeyboardInterrupt:
        for call in calls:
            if call.result is None:
                call.result, call.failed = _STOPPED, True
        raise Interrupted("the calls so far are kept (in _ and aoai.last).") from None


def _nobody(call: ToolCall) -> None:
    pass


def _gathered(done: Sequence[Reply], last: Reply | None) -> Reply:
    """The last reply, with those before it as its rounds, and tokens and seconds of them all."""
    if not done:
        assert last is not None
        return last
    rounds = [*done, *([last] if last is not None else [])]
    usages = [one.usage for one in rounds if one.usage is not None]
    return replace(
        rounds[-1],
        rounds=tuple(rounds),
        usage=reduce(add, usages) if len(usages) == len(rounds) else None,
        seconds=sum(one.seconds for one in rounds),
        first_token_seconds=rounds[0].first_token_seconds,
    )


def _remembered(reply: Reply) -> Reply:
    current.remember(reply)
    return reply


def _handed_back(reply: Reply) -> int:
    """The tokens of reasoning that the next request hands back, and that are part of its prompt."""
    kept = any("reasoning_items" in message for message in reply.messages)
    return reply.usage.reasoning_tokens if kept and reply.usage else 0


def _too_many(most: int, reply: Reply) -> ToolError:
    calls = reply.choices[0].tool_calls
    asked = ", ".join(map(str, calls))
    for call in calls:
        call.result, call.failed = _NO_MORE, True
    return ToolError(
        f"The model asks for {asked} after {most} round{'s' * (most != 1)} of calls, and no more were allowed.",
        "Each round is a request of its own, and costs.",
        f"--rounds {2 * most or 1}, or a clearer prompt; error.reply has all rounds.",
        reply=reply,
    )
