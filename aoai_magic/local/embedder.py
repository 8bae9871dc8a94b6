"""Vectors of texts from a real small model: all-MiniLM-L6-v2, run by llama.cpp."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import xllamacpp

#: Tokens that the model sees at once; a longer text is the mean of its pieces.
WINDOW = 512


class Embedder:
    """The model, loaded once.

    One text at a time and one thread, so that a vector never depends on what else is asked.
    """

    def __init__(self, model: Path) -> None:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(model)
        parameters.embedding = True
        parameters.n_parallel = 1
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = WINDOW
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
        parameters.verbosity = -1
        parameters.warmup = parameters.fit_params = parameters.ui = False
        parameters.api_keys, parameters.hostnames = [os.urandom(16).hex()], ["127.0.0.1"]  # see llama.py
        self._server, self._lock = xllamacpp.Server(parameters), threading.Lock()
        self._vectors(["a"])  # a server that is dropped before its first request may hang for ever

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of 384 numbers and length 1 for each text."""
        # A text's tokens are at most its characters and two of the frame's.
        short = [at for at, text in enumerate(texts) if len(text) <= WINDOW - 2]
        found = dict(zip(short, self._vectors([texts[at] for at in short])[0], strict=True))
        return [_of_length_1(found[at] if at in found else self._mean(text)[0]) for at, text in enumerate(texts)]

    def _vectors(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        """The model's own vectors, and how many of its tokens the texts were."""
        if not texts:
            return [], 0
        with self._lock:
            answer = self._server.handle_embeddings({"input": list(texts)})
        if "data" not in answer:
            raise _RefusedError(answer["error"]["message"])
        rows = sorted(answer["data"], key=lambda row: int(row["index"]))
        return [row["embedding"] for row in rows], answer["usage"]["prompt_tokens"]

    def _mean(self, text: str) -> tuple[list[float], int]:
        """The vector of a text of any length: where it is too long, the mean of its halves' by their tokens."""
        try:
            vectors, tokens = self._vectors([text])
            return vectors[0], tokens
        except _RefusedError as error:
            if "too large" not in str(error):
                raise
        middle = len(text) // 2
        space = text.rfind(" ", middle // 2, middle + 1)
        cut = middle if space < 0 else space
        (first, m), (second, n) = self._mean(text[:cut]), self._mean(text[cut:])
        return [(x * m + y * n) / (m + n) for x, y in zip(first, second, strict=True)], m + n


class _RefusedError(Exception):
    """The engine's own words on why it didn't answer."""


def _of_length_1(vector: list[float]) -> list[float]:
    length = math.hypot(*vector) or 1.0
    return [value / length for value in vector]
