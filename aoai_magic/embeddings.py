"""Texts as vectors: the matrix that came back, how alike its texts are, and which are nearest to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import catalog
from .base_reply import Usage
from .errors import AoaiError, Interrupted
from .estimates import Estimate
from .reply import Reply
from .visible import shortened, visible

if TYPE_CHECKING:
    import numpy
    import pandas
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from .exchange import VectorExchange
    from .settings import Kind

_MOST_NAMED = 40  # rows of a heat map whose names can still be read
_MOST_WRITTEN = 12  # and whose numbers can


@dataclass(eq=False, repr=False)
class Embeddings:
    """Vectors of texts. `vectors` is a numpy array of float32, texts x dimensions, in the order of `texts`.

    `index` is that of the Series they came from, None for a list: the labels of what the methods return, which are the
    texts themselves otherwise. `usage` is the tokens of all requests, `cost` US dollars (0.0 on the local service, None
    where unknown) and `azure_cost` what they cost on Azure; `estimate` what was foreseen. `ask` embeds a further text
    the same way.

    >>> import aoai_magic as aoai
    >>> aoai.embed(["red wine", "white wine"]).vectors.shape
    (2, 1536)
    """

    texts: list[str]
    vectors: NDArray[numpy.float32]
    deployment: str
    kind: Kind
    usage: Usage | None
    azure_cost: float | None
    estimate: Estimate
    ask: Callable[[str], Embeddings]
    index: pandas.Index | None = None
    model: str = ""

    @property
    def cost(self) -> float | None:
        """US dollars: 0.0 on the local service, an estimate elsewhere, None where the price or the usage is unknown."""
        return 0.0 if self.kind == "local" else self.azure_cost

    @property
    def labels(self) -> list[Any]:
        """What names each row: the Series' index, or the texts."""
        return self.texts if self.index is None else list(self.index)

    def similarity(self, other: Embeddings | None = None) -> pandas.DataFrame:
        """How alike the texts are to each other, or to those of `other`: cosines, 1 for the same direction.

        Raises ValueError for vectors of another number of dimensions.

        >>> import aoai_magic as aoai
        >>> table = aoai.embed(["red wine", "white wine"]).similarity()
        >>> table.shape, bool(table.loc["red wine", "white wine"] < 1)
        ((2, 2), True)
        """
        import pandas

        other = self if other is None else other
        cosines = (_of_length_1(self.vectors) @ _of_length_1(other.vectors).T).clip(-1, 1)
        return pandas.DataFrame(cosines, index=self.labels, columns=other.labels)

    def nearest(self, query: str | Sequence[float] | NDArray[Any], k: int = 5) -> pandas.DataFrame:
        """The `k` texts most like `query`, the likest first: columns text and similarity (cosine), a row each.

        A text is embedded first, by the same deployment: one more request. A vector is taken as it is. Rows are named
        by the Series' index, or by the position in the list. Raises AoaiError as `embed` does.

        >>> import aoai_magic as aoai
        >>> aoai.embed(["red wine", "a bicycle"]).nearest("white wine", k=1)["text"].tolist()
        ['red wine']
        """
        import numpy
        import pandas

        vector = (
            self.ask(query).vectors if isinstance(query, str) else numpy.atleast_2d(numpy.asarray(query, "float32"))
        )
        cosines = (_of_length_1(self.vectors) @ _of_length_1(vector)[0]).clip(-1, 1)
        best = numpy.argsort(-cosines, kind="stable")[: max(k, 0)]
        index = best if self.index is None else self.index[best]
        return pandas.DataFrame({"text": [self.texts[at] for at in best], "similarity": cosines[best]}, index=index)

    def plot(self) -> Figure:
        """Draw `similarity` as a heat map: light where two texts are alike."""
        from matplotlib import pyplot

        cosines = self.similarity().to_numpy()
        size = len(cosines)
        named, written = size <= _MOST_NAMED, size <= _MOST_WRITTEN
        side = 2.5 + min(0.45 * size, 8)
        figure, axes = pyplot.subplots(figsize=(side + 1, side), layout="constrained")
        pyplot.close(figure)  # it is returned, and shown as any value is, in notebooks and elsewhere
        image = axes.imshow(cosines, cmap="viridis", vmin=min(0.0, float(cosines.min())), vmax=1.0)
        figure.colorbar(image, label="cosine similarity")
        if named:
            names = [" ".join(shortened(visible(str(one)), 30).split()) for one in self.labels]
            axes.set_yticks(range(size), names, parse_math=False)
            axes.set_xticks(range(size), names, parse_math=False, rotation=45, ha="right", rotation_mode="anchor")
        for row in range(size if written else 0):
            for column in range(size):
                value = float(cosines[row, column])
                axes.text(
                    column, row, f"{value:.2f}", ha="center", va="center", color="black" if value > 0.6 else "white"
                )
        return figure

    def __len__(self) -> int:
        return len(self.texts)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        import numpy

        return numpy.array(self.vectors, dtype=dtype, copy=copy is not False)

    def __repr__(self) -> str:
        count, dimensions = self.vectors.shape
        words = [f"{count:,} vector{'s' * (count > 1)} of {dimensions:,} numbers", self.deployment]
        if self.kind == "local":
            words.append("on this machine")
        elif self.model and self.model != self.deployment:
            words.append(self.model)
        if self.usage:
            words.append(f"{self.usage.prompt_tokens:,} token{'s' * (self.usage.prompt_tokens > 1)}")
        on_azure = None if self.azure_cost is None else f"about {catalog.dollars(self.azure_cost)}"
        if self.kind == "local":
            words.append(f"local, free; on Azure {on_azure}" if on_azure else "local, free")
        else:
            words.append(on_azure or "price unknown")
        return visible(" · ".join(words))


def gather(
    texts: list[str],
    index: Any,
    exchanges: Sequence[VectorExchange],
    answered: Callable[[VectorExchange], Reply],
    estimate: Estimate,
    ask: Callable[[str], Embeddings],
    on_progress: Callable[[str, float], None] | None = None,
) -> Embeddings:
    """Have several requests answered, one after the other, and return what they bring as one.

    An error or interrupt on the way keeps the vectors so far: it has them as its `reply`.
    """
    replies: list[Reply] = []

    def so_far() -> Embeddings | None:
        return _joined(texts, index, exchanges[: len(replies)], replies, estimate, ask) if replies else None

    try:
        for exchange in exchanges:
            if replies and on_progress is not None:
                on_progress(f"{len(replies):,} of {len(exchanges):,} requests", len(replies) / len(exchanges))
            replies.append(answered(exchange))
    except KeyboardInterrupt:
        raise Interrupted("the vectors so far, if any, are in sys.last_value.reply.", so_far()) from None
    except AoaiError as error:
        if (kept := so_far()) is not None:
            error.reply = kept
            error.fix = (
                f"{error.fix} The first {len(kept):,} of {len(texts):,} vectors are in sys.last_value.reply.".strip()
            )
        raise
    return _joined(texts, index, exchanges, replies, estimate, ask)


def _joined(
    texts: list[str],
    index: Any,
    exchanges: Sequence[VectorExchange],
    replies: Sequence[Reply],
    estimate: Estimate,
    ask: Callable[[str], Embeddings],
) -> Embeddings:
    import numpy

    vectors = numpy.concatenate([one.vectors for one in exchanges])
    usages, costs = [one.usage for one in replies], [one.azure_cost for one in replies]
    return Embeddings(
        texts=texts[: len(vectors)],
        vectors=vectors,
        deployment=replies[0].deployment,
        kind=replies[0].kind,
        usage=None if None in usages else Usage(sum(one.prompt_tokens for one in usages if one), 0),
        azure_cost=None if None in costs else sum(cost for cost in costs if cost),
        estimate=estimate,
        ask=ask,
        index=None if index is None else index[: len(vectors)],
        model=str(replies[0].body.get("model") or ""),
    )


def _of_length_1(vectors: NDArray[Any]) -> NDArray[Any]:
    import numpy

    lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / numpy.where(lengths == 0, 1, lengths)
