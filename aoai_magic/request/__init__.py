"""The bodies of requests, from what a user gives."""

from .chat import STREAMED, Message, chat_body, lower_limit
from .completion import completion_body
from .parameters import option, refuse, refused, takes
from .paths import PATHS, PREVIEWS
from .vectors import batches, refuse_too_long, texts_of

__all__ = [
    "PATHS",
    "PREVIEWS",
    "STREAMED",
    "Message",
    "batches",
    "chat_body",
    "completion_body",
    "lower_limit",
    "option",
    "refuse",
    "refuse_too_long",
    "refused",
    "takes",
    "texts_of",
]
