"""Several answers at once, and answers that are none: empty, cut, refused."""

from __future__ import annotations

from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic.base_reply import Usage
from aoai_magic.reply import Choice, Reply


def last() -> Any:
    assert aoai.last is not None
    return aoai.last


def test_all_answers_are_shown_each_under_its_number(run: Any) -> None:
    printed = run("%%chat -n 2\nSay hello")
    assert printed.startswith("[1 of 2]\n\nSay hello\n\n[2 of 2]\n\nSay hello\n\ngpt-4o · ")
    assert [str(choice) for choice in last()] == ["Say hello", "Say hello"]


def test_what_is_shown_does_not_depend_on_the_stream(run: Any) -> None:
    assert run("%%chat -n 3 --no-stream\none two") == run("%%chat -n 3\none two")


def test_of_texts_that_are_continued_too(run: Any) -> None:
    assert run("%%complete -n 2\nOnce").startswith("[1 of 2]\n\nOnce\n\n[2 of 2]\n\nOnce")


def test_each_answer_is_markdown_of_its_own() -> None:
    open_fence = Reply({}, "d", "azure", [Choice("```python\nx = 1", "stop"), Choice("**b**", "stop")])
    html = open_fence.bundle()["text/html"]
    assert "<strong>b</strong>" in html
    assert html.index("1 of 2") < html.index("2 of 2")


def test_as_text_they_have_no_numbers(run: Any) -> None:
    assert run("%%chat -n 2 -f text\nhi").startswith("hi\n\nhi\n\ngpt-4o")


def test_an_answer_that_went_into_reasoning_says_what_to_set(run: Any) -> None:
    printed = run("%%chat gpt-5 --effort medium --max-tokens 100\nWhy?")
    assert printed.startswith(
        "[The limit left nothing for an answer: 100 tokens went into reasoning. Raise --max-tokens, or have it think less: --effort minimal.]"
    )
    assert "(100 of them reasoning)" in printed
    assert "empty: cut at the token limit" in last().status()
    assert last().finish_reason == "length"
    assert "Raise --max-tokens" in last()._repr_mimebundle_()[0]["text/html"]


def test_a_model_that_thinks_least_already_gets_no_such_advice() -> None:
    reply = Reply(
        {"reasoning_effort": "low"}, "o4-mini", "azure", [Choice("", "length")], usage=Usage(1, 9, reasoning_tokens=9)
    )
    assert "--effort" not in reply.emptied
    assert "raise --max-tokens" in Reply({}, "d", "azure", [Choice("", "length")]).emptied
    assert Reply({}, "d", "azure", [Choice("cut", "length")]).emptied == ""


def test_of_several_it_is_said_how_many_were_cut() -> None:
    reply = Reply({}, "d", "azure", [Choice("a", "stop"), Choice("b", "length"), Choice("c", "length")])
    assert reply.status(watched=False) == "d · cut at the token limit (2 of 3)"


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_refusal_is_shown_and_is_no_answer(run: Any, cloud: Any, api: str) -> None:
    refusal = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    item = {"type": "message", "content": [{"type": "refusal", "refusal": "I can't help with that."}]}
    cloud.answer(
        200,
        {"model": "m", "choices": [{"index": 0, "message": refusal, "finish_reason": "stop"}]}
        if api == "chat"
        else {"object": "response", "model": "m", "status": "completed", "output": [item]},
    )
    aoai.connect(f"{cloud.url}/v1", deployment="m")
    printed = run(f"%%chat --api {api}\nhi")
    assert printed.startswith("I can't help with that.\n\nm · ")
    assert "refused by the model" in printed
    assert (last().text, last()[0].refusal) == ("", "I can't help with that.")
    assert repr(last()) == "I can't help with that."
    assert last().messages[0]["refusal"] == "I can't help with that."


def test_a_streamed_refusal_is_put_together(cloud: Any) -> None:
    parts = [
        {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"refusal": word}}]} for word in ("I ", "can't.")
    ]
    cloud.stream(
        *parts, {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, "data: [DONE]\n\n"
    )
    aoai.connect(f"{cloud.url}/v1", deployment="m")
    assert aoai.chat("hi")[0].refusal == "I can't."
