"""Compaction: a long conversation made short, to go on from with fewer tokens.

As the API has it, what comes out are the user's messages, and one item in the place of all the rest whose content only
the service can read. Here that is a summary, written by the model of the engine.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Any

from .. import tokens
from . import talk
from .account import Account, Deployment
from .asking import Extra, check_labels, read_tier
from .asking_responses import read_conversation
from .azure_errors import input_too_long
from .engine import Job
from .events import hex_id
from .fields import Fields
from .filters import Filter
from .items import messages, sealed
from .limits import arrival_tokens
from .responses import usage
from .turn import Ask, Turn

PARAMETERS = frozenset(
    "input instructions model previous_response_id prompt_cache_key prompt_cache_retention service_tier".split()
)
_LONGEST_SUMMARY = 200
_WANTED = "Sum up the conversation that follows in a few sentences."


class Compaction:
    """One request to make a conversation short."""

    stream = False

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        body, model = Fields(values), deployment.model
        body.refuse_unknown(PARAMETERS, newer=True)
        check_labels(body)
        read_tier(body, model)
        items = read_conversation(body, account, needs_input="previous_response_id" not in body)
        said = messages(items, body.text("instructions"))
        conversation = talk.read(Fields({"input": said}), "input")
        prompt_tokens = tokens.count_chat(said, model.name)
        if prompt_tokens > deployment.context_window:
            raise input_too_long()
        self._kept = [item for item in items if item["type"] == "message" and item["role"] == "user"]
        script = "\n".join(f"{message['role']}: {message['content']}" for message in conversation.said)
        asked = [{"role": "system", "content": _WANTED}, {"role": "user", "content": script}]
        self._ask = Ask(
            job=Job(messages=asked, temperature=0.0, pace=extra.pace),
            model=model,
            prompt_tokens=prompt_tokens,
            max_tokens=_LONGEST_SUMMARY,
            filter=Filter.of(conversation.texts, fails=extra.filter_fails),
        )
        self._engine, self._turn = account.engine, Turn(self._ask, account.engine)
        self.arrival = arrival_tokens(len(script), _LONGEST_SUMMARY)
        self.cut = 0

    async def begin(self) -> None:
        """Let the filter judge the conversation, and wait for the summary to begin."""
        if self._ask.filter.prompt.blocked:
            raise self._ask.filter.refusal(responses=True)
        job, self.cut = await self._engine.fit(self._ask.filter.heard(self._ask.job))
        self._turn = Turn(self._ask._replace(job=job), self._engine)
        await self._turn.begin()

    async def close(self) -> None:
        """End the summary, for a client that has left."""
        await self._turn.close()

    async def answer(self) -> dict[str, Any]:
        """What the conversation has become."""
        async for _ in self._turn.events():
            pass
        short = {"id": hex_id("cmp_", 48), "type": "compaction", "encrypted_content": sealed(self._turn.text)}
        return {
            "id": hex_id("resp_", 48),
            "object": "response.compaction",
            "created_at": int(time.time()),
            "output": [*self._kept, short],
            "usage": usage(self._ask.prompt_tokens, self._turn),
        }

    async def events(self) -> AsyncGenerator[bytes]:
        """It isn't streamed."""
        return
        yield b""
