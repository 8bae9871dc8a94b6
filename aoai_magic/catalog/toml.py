"""The catalogue's files, each parsed once and not before somebody asks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any


@cache
def load(file: str) -> dict[str, Any]:
    """The parsed file of that name beside this module."""
    import tomllib

    return tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
