"""One request and its answer, read as it arrives."""

from .exchange import Exchange, Growing, TextExchange, foretold, reserve
from .raw import RawExchange, RawResponseExchange
from .responses import ResponseExchange
from .vectors import VectorExchange

__all__ = [
    "Exchange",
    "Growing",
    "RawExchange",
    "RawResponseExchange",
    "ResponseExchange",
    "TextExchange",
    "VectorExchange",
    "foretold",
    "reserve",
]
