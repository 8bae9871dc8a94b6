"""Whether requests are recorded and replayed, and where: said for the kernel, for one call, and by the environment."""

from __future__ import annotations

import threading
from pathlib import Path

from .. import settings
from ..errors import SettingsError
from ..settings import RecordingsMode as Mode
from .store import Store

#: What a folder of recordings is called where nobody names one.
FOLDER = "recordings"

#: What each mode does, in words.
MODES: dict[Mode, str] = {
    "off": "nothing is recorded",
    "auto": "answer what is recorded; the rest is sent, and recorded",
    "replay": "answer; nothing is sent",
    "refresh": "are made anew: everything is sent",
}
_chosen: Mode | None = None
_store: Store | None = None
_lock = threading.Lock()


def record(folder: str | Path = FOLDER) -> None:
    """From here on, answer requests from the recordings in `folder`, and send and record those that aren't in it.

    The folder is one of the folder that the kernel runs in now; it is made with the first recording. On an error of the
    moment (a 429, a 5xx) of a cloud's service it is asked anew. The environment's AOAI_RECORDINGS=replay or off holds
    all the same.

    >>> record()
    >>> mode()
    'auto'
    >>> off()
    """
    _choose("auto", folder)


def replay(folder: str | Path | None = None) -> None:
    """From here on, answer requests from recordings alone: nothing is sent, and what isn't recorded is an error.

    They are those in `folder`; without one in the folder that was named before, else in "recordings". It takes no key,
    no network and no service.

    >>> replay()
    >>> mode()
    'replay'
    >>> off()
    """
    _choose("replay", folder)


def off() -> None:
    """From here on, send requests and record nothing.

    >>> off()
    >>> mode()
    'off'
    """
    _choose("off", None)


def mode(wanted: Mode | None = None) -> Mode:
    """What holds here and now, for a call that wants `wanted` itself: "off", "auto", "replay" or "refresh".

    AOAI_RECORDINGS=replay and =off are ceilings that nothing lifts; =refresh makes of every recording a new one; =auto
    is for kernels that say nothing themselves.
    """
    ceiling = settings.recordings()
    if ceiling in ("replay", "off"):
        return ceiling
    said = wanted or _chosen
    if ceiling == "refresh" and said in (None, "auto"):
        return ceiling
    return said or ceiling or "off"


def store() -> Store:
    """The recordings of the folder that was named, else of "recordings" in the folder that the kernel runs in."""
    global _store
    with _lock:
        if _store is None:
            _store = Store(Path(FOLDER).absolute())
        return _store


def forget() -> None:
    """Forget what was said."""
    global _chosen, _store
    _chosen = _store = None


def _choose(chosen: Mode, folder: str | Path | None) -> None:
    global _chosen, _store
    if folder is not None:
        place = Path(folder).expanduser().absolute()
        if place.exists() and not place.is_dir():
            raise SettingsError(
                f"{folder} is no folder.", "Recordings lie in a folder of their own.", "%aoai record recordings"
            )
        with _lock:
            if _store is None or _store.folder != place:
                _store = Store(place)
    _chosen = chosen
