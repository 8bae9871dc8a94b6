from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aoai_magic.errors import OptionError
from aoai_magic.magics import chat
from aoai_magic.magics.arguments import Option, integer, name, number, parse, split

OPTIONS = (
    Option(("-d", "--deployment", "-m", "--model"), "the deployment", "DEPLOYMENT", positional=True),
    Option(("-t", "--temperature"), "how bold", "NUMBER", number(0, 2)),
    Option(("--max-tokens",), "the most", "COUNT", integer(1)),
    Option(("--stop",), "where to stop", "TEXT", repeat=True),
    Option(("-o", "--output"), "the variable", "NAME", name),
    Option(("-q", "--quiet"), "show nothing"),
    Option(("--logprobs",), "how many", "COUNT", integer(0), alone=5),
)


def read(line: str) -> dict[str, Any]:
    return parse(line, OPTIONS, "%%chat")


def quoted(word: str) -> str:
    """A word as a user would quote it: no escape character, so a quote of one kind stands inside the other."""
    return "''" if not word else "".join(f'"{part}"' if part == "'" else f"'{part}'" for part in word)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)))))
@example(["C:\\new\\folder", "it's", 'say "hi"', "", "#", "a b"])
def test_words_that_were_quoted_come_back_as_they_were(words: list[str]) -> None:
    assert split(" ".join(map(quoted, words))) == words


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\"'")))
def test_without_quotes_a_line_is_split_at_white_space(line: str) -> None:
    assert split(line) == [
        word for word in line.replace("\r", " ").replace("\n", " ").replace("\t", " ").split(" ") if word
    ]


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_no_line_makes_the_splitter_fail_but_an_open_quote(line: str) -> None:
    try:
        split(line)
    except OptionError:
        assert "'" in line or '"' in line


def test_backslashes_hashes_dollars_and_braces_are_nothing_special() -> None:
    assert split(r"C:\temp\n #tag $HOME {x} a=b") == ["C:\\temp\\n", "#tag", "$HOME", "{x}", "a=b"]


@given(st.text())
def test_no_line_makes_the_parser_fail_in_another_way(line: str) -> None:
    try:
        read(line)
    except OptionError as error:
        assert str(error).strip()
        assert len(str(error).splitlines()) <= 3 or "\n" in line


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("", {}),
        ("gpt-4o", {"deployment": "gpt-4o"}),
        ("-d gpt-4o", {"deployment": "gpt-4o"}),
        ("-m gpt-4o", {"deployment": "gpt-4o"}),
        ("--model=gpt-4o", {"deployment": "gpt-4o"}),
        ("-t 0.5 --max-tokens 7", {"temperature": 0.5, "max_tokens": 7}),
        ("--max_tokens 7", {"max_tokens": 7}),
        ("--max-tokens=7", {"max_tokens": 7}),
        ("-t=1", {"temperature": 1.0}),
        ("--stop a --stop 'b c'", {"stop": ["a", "b c"]}),
        ("--stop=--quiet", {"stop": ["--quiet"]}),
        ("-q", {"quiet": True}),
        ("--logprobs", {"logprobs": 5}),
        ("--logprobs 2 a", {"logprobs": 2, "deployment": "a"}),
        ("--logprobs=0", {"logprobs": 0}),
        ("--logprobs a -q", {"logprobs": 5, "deployment": "a", "quiet": True}),
        ("--help", {"help": True}),
        ("-", {"deployment": "-"}),
    ],
)
def test_options_are_read(line: str, values: dict[str, Any]) -> None:
    assert read(line) == values


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--temprature 1", "Did you mean --temperature?"),
        ("-z", "None has a name like that."),
        ("--provider x", "None has a name like that."),
        ("--temp 1", "Did you mean --temperature?"),
        ("-t", "needs a value"),
        ("-t --quiet", "an option itself"),
        ("-t warm", "it is not a number"),
        ("-t 3", "between 0 and 2"),
        ("-t nan", "between 0 and 2"),
        ("--max-tokens 0", "at least 1"),
        ("--max-tokens 1.5", "not a whole number"),
        ("-t 1 -t 1", "a second time"),
        ("a b", "one word too many"),
        ("a -d b", "a second time"),
        ("-q=yes", "takes no value"),
        ("-o 2b", "not the name of a variable"),
        ("-o class", "not the name of a variable"),
        ("-s 'open", "quote is not closed"),
        ("--logprobs=many", "not a whole number"),
        ("--logprobs -1", "has no option -1"),
    ],
)
def test_what_cannot_be_read_is_said(line: str, said: str) -> None:
    with pytest.raises(OptionError) as caught:
        read(line)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("--id", "--chat"),
        ("--reset", "--new"),
        ("--image", "--attach"),
        ("--reasoning-effort", "--effort"),
        ("--max_completion_tokens", "--max-tokens"),
        ("--response-format", "--schema"),
        ("--logit-bias", "--param logit_bias=VALUE"),
        ("--presense-penalty", "--param presence_penalty=VALUE"),
    ],
)
def test_what_other_tools_call_an_option_leads_to_it(word: str, meant: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse(f"{word} x", chat.OPTIONS, "%%chat")
    assert f"Did you mean {meant}?" in str(caught.value)
    assert any(meant.split()[0] in option.names for option in chat.OPTIONS)
