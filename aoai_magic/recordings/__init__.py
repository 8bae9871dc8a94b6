"""Recordings: requests and their answers on disk, found again by what was asked.

    mode        whether, and where          asked       a request, and what the recordings have for it
    canonical   what a request is           transport   answers from them, or sends and records
    addresses   what an address asks for    scrub       what may not be written down
    store       the file                    recording   a line of it: streams packed, what is long beside
"""

from .asked import Asked, asked, times
from .canonical import canonical, digest
from .mode import Mode, mode, off, record, replay, store

__all__ = ["Asked", "Mode", "asked", "canonical", "digest", "mode", "off", "record", "replay", "store", "times"]
