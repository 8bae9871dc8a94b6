"""Reasoning deployments: what they spend before they answer, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_magic import catalog
from aoai_magic.local.account import Account, Deployment
from aoai_magic.local.echo import Echo

from .serving import serving

CHAT = "/openai/v1/chat/completions"
RESPONSES = "/openai/v1/responses"
HI = [{"role": "user", "content": "one two three"}]
MODELS = ["o4-mini", "gpt-5", "gpt-5-mini", "gpt-5-nano"]


def chat(model: str = "gpt-5", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": HI, **more}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_small_budget_goes_into_reasoning_and_leaves_an_empty_answer(ask: Any, model: str, stream: bool) -> None:
    asked = chat(model, max_completion_tokens=30, stream=stream)
    answer = ask(CHAT, {**asked, "stream_options": {"include_usage": True}} if stream else asked)
    assert answer.status == 200
    if stream:
        _, _, end, usage, _ = answer.events
        finish, used = end["choices"][0]["finish_reason"], usage["usage"]
    else:
        finish, used = answer.json["choices"][0]["finish_reason"], answer.json["usage"]
        assert answer.json["choices"][0]["message"]["content"] == ""
    assert finish == "length"
    assert used["completion_tokens"] == used["completion_tokens_details"]["reasoning_tokens"] == 30


def test_more_effort_spends_more(ask: Any) -> None:
    spent = [
        ask(CHAT, chat(reasoning_effort=effort)).json["usage"]["completion_tokens_details"]["reasoning_tokens"]
        for effort in ("minimal", "low", "medium", "high")
    ]
    assert spent == sorted(spent)
    assert spent[0] == 0 < spent[-1]
    assert all(tokens % 64 == 0 for tokens in spent)


def test_the_same_request_spends_the_same(ask: Any) -> None:
    first, second = (ask(CHAT, chat()).json["usage"] for _ in range(2))
    assert first == second


def test_reasoning_counts_as_output(ask: Any) -> None:
    usage = ask(CHAT, chat(reasoning_effort="low")).json["usage"]
    assert usage["completion_tokens"] == usage["completion_tokens_details"]["reasoning_tokens"] + 3


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("name", "value", "code", "message"),
    [
        ("max_tokens", 5, "unsupported_parameter", "is not supported with this model. Use 'max_completion_tokens' instead."),
        ("logprobs", True, "unsupported_parameter", "is not supported with this model."),
        ("top_logprobs", 2, "unsupported_parameter", "is not supported with this model."),
        ("logit_bias", {"1": 5}, "unsupported_parameter", "is not supported with this model."),
        ("temperature", 0.2, "unsupported_value", "does not support 0.2 with this model. Only the default (1) value is supported."),
        ("top_p", 0.5, "unsupported_value", "does not support 0.5 with this model. Only the default (1) value is supported."),
        ("presence_penalty", 1, "unsupported_value", "does not support 1 with this model. Only the default (0) value is supported."),
        ("frequency_penalty", 1, "unsupported_value", "does not support 1 with this model. Only the default (0) value is supported."),
    ],
)  # fmt: skip
def test_sampling_is_refused_in_azures_words(
    ask: Any, model: str, name: str, value: Any, code: str, message: str
) -> None:
    answer = ask(CHAT, chat(model, **{name: value}))
    error = answer.json["error"]
    kind = "parameter" if code == "unsupported_parameter" else "value"
    assert answer.status == 400
    assert error == {
        "message": f"Unsupported {kind}: '{name}' {message}",
        "type": "invalid_request_error",
        "param": name,
        "code": code,
    }


def test_the_defaults_of_sampling_may_be_said(ask: Any) -> None:
    said = chat(temperature=1, top_p=1.0, presence_penalty=0, frequency_penalty=0)
    assert ask(CHAT, said).status == 200


def test_the_developer_speaks_where_the_system_did(ask: Any) -> None:
    told = [{"role": "developer", "content": "Be brief."}, *HI]
    developer = ask(CHAT, chat(messages=told)).json
    system = ask(CHAT, chat(messages=[{**told[0], "role": "system"}, *HI])).json
    assert developer["choices"][0]["message"]["content"] == "one two three"
    assert developer["usage"] == system["usage"]


def test_effort_and_verbosity_have_their_words(ask: Any) -> None:
    for name in ("reasoning_effort", "verbosity"):
        error = ask(CHAT, chat(**{name: "extreme"})).json["error"]
        assert (error["param"], error["code"]) == (name, "invalid_value")
    assert ask(CHAT, chat(verbosity="high", reasoning_effort="high")).status == 200


def test_other_models_know_nothing_of_effort(ask: Any) -> None:
    error = ask(CHAT, chat("gpt-4o", reasoning_effort="low")).json["error"]
    assert "reasoning_effort" in error["message"]


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_logprobs"])
def test_the_responses_api_refuses_sampling_too(ask: Any, name: str) -> None:
    answer = ask(RESPONSES, {"model": "gpt-5", "input": "hi", name: 0.5 if name != "top_logprobs" else 2})
    assert (answer.status, answer.json["error"]["param"]) == (400, name)


def test_newer_models_take_functions_in_the_responses_api_and_without_reasoning() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    account = Account(Echo())
    for name in ("gpt-5.6-sol", "gpt-6.1-sol"):
        model = catalog.model(name)
        assert model is not None
        account.deployments[name] = Deployment(name, model)
    with serving(account) as running:
        refused = running.ask(CHAT, chat("gpt-5.6-sol", tools=[tool])).json["error"]
        assert refused["message"].endswith("use /v1/responses or set reasoning_effort to 'none'.")
        assert refused["param"] == "reasoning_effort"
        assert running.ask(CHAT, chat("gpt-5.6-sol", tools=[tool], reasoning_effort="none")).status == 200
        never = running.ask(CHAT, chat("gpt-6.1-sol", tools=[tool], reasoning_effort="none")).json["error"]
        assert never["message"].endswith("use /v1/responses.")
        for name in account.deployments.keys() & {"gpt-5.6-sol", "gpt-6.1-sol"}:
            flat = {"type": "function", "name": "f"}
            assert running.ask(RESPONSES, {"model": name, "input": "hi", "tools": [flat]}).status == 200


def test_in_the_responses_api_reasoning_is_an_item(ask: Any) -> None:
    answer = ask(RESPONSES, {"model": "gpt-5", "input": "hi", "reasoning": {"effort": "low"}}).json
    assert [item["type"] for item in answer["output"]] == ["reasoning", "message"]
    assert answer["usage"]["output_tokens_details"]["reasoning_tokens"] % 64 == 0
    cut = ask(RESPONSES, {"model": "gpt-5", "input": "hi", "max_output_tokens": 16}).json
    assert (cut["status"], cut["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert [item["type"] for item in cut["output"]] == ["reasoning"]


def test_a_conversation_goes_on_over_reasoning(ask: Any) -> None:
    first = ask(RESPONSES, {"model": "gpt-5", "input": "hi", "reasoning": {"effort": "low"}}).json
    second = ask(RESPONSES, {"model": "gpt-5", "input": "you", "previous_response_id": first["id"]})
    assert second.status == 200


def test_an_effort_that_the_model_lacks_is_refused_in_the_words_of_each_api(ask: Any) -> None:
    said: Any = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}], "reasoning_effort": "none"}
    supported = "Supported values are: 'minimal', 'low', 'medium', and 'high'."
    error = ask("/openai/v1/chat/completions", said).json["error"]
    assert (error["code"], error["param"]) == ("unsupported_value", "reasoning_effort")
    assert error["message"] == (
        f"Unsupported value: 'reasoning_effort' does not support 'none' with this model. {supported}"
    )
    error = ask("/openai/v1/responses", {"model": "gpt-5", "input": "hi", "reasoning": {"effort": "none"}}).json[
        "error"
    ]
    assert (error["code"], error["param"]) == ("unsupported_value", "reasoning.effort")
    assert error["message"] == f"Unsupported value: 'none' is not supported with the 'gpt-5' model. {supported}"
    error = ask("/openai/v1/chat/completions", {**said, "reasoning_effort": "most"}).json["error"]
    assert (error["code"], error["param"]) == ("invalid_value", "reasoning_effort")
