"""Exact token counts, offline: pure functions over the catalogue's facts and a vocabulary that ships in a wheel."""

from .audio import count_audio
from .chat import Part, chat_parts, count_chat
from .images import count_edited_image, count_generated_image
from .pictures import image_size
from .text import ENCODINGS, count, count_many, decode, encode, encoding, head, pieces
from .vision import ImageTokens, count_image

__all__ = [
    "ENCODINGS",
    "ImageTokens",
    "Part",
    "chat_parts",
    "count",
    "count_audio",
    "count_chat",
    "count_edited_image",
    "count_generated_image",
    "count_image",
    "count_many",
    "decode",
    "encode",
    "encoding",
    "head",
    "image_size",
    "pieces",
]
