"""Function calling in its older form: one call at most, in a field and with a finish_reason of its own."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from aoai_magic import tokens

V1 = "/openai/v1/chat/completions"
CLASSIC = "/openai/deployments/gpt-4o/chat/completions?api-version=2023-07-01-preview"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTIONS: list[Any] = [{"name": "weather", "description": "Today's weather", "parameters": CITY}]
ASKED: list[Any] = [{"role": "user", "content": "weather in Paris?"}]
CALLED: Any = {
    "role": "assistant",
    "content": None,
    "function_call": {"name": "weather", "arguments": '{"city":"Paris"}'},
}
RESULT: Any = {"role": "function", "name": "weather", "content": "rain"}


def body(**more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": ASKED, "functions": FUNCTIONS, **more}


@pytest.mark.parametrize("path", [V1, CLASSIC])
@pytest.mark.parametrize("choice", [{}, {"function_call": "auto"}, {"function_call": {"name": "weather"}}])
def test_a_function_is_called(ask: Any, path: str, choice: dict[str, Any]) -> None:
    [choice_] = ask(path, body(**choice)).json["choices"]
    message = choice_["message"]
    assert (choice_["finish_reason"], message["content"]) == ("function_call", None)
    assert message["function_call"] == {"name": "weather", "arguments": '{"city":""}'}
    assert "tool_calls" not in message


def test_none_calls_nothing(ask: Any) -> None:
    [choice] = ask(V1, body(function_call="none")).json["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "weather in Paris?")


def test_a_call_is_streamed(sdk: openai.OpenAI) -> None:
    chunks = list(sdk.chat.completions.create(**body(), stream=True))
    calls = [chunk.choices[0].delta.function_call for chunk in chunks if chunk.choices and chunk.choices[0].delta]
    assert [call.name for call in calls if call and call.name] == ["weather"]
    assert "".join(call.arguments or "" for call in calls if call) == '{"city":""}'
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "function_call"


def test_a_result_is_answered_and_billed(ask: Any) -> None:
    messages = [*ASKED, CALLED, RESULT]
    answer = ask(V1, body(messages=messages)).json
    assert answer["choices"][0]["message"]["content"] == "weather returned: rain"
    tools = [{"type": "function", "function": FUNCTIONS[0]}]
    assert answer["usage"]["prompt_tokens"] == tokens.count_chat(messages, "gpt-4o", tools)
    assert tokens.count_chat([CALLED], "gpt-4o") > tokens.count_chat([{"role": "assistant", "content": None}], "gpt-4o")


@pytest.mark.parametrize(
    ("wrong", "param", "message"),
    [
        ({"functions": []}, "functions", "empty array"),
        ({"functions": [{}]}, "functions[0].name", "Missing required parameter"),
        ({"functions": None, "function_call": "auto"}, "function_call", "only allowed when 'functions' are specified"),
        ({"function_call": {"name": "time"}}, "function_call", "no function named 'time' was specified"),
        ({"function_call": {}}, "function_call.name", "Missing required parameter"),
        ({"function_call": "required"}, "function_call", "Supported values are: 'none' and 'auto'."),
        ({"tools": [{"type": "function", "function": FUNCTIONS[0]}]}, "functions", "at the same time"),
        ({"messages": [*ASKED, {"role": "function", "content": "rain"}]}, "messages[1].name", "must have a 'name'"),
        (
            {"messages": [{"role": "assistant", "content": None, "function_call": {"name": "weather"}}]},
            "messages[0].function_call.arguments",
            "Missing required parameter",
        ),
    ],
)
def test_what_cannot_be_is_refused(ask: Any, wrong: dict[str, Any], param: str, message: str) -> None:
    answer = ask(V1, body(**wrong))
    assert (answer.status, answer.json["error"]["param"]) == (400, param)
    assert message in answer.json["error"]["message"]
