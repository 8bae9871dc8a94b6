"""How fast a table is worked through, beside its peers and beside a limit. Run: pytest tests/bench/test_table.py -s"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import openai
import pandas
import pytest

import aoai_magic as aoai
from aoai_magic import ledger

ROWS, CONCURRENCY, LATENCY, ROUNDS = 2560, 64, 0.2, 5
PROMPT = "Is this review of a hotel good or bad, and why? {}"
REVIEWS = [f"Review {number}: the room was quiet, and one saw the sea." for number in range(ROWS)]


@pytest.fixture
def service() -> Iterator[str]:
    """A stub of 200 ms latency, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.stub", str(LATENCY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.terminate()


def bodies() -> list[dict[str, Any]]:
    return [{"model": "gpt-4o", "messages": [{"role": "user", "content": PROMPT.format(text)}]} for text in REVIEWS]


async def pool(url: str) -> None:
    """Bare workers over aiohttp, as cookbooks have them."""
    waiting = iter(bodies())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as session:

        async def work() -> None:
            for body in waiting:
                async with session.post(f"{url}/chat/completions", json=body) as answer:
                    assert (await answer.json())["choices"][0]["message"]["content"]

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


async def gather(url: str) -> None:
    """The SDK's own client, many at once."""
    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        room = asyncio.Semaphore(CONCURRENCY)

        async def ask(body: dict[str, Any]) -> None:
            async with room:
                assert (await client.chat.completions.create(**body)).choices[0].message.content

        await asyncio.gather(*map(ask, bodies()))


def over_table() -> None:
    table = pandas.DataFrame({"review": REVIEWS})
    answers = aoai.map(PROMPT.format("{{ review }}"), table, concurrency=CONCURRENCY)
    assert answers["error"].isna().all()


def test_a_table_goes_nearly_as_fast_as_bare_workers_and_faster_than_the_sdk(service: str) -> None:
    """Everything is in it.

    Prompts are filled in, tokens counted, a row of the ledger is written before each request and settled after, and
    answers are on disk.
    """
    aoai.connect(service, deployment="gpt-4o")
    calls: dict[str, Callable[[], None]] = {
        "aiohttp": lambda: asyncio.run(pool(service)),
        "AsyncOpenAI": lambda: asyncio.run(gather(service)),
        "aoai.map": over_table,
    }
    rates: dict[str, list[float]] = {name: [] for name in calls}
    processor: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(ROUNDS + 1):  # the first, with its imports, isn't counted
        for name, call in calls.items():
            started, cpu = time.perf_counter(), time.process_time()
            call()
            if round_:
                rates[name].append(ROWS / (time.perf_counter() - started))
                processor[name].append((time.process_time() - cpu) / ROWS * 1000)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(
        f"\n{ROWS:,} rows, {CONCURRENCY} at once, {LATENCY * 1000:.0f} ms latency (at best {CONCURRENCY / LATENCY:.0f}/s):"
    )
    for name, rate in medians.items():
        share = statistics.median(one / other for one, other in zip(rates[name], rates["aiohttp"], strict=True))
        print(
            f"  {name:<12} {rate:5.0f}/s, {share:.2f} of aiohttp, {statistics.median(processor[name]):.2f} ms CPU a row"
        )
    assert medians["aoai.map"] > medians["AsyncOpenAI"]
    assert medians["aoai.map"] >= 0.92 * medians["aiohttp"]


LIMITED = {
    # name: capacity (in 1,000 tokens a minute, and 6 requests), rows, the most of an answer, what a minute lets in
    "requests, by the second": (100, 1500, 10, 600.0),
    "requests, in ten seconds": (10, 150, 10, 60.0),
    "tokens": (60, 900, 200, 60_000 / 209),
    "tokens, no limit said": (300, 1450, None, 300_000 / 521),
}


def test_a_limit_is_used_to_nine_tenths_and_hardly_ever_met() -> None:
    """Four deployments at once, each with a limit of its own, counted by the local service as Azure counts."""
    aoai.connect("local")
    plane = aoai.connection().control_plane
    for name, (capacity, *_) in LIMITED.items():
        plane.deploy(name.replace(",", "").replace(" ", "-"), "gpt-4o", capacity=capacity)
    rates: dict[str, float] = {}

    def work(name: str, rows: int, most: int | None) -> None:
        table = [f"{number:04} is a number" for number in range(rows)]
        started = time.perf_counter()
        frame = aoai.map("{{ value }}", table, deployment=name.replace(",", "").replace(" ", "-"), max_tokens=most)
        rates[name] = rows / (time.perf_counter() - started) * 60
        assert frame["answer"].notna().all()

    threads = [threading.Thread(target=work, args=[name, rows, most]) for name, (_, rows, most, _) in LIMITED.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print()
    found: dict[str, tuple[float, float]] = {}
    for name, (_, _, _, limit) in LIMITED.items():
        sent = [row for row in ledger.rows() if row["deployment"] == name.replace(",", "").replace(" ", "-")]
        refused = sum(row["outcome"] == "error 429" for row in sent) / len(sent)
        print(
            f"  {name:<26} {rates[name]:5.0f} a minute, {rates[name] / limit:.2f} of the limit, {refused:.1%} answered 429"
        )
        found[name] = rates[name] / limit, refused
    assert all(rate >= 0.9 and refused < 0.01 for rate, refused in found.values()), found
