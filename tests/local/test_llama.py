"""The real small model."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import openai
import pytest

pytestmark = pytest.mark.llama

ASK: Any = [{"role": "user", "content": "In one sentence, what is a language model?"}]
LONG: Any = [{"role": "user", "content": "Write a long story about a lighthouse."}]


def test_it_answers_and_says_who_it_is(sdk: openai.OpenAI) -> None:
    reply = sdk.chat.completions.with_raw_response.create(model="gpt-4o", messages=ASK, temperature=0)
    assert reply.headers["x-aoai-local-model"] == "SmolLM2-135M-Instruct.Q4_1"
    whole = reply.parse()
    assert whole.system_fingerprint == "fp_local_smollm2-135m-instruct-q4_1"
    assert whole.choices[0].finish_reason == "stop"
    assert "language" in (whole.choices[0].message.content or "")
    assert whole.usage is not None
    assert whole.usage.prompt_tokens == 17


def test_it_streams_token_by_token(sdk: openai.OpenAI) -> None:
    with sdk.chat.completions.create(model="gpt-4o", messages=ASK, temperature=0, stream=True) as stream:
        pieces = [
            chunk.choices[0].delta.content for chunk in stream if chunk.choices and chunk.choices[0].delta.content
        ]
    assert len(pieces) > 5


def test_greedy_and_seeded_replies_are_the_same_every_time(sdk: openai.OpenAI) -> None:
    for options in ({"temperature": 0}, {"temperature": 0.9, "seed": 7}):
        texts = {
            sdk.chat.completions.create(model="gpt-4o", messages=ASK, max_tokens=40, **options)  # type: ignore[call-overload]
            .choices[0].message.content
            for _ in range(3)
        }  # fmt: skip
        assert len(texts) == 1, options


def test_other_seeds_give_other_replies(sdk: openai.OpenAI) -> None:
    texts = {
        sdk.chat.completions.create(model="gpt-4o", messages=LONG, max_tokens=30, temperature=1.2, seed=seed)
        .choices[0].message.content
        for seed in range(3)
    }  # fmt: skip
    assert len(texts) > 1


def test_the_limit_is_in_the_deployments_tokens(sdk: openai.OpenAI) -> None:
    for limit in (1, 7, 20):
        whole = sdk.chat.completions.create(model="gpt-4o", messages=LONG, max_tokens=limit, temperature=0)
        assert whole.choices[0].finish_reason == "length"
        assert whole.usage is not None
        assert whole.usage.completion_tokens == limit


def test_a_stop_text_ends_the_reply(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(model="gpt-4o", messages=LONG, stop=["."], temperature=0, max_tokens=60)
    assert "." not in (whole.choices[0].message.content or "")
    assert whole.choices[0].finish_reason == "stop"


def test_a_client_that_leaves_frees_its_slot_at_once(sdk: openai.OpenAI) -> None:
    for _ in range(6):  # more than there are slots
        with sdk.chat.completions.create(model="gpt-4o", messages=LONG, max_tokens=500, stream=True) as stream:
            next(chunk for chunk in stream if chunk.choices and chunk.choices[0].delta.content)
    started = time.perf_counter()
    sdk.chat.completions.create(model="gpt-4o", messages=ASK, max_tokens=1)
    assert time.perf_counter() - started < 5


def test_more_clients_than_slots_are_all_answered(sdk: openai.OpenAI) -> None:
    texts: list[str | None] = []

    def ask() -> None:
        whole = sdk.chat.completions.create(model="gpt-4o", messages=ASK, max_tokens=8, temperature=0)
        texts.append(whole.choices[0].message.content)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 8
    assert len(set(texts)) == 1, "whoever else is served, the reply is the same"


def test_a_prompt_too_long_for_the_engine_is_answered_from_its_system_message_and_tail(sdk: openai.OpenAI) -> None:
    long: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "word " * 6000}]
    raw = sdk.chat.completions.with_raw_response.create(model="gpt-4o", messages=long, max_tokens=4)
    reply = raw.parse()
    assert reply.choices[0].message.content
    assert reply.usage is not None
    assert reply.usage.prompt_tokens > 6000, "counted whole"
    assert int(raw.headers["x-aoai-local-cut"]) > 2000


def test_the_status_line_says_what_the_model_did_not_see() -> None:
    import aoai_magic as aoai

    reply = aoai.chat("word " * 6000, max_tokens=2)
    assert reply.unseen_tokens > 2000
    assert "left out" in reply.status(watched=False)


def test_a_model_of_the_users_own_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import aoai_magic as aoai
    from aoai_magic import settings
    from aoai_magic.local import launch, weights

    own = tmp_path / "my-own.gguf"
    own.symlink_to(weights.CHAT.ensure(settings.home()))
    copy = tmp_path / "copy.gguf"
    copy.hardlink_to(own.resolve())
    monkeypatch.setenv("AOAI_LOCAL_MODEL", str(copy))
    reply = aoai.chat("Hi", max_tokens=3)
    assert reply.model == "copy"
    service = launch.find(settings.local())
    assert service is not None
    launch.stop(service)
