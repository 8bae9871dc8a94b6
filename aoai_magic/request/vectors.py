"""What is to be embedded: texts, checked, and cut into requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..catalog import Model
from ..errors import SettingsError, a_kind
from ..local.limits import arrival_tokens

_MOST_TEXTS, _MOST_TOKENS = 2048, 300_000


def texts_of(given: object) -> tuple[list[str], Any]:
    """Read what is to be embedded: one text, or an iterable of texts. Returns them, and the index if it is a Series.

    Raises SettingsError for nothing, for what is no text (a missing value too) and for an empty one, which no model
    takes.

    >>> texts_of(("a", "b"))
    (['a', 'b'], None)
    """
    index = getattr(given, "index", None) if hasattr(given, "iloc") else None
    if hasattr(given, "columns") or isinstance(given, bytes | Mapping) or not isinstance(given, Iterable):
        raise SettingsError(
            f"{a_kind(given)} can't be embedded.",
            "Each text gets a vector: they come as a list, or as a column of a table.",
            'aoai.embed(["one", "two"]), aoai.embed(table["text"])',
        )
    texts = [given] if isinstance(given, str) else list(given)
    for at, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            what = "is empty" if isinstance(text, str) else f"is {str(text)[:40]!r}, and no text"
            raise SettingsError(
                f"Text {_label(at, index)} {what}.",
                "Each text gets a vector; nothing was sent.",
                "Leave it out, or put a text in its place: series.dropna(), .astype(str), .replace('', …)",
            )
    if not texts:
        raise SettingsError("There is no text to embed.", "", 'aoai.embed(["one", "two"])')
    return texts, index


def batches(texts: Sequence[str], counts: Sequence[int], minute: int | None = None) -> Iterator[slice]:
    """Cut texts into as few requests for vectors as their limits allow, in order; `counts` are the tokens of each.

    A request takes 2,048 texts (Azure OpenAI, "Embeddings") and 300,000 tokens (the reference of the openai SDK, at
    `embeddings.create`); where `minute`, the tokens that a deployment may take in a minute, is known, no more than
    those, as counted on arrival. A text that is too long for all that goes alone.

    >>> list(batches(["a"] * 5, [150_000] * 5))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    first = tokens = characters = 0
    for at, (text, count) in enumerate(zip(texts, counts, strict=True)):
        full = at - first == _MOST_TEXTS or tokens + count > _MOST_TOKENS
        if at > first and (full or (minute and arrival_tokens(characters + len(text), 0) > minute)):
            yield slice(first, at)
            first, tokens, characters = at, 0, 0
        tokens, characters = tokens + count, characters + len(text)
    yield slice(first, len(texts))


def refuse_too_long(counts: Sequence[int], index: Any, model: Model) -> None:
    """Raise SettingsError if a text has more tokens than an embedding model takes.

    The model would refuse all texts of the request.
    """
    most = model.max_input_tokens or model.context_window
    for at, count in enumerate(counts):
        if most and count > most:
            raise SettingsError(
                f"Text {_label(at, index)} has {count:,} tokens, and {model.name} takes {most:,}.",
                "A text becomes one vector as a whole; nothing was sent.",
                f"Cut it into pieces: aoai.tokens.head(text, {most}, {model.name!r}) is the longest first one.",
            )


def _label(at: int, index: Any) -> str:
    return str(at) if index is None else f"at {index[at]!r}"
