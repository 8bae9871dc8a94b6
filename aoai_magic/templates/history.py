"""`{{ In[3] }}`, `{{ Out[3] }}`, `{{ Err[3] }}`: earlier cells of the kernel, by their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MOST_NAMED = 10


class History(Mapping[int, Any]):
    """What cells were, gave or failed with, by number; -1 is the last one of them.

    `lacks` says in words what a cell without an entry didn't do.

    >>> History("Err", {3: "ZeroDivisionError"}, "didn't fail")[-1]
    'ZeroDivisionError'
    """

    def __init__(self, name: str, cells: Mapping[int, Any], lacks: str) -> None:
        self.name, self._cells, self._lacks = name, cells, lacks

    def __getitem__(self, number: int) -> Any:
        if isinstance(number, int) and number < 0:
            return self._cells[list(self._cells)[number]]
        return self._cells[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)

    def missing(self, number: object) -> tuple[str, str]:
        """What to say of a number that isn't there, and which are."""
        numbers = [str(one) for one in self._cells][-_MOST_NAMED:]
        there = (
            f"There {'are' if len(numbers) > 1 else 'is'} {', '.join(f'{self.name}[{one}]' for one in numbers)}."
            if numbers
            else ""
        )
        if isinstance(number, int) and number > 0:
            return f"cell {number} {self._lacks}", there or f"{self.name} is empty so far."
        return f"{self.name} has no {number!r}", there or f"{self.name} is empty so far."
