"""Exact token counts, offline: pure functions over the catalogue's facts and a vocabulary that ships in a wheel."""

from .audio import count_audio
from .chat import count_chat
from .pictures import image_size
from .text import count, count_many, encode, head

__all__ = ["count", "count_audio", "count_chat", "count_many", "encode", "head", "image_size"]
