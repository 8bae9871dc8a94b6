"""How replies are shown: the only room that displays anything."""

from .blocks import Block, Folded, Quiet, Ready, Rows, Table, Words, bundled, called
from .bundles import mimebundle, picture_bundle, sound_bundle
from .code import Code
from .columns import Column, Columns
from .frames import show_frames_safely
from .listing import Listing, readable
from .live import LiveReply, progress
from .numerals import lined_up
from .watching import Throttle, can_answer, current_shell, is_watched, replaceable

__all__ = [
    "Block",
    "Code",
    "Column",
    "Columns",
    "Folded",
    "Listing",
    "LiveReply",
    "Quiet",
    "Ready",
    "Rows",
    "Table",
    "Throttle",
    "Words",
    "bundled",
    "called",
    "can_answer",
    "current_shell",
    "is_watched",
    "lined_up",
    "mimebundle",
    "picture_bundle",
    "progress",
    "readable",
    "replaceable",
    "show_frames_safely",
    "sound_bundle",
]
