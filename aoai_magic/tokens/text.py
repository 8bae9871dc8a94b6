"""Text to tokens, with the vocabularies of OpenAI's models.

The encoder is splintr (facts, measurements.md, section 4): its ids equal tiktoken's, its wheel carries the
vocabularies, so that nothing is downloaded at run time, and it loads in 40 ms where tiktoken's table takes 260.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from operator import sub
from typing import TYPE_CHECKING

from .. import catalog

if TYPE_CHECKING:
    from splintr import AnyTokenizer

#: The encoding assumed where a model's own isn't known: that of every OpenAI model since GPT-4o.
DEFAULT_ENCODING = "o200k_base"


def encode(text: str, model: str = DEFAULT_ENCODING) -> list[int]:
    """Return the token ids of `text` as `model` (a model, a deployment named like one, or an encoding) sees it.

    Special tokens spelled out in the text are plain text. Lone surrogates, which no UTF-8 can hold, count as U+FFFD.

    >>> encode("tiktoken is great!", "gpt-4o")
    [83, 8251, 2488, 382, 2212, 0]
    """
    ids: list[int] = _tokenizer(encoding(model)).encode_ordinary(_utf8(text))
    return ids


def count(text: str, model: str = DEFAULT_ENCODING) -> int:
    """Return how many tokens `text` is for `model`.

    >>> count("pear", "gpt-4o")
    1
    """
    return count_many([text], model)[0]


def count_many(texts: Iterable[str], model: str = DEFAULT_ENCODING) -> list[int]:
    """Return how many tokens each text is, counted on all cores and without building lists of ids.

    >>> count_many(["pear", "hamburger"], "gpt-4o")
    [1, 2]
    """
    tokenizer = _tokenizer(encoding(model))
    texts = [_utf8(text) for text in texts]
    # The batch call recognises special tokens, which all begin with "<|"; a text that may spell one goes alone.
    plain = [text for text in texts if "<|" not in text]
    offsets = array("Q", tokenizer.encode_batch_flat(plain)[1])
    counts = iter(map(sub, offsets[1:], offsets))
    return [len(tokenizer.encode_ordinary(text)) if "<|" in text else next(counts) for text in texts]


def head(text: str, limit: int, model: str = DEFAULT_ENCODING) -> str:
    """Return the longest beginning of `text` that its first `limit` tokens hold, without half a character.

    >>> head("antidisestablishmentarianism", 2, "gpt-4o")
    'antidis'
    """
    ids = encode(text, model)
    if len(ids) <= limit:
        return text
    return _bytes(ids[:limit], model).decode("utf-8", "ignore")


def decode(ids: Sequence[int], model: str = DEFAULT_ENCODING) -> str | None:
    """Return the text of token ids, or None where the vocabulary has no such id; half characters become U+FFFD.

    >>> decode([83, 8251, 2488, 382, 2212, 0], "gpt-4o")
    'tiktoken is great!'
    """
    try:
        return _bytes(ids, model).decode("utf-8", "replace")
    except (ValueError, OverflowError):
        return None


def _bytes(ids: Sequence[int], model: str) -> bytes:
    return b"".join(map(_tokenizer(encoding(model)).decode_token_bytes, ids))


def encoding(model: str) -> str:
    """Return the name of the encoding that `model` uses; an encoding's own name stands for itself."""
    if model in ("o200k_base", "cl100k_base", "o200k_harmony"):
        return model
    known = catalog.model(model)
    return known.encoding if known else DEFAULT_ENCODING


@cache
def _tokenizer(name: str) -> AnyTokenizer:
    from splintr import Tokenizer

    return Tokenizer.from_pretrained(name)


def _utf8(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
