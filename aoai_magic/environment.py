"""The environment: the one place that reads it, and what a program of ours gets of it."""

from __future__ import annotations

import os


def environment(name: str) -> str | None:
    """The environment's value of `name`, or None where it is unset or blank."""
    return os.environ.get(name, "").strip() or None


def child_environment(**more: str) -> dict[str, str]:
    """The environment for a kernel of ours: as it is here, with more."""
    return {**os.environ, **more}
