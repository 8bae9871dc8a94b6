"""Prompts that go through the Responses API: in the real shell, to the real service, and to a cloud that fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def sol() -> Iterator[str]:
    """A deployment of a model that takes tools only there, unless its effort is none."""
    plane = aoai.connect("local").control_plane
    plane.deploy("gpt-5.6-sol", "gpt-5.6-sol", capacity=100)
    yield "gpt-5.6-sol"
    plane.remove("gpt-5.6-sol")


def last() -> Any:
    assert aoai.last is not None
    return aoai.last


def test_a_cell_is_answered_through_it(run: Any) -> None:
    printed = run("%%chat --api responses -s 'Be brief.' --max-tokens 20\nSay hello")
    assert printed.startswith("Say hello\n\ngpt-4o · answered by echo on this machine · ")
    assert last().request == {
        "model": "gpt-4o",
        "instructions": "Be brief.",
        "input": [{"role": "user", "content": "Say hello"}],
        "max_output_tokens": 20,
        "store": False,
        "stream": True,
    }


@pytest.mark.parametrize("line", ["", "--no-stream", "--max-tokens 16", "gpt-5 --effort minimal"])
def test_its_answer_is_what_chat_would_answer(run: Any, line: str) -> None:
    words = "one two three " * 10
    replies = []
    for api in ("chat", "responses"):
        run(f"%%chat -q --api {api} {line}\n{words}")
        replies.append(last())
    chat, response = replies
    assert (response.text, response.finish_reason, response.usage) == (chat.text, chat.finish_reason, chat.usage)
    assert response.estimate.prompt_tokens == response.usage.prompt_tokens
    assert response.messages == chat.messages


def test_raw_is_the_sdks_response() -> None:
    from openai.types.responses import Response

    raw = aoai.chat("hi", api="responses").raw
    assert isinstance(raw, Response)
    assert (raw.output_text, raw.status, raw.store) == ("hi", "completed", False)


def test_its_row_in_the_ledger_says_so(run: Any) -> None:
    run("%%chat --api responses --max-tokens 16\nhi")
    (row,) = ledger.rows()
    assert (row["operation"], row["outcome"], row["completion_tokens"]) == ("responses", "stop", 1)
    assert row["azure_price"] > 0


def test_a_budget_lowers_its_limit_but_not_below_what_it_takes(run: Any) -> None:
    words = "word " * 50
    run(f"%%chat -q --api responses --budget 0.0004\n{words}")
    assert 16 <= last().request["max_output_tokens"] < 30
    assert "at most" in last().note
    with pytest.raises(errors.BudgetError, match="Not sent: it costs at least"):
        run(f"%%chat --api responses --budget 0.0003\n{words}")


def test_all_that_a_cell_may_hold_goes_through_it(run: Any, shell: Any) -> None:
    from PIL import Image

    shell.user_ns["red"] = Image.new("RGB", (40, 30), "red")
    run("%%chat -q --api responses -a red --schema 'name, age int' --verbosity low gpt-5 --effort low\nWho is this?")
    request = last().request
    assert [part["type"] for part in request["input"][0]["content"]] == ["input_text", "input_image"]
    assert (request["text"]["verbosity"], request["text"]["format"]["type"]) == ("low", "json_schema")
    assert request["reasoning"] == {"effort": "low"}
    assert last().json == {"name": "", "age": 0}
    assert last().estimate.prompt_tokens == last().usage.prompt_tokens
    assert last().usage.reasoning_tokens > 0


def test_a_conversation_goes_on_from_one_api_to_the_other(run: Any) -> None:
    for api in ("responses", "chat", "responses"):
        run(f"%%chat -c --api {api}\nturn {api}")
    said = [(item["role"], item["content"]) for item in last().request["input"]]
    assert said == [
        ("user", "turn responses"),
        ("assistant", "turn responses"),
        ("user", "turn chat"),
        ("assistant", "turn chat"),
        ("user", "turn responses"),
    ]


def test_a_model_that_takes_tools_only_there_is_asked_there(sol: str) -> None:
    reply = aoai.chat("weather in Oslo?", deployment=sol, tools=[TOOL])
    assert "input" in reply.request
    assert reply.request["include"] == ["reasoning.encrypted_content"]
    assert reply.finish_reason == "tool_calls"
    assert "messages" in aoai.chat("weather?", deployment=sol, tools=[TOOL], effort="none").request
    assert "messages" in aoai.chat("weather?", deployment=sol).request


def test_whoever_asks_for_chat_gets_chat(sol: str) -> None:
    with pytest.raises(errors.RequestRefusedError) as caught:
        aoai.chat("weather?", deployment=sol, tools=[TOOL], api="chat")
    assert caught.value.fix == "--api responses, or --effort none"


def test_a_model_that_is_served_only_there_is_asked_there(cloud: Any) -> None:
    message = {"type": "message", "content": [{"type": "output_text", "text": "Hello!"}]}
    cloud.answer(
        200, {"id": "resp_1", "object": "response", "status": "completed", "model": "o3-pro", "output": [message]}
    )
    aoai.connect(f"{cloud.url}/v1", deployment="ours", serves="o3-pro")
    assert aoai.chat("hi").text == "Hello!"
    assert cloud.asked[0].path == "/v1/responses"
    assert "stream" not in cloud.asked[0].json


def test_a_tool_that_the_service_runs_is_asked_for_there(cloud: Any) -> None:
    cloud.answer(200, {"id": "resp_1", "object": "response", "status": "completed", "output": []})
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    aoai.chat("hi", tools=[{"type": "web_search"}])
    assert cloud.asked[0].json["tools"] == [{"type": "web_search"}]


@pytest.mark.parametrize("line", ["-n 2", "--seed 1", "--stop x", "--param presence_penalty=1", "--max-tokens 15"])
def test_what_it_does_not_know_is_not_sent(run: Any, line: str) -> None:
    with pytest.raises(errors.OptionError, match="nothing was sent") as caught:
        run(f"%%chat --api responses {line}\nhi")
    assert len(str(caught.value).splitlines()) == 3
    assert ledger.rows() == []


def test_an_old_api_version_does_not_have_it() -> None:
    aoai.connect("https://contoso.openai.azure.com", api_version="2024-10-21", api_key="k" * 20, deployment="ours")
    with pytest.raises(errors.SettingsError, match="2024-10-21 has no Responses API") as caught:
        aoai.chat("hi", api="responses")
    assert "without an api-version" in caught.value.fix


def test_a_newer_one_has_it_at_its_own_address(cloud: Any) -> None:
    cloud.answer(200, {"id": "resp_1", "object": "response", "status": "completed", "output": []})
    aoai.connect(cloud.url, api_version="2025-04-01-preview", api_key="k" * 20, deployment="ours")
    aoai.chat("hi", api="responses")
    assert cloud.asked[0].path == "/openai/responses?api-version=2025-04-01-preview"


CREATED = 'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1","status":"in_progress","output":[]}}\n\n'
BEGUN = (
    CREATED + 'data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Once upon"}\n\n'
)


@pytest.mark.parametrize(
    ("stream", "error"),
    [
        (BEGUN, errors.NoAnswerError),
        (BEGUN + 'data: {"type":"error","code":"server_error","message":"Sorry."}\n\n', errors.ServiceError),
        (BEGUN + 'data: {"type":"error","error":{"code":"server_error","message":"Sorry."}}\n\n', errors.ServiceError),
        (BEGUN + 'data: {"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"Sorry."}}}\n\n', errors.ServiceError),
        (BEGUN + "data: nonsense\n\n", errors.NoAnswerError),
    ],
)  # fmt: skip
def test_what_had_arrived_of_a_broken_stream_is_kept(cloud: Any, stream: str, error: type[Exception]) -> None:
    cloud.stream(stream)
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    with pytest.raises(error) as caught:
        aoai.chat("hi", api="responses")
    reply = caught.value.reply  # type: ignore[attr-defined]
    assert (reply.text, reply.finish_reason) == ("Once upon", None)
    assert aoai.last is reply


def test_nothing_of_it_had_come(cloud: Any) -> None:
    cloud.stream(CREATED)
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    with pytest.raises(errors.NoAnswerError) as caught:
        aoai.chat("hi", api="responses")
    assert caught.value.reply is None


@pytest.mark.parametrize("body", [{"object": "list"}, [], "words", {"output": None}])
def test_something_else_than_a_response_is_an_error(cloud: Any, body: Any) -> None:
    cloud.answer(200, body)
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    with pytest.raises(errors.NoAnswerError, match="other than a response"):
        aoai.chat("hi", api="responses")


def test_a_failed_response_is_an_error(cloud: Any) -> None:
    cloud.answer(
        200,
        {
            "object": "response",
            "status": "failed",
            "output": [],
            "error": {"code": "server_error", "message": "Sorry."},
        },
    )
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    with pytest.raises(errors.ServiceError, match="broke the reply off") as caught:
        aoai.chat("hi", api="responses", stream=False)
    assert caught.value.code == "server_error"


def test_the_filter_cuts_and_blocks_as_in_chat(run: Any) -> None:
    run("%%chat -q --api responses\naoai-filter:reply-violence " + "word " * 30)
    assert last().finish_reason == "content_filter"
    assert last().filters["violence"]["filtered"]
    with pytest.raises(errors.ContentFilterError):
        run("%%chat --api responses\naoai-filter:violence")


def test_a_recording_of_it_is_replayed(run: Any, tmp_path: Any) -> None:
    run(f"%aoai record {tmp_path}/recordings")
    live = run("%%chat --api responses\nhi")
    run("%aoai replay")
    assert run("%%chat --api responses\nhi") == live
    assert last().recorded
    assert run("%%chat --api responses --no-stream\nhi") == live


def test_a_service_that_does_not_have_it_says_what_to_type(cloud: Any) -> None:
    cloud.answer(404, {"detail": "Not Found"})
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    with pytest.raises(errors.DeploymentNotFoundError, match="has no Responses API") as caught:
        aoai.chat("hi", api="responses")
    assert caught.value.fix == "--api chat"


@pytest.mark.parametrize("streamed", [False, True])
def test_what_a_model_tells_of_its_thoughts_is_folded_under_its_answer(run: Any, cloud: Any, streamed: bool) -> None:
    summary = [{"type": "summary_text", "text": "**Counting**\n\nOne, two."}, {"type": "summary_text", "text": "Done."}]
    thought = {"type": "reasoning", "id": "rs_1", "summary": summary}
    message = {"type": "message", "content": [{"type": "output_text", "text": "Two."}]}
    response = {"object": "response", "model": "gpt-5", "status": "completed", "output": [thought, message]}
    if streamed:
        delta = {"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Two."}
        cloud.stream(
            {"type": "response.output_item.added", "output_index": 0, "item": thought},
            delta,
            {"type": "response.completed", "response": response},
        )
    else:
        cloud.answer(200, response)
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-5")
    shown = run('%%chat --api responses --param \'reasoning={"summary": "auto"}\' --effort low\nHow many?')
    assert cloud.asked[0].json["reasoning"] == {"effort": "low", "summary": "auto"}
    assert shown.startswith("Two.\n\n▸ thoughts, summed up\n  **Counting**\n  \n  One, two.\n  \n  Done.\n\ngpt-5")
    assert last().reasoning == "**Counting**\n\nOne, two.\n\nDone."
    assert "reasoning_summary" not in last().messages[0]
