"""Azure OpenAI in notebook cells: costs foreseen, answers reproduced, and a local service to learn on.

In a notebook::

    %load_ext aoai_magic

    %%chat
    What is a token?

In Python::

    import aoai_magic as aoai
    print(aoai.chat("What is a token?"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from . import errors, lessons, render, tokens
    from .audio_reply import Audio
    from .client import Connection
    from .conversations import Conversation
    from .current import connect, connection, conversation
    from .embeddings import Embeddings
    from .estimates import Estimate
    from .image_reply import ImageReply
    from .images import ImageEstimate
    from .ledger import Allowance
    from .operations.audio import speak, transcribe
    from .operations.chat import chat, estimate
    from .operations.compare import compare
    from .operations.complete import complete
    from .operations.embed import embed
    from .operations.image import estimate_image, image
    from .operations.listing import deployments, models, quota, regions
    from .recordings import record, replay
    from .reply import Reply
    from .reproducing import reproduce
    from .spending import usage
    from .table.batch import Batch, batch
    from .table.estimate import TableEstimate
    from .table.mapping import estimate_map, map  # noqa: A004  # meant: aoai.map
    from .widgets.compare import Compare
    from .widgets.deployments import DeploymentsPanel
    from .widgets.lens import TokenLens
    from .widgets.panel import ChatPanel
    from .widgets.usage import UsagePanel
    from .widgets.vision import VisionCosts

    last: Reply | ImageReply | Audio | None

__version__ = "0.1.0.dev0"

__all__ = [
    "Allowance",
    "Audio",
    "Batch",
    "ChatPanel",
    "Compare",
    "Connection",
    "Conversation",
    "DeploymentsPanel",
    "Embeddings",
    "Estimate",
    "ImageEstimate",
    "ImageReply",
    "Reply",
    "TableEstimate",
    "TokenLens",
    "UsagePanel",
    "VisionCosts",
    "batch",
    "chat",
    "compare",
    "complete",
    "connect",
    "connection",
    "conversation",
    "deployments",
    "embed",
    "errors",
    "estimate",
    "estimate_image",
    "estimate_map",
    "image",
    "last",
    "lessons",
    "load_ipython_extension",
    "map",
    "models",
    "quota",
    "record",
    "regions",
    "render",
    "replay",
    "reproduce",
    "speak",
    "tokens",
    "transcribe",
    "unload_ipython_extension",
    "usage",
]

# Where each public name lives; its module is imported when the name is first used, so that %load_ext stays light.
_HOME = {
    "Allowance": "ledger",
    "Audio": "audio_reply",
    "Batch": "table.batch",
    "ChatPanel": "widgets.panel",
    "Compare": "widgets.compare",
    "Connection": "client",
    "Conversation": "conversations",
    "DeploymentsPanel": "widgets.deployments",
    "Embeddings": "embeddings",
    "Estimate": "estimates",
    "ImageEstimate": "images",
    "ImageReply": "image_reply",
    "Reply": "reply",
    "TableEstimate": "table.estimate",
    "TokenLens": "widgets.lens",
    "UsagePanel": "widgets.usage",
    "VisionCosts": "widgets.vision",
    "batch": "table.batch",
    "chat": "operations.chat",
    "compare": "operations.compare",
    "complete": "operations.complete",
    "connect": "current",
    "connection": "current",
    "conversation": "current",
    "deployments": "operations.listing",
    "embed": "operations.embed",
    "estimate": "operations.chat",
    "estimate_image": "operations.image",
    "estimate_map": "table.mapping",
    "image": "operations.image",
    "map": "table.mapping",
    "models": "operations.listing",
    "quota": "operations.listing",
    "record": "recordings",
    "regions": "operations.listing",
    "replay": "recordings",
    "reproduce": "reproducing",
    "speak": "operations.audio",
    "transcribe": "operations.audio",
    "usage": "spending",
}


def __getattr__(name: str) -> Any:
    if name == "last":
        return import_module(".current", __name__).last()
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    if name in __all__:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by `%load_ext aoai_magic`: registers the magics. Sends, starts and prints nothing."""
    from .magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Called by `%unload_ext aoai_magic`: takes back all that loading did."""
    from .magics import unload

    unload(shell)
