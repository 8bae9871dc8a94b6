"""tiktoken, fed with the vocabularies that `aoai_magic.tokens` counts with, so that nothing is downloaded."""

from __future__ import annotations

import hashlib
import os
import tempfile
from base64 import b64encode
from functools import cache
from pathlib import Path
from unittest.mock import patch

import tiktoken

from aoai_magic.tokens import gpt3, text

_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/"


@cache
def reference(name: str) -> tiktoken.Encoding:
    """Return tiktoken's encoding of that name: its patterns, its code, and our vocabulary.

    The vocabulary lies where tiktoken looks before it downloads. It compares it with OpenAI's checksum.
    """
    file = "o200k_base" if name == "o200k_harmony" else name
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, TIKTOKEN_CACHE_DIR=folder):
        address = hashlib.sha1(f"{_ADDRESS}{file}.tiktoken".encode()).hexdigest()
        (Path(folder) / address).write_bytes(tiktoken_file(file))
        with patch("tiktoken.load.read_file", side_effect=AssertionError("not OpenAI's vocabulary")):
            return tiktoken.get_encoding(name)


def tiktoken_file(name: str) -> bytes:
    """Return one of our vocabularies in tiktoken's format."""
    if name in ("p50k_base", "r50k_base"):
        return gpt3.tiktoken_file(name)
    token_bytes = text._tokenizer(name).decode_token_bytes
    return b"".join(b"%b %d\n" % (b64encode(token_bytes(number)), number) for number in range(text.ENCODINGS[name]))
