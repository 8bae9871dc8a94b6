"""Addresses that the user has connected to by hand: a project's file can name any, and a clone's is a stranger's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from . import settings
from .errors import SettingsError
from .settings import Target


def check(target: Target) -> None:
    """Raise SettingsError for an address that a project names and the user has never connected to.

    Loopback needs no word: nothing leaves the machine. It is asked when something is to be sent; replays send nothing.

    >>> check(Target("azure", "https://contoso.openai.azure.com", source="connect"))
    """
    if not target.is_projects or settings.origin(target.endpoint) in _known() or target.is_loopback:
        return
    proved = f", with the key in {target.key_source}" if target.key_source else ""
    raise SettingsError(
        f"{target.source} would have prompts sent to {target.endpoint}{proved}.",
        "A project that came from elsewhere may name any address, and you have never connected to this one.",
        f"%aoai connect {target.endpoint} if it is yours: once, for all notebooks; or %aoai connect local",
    )


def remember(target: Target) -> None:
    """Keep in mind that the user has connected to an address. Where that can't be written, it is asked for again."""
    own = settings.origin(target.endpoint)
    if own is None or target.is_loopback or own in _known():
        return
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as out:
            out.write(f"{own}\n")


def _known() -> list[str]:
    try:
        return _file().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _file() -> Path:
    return settings.home() / "addresses"
