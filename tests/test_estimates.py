"""What a cell costs, said before it is sent."""

from __future__ import annotations

import datetime
import re
from typing import Any

import numpy
import pytest

import aoai_magic as aoai
from aoai_magic import catalog, errors, estimates, ledger
from aoai_magic.estimates import Headroom
from aoai_magic.exchange import reserve


def test_the_parts_add_up_to_what_the_service_counts(tmp_path: Any) -> None:
    def weather(city: str, days: int = 1) -> str:
        """The weather of a city."""
        raise AssertionError("a tool is described, never called")

    notes = tmp_path / "notes.txt"
    notes.write_text("Twelve pears.", encoding="utf-8")
    asked: dict[str, Any] = {"system": "Be brief.", "attach": notes, "tools": [weather], "max_tokens": 50}
    estimate = aoai.estimate("How many?", **asked)
    reply = aoai.chat("How many?", **asked)
    assert reply.usage is not None
    assert estimate.prompt_tokens == reply.usage.prompt_tokens
    assert [part.name for part in estimate.parts] == ["system", "user", "1 tool", "start of the reply"]


def test_a_reply_holds_what_was_foreseen() -> None:
    reply = aoai.chat("one two three", max_tokens=2)
    assert reply.estimate is not None
    assert reply.usage is not None
    assert reply.estimate.prompt_tokens == reply.usage.prompt_tokens
    assert reply.estimate.cheapest is not None
    assert reply.azure_cost is not None
    assert reply.estimate.dearest is not None
    assert reply.estimate.cheapest <= reply.azure_cost <= reply.estimate.dearest


def test_the_dearest_price_is_that_of_the_longest_reply() -> None:
    price = catalog.price("gpt-4o")
    assert price is not None
    estimate = aoai.estimate("hi", deployment="gpt-4o", max_tokens=1000)
    assert estimate.dearest == price.cost(estimate.prompt_tokens, 1000)
    assert estimate.cheapest == price.cost(estimate.prompt_tokens, 1)
    three = aoai.estimate("hi", deployment="gpt-4o", max_tokens=1000, n=3)
    assert three.dearest == price.cost(estimate.prompt_tokens, 3000)


def test_without_a_limit_the_models_own_holds() -> None:
    assert aoai.estimate("hi", deployment="gpt-4o").max_tokens == 16_384


def test_a_picture_is_told_step_by_step(tmp_path: Any) -> None:
    from PIL import Image

    photo = tmp_path / "photo.png"
    Image.new("RGB", (2048, 4096)).save(photo)
    estimate = aoai.estimate("What is this?", deployment="gpt-4o", attach=[photo], detail="high")
    assert [part.tokens for part in estimate.parts if part.image] == [1105]
    assert "85 + 6 x 170 = 1,105 tokens." in str(estimate)
    assert any("shrunk" in warning for warning in estimate.warnings)


def test_a_picture_at_an_address_leaves_the_dearest_price_unknown() -> None:
    estimate = aoai.estimate("What is this?", deployment="gpt-4o", attach="https://example.com/a.png")
    assert estimate.dearest is None
    assert any("can't be measured" in warning for warning in estimate.warnings)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "file", "file": {"file_id": "file-1"}},
    ],
)
def test_what_no_document_counts_is_said_and_leaves_the_dearest_price_unknown(part: dict[str, Any]) -> None:
    text = {"type": "text", "text": "What is this?"}
    messages = [{"role": "user", "content": [text, part]}]
    estimate = aoai.estimate(messages, deployment="gpt-4o-audio-preview")
    assert estimate.dearest is None
    assert f"{part['type']} isn't counted" in str(estimate)
    alone = aoai.estimate([{"role": "user", "content": [text]}], deployment="gpt-4o-audio-preview")
    assert alone.prompt_tokens == estimate.prompt_tokens
    assert not any("isn't counted" in warning for warning in alone.warnings)


def test_an_unknown_deployment_has_an_unknown_price_and_never_zero() -> None:
    aoai.connect("https://a.openai.azure.com", deployment="chat")
    estimate = aoai.estimate("hi")
    assert (estimate.known, estimate.cheapest, estimate.dearest) == (None, None, None)
    assert "unknown" in str(estimate)
    assert "$0" not in str(estimate)


def test_the_user_can_say_what_a_deployment_serves() -> None:
    aoai.connect("https://a.openai.azure.com", deployment="chat", serves="gpt-4o")
    estimate = aoai.estimate("hi")
    assert estimate.known is not None
    assert estimate.known.how == "told"
    assert aoai.estimate("hi", deployment="another").known is None


def test_the_control_plane_knows_model_and_kind_of_a_deployment() -> None:
    plane = aoai.connect("local").control_plane
    plane.deploy("mine", "gpt-4o", sku="Standard", capacity=1)
    try:
        assert aoai.estimate("hi", deployment="mine").known is None
        aoai.deployments()
        estimate = aoai.estimate("hi", deployment="mine")
        assert estimate.known is not None
        assert (estimate.known.how, estimate.sku) == ("control plane", "Standard")
    finally:
        plane.remove("mine")


def test_the_kind_of_a_deployment_that_nobody_listed_is_assumed_and_said_so() -> None:
    aoai.connect("https://a.openai.azure.com", deployment="gpt-4o", api_key="k" * 20)
    (price,) = (row for row in aoai.estimate("hi").rows() if row[0] == "price")
    assert "assumed GlobalStandard: %aoai deployments knows, prices of" in price[2]
    aoai.connect("openai", deployment="gpt-4o", api_key="k" * 20)
    (price,) = (row for row in aoai.estimate("hi").rows() if row[0] == "price")
    assert "OpenAI's, prices of" in price[2]


def test_pictures_that_are_shrunk_alike_are_told_of_once() -> None:
    photo = numpy.zeros((1000, 2000, 3), "uint8")
    estimate = aoai.estimate("What are these?", deployment="gpt-4o", attach=[photo, photo], detail="high")
    assert [one for one in estimate.warnings if "shrunk" in one] == [
        "2 pictures are shrunk to 1536 x 768 px before they are seen."
    ]


def test_a_reply_names_the_model_of_its_deployment() -> None:
    plane = aoai.connect("local").control_plane
    plane.deploy("yours", "gpt-4o-mini")
    try:
        aoai.chat("hi", deployment="yours")
        known = aoai.connection().known("yours")
        assert known is not None
        assert (known.model.name, known.how) == ("gpt-4o-mini", "reply")
    finally:
        plane.remove("yours")


def test_parameters_that_the_model_refuses_are_warned_of() -> None:
    estimate = aoai.estimate("hi", deployment="o4-mini", temperature=0.5, top_p=1)
    assert "o4-mini refuses temperature." in estimate.warnings
    assert not any("top_p" in warning for warning in estimate.warnings)


def test_the_limit_goes_under_the_name_that_the_model_takes() -> None:
    assert aoai.chat("hi", deployment="o4-mini", max_tokens=2000).request["max_completion_tokens"] == 2000
    assert aoai.chat("hi", deployment="gpt-4o", max_tokens=20).request["max_tokens"] == 20


def test_a_model_that_is_retired_or_will_be_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    aoai.connect("https://a.openai.azure.com")
    assert any("is retired" in one for one in aoai.estimate("hi", deployment="gpt-35-turbo").warnings)
    model = catalog.model("gpt-4o")
    assert model is not None
    assert model.retires is not None

    class Eve(datetime.date):
        @classmethod
        def today(cls) -> datetime.date:
            assert model is not None
            assert model.retires is not None
            return model.retires - datetime.timedelta(days=30)

    monkeypatch.setattr(estimates.warning.datetime, "date", Eve)
    assert any("retires on" in one for one in aoai.estimate("hi", deployment="gpt-4o").warnings)


def test_a_prompt_that_is_too_long_for_the_window_is_warned_of() -> None:
    estimate = aoai.estimate("word " * 130_000, deployment="gpt-4o")
    assert any("too many for the context window" in one for one in estimate.warnings)


def test_the_rate_limit_is_that_of_the_last_answer() -> None:
    assert aoai.estimate("hi").headroom is None
    aoai.chat("hi", max_tokens=10)
    estimate = aoai.estimate("hi", max_tokens=10)
    assert estimate.headroom is not None
    assert "fits now" in str(estimate)


def test_after_a_minute_the_whole_limit_is_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"x-ratelimit-remaining-tokens": "5", "x-ratelimit-limit-tokens": "1000"}
    headroom = Headroom.of(headers)
    assert headroom is not None
    assert headroom.now() == (5, None)
    monkeypatch.setattr(estimates.headroom.time, "time", lambda: headroom.at + 61)
    assert headroom.now() == (1000, None)


@pytest.mark.parametrize("value", ["", "many", "-1", "1.5", "٣"])
def test_headers_that_are_no_numbers_say_nothing(value: str) -> None:
    assert Headroom.of({"x-ratelimit-remaining-tokens": value}) is None


def test_a_dry_run_sends_nothing_and_shows_the_table(shell: Any, run: Any) -> None:
    aoai.connect("https://nowhere.openai.azure.com")  # nothing listens there
    printed = run("%%chat gpt-4o -t 0 --max-tokens 100 -o est --dry-run\nHow many tokens?")
    assert "not sent" in printed
    assert shell.user_ns["est"].max_tokens == 100
    assert str(shell.user_ns["est"]) in printed
    assert aoai.last is None


def test_estimate_and_bill_stand_side_by_side(run: Any) -> None:
    assert "Nothing was sent yet" in run("%aoai estimate")
    run("%%chat gpt-4o --max-tokens 50\none two three")
    printed = run("%aoai estimate")
    assert re.search(r"prompt tokens +10 +10\n", printed)
    assert re.search(r"reply tokens +up to 50 +3\n", printed)
    assert "on Azure" in printed


def test_the_table_in_a_notebook_is_escaped() -> None:
    aoai.connect("https://a.openai.azure.com")
    shown = aoai.estimate("hi", deployment="<img src=x onerror=alert(1)>\u202e")._repr_html_()
    assert "<img" not in shown
    assert "\u202e" not in shown


def test_two_prices_in_a_notebook_are_no_formula() -> None:
    shown = aoai.estimate("hi", deployment="gpt-4o", max_tokens=9)._repr_html_()
    assert "<span>$</span>" in shown
    assert " $" not in shown


@pytest.mark.parametrize(
    "prompt",
    [[{"content": "hi"}], ["hi"], [{"role": "user", "content": ["hi"]}], [{"role": "user", "content": [{"type": "image_url"}]}]],
)  # fmt: skip
def test_a_message_without_its_form_is_refused_before_it_is_sent(prompt: Any) -> None:
    with pytest.raises(errors.SettingsError, match="is no message"):
        aoai.chat(prompt)


def test_a_picture_for_a_model_whose_rule_nobody_documents_is_sent_uncounted(cloud: Any) -> None:
    told = {
        "deployment": "gpt-5.4-pro",
        "attach": "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
    }
    foreseen = aoai.estimate("What is this?", **told)
    assert "A picture isn't counted: no document says how many tokens it is for gpt-5.4-pro." in foreseen.warnings
    assert foreseen.dearest is None
    assert foreseen.cheapest is not None
    talk = aoai.Conversation("pictures")
    assert aoai.estimate("What is this?", conversation=talk, **told).dearest is None


def test_a_model_that_takes_no_pictures_says_so() -> None:
    with pytest.raises(errors.SettingsError, match="o3-mini takes no images") as refused:
        aoai.estimate(
            "What is this?",
            deployment="o3-mini",
            attach="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
        )
    assert "2026-09-21" in str(refused.value)


@pytest.mark.parametrize(
    ("deployment", "words", "limit", "warning"),
    [
        ("gpt-5", 272_000, None, "The prompt has 7 tokens too many for gpt-5, which takes 272,000."),
        ("gpt-4o", 128_000, None, "The prompt has 8 tokens too many for the context window."),
        ("gpt-4o", 1, 16_385, "gpt-4o replies with 16,384 tokens at most: the service will refuse a limit of 16,385."),
        ("gpt-4", 8_000, 5_000, "Prompt and reply share the context window, which leaves 184 tokens for the reply."),
    ],
)
def test_what_has_no_room_is_warned_of(deployment: str, words: int, limit: int | None, warning: str) -> None:
    foreseen = aoai.estimate("a" + " a" * words, deployment=deployment, max_tokens=limit)
    assert [one for one in foreseen.warnings if "tokens" in one] == [warning]
    shorter = aoai.estimate("a" * 9, deployment=deployment, max_tokens=limit and min(limit, 4_000))
    assert not [one for one in shorter.warnings if "tokens" in one]


def test_what_is_kept_for_later_requests_is_in_the_dearest_price() -> None:
    foreseen = aoai.estimate("hi " * 10_000, deployment="gpt-5.6-sol", max_tokens=16)
    assert foreseen.cheapest == pytest.approx(foreseen.prompt_tokens * 4e-6 + 20e-6)
    assert foreseen.dearest == pytest.approx(foreseen.prompt_tokens * 5e-6 + 16 * 20e-6)
    assert aoai.estimate("hi", deployment="gpt-4o").cache_write == 0


def test_a_budget_has_room_for_a_kept_prompt(cloud: Any) -> None:
    known = aoai.estimate("hi " * 10_000, deployment="gpt-5.6-sol", max_tokens=100)
    whole = known.dearest + known.slack  # type: ignore[operator]
    for usd, least in ((whole, 100), (whole - 50 * 20e-6, 40), (known.cheapest, 0)):  # type: ignore[operator]
        body = {"model": "gpt-5.6-sol", "max_completion_tokens": 100}
        try:
            entry = reserve("azure", "chat", body, known, usd)
        except errors.BudgetError:
            assert least == 0
            continue
        limit = entry.limit or 100
        assert limit >= least
        kept = known.prompt_tokens * 5e-6 + limit * 20e-6
        assert kept <= usd + 1e-8
        entry.settle("stop", price=0.0)


def test_what_nobody_counted_exactly_may_make_the_whole_request_dearer() -> None:
    """A prompt that is longer than was counted, and so beyond 272,000 tokens, has another price altogether."""
    foreseen = aoai.estimate("a" * 3 + " a" * 271_000, deployment="gpt-5.6-sol", max_tokens=1_000)
    assert foreseen.prompt_tokens < 272_000
    assert foreseen.slack > 271_000 * 4e-6


def test_functions_may_be_called_in_rounds_of_which_the_first_is_foreseen(run: Any, shell: Any) -> None:
    run("def now() -> str:\n    'The time.'\n    return '12:00'")
    run("%%chat --tools now --rounds 1 --dry-run -o foreseen\nhi")
    assert any(
        warning.startswith("Up to 1 round of calls may follow") for warning in shell.user_ns["foreseen"].warnings
    )
    assert any(
        warning.startswith("Up to 5 rounds") for warning in aoai.estimate("hi", tools=[shell.user_ns["now"]]).warnings
    )
    described = {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
    assert aoai.estimate("hi", tools=[described]).warnings == ()  # nothing of it can be called here


@pytest.mark.parametrize(
    "option", ["n=abc", "n=0", "n=-1", "n=2.5", "max_tokens=1k", "max_tokens=0", "max_completion_tokens=-5"]
)
def test_what_is_no_count_is_refused_before_anything_is_sent(run: Any, option: str) -> None:
    name, _, value = option.partition("=")
    for cell in (
        f"%%chat --param {option}\nhi",
        f"%%chat --dry-run --param {option}\nhi",
        f"%%complete --param {option}\nhi",
    ):
        with pytest.raises(errors.OptionError, match=f"{name} can't be .*{value}"):
            run(cell)
    assert ledger.rows() == []


def test_a_count_of_numpys_is_one() -> None:
    assert len(aoai.chat("hi", n=numpy.int64(2), max_tokens=numpy.int32(3))) == 2
