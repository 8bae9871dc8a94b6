"""Texts as vectors, in as few requests as their limits allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from .. import current, settings, tokens
from ..client import Connection
from ..embeddings import Embeddings, gather
from ..exchange import VectorExchange, reserve
from ..ledger import Allowance
from ..local.waiting import told
from ..recordings import Mode
from ..render import progress
from ..request import batches, refuse_too_long, texts_of
from .answering import answered, looked_up, make_ready


def embed(
    texts: str | Iterable[str],
    dimensions: int | None = None,
    deployment: str | None = None,
    *,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    on_progress: Callable[[str, float], None] | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> Embeddings:
    """Return the vectors of texts (a list, a pandas Series, or one text), in their order.

    Texts are sent in as few requests as their limits allow: 2,048 texts and 300,000 tokens each. `dimensions` shortens
    the vectors, where the model can. On the local service the deployment is text-embedding-3-small where none is named;
    elsewhere that of the connection if its model embeds, else it has to be named. `budget` is for all requests
    together; it refuses all or none. `on_progress` is told in words and as a fraction how far it is, before each
    request but the first; else whoever watches is told. Raises AoaiError: a missing, empty or too long text before
    anything is sent; an error or interrupt on the way has the vectors so far as its `reply`.

    >>> embed(["a cat", "a dog"], dimensions=256).vectors.shape
    (2, 256)
    """
    with progress() as tell, told(tell):
        return _embedded(
            connection or current.connection(),
            texts,
            deployment,
            budget,
            recordings,
            on_progress or tell,
            {"dimensions": dimensions, **params},
        )


def _embedded(
    connection: Connection,
    texts: str | Iterable[str],
    deployment: str | None,
    budget: float | Allowance | None,
    recordings: Mode | None,
    on_progress: Callable[[str, float], None],
    params: dict[str, Any],
) -> Embeddings:
    # All requests are written into the ledger before the first is sent, so that a budget refuses all or none.
    make_ready(connection, recordings)
    given, index = texts_of(texts)
    name = deployment or connection.default("embeddings", 'aoai.embed(texts, deployment="NAME")')
    known, listed, headroom = connection.known(name), connection.listed(name), connection.headroom(name)
    counts = tokens.count_many(given, known.model.name if known else settings.LOCAL_DEPLOYMENTS["embeddings"])
    if known:
        refuse_too_long(counts, index, known.model)
    own = {key: value for key, value in params.items() if value is not None}
    foreseen = connection.estimated({"model": name, "input": given, **own}, known)
    allowance = Allowance.of(budget)
    ask = partial(embed, deployment=name, connection=connection, recordings=recordings, **own)
    minute = headroom.token_limit if headroom else listed["tpm"] if listed else None
    exchanges: list[VectorExchange] = []
    try:
        for cut in batches(given, counts, minute):
            body = {"model": name, "input": given[cut], "encoding_format": "base64", **own}
            estimate = connection.estimated(body, known)
            question = looked_up("embeddings", connection, body, recordings)
            recorded = question.recorded is not None
            entry = reserve(connection.kind, "embeddings", body, estimate, allowance, recorded=recorded)
            exchanges.append(VectorExchange(connection, body, estimate, entry, question))
        answer = partial(answered, connection, remember=False)
        return gather(given, index, exchanges, answer, foreseen, ask, on_progress)
    finally:
        for exchange in exchanges:
            if not exchange.begun:
                exchange.settle("not sent")
