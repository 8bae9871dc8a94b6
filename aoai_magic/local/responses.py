"""The Responses API: one answer as a list of items, kept so that the next request can go on from it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Any

from . import log
from .account import Account, Deployment
from .asking import Extra, check_labels, read_stream, read_tier, refuse_parameters
from .asking_responses import ENCRYPTED_REASONING, PARAMETERS, read_conversation, read_included, read_response
from .azure_errors import AzureError, invalid_request, told_of
from .background import Run
from .events import hex_id, new_id, sse
from .fields import Fields
from .limits import arrival_tokens
from .turn import Arguments, Call, End, Text, Turn

_Happening = tuple[str, dict[str, Any]]


class Responses:
    """One request to the Responses API, and the response object as it grows."""

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        body = Fields(values)
        body.refuse_unknown(PARAMETERS, newer=True)
        refuse_parameters(body, deployment.model)
        check_labels(body)
        self._account = account
        self.stream, _ = read_stream(body, ["include_obfuscation"])
        self._store = body.boolean("store", True)
        self._background = body.boolean("background")
        if self._background and not self._store:
            raise invalid_request("Background mode requires 'store' to be true.", "background")
        self._encrypted = ENCRYPTED_REASONING in read_included(body)
        self._items = read_conversation(body, account)
        self._ask, shown = read_response(body, deployment, self._items, extra)
        self.cut = 0
        self.arrival = arrival_tokens(sum(len(one["content"]) for one in self._ask.job.messages), self._ask.max_tokens)
        self._turn = Turn(self._ask, account.engine)
        self._run: Run | None = None
        self._number = 0
        self.response: dict[str, Any] = {
            "id": hex_id("resp_", 48),
            "object": "response",
            "created_at": int(time.time()),
            "status": "queued" if self._background else "in_progress",
            "background": self._background,
            "content_filters": None,
            "error": None,
            "incomplete_details": None,
            "model": deployment.model_id,
            "output": [],
            "previous_response_id": body.text("previous_response_id") or None,
            "service_tier": read_tier(body, deployment.model) or "default",
            "store": self._store,
            "usage": None,
            **shown,
        }

    async def begin(self) -> None:
        """Let the filter judge the input, and wait for the answer to begin, unless it is to come in the background."""
        if self._ask.filter.prompt.blocked:
            raise self._ask.filter.refusal(responses=True)
        if self._background:
            self._run = Run(self._in_background(), self._account.working)
            self._account.keep_response(self.response, self._items, self._run, streamed=self.stream)
        else:
            await self._start()

    async def _start(self) -> None:
        job, self.cut = await self._account.engine.fit(self._ask.filter.heard(self._ask.job))
        self._turn = Turn(self._ask._replace(job=job), self._account.engine)
        await self._turn.begin()

    async def close(self) -> None:
        """End what is still generated, for a client that has left; what goes on in the background does."""
        if not self._background:
            await self._turn.close()

    async def answer(self) -> dict[str, Any]:
        """The whole response; of one in the background, what there is of it yet."""
        if not self._background:
            async for _ in self._happenings():
                pass
        return self.response

    async def events(self) -> AsyncGenerator[bytes]:
        """The response as named events, each with a sequence number; there is no [DONE] at the end."""
        if self._run is None:
            yield self._event("response.created", {"response": self.response})
        async with contextlib.aclosing(self._run.since() if self._run else self._growing()) as events:
            async for event in events:
                yield event

    async def _in_background(self) -> AsyncGenerator[bytes]:
        """The same where nobody need be there: what fails is the response's own status."""
        for name in ("response.created", "response.queued"):
            yield self._event(name, {"response": self.response})
        try:
            await self._start()
            self.response["status"] = "in_progress"
            async with contextlib.aclosing(self._growing()) as events:
                async for event in events:
                    yield event
        except Exception as problem:
            if not isinstance(problem, AzureError):
                log.mishap(f"Response {self.response['id']}, in the background", problem)
            error = told_of(problem, self.response["id"]).error
            told = {"code": error["code"] or "server_error", "message": error["message"]}
            self.response |= {"status": "failed", "error": told}
            yield self._event("response.failed", {"response": self.response})
        finally:
            await self._turn.close()

    async def _growing(self) -> AsyncGenerator[bytes]:
        yield self._event("response.in_progress", {"response": self.response})
        async with contextlib.aclosing(self._happenings()) as happenings:
            async for name, facts in happenings:
                yield self._event(name, facts)
        yield self._event(f"response.{self.response['status']}", {"response": self.response})

    async def _happenings(self) -> AsyncGenerator[_Happening]:
        """What happens to the response, as event names and their facts; it is whole when they have ended."""
        output: list[dict[str, Any]] = self.response["output"]
        if self._ask.effort not in (None, "none", "minimal"):
            output.append({"id": hex_id("rs_", 48), "type": "reasoning", "summary": []})
            if self._encrypted:  # opaque to whoever gets it, and with nothing in it
                output[0]["encrypted_content"] = new_id("gAAAAA", 94)
            yield "response.output_item.added", {"output_index": 0, "item": output[0]}
            yield "response.output_item.done", {"output_index": 0, "item": output[0]}
        reason = "stop"
        async with contextlib.aclosing(self._turn.events()) as events:
            async for event in events:
                match event:
                    case Text():
                        for happening in self._grow(event):
                            yield happening
                    case Call():
                        output.append(_new_call(event))
                        yield "response.output_item.added", {"output_index": len(output) - 1, "item": dict(output[-1])}
                    case Arguments():
                        output[-1]["arguments"] += event.text
                        at = {"item_id": output[-1]["id"], "output_index": len(output) - 1}
                        yield "response.function_call_arguments.delta", {**at, "delta": event.text}
                    case End():
                        reason = event.reason
        for index, item in enumerate(output):
            for happening in _ended(index, item, whole=reason in ("stop", "tool_calls")):
                yield happening
        self._finish(reason)

    def _grow(self, event: Text) -> list[_Happening]:
        """Add text to the message of the response, which begins with its first text."""
        output: list[dict[str, Any]] = self.response["output"]
        happenings: list[_Happening] = []
        if not output or output[-1]["type"] != "message":
            part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            message = {"id": hex_id("msg_", 48), "type": "message", "status": "in_progress", "role": "assistant"}
            at: dict[str, Any] = {"output_index": len(output)}
            happenings.append(("response.output_item.added", {**at, "item": {**message, "content": []}}))
            at |= {"item_id": message["id"], "content_index": 0}
            happenings.append(("response.content_part.added", {**at, "part": {**part, "logprobs": []}}))
            output.append({**message, "content": [part]})
        part = output[-1]["content"][0]
        part["text"] += event.text
        part["logprobs"] += event.logprobs
        at = {"output_index": len(output) - 1, "item_id": output[-1]["id"], "content_index": 0}
        delta = {"delta": event.text, "logprobs": list(event.logprobs)}
        return [*happenings, ("response.output_text.delta", {**at, **delta})]

    def _finish(self, reason: str) -> None:
        cut = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(reason)
        self.response |= {
            "status": "incomplete" if cut else "completed",
            "incomplete_details": {"reason": cut} if cut else None,
            "content_filters": self._ask.filter.content_filters(),
            "usage": usage(self._ask.prompt_tokens, self._turn),
        }
        if self._store and not self._background:
            self._account.keep_response(self.response, self._items)

    def _event(self, name: str, facts: dict[str, Any]) -> bytes:
        number, self._number = self._number, self._number + 1
        return sse({"type": name, "sequence_number": number, **facts}, name)


def usage(prompt: int, turn: Turn) -> dict[str, Any]:
    """What is billed, as the Responses API says it."""
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": turn.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": turn.reasoning_tokens},
        "total_tokens": prompt + turn.completion_tokens,
    }


def _new_call(event: Call) -> dict[str, Any]:
    call = {"call_id": event.id, "name": event.name, "arguments": ""}
    return {"id": hex_id("fc_", 48), "type": "function_call", "status": "in_progress", **call}


def _ended(index: int, item: dict[str, Any], *, whole: bool) -> list[_Happening]:
    """What is said at the end of an item."""
    if item["type"] == "reasoning":
        return []
    item["status"] = "completed" if whole else "incomplete"
    at: dict[str, Any] = {"output_index": index, "item_id": item["id"]}
    done = ("response.output_item.done", {"output_index": index, "item": item})
    if item["type"] == "function_call":
        arguments = {"arguments": item["arguments"], "name": item["name"]}
        return [("response.function_call_arguments.done", {**at, **arguments}), done]
    part, at = item["content"][0], {**at, "content_index": 0}
    return [
        ("response.output_text.done", {**at, "text": part["text"], "logprobs": part["logprobs"]}),
        ("response.content_part.done", {**at, "part": part}),
        done,
    ]
