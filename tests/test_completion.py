"""What Tab offers, through the real completer, a real kernel's complete_request, and the terminal's adaptor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.completer import CompletionContext, provisionalcompleter

import aoai_magic as aoai
from aoai_magic import settings
from aoai_magic.local import launch
from aoai_magic.magics.completion import _words

from .test_kernel import Kernel


@pytest.fixture
def tab(shell: Any) -> Any:
    """Press Tab where ¦ is; return what the text becomes, for each thing that is offered."""

    def press(text: str) -> list[str]:
        offset = text.index("¦")
        text = text.replace("¦", "", 1)
        with provisionalcompleter():
            found = list(shell.Completer.completions(text, offset))
        return [text[: one.start] + one.text for one in found]

    return press


@pytest.fixture
def variables(run: Any) -> None:
    run("import math, pandas\ntable = pandas.DataFrame({'rain': [1]})\ntitle = 'x'\n_hidden = 1")
    run("class Person(__import__('pydantic').BaseModel):\n    name: str\ndef tell(city): 'The weather.'")


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%%chat --te¦", ["%%chat --temperature"]),
        ("%%chat --te¦mp\nhi", ["%%chat --temperature"]),
        ("# why\n\n%%chat --te¦", ["# why\n\n%%chat --temperature"]),
        ("%%chat --max_to¦", ["%%chat --max_tokens"]),
        ("%%aoai --sch¦", ["%%aoai --schema"]),
        ("%%complete --suf¦", ["%%complete --suffix"]),
        ("%%image --fid¦", ["%%image --fidelity"]),
        ("%%tokens --he¦", ["%%tokens --help"]),
        ("%%chat gpt-4o-m¦", ["%%chat gpt-4o-mini"]),
        ("%%chat -d gpt-4.1-n¦", ["%%chat -d gpt-4.1-nano"]),
        ("%%chat --model=gpt-4.1-n¦", ["%%chat --model=gpt-4.1-nano"]),
        ("%%image ¦gpt\nhi", None),
        ("%%complete -d ¦", ["%%complete -d gpt-35-turbo-instruct"]),
        ("%%chat -f ¦", ["%%chat -f markdown", "%%chat -f text", "%%chat -f json", "%%chat -f code"]),
        ("%%chat --detail=l¦", ["%%chat --detail=low"]),
        ("%%chat --effort m¦", ["%%chat --effort minimal", "%%chat --effort medium", "%%chat --effort max"]),
        ("%%image --edit las¦", ["%%image --edit last"]),
        ("%%chat -q -o ti¦", ["%%chat -q -o title"]),
        ("%%chat --over ta¦", ["%%chat --over table"]),
        ("%%chat -a ti¦", ["%%chat -a title"]),
        ("%%image --mask ti¦", ["%%image --mask title"]),
        ("%%chat --schema ¦", ["%%chat --schema Person"]),
        ("%%chat --tools te¦", ["%%chat --tools tell"]),
        ("%%chat --tools tell,te¦", ["%%chat --tools tell,tell"]),
        ("%%tokens gpt-4o,o4¦", ["%%tokens gpt-4o,o4-mini"]),
        ("%%chat --compare gpt-4o,gpt-4.1-n¦", ["%%chat --compare gpt-4o,gpt-4.1-nano"]),
        ("%%chat -i af¦", ["%%chat -i afternoon"]),
        ("%%chat -s 'in ¦", []),
        ("%%chat -t ¦", []),
        ("%aoai us¦", ["%aoai usage"]),
        ("x = 1\ny = %aoai us¦", ["x = 1\ny = %aoai usage"]),
        ("%aoai usage --b¦", ["%aoai usage --by"]),
        ("%aoai usage --by no¦", ["%aoai usage --by notebook"]),
        ("%aoai chats und¦", ["%aoai chats undo"]),
        ("%aoai chats undo af¦", ["%aoai chats undo afternoon"]),
        ("%aoai connect lo¦", ["%aoai connect local"]),
        ("%aoai connect local -d gpt-4.1-n¦", ["%aoai connect local -d gpt-4.1-nano"]),
        ("%aoai connect x --serves text-embedding-a¦", ["%aoai connect x --serves text-embedding-ada-002"]),
        ("%aoai nonsense --b¦", []),
        # The body: what stands in braces, and nothing else
        ("%%chat\nimp¦", []),
        ("%%chat\n¦", []),
        ("%%chat\n  tit¦", []),
        ("%%chat\n%tim¦", []),
        ("%%chat\n{'title': tit¦", []),
        ("%%chat\n{{ tit¦", ["%%chat\n{{ title"]),
        ("%%chat\n{{ tit¦ }} and", ["%%chat\n{{ title"]),
        ("%%chat\n{{ title }} tit¦", []),
        ("%%chat\n{{\n  tit¦", ["%%chat\n{{\n  title"]),
        ("%%chat\n{{ len(tit¦", ["%%chat\n{{ len(title"]),
        ("%%chat\n{{ table.ra¦", ["%%chat\n{{ table.rain", "%%chat\n{{ table.radd", "%%chat\n{{ table.rank"]),
        ("%%chat\n{{ table._¦", []),
        ("%%chat\n{{ table.rain.to_l¦", ["%%chat\n{{ table.rain.to_list"]),
        ("%%chat\n{{ title | up¦", ["%%chat\n{{ title | upper"]),
        ("%%chat\n{{ 'tit¦", []),
        ("%%chat\n{{ inclu¦", ["%%chat\n{{ include"]),
        ("%%chat\n{{ Er¦", ["%%chat\n{{ Err"]),
        ("%%chat\n{{ _hid¦", []),
        ("%%chat\n{% endf¦", ["%%chat\n{% endfor"]),
        ("%%chat\n{% for x in tit¦", ["%%chat\n{% for x in title"]),
        ("%%chat -s 'You are {{ tit¦", ["%%chat -s 'You are {{ title"]),
        ("%%chat --raw\n{{ tit¦", []),
        ("%%tokens\n{{ tit¦", []),
        ("%%image\nA {{ tit¦", ["%%image\nA {{ title"]),
    ],
)  # fmt: skip
def test_what_is_offered(tab: Any, run: Any, variables: None, text: str, offered: list[str] | None) -> None:
    aoai.conversation("afternoon")
    found = tab(text)
    if offered is None:
        assert "%%image gpt-image-1" in found
        assert "%%image gpt-4o" not in found
    elif "rain" in text or "ra¦" in text:
        assert set(offered) <= set(found)
    else:
        assert found == offered


def test_with_nothing_typed_deployments_and_options_are_offered(tab: Any) -> None:
    found = tab("%%chat ¦")
    assert found[0] == "%%chat gpt-4o"
    assert "%%chat --temperature" in found
    assert "%%chat -t" not in found
    assert "%%chat -t" in tab("%%chat -¦")


def test_an_option_is_offered_once_but_one_that_may_repeat(tab: Any) -> None:
    assert tab("%%chat -t 0 --te¦") == []
    assert tab("%%chat gpt-4o --dep¦") == []
    assert tab("%%chat --stop x --sto¦") == ["%%chat --stop x --stop"]
    assert tab("%%chat --logprobs --te¦") == ["%%chat --logprobs --temperature"]
    assert "%%chat --logprobs --temperature" in tab("%%chat --logprobs ¦")


def test_files_are_offered(tab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    for name in ("photo.jpg", "notes/one.md", ".hidden"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert tab("%%chat -a ¦") == ["%%chat -a notes/", "%%chat -a photo.jpg"]
    assert tab("%%chat -a notes/¦") == ["%%chat -a notes/one.md"]
    assert tab("%%chat -s @notes/o¦") == ["%%chat -s @notes/one.md"]
    assert tab("%%chat -s no¦") == []
    assert tab("%%chat -a .h¦") == ["%%chat -a .hidden"]
    assert tab("%%chat -a 'ph¦") == ["%%chat -a 'photo.jpg"]
    assert tab("%aoai record ¦")[0] == "%aoai record notes/"
    assert tab("%%chat -a nowhere/¦") == []


@pytest.mark.parametrize(
    "text", ["imp¦", "%%bash\nimp¦", "%%cha¦", "%%chat¦", "%%time\n%ti¦", "# %%chat\nimp¦", "%aoa¦"]
)
def test_elsewhere_all_is_as_it_is_without_us(tab: Any, shell: Any, text: str) -> None:
    ours = tab(text)
    magics = ["chat", "aoai"] if text.startswith("%") and "\n" not in text else []
    shell.Completer.custom_matchers.clear()
    try:
        assert tab(text) == ours
        assert ours or not magics
    finally:
        shell.run_line_magic("load_ext", "aoai_magic")
        shell.Completer.custom_matchers.append(shell.magics_manager.registry["AoaiMagics"].match)


def test_a_chat_of_another_extension_is_left_alone(tab: Any, shell: Any) -> None:
    shell.run_line_magic("unload_ext", "aoai_magic")
    shell.register_magic_function(lambda line, cell: None, "cell", "chat")
    try:
        shell.run_line_magic("load_ext", "aoai_magic")
        assert "%%chat --temperature" not in tab("%%chat --te¦")
        assert tab("%%aoai --te¦") == ["%%aoai --temperature"]
    finally:
        shell.magics_manager.magics["cell"].pop("chat")


def test_nothing_is_asked_and_nothing_settled(
    tab: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_HOME", str(tmp_path))
    assert "%%chat gpt-4o" in tab("%%chat ¦")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://contoso.openai.azure.com")
    monkeypatch.setenv("AOAI_DEPLOYMENT", "ours")
    assert tab("%%chat -d ¦") == ["%%chat -d ours"]
    assert aoai.connection().deployment == "ours"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.aoai-magic]\nkey = 1", encoding="utf-8")
    monkeypatch.setattr("aoai_magic.current._connection", None)
    assert tab("%%chat -d ¦") == []


def test_deployments_are_those_that_were_listed_or_answered(tab: Any, run: Any, cloud: Any) -> None:
    run(f"%aoai connect {cloud.url} -d mine")
    cloud.completion()
    run("%%chat -q --no-stream yours\nhi")
    assert tab("%%chat -d ¦") == ["%%chat -d mine", "%%chat -d yours"]
    run("%aoai connect local")
    aoai.deployments()
    control_plane = aoai.connection().control_plane
    control_plane.seen["extra"] = {**control_plane.seen["gpt-4o"], "name": "extra"}
    assert tab("%%chat -d e¦") == ["%%chat -d extra"]


@given(text=st.text(st.sampled_from("%chat -{}|.\"'\nx=,\t"), max_size=30), at=st.integers(0, 30))
def test_no_text_makes_it_fail(_ipython: Any, text: str, at: int) -> None:
    _ipython.run_line_magic("load_ext", "aoai_magic")
    matcher = _ipython.Completer.custom_matchers[-1]
    lines = f"%%chat {text}".split("\n")
    column = min(at, len(lines[-1]))
    found = matcher(CompletionContext("", "\n".join(lines), column, len(lines) - 1, 100))
    _ipython.run_line_magic("unload_ext", "aoai_magic")
    assert lines[-1][:column].endswith(found.get("matched_fragment", ""))


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Z", "C"), exclude_characters="\"'"), min_size=1)))
def test_words_are_told_apart(words: list[str]) -> None:
    assert _words(" ".join(words) + " ") == (words, "")
    assert _words(" ".join(f"'{word} x'" for word in words) + " ") == ([f"'{word} x'" for word in words], "")


def test_a_terminal_offers_the_same(shell: Any, variables: None) -> None:
    from IPython.terminal.ptutils import IPythonPTCompleter
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    completer = IPythonPTCompleter(shell=shell)
    for text, offered in [("%%chat --te", ["--temperature"]), ("%%chat\n{{ tit", ["title"]), ("%%chat\nimp", [])]:
        found = list(completer.get_completions(Document(text), CompleteEvent(completion_requested=True)))
        assert [one.text for one in found] == offered


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    running = Kernel()
    running.run("%load_ext aoai_magic\ntitle = 'x'")
    yield running
    running.close()


def test_a_kernel_answers_complete_requests(kernel: Kernel) -> None:
    def asked(text: str) -> Any:
        reply = kernel.client.complete(text.replace("¦", "", 1), text.index("¦"), reply=True, timeout=60)
        content = reply["content"]
        assert content["status"] == "ok"
        return content["matches"], content["cursor_start"], content["cursor_end"]

    before = launch.find(settings.local())
    assert asked("%%chat --te¦\nhi") == (["--temperature"], 7, 11)
    assert asked("%%chat -t 0\nimp¦") == ([], 15, 15)
    assert asked("%%chat\n{{ ti¦ }}") == (["title"], 10, 12)
    assert "gpt-4o-mini" in asked("%%chat ¦")[0]
    assert asked("%aoai sta¦") == (["status"], 6, 9)
    assert "import" in asked("imp¦")[0]
    kernel.run("%unload_ext aoai_magic")
    assert "--temperature" not in asked("%%chat --te¦\nhi")[0]
    assert launch.find(settings.local()) == before
