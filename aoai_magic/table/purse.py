"""What all partitions of a Dask table may cost together: each takes its part, and gives back what it didn't need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Taken:
    """US dollars that a partition may spend, and how many of them it did: all, as long as nobody says otherwise."""

    usd: float
    spent: float


@dataclass(frozen=True)
class Purse:
    """US dollars for so many partitions, on the scheduler of the cluster, by name."""

    name: str

    def fill(self, usd: float, partitions: int) -> None:
        """Put the money in."""
        self._variable().set([usd, partitions])

    @contextmanager
    def open(self, most: float | None) -> Iterator[Taken]:
        """Take out what one partition may cost: `most`, if that is known, and no more than is fair to those to come."""
        with self._lock():
            left, waiting = self._variable().get()
            fair = left / max(1, waiting)
            taken = Taken(fair if most is None else min(fair, most), 0.0)
            taken.spent = taken.usd
            self._variable().set([left - taken.usd, waiting - 1])
        yield taken
        with self._lock():
            left, waiting = self._variable().get()
            self._variable().set([left + taken.usd - taken.spent, waiting])

    def _variable(self) -> Any:
        from distributed import Variable

        return Variable(self.name)

    def _lock(self) -> Any:
        from distributed import Lock

        return Lock(f"{self.name}-purse")  # a lock is a semaphore, and the name itself is one's already
