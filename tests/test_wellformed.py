"""Answers of services that say anything: each is a reply or an error of ours, and no budget grows by one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import ledger
from aoai_magic.errors import AoaiError, NoAnswerError

from .cloud import Cloud

ODD = [{"a": 1}, -5, 1e308, "x"]
TOKEN = {"token": "hi", "logprob": -0.1, "bytes": [104, 105]}
CHOICE = {
    "index": 0,
    "finish_reason": "stop",
    "message": {"role": "assistant", "content": "hi", "tool_calls": [], "refusal": None},
    "logprobs": {"content": [{**TOKEN, "top_logprobs": [TOKEN]}]},
    "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
}
WHOLE = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-2024-11-20",
    "choices": [CHOICE],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"jailbreak": {"detected": True}}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}},
}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*at, key))


def changed(whole: Any, at: tuple[Any, ...], value: Any) -> Any:
    made = inner = copy.deepcopy(whole)
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return made


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_answer_of_another_shape_is_a_reply_or_an_error_of_ours(cloud: Cloud, odd: Any, stream: bool) -> None:
    whole: Any = copy.deepcopy(WHOLE)
    if stream:
        whole["choices"][0]["delta"] = whole["choices"][0].pop("message")
    for at in places(whole):
        body = changed(whole, at, odd)
        cloud._queue.clear()
        cloud.stream(body, "data: [DONE]\n\n") if stream else cloud.answer(200, body)
        aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
        try:
            reply = aoai.chat("hi", stream=stream)
        except AoaiError as error:
            assert len(str(error).splitlines()) <= 3
        else:
            reply.status(), reply.bundle(), reply.to_dict(), repr(reply)
        assert aoai.estimate("hi"), "the next cell is none the worse for it"


def test_no_budget_grows_by_what_a_service_says_it_used(cloud: Cloud) -> None:
    cloud.answer(200, {**WHOLE, "usage": {"prompt_tokens": -(10**9), "completion_tokens": 2}})
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o", serves="gpt-4o")
    with pytest.raises(NoAnswerError, match="something other than a completion"):
        aoai.chat("hi", stream=False, max_tokens=10)
    entry = ledger.reserve("openai", "gpt-4o", "chat", tokens=1, cheapest=0.1, dearest=0.2)
    entry.sending()
    entry.settle("stop", price=-5.0)
    assert not (aoai.usage().price < 0).any()
    assert aoai.usage().unknown_up_to.iloc[-1] == 0.2


@pytest.mark.parametrize("field", ["code", "param", "message", "type"])
def test_an_error_of_another_shape_is_one_of_ours(cloud: Cloud, field: str) -> None:
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    for status in (400, 404, 429):
        for odd in ODD:
            cloud._queue.clear()
            cloud.answer(status, {"error": {"code": "c", "message": "m", "param": "p", field: odd}}, retry_after="0")
            with pytest.raises(AoaiError):
                aoai.chat("hi", stream=False)


def test_a_text_that_is_none_is_handed_to_nobody(cloud: Cloud) -> None:
    cloud.answer(200, changed(WHOLE, ("choices", 0, "message", "content"), {"a": 1}))
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    told: list[str] = []
    with pytest.raises(NoAnswerError, match="something other than a completion"):
        aoai.chat("hi", stream=False, on_text=told.append)
    assert told == []
