"""Chat completions: the answer of a deployment in the shapes of the chat API, whole and as a stream."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Any

from .account import Account, Deployment
from .asking import STREAM_OPTIONS, Extra, read_chat, read_stream, read_tier
from .events import BLANK, DONE, new_id, sse
from .fields import Fields
from .filters import SAFE
from .functions import is_older_form
from .limits import arrival_tokens
from .turn import Arguments, Call, End, Event, Text, Turn, together


class Chat:
    """One chat completion: `n` turns of the same ask, and their answers in the service's shapes."""

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        body = Fields(values)
        self._engine, self._deployment = account.engine, deployment
        self.stream, options = read_stream(body, STREAM_OPTIONS)
        self._include_usage = options.boolean("include_usage")
        self._ask, self._older_form = read_chat(body, deployment, extra), is_older_form(body)
        tier = read_tier(body, deployment.model)
        self._tier = {"service_tier": tier} if tier else {}
        self._n = body.integer("n", 1, least=1, most=128)
        self._id = new_id("chatcmpl-")
        self._created = int(time.time())
        characters = sum(len(message["content"]) for message in self._ask.job.messages)
        self.arrival = arrival_tokens(characters, self._ask.max_tokens * self._n)
        self.cut = 0
        self._turns: list[Turn] = []

    async def begin(self) -> None:
        """Let the filter judge the prompt, and wait for the answers to begin."""
        if self._ask.filter.prompt.blocked:
            raise self._ask.filter.refusal()
        job, self.cut = await self._engine.fit(self._ask.filter.heard(self._ask.job))
        for index in range(self._n):
            own = job if job.seed is None else job._replace(seed=job.seed + index)
            ask = self._ask if own is self._ask.job else self._ask._replace(job=own)
            self._turns.append(Turn(ask, self._engine))
        if self.stream:
            # One is enough to see what is wrong. The others may have to wait for a slot, and a turn that has begun holds its
            # own until somebody reads it.
            await self._turns[0].begin()

    async def close(self) -> None:
        """End what is still generated, for a client that has left."""
        await asyncio.gather(*(turn.close() for turn in self._turns), return_exceptions=True)

    async def answer(self) -> dict[str, Any]:
        """The whole answer in one body."""
        choices = await together(self._choice(index, turn) for index, turn in enumerate(self._turns))
        return {
            **self._head("chat.completion"),
            "prompt_filter_results": self._ask.filter.prompt_results,
            "choices": choices,
            "usage": self._usage(),
        }

    async def events(self) -> AsyncGenerator[bytes]:
        """The answer as server-sent events, in the order that Azure sends them."""
        # The verdict on the prompt comes first, in a chunk with no choices: clients must not look at choices[0] blindly.
        results = self._ask.filter.prompt_results
        yield sse({**BLANK, "prompt_filter_results": results, "choices": [], "usage": None})
        for index in range(self._n):
            yield self._chunk(index, {"role": "assistant", "content": "", "refusal": None}, filters={})
        async with contextlib.aclosing(merged([turn.events() for turn in self._turns])) as happenings:
            async for index, event in happenings:
                for chunk in self._chunks(index, event):
                    yield chunk
        if self._include_usage:
            yield sse({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()})
        yield DONE

    def _usage(self) -> dict[str, Any]:
        """What is billed: the prompt once, and the output of all choices."""
        completion = sum(turn.completion_tokens for turn in self._turns)
        return {
            "prompt_tokens": self._ask.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self._ask.prompt_tokens + completion,
            "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
            "completion_tokens_details": {
                "accepted_prediction_tokens": 0,
                "audio_tokens": 0,
                "reasoning_tokens": sum(turn.reasoning_tokens for turn in self._turns),
                "rejected_prediction_tokens": 0,
            },
        }

    async def _choice(self, index: int, turn: Turn) -> dict[str, Any]:
        logprobs: list[dict[str, Any]] = []
        calls: list[dict[str, Any]] = []
        reason = "stop"
        async for event in turn.events():
            match event:
                case Text():
                    logprobs += event.logprobs
                case Call():
                    calls.append(_tool_call(event))
                case Arguments():
                    calls[event.number]["function"]["arguments"] += event.text
                case End():
                    reason = self._reason(event)
        message: dict[str, Any] = {"role": "assistant", "content": turn.text, "refusal": None, "annotations": []}
        if calls:
            called = {"function_call": calls[0]["function"]} if self._older_form else {"tool_calls": calls}
            message |= {"content": None, **called}
        return {
            "index": index,
            "message": message,
            "logprobs": None if self._ask.job.logprobs is None else {"content": logprobs, "refusal": None},
            "finish_reason": reason,
            "content_filter_results": self._ask.filter.reply.results,
        }

    def _chunks(self, index: int, event: Event) -> list[bytes]:
        unjudged = self._ask.asynchronous or "error" in self._ask.filter.reply.results
        passing = {} if unjudged else SAFE.reply.results
        match event:
            case Text():
                logprobs = {"content": list(event.logprobs), "refusal": None} if event.logprobs else None
                return [self._chunk(index, {"content": event.text}, filters=passing, logprobs=logprobs)]
            case Call():
                return [self._calling(index, event.number, _tool_call(event))]
            case Arguments():
                return [self._calling(index, event.number, {"function": {"arguments": event.text}})]
            case End() if self._ask.asynchronous:
                return self._late_verdict(index, event)
            case End():
                return [self._chunk(index, {}, finish=self._reason(event), filters=self._ask.filter.reply.results)]

    def _calling(self, index: int, number: int, call: dict[str, Any]) -> bytes:
        """A chunk of a call, in the form that the request has."""
        newer = {"tool_calls": [{"index": number, **call}]}
        return self._chunk(index, {"function_call": call["function"]} if self._older_form else newer, filters={})

    def _reason(self, end: End) -> str:
        return "function_call" if self._older_form and end.reason == "tool_calls" else end.reason

    def _late_verdict(self, index: int, end: End) -> list[bytes]:
        """The end in asynchronous mode: nothing was held back, so the verdict comes after the text that it is on."""
        length = len(self._turns[index].text)
        blocked = end.reason == "content_filter"
        annotation: dict[str, Any] = {
            "index": index,
            "finish_reason": end.reason if blocked else None,
            "content_filter_results": self._ask.filter.reply.results,
            "content_filter_raw": [],
            "content_filter_offsets": {"check_offset": length, "start_offset": 0, "end_offset": length},
        }
        late = sse({**BLANK, "choices": [annotation], "usage": None})
        return [late] if blocked else [late, self._chunk(index, {}, finish=self._reason(end), filters={})]

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        *,
        finish: str | None = None,
        filters: dict[str, Any],
        logprobs: dict[str, Any] | None = None,
    ) -> bytes:
        choice = {
            "index": index,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish,
            "content_filter_results": filters,
        }
        return sse({**self._head("chat.completion.chunk"), "choices": [choice], "usage": None})

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._deployment.model_id,
            "system_fingerprint": self._engine.fingerprint,
            **self._tier,
        }


def _tool_call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}


async def merged(turns: list[AsyncGenerator[Event]]) -> AsyncGenerator[tuple[int, Event]]:
    """The events of several turns as they happen, each with the number of its turn."""
    # No larger than it must be: a reader that is slow slows down what it reads.
    happened: asyncio.Queue[tuple[int, Event | Exception | None]] = asyncio.Queue(1)

    async def follow(index: int, turn: AsyncGenerator[Event]) -> None:
        try:
            async with contextlib.aclosing(turn):
                async for event in turn:
                    await happened.put((index, event))
            await happened.put((index, None))
        except Exception as error:
            await happened.put((index, error))

    tasks = [asyncio.create_task(follow(index, turn)) for index, turn in enumerate(turns)]
    try:
        running = len(turns)
        while running:
            index, event = await happened.get()
            if isinstance(event, Exception):
                raise event
            if event is None:
                running -= 1
            else:
                yield index, event
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
