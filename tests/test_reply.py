from __future__ import annotations

import base64
import json
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import catalog, errors
from aoai_magic.base_reply import Usage
from aoai_magic.estimates import estimate
from aoai_magic.exchange.exchange import usage_of
from aoai_magic.reply import Choice, Reply

BODY = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-2024-11-20",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": '{"a": 1}'}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
}


def reply(
    kind: str = "azure", text: str = "Hello!", finish: str | None = "stop", request: Any = None, **more: object
) -> Reply:
    facts = {"model": "gpt-4o-2024-11-20", "usage": Usage(1000, 200), "seconds": 1.25, "body": BODY, **more}
    return Reply(request or {}, "chat", kind, [Choice(text, finish)], **facts)  # type: ignore[arg-type]


def test_a_reply_is_its_text() -> None:
    assert str(reply()) == reply().text == "Hello!"
    assert reply(text='{"a": [1]}').json == {"a": [1]}


def test_choices_are_indexed() -> None:
    several = Reply({}, "d", "azure", [Choice("a", "stop"), Choice("b", "length")])
    assert [str(choice) for choice in several] == ["a", "b"]
    assert (len(several), several[1].finish_reason, several.text) == (2, "length", "a")


def test_the_repr_shows_no_control_characters() -> None:
    assert repr(reply(text="\x1b[2J")) == "␛[2J"
    assert "\x1b" not in reply(text="\x1b[2J")._repr_mimebundle_()[0]["text/plain"]


def test_raw_is_the_sdks_own_object() -> None:
    from openai.types.chat import ChatCompletion

    raw = reply().raw
    assert isinstance(raw, ChatCompletion)
    assert raw.usage is not None
    assert (raw.choices[0].message.content, raw.usage.prompt_tokens) == ('{"a": 1}', 1000)


def test_a_prompt_that_is_kept_for_later_is_billed_for_it() -> None:
    counted = {
        "prompt_tokens": 2000,
        "completion_tokens": 0,
        "prompt_tokens_details": {"cached_tokens": 500, "cache_write_tokens": 1000},
    }
    found = reply(usage=usage_of(counted), body={"model": "gpt-5.6-sol"})
    assert found.cost == pytest.approx(500 * 4e-6 + 500 * 0.4e-6 + 1000 * 5e-6)


def test_the_cost_is_that_of_the_model_that_answered() -> None:
    assert reply().cost == pytest.approx(0.0045)
    assert reply("local").cost == 0.0
    assert reply("local").azure_cost == pytest.approx(0.0045)


def test_cached_tokens_cost_what_cached_tokens_cost() -> None:
    # gpt-4o, Global Standard: $2.50 for a million tokens in, $1.25 for a million cached ones, $10 for a million out.
    assert reply(usage=Usage(1000, 200, cached_tokens=400)).cost == pytest.approx(0.004)
    assert reply(usage=Usage(1000, 0, cached_tokens=1000)).cost == pytest.approx(0.00125)


def test_a_fine_tuned_models_price_is_not_that_of_a_deployment_named_like_its_base() -> None:
    tuned = Reply({}, "gpt-4o", "azure", [], usage=Usage(8, 2), body={"model": "gpt-4o-2024-08-06.ft-0123abcd"})
    assert tuned.cost is None


def test_the_cost_is_that_of_the_deployments_type_and_of_the_model_it_was_said_to_serve() -> None:
    body = {"model": "mine", "messages": []}
    told = estimate(body, catalog.known("mine", told="gpt-4.1"), sku="DataZoneStandard", local=False)
    mine = Reply(body, "mine", "azure", [], usage=Usage(1_000_000, 0), estimate=told)
    assert mine.cost == pytest.approx(2.2)


def test_an_unknown_price_is_unknown_and_not_zero() -> None:
    unknown = reply(body={**BODY, "model": "mystery-1"})
    assert unknown.cost is None
    assert "price unknown" in unknown.status()
    assert reply(usage=None).cost is None


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (reply(), "chat · gpt-4o-2024-11-20 · 1,000 tokens in, 200 out · 1.2 s · about $0.0045"),
        (
            reply("local", model="SmolLM2"),
            "chat · answered by SmolLM2 on this machine · 1,000 tokens in, 200 out · 1.2 s · "
            "local, free; on Azure about $0.0045",
        ),
        (reply(model="chat", body={}, usage=None), "chat · 1.2 s · price unknown"),
        (reply(usage=Usage(8, 9, reasoning_tokens=7)), "chat · gpt-4o-2024-11-20 · 8 tokens in, 9 out (7 of them reasoning) · 1.2 s · about $0.00011"),
    ],
)  # fmt: skip
def test_the_quiet_line_says_who_answered_and_what_it_took(shown: Reply, status: str) -> None:
    assert shown.status() == status


@pytest.mark.parametrize(
    ("finish", "said"),
    [("length", "token limit"), ("content_filter", "content filter"), (None, "broken off"), ("stop", "")],
)
def test_a_reply_that_was_cut_says_so(finish: str | None, said: str) -> None:
    line = reply(finish=finish).status(watched=False)
    assert line.endswith(said)
    assert ("cut" in line or "broken" in line) == (finish != "stop")


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"violence": {"filtered": True, "severity": "high"}}, "cut by the content filter (violence: high)"),
        ({"protected_material_text": {"filtered": True, "detected": True}}, "content filter (protected_material_text)"),
    ],
)
def test_a_reply_that_the_filter_cut_says_for_what(filters: dict[str, object], said: str) -> None:
    assert reply(finish="content_filter", filters=filters).status(watched=False).endswith(said)


def test_what_the_filter_found_and_let_through_is_said() -> None:
    code = {"filtered": False, "detected": True, "citation": {"URL": "https://example.com/x", "license": "MIT"}}
    line = reply(filters={"protected_material_code": code}).status(watched=False)
    assert line.endswith("out · protected_material_code detected: https://example.com/x (MIT)")
    assert reply(filters={"error": {"code": "content_filter_error"}}).status().endswith("nothing was checked")


def test_what_nobody_watches_does_not_vary() -> None:
    line = reply("local", model="SmolLM2").status(watched=False)
    assert line == reply("local", model="SmolLM2", seconds=99).status(watched=False)
    assert "$" not in line


FOUND = {
    "prompt_filter_results": [{"content_filter_results": {"jailbreak": {"filtered": False, "detected": True}}}],
    "choices": [
        {
            "message": {"role": "assistant", "content": "Hello!"},
            "content_filter_results": {
                "violence": {"filtered": True, "severity": "high"},
                "hate": {"filtered": False, "severity": "safe"},
            },
        }
    ],
}


def test_what_the_filter_found_is_a_small_table_and_what_is_safe_is_not_told() -> None:
    shown = reply(body=FOUND, finish="content_filter").bundle("status")
    assert shown["text/plain"] == (
        "Hello!\n\n"
        "found in  category   severity  verdict\n"
        "prompt    jailbreak  -         let through\n"
        "reply     violence   high      blocked\n\n"
        "status"
    )
    assert "<td" in shown["text/html"]
    assert "<table" not in reply().bundle()["text/html"]


def test_a_category_that_was_made_up_is_shown_as_text() -> None:
    body = {"choices": [{"content_filter_results": {"<img src=x>\x1b": {"filtered": True}}}]}
    shown = reply(body=body).bundle()
    assert "<img" not in shown["text/html"]
    assert "\x1b" not in shown["text/plain"]


def test_everything_is_said_as_json_and_no_key_is_in_it(cloud: Any) -> None:
    cloud.completion("Hello!")
    aoai.connect(cloud.url, deployment="chat", api_key="sk-secret-key")
    found = aoai.chat("Hi", temperature=0, conversation="main").to_dict()
    written = json.dumps(found, allow_nan=False)
    assert "secret" not in written
    assert json.loads(written) == found
    assert (found["text"], found["finish_reason"], found["usage"]["prompt_tokens"]) == ("Hello!", "stop", 9)
    assert found["request"]["messages"] == [{"role": "user", "content": "Hi"}]
    assert found["conversation"]["turns"] == 1
    assert found["estimate"]["prompt_tokens"] == 8
    assert found["body"]["id"] == "chatcmpl-1"


def test_pictures_are_in_it_too() -> None:
    found = aoai.image("A fox.", size="1024x1024", quality="low").to_dict()
    assert base64.b64decode(found["pictures"][0]["data"])[:4] == b"\x89PNG"
    assert json.loads(json.dumps(found)) == found


def test_where_a_reply_comes_from() -> None:
    found = reply(request={"messages": []}, request_id="abc").provenance
    assert (found["service"], found["deployment"], found["model"]) == ("azure", "chat", "gpt-4o-2024-11-20")
    assert found["request_id"] == "abc"
    assert len(found["request_sha256"]) == 64
    assert found["aoai-magic"] == aoai.__version__
    assert "request_id" not in reply("local", request_id="abc").provenance


def test_the_last_reply_is_shown_again(run: Any) -> None:
    with pytest.raises(errors.SettingsError, match="no last reply"):
        run("%aoai last")
    shown = run("%%chat\nSay *hello*")
    assert run("%aoai last") == shown
    shown = run("%%image --size 1024x1024 --quality low\nA fox.")
    assert run("%aoai last") == shown
