"""`aoai.complete` and `%%complete`, through the real shell, against the real local service with the echo engine."""

from __future__ import annotations

from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, ledger
from aoai_magic.base_reply import Usage
from aoai_magic.operations.complete import estimate_completion


def chunk(text: str, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"text": text, "index": 0, "finish_reason": finish, "logprobs": None, **more}
    return {"id": "cmpl-1", "object": "text_completion", "model": "gpt-35-turbo-instruct", "choices": [choice]}


def test_a_text_is_continued() -> None:
    pieces: list[str] = []
    reply = aoai.complete("Once upon a time", on_text=pieces.append)
    assert (reply.text, "".join(pieces), len(pieces)) == ("Once upon a time", "Once upon a time", 4)
    assert (reply.finish_reason, reply.deployment, reply.usage) == ("stop", "gpt-35-turbo-instruct", Usage(4, 4))
    assert reply.request["prompt"] == "Once upon a time"
    assert "messages" not in reply.request
    assert reply.filters["violence"] == {"filtered": False, "severity": "safe"}
    assert aoai.last is reply


def test_a_whole_continuation_equals_a_streamed_one() -> None:
    streamed, whole = (aoai.complete("one two", logprobs=1, stream=stream) for stream in (True, False))
    assert streamed.text == whole.text == "one two"
    assert (streamed.usage, streamed.filters) == (whole.usage, whole.filters)
    assert streamed.raw.object == whole.raw.object == "text_completion"
    assert streamed.body["choices"][0]["logprobs"] == whole.body["choices"][0]["logprobs"]
    assert streamed.body["choices"][0]["logprobs"]["top_logprobs"] == [{"one": 0.0}, {" two": 0.0}]
    assert "stream" not in whole.request


def test_every_option_reaches_the_request(run: Any, shell: Any) -> None:
    run(
        '%%complete gpt-35-turbo-instruct --suffix " three" -t 0.5 --max-tokens 5 --seed 7 --stop "\\n" --stop x -o y\none two three'
    )
    reply = shell.user_ns["y"]
    assert reply.request == {
        "model": "gpt-35-turbo-instruct", "prompt": "one two three", "suffix": " three", "temperature": 0.5, "max_tokens": 5,
        "seed": 7, "stop": ["\n", "x"], "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip
    assert reply.text == "one two "


def test_a_cell_is_continued_and_shown(run: Any, shell: Any) -> None:
    printed = run("%%complete\nOnce upon a")
    status = "gpt-35-turbo-instruct · answered by echo on this machine · 3 tokens in, 3 out"
    assert printed == f"Once upon a\n\n{status}\n"
    assert shell.user_ns["_"] is aoai.last
    assert run("%%complete --no-stream\nOnce upon a") == printed
    assert run("%%complete -q\nOnce upon a") == ""


def test_a_cell_may_begin_with_its_prompt(run: Any) -> None:
    assert run("%%complete --echo\none two").startswith("one twoone two\n")


def test_the_best_of_several_isnt_streamed_and_all_are_billed(run: Any) -> None:
    run("%%complete --best-of 3 --max-tokens 5\none two")
    assert aoai.last is not None
    assert "stream" not in aoai.last.request
    assert aoai.last.usage == Usage(2, 6)
    assert aoai.last.estimate is not None
    assert (aoai.last.estimate.choices, aoai.last.estimate.max_tokens) == (3, 5)
    assert "stream" in aoai.complete("one", best_of=1).request
    assert "stream" in aoai.complete("one", best_of=2, n=2).request


def test_logprobs_are_in_the_raw_reply(run: Any) -> None:
    run("%%complete --logprobs 0\none two")
    assert aoai.last is not None
    logprobs: Any = aoai.last.raw.choices[0].logprobs
    assert (logprobs.tokens, logprobs.text_offset) == (["one", " two"], [0, 3])


def test_the_end_of_the_cell_is_the_end_of_the_prompt(run: Any) -> None:
    for body in ("no end ", "two lines\n", "  indented"):
        run(f"%%complete -q\n{body}")
        assert aoai.last is not None
        assert aoai.last.request["prompt"] == body


def test_the_help_is_shown(run: Any, shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--best-of COUNT" in run("%%complete --help\nx")
    shell.run_cell("%%complete?")
    assert "--best-of COUNT" in capsys.readouterr().out
    assert aoai.last is None


def test_an_empty_cell_is_an_error(run: Any) -> None:
    with pytest.raises(errors.OptionError, match="holds no prompt"):
        run("%%complete\n ")


@pytest.mark.parametrize("line", ["--best-of 0", "--logprobs -1", "--stop ''", "--system x", "--echo=1"])
def test_a_wrong_option_is_an_error(run: Any, line: str) -> None:
    with pytest.raises(errors.OptionError):
        run(f"%%complete {line}\nx")
    assert aoai.last is None


def test_what_the_service_refuses_is_its_error(run: Any) -> None:
    with pytest.raises(errors.RequestRefusedError, match="logprobs"):
        run("%%complete --echo --logprobs 1\nx")


def test_the_estimate_is_what_is_billed(run: Any, shell: Any) -> None:
    run("%%complete --dry-run --max-tokens 3 --best-of 2 -o foreseen\nOnce upon a time")
    assert aoai.last is None
    foreseen = shell.user_ns["foreseen"]
    assert (foreseen.prompt_tokens, foreseen.choices, foreseen.max_tokens, foreseen.exact) == (4, 2, 3, True)
    reply = aoai.complete("Once upon a time", max_tokens=3, best_of=2)
    assert reply.usage == Usage(4, 6)
    assert reply.azure_cost == pytest.approx(foreseen.dearest)
    assert aoai.complete("Once upon a time").estimate.max_tokens == 16  # type: ignore[union-attr]  # the API's own default


def test_what_does_not_fit_the_window_is_foreseen() -> None:
    foreseen = estimate_completion("word " * 4000, max_tokens=200)
    assert any("context window" in warning for warning in foreseen.warnings)


def test_a_budget_lowers_the_limit(run: Any) -> None:
    run("%%complete --budget 0.00002 --max-tokens 1000\none two three four five six seven")
    assert aoai.last is not None
    assert aoai.last.request["max_tokens"] == 4
    assert str(aoai.last) == "one two three four"
    with pytest.raises(errors.BudgetError):
        run("%%complete --budget 0.000001\none two three four five six seven")
    assert [row["operation"] for row in ledger.rows()] == ["completions"]


def test_a_deployment_without_the_operation_is_told_which_of_yours_has_it(run: Any) -> None:
    with pytest.raises(errors.RequestRefusedError) as caught:
        run("%%complete gpt-4o\nOnce")
    assert str(caught.value) == (
        "'gpt-4o' can't be asked for completions: its model doesn't offer that.\n"
        "Of your deployments, gpt-35-turbo-instruct can.\n"
        "%%complete gpt-35-turbo-instruct"
    )
    assert ledger.rows()[0]["price"] == 0
    with pytest.raises(errors.RequestRefusedError, match="can't be asked for chat") as caught:
        run("%%chat gpt-35-turbo-instruct\nOnce")
    assert caught.value.fix == "%%chat gpt-4o"


def test_openais_error_about_a_chat_model_is_told_too(run: Any, cloud: Any) -> None:
    message = "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?"
    cloud.answer(404, {"error": {"message": message, "type": "invalid_request_error", "param": "model", "code": None}})
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-4o")
    with pytest.raises(errors.RequestRefusedError, match="'gpt-4o' can't be asked for completions"):
        run("%%complete gpt-4o\nOnce")


def test_an_unknown_deployment_is_told_the_near_one(run: Any) -> None:
    with pytest.raises(errors.DeploymentNotFoundError) as caught:
        run("%%complete gpt-35-turbo-instuct\nOnce")
    assert caught.value.fix == "%%complete gpt-35-turbo-instruct"


def test_on_azure_the_deployment_has_to_be_named(run: Any, cloud: Any) -> None:
    aoai.connect(f"{cloud.url}/openai/v1/", api_key="k" * 32, deployment="chat")
    with pytest.raises(errors.SettingsError, match="No deployment for completions is named") as caught:
        run("%%complete\nOnce")
    assert "%%complete NAME" in caught.value.fix
    assert cloud.asked == []


def test_on_azure_the_connections_own_is_asked_if_it_can(run: Any, cloud: Any) -> None:
    cloud.stream(chunk("Hel"), chunk("lo", "length"), "data: [DONE]\n\n")
    aoai.connect(f"{cloud.url}/openai/v1/", api_key="k" * 32, deployment="own", serves="gpt-35-turbo-instruct")
    assert run("%%complete\nOnce").startswith("Hello\n")
    assert cloud.asked[0].path == "/openai/v1/completions"
    assert cloud.asked[0].json["model"] == "own"


def test_a_stream_that_breaks_off_keeps_what_had_arrived(run: Any, shell: Any, cloud: Any) -> None:
    cloud.stream(chunk("one "), chunk("two"))
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-35-turbo-instruct")
    with pytest.raises(errors.NoAnswerError, match="broke off") as caught:
        run("%%complete -o kept\nOnce")
    assert shell.user_ns["kept"] is caught.value.reply is aoai.last
    assert str(aoai.last) == "one two"


@pytest.mark.parametrize("answer", [[], {"choices": [7]}, {"choices": [{"message": {"content": "chat"}}]}])
def test_an_answer_that_is_no_completion_is_an_error(run: Any, cloud: Any, answer: Any) -> None:
    cloud.answer(200, answer)
    aoai.connect(f"{cloud.url}/v1", deployment="gpt-35-turbo-instruct")
    with pytest.raises(errors.NoAnswerError, match="something other than a completion"):
        run("%%complete\nOnce")


def test_only_a_text_can_be_continued() -> None:
    with pytest.raises(errors.SettingsError, match="can't be continued"):
        aoai.complete([{"role": "user", "content": "x"}])  # type: ignore[arg-type]


def test_a_chat_cell_ends_where_it_is_told_to(run: Any) -> None:
    run('%%chat --stop "\\n" --stop three -o kept\none two three')
    assert aoai.last is not None
    assert (aoai.last.request["stop"], aoai.last.text) == (["\n", "three"], "one two ")
