"""How replies are shown: the only room that displays anything."""

from .bundles import Table, mimebundle, picture_bundle, sound_bundle
from .code import Code
from .live import LiveReply, progress
from .watching import Throttle, current_shell, is_watched, replaceable

__all__ = [
    "Code",
    "LiveReply",
    "Table",
    "Throttle",
    "current_shell",
    "is_watched",
    "mimebundle",
    "picture_bundle",
    "progress",
    "replaceable",
    "sound_bundle",
]
