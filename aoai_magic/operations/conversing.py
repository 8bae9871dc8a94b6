"""A prompt that goes on with a conversation: what is sent along with it, and what becomes of the conversation then."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from .. import current
from ..catalog import Known
from ..conversations import Conversation, Standing
from ..errors import SettingsError, a_kind
from ..estimates import Estimate, earlier

if TYPE_CHECKING:
    from ..client import Connection
    from ..reply import Reply

# Where a request doesn't limit its reply, so much of the window is kept free for it, or the model's longest if that is less.
_REPLYS_SHARE = 4


class Continued:
    """A prompt at its place in a conversation.

    `body` has what is sent along, `estimate` is of that, and `join` is for later. `conversation` is one, or the name of
    one; `afresh` drops its turns when the reply has come. As many turns as the model has room for are sent along, the
    last ones. Raises SettingsError for what is no conversation.
    """

    def __init__(
        self, connection: Connection, body: dict[str, Any], known: Known | None, conversation: object, *, afresh: bool
    ) -> None:
        self._known, self._named = known, isinstance(conversation, str)
        self._place = found(conversation).place(current.cell(), afresh=afresh)
        system = tuple(takewhile(lambda one: one["role"] in ("system", "developer"), body["messages"]))
        self._own = copy.deepcopy(body["messages"][len(system) :])
        self._system = copy.deepcopy(system) or self._place.system
        alone = connection.estimated({**body, "messages": [*self._system, *self._own]}, known)
        self._limit = _limit(body, known, alone, self._place.conversation.limit)
        room = None if self._limit is None else self._limit - alone.prompt_tokens
        self._sent = self._place.fitting(room, lambda turn: earlier(turn.messages, known, "").tokens)
        along = [message for turn in self._sent for message in turn.messages]
        self.body = {**body, "messages": copy.deepcopy([*self._system, *along, *self._own])}
        self.estimate = connection.estimated(self.body, known)
        if along:
            turns = f"{len(self._sent)} earlier turn{'s' * (len(self._sent) > 1)}"
            head, tail = alone.parts[: len(self._system)], alone.parts[len(self._system) :]
            self.estimate = replace(self.estimate, parts=(*head, earlier(along, known, turns), *tail))

    def join(self, reply: Reply) -> None:
        """Have the reply's turn in the conversation, if it is one to go on from, and say in the reply how that stands.

        One that broke off, was cut by the content filter or says nothing isn't.
        """
        talk = self._place.conversation
        if reply.finish_reason in (None, "content_filter") or not any(
            message.get("content") or message.get("tool_calls") for message in reply.messages
        ):
            self.leave(reply)
            return
        messages = [*self._own, *copy.deepcopy(reply.messages)]
        self._place.join(messages, self._system, reply.deployment)
        if self._named:
            current.conversations[talk.name] = talk
        along: Sequence[Mapping[str, Any]] = [message for turn in self._sent for message in turn.messages]
        reply.conversation = Standing(
            talk.name,
            turns=len(talk),
            tokens=earlier([*self._system, *along, *messages], self._known, "").tokens,
            limit=self._limit,
            left_out=len(self._place.before) - len(self._sent),
            dropped=self._place.dropped,
            afresh=self._place.afresh,
        )

    def leave(self, reply: Reply) -> None:
        """Leave the conversation as it is, and say so in the reply: of a cell that failed nothing joins."""
        talk = self._place.conversation
        reply.conversation = Standing(talk.name, len(talk), 0, joined=False)


def found(conversation: object) -> Conversation:
    """The conversation that is meant: one, or the name of one. Raises SettingsError for anything else."""
    if isinstance(conversation, Conversation):
        return conversation
    if isinstance(conversation, str):
        return current.conversations.get(conversation) or Conversation(conversation)
    raise SettingsError(
        f"{a_kind(conversation)} is no conversation.",
        "One is called by its name, or is an aoai.Conversation.",
        'aoai.chat("Hello", conversation="main")',
    )


def _limit(body: Mapping[str, Any], known: Known | None, estimate: Estimate, own: int | None) -> int | None:
    """The most tokens of a prompt: what its conversation says, and the model's window less what its reply may need."""
    limits = [own]
    if known and (window := estimate.context_window):
        given = body.get("max_completion_tokens") or body.get("max_tokens")
        most = known.model.max_output_tokens or window
        limits += [window - (given or min(most, window // _REPLYS_SHARE)), known.model.max_input_tokens]
    return min((max(one, 0) for one in limits if one is not None), default=None)
