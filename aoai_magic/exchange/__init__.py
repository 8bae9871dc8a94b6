"""One request and its answer, read as it arrives."""

from .exchange import Exchange, Growing, TextExchange, reserve
from .raw import RawExchange
from .responses import ResponseExchange
from .vectors import VectorExchange

__all__ = ["Exchange", "Growing", "RawExchange", "ResponseExchange", "TextExchange", "VectorExchange", "reserve"]
