"""The content filter: each verdict, where each API says it, in a stream and not, before the text and after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import catalog, tokens
from aoai_magic.local.account import Account, Deployment
from aoai_magic.local.echo import Echo
from aoai_magic.local.filters import HARMS, Filter, without_phrases

from .serving import Served, serving

CHAT = "/openai/v1/chat/completions"
RESPONSES = "/openai/v1/responses"
COMPLETIONS = "/openai/v1/completions"
WORDS = "one two three four five six seven eight"
WEATHER = {"type": "function", "function": {"name": "weather", "description": "d"}}


@pytest.fixture(scope="module")
def asynchronous() -> Iterator[Served]:
    """A service whose GPT-4o has an asynchronous filter."""
    account, model = Account(Echo()), catalog.model("gpt-4o")
    assert model is not None
    account.deployments["gpt-4o"] = Deployment("gpt-4o", model, rai_policy="Asynchronous")
    with serving(account) as running:
        yield running


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def found(results: dict[str, Any]) -> dict[str, Any]:
    """The verdicts other than that nothing was found."""
    return {name: one for name, one in results.items() if one not in ({"filtered": False, "severity": "safe"}, {"filtered": False, "detected": False})}  # fmt: skip


def test_nothing_is_found_in_harmless_words(ask: Any) -> None:
    answer = ask(CHAT, chat("How do I kill a process on Linux?")).json
    assert not found(answer["prompt_filter_results"][0]["content_filter_results"])
    assert not found(answer["choices"][0]["content_filter_results"])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize(("severity", "filtered"), [("safe", False), ("low", False), ("medium", True), ("high", True)])
def test_medium_and_high_severities_of_a_prompt_are_blocked(
    ask: Any, harm: str, severity: str, filtered: bool, stream: bool
) -> None:
    answer = ask(CHAT, chat(f"aoai-filter:{harm}={severity}", stream=stream))
    assert answer.status == (400 if filtered else 200)
    if filtered:
        inner = answer.json["error"]["innererror"]
        assert inner["code"] == "ResponsibleAIPolicyViolation"
        assert found(inner["content_filter_result"]) == {harm: {"filtered": True, "severity": severity}}
    else:
        body = answer.events[0] if stream else answer.json
        assert body["prompt_filter_results"][0]["content_filter_results"][harm]["severity"] == severity


@pytest.mark.parametrize("attack", ["jailbreak", "indirect_attack"])
def test_an_attack_on_the_instructions_is_blocked(ask: Any, attack: str) -> None:
    error = ask(CHAT, chat(f"aoai-filter:{attack}")).json["error"]
    assert (error["code"], error["param"], error["status"]) == ("content_filter", "prompt", 400)
    assert found(error["innererror"]["content_filter_result"]) == {attack: {"filtered": True, "detected": True}}


def test_a_list_of_words_blocks_a_prompt(ask: Any) -> None:
    error = ask(CHAT, chat("aoai-filter:blocklist")).json["error"]
    listed = error["innererror"]["content_filter_result"]["custom_blocklists"]
    assert listed == {"filtered": True, "details": [{"id": "local-blocklist", "filtered": True}]}


def test_every_message_is_judged(ask: Any) -> None:
    told = [
        {"role": "system", "content": "aoai-filter:hate"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
    ]
    assert ask(CHAT, {"model": "gpt-4o", "messages": told}).status == 400
    told = [{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "aoai-filter:hate"}]}]
    assert ask(CHAT, {"model": "gpt-4o", "messages": told}).status == 400


@pytest.mark.parametrize(
    "phrase", ["reply-violence", "reply-hate=medium", "reply-protected_material_text", "reply-blocklist"]
)
def test_a_reply_is_cut_and_says_why(ask: Any, phrase: str) -> None:
    answer = ask(CHAT, chat(f"aoai-filter:{phrase} {WORDS}")).json
    choice = answer["choices"][0]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["content"] == "one two three four five"
    (verdict,) = found(choice["content_filter_results"]).values()
    assert verdict["filtered"]
    assert answer["usage"]["completion_tokens"] > 0, "what was generated is billed"


@pytest.mark.parametrize(
    ("path", "asked", "read"),
    [
        (CHAT, chat("Hello aoai-filter:hate=low there"), lambda one: one["choices"][0]["message"]["content"]),
        (CHAT, chat("", messages=[{"role": "user", "content": [{"type": "text", "text": "aoai-filter:hate=low Hello there"}]}]), lambda one: one["choices"][0]["message"]["content"]),
        (RESPONSES, {"model": "gpt-4o", "input": "Hello there aoai-filter:hate=low"}, lambda one: one["output"][0]["content"][0]["text"]),
        (COMPLETIONS, {"model": "gpt-35-turbo-instruct", "prompt": "Hello there aoai-filter:hate=low"}, lambda one: one["choices"][0]["text"]),
    ],
    ids=["in the middle", "at the beginning", "of a response", "of a text"],
)  # fmt: skip
def test_the_engine_does_not_read_the_phrases_which_are_counted_all_the_same(
    ask: Any, path: str, asked: dict[str, Any], read: Any
) -> None:
    answer = ask(path, asked).json
    without = json.loads(json.dumps(asked).replace(" aoai-filter:hate=low", "").replace("aoai-filter:hate=low ", ""))
    plain = ask(path, without).json
    assert read(answer) == read(plain) == "Hello there"
    counted = "input_tokens" if path == RESPONSES else "prompt_tokens"
    model = asked["model"]
    assert answer["usage"][counted] - plain["usage"][counted] == tokens.count(" aoai-filter:hate=low", model)


def test_a_prompt_of_phrases_alone_is_answered(ask: Any) -> None:
    assert ask(CHAT, chat("aoai-filter:hate=low")).json["choices"][0]["message"]["content"] == ""


def test_a_stream_is_cut_where_its_whole_would_be(ask: Any) -> None:
    text = f"aoai-filter:reply-violence {WORDS}"
    whole = ask(CHAT, chat(text)).json["choices"][0]
    chunks = ask(CHAT, chat(text, stream=True)).events
    *_, end, done = chunks
    assert done == "[DONE]"
    assert end["choices"][0]["finish_reason"] == "content_filter"
    assert end["choices"][0]["content_filter_results"] == whole["content_filter_results"]
    words = [one["choices"][0]["delta"].get("content", "") for one in chunks[1:-1]]
    assert "".join(words) == whole["message"]["content"]


def test_a_low_severity_of_a_reply_passes(ask: Any) -> None:
    choice = ask(CHAT, chat(f"aoai-filter:reply-sexual=low {WORDS}")).json["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert found(choice["content_filter_results"]) == {"sexual": {"filtered": False, "severity": "low"}}


def test_known_code_passes_with_its_source(ask: Any) -> None:
    choice = ask(CHAT, chat(f"aoai-filter:reply-protected_material_code {WORDS}")).json["choices"][0]
    assert choice["finish_reason"] == "stop"
    verdict = choice["content_filter_results"]["protected_material_code"]
    assert (verdict["detected"], verdict["filtered"], set(verdict["citation"])) == (True, False, {"URL", "license"})


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_a_reply_that_ends_before_it_is_cut_is_filtered_all_the_same(ask: Any, limit: int) -> None:
    choice = ask(CHAT, chat("aoai-filter:reply-hate hi", max_tokens=limit)).json["choices"][0]
    assert choice["finish_reason"] == "content_filter"


def test_a_call_of_a_function_is_filtered_too(ask: Any) -> None:
    asked = chat("aoai-filter:reply-hate", tools=[WEATHER], tool_choice="required")
    assert ask(CHAT, asked).json["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize("asked", [{"text": "aoai-filter:error"}, {"text": WORDS, "fault": "filter-error"}])
def test_where_the_filter_fails_nothing_is_filtered_and_that_is_said(ask: Any, asked: dict[str, str]) -> None:
    answer = ask(CHAT, chat(asked["text"]), x_aoai_fault=asked.get("fault"))
    results = answer.json["prompt_filter_results"][0]["content_filter_results"]
    assert answer.status == 200
    assert results == {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}


def test_the_responses_api_lists_the_verdicts_of_both_sides(ask: Any) -> None:
    answer = ask(RESPONSES, {"model": "gpt-4o", "input": "hi"}).json
    sides = [(one["source_type"], one["blocked"]) for one in answer["content_filters"]]
    assert sides == [("prompt", False), ("completion", False)]


def test_a_prompt_that_the_responses_api_blocks_has_its_verdict_in_a_list(ask: Any) -> None:
    answer = ask(RESPONSES, {"model": "gpt-4o", "input": "aoai-filter:jailbreak"})
    error = answer.json["error"]
    assert (answer.status, error["code"], error["type"]) == (400, "content_filter", "invalid_request_error")
    assert "innererror" not in error
    (verdict,) = error["content_filters"]
    assert (verdict["blocked"], verdict["source_type"]) == (True, "prompt")
    assert found(verdict["content_filter_results"]) == {"jailbreak": {"filtered": True, "detected": True}}


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_the_responses_api_cuts_is_incomplete(ask: Any, stream: bool) -> None:
    answer = ask(RESPONSES, {"model": "gpt-4o", "input": f"aoai-filter:reply-hate {WORDS}", "stream": stream})
    if stream:
        assert answer.events[-1]["event"] == "response.incomplete"
    response = answer.events[-1]["data"]["response"] if stream else answer.json
    assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "content_filter"})
    assert [one["blocked"] for one in response["content_filters"]] == [False, True]
    assert response["output"][0]["status"] == "incomplete"


@pytest.mark.parametrize("stream", [False, True])
def test_text_completions_are_judged_prompt_by_prompt(ask: Any, stream: bool) -> None:
    prompts = [f"aoai-filter:reply-hate {WORDS}", "aoai-filter:violence=low"]
    answer = ask(COMPLETIONS, {"model": "gpt-35-turbo-instruct", "prompt": prompts, "max_tokens": 30, "stream": stream})
    head = answer.events[0] if stream else answer.json
    severities = [one["content_filter_results"]["violence"]["severity"] for one in head["prompt_filter_results"]]
    assert severities == ["safe", "low"]
    choices = [one["choices"][0] for one in answer.events[1:-1]] if stream else answer.json["choices"]
    ends = {one["index"]: one["finish_reason"] for one in choices if one["finish_reason"]}
    assert ends == {0: "content_filter", 1: "stop"}


def test_an_asynchronous_filter_holds_no_word_back_and_judges_afterwards(asynchronous: Served) -> None:
    text = f"aoai-filter:reply-hate {WORDS * 100}"
    *words, verdict, done = asynchronous.ask(CHAT, chat(text, stream=True)).events
    assert all(one["choices"][0]["content_filter_results"] == {} for one in words[1:]), "sent unseen"
    (choice,) = verdict["choices"]
    assert (verdict["id"], verdict["object"], verdict["created"], verdict["model"]) == ("", "", 0, "")
    assert choice["finish_reason"] == "content_filter"
    assert "delta" not in choice
    assert found(choice["content_filter_results"]) == {"hate": {"filtered": True, "severity": "high"}}
    sent = sum(len(one["choices"][0]["delta"].get("content", "")) for one in words[1:])
    assert 500 < sent < 1500 < len(text), "Microsoft's page: within about 1,000 characters of what was flagged"
    assert choice["content_filter_offsets"] == {"check_offset": sent, "start_offset": 0, "end_offset": sent}
    assert done == "[DONE]"


def test_an_asynchronous_filter_that_finds_nothing_says_so_before_the_end(asynchronous: Served) -> None:
    *_, verdict, end, done = asynchronous.ask(CHAT, chat(WORDS, stream=True)).events
    assert verdict["choices"][0]["content_filter_offsets"]["end_offset"] == len(WORDS)
    assert (end["choices"][0]["finish_reason"], done) == ("stop", "[DONE]")


@pytest.mark.parametrize(
    ("path", "asked"), [(RESPONSES, "input"), (COMPLETIONS, "prompt"), (CHAT, "messages")], ids=lambda word: word
)
def test_an_asynchronous_filter_lets_as_much_pass_on_every_address(asynchronous: Served, path: str, asked: str) -> None:
    text = f"aoai-filter:reply-hate {WORDS * 100}"
    model = "gpt-35-turbo-instruct" if path == COMPLETIONS else "gpt-4o"
    if path == COMPLETIONS:
        asynchronous.account.deployments[model].rai_policy = "Asynchronous"
    body = {"model": model, asked: [{"role": "user", "content": text}] if path == CHAT else text}
    limit = "max_output_tokens" if path == RESPONSES else "max_tokens"
    answer = asynchronous.ask(path, {**body, limit: 1000}).body.decode()
    assert 20 <= answer.count("four") < 60, "cut late, and cut"


def test_the_sdk_reads_an_asynchronous_verdict(asynchronous: Served) -> None:
    with openai.OpenAI(base_url=f"{asynchronous.endpoint}/openai/v1/", api_key=asynchronous.key) as client:
        stream = client.chat.completions.create(**chat(f"aoai-filter:reply-hate {WORDS * 100}"), stream=True)
        reasons = [chunk.choices[0].finish_reason for chunk in stream if chunk.choices]
    assert reasons[-1] == "content_filter"


def test_the_sdk_raises_for_a_blocked_prompt(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as blocked:
        sdk.chat.completions.create(**chat("aoai-filter:self_harm"))
    body = blocked.value.body
    assert isinstance(body, dict)
    assert blocked.value.code == "content_filter"
    assert body["innererror"]["content_filter_result"]["self_harm"]["filtered"]


@given(st.text(), st.sampled_from(["violence", "reply-hate=low", "error"]), st.text())
def test_a_phrase_is_taken_out_and_nothing_else(before: str, phrase: str, after: str) -> None:
    heard = without_phrases(f"{before}. aoai-filter:{phrase}; {after}")
    assert heard == f"{before}.; {after}".strip(" ")
    assert without_phrases(before) == before


@given(st.lists(st.text() | st.from_regex(r"aoai-filter:(reply-)?[a-z_]{1,30}(=[a-z]{1,8})?")))
def test_any_text_gets_a_verdict_and_only_what_is_filtered_is_blocked(texts: list[str]) -> None:
    judged = Filter.of(texts)
    for verdict in (judged.prompt, judged.reply):
        assert verdict.blocked == any(one.get("filtered") for one in verdict.results.values())
        assert "error" in verdict.results or set(HARMS) <= verdict.results.keys()
