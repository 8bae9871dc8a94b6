"""How likely each token of an answer was, and which others could have stood in its place."""

from .confidence import Confidence
from .reading import Token, chat_tokens, text_tokens

__all__ = ["Confidence", "Token", "chat_tokens", "text_tokens"]
