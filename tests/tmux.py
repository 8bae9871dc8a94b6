"""IPython in a terminal that tmux plays: for pictures of it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from types import TracebackType


class IPython:
    """IPython at its usual prompt, in a terminal of so many columns and lines."""

    def __init__(self, *, width: int, height: int) -> None:
        self._width, self._height, self._name = width, height, f"aoai-{os.getpid()}"

    def __enter__(self) -> IPython:
        command = [sys.executable, "-m", "IPython", "--no-banner", "--no-confirm-exit"]
        size = ["-x", str(self._width), "-y", str(self._height)]
        self._tmux("new-session", "-d", "-s", self._name, *size, "-e", "COLORTERM=truecolor", shlex.join(command))
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-session", "-t", self._name)

    def run(self, cell: str) -> None:
        """Type a cell, and wait for the next prompt."""
        for line in cell.split("\n"):
            self._tmux("send-keys", "-t", self._name, "-l", "--", line)
            self._tmux("send-keys", "-t", self._name, "Enter")
            time.sleep(0.3)  # typed, not pasted: IPython takes what comes at once for one line
        for _ in range(2 * cell.startswith("%%")):
            self._tmux("send-keys", "-t", self._name, "Enter")
            time.sleep(0.3)
        self._wait()

    def html(self) -> str:
        """What is on the screen, from the first line on it to the last prompt."""
        from rich.console import Console
        from rich.terminal_theme import MONOKAI
        from rich.text import Text

        lines = self._tmux("capture-pane", "-p", "-e", "-t", self._name).rstrip().split("\n")
        console = Console(record=True, width=self._width, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        with console.file:
            console.print(Text.from_ansi("\n".join(lines)), soft_wrap=True)
        style = "font:14px/1.35 'DejaVu Sans Mono',monospace;background:#0c0c0c;color:#d9d9d9;padding:14px;margin:0;width:max-content"
        code = console.export_html(theme=MONOKAI, inline_styles=True, code_format="{code}")
        return f'<body style="margin:0"><pre style="{style}">{code}</pre></body>'

    def _wait(self) -> None:
        """Wait until a prompt with nothing after it stands at the end, and stays."""
        for _ in range(300):
            time.sleep(0.4)
            screen = self._tmux("capture-pane", "-p", "-t", self._name)
            if re.search(r"In \[\d+\]:\s*\Z", screen):
                return
        raise AssertionError(f"no prompt came:\n{screen}")

    def _tmux(self, *words: str) -> str:
        return subprocess.run(["tmux", *words], check=True, capture_output=True, text=True).stdout
