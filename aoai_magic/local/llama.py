"""The engine with a real model: llama.cpp through xllamacpp, several replies at once."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import xllamacpp
from llguidance import LLMatcher
from xllamacpp import LLAMA_DEFAULT_SEED

from . import weights
from .embedder import Embedder
from .engine import BadSchemaError, Job, Piece

#: Replies generated at the same time; more wait in the order they came.
SLOTS = 4
#: Tokens a slot holds, prompt and reply together.
CONTEXT_WINDOW = 4096
#: What a prompt that is too long leaves of them for the reply: half, since reading as much takes a quarter of a minute.
ROOM_FOR_REPLY = 2048
#: Texts, and characters of them, turned into vectors before somebody else's have their turn: a fraction of a second.
TEXTS_AT_ONCE, CHARACTERS_AT_ONCE = 32, 2_000
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_LARGEST_COUNT = 10_000


def default_threads() -> int:
    """Half of the cores but one, for each reply, so that two at once leave a core free: with all of them the engine is
    2 to 7 times slower as soon as anything else runs."""
    return max(1, (len(os.sched_getaffinity(0)) - 1) // 2)


class Llama:
    """A GGUF model, in an engine for each of the slots; all but the first are loaded when they are first needed.

    One engine for all slots would put the tokens of several replies through the model together. Then the order in which
    numbers are added up, and now and then a word, depends on who else is served (tests/local/test_determinism.py).
    The engines share the weights, which are mapped into memory.
    """

    def __init__(self, model: Path, home: Path, threads: int | None = None) -> None:
        self.model = model.name.removesuffix(".gguf")
        self.embedder = weights.EMBEDDING.file.removesuffix(".gguf")
        self.fingerprint = "fp_local_" + self.model.lower().replace(".", "-")
        self._file, self._threads = model, threads or default_threads()
        self._idle = [_load(self._file, self._threads)]
        self._slots = asyncio.Semaphore(SLOTS)  # which is fair: whoever waits longest is next
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix="llama")  # llama.cpp blocks
        self._stopping = threading.Event()
        self._home = home
        self._embedder: Embedder | None = None  # loaded when it is first asked
        self._embedding = asyncio.Lock()

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        """Generate in a thread, with an engine that this reply has for itself."""
        _check_counts(job.schema)
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
                text = choice["text"] if "text" in choice else choice["delta"].get("content")
                if text or choice["finish_reason"]:
                    logprobs = (choice.get("logprobs") or {}).get("content") or ()
                    put(
                        Piece(text or "", choice["finish_reason"], [_entry(one, job.logprobs or 0) for one in logprobs])
                    )
            return left.is_set() or self._stopping.is_set()

        def run() -> None:
            try:
                if not left.is_set() and not self._stopping.is_set():
                    engine = self._idle.pop() if self._idle else _load(self._file, self._threads)
                    try:
                        handle = engine.handle_chat_completions if job.prompt is None else engine.handle_completions
                        answer = handle(request, on_chunk)
                    finally:
                        self._idle.append(engine)
                    if answer:  # an error found before anything was generated
                        put(_failure(answer))
                put(RuntimeError("The engine was closed in the middle of a reply."))  # read only if no end came before
            except Exception as error:
                put(error)

        request = _request(job)
        await self._slots.acquire()
        future = loop.run_in_executor(self._pool, run)
        # The slot is free when the engine is, whether or not somebody has read what it wrote.
        future.add_done_callback(lambda _: self._slots.release())
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
            await asyncio.shield(future)

    async def fit(self, job: Job) -> tuple[Job, int]:
        cut = 0
        # A text's tokens are at most its bytes, so that most jobs fit for certain; only the others are measured.
        while sum(len(text.encode()) + 16 for text in _texts(job)) > CONTEXT_WINDOW - ROOM_FOR_REPLY:
            too_many = await self._overflow(job)
            if too_many <= 0:
                break
            job, cut = _shortened(job, too_many), cut + too_many
        return job, cut

    async def _overflow(self, job: Job) -> int:
        """How many tokens the prompt is longer than its share of the window; counted by llama.cpp itself.

        Its refusal of a prompt that is too long names the prompt's length, and comes at once. So the prompt is made too
        long on purpose, by as many one-token words as the window holds.
        """
        filler = " a" * CONTEXT_WINDOW
        padded = (
            job._replace(prompt=f"{job.prompt}{filler}")
            if job.prompt is not None
            else job._replace(messages=[*job.messages, {"role": "user", "content": filler}])
        )
        try:
            async for _ in self.generate(padded._replace(schema=None)):
                break
        except _TooLongError as error:
            return error.tokens - CONTEXT_WINDOW - (CONTEXT_WINDOW - ROOM_FOR_REPLY)
        return 0

    async def choose(self, job: Job, options: Sequence[str]) -> str:
        """The option that the model writes when it may write nothing else."""
        chosen = ""
        async for piece in self.generate(job._replace(temperature=0.0, schema={"enum": list(options)}, stop=())):
            chosen += piece.text
        return str(json.loads(chosen))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        for several in _handfuls(texts):
            async with self._embedding:  # which is fair: whoever waits longest is next
                if self._embedder is None:
                    self._embedder = await asyncio.to_thread(self._load_embedder)
                vectors += await asyncio.to_thread(self._embedder.embed, several)
        return vectors

    def _load_embedder(self) -> Embedder:
        return Embedder(weights.EMBEDDING.ensure(self._home))

    def close(self) -> None:
        # Leaving the process while llama.cpp generates is a segmentation fault.
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _handfuls(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in groups that are done quickly."""
    start = size = 0
    for at, text in enumerate(texts):
        if at > start and (at - start == TEXTS_AT_ONCE or size + len(text) > CHARACTERS_AT_ONCE):
            yield texts[start:at]
            start, size = at, 0
        size += len(text)
    yield texts[start:]


def _load(model: Path, threads: int) -> Any:
    """An engine for one reply at a time."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.n_parallel = 1
    parameters.n_ctx = CONTEXT_WINDOW
    parameters.n_ubatch = 128  # a quarter of the usual: as fast here, with less memory for attention
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    # A reply may depend neither on what the engine has seen before, nor on the number of threads, as it does with
    # flash attention.
    parameters.cache_prompt = parameters.cache_idle_slots = False
    parameters.cache_ram_mib = parameters.n_ctx_checkpoints = 0
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.verbosity = -1
    parameters.warmup = parameters.fit_params = False  # 0.4 s together; the request below warms up as well
    # xllamacpp opens a port of its own, with no key and open CORS unless told otherwise: nobody gets this key.
    parameters.api_keys = [os.urandom(16).hex()]
    parameters.hostnames = ["127.0.0.1"]
    parameters.ui = False
    server = xllamacpp.Server(parameters)
    # A server that is dropped before its first request may hang for ever.
    server.handle_completions({"prompt": "a", "max_tokens": 1})
    return server


def _check_counts(schema: Any) -> None:
    """Refuse a schema with a count that would fill the memory: the engine lays out every item that an array must have
    (seen: 12 GB within 15 s for a minItems of a billion, and then the end of the process)."""
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _check_counts(inner)
    for name in _COUNTS if isinstance(schema, dict) else ():
        count = schema.get(name)
        if isinstance(count, int | float) and count > _LARGEST_COUNT:
            raise BadSchemaError(f"'{name}' may be {_LARGEST_COUNT:,} at most.")


class _TooLongError(Exception):
    """The prompt doesn't fit the engine's context window; `tokens` is its length."""

    def __init__(self, tokens: int) -> None:
        super().__init__(f"{tokens} tokens")
        self.tokens = tokens


def _request(job: Job) -> dict[str, Any]:
    request: dict[str, Any] = {
        "max_tokens": -1,
        "temperature": job.temperature,
        "top_p": job.top_p,
        "presence_penalty": job.presence_penalty,
        "frequency_penalty": job.frequency_penalty,
        "stop": list(job.stop),
        "cache_prompt": False,
        "stream": True,
        # Empty chunks while the prompt is read: without them nobody is asked whether anyone still waits until it is.
        "return_progress": True,
    }
    if job.prompt is None:
        request["messages"] = [{"role": one["role"], "content": one["content"]} for one in job.messages]
    else:
        request["prompt"] = job.prompt or "<|endoftext|>"  # a document that has not begun
    if job.seed is not None:
        request["seed"] = job.seed % LLAMA_DEFAULT_SEED  # which itself stands for none
    if job.schema is not None:
        request["grammar"] = _grammar(job.schema)
    if job.logit_bias:
        request["logit_bias"] = [[text, False if bias <= -100 else bias] for text, bias in job.logit_bias]
    if job.logprobs is not None:
        # Asked for none, the engine leaves out the token's own as well.
        several = max(1, job.logprobs)
        request |= {"logprobs": several} if job.prompt is not None else {"logprobs": True, "top_logprobs": several}
    return request


def _grammar(schema: dict[str, Any]) -> str:
    """The grammar of JSON of that shape, checked: with one that it can't read, the engine would write what it likes.

    Without white space between the tokens, on which a small model would spend its limit. Keywords that the grammar
    doesn't know are left out of account.
    """
    options = {"whitespace_flexible": False, "lenient": True}
    grammar = f"%llguidance {{}}\nstart: %json {json.dumps({**_closed(schema), 'x-guidance': options})}"
    failed, messages = LLMatcher.validate_grammar_with_warnings(grammar)
    if failed:
        raise BadSchemaError(messages[0].partition("\n   1 |")[0].rpartition("JSON schema: ")[2])
    return grammar


def _closed(schema: Any) -> Any:
    """The schema with objects that have the properties it names and no others, where it doesn't say otherwise.

    A large model keeps to these by itself; a small one would go on to invent properties up to its limit.
    """
    if not isinstance(schema, dict):
        return schema
    closed = {name: one for name, one in schema.items() if name not in _INNER}
    for name in _INNER & schema.keys():
        inner = schema[name]
        if isinstance(inner, list):
            closed[name] = [_closed(one) for one in inner]
        elif isinstance(inner, dict) and name != "items":
            closed[name] = {key: _closed(one) for key, one in inner.items()}
        else:
            closed[name] = _closed(inner)
    if schema.get("properties") and not _COMBINED & schema.keys():
        closed.setdefault("additionalProperties", False)
    return closed


# Where schemas lie in a schema. Not in allOf, whose parts hold together and would shut each other's properties out.
_INNER = {"$defs", "anyOf", "definitions", "items", "oneOf", "prefixItems", "properties"}
_COMBINED = {"$ref", "allOf", "anyOf", "oneOf", "patternProperties"}


def _entry(entry: dict[str, Any], alternatives: int) -> dict[str, Any]:
    """A token's logprobs as OpenAI has them: without the engine's own token number."""
    kept = {name: entry[name] for name in ("token", "logprob", "bytes")}
    if "top_logprobs" in entry:
        kept["top_logprobs"] = [_entry(one, 0) for one in entry["top_logprobs"][:alternatives]]
    return kept


def _failure(answer: dict[str, Any]) -> Exception:
    error = answer.get("error", answer)
    if error.get("type") == "exceed_context_size_error":
        return _TooLongError(int(error["n_prompt_tokens"]))
    return RuntimeError(str(error.get("message", error)))


def _texts(job: Job) -> list[str]:
    return [job.prompt] if job.prompt is not None else [message["content"] for message in job.messages]


def _shortened(job: Job, tokens: int) -> Job:
    """The job without about that many tokens: the oldest turns go first, then the beginning of the last message.

    The system message stays, since it says what the model is to do; where it is the longer, its end goes.
    """
    characters = sum(map(len, _texts(job)))
    drop = max(
        16, characters * tokens // (tokens + CONTEXT_WINDOW - ROOM_FOR_REPLY)
    )  # too few only means another round
    if job.prompt is not None:
        return job._replace(prompt=job.prompt[drop:])
    messages = [dict(message) for message in job.messages]
    start = 1 if messages[0]["role"] == "system" and len(messages) > 1 else 0
    while len(messages) > start + 1 and len(messages[start]["content"]) <= drop:
        drop -= len(messages.pop(start)["content"])
    first, oldest = messages[0], messages[start]
    if len(messages) == start + 1 and len(first["content"]) > len(oldest["content"]):
        first["content"] = first["content"][: -_most(first, drop)]
    else:
        oldest["content"] = oldest["content"][_most(oldest, drop) :]
    return job._replace(messages=messages)


def _most(message: dict[str, str], drop: int) -> int:
    """How many characters of a message may go in one round: half of them, so that something is left of each."""
    return max(1, min(drop, len(message["content"]) // 2))
