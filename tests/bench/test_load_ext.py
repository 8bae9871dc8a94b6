"""`%load_ext aoai_magic` beside an extension that registers one do-nothing magic. Run: pytest tests/bench -s"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

PEER = """
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

@magics_class
class Peer(Magics):
    @magic_arguments()
    @argument("-d", "--deployment", help="the deployment")
    @cell_magic
    def peer(self, line, cell):
        "Do nothing."
        parse_argstring(self.peer, line)

def load_ipython_extension(shell):
    shell.register_magics(Peer)
"""
MEASURE = """
import sys, time
from IPython.terminal.interactiveshell import TerminalInteractiveShell
sys.path.insert(0, sys.argv[2])
shell = TerminalInteractiveShell()
cpu, wall = time.process_time(), time.perf_counter()
shell.run_line_magic("load_ext", sys.argv[1])
print((time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000)
heavy = [name for name in ("openai", "ipywidgets", "matplotlib.pyplot", "starlette", "pandas") if name in sys.modules]
assert not heavy, heavy
"""
ROUNDS = 21


def test_loading_costs_at_most_one_and_a_half_times_a_do_nothing_extension(tmp_path: Path) -> None:
    (tmp_path / "peer.py").write_text(PEER)
    # Installed packages have their bytecode; where the environment says that none is written, both would be compiled each time.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[tuple[float, float]]] = {"peer": [], "aoai_magic": []}
    for _ in range(ROUNDS):
        for name, found in times.items():
            command = [sys.executable, "-c", MEASURE, name, str(tmp_path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            cpu, wall = map(float, done.stdout.split()[-2:])
            found.append((cpu, wall))
    medians = {
        name: [statistics.median(column) for column in zip(*found, strict=True)] for name, found in times.items()
    }
    for at, what in enumerate(("CPU", "wall")):
        ratio = medians["aoai_magic"][at] / medians["peer"][at]
        print(
            f"\n%load_ext, ms of {what}: {medians['aoai_magic'][at]:.2f}, peer {medians['peer'][at]:.2f}, ratio {ratio:.2f}"
        )
        assert ratio <= 1.5
