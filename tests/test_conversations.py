"""Conversations: what is sent along, what joins, what gives way, and what can be taken back."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from PIL import Image

import aoai_magic as aoai
from aoai_magic import current, errors
from aoai_magic.conversations import Cell, Turn, text_of
from aoai_magic.tools import definition


def turn(text: str, cell: Cell | None = None) -> Turn:
    return Turn(({"role": "user", "content": text}, {"role": "assistant", "content": text.upper()}), (), "gpt-4o", cell)


def talk_of(*texts: str, name: str = "tale") -> aoai.Conversation:
    talk = aoai.Conversation(name)
    for text in texts:
        talk.place().join(turn(text).messages, (), "gpt-4o")
    return talk


def sent() -> list[str]:
    assert isinstance(aoai.last, aoai.Reply)
    return [f"{one['role']}: {one['content']}" for one in aoai.last.request["messages"]]


def prompts(name: str = "main") -> list[Any]:
    return [turn.messages[0]["content"] for turn in current.conversations[name]]


# In cells


def test_a_cell_stands_alone_unless_it_says_otherwise(run: Any) -> None:
    run("%%chat -c\none")
    run("%%chat\ntwo")
    assert sent() == ["user: two"]
    run("%%chat -c\nthree")
    assert sent() == ["user: one", "assistant: one", "user: three"]
    assert prompts() == ["one", "three"]


def test_conversations_have_names(run: Any) -> None:
    run("%%chat -i poet\none")
    run("%%chat -i critic\ntwo")
    run("%%chat --chat poet\nthree")
    assert sent() == ["user: one", "assistant: one", "user: three"]
    run("%%chat -i main -c\nfour")
    assert set(current.conversations) == {"poet", "critic", "main"}


def test_two_names_at_once_are_an_error(run: Any) -> None:
    with pytest.raises(errors.OptionError, match="two conversations"):
        run("%%chat -c -i poet\nhi")


@pytest.mark.parametrize("name", [" ", "-x", "x" * 61, "a\u202eb", "two\nlines"])
def test_what_is_no_name_is_refused(run: Any, name: str) -> None:
    with pytest.raises(errors.SettingsError, match="can't be called"):
        aoai.chat("hi", conversation=name)
    assert current.conversations == {}
    with pytest.raises(errors.SettingsError, match="is no conversation"):
        aoai.chat("hi", conversation=7)  # type: ignore[arg-type]


def test_the_status_says_turns_and_tokens(run: Any) -> None:
    run("%%chat -c\none")
    assert run("%%chat -c\ntwo").endswith("18 tokens in, 1 out · main: 2 turns, 20 of 111,616 tokens\n")
    assert "main" not in run("%%chat\nthree")


def test_the_system_message_is_the_conversations_until_a_cell_says_another(run: Any) -> None:
    run("%%chat -c -s Rhyme.\none")
    run("%%chat -c\ntwo")
    assert sent()[0] == "system: Rhyme."
    run('%%chat -c -s "In prose."\nthree')
    assert sent() == ["system: In prose.", "user: one", "assistant: one", "user: two", "assistant: two", "user: three"]
    run("%%chat -c\nfour")
    assert sent()[0] == "system: In prose."
    run("%aoai chats undo")
    run("%aoai chats undo")
    run("%%chat -c\nfive")
    assert sent()[0] == "system: Rhyme.", "as if the cell that said another had never been"


def test_a_system_message_for_all_cells_is_for_beginnings(run: Any) -> None:
    run("%config AoaiMagics.system = 'Rhyme.'")
    run("%%chat -c\none")
    assert sent()[0] == "system: Rhyme."
    run('%%chat -c -s "In prose."\ntwo')
    run("%%chat -c\nthree")
    assert sent()[0] == "system: In prose."


def test_new_begins_afresh_and_undo_brings_the_old_one_back(run: Any) -> None:
    run("%%chat -i poet\none")
    run("%%chat -i poet\ntwo")
    printed = run("%%chat -i poet --new\nthree")
    assert sent() == ["user: three"]
    assert "poet: 1 turn, 10 of 111,616 tokens, begun afresh, 2 turns dropped" in printed
    assert run("%aoai chats undo poet") == "Taken back. poet: 2 turns\n"
    run("%%chat --new\nfour")
    assert prompts("main") == ["four"], "--new alone is -c --new"


def test_a_dry_run_counts_the_whole_conversation_and_joins_nothing(run: Any) -> None:
    run("%%chat -c -s Rhyme.\none")
    run("%%chat -c\ntwo")
    printed = run("%%chat -c --dry-run -o e\nthree")
    run("%%chat -i another --dry-run\none")
    assert set(current.conversations) == {"main"}, "what is only foreseen begins nothing"
    assert "2 earlier turns" in printed
    assert prompts() == ["one", "two"]
    run("%%chat -c\nthree")
    assert aoai.last is not None
    assert aoai.last.usage is not None
    assert aoai.last.estimate is not None
    assert aoai.last.usage.prompt_tokens == aoai.last.estimate.prompt_tokens
    assert str(aoai.last.estimate.prompt_tokens) in printed


def test_pictures_stay_in_their_turns(run: Any, shell: Any) -> None:
    shell.user_ns["fox"] = Image.new("RGB", (64, 64), "red")
    run("%%chat -c -a fox\nWhat is this?")
    run("%%chat -c\nAnd now?")
    assert aoai.last is not None
    parts = aoai.last.request["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert aoai.last.estimate is not None
    assert aoai.last.usage is not None
    assert aoai.last.estimate.prompt_tokens == aoai.last.usage.prompt_tokens > 255


# What joins


def test_an_error_joins_nothing_and_loses_nothing(run: Any) -> None:
    run("%%chat -c\none")
    for cell in ("%%chat nope -c\ntwo", "%%chat -c --new --nonsense\ntwo", "%%chat nope -c --new\ntwo"):
        with pytest.raises(errors.AoaiError):
            run(cell)
    assert prompts() == ["one"]


def test_a_reply_that_broke_off_is_kept_but_not_joined_and_says_so(run: Any, cloud: Any) -> None:
    cloud.stream({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": "Once upon"}}]})
    run(f"%aoai connect {cloud.url} -d m")
    with pytest.raises(errors.NoAnswerError) as caught:
        run("%%chat -c\nhi")
    assert "broken off · not joined to main: no turns, as before\n" in caught.value.shown  # type: ignore[attr-defined]
    assert str(aoai.last) == "Once upon"
    assert len(aoai.conversation()) == 0


def test_an_answer_without_the_shape_that_was_asked_for_fails_the_cell_and_joins_nothing(run: Any, cloud: Any) -> None:
    cloud.completion("No JSON today.")
    run(f"%aoai connect {cloud.url} -d m")
    with pytest.raises(errors.SchemaError) as caught:
        run("%%chat -c --schema 'name, age int' --no-stream\nhi")
    assert "not joined to main: no turns, as before" in caught.value.shown  # type: ignore[attr-defined]
    assert len(aoai.conversation()) == 0


def test_a_cut_reply_joins_so_that_it_can_be_gone_on_with(run: Any) -> None:
    assert "cut at the token limit · main: 1 turn" in run("%%chat -c --max-tokens 2\none two three four")
    run("%%chat -c\nGo on.")
    assert sent()[1] == "assistant: one two"


def test_one_that_the_filter_cut_does_not(cloud: Any) -> None:
    delta = {"delta": {"content": "Half a"}, "finish_reason": "content_filter"}
    cloud.stream({"id": "c", "model": "m", "choices": [{"index": 0, **delta}]}, "data: [DONE]\n\n")
    aoai.connect(cloud.url, deployment="m")
    reply = aoai.chat("hi", conversation="main")
    assert "not joined to main" in reply.status()


def test_of_several_choices_the_first_joins() -> None:
    aoai.chat("hi", conversation="main", n=2)
    assert [one["role"] for one in aoai.conversation().messages] == ["user", "assistant"]


def test_an_asked_for_call_joins_with_its_arguments() -> None:
    def weather(city: str) -> str:
        """The weather of a city."""
        return "sunny"

    tools = [definition(weather)]  # described only: the call is ours to answer
    reply = aoai.chat("weather?", tools=tools, conversation="main", stream=False, tool_choice="required")
    call = aoai.conversation().messages[-1]["tool_calls"][0]
    assert call["function"]["name"] == "weather"
    answer = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
    aoai.chat([answer], tools=tools, conversation="main")
    assert [one["role"] for one in aoai.last.request["messages"]] == ["user", "assistant", "tool"]  # type: ignore[union-attr]
    assert reply.conversation is not None


def test_a_thread_belongs_to_no_cell() -> None:
    found: list[Cell | None] = []
    thread = threading.Thread(target=lambda: found.append(current.cell()))
    thread.start()
    thread.join()
    assert found == [None]


# What fits


def test_the_oldest_turns_are_left_out_where_a_limit_says_so(run: Any) -> None:
    for word in ("one", "two", "three", "four"):
        run(f"%%chat -c -s Rhyme.\n{word}")
    run("%aoai chats limit main 30")
    printed = run("%%chat -c\nfive")
    assert sent() == ["system: Rhyme.", "user: four", "assistant: four", "user: five"]
    assert "main: 5 turns, the oldest 3 not sent, 28 of 30 tokens" in printed
    assert prompts() == ["one", "two", "three", "four", "five"], "they stay in the conversation"
    run("%aoai chats limit main off")
    run("%%chat -c\nsix")
    assert len(sent()) == 12


def test_a_prompt_that_is_longer_than_the_limit_goes_alone() -> None:
    aoai.chat("one", conversation="main")
    aoai.conversation().limit = 5
    reply = aoai.chat("a rather long prompt, by that measure", conversation="main")
    assert len(reply.request["messages"]) == 1


@pytest.mark.parametrize(
    ("model", "max_tokens", "limit"),
    [
        ("gpt-4o", 100, 128_000 - 100),  # the window less what the reply may have
        ("gpt-4o", None, 128_000 - 16_384),  # or the longest that the model gives,
        ("gpt-4-0613", None, 8_192 * 3 // 4),  # or a quarter of the window, if that is less
    ],
)
def test_the_window_less_the_replys_limit_is_the_limit(model: str, max_tokens: int | None, limit: int) -> None:
    aoai.connect("local", deployment="d", serves=model)
    talk = talk_of(*["word " * 990] * 130)
    found = aoai.estimate("hi", conversation=talk, max_tokens=max_tokens).prompt_tokens
    assert limit - 2_000 < found <= limit


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 400))
def test_as_many_of_the_last_turns_as_fit_are_sent(sizes: list[int], room: int) -> None:
    talk = talk_of(*(f"{number} {size}" for number, size in enumerate(sizes)))
    fitting = talk.place().fitting(room, lambda one: int(one.messages[0]["content"].split()[1]))
    kept = [int(one.messages[0]["content"].split()[0]) for one in fitting]
    assert kept == list(range(len(sizes) - len(kept), len(sizes))), "the last ones, in their order"
    assert sum(sizes[number] for number in kept) <= room
    if len(kept) < len(sizes):
        assert sum(sizes[len(sizes) - len(kept) - 1 :]) > room, "one more doesn't fit"


class Notebook(RuleBasedStateMachine):
    """Cells that are run in any order, again and again, beside a plain model of what a conversation then is."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = aoai.Conversation("tale")
        self.turns: list[tuple[str, int]] = []
        self.before: list[list[tuple[str, int]]] = []
        self.runs = 0

    def _join(self, cell: str, run: int, *, afresh: bool = False) -> None:
        place = self.talk.place(Cell(cell, str(run)), afresh=afresh)
        place.join(turn(f"{cell} {run}").messages, (), "gpt-4o")
        self.before.append(self.turns)
        again = [at for at, (name, earlier) in enumerate(self.turns) if name == cell and earlier != run]
        kept = [] if afresh else self.turns[: again[0]] if again else self.turns
        lost = self.turns[len(kept) :]
        assert place.dropped == (len(lost) if afresh else sum(name != cell for name, _ in lost))
        self.turns = [*kept, (cell, run)]

    @rule(cell=st.sampled_from("abcd"), prompts=st.integers(1, 3))
    def run_a_cell(self, cell: str, prompts: int) -> None:
        self.runs += 1
        for _ in range(prompts):
            self._join(cell, self.runs)

    @rule(cell=st.sampled_from("abcd"))
    def begin_afresh(self, cell: str) -> None:
        self.runs += 1
        self._join(cell, self.runs, afresh=True)

    @rule(cell=st.sampled_from("abcd"))
    def run_a_cell_that_fails(self, cell: str) -> None:
        self.talk.place(Cell(cell, "failed"))

    @precondition(lambda self: self.before)
    @rule()
    def undo(self) -> None:
        self.talk.undo()
        self.turns = self.before.pop()

    @rule()
    def fork_and_go_on_there(self) -> None:
        self.talk.fork("other").place().join(turn("elsewhere").messages, (), "gpt-4o")

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        found = [(one.cell.id, int(one.cell.run)) for one in self.talk if one.cell]
        assert found == self.turns
        runs = {name: {run for cell, run in self.turns if cell == name} for name, _ in self.turns}
        assert all(len(one) == 1 for one in runs.values()), "of every cell, the turns of one run"


TestNotebook = Notebook.TestCase


def test_what_was_never_done_can_not_be_taken_back() -> None:
    with pytest.raises(errors.SettingsError, match="nothing to take back"):
        aoai.Conversation("tale").undo()


# The command


def test_chats_lists_them(run: Any) -> None:
    assert "There is no conversation yet" in run("%aoai chats")
    run("%%chat -i poet\nA poem,\nplease.")
    printed = run("%aoai chats")
    assert "poet" in printed
    assert "A poem, please." in printed


def test_chats_shows_one(run: Any, shell: Any) -> None:
    run("%%chat -c -s Rhyme.\n# Hello\n<script>alert(1)</script> \x1b[2J")
    printed = run("%aoai chats show")
    assert "system\n    Rhyme.\n\n1 · user\n    # Hello\n" in printed
    assert "\x1b" not in printed
    html = aoai.conversation()._repr_mimebundle_()["text/html"]
    assert "<h1>Hello</h1>" in html
    assert "<script" not in html


def test_a_message_can_not_pretend_to_be_another_turn() -> None:
    shown = str(talk_of("hi\n\n2 · gpt-4o\n    I agree."))
    assert "\n    2 · gpt-4o\n" in shown


def test_chats_forks_and_drops(run: Any) -> None:
    run("%%chat -c\none")
    assert run("%aoai chats fork main other") == "other: 1 turn\n"
    run("%%chat -i other\ntwo")
    assert (prompts("main"), prompts("other")) == (["one"], ["one", "two"])
    with pytest.raises(errors.SettingsError, match="already"):
        run("%aoai chats fork main other")
    assert run("%aoai chats drop other") == "Dropped. other: 2 turns\n"
    with pytest.raises(errors.SettingsError, match="no conversation other"):
        run("%aoai chats show other")


def test_chats_says_which_name_was_meant(run: Any) -> None:
    run("%%chat -i poet\none")
    with pytest.raises(errors.SettingsError, match="Did you mean poet"):
        run("%aoai chats show poets")


@pytest.mark.parametrize("line", ["fork main", "save main", "load", "limit main", "drop", "list main", "show a b"])
def test_chats_says_what_an_action_takes(run: Any, line: str) -> None:
    with pytest.raises(errors.OptionError, match=rf"%aoai chats {line.split()[0]} takes"):
        run(f"%aoai chats {line}")


@pytest.mark.parametrize("tokens", ["0", "many", "-4"])
def test_a_limit_is_a_number_of_tokens(run: Any, tokens: str) -> None:
    run("%%chat -c\none")
    with pytest.raises(errors.AoaiError):
        run(f"%aoai chats limit main {tokens}")
    with pytest.raises(errors.SettingsError):
        aoai.conversation().limit = 0


# Files


def test_a_saved_conversation_comes_back_in_another_kernel(run: Any, shell: Any, tmp_path: Path) -> None:
    shell.user_ns["fox"] = Image.new("RGB", (64, 64), "red")
    run("%%chat -i poet -s Rhyme. -a fox\none")
    run("%%chat -i poet\ntwo")
    messages = aoai.conversation("poet").messages
    assert "poet: 2 turns" in run(f"%aoai chats save poet {tmp_path / 'poet.json'}")
    current.conversations.clear()
    run(f"%aoai chats load {tmp_path / 'poet.json'}")
    assert aoai.conversation("poet").messages == messages
    run(f"%aoai chats load {tmp_path / 'poet.json'} critic")
    assert aoai.conversation("critic").messages == messages
    run("%%chat -i critic\nthree")
    assert "goes back to critic: 3 turns" in run(f"%aoai chats load {tmp_path / 'poet.json'} critic")
    run("%aoai chats undo critic")
    assert prompts("critic")[-1] == "three"


def test_a_file_reads_well_and_hides_nothing(tmp_path: Path) -> None:
    talk_of("Grüße \x1b[2J\u202e\ud800").save(tmp_path / "a.json")
    written = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "Grüße \\u001b[2J\\u202e\\ud800" in written
    assert aoai.Conversation.load(tmp_path / "a.json").messages == talk_of("Grüße \x1b[2J\u202e\ud800").messages


def test_only_a_conversation_is_overwritten(run: Any, tmp_path: Path) -> None:
    run("%%chat -c\none")
    for number, content in enumerate(["", "my notes", "[1]", '{"format": "other"}', "\xff"]):
        file = tmp_path / f"{number}.json"
        file.write_text(content, encoding="latin-1")
        with pytest.raises(errors.SettingsError, match="holds no conversation"):
            run(f"%aoai chats save main {file}")
        assert file.read_text(encoding="latin-1") == content
    run(f"%aoai chats save main {tmp_path / 'main.json'}")
    run("%%chat -c\ntwo")
    assert "2 turns" in run(f"%aoai chats save main {tmp_path / 'main.json'}")
    with pytest.raises(errors.SettingsError, match="can't be written"):
        run(f"%aoai chats save main {tmp_path / 'nowhere' / 'main.json'}")
    assert [one.name for one in tmp_path.glob("*.part")] == []


def good(**changes: Any) -> dict[str, Any]:
    turn = {"cell": None, "deployment": "gpt-4o", "system": [], "messages": [{"role": "user", "content": "hi"}]}
    return {
        "format": "aoai-magic conversation", "version": 1, "name": "main", "limit": None, "system": [], "turns": [turn], **changes,
    }  # fmt: skip


def message(**changes: Any) -> dict[str, Any]:
    turn = {"cell": None, "deployment": "gpt-4o", "system": [], "messages": [{"role": "user", **changes}]}
    return good(turns=[turn])


@pytest.mark.parametrize(
    "content",
    [
        good(name="\x1b"),
        good(limit=-1),
        good(turns=7),
        good(turns=[7]),
        good(turns=[{}]),
        good(system=[{"role": "robot", "content": ""}]),
        message(content=7),
        message(content=[{"type": "text", "text": 7}]),
        message(content=[{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]),
        message(content=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]),
        message(content=[7]),
        message(tool_calls=[{"function": {}}]),
        message(role="robot"),
    ],
)
def test_a_damaged_file_is_refused_and_changes_nothing(run: Any, tmp_path: Path, content: Any) -> None:
    run("%%chat -c\none")
    file = tmp_path / "main.json"
    file.write_text(json.dumps(content))
    with pytest.raises(errors.SettingsError, match="damaged"):
        run(f"%aoai chats load {file}")
    assert prompts() == ["one"]


def test_what_else_is_no_conversation(tmp_path: Path) -> None:
    file = tmp_path / "main.json"
    for content in ("", "[" * 100_000, '{"format": 1}', "null"):
        file.write_text(content)
        with pytest.raises(errors.SettingsError, match="holds no conversation"):
            aoai.Conversation.load(file)
    file.write_text(json.dumps(good(version=2)))
    with pytest.raises(errors.SettingsError, match="version 2"):
        aoai.Conversation.load(file)
    with pytest.raises(errors.SettingsError, match="can't be read"):
        aoai.Conversation.load(tmp_path / "none.json")
    file.write_text(json.dumps(good()))
    assert len(aoai.Conversation.load(file)) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["name", "limit", "system", "turns"]), json_values)
def test_whatever_a_file_holds_is_a_conversation_or_refused(tmp_path_factory: Any, key: str, value: Any) -> None:
    file = tmp_path_factory.mktemp("x") / "main.json"
    file.write_text(json.dumps(good(**{key: value})))
    with contextlib.suppress(errors.SettingsError):
        str(aoai.Conversation.load(file))


@given(st.lists(st.text(max_size=30), max_size=5), st.none() | st.integers(1, 10**6), st.none() | st.text(max_size=9))
def test_what_is_saved_is_what_is_loaded(tmp_path_factory: Any, texts: list[str], limit: Any, system: Any) -> None:
    talk = talk_of(*texts)
    talk.limit = limit
    if system is not None:
        talk = aoai.Conversation("tale", system=system)
    file = tmp_path_factory.mktemp("x") / "tale.json"
    talk.save(file)
    found = aoai.Conversation.load(file)
    assert (found.name, found.limit, found.messages, found.turns) == (talk.name, talk.limit, talk.messages, talk.turns)


# In words


def test_what_a_message_says_without_text() -> None:
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"
    parts = [{"type": "text", "text": "Look."}, {"type": "image_url", "image_url": {"url": url}}]
    assert text_of({"role": "user", "content": parts}) == "Look.\n\n[picture]"
    assert text_of({"role": "assistant", "refusal": "No."}) == "No."
    call = {"function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    assert text_of({"role": "assistant", "tool_calls": [call]}) == '[calls weather with {"city": "Oslo"}]'
