"""A real IPython at a real terminal: what it draws, and what never reaches the terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PAYLOADS = json.loads((Path(__file__).parent / "payloads.json").read_text(encoding="utf-8"))
# What rich draws with: colours, the cursor hidden and shown, moved up or to the line's start, a line cleared.
_OURS = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*A|2K|1?G)|[\r\n\t]")

_OURS_IN_LINES = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*A|2K|1?G)|\r(?!\n)")


class Terminal:
    """IPython on a pseudo-terminal of a given size."""

    def __init__(self, width: int = 80, **environment: str) -> None:
        self._end, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=nocolor"],
            stdin=inside, stdout=inside, stderr=inside, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # else Ctrl-C is a character like others
            env={**os.environ, "TERM": "xterm-256color", "PYTHONWARNINGS": "ignore", **environment},
        )  # fmt: skip
        os.close(inside)
        self._read()
        self.run("%load_ext aoai_magic")

    def run(self, cell: str) -> str:
        """Type a cell, and return what came until the next prompt."""
        end = "\n\n\n" if cell.startswith("%%") else "\n"
        os.write(self._end, f"{cell}{end}".encode())
        return self._read()

    def _read(self, timeout: float = 60) -> str:
        """What comes until a prompt stands there, and nothing comes after it."""
        found, deadline = b"", time.monotonic() + timeout
        while time.monotonic() < deadline:
            if select.select([self._end], [], [], 0.3)[0]:
                found += os.read(self._end, 65536)
            elif re.search(r"In \[\d+\]: \Z", found.decode("utf-8", "replace")):
                return found.decode("utf-8", "replace")
        raise AssertionError(f"no prompt came; seen: {found!r}")

    def interrupt(self, cell: str, at: str) -> str:
        """Type a cell, type ahead and press Ctrl-C once `at` is on the screen; return what came until the next prompt."""
        os.write(self._end, f"{cell}\n\n\n".encode())
        found = b""
        while at.encode() not in found:
            found += os.read(self._end, 65536)
        os.write(self._end, b"1 + ")
        os.write(self._end, b"\x03")
        return found.decode() + self._read()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        os.close(self._end)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(**options: Any) -> Terminal:
        opened.append(Terminal(**options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_a_reply_is_drawn_and_the_line_under_it_is_quiet(terminal: Any) -> None:
    printed = terminal().run("%%chat -c\nSay **hello** and `code`.")
    assert "\x1b[1mhello\x1b[0m" in printed
    assert re.search(r"\x1b\[2mgpt-4o · answered by echo on this machine · \d+ tokens in", printed)
    assert "main: 1 turn" in printed


def test_code_is_drawn_in_the_terminals_own_colours_which_are_read_on_light_and_dark(terminal: Any) -> None:
    open_one = terminal(COLORTERM="truecolor")
    open_one.run("code = '```python\\ndef f(x):\\n    return 1\\n```'")
    for line in ("%%chat", "%%chat -f code"):
        printed = open_one.run(f"{line}\n{{{{ code }}}}").split("...:")[-1]
        assert re.search(r"\x1b\[[0-9;]*mdef", printed)
        assert not re.search(r"\x1b\[(?:[0-9]+;)*[34]8;", printed), "no colour, and no background, of a theme"


def test_colours_are_left_out_where_they_are_not_wanted(terminal: Any) -> None:
    printed = terminal(NO_COLOR="1").run("%%chat nope\nhi")
    assert "DeploymentNotFoundError: The local service has no deployment 'nope'." in printed
    assert "\x1b[3" not in printed


def test_a_dumb_terminal_gets_the_end_alone(terminal: Any) -> None:
    printed = terminal(TERM="dumb").run("%%chat\nSay **hello**")
    assert "\x1b" not in printed
    assert printed.count("hello") == 2, "as it was typed, and as it was answered"


def test_however_narrow_it_is_no_line_is_longer(terminal: Any) -> None:
    printed = terminal(width=30).run(
        "%%chat --no-stream --compare gpt-4o,gpt-4o-mini\nOne two three four five six seven."
    )
    drawn = re.sub(r"\x1b\[[0-9;]*m|\r|   \.\.\.: ", "", printed.split("seven.\r\n", 1)[1])
    assert [line for line in drawn.split("\n") if len(line) > 30] == []
    assert len(re.findall(r"One two three four five six *\nseven\.", drawn)) == 2


def test_nothing_of_a_reply_steers_the_terminal(terminal: Any) -> None:
    open_one = terminal()
    steering = [one["payload"] for one in PAYLOADS if one["kind"] == "ansi"]
    steering += [
        "\x1b]52;c;aGk=\x07",
        "\x9b2J",
        "\x1b[6n",
        "a\rb",
        "\x1bP+q\x1b\\",
        "\u202eabc",
        "\x1b]8;;http://e/\x07x\x1b]8;;\x07",
    ]
    open_one.run(f"texts = {steering!r}")
    for cell in (
        "%%chat\n{{ texts[AT] }}",
        "%%chat --compare gpt-4o,gpt-4o-mini\n{{ texts[AT] }}",
        "%%chat '{{ texts[AT] }}'\nhi",
    ):
        for at in range(len(steering)):
            printed = open_one.run(cell.replace("AT", str(at)))
            left = _OURS.sub("", printed)
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", left), (cell, steering[at])


def test_a_table_is_whole_and_no_line_of_it_is_longer(terminal: Any) -> None:
    one = terminal()
    one.run("%%chat\nHi")
    drawn = one.run("%aoai usage")
    lines = [line for line in drawn.splitlines()[1:] if not line.startswith("In [")]
    assert max(map(len, lines)) <= 80
    for column in ("day", "requests", "prompt_tokens", "completion_tokens", "price", "unknown_up_to", "practice"):
        assert column in drawn
    assert "Estimates of" in drawn


def test_in_a_narrow_terminal_what_is_said_is_cut_between_words(terminal: Any) -> None:
    open_one = terminal(width=50)
    for cell in ("%%chat --help", "%aoai help", "%aoai status", "%%chat nope\nhi", "%%chat --dry-run\nhi"):
        printed = open_one.run(cell)
        said = _OURS_IN_LINES.sub("", printed.split("Examples::")[0])  # those are to be copied
        lines = [line for line in said.split("\r\n") if "In [" not in line and not line.startswith("   ...")]
        assert [line for line in lines if len(line) > 50] == []
    assert "deployments lists them." in open_one.run("%%chat nope\nhi").replace("\r\n  ", " ")


def test_ctrl_c_keeps_what_came_and_leaves_nothing_of_what_was_typed_meanwhile(terminal: Any) -> None:
    open_one = terminal(width=40)
    open_one.run("import aoai_magic")
    open_one.run("%aoai fault 'pace=0.2'")
    printed = open_one.interrupt(
        "%%chat -i tea -o kept\n**one** two three four five six seven eight nine", "\x1b[0m two three"
    )
    assert "^C" not in printed
    assert "1 + " not in printed
    assert "Interrupted: the reply so far is kept" in printed
    assert "**one** two three" in open_one.run("kept.text")
    assert "no turns" in open_one.run("aoai_magic.conversation('tea')")
    assert "^C" in open_one.interrupt("import time; print('begun'); time.sleep(30)", "begun\r\n"), "as ever"
