"""The same request gets the same answer from the real model.

So it does again, among others, after a restart, and on any number of threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aoai_magic import settings
from aoai_magic.local import weights
from aoai_magic.local.account import Account
from aoai_magic.local.engine import Job, Piece
from aoai_magic.local.llama import Llama

from .serving import Answer, Served, serving

pytestmark = pytest.mark.llama

CHAT, COMPLETIONS = "/openai/v1/chat/completions", "/openai/v1/completions"
HARBOUR = "The harbour was quiet, and a boat came in with seven men who sang of rain and bread. "
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


def chat(text: str, **options: Any) -> tuple[str, dict[str, Any]]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "max_tokens": 8, "temperature": 0}
    return CHAT, {**body, "logprobs": True, "top_logprobs": 3, **options}


REQUESTS = {
    "greedy": chat("Say hello."),
    "seeded": chat("A story about a lighthouse.", temperature=1.1, top_p=0.9, seed=7, frequency_penalty=0.5),
    "two choices": chat("Name a fruit.", temperature=1.3, seed=2**32 - 1, n=2, max_tokens=5),
    "a long prompt": chat(HARBOUR * 8 + "Sum up.", max_tokens=6),
    "a shape": chat("A person, please.", temperature=0.9, seed=3, max_tokens=20, response_format={
        "type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}),
    "a tool": chat("Who is the oldest?", max_tokens=20, tool_choice="required", tools=[
        {"type": "function", "function": {"name": "look_up", "description": "Look somebody up", "parameters": PERSON}}]),
    "a continuation": (COMPLETIONS, {
        "model": "gpt-35-turbo-instruct", "prompt": ["Once upon a time", "In the end"], "temperature": 1, "seed": 5,
        "max_tokens": 4, "logprobs": 2, "best_of": 2}),
    "a response": ("/openai/v1/responses", {"model": "gpt-4o", "input": "Count to three.", "temperature": 0,
                   "max_output_tokens": 16}),
    "vectors": ("/openai/v1/embeddings", {
        "model": "text-embedding-3-small", "input": ["a boat", HARBOUR * 30, " "], "dimensions": 40}),
    "a picture": ("/openai/v1/images/generations", {
        "model": "gpt-image-1", "prompt": "two red boats at night", "quality": "low", "n": 2}),
}  # fmt: skip


def told(answer: Answer) -> Any:
    """What an answer says, without the names and times that each has of its own."""
    assert answer.status == 200, answer.body
    return _plain(answer.json)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    passing = {"id", "call_id", "created", "created_at", "completed_at"}
    return {name: _plain(one) for name, one in value.items() if name not in passing}


@pytest.fixture(scope="module")
def engine() -> Iterator[Llama]:
    engine = Llama(weights.CHAT.ensure(settings.home()), settings.home(), threads=1)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def served(engine: Llama) -> Iterator[Served]:
    with serving(Account(engine, ["a-key", "another-key"])) as service:
        yield service


@pytest.fixture(scope="module")
def alone(served: Served) -> dict[str, Any]:
    """What each request is told when nothing else goes on."""
    return {name: told(served.ask(*request)) for name, request in REQUESTS.items()}


def test_the_answers_are_whole(alone: dict[str, Any]) -> None:
    for name in ("greedy", "seeded", "two choices", "a long prompt", "a shape"):
        for choice in alone[name]["choices"]:
            logprobs = choice["logprobs"]["content"]
            assert choice["message"]["content"].startswith("".join(one["token"] for one in logprobs))
            assert all(len(one["top_logprobs"]) == 3 for one in logprobs)
    first, second = alone["two choices"]["choices"]
    assert first["message"] != second["message"], "each choice has a seed of its own"


def test_among_others_and_whatever_ran_before(served: Served, alone: dict[str, Any]) -> None:
    def leave() -> None:
        """Begin to read a stream, and go."""
        path, body = chat(HARBOUR * 3, temperature=1, max_tokens=400, stream=True)
        headers = {"api-key": served.key, "content-type": "application/json"}
        request = urllib.request.Request(served.endpoint + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read(2000)

    names = [*REQUESTS]
    random.Random(1).shuffle(names)
    with ThreadPoolExecutor(8) as eight:
        left = eight.submit(leave)
        answers = dict(zip(names, eight.map(lambda name: told(served.ask(*REQUESTS[name])), names), strict=True))
    left.result()
    for name in names:
        assert answers[name] == alone[name], name


def test_after_a_restart_in_a_process_of_its_own(alone: dict[str, Any], ask: Any) -> None:
    for name, (path, body) in REQUESTS.items():
        assert told(ask(path, body)) == alone[name], name


def test_on_two_threads(engine: Llama) -> None:
    jobs = [
        Job(messages=[{"role": "user", "content": "Say hello."}], temperature=1.0, seed=4, logprobs=2),
        Job(prompt=HARBOUR * 8, temperature=0.0, logprobs=2),  # longer than what the engine reads at once
    ]

    async def beginnings(engine: Llama) -> list[list[Piece]]:
        return [await _beginning(engine, job) for job in jobs]

    two = Llama(weights.CHAT.ensure(settings.home()), settings.home(), threads=2)
    try:
        assert asyncio.run(beginnings(two)) == asyncio.run(beginnings(engine))
    finally:
        two.close()


async def _beginning(engine: Llama, job: Job) -> list[Piece]:
    pieces = []
    async with contextlib.aclosing(engine.generate(job)) as generated:
        async for piece in generated:
            pieces.append(piece)
            if len(pieces) == 4:
                break
    return pieces
