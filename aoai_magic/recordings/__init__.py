"""Recordings: requests and their answers on disk, found again by what was asked.

mode        whether, and where          asking      a request, and what the recordings have for it
canonical   what a request is           transport   answers from them, or sends and records
addresses   what an address asks for    scrub       what may not be written down
store       the file                    recording   a line of it: streams packed, what is long beside
"""

from ..settings import RecordingsMode as Mode
from .asking import Asked, forget, hits, in_order
from .canonical import canonical, digest
from .drift import drift
from .modes import FOLDER, MODES, mode, off, record, replay, store

__all__ = [
    "FOLDER",
    "MODES",
    "Asked",
    "Mode",
    "canonical",
    "digest",
    "drift",
    "forget",
    "hits",
    "in_order",
    "mode",
    "off",
    "record",
    "replay",
    "store",
]
