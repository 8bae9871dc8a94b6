"""The shape of an answer: asked for, and held to."""

from .asking import response_format
from .reading import reader, strict_json

__all__ = ["reader", "response_format", "strict_json"]
