"""What recordings cost: a reply replayed, and a file of 50,000 of them opened. Run: pytest tests/bench -s"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import aoai_magic as aoai
from aoai_magic import recordings
from aoai_magic.recordings.recording import line
from tests.recordings.making import recording

LINES = 50_000


def test_a_replayed_short_reply_costs_under_5_ms_of_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    aoai.connect("local")
    aoai.record()
    aoai.chat("In one sentence, what is a language model?", temperature=0)
    aoai.replay()
    spent = []
    for round_ in range(220):
        began = time.process_time()
        reply = aoai.chat("In one sentence, what is a language model?", temperature=0)
        if round_ >= 20:
            spent.append((time.process_time() - began) * 1000)
        assert reply.recorded
    print(f"\na replayed short reply: median {statistics.median(spent):.2f} ms of CPU, {max(spent):.2f} at most")
    assert statistics.median(spent) < 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50,000 recordings of 2 kB each."""
    made = tmp_path_factory.mktemp("large") / "recordings"
    made.mkdir()
    with (made / "recordings.jsonl").open("wb") as file:
        for number in range(LINES):
            file.write(
                line(recording(f"question {number}: " + "word " * 120, f"answer {number}: " + "word " * 220), made)
            )
    size = (made / "recordings.jsonl").stat().st_size / LINES
    assert 1_900 < size < 2_200, size
    return made


OPENING = """
import json, resource, sys, time
from pathlib import Path
from aoai_magic.recordings.store import Store
from tests.recordings.making import request
from aoai_magic.recordings.canonical import digest

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

folder = Path(sys.argv[1])
hash_ = digest("chat/completions", request("question 49999: " + "word " * 120))
Store(Path("nowhere")).find(hash_)
def read():
    began = time.process_time()
    (folder / "recordings.jsonl").read_bytes()
    return time.process_time() - began
def opened():
    began = time.process_time()
    store = Store(folder)
    assert hash_ in store
    return time.process_time() - began, store
before, peak = resident(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
first, store = opened()
after, highest = resident(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
began = time.perf_counter()
assert len(store.find(hash_)) == 1
found = time.perf_counter() - began
times = [(read(), opened()[0]) for _ in range(9)]
print(json.dumps({
    "read": sorted(one[0] for one in times), "open": sorted(one[1] for one in times), "found": found,
    "added": after - before, "peak": highest - peak,
}))
"""


def test_a_file_of_50_000_lines_adds_30_mb_at_most_and_opens_in_3_times_its_reading(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", OPENING, str(folder)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    read, opened = (statistics.median(found[name]) for name in ("read", "open"))
    print(
        f"\n{LINES:,} lines: read in {read * 1000:.0f} ms of CPU, opened in {opened * 1000:.0f} ms ({opened / read:.1f} times that); "
        f"{found['added']:.1f} MB more, {found['peak']:.1f} at the peak; one found in {found['found'] * 1000:.2f} ms"
    )
    assert opened <= 3 * read
    assert max(found["added"], found["peak"]) <= 30


def test_looking_up_what_is_not_recorded_costs_next_to_nothing(folder: Path) -> None:
    aoai.record(folder)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "word " * 200}]}
    spent = []
    for number in range(500):
        began = time.process_time()
        assert recordings.Asked("chat/completions", {**body, "seed": number}, "azure").recorded is None
        spent.append((time.process_time() - began) * 1e6)
    print(
        f"\na request that isn't recorded, looked up among {LINES:,}: median {statistics.median(spent):.0f} us of CPU"
    )
    assert statistics.median(spent) < 500
