"""Parameters: sent under the name that the model takes, and what it refuses not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic import catalog, errors, ledger
from aoai_magic.errors import OptionError
from aoai_magic.magics.arguments import pair
from aoai_magic.request import option, refused


def sent(run: Any, line: str, body: str = "hi") -> dict[str, Any]:
    run(f"%%chat -q {line}\n{body}")
    assert aoai.last is not None
    return aoai.last.request


def test_every_option_of_sampling_reaches_the_request(run: Any) -> None:
    request = sent(run, "--top-p 0.5 -n 2 --logprobs 3")
    assert {name: request[name] for name in ("top_p", "n", "logprobs", "top_logprobs")} == {
        "top_p": 0.5,
        "n": 2,
        "logprobs": True,
        "top_logprobs": 3,
    }


def test_effort_verbosity_and_the_limit_have_the_names_that_a_reasoning_model_takes(run: Any) -> None:
    request = sent(run, "gpt-5 --effort minimal --verbosity low --max-tokens 50")
    assert (request["reasoning_effort"], request["verbosity"], request["max_completion_tokens"]) == (
        "minimal",
        "low",
        50,
    )
    assert "max_tokens" not in request


def test_what_is_not_asked_for_is_not_sent(run: Any) -> None:
    assert set(sent(run, "")) == {"model", "messages", "stream", "stream_options"}


@pytest.mark.parametrize(
    ("line", "names"),
    [("--logprobs", {"logprobs": True, "top_logprobs": 5}), ("--logprobs 0", {"logprobs": True}), ("--logprobs=1 gpt-4o", {"logprobs": True, "top_logprobs": 1})],
)  # fmt: skip
def test_how_many_alternatives_need_not_be_said(run: Any, line: str, names: dict[str, Any]) -> None:
    request = sent(run, line)
    assert {name: request[name] for name in ("logprobs", "top_logprobs") if name in request} == names


def test_a_word_that_is_no_number_after_it_is_the_deployment(run: Any) -> None:
    assert sent(run, "--logprobs gpt-4o-mini")["model"] == "gpt-4o-mini"


def test_python_takes_the_same_names() -> None:
    request = aoai.chat("hi", deployment="gpt-5", effort="low", verbosity="high", n=2).request
    assert (request["reasoning_effort"], request["verbosity"], request["n"]) == ("low", "high", 2)
    assert aoai.chat("hi", logprobs=True).request["logprobs"] is True
    assert "top_logprobs" not in aoai.chat("hi", logprobs=True).request


def test_a_field_without_an_option_is_set_by_param(run: Any) -> None:
    request = sent(run, """--param presence_penalty=0.5 --param user=ada --param 'logit_bias={"50256": -100}'""")
    assert (request["presence_penalty"], request["user"], request["logit_bias"]) == (0.5, "ada", {"50256": -100})


def test_other_magics_take_it_too(run: Any) -> None:
    run("%%complete -q --param user=ada -n 2 --top-p 0.5\nOnce")
    assert aoai.last is not None
    assert (aoai.last.request["user"], aoai.last.request["n"], len(aoai.last)) == ("ada", 2, 2)
    run("%%image -q --param user=ada --size 1024x1024 --quality low\nA fox.")
    assert aoai.last.request["user"] == "ada"


@pytest.mark.parametrize("line", ["--param model=x", "--param messages=[]", "--param budget=1", "--param stream=false", "--param system=x", "--param effort=low"])  # fmt: skip
def test_param_sets_fields_of_the_request_and_nothing_else(run: Any, line: str) -> None:
    with pytest.raises(OptionError, match="can't set"):
        run(f"%%chat {line}\nhi")
    assert aoai.last is None


@pytest.mark.parametrize("line", ["--param seed=1 --seed 2", "--param seed=1 --param seed=2"])
def test_what_is_given_twice_is_refused(run: Any, line: str) -> None:
    with pytest.raises(OptionError, match="given twice"):
        run(f"%%chat {line}\nhi")


@pytest.mark.parametrize("word", ["", "=1", "a", "a b=1", "1=2", "a.b=1"])
def test_what_is_no_pair_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="KEY=VALUE"):
        pair(word)


KEYS = st.from_regex(r"[a-z_][a-z0-9_]{0,20}", fullmatch=True)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(KEYS, JSON)
def test_json_comes_back_as_it_was(key: str, value: Any) -> None:
    assert pair(f"{key}={json.dumps(value)}") == (key, value)


@given(KEYS, st.text())
def test_what_is_no_json_is_text_as_it_stands(key: str, text: str) -> None:
    found = pair(f"{key}={text}")
    assert found[0] == key
    if found[1] != text:
        assert json.loads(text) == found[1]
    json.dumps(found[1], allow_nan=False)


@pytest.mark.parametrize("line", ["o4-mini -t 0", "gpt-5 --top-p 0.5", "gpt-5 --logprobs", "gpt-5 --param logit_bias={}", "gpt-5 --effort xhigh", "gpt-4o --effort low"])  # fmt: skip
def test_what_the_model_refuses_is_not_sent_and_the_error_says_why(run: Any, line: str) -> None:
    with pytest.raises(OptionError, match="nothing was sent") as caught:
        run(f"%%chat {line}\nhi")
    assert len(str(caught.value).splitlines()) == 3
    assert aoai.last is None
    assert ledger.rows() == []


def test_the_error_names_what_helps(run: Any) -> None:
    with pytest.raises(OptionError, match="gpt-5 doesn't take reasoning_effort='xhigh'") as caught:
        run("%%chat gpt-5 --effort xhigh\nhi")
    assert caught.value.fix == "--effort minimal|low|medium|high"
    with pytest.raises(OptionError) as caught:
        run("%%chat o4-mini-of-ours -t 0\nhi")
    assert caught.value.fix.startswith("Leave -t out. If the deployment 'o4-mini-of-ours' runs another model")


def test_a_dry_run_warns_of_it(run: Any, shell: Any) -> None:
    run("%%chat o4-mini -t 0 --effort xhigh --dry-run -o x\nhi")
    assert [one for one in shell.user_ns["x"].warnings if "refuses" in one] == [
        "o4-mini refuses temperature.",
        "o4-mini refuses reasoning_effort.",
    ]


def test_a_value_that_is_the_default_is_no_trouble(run: Any) -> None:
    assert sent(run, "gpt-5 -t 1 --top-p 1")["temperature"] == 1


def test_every_parameter_that_a_model_refuses_has_its_reason_and_its_option() -> None:
    from aoai_magic.request.parameters import refuse

    for model in catalog.models():
        known = catalog.Known(model, "name")
        for name in model.refuses:
            body = {"model": model.name, name: "odd"}
            assert refused(body, known) == [name]
            with pytest.raises(OptionError) as caught:
                refuse(body, known)
            assert name in caught.value.what
            assert option(name) in caught.value.fix


def test_an_unknown_models_refusal_is_explained_with_the_right_name(run: Any, cloud: Any) -> None:
    said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    cloud.answer(400, {"error": {"message": said, "code": "unsupported_parameter", "param": "max_tokens"}})
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    with pytest.raises(errors.RequestRefusedError) as caught:
        run("%%chat --max-tokens 9\nhi")
    assert cloud.asked[0].json["max_tokens"] == 9
    assert caught.value.fix.startswith("Put --param max_completion_tokens=… in the place of --max-tokens")


@pytest.mark.parametrize(
    "said", ["Unrecognized request argument supplied: verbosity", "Unknown parameter: 'verbosity'."]
)
def test_a_parameter_that_nobody_knows_is_named_by_its_option(run: Any, cloud: Any, said: str) -> None:
    cloud.answer(400, {"error": {"message": said, "type": "invalid_request_error", "param": None, "code": None}})
    aoai.connect(f"{cloud.url}/v1", deployment="ours")
    with pytest.raises(errors.RequestRefusedError) as caught:
        run("%%chat --verbosity low\nhi")
    assert caught.value.fix == "Leave --verbosity out."


def test_a_model_that_cannot_stream_is_asked_without(cloud: Any) -> None:
    cloud.completion(model="o1-2024-12-17")
    aoai.connect(f"{cloud.url}/v1", deployment="ours", serves="o1")
    assert "stream" in catalog.model("o1").refuses  # type: ignore[union-attr]
    aoai.chat("hi")
    assert "stream" not in cloud.asked[0].json
