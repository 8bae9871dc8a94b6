"""One answer of a deployment, whichever API it was asked through: reasoning, tool calls or text, limit and filter."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncGenerator, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

from .. import tokens
from ..catalog import Model
from .engine import Engine, Job
from .events import new_id
from .filters import CUT_AFTER_WORDS, CUT_LATE_AFTER_WORDS, Filter
from .meter import Meter

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
_Result = TypeVar("_Result")
#: What a reply to pictures begins with, since the small model reads text only.
CANT_SEE = "(The local model can't see pictures; it answers from the words alone.) "
_MOST_CALLS = 4
_NO_TOOL = "none"
# How many tokens a reasoning deployment spends before it answers. The small model doesn't reason: they are only counted,
# in steps of 64 as the service reports them, so that budgets, bills and empty answers are met here as they are there.
_REASONING = {"none": 0, "minimal": 0, "low": 1, "medium": 3, "high": 10, "xhigh": 20, "max": 40}
_REASONING_STEP = 64


@dataclass(frozen=True)
class Tool:
    """A function that the model may call: its name, what it is for, the JSON schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]
    strict: bool = False


class Ask(NamedTuple):
    """What a deployment is asked: the engine's job, and what the engine knows nothing of.

    `max_tokens` and `prompt_tokens` are in the deployment's tokens. `tool_choice` is "none", "auto", "required" or a
    tool's name. `effort` is None for models that don't reason.
    """

    job: Job
    model: Model
    prompt_tokens: int
    max_tokens: int
    filter: Filter
    tools: Sequence[Tool] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    images: int = 0
    effort: str | None = None
    asynchronous: bool = False


class Text(NamedTuple):
    """More of the reply's text."""

    text: str
    logprobs: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Call:
    """A tool call begins: the call's number in this reply, its id, and the function's name."""

    number: int
    id: str
    name: str


@dataclass(frozen=True)
class Arguments:
    """More of the arguments of a call."""

    number: int
    text: str


@dataclass(frozen=True)
class End:
    """The reply has ended."""

    reason: FinishReason


Event = Text | Call | Arguments | End


class Turn:
    """Runs an ask on an engine. `events` is read once; what is counted is complete when it has ended."""

    def __init__(self, ask: Ask, engine: Engine) -> None:
        self.ask, self._engine = ask, engine
        self.text = ""
        self.calls: list[tuple[str, str]] = []  # names and arguments
        self.reasoning_tokens = 0
        self._events = self._run()
        self._first: Event | None = None

    async def begin(self) -> None:
        """Wait for the first event, so that what is wrong with the request is known before an answer begins."""
        self._first = await anext(self._events)

    def events(self) -> AsyncGenerator[Event]:
        """What happens, from the beginning; closing it ends the generation at once."""
        return self._events if self._first is None else self._since(self._first)

    async def _since(self, first: Event) -> AsyncGenerator[Event]:
        async with contextlib.aclosing(self._events):
            yield first
            async for event in self._events:
                yield event

    async def close(self) -> None:
        """End the generation, for a reader that never came."""
        await self._events.aclose()

    @property
    def completion_tokens(self) -> int:
        """What is billed as output: reasoning, text, and calls."""
        called = "".join(f"{name}{arguments}" for name, arguments in self.calls)
        model = self.ask.model.name
        return self.reasoning_tokens + tokens.count(self.text, model) + tokens.count(called, model)

    def _run(self) -> AsyncGenerator[Event]:
        ask = self.ask
        self.reasoning_tokens = min(_reasoning_tokens(ask), ask.max_tokens)
        meter = Meter(ask.max_tokens - self.reasoning_tokens, ask.model.name)
        if self.reasoning_tokens == ask.max_tokens:
            return self._stay_silent()
        return self._call_or_write(meter) if ask.tools and ask.tool_choice != "none" else self._write(meter)

    async def _stay_silent(self) -> AsyncGenerator[Event]:
        yield End("length")  # the whole budget went into reasoning: an empty answer

    async def _call_or_write(self, meter: Meter) -> AsyncGenerator[Event]:
        for way in (self._call_tools(meter), self._write(meter)):
            async with contextlib.aclosing(way) as events:
                async for event in events:
                    yield event
                    if isinstance(event, End):
                        return

    async def _write(self, meter: Meter) -> AsyncGenerator[Event]:
        ask = self.ask
        cut_after = None
        if ask.filter.reply.blocked:
            cut_after = CUT_LATE_AFTER_WORDS if ask.asynchronous else CUT_AFTER_WORDS
        if ask.images and ask.job.schema is None and meter.fits(CANT_SEE):
            self.text += CANT_SEE
            yield Text(CANT_SEE)
        async with contextlib.aclosing(self._engine.generate(ask.job)) as pieces:
            async for piece in pieces:
                if not meter.fits(piece.text):
                    self.text += (rest := meter.cut(piece.text))
                    yield Text(rest)
                    yield self._end("length")
                    return
                self.text += piece.text
                if piece.text or piece.logprobs:
                    yield Text(piece.text, piece.logprobs)
                cut = cut_after is not None and len(self.text.split()) >= cut_after
                if cut or piece.finish_reason:
                    yield self._end(piece.finish_reason or "content_filter")
                    return

    async def _call_tools(self, meter: Meter) -> AsyncGenerator[Event]:
        """Call the tools that the conversation asks for; nothing if it asks for none.

        The small model can't speak the format of tool calls, but it can choose from a list and fill in a form: each
        call is a choice of a name, then JSON constrained to the function's schema, so that it is always valid.
        """
        ask = self.ask
        by_name = {tool.name: tool for tool in ask.tools}
        named = ask.tool_choice if ask.tool_choice in by_name else None
        forced = named is not None or ask.tool_choice == "required"
        if not forced and _answers_a_tool(ask.job):
            return  # it has a result to speak of
        while len(self.calls) < (_MOST_CALLS if ask.parallel and named is None else 1):
            options = [*by_name, *([] if forced and not self.calls else [_NO_TOOL])]
            name = named or (await self._choose(options) if len(options) > 1 else options[0])
            if name == _NO_TOOL and _NO_TOOL not in by_name:
                break
            number, arguments = len(self.calls), ""
            if not meter.fits(name):
                yield self._end("length")
                return
            # The first call is streamed, from its first piece on: before that, its schema may be refused. A further one is
            # looked at first, since the small model likes to repeat itself.
            async with contextlib.aclosing(self._fill_in(by_name[name])) as pieces:
                async for piece in pieces:
                    if number == 0 and not arguments:
                        yield Call(number, new_id("call_", 24), name)
                    if not meter.fits(piece):
                        arguments += (rest := meter.cut(piece))
                        if number == 0:
                            self.calls.append((name, arguments))
                            yield Arguments(number, rest)
                        yield self._end("length")
                        return
                    arguments += piece
                    if number == 0:
                        yield Arguments(number, piece)
            if (name, arguments) in self.calls:
                break
            self.calls.append((name, arguments))
            if number > 0:
                yield Call(number, new_id("call_", 24), name)
                yield Arguments(number, arguments)
        if self.calls:
            yield self._end("tool_calls")

    def _end(self, reason: FinishReason) -> End:
        """The end of a reply, which the filter may have found wanting however it came about."""
        return End("content_filter" if self.ask.filter.reply.blocked else reason)

    async def _choose(self, options: Sequence[str]) -> str:
        functions = "\n".join(_described(tool) for tool in self.ask.tools)
        said = "".join(f"\nCalled already: {name}({arguments})" for name, arguments in self.calls)
        notes = f"You can call these functions:\n{functions}\n{_NO_TOOL}: no function is needed.{said}"
        question = "Which function helps further?" if self.calls else "Which function helps here?"
        job, _ = await self._engine.fit(_with_notes(self.ask.job, notes, question))
        return await self._engine.choose(job, options)

    async def _fill_in(self, tool: Tool) -> AsyncGenerator[str]:
        if not tool.parameters.get("properties"):
            yield "{}"
            return
        said = "".join(f"\nCalled already: {name}({arguments})" for name, arguments in self.calls)
        notes = f"You call this function; its arguments come from the conversation:\n{_described(tool)}{said}"
        job, _ = await self._engine.fit(_with_notes(self.ask.job, notes, ""))
        job = job._replace(schema=tool.parameters, stop=(), logprobs=None)
        async with contextlib.aclosing(self._engine.generate(job)) as pieces:
            async for piece in pieces:
                if piece.text:
                    yield piece.text


async def together(works: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """Do several things at once; when one fails, or nobody waits any more, the others end as well."""
    first, *others = works
    if not others:
        return [await first]
    tasks = [asyncio.ensure_future(work) for work in (first, *others)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reasoning_tokens(ask: Ask) -> int:
    if ask.effort is None:
        return 0
    asked = json.dumps([*ask.job.messages])
    steps = _REASONING.get(ask.effort, 0)
    return _REASONING_STEP * (steps + zlib.crc32(asked.encode()) % (steps // 2 + 1))


def _answers_a_tool(job: Job) -> bool:
    return bool(job.messages) and job.messages[-1].get("from") == "tool"


def _described(tool: Tool) -> str:
    properties = tool.parameters.get("properties") or {}
    arguments = ", ".join(
        f"{name}: {facts.get('type', 'any') if isinstance(facts, dict) else 'any'}"
        for name, facts in properties.items()
    )
    return f"{tool.name}({arguments}): {tool.description}"


def _with_notes(job: Job, system: str, question: str) -> Job:
    messages = [dict(message) for message in job.messages]
    if messages[0]["role"] == "system":
        messages[0]["content"] += f"\n{system}"
    else:
        messages.insert(0, {"role": "system", "content": system})
    if question and messages[-1]["role"] == "user":
        messages[-1]["content"] += f"\n{question}"
    return job._replace(messages=messages)
