"""The engine with a real model: llama.cpp through xllamacpp, several replies at once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import xllamacpp

from .engine import Job, Piece, TooLongError

#: Replies generated at the same time; more wait in the order they came.
SLOTS = 4
#: Tokens a slot holds, prompt and reply together. 4 slots x 4,096 take about 380 MB beside the 98 MB of weights.
CONTEXT_WINDOW = 4096


def default_threads() -> int:
    """One core less than there are: with all of them the engine is 2 to 7 times slower as soon as anything else runs
    (facts/measurements.md, section 5)."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


class Llama:
    """A GGUF model, loaded once; `generate` runs in a thread of its own a reply, since llama.cpp blocks."""

    context_window = CONTEXT_WINDOW

    def __init__(self, model: Path, threads: int | None = None) -> None:
        self.model = model.name.removesuffix(".gguf")
        self.fingerprint = "fp_local_" + self.model.lower().replace(".", "-")
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(model)
        parameters.n_parallel = SLOTS
        parameters.n_ctx = SLOTS * CONTEXT_WINDOW
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads or default_threads()
        # Both make a reply depend on what else the engine has seen (facts/measurements.md, section 5).
        parameters.kv_unified = False
        parameters.cache_prompt = False
        parameters.verbosity = -1
        parameters.warmup = parameters.fit_params = False  # 0.4 s together; the request below warms up as well
        # xllamacpp opens its own HTTP port with no key and open CORS unless told otherwise: a socket that is no one's.
        self._socket_key = os.urandom(16).hex()
        parameters.api_keys = [self._socket_key]
        parameters.hostnames = ["127.0.0.1"]
        parameters.ui = False
        self._server = xllamacpp.Server(parameters)
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix="llama")
        self._stopping = threading.Event()
        # A server that is dropped before its first request may hang for ever (same section).
        self._server.handle_completions({"prompt": "a", "max_tokens": 1})

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[Piece | Exception] = asyncio.Queue()
        left = threading.Event()

        def put(piece: Piece | Exception) -> None:
            try:
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except RuntimeError:  # the loop has ended: nobody waits for this reply any more
                left.set()

        def on_chunk(chunk: dict[str, Any]) -> bool:
            """Hand a chunk to the loop; returning True ends the generation."""
            if "choices" not in chunk:
                put(_failure(chunk))
            for choice in chunk.get("choices", []):
                text = choice["delta"].get("content")
                if text or choice["finish_reason"]:
                    put(Piece(text or "", choice["finish_reason"]))
            return left.is_set() or self._stopping.is_set()

        def run() -> None:
            if left.is_set() or self._stopping.is_set():
                return
            try:
                answer = self._server.handle_chat_completions(_request(job), on_chunk)
                if answer:  # an error found before anything was generated
                    put(_failure(answer))
            except Exception as error:
                put(error)

        future = loop.run_in_executor(self._pool, run)
        try:
            while True:
                piece = await pieces.get()
                if isinstance(piece, Exception):
                    raise piece
                yield piece
                if piece.finish_reason:
                    return
        finally:
            left.set()
            if not future.cancel():
                await asyncio.shield(future)

    def close(self) -> None:
        # Leaving the process while llama.cpp generates is a segmentation fault (same section).
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _request(job: Job) -> dict[str, Any]:
    request: dict[str, Any] = {
        "messages": job.messages,
        "max_tokens": -1,
        "temperature": job.temperature,
        "top_p": job.top_p,
        "stop": job.stop,
        "cache_prompt": False,
        "stream": True,
    }
    if job.seed is not None:
        request["seed"] = job.seed % 2**32
    return request


def _failure(answer: dict[str, Any]) -> Exception:
    error = answer.get("error", answer)
    message = str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error" or "context size" in message:
        return TooLongError(message)
    return RuntimeError(message)
