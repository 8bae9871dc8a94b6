"""The magics, through the real shell, against the real local service with the echo engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors


def test_a_cell_is_a_prompt(run: Any) -> None:
    printed = run("%%chat\nSay hello")
    assert printed == "Say hello\n\ngpt-4o · answered by echo on this machine · 9 tokens in, 2 out\n"


def test_the_reply_is_the_underscore_and_the_out(run: Any, shell: Any) -> None:
    run("%%chat\nSay hello")
    number = shell.execution_count - 1
    assert str(shell.user_ns["_"]) == "Say hello"
    assert shell.user_ns["Out"][number] is shell.user_ns["_"] is shell.user_ns[f"_{number}"]
    assert run("print(_.text)") == "Say hello\n"
    run("1 + 1")
    assert shell.user_ns["_"] == 2
    assert str(shell.user_ns["__"]) == "Say hello"


def test_the_reply_is_in_the_variable_that_was_named(run: Any, shell: Any) -> None:
    run("%%chat -o answer\nSay hello")
    assert shell.user_ns["answer"] is aoai.last
    assert isinstance(shell.user_ns["answer"], aoai.Reply)


def test_the_deployment_may_be_a_bare_word(run: Any) -> None:
    for line in ("gpt-4o-mini", "-d gpt-4o-mini", "-m gpt-4o-mini", "--model=gpt-4o-mini"):
        run(f"%%chat {line}\nhi")
        assert aoai.last is not None
        assert aoai.last.request["model"] == "gpt-4o-mini"


def test_options_reach_the_request(run: Any) -> None:
    run('%%chat -s "Be brief." -t 0.5 --max-tokens 5 --seed 7\nhi')
    assert aoai.last is not None
    request = aoai.last.request
    assert request["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (request["temperature"], request["max_tokens"], request["seed"]) == (0.5, 5, 7)
    assert "temperature" not in (run("%%chat\nhi"), aoai.last.request)[1]


def test_without_streaming_the_reply_is_the_same(run: Any) -> None:
    assert run("%%chat --no-stream\none two") == run("%%chat\none two")
    assert aoai.last is not None
    assert aoai.last.request["stream"]


def test_quiet_shows_nothing(run: Any, shell: Any) -> None:
    assert run("%%chat -q -o x\nhi") == ""
    assert str(shell.user_ns["x"]) == str(shell.user_ns["_"]) == "hi"


def test_help_is_shown_and_nothing_sent(run: Any) -> None:
    for line in ("-h", "--help", "gpt-4o --help"):
        assert "--max-tokens COUNT" in run(f"%%chat {line}\nhi")
    assert aoai.last is None


def test_the_question_mark_shows_the_same_help(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%chat?")
    assert "--max-tokens COUNT" in capsys.readouterr().out


@pytest.mark.parametrize(
    "body",
    [
        ">>> print('hi')\n... print('ho')",
        "In [1]: 1 + 1",
        "    indented\n  less",
        "\n\nafter blank lines",
        "trailing spaces  \n\n",
        '{"json": [1, {"a": "{x}"}]}',
        r"LaTeX: \frac{a}{b} and ${x}$",
        "$HOME and {shell}",
        "!ls and %magic and ?help",
        "# a comment?",
        "tabs\tand unicode: 日本 👩‍👩‍👧",
    ],
)
def test_the_body_is_sent_as_it_was_typed(run: Any, body: str) -> None:
    run(f"%%chat -q\n{body}")
    assert aoai.last is not None
    assert aoai.last.request["messages"][-1]["content"] == body


def test_the_line_is_not_expanded_by_ipython(run: Any, shell: Any) -> None:
    shell.user_ns["name"] = "expanded"
    run("%%chat -q -s '{name} $name'\nhi")
    assert aoai.last is not None
    assert aoai.last.request["messages"][0]["content"] == "{name} $name"


def test_code_may_call_the_magic(shell: Any, run: Any) -> None:
    run("get_ipython().run_cell_magic('chat', '-q', 'from code\\n')")
    assert aoai.last is not None
    assert aoai.last.text == "from code"


def test_another_cell_magic_may_hold_the_cell(run: Any) -> None:
    run("%%time\n%%chat -q\n  timed")
    assert aoai.last is not None
    assert aoai.last.text.strip() == "timed"


def test_aoai_is_another_name_of_chat(run: Any) -> None:
    assert run("%%aoai\nhi") == run("%%chat\nhi")


@pytest.mark.parametrize("cell", ["%%chat\n ", "%%chat\n\n\n", "%%aoai\n\t"])
def test_a_cell_without_a_prompt_is_an_error(run: Any, cell: str) -> None:
    with pytest.raises(errors.OptionError, match="holds no prompt"):
        run(cell)


def test_an_error_fails_the_cell_and_keeps_the_last_reply(run: Any) -> None:
    run("%%chat -q\nhi")
    with pytest.raises(errors.DeploymentNotFoundError):
        run("%%chat nope\nhi")
    assert aoai.last is not None
    assert aoai.last.text == "hi"


def test_a_broken_stream_shows_and_keeps_what_had_arrived(run: Any, shell: Any, cloud: Any) -> None:
    cloud.stream({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": "Once upon"}}]})
    run(f"%aoai connect {cloud.url} -d m")
    with pytest.raises(errors.NoAnswerError) as caught:
        run("%%chat -o story\nhi")
    assert "Once upon\n\nm · price unknown · broken off" in re.sub(r" · [\d.]+ s", "", caught.value.shown) or (
        "Once upon\n\nm · broken off" in caught.value.shown  # type: ignore[attr-defined]
    )
    assert shell.user_ns["story"].text == "Once upon"


def test_connect_says_where_requests_go(run: Any) -> None:
    printed = run("%aoai connect https://contoso.openai.azure.com -d chat")
    assert "Azure OpenAI, https://contoso.openai.azure.com (named by connect)" in printed
    assert "Entra ID" in printed
    assert "v1 API" in printed
    assert run("%aoai status") == printed
    assert "local service" in run("%aoai connect local")


def test_connect_reads_a_key_from_the_environment_and_never_shows_it(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_KEY", "sekret")
    printed = run("%aoai connect https://contoso.openai.azure.com --key-env TEAM_KEY --api-version 2024-10-21")
    assert "sekret" not in printed
    assert aoai.connection().target.api_key == "sekret"
    assert "2024-10-21" in printed


def test_connect_says_where_a_key_would_have_to_be(run: Any) -> None:
    with pytest.raises(errors.SettingsError, match="NO_SUCH_KEY"):
        run("%aoai connect openai --key-env NO_SUCH_KEY")
    with pytest.raises(errors.OptionError, match="no option --api-key"):
        run("%aoai connect openai --api-key sekret")


def test_status_sends_and_starts_nothing(run: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_HOME", str(tmp_path))
    assert "local service" in run("%aoai status")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_names_the_near_one(run: Any) -> None:
    with pytest.raises(errors.OptionError, match="Did you mean status"):
        run("%aoai staus")
    with pytest.raises(errors.OptionError, match="It has connect"):
        run("%aoai xyz")


def test_help_lists_cells_and_commands(run: Any) -> None:
    from aoai_magic.magics.aoai import COMMANDS

    for line in ("%aoai", "%aoai help", "%aoai --help"):
        printed = run(line)
        assert all(f"  %%{name} " in printed for name in ("chat", "complete", "image", "tokens", "aoai"))
        assert all(f"  %aoai {name} " in printed for name in COMMANDS)


def test_a_command_says_its_options(run: Any) -> None:
    assert "--key-env NAME" in run("%aoai connect --help")


@pytest.mark.parametrize("command", ["models", "quota"])
def test_a_name_that_nothing_has_is_said_in_words(run: Any, command: str) -> None:
    assert run(f"%aoai {command} nosuch") == (
        f"Nothing is there with 'nosuch' in its model's name. %aoai {command} lists all.\n"
    )


def test_a_replay_is_ended_by_the_word_that_ends_recording(run: Any) -> None:
    run("%aoai replay")
    assert run("%aoai replay off") == "Requests are sent, and not recorded.\n"
    assert run("%%chat\nhi").startswith("hi\n")


def test_what_was_spent_is_written_and_drawn_at_once(run: Any, shell: Any, tmp_path: Path) -> None:
    run("%%chat -q\nhi")
    assert "Requests written to" in run(f"%aoai usage --csv {tmp_path / 'spent.csv'} --plot")
    assert type(shell.user_ns["_"]).__name__ == "Figure"
    with pytest.raises(errors.SettingsError, match=r"nowhere/spent\.csv can't be written: No such file or directory"):
        run("%aoai usage --csv nowhere/spent.csv")


def test_what_is_set_for_all_cells_steers_no_terminal(run: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = "\\u001b]52;c;aGk=\\u0007\\u202e"
    text = f'[tool.aoai-magic]\nsystem = "{odd}"\ndeployment = "{odd}"\nstop = "{odd}"'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    shown = run("%aoai status") + run("%aoai connect local") + repr(aoai.connection())
    shown += repr(aoai.Compare("a\x1b[2J")) + repr(aoai.ChatPanel())
    assert "system" in shown
    assert not set("\x1b\x07\u202e") & set(shown)
