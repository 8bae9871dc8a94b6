"""A map that all goes wrong with, and what must hold.

The service fails, kills, interrupts and full disks come in any order. The service runs in this process, and counts; the
map runs in one of its own, again and again until it is done.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aoai_magic.local.account import Account
from aoai_magic.local.echo import Echo
from aoai_magic.local.engine import Job, Piece
from aoai_magic.local.faults import Fault, Faults

from ..local.serving import serving

CONCURRENCY = 16
CHILD = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which is ignored in what a shell runs in the background
import aoai_magic as aoai
from aoai_magic import errors
url, key, rows, out = sys.argv[1:]
aoai.connect(url + "/openai/v1", api_key=key, deployment="gpt-4o")
try:
    frame = aoai.map("{{ value }}", [f"row {n}" for n in range(int(rows))], temperature=0, max_tokens=20,
                     concurrency=16, resume=True)
except (errors.Interrupted, errors.LedgerError, errors.RunFileError) as error:
    sys.exit(type(error).__name__)
open(out, "w").write(json.dumps({"answers": frame["answer"].tolist(), "failed": int(frame["error"].notna().sum())}))
"""
SERVICE_FAULTS = [
    "status=500",
    "status=503 retry-after-ms=20",
    "status=429 retry-after-ms=20",
    "status=408",
    "error=server-error",
    "error=unavailable",
    "reset=0",
    "reset=200",
    "malformed",
    "content-type=text/html",
    "delay=0.5",
]


class Counting(Faults):
    """The service's faults, and how many chat requests have come to its door."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = self.struck = 0

    def striking(self, path: str) -> Fault | None:
        self.arrived += path.endswith("/chat/completions")
        found = super().striking(path)
        self.struck += found is not None
        return found


class Writing(Echo):
    """The echo engine, and how often each text was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        self.asked[str(job.messages[-1]["content"])] += 1
        async for piece in super().generate(job):
            yield piece


@dataclass
class Result:
    """What a soak has come to."""

    answers: list[str]
    arrived: int
    kills: int
    full_disks: int
    interrupts: int
    struck: int
    runs: int
    sent_again: list[str] = field(default_factory=list)


def soak(
    rows: int, *, service_faults: int, kills: int, interrupts: int, full_disks: int, seed: int, home: Path
) -> Result:
    """Map `rows` rows with so many faults at places that `seed` draws, each run but the last cut short; `home` is the
    state folder, which `full_disks` need on a file system of its own."""
    chance, engine, faults = random.Random(seed), Writing(), Counting()
    for _ in range(service_faults):
        faults.add(f"{chance.choice(SERVICE_FAULTS)} skip={chance.randrange(rows)} path=chat/completions")
    ends = ["kill"] * kills + ["interrupt"] * interrupts + ["full"] * full_disks
    chance.shuffle(ends)
    done, runs, sent_again, outcomes = Counter(ends), 0, set[str](), list[str]()
    out = home / "answers.json"
    with serving(Account(engine), faults) as service:

        def run() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-c", CHILD, service.endpoint, service.key, str(rows), str(out)]
            return subprocess.Popen(command, env={**os.environ, "AOAI_HOME": str(home)}, stderr=subprocess.PIPE)

        def again(end: str = "") -> None:
            nonlocal runs
            runs += 1
            on_disk, asked_before = kept(home), Counter(engine.asked)
            until = faults.arrived + chance.randint(each // 2, each)
            with run() as child:
                while end and faults.arrived < until and child.poll() is None:
                    time.sleep(0.002)
                if end == "kill":
                    child.kill()
                elif end == "interrupt":
                    child.send_signal(signal.SIGINT)
                elif end == "full":
                    with full(home):
                        child.wait(60)
                _, told = child.communicate(timeout=600)
            assert end or child.returncode == 0, told.decode()
            outcomes.append(f"{end}: {child.returncode} {told.decode().splitlines()[-1:]}")
            sent_again.update(text for text in on_disk if engine.asked[text] > asked_before[text])

        each = rows // (len(ends) + 1)
        for end in ends:
            again(end)
            assert not out.exists(), outcomes
        while not out.exists() or json.loads(out.read_text())["failed"]:
            assert runs < len(ends) + 10, outcomes
            out.unlink(missing_ok=True)
            again()
    return Result(
        json.loads(out.read_text())["answers"],
        faults.arrived,
        done["kill"],
        done["full"],
        done["interrupt"],
        faults.struck,
        runs,
        sorted(sent_again),
    )


def kept(home: Path) -> set[str]:
    """The texts whose answers are in a run's file: the engine echoes, so that they are the rows."""
    return {
        found["text"]
        for path in (home / "maps").glob("*.jsonl")
        for line in path.read_bytes().split(b"\n")[1:-1]
        if "text" in (found := json.loads(line))
    }


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the file system of a folder to the last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 65536)
        with contextlib.suppress(OSError):
            while True:
                file.write(b"\0")
    try:
        yield
    finally:
        ballast.unlink()
