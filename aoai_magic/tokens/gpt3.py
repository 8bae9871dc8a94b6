"""The vocabularies of GPT-3 and its kin, r50k_base and p50k_base, which the encoder's wheel doesn't carry.

OpenAI published them with GPT-2 and in tiktoken, under the MIT licence (r50k_base.LICENSE). `r50k_base.gz` holds the
tokens in the order of their ids: their lengths, a byte each, then their bytes.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from importlib.resources import files
from itertools import accumulate

_SIZE = 50_256
# p50k_base is r50k_base, the id of <|endoftext|> left out, and the runs of 2 to 25 spaces that indent code.
_INDENTS = range(2, 26)


def tiktoken_file(name: str) -> bytes:
    """Return `r50k_base` or `p50k_base` as the file that OpenAI publishes.

    It has a line for each token, in base64, and its id.

    >>> tiktoken_file("r50k_base").splitlines()[2763]
    b'aGFt 2763'
    """
    packed = gzip.decompress(files(__package__).joinpath("r50k_base.gz").read_bytes())
    lengths, text = packed[:_SIZE], packed[_SIZE:]
    tokens = [text[end - length : end] for end, length in zip(accumulate(lengths), lengths, strict=True)]
    numbered = list(enumerate(tokens))
    if name == "p50k_base":
        numbered += enumerate((b" " * length for length in _INDENTS), _SIZE + 1)
    return b"".join(b"%b %d\n" % (b64encode(token), number) for number, token in numbered)
