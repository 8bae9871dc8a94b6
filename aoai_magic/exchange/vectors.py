"""One request for the vectors of texts, and its answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .exchange import Exchange

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


class VectorExchange(Exchange):
    """One request for the vectors of texts: `vectors` is their matrix, a row a text, once it has run."""

    operation = "embeddings"
    wanted = "vectors"
    vectors: NDArray[numpy.float32]
    begun = False

    def run(self) -> None:
        """Send the request and take the vectors, which the SDK asks for and decodes as base64."""
        import numpy

        self.begun = True
        self._started = time.perf_counter()
        rest = {key: value for key, value in self._body.items() if key not in ("model", "input")}
        texts = self._body["input"]
        create = self._connection.client.embeddings.with_raw_response.create
        response = create(model=self._body["model"], input=texts, extra_body=rest)
        self.headers = response.headers
        try:
            answer = response.parse()
            rows = sorted(answer.data, key=lambda one: one.index)
            vectors = numpy.array([one.embedding for one in rows], dtype="float32")
            if [one.index for one in rows] != list(range(len(texts))) or not numpy.isfinite(vectors).all():
                raise ValueError
            vectors.reshape(len(texts), -1)[0, 0]
            self._chunks.body |= {"model": answer.model, "usage": answer.usage and answer.usage.model_dump()}
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise self._not_wanted(response.text, error) from None
        self.vectors = vectors
        self._ended = self._elapsed()
