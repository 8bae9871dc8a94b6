"""The environment: the one place that reads it, and what a program of ours gets of it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def environment(name: str) -> str | None:
    """The environment's value of `name`, or None where it is unset or blank."""
    return os.environ.get(name, "").strip() or None


@cache
def started_with(name: str) -> str | None:
    """What `environment` was when this process began: no cell changes that.

    Where the system doesn't tell (it does in /proc, on Linux), what it was when first asked for.
    """
    try:
        entries = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return environment(name)
    found = next((one for one in entries if one.startswith(f"{name}=".encode())), b"")
    return os.fsdecode(found).partition("=")[2].strip() or None


def child_environment(**more: str) -> dict[str, str]:
    """The environment for a kernel of ours: as it is here, with more."""
    return {**os.environ, **more}
