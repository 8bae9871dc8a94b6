"""What a command of `%aoai` is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..arguments import Option


@dataclass(frozen=True)
class Command:
    """One command of `%aoai`: what it does, its options, an example, and the function that does it."""

    summary: str
    run: Callable[[dict[str, Any]], Any]
    options: tuple[Option, ...] = ()
    example: str = ""
