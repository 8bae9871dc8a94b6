"""The Responses API: chat requests in its form, and its answers as chat completions.

Everything above knows one form, that of chat: what is asked, counted, shown and gone on from. Here it is put into the
other API's words on its way out, and back on its way in.
"""

from .asked import LEAST_TOKENS, UNKNOWN, response_body
from .chunks import ResponseChunks
from .completion import completion

__all__ = ["LEAST_TOKENS", "UNKNOWN", "ResponseChunks", "completion", "response_body"]
