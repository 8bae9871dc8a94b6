"""What a %%chat cell costs: the first one of a fresh kernel, and each over the bare SDK. Run: pytest tests/bench -s"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

import pytest

from aoai_magic import settings
from aoai_magic.local import launch, weights

FIRST = """
import time, sys
started = time.perf_counter()
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "aoai_magic")
begun = time.perf_counter()
shell.run_cell_magic("chat", "-q -t 0 --max-tokens 8", "In one sentence, what is a language model?")
import aoai_magic
print(aoai_magic.last.first_token_seconds, time.perf_counter() - begun)
"""


@pytest.mark.llama
def test_the_first_token_of_a_fresh_kernel_comes_within_three_seconds() -> None:
    weights.CHAT.ensure(settings.home())
    first = []
    for _ in range(5):
        for service in launch.running(settings.home()):
            launch.stop(service)
        done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
        first.append(float(done.stdout.split()[-2]))
    print(
        f"\nfirst token of the first cell, service start included: median {statistics.median(first):.2f} s of {first}"
    )
    assert statistics.median(first) < 3


def test_a_cell_costs_at_most_five_milliseconds_over_the_sdk(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import aoai_magic as aoai

    client = aoai.connect("local").client
    prompt = "word " * 20
    messages: Any = [{"role": "user", "content": prompt}]

    def bare() -> None:
        with client.chat.completions.create(model="gpt-4o", messages=messages, stream=True) as stream:
            for _ in stream:
                pass

    def cell() -> None:
        shell.run_cell_magic("chat", "", prompt)

    times: dict[str, list[float]] = {"sdk": [], "cell": []}
    for round_ in range(60):
        for name, call in (("sdk", bare), ("cell", cell)):
            started = time.perf_counter()
            call()
            if round_ >= 10:
                times[name].append((time.perf_counter() - started) * 1000)
    capsys.readouterr()
    sdk, magic = (statistics.median(times[name]) for name in ("sdk", "cell"))
    with capsys.disabled():
        print(
            f"\na cell on the echo engine: {magic:.2f} ms, the same SDK call: {sdk:.2f} ms, over: {magic - sdk:.2f} ms"
        )
    assert magic - sdk <= 5
