"""Models that call functions of the notebook: asked, called, and asked again, in the real shell and service."""

from __future__ import annotations

import json
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger
from aoai_magic.tools import ToolCall

DEFINED = """
calls = []
def weather(city: str, days: int = 1) -> str:
    "The weather of a city."
    calls.append((city, days))
    return f"7 °C in {city!r}"
def broken(city: str = "") -> str:
    "Breaks."
    raise RuntimeError("no\\nnetwork")
def stop() -> str:
    "Stops."
    raise KeyboardInterrupt
"""
READY = {
    "type": "function",
    "function": {"name": "ready", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
}


@pytest.fixture(autouse=True)
def _defined(run: Any) -> None:
    run(DEFINED)


def last() -> Any:
    assert aoai.last is not None
    return aoai.last


def asks(*calls: tuple[str, str], text: str | None = None) -> dict[str, Any]:
    """An answer of the cloud that asks for calls."""
    asked = [
        {"id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": given}}
        for at, (name, given) in enumerate(calls)
    ]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "tool_calls": asked},
        "finish_reason": "tool_calls",
    }
    return {
        "id": "c",
        "model": "m",
        "choices": [choice],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


@pytest.fixture
def asking(cloud: Any) -> Any:
    """A cloud that asks for calls, one answer after another, and says in the end that it is done."""

    def ask(*answers: dict[str, Any]) -> Any:
        for one in answers:
            cloud.answer(200, one)
        cloud.completion("done", "m")
        aoai.connect(f"{cloud.url}/v1", deployment="m")
        return cloud

    return ask


def results(cloud: Any) -> list[str]:
    """What the last request hands over as results."""
    return [one["content"] for one in cloud.asked[-1].json["messages"] if one["role"] == "tool"]


@pytest.mark.parametrize(
    "line", ["", "--no-stream", "--api responses", "--api responses --no-stream", "gpt-5 --effort low"]
)
def test_a_function_is_called_and_its_result_spoken_of(run: Any, shell: Any, line: str) -> None:
    printed = run(f"%%chat {line} --tools weather\nweather in Oslo?")
    assert shell.user_ns["calls"] == [("", 1)]
    assert printed.startswith("▸ weather(city='') → 7 °C in ''\n\nweather returned: 7 °C in ''\n\n")
    assert " · 2 requests · " in printed
    (call,) = last().tool_calls
    assert (call.name, call.arguments, call.result, call.failed) == ("weather", {"city": ""}, "7 °C in ''", False)
    assert last().text == "weather returned: 7 °C in ''"


def test_python_does_the_same(shell: Any) -> None:
    told: list[tuple[str, str | None]] = []
    reply = aoai.chat(
        "weather?", tools=[shell.user_ns["weather"]], on_call=lambda call: told.append((call.name, call.result))
    )
    assert reply.text.startswith("weather returned")
    assert told == [("weather", None), ("weather", "7 °C in ''")]
    assert [message["role"] for message in reply.messages] == ["assistant", "tool", "assistant"]


def test_async_functions_are_awaited_in_one_loop_that_serves_all_calls(run: Any, asking: Any) -> None:
    run("""
import asyncio
loops = []
async def weather(city: str):
    "The weather of a city."
    await asyncio.sleep(0.01)
    loops.append(asyncio.get_running_loop())
    return {"degrees": len(city)}
async def broken():
    "Breaks."
    raise RuntimeError("no network")
async def numbers(up_to: int):
    "Counts."
    for n in range(up_to):
        yield n
def shout(city: str):
    "A function that returns what is to be awaited."
    async def later():
        return city.upper()
    return later()
""")
    cloud = asking(
        asks(("weather", '{"city": "Oslo"}'), ("broken", "{}"), ("numbers", '{"up_to": 3}'), ("shout", '{"city": "Ulm"}')),
        asks(("weather", '{"city": "Rome"}')),
    )  # fmt: skip
    run("%%chat --tools weather,broken,numbers,shout\nweather?")
    assert results(cloud) == ['{"degrees":4}', "Error: RuntimeError: no network", "[0,1,2]", "ULM", '{"degrees":4}']
    run("assert len(loops) == 2 and len(set(loops)) == 1")


def test_a_notebook_shows_a_short_call_in_a_line_and_others_folded(run: Any, shell: Any) -> None:
    run("%%chat -q --tools weather\nweather?")
    html = last().bundle()["text/html"]
    assert "<details" not in html
    assert html.index("weather(city='') → 7 °C in ''</p>") < html.index("weather returned")
    run("def forecast(city: str):\n    return 'wind and rain\\n' * 9")
    run("%%chat -q --tools forecast\nforecast?")
    assert "<summary>forecast(city='')</summary>" in last().bundle()["text/html"]


def test_every_request_is_foreseen_and_billed_by_itself(run: Any) -> None:
    run("%%chat -q --tools weather\nweather?")
    rows = ledger.rows()
    assert [row["outcome"] for row in rows] == ["tool_calls", "stop"]
    assert [row["prompt_tokens"] for row in rows] == [one.usage.prompt_tokens for one in last().rounds]
    assert [one.estimate.prompt_tokens for one in last().rounds] == [row["prompt_tokens"] for row in rows]
    assert last().usage.prompt_tokens == sum(row["prompt_tokens"] for row in rows)
    assert last().azure_cost == pytest.approx(sum(row["azure_price"] for row in rows))
    assert last().cost == 0
    total = f"{last().usage.prompt_tokens:,}"
    assert run("%aoai estimate").splitlines()[1].split() == ["prompt", "tokens", total, total]
    assert len(last().to_dict()["rounds"]) == 2


def test_a_budget_is_for_all_rounds_together(run: Any, shell: Any) -> None:
    run("%%chat -q --tools weather --max-tokens 100\nweather?")
    first = last().rounds[0].azure_cost
    with pytest.raises(errors.BudgetError) as caught:
        run(f"%%chat --tools weather --max-tokens 100 --budget {first * 1.5:.7f}\nweather?")
    reply = caught.value.reply
    assert reply is last()
    assert [call.result for call in reply.tool_calls] == ["7 °C in ''"]  # type: ignore[union-attr]
    assert "▸ weather(city='') → 7 °C in ''" in caught.value.shown  # type: ignore[attr-defined]


def test_calls_are_made_in_their_order(run: Any, shell: Any, asking: Any) -> None:
    cloud = asking(
        asks(("weather", '{"city": "Oslo"}'), ("weather", '{"city": "Rome", "days": 2}'), text="Let me look.")
    )
    printed = run("%%chat --tools weather\nweather?")
    assert shell.user_ns["calls"] == [("Oslo", 1), ("Rome", 2)]
    assert results(cloud) == ["7 °C in 'Oslo'", "7 °C in 'Rome'"]
    assert printed.startswith(
        "Let me look.\n\n▸ weather(city='Oslo') → 7 °C in 'Oslo'\n\n▸ weather(city='Rome', days=2) → 7 °C in 'Rome'\n\ndone\n\n"
    )


def test_several_rounds_follow_each_other(run: Any, asking: Any) -> None:
    cloud = asking(*[asks(("weather", json.dumps({"city": city}))) for city in ("Oslo", "Rome")])
    run("%%chat -q --tools weather\nweather?")
    assert len(cloud.asked) == 3
    assert results(cloud) == ["7 °C in 'Oslo'", "7 °C in 'Rome'"]
    assert [len(one.request["messages"]) for one in last().rounds] == [1, 3, 5]


@pytest.mark.parametrize(
    ("name", "given", "result"),
    [
        ("weather", '{"city": 7}', "Error: city: Input should be a valid string"),
        ("weather", "{}", "Error: city: Missing required argument"),
        ("weather", '{"city": "Oslo", "mood": 1}', "Error: mood: Unexpected keyword argument"),
        ("weather", '{"city": "Oslo"', "Error: Invalid JSON: EOF while parsing an object at line 1 column 15"),
        ("weather", '["Oslo", 1, 2]', "Error: 2: Unexpected positional argument"),
        ("broken", "{}", "Error: RuntimeError: no network"),
        ("broken", "", "Error: RuntimeError: no network"),
        ("nonsense", "{}", "Error: LookupError: there is no function 'nonsense'; there are weather, broken"),
    ],
)
def test_what_goes_wrong_goes_back_to_the_model(run: Any, asking: Any, name: str, given: str, result: str) -> None:
    cloud = asking(asks((name, given)))
    printed = run("%%chat --tools weather,broken\nweather?")
    assert results(cloud) == [result]
    assert last().tool_calls[0].failed
    assert result in printed
    assert last().text == "done"


def test_a_long_error_is_cut(run: Any, asking: Any) -> None:
    run("def long() -> str:\n    raise ValueError('x' * 5_000)")
    cloud = asking(asks(("long", "{}")))
    run("%%chat -q --tools long\ngo")
    assert len(results(cloud)[0]) < 600


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        ("'as it is'", "as it is"),
        ("{'a': [1, 2.5, None, True]}", '{"a":[1,2.5,null,true]}'),
        ("None", "null"),
        ("__import__('datetime').date(2026, 1, 2)", '"2026-01-02"'),
        ("__import__('pandas').DataFrame({'city': ['Oslo'], 'rain': [763]})", "city,rain\nOslo,763"),
        ("(one for one in (1, 2))", "[1,2]"),
        ("object", "\"<class 'object'>\""),
        ("'x' * 2_000_000", "Error: ValueError: the result is too long: 2,000,000 characters"),
    ],
)
def test_what_a_function_returns_is_text_for_the_model(run: Any, asking: Any, returned: str, text: str) -> None:
    run(f"def look():\n    'Look.'\n    return {returned}")
    cloud = asking(asks(("look", "{}")))
    run("%%chat -q --tools look\ngo")
    assert results(cloud) == [text]


def test_arguments_have_the_types_of_the_signature(run: Any, shell: Any, asking: Any) -> None:
    run(
        "import datetime, pydantic\nclass Place(pydantic.BaseModel):\n    name: str\n"
        "seen = []\ndef look(when: datetime.date, place: Place, tags: set[str] = set()) -> str:\n    'Look.'\n    seen.append((when, place, tags))\n    return ''"
    )
    asking(asks(("look", '{"when": "2026-01-02", "place": {"name": "Oslo"}, "tags": ["a", "a"]}')))
    run("%%chat -q --tools look\ngo")
    ((when, place, tags),) = shell.user_ns["seen"]
    assert (str(when), place, tags) == ("2026-01-02", shell.user_ns["Place"](name="Oslo"), {"a"})


def test_a_model_that_never_answers_is_stopped_and_nothing_is_lost(run: Any, shell: Any, cloud: Any) -> None:
    cloud.answer(200, asks(("weather", '{"city": "Oslo"}')))
    aoai.connect(f"{cloud.url}/v1", deployment="m")
    with pytest.raises(errors.ToolError, match="after 2 rounds of calls") as caught:
        run("%%chat --tools weather --rounds 2 -o kept\nweather?")
    assert len(str(caught.value).splitlines()) == 3
    assert caught.value.fix.startswith("--rounds 4")
    assert len(cloud.asked) == 3
    assert len(shell.user_ns["calls"]) == 2
    reply = shell.user_ns["kept"]
    assert reply is caught.value.reply is aoai.last
    assert [call.failed for call in reply.tool_calls] == [False, False, True]
    assert len(reply.rounds) == 3
    assert caught.value.shown.count("▸ weather") == 3  # type: ignore[attr-defined]


def test_five_rounds_are_the_most_where_nobody_says(shell: Any, cloud: Any) -> None:
    cloud.answer(200, asks(("weather", '{"city": "Oslo"}')))
    aoai.connect(f"{cloud.url}/v1", deployment="m")
    with pytest.raises(errors.ToolError, match="after 5 rounds"):
        aoai.chat("weather?", tools=[shell.user_ns["weather"]])
    assert len(cloud.asked) == 6


def test_a_tool_that_must_be_called_must_be_so_once(shell: Any, asking: Any) -> None:
    cloud = asking(asks(("weather", '{"city": "Oslo"}')))
    aoai.chat("weather?", tools=[shell.user_ns["weather"]], tool_choice="required", parallel_tool_calls=False)
    assert [one.json.get("tool_choice") for one in cloud.asked] == ["required", None]
    assert [one.json["parallel_tool_calls"] for one in cloud.asked] == [False, False]


@pytest.mark.parametrize(("typed", "made"), [("y", True), ("YES", True), ("", False), ("n", False), ("what?", False)])
def test_a_call_is_made_if_it_is_approved(
    run: Any, shell: Any, monkeypatch: pytest.MonkeyPatch, typed: str, made: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or typed)
    run("%%chat -q --tools weather --approve\nweather?")
    assert asked == ["Call weather(city='')? [y/N] "]
    assert bool(shell.user_ns["calls"]) == made
    assert last().tool_calls[0].failed != made
    if not made:
        assert last().text == "weather returned: Error: the user declined this call."


def test_an_end_of_input_is_a_no(run: Any, shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", end)
    run("%%chat -q --tools weather --approve\nweather?")
    assert shell.user_ns["calls"] == []
    assert last().tool_calls[0].failed


def test_the_question_shows_no_control_characters(run: Any, asking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asking(asks(("weather", json.dumps({"city": "\x1b[2J\u202e"}))))
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    run("%%chat -q --tools weather --approve\nweather?")
    assert "\x1b" not in asked[0]
    assert "\u202e" not in asked[0]


def test_where_nobody_can_answer_nothing_is_sent(run: Any) -> None:
    with pytest.raises(errors.OptionError, match="nobody can answer here"):
        run("%%chat --tools weather --approve\nweather?")
    assert ledger.rows() == []


@pytest.mark.parametrize(
    "line", ["--approve", "--rounds 3", "--rounds 3 --dry-run", "--compare gpt-4o,gpt-4.1 --rounds 3"]
)
def test_options_about_tools_need_some(run: Any, line: str) -> None:
    with pytest.raises(errors.OptionError, match="is about --tools"):
        run(f"%%chat {line}\nhi")


def test_an_interrupt_in_a_call_keeps_all_that_came(run: Any, shell: Any, asking: Any) -> None:
    asking(asks(("weather", '{"city": "Oslo"}'), ("stop", "{}"), ("weather", '{"city": "Rome"}')))
    with pytest.raises(errors.Interrupted):
        run("%%chat -c --tools weather,stop -o kept\nweather?")
    assert shell.user_ns["calls"] == [("Oslo", 1)]
    reply = shell.user_ns["kept"]
    assert reply is aoai.last
    assert [call.failed for call in reply.tool_calls] == [False, True, True]
    # Each call has its result, so that the exchange can be gone on from; of a failed cell nothing joins a conversation.
    assert [message["role"] for message in reply.messages] == ["assistant", "tool", "tool", "tool"]
    aoai.chat([{"role": "user", "content": "weather?"}, *reply.messages, {"role": "user", "content": "Go on."}])
    run("%%chat -c -q\ngo on")
    assert [message["role"] for message in last().request["messages"]] == ["user"]


def test_an_interrupt_between_two_rounds_keeps_the_first(run: Any, shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.user_ns["texts"] = texts = []

    def interrupt(text: str) -> None:
        texts.append(text)
        raise KeyboardInterrupt

    with pytest.raises(errors.Interrupted) as caught:
        aoai.chat("weather?", tools=[shell.user_ns["weather"]], on_text=interrupt)
    reply: Any = caught.value.reply
    assert [call.result for call in reply.tool_calls] == ["7 °C in ''"]
    assert (reply.text, reply.finish_reason) == ("weather", None)
    assert aoai.last is reply


@pytest.mark.parametrize(
    ("finish", "said"), [("length", "cut at the token limit"), ("content_filter", "cut by the content filter")]
)
def test_calls_that_were_cut_are_not_made(run: Any, shell: Any, asking: Any, finish: str, said: str) -> None:
    answer = asks(("weather", '{"city": "Os'))
    answer["choices"][0]["finish_reason"] = finish
    cloud = asking(answer)
    printed = run("%%chat --tools weather\nweather?")
    assert len(cloud.asked) == 1
    assert shell.user_ns["calls"] == []
    assert printed.startswith('[asks for weather({"city": "Os)]')
    assert said in printed


def test_a_ready_definition_is_described_and_its_calls_are_handed_over(run: Any, shell: Any, asking: Any) -> None:
    shell.user_ns["ready"] = READY
    cloud = asking(asks(("weather", '{"city": "Oslo"}'), ("ready", '{"a": "b"}')))
    printed = run("%%chat --tools weather,ready\nweather?")
    assert len(cloud.asked) == 1
    assert shell.user_ns["calls"] == []
    assert last().tool_calls == [
        ToolCall("call_0", "weather", '{"city": "Oslo"}'),
        ToolCall("call_1", "ready", '{"a": "b"}'),
    ]
    assert printed.startswith("[asks for weather(city='Oslo')]\n\n[asks for ready(a='b')]\n\nm")


def test_what_was_handed_over_can_be_answered_by_hand(asking: Any) -> None:
    cloud = asking(asks(("ready", '{"a": "b"}')))
    reply = aoai.chat("go", tools=[READY])
    reply.tool_calls[0].result = "c"
    aoai.chat([{"role": "user", "content": "go"}, *reply.messages], tools=[READY])
    assert results(cloud) == ["c"]


def test_a_conversation_has_calls_and_results(run: Any) -> None:
    run("%%chat -c -q --tools weather\nweather?")
    run("%%chat -c -q\nthanks")
    assert [message["role"] for message in last().request["messages"]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
    ]


def test_a_schema_is_about_the_answer(asking: Any, shell: Any, cloud: Any) -> None:
    cloud.answer(200, asks(("weather", '{"city": "Oslo"}')))
    cloud.completion('{"mood": "good"}', "m")
    aoai.connect(f"{cloud.url}/v1", deployment="m")
    reply = aoai.chat("weather?", tools=[shell.user_ns["weather"]], schema="mood good|bad")
    assert reply.parsed == {"mood": "good"}


def test_other_forms_of_the_answer_have_the_calls_above_them(run: Any, cloud: Any) -> None:
    cloud.answer(200, asks(("weather", '{"city": "Oslo"}')))
    cloud.completion('{"mood": "good"}', "m")
    aoai.connect(f"{cloud.url}/v1", deployment="m")
    assert run("%%chat -f json --tools weather\nweather?").startswith(
        "▸ weather(city='Oslo') → 7 °C in 'Oslo'\n\n{\n  \"mood\": \"good\"\n}\n\nm"
    )


def test_a_recording_of_all_rounds_is_replayed(run: Any, shell: Any, tmp_path: Any) -> None:
    run(f"%aoai record {tmp_path}/recordings")
    live = run("%%chat --tools weather\nweather?")
    run("%aoai replay")
    assert run("%%chat --tools weather\nweather?") == live
    assert all(one.recorded for one in last().rounds)
    assert len(shell.user_ns["calls"]) == 2


def test_reasoning_is_handed_back_and_foreseen(shell: Any, cloud: Any) -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    call = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "weather",
        "arguments": '{"city": "Oslo"}',
    }
    message = {"type": "message", "content": [{"type": "output_text", "text": "done"}]}
    usage = {"input_tokens": 50, "output_tokens": 330, "output_tokens_details": {"reasoning_tokens": 320}}
    for output in ([thought, call], [message]):
        cloud.answer(
            200, {"object": "response", "model": "gpt-5", "status": "completed", "output": output, "usage": usage}
        )
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-5")
    reply = aoai.chat("weather?", tools=[shell.user_ns["weather"]], api="responses")
    handed = cloud.asked[1].json["input"][1:]
    assert [item["type"] for item in handed] == ["reasoning", "function_call", "function_call_output"]
    assert handed[0] == thought
    assert cloud.asked[0].json["include"] == ["reasoning.encrypted_content"]
    assert reply.estimate
    assert [part.tokens for part in reply.estimate.parts if part.name == "reasoning, handed back"] == [320]


@pytest.mark.parametrize("instead", ["", " --dry-run", " --code curl", " --request"])
def test_several_answers_cannot_call(run: Any, instead: str) -> None:
    run("def weather(city: str) -> str:\n    return city")
    with pytest.raises(errors.OptionError, match="can't all call tools"):
        run(f"%%chat -n 2 --tools weather{instead}\nweather?")


def test_an_embedded_attack_is_shown_as_text(run: Any, asking: Any) -> None:
    attack = "</summary></details><script>alert(1)</script>"
    asking(asks((attack, json.dumps({"city": attack}))))
    run("%%chat -q --tools weather\nweather?")
    html = last().bundle()["text/html"]
    assert "<script" not in html
    assert html.count("</details>") == 1


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("late = lambda: 1", "can't be a tool"),
        ("def late(a, /): 'Late.'", "can't be described"),
        ("def late(*, a: 'Nope'): 'Late.'", "can't be described"),
    ],
)
def test_what_cannot_be_a_tool_is_refused(run: Any, cell: str, said: str) -> None:
    run(cell)
    with pytest.raises(errors.OptionError, match=said):
        run("%%chat --tools late\nhi")


def test_two_tools_of_one_name_are_refused(shell: Any) -> None:
    with pytest.raises(errors.OptionError, match="Two tools are called 'weather'"):
        aoai.chat("hi", tools=[shell.user_ns["weather"]] * 2)
