"""How likely each token was: read from either API, and shown."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic.logprobs import Confidence, Token, chat_tokens, text_tokens

TOKENS = [
    Token("The ", -0.01),
    Token("<b>", math.log(0.5), {"<b>": math.log(0.5), "&": math.log(0.25)}),
    Token(" $5", math.log(0.04)),
]


def last() -> Any:
    assert aoai.last is not None
    return aoai.last


@pytest.mark.parametrize(
    "line", ["--api chat", "--api responses", "--api chat --no-stream", "--api responses --no-stream"]
)
def test_a_cells_tokens_are_told(run: Any, line: str) -> None:
    run(f"%%chat -q --logprobs 2 {line}\none two")
    assert last().logprobs == [Token("one", 0.0, {"one": 0.0}), Token(" two", 0.0, {" two": 0.0})]
    assert last()[0].logprobs == tuple(last().logprobs)


def test_those_of_a_continued_text_too(run: Any) -> None:
    run("%%complete -q --logprobs 1\none two")
    assert last().logprobs == [Token("one", 0.0, {"one": 0.0}), Token(" two", 0.0, {" two": 0.0})]


def test_the_cell_shows_how_sure_the_model_was(run: Any) -> None:
    shown = run("%%chat --logprobs\none two")
    assert shown.startswith("one two\n\n2 tokens, 100 % likely on average (geometric mean 100 %)\n\ngpt-4o · ")
    assert "likely" not in run("%%chat\none two")
    assert "likely" not in run("%%chat --logprobs -f text\none two")


def test_without_them_there_is_nothing_to_tell() -> None:
    reply = aoai.chat("hi")
    assert reply.logprobs == []
    assert str(reply.confidence()) == "How likely the tokens were isn't told."


def test_they_make_a_table() -> None:
    import pandas

    table = pandas.DataFrame(aoai.chat("one two", logprobs=1).logprobs)
    assert list(table.columns) == ["text", "logprob", "alternatives"]


@given(st.text(), st.data())
def test_tokens_that_cut_a_character_are_put_together(text: str, data: Any) -> None:
    raw = text.encode("utf-8", "surrogatepass").decode("utf-8", "ignore").encode()
    text = raw.decode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    parts = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    entries = [{"token": repr(part), "logprob": -1.0, "bytes": list(part), "top_logprobs": []} for part in parts]
    tokens = chat_tokens({"content": entries})
    assert "".join(token.text for token in tokens) == text
    assert sum(token.logprob or 0 for token in tokens) == -len(parts)


def test_a_character_that_never_ends_is_no_trouble() -> None:
    (token,) = chat_tokens({"content": [{"token": "\\xf0", "logprob": -1.0, "bytes": [0xF0], "top_logprobs": []}]})
    assert token.text == "\ufffd"


@pytest.mark.parametrize("told", [None, {}, {"content": None}, {"content": []}])
def test_what_tells_nothing_is_no_trouble(told: Any) -> None:
    assert chat_tokens(told) == ()
    assert text_tokens(told) == ()


def test_a_refusals_tokens_are_told_too() -> None:
    refusal = [{"token": "No", "logprob": -0.1, "bytes": None, "top_logprobs": None}]
    assert chat_tokens({"content": None, "refusal": refusal}) == (Token("No", -0.1, {}),)


def test_a_prompts_first_token_has_no_probability() -> None:
    tokens = text_tokens({"tokens": ["a", "b"], "token_logprobs": [None, -0.5], "top_logprobs": None})
    assert [token.probability for token in tokens] == [None, pytest.approx(0.6065, abs=1e-4)]
    assert "<span" not in Confidence(tokens[:1]).html()


def test_the_least_likely_come_first_and_the_sure_ones_not_at_all() -> None:
    assert [token.text for token in Confidence(TOKENS).least()] == [" $5", "<b>"]
    assert str(Confidence(TOKENS)).splitlines() == [
        "3 tokens, 51 % likely on average (geometric mean 27 %); the least likely:",
        "  ' $5' 4 %",
        "  '<b>' 50 % ('&' 25 %)",
    ]


def test_the_mean_is_one_over_the_perplexity() -> None:
    assert Confidence([Token("a", math.log(0.5)), Token("b", math.log(0.125))]).mean == pytest.approx(0.25)
    assert Confidence([]).mean is None


class Spans(HTMLParser):
    """The spans' titles and styles, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str | None] = []
        self.shades: list[str] = []
        self.text = ""
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags |= {tag, *(name for name, _ in attributes)}
        if "title" in dict(attributes):
            self.titles.append(dict(attributes)["title"])
            self.shades.append(dict(attributes).get("style") or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Spans:
    spans = Spans()
    spans.feed(html)
    return spans


def test_each_token_has_its_shade_and_its_alternatives() -> None:
    spans = parsed(Confidence(TOKENS).html())
    assert spans.titles == ["'The ' 99 %", "'<b>' 50 % ('&' 25 %)", "' $5' 4 %"]
    assert [shade[:28] for shade in spans.shades] == [
        "",
        "background:rgba(230,90,30,0.",
        "background:rgba(230,90,30,0.",
    ]
    assert "The <b> $5" in spans.text


def test_no_payload_gets_out_of_its_span() -> None:
    for payload in json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8")):
        text = payload["payload"]
        shown = Confidence([Token(text, -1.0, {text: -1.0, f'"{text}': -2.0})])
        for html in (shown.html(), Confidence(shown.tokens, folded=True).html()):
            assert parsed(html).tags <= {"div", "p", "span", "title", "style", "details", "summary"}, text
        assert "\x1b" not in shown.plain()


def test_a_long_answer_is_shaded_up_to_a_limit() -> None:
    html = Confidence([Token("x", -1.0)] * 5_000).html()
    assert html.count("<span") == 3_000
    assert "2,000 tokens more" in html


def test_a_terminal_gets_colours_and_no_control_characters_of_the_models() -> None:
    import io

    from rich.console import Console

    written = io.StringIO()
    Console(file=written, color_system="standard", force_terminal=True).print(
        Confidence([*TOKENS, Token("\x1b[2J", -3.0)]).drawn()
    )
    assert "\x1b[2J" not in written.getvalue()
    assert "\x1b[1;31m" in written.getvalue()


@pytest.mark.llama
def test_the_small_model_is_surer_of_some_tokens_than_of_others(run: Any) -> None:
    run("%%chat -q -t 0 --logprobs 5 --max-tokens 12\nWhat is the capital of France?")
    probabilities = [token.probability or 0 for token in last().logprobs]
    assert 0 < min(probabilities) < max(probabilities) - 0.3 <= 0.7
    assert all(len(token.alternatives) == 5 for token in last().logprobs)
    assert "".join(token.text for token in last().logprobs).startswith(last().text[:20])
