"""What a request will cost, and whether it fits, before it is sent: tokens by part, prices, window and rate limits."""

from .counting import earlier, estimate, priced_apart
from .headroom import Headroom
from .result import Estimate, count_of
from .warning import warnings_of_model

__all__ = ["Estimate", "Headroom", "count_of", "earlier", "estimate", "priced_apart", "warnings_of_model"]
