"""-f: a reply as Markdown, text, JSON or code; through the real shell, with the echo engine for a model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic.errors import NoAnswerError, OptionError, ReplyError
from aoai_magic.magics.forms import shown
from aoai_magic.render import mimebundle
from aoai_magic.reply import Choice, Reply

PYTHON = "Take this:\n\n```python\nx = 1\nprint(x)\n```\n\nand then\n\n```py\nx += 1\n```\n\n```bash\npip install a very long line of shell\n```"


def reply(*texts: str, finish_reason: str = "stop") -> Reply:
    return Reply({}, "gpt-4o", "local", [Choice(text, finish_reason) for text in texts])


def body(printed: str) -> str:
    """What was printed above the quiet line."""
    return printed.rsplit("\n\ngpt-4o", 1)[0].rsplit("\n\ngpt-35", 1)[0]


@pytest.mark.parametrize("options", ["", "--no-stream "])
def test_json_is_shown_with_one_value_a_line(run: Any, options: str) -> None:
    assert body(run(f'%%chat {options}-f json\n{{"ä": [1, {{"b": null}}]}}')) == (
        '{\n  "ä": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}'
    )
    assert body(run(f'%%chat {options}-f json\n```json\n{{"a": 1}}\n```')) == '{\n  "a": 1\n}'
    assert str(aoai.last) == '```json\n{"a": 1}\n```'


@pytest.mark.parametrize("text", ["no", '{"a": 1} and more', '{"a": NaN}', "```\nno\n```"])
def test_what_is_no_json_is_shown_and_kept_before_the_cell_fails(run: Any, shell: Any, text: str) -> None:
    with pytest.raises(ReplyError, match="The reply is no JSON") as caught:
        run(f"%%chat -f json -o kept\n{text}")
    assert len(str(caught.value).splitlines()) <= 3
    assert body(caught.value.shown) == text  # type: ignore[attr-defined]
    assert shell.user_ns["kept"] is shell.user_ns["_"] is aoai.last is caught.value.reply
    assert aoai.last is not None
    assert aoai.last.text == text


def test_json_that_is_too_deep_is_none() -> None:
    with pytest.raises(ReplyError, match="recursion"):
        shown(reply("[" * 100_000), "json")


def test_json_that_was_cut_says_so(run: Any) -> None:
    with pytest.raises(ReplyError, match="It was cut at the token limit"):
        run('%%chat -f json --max-tokens 3\n{"a": [1, 2, 3, 4, 5, 6]}')


def test_text_is_shown_as_it_stands(run: Any) -> None:
    assert body(run("%%chat -f text\n**not** bold")) == "**not** bold"
    assert body(run("%%complete -f text --max-tokens 9\n**not** bold")).endswith("**not** bold")
    html = mimebundle("**not** <b>\n\n$x$", language="")["text/html"]
    assert "**not** &lt;b&gt;\n\n$x$" in html
    assert "pre-wrap" in html
    assert "<strong>" not in html


def test_of_code_all_python_is_taken_else_all_in_the_language_of_the_longest_block(run: Any) -> None:
    assert body(run(f"%%chat -f code\n{PYTHON}")) == "x = 1\nprint(x)\n\nx += 1"
    assert shown(reply("```\nls -l\n```"), "code").text == "ls -l"
    assert shown(reply("```sh\nls -l\n```\n```sql\nx\n```"), "code").cell == "%%bash\nls -l"
    assert shown(reply("1. do\n\n   ```sql\n   select *\n   ```"), "code").text == "select *"
    assert shown(reply("~~~~python\n```\n~~~~"), "code").text == "```"
    assert shown(reply("```python\n1\n```", "```python\n2\n```"), "code").cell == "1"


@pytest.mark.parametrize("text", ["no code", "inline `code`", "```python\n\n```", ""])
def test_a_reply_without_code_is_shown_and_kept_before_the_cell_fails(run: Any, text: str) -> None:
    with pytest.raises(ReplyError, match="The reply holds no code"):
        shown(reply(text), "code")
    if text:
        with pytest.raises(ReplyError) as caught:
            run(f"%%chat -f code\n{text}")
        assert body(caught.value.shown) == text.strip("\n")  # type: ignore[attr-defined]
        assert aoai.last is caught.value.reply


def test_nothing_hides_in_code() -> None:
    found = shown(reply("```python\nif admin:\u202e # check\x1b[8m\n```"), "code")
    assert found.cell == found.text == "if admin:⟨U+202E⟩ # check␛[8m"


def test_code_is_never_run_and_goes_to_no_new_cell_where_nobody_looks(
    run: Any, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[Any] = []
    monkeypatch.setattr(shell, "set_next_input", lambda text, replace=False: put.append((text, replace)))
    run("%%chat -f code\n```python\nran = True\n```")
    assert put == []
    assert "ran" not in shell.user_ns
    monkeypatch.setattr("aoai_magic.render.live.is_watched", lambda shell: True)
    run("%%chat -q -f code\n```python\nran = True\n```")
    assert put == [("ran = True", False)]
    assert "ran" not in shell.user_ns


def test_several_answers_are_each_shown_in_the_form() -> None:
    assert shown(reply("[1]", "[2]"), "json").text == "[\n  1\n]\n\n[\n  2\n]"
    assert shown(reply("a", "b"), "text").text == "a\n\nb"


def test_the_form_can_be_set_for_all_cells_and_is_no_matter_of_a_dry_run(run: Any) -> None:
    run("%config AoaiMagics.format = 'json'")
    assert body(run("%%chat\n[1]")) == "[\n  1\n]"
    assert body(run("%%chat -f markdown\n[1]")) == "[1]"
    run("%%chat --dry-run -o found\n[1]")
    with pytest.raises(OptionError, match="none of markdown, text, json, code"):
        run("%%chat -f html\nhi")


def test_a_picture_has_a_format_of_its_own(run: Any, shell: Any) -> None:
    run("%config AoaiMagics.format = 'json'")
    run("%%image -q --format jpeg --quality low -o fox\nA fox.")
    assert shell.user_ns["fox"].request["output_format"] == "jpeg"


def test_what_had_arrived_of_a_broken_reply_is_shown_as_it_is(run: Any, cloud: Any) -> None:
    cloud.stream({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": '{"a'}}]})
    run(f"%aoai connect {cloud.url} -d m")
    with pytest.raises(NoAnswerError) as caught:
        run("%%chat -f json\nhi")
    assert caught.value.shown.startswith('{"a\n\nm · ')  # type: ignore[attr-defined]


@given(st.text(), st.sampled_from(["markdown", "text", "json", "code"]))
def test_no_reply_makes_a_form_fail_in_another_way(text: str, form: str) -> None:
    try:
        found = shown(reply(text), form)
    except ReplyError as error:
        assert form in ("json", "code")
        assert len(str(error).splitlines()) <= 3
    else:
        assert mimebundle(found.text, "", found.language)["text/html"].startswith("<div")
