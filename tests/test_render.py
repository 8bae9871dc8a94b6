from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from aoai_magic import render
from aoai_magic.pictures import picture
from aoai_magic.render import (
    Column,
    Columns,
    Folded,
    LiveReply,
    Quiet,
    Ready,
    Rows,
    Words,
    bundled,
    mimebundle,
    picture_bundle,
)
from aoai_magic.visible import visible


class Kernel:
    def __init__(self, allow_stdin: bool) -> None:
        self._parent = {"content": {"allow_stdin": allow_stdin}}

    def get_parent(self) -> dict[str, Any]:
        return self._parent


class Shell:
    def __init__(self, watched: bool) -> None:
        self.kernel = Kernel(watched)


class Displays:
    """Takes the place of IPython's display, which needs a front end, and keeps what it was given."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, dict[str, str]]] = []
        self.now = 0.0

    def display(self, bundle: dict[str, str], *, raw: bool, metadata: Any = None, display_id: bool = False) -> Any:
        self.shown.append(("display", bundle))
        return self if display_id else None

    def update(self, bundle: dict[str, str], *, raw: bool, metadata: Any = None) -> None:
        self.shown.append(("update", bundle))

    @property
    def last(self) -> str:
        return self.shown[-1][1]["text/plain"]


@pytest.fixture
def displays(monkeypatch: pytest.MonkeyPatch) -> Displays:
    displays = Displays()
    monkeypatch.setattr("IPython.display.display", displays.display)
    monkeypatch.setattr(render.watching.time, "monotonic", lambda: displays.now + 1000)
    return displays


def test_no_payload_is_shown_as_anything_but_html_and_text() -> None:
    for payload in json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8")):
        assert set(mimebundle(payload["payload"])) == {"text/html", "text/plain"}


def test_the_status_stands_under_the_text() -> None:
    bundle = mimebundle("Hello", "quiet")
    assert bundle["text/plain"] == "Hello\n\nquiet"
    assert bundle["text/html"].index("Hello") < bundle["text/html"].index("quiet")


def test_a_watched_notebook_is_updated_in_one_place(displays: Displays) -> None:
    with LiveReply(Shell(watched=True)) as live:  # type: ignore[arg-type]
        for word in "one two three".split():
            displays.now += 1
            live.add(word)
        live.finish(live.text, "status")
    assert [how for how, _ in displays.shown] == ["display", "update", "update", "update"]
    assert displays.last == "onetwothree\n\nstatus"


def test_updates_come_at_most_ten_times_a_second(displays: Displays) -> None:
    with LiveReply(Shell(watched=True)) as live:  # type: ignore[arg-type]
        for _ in range(1000):
            displays.now += 0.001
            live.add("x")
        live.finish(live.text, "")
    assert 8 <= len(displays.shown) <= 12
    assert displays.last == "x" * 1000


def test_the_longer_the_text_the_longer_the_gap(displays: Displays) -> None:
    with LiveReply(Shell(watched=True)) as live:  # type: ignore[arg-type]
        for _ in range(100):
            displays.now += 0.1
            live.add("x" * 1000)
    # Between 50,000 and 100,000 characters the gap is 1.5 to 3 s: two or three updates in those 5 s.
    late = [bundle for _, bundle in displays.shown if len(bundle["text/plain"]) >= 50_000]
    assert len(late) <= 4


def test_where_nobody_watches_there_is_one_display_at_the_end(displays: Displays) -> None:
    with LiveReply(Shell(watched=False)) as live:  # type: ignore[arg-type]
        live.note("Starting the local service")
        for word in "one two three".split():
            displays.now += 1
            live.add(word)
        live.finish(live.text, "status")
    assert [how for how, _ in displays.shown] == ["display"]
    assert displays.last == "onetwothree\n\nstatus"


def test_without_streaming_only_the_end_is_shown(displays: Displays) -> None:
    with LiveReply(Shell(watched=True), animate=False) as live:  # type: ignore[arg-type]
        live.add("one")
        displays.now += 1
        live.add("two")
    assert [how for how, _ in displays.shown] == ["display"]


def test_what_is_waited_for_gives_way_to_the_reply(displays: Displays) -> None:
    with LiveReply(Shell(watched=True)) as live:  # type: ignore[arg-type]
        live.note("Fetching the local model", 0.5)
        assert '<progress value="0.500"' in displays.shown[-1][1]["text/html"]
        displays.now += 1
        live.add("Hello")
    assert displays.last == "Hello"
    assert "progress" not in displays.shown[-1][1]["text/html"]


def test_an_error_in_the_middle_still_shows_what_had_arrived(displays: Displays) -> None:
    with pytest.raises(ZeroDivisionError), LiveReply(Shell(watched=True)) as live:  # type: ignore[arg-type]
        live.add("half a")
        live.add(" reply")
        raise ZeroDivisionError
    assert displays.last == "half a reply"


def test_quiet_shows_nothing(displays: Displays, capsys: pytest.CaptureFixture[str]) -> None:
    with LiveReply(Shell(watched=True), quiet=True) as live:  # type: ignore[arg-type]
        live.add("Hello")
        live.finish("Hello", "status")
    assert displays.shown == []
    assert capsys.readouterr().out == ""


def test_a_plain_stream_gets_each_bit_once(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveReply(None) as live:
        live.note("Starting the local service")
        live.add("Hel")
        live.add("lo\x1b[2J")
        live.finish(live.text, "status")
    assert capsys.readouterr().out == "Hello␛[2J\n\nstatus\n"


def red(finished: bool = True) -> Any:
    written = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(written, "PNG")
    return picture(base64.b64encode(written.getvalue()).decode(), finished=finished)


def test_pictures_come_into_being_in_one_place(displays: Displays) -> None:
    with LiveReply(Shell(watched=True)) as live:  # type: ignore[arg-type]
        live.note("Drawing")
        live.draw([red(finished=False)], "A fox.")
        live.finish([Ready(picture_bundle([red()], "A fox."))], "status")
    assert [how for how, _ in displays.shown] == ["display", "update", "update"]
    assert all('<img alt="A fox."' in bundle["text/html"] for _, bundle in displays.shown[1:])
    assert displays.last == "[picture, 8 x 6 px, PNG: A fox.]\n\nstatus"


def test_where_nobody_watches_pictures_are_shown_once(displays: Displays) -> None:
    with LiveReply(Shell(watched=False)) as live:  # type: ignore[arg-type]
        live.draw([red(finished=False)], "A fox.")
        live.finish([Ready(picture_bundle([red()], "A fox."))], "status")
    assert [how for how, _ in displays.shown] == ["display"]


def test_a_terminal_gets_pictures_in_words_as_they_stand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with LiveReply(None, animate=False) as live:
        live.draw([red()], "A fox.")
        live.finish([Ready(picture_bundle([red()], "A *fox*, [red]\x1b[2J."))], "status")
    printed = capsys.readouterr().out
    assert "[picture, 8 x 6 px, PNG: A *fox*, [red]␛[2J.]" in printed
    assert "\x1b[2J" not in printed


STORY = [
    Quiet("1 of 2"),
    Words("one"),
    Folded("look(city='Oslo')", "7 °C\nrain"),
    Words("two"),
    Rows([("a", "b"), ("1", "2")]),
]


def grown(live: LiveReply) -> None:
    live.place(STORY[0])
    live.add("on")
    live.add("e")
    live.note("look(city='Oslo')")
    live.place(STORY[2])
    live.add("tw")
    live.add("o")
    live.finish(STORY, "status")


PLAIN = "[1 of 2]\n\none\n\n▸ look(city='Oslo')\n  7 °C\n  rain\n\ntwo\n\na  b\n1  2\n\nstatus"


def test_blocks_stand_under_each_other_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveReply(None) as live:
        grown(live)
    assert capsys.readouterr().out == PLAIN + "\n"
    assert bundled(STORY, "status")["text/plain"] == PLAIN


def test_a_stream_that_waits_gets_the_same_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveReply(None, reshaped=True) as live:
        grown(live)
        before = capsys.readouterr().out
    assert (before, capsys.readouterr().out) == ("", PLAIN + "\n")


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The words that were printed, without their style."""
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).split()


def test_a_terminal_prints_what_stands_and_then_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with LiveReply(None, animate=False) as live:
        live.place(STORY[0])
        live.add("one")
        live.place(STORY[2])
        assert printed(capsys) == "[1 of 2] one ▸ look(city='Oslo') 7 °C rain".split()
        live.add("two")
        live.finish(STORY, "status")
    assert printed(capsys) == "two a b 1 2 status".split()


def test_a_watched_notebook_shows_what_stands_above_what_grows(displays: Displays) -> None:
    with LiveReply(Shell(watched=True)) as live:  # type: ignore[arg-type]
        live.add("one")
        live.place(STORY[2])
        displays.now += 1
        live.note("Asking again")
        assert displays.last.endswith("rain\n\nAsking again")
        displays.now += 1
        live.add("two")
    assert displays.last == "one\n\n▸ look(city='Oslo')\n  7 °C\n  rain\n\ntwo"
    assert displays.shown[-1][1]["text/html"].index("<details") < displays.shown[-1][1]["text/html"].index("two")


def test_what_stood_when_an_error_came_is_shown(displays: Displays) -> None:
    with pytest.raises(ZeroDivisionError), LiveReply(Shell(watched=False)) as live:  # type: ignore[arg-type]
        live.add("one")
        live.place(STORY[2])
        live.add("tw")
        raise ZeroDivisionError
    assert displays.last == "one\n\n▸ look(city='Oslo')\n  7 °C\n  rain\n\ntw"


def test_the_head_comes_with_the_first_text(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveReply(None, head=Quiet("1 of 2")):
        pass
    assert capsys.readouterr().out == ""
    with LiveReply(None, head=Quiet("1 of 2")) as live:
        live.add("a")
        live.add("b")
    assert capsys.readouterr().out == "[1 of 2]\n\nab\n"


class Tags(HTMLParser):
    """The tags in HTML, and the attributes that they have."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attributes)}


TAGS = {"p", "details", "summary", "div", "style", "pre", "code", "span", "table", "tr", "th", "td", "class"}


def test_no_payload_gets_out_of_a_block() -> None:
    for payload in json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8")):
        text = payload["payload"]
        for block in (Quiet(text), Folded(text, text), Rows([(text,), (text,)]), Words(text, "")):
            assert "\x1b" not in block.plain()
            tags = Tags()
            tags.feed(block.html())
            assert tags.found <= TAGS, text


def test_what_is_long_is_cut_where_it_unfolds() -> None:
    shown = Folded("f()", "line\n" * 2_000)
    assert "5,000 characters more" in shown.html()
    assert shown.plain().count("\n") == 41
    assert shown.plain().endswith("lines more")


def drawn(*blocks: Any, width: int = 60) -> str:
    """What a terminal gets, with colours; its other control sequences are those of rich."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=width, highlight=False, markup=False, emoji=False)
    for block in blocks:
        console.print(block.drawn())
    return out.getvalue()


def test_no_payload_reaches_a_terminal_as_anything_but_text() -> None:
    for one in json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8")):
        text = one["payload"]
        columns = Columns([Column(text, [Words(text)], {text: text}, text)])
        printed = drawn(Words(text), Words(text, ""), Quiet(text), Folded(text, text), Rows([[text], [text]]), columns)
        bare = re.sub(r"\x1b\[[0-9;]*m", "", printed)
        assert bare == visible(bare), one["id"]


def test_columns_that_grow_take_a_line_each_however_narrow_it_is() -> None:
    from rich.console import Console

    texts = ["", "short", "word " * 200, "a\nb\n\n", "\x1b[2J" * 30, "日本語" * 40]
    columns = Columns([*(Column(f"gpt-{n}", [Words(text)]) for n, text in enumerate(texts)), Column("x", error="a\nb")])
    for width in (1, 10, 20, 60, 200):
        out = io.StringIO()
        Console(file=out, width=width).print(columns.growing())
        lines = out.getvalue().split("\n")[:-1]
        assert len(lines) == len(columns.columns)
        assert "\x1b[2J" not in out.getvalue()
