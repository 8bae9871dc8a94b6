"""Embeddings: texts as vectors, in the deployment's number of dimensions."""

from __future__ import annotations

import asyncio
import base64
import functools
import math
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any

from .. import tokens
from .account import Account, Deployment
from .asking import Extra
from .azure_errors import invalid_request, prompt_too_long
from .completions import read_text
from .fields import Fields
from .limits import arrival_tokens

if TYPE_CHECKING:
    from numpy import float64, int64
    from numpy.typing import NDArray

PARAMETERS = frozenset("dimensions encoding_format input input_type model user".split())
_MOST_INPUTS = 2048
_AT_ONCE = 32


class Embeddings:
    """One request for vectors."""

    stream = False
    cut = 0

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        body = Fields(values)
        body.refuse_unknown(PARAMETERS)
        for name in ("input_type", "user"):
            body.text(name)
        self._engine, self._deployment, model = account.engine, deployment, deployment.model
        body.required("input")
        self._texts = _texts(body, model.name)
        self._base64 = body.choice("encoding_format", ["float", "base64"], "float") == "base64"
        self._whole = model.dimensions or 1536
        if "dimensions" in body and not model.dimensions_reducible:
            raise invalid_request("This model does not support specifying dimensions.", "dimensions")
        self._dimensions = body.integer("dimensions", self._whole, least=1, most=self._whole)
        counts, limit = tokens.count_many(self._texts, model.name), model.max_input_tokens or 8192
        for count in counts:
            if count > limit:
                raise prompt_too_long(limit, count)
        self._tokens = sum(counts)
        self.arrival = arrival_tokens(sum(map(len, self._texts)), 0)

    async def begin(self) -> None:
        """Nothing begins before the whole is there."""

    async def close(self) -> None:
        """Nothing goes on."""

    async def answer(self) -> dict[str, Any]:
        """All vectors in one body, in the order of the texts."""
        data: list[dict[str, Any]] = []
        for index, vector in enumerate(await self._engine.embed(self._texts)):
            shown = self._shown(widened(vector, self._dimensions, self._whole))
            data.append({"object": "embedding", "index": index, "embedding": shown})
            if index % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)  # 2,048 of 3,072 numbers take a second, in which others would wait
        usage = {"prompt_tokens": self._tokens, "total_tokens": self._tokens}
        return {"object": "list", "data": data, "model": self._deployment.model_id, "usage": usage}

    async def events(self) -> AsyncGenerator[bytes]:
        """Vectors aren't streamed."""
        return
        yield b""

    def _shown(self, vector: NDArray[float64]) -> Any:
        if self._base64:
            return base64.b64encode(vector.astype("<f4").tobytes()).decode()
        return vector.astype("f4").tolist()  # as many digits as the 32 bits of base64 have


def widened(vector: Sequence[float], dimensions: int, whole: int) -> NDArray[float64]:
    """A vector of the engine's as one of `whole` dimensions, of which the first `dimensions` are kept, of length 1.

    The engine's numbers are repeated until they fill the whole, with signs that change in a fixed pattern from one
    repetition to the next: angles between vectors stay exactly what they were, and a beginning still holds most of
    them.

    >>> widened([3.0, 4.0], 4, 4).round(3).tolist()
    [0.424, 0.566, 0.424, -0.566]
    """
    import numpy as np

    places, signs = _repetition(len(vector), min(dimensions, whole))
    kept = np.asarray(vector)[places] * signs
    # hypot, and not numpy's own norm: the last digit may not depend on the processor.
    length: float = math.hypot(*kept.tolist()) or 1.0
    return kept / length


@functools.lru_cache(16)
def _repetition(size: int, dimensions: int) -> tuple[NDArray[int64], NDArray[float64]]:
    """Where each number of a widened vector comes from, and its sign."""
    import numpy as np

    repetition, place = np.divmod(np.arange(dimensions), size)
    return place, np.where(repetition & place & 1, -1.0, 1.0)


def _texts(body: Fields, model: str) -> list[str]:
    given = body.raw("input")
    if given in ("", []):
        raise invalid_request("Invalid 'input': input cannot be an empty string or array.", "input", "invalid_value")
    several = given if isinstance(given, list) and not isinstance(given[0], int) else [given]
    if len(several) > _MOST_INPUTS:
        body.array("input", most=_MOST_INPUTS)
    texts = [read_text(one, model, "input") for one in several]
    if not all(texts):
        raise invalid_request("Invalid 'input': input cannot be an empty string.", "input", "invalid_value")
    return texts
