"""Budgets: how many US dollars may be spent per session, notebook, day or cell, and how many are."""

from __future__ import annotations

import contextlib
import math
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .. import settings
from ..catalog import dollars
from ..errors import SettingsError
from .store import path, transaction

Per = Literal["session", "notebook", "day"]

#: This kernel, from its start to its end; processes forked from it belong to it.
SESSION = secrets.token_hex(8)
_kernel: ContextVar[tuple[str, str] | None] = ContextVar("kernel", default=None)


@dataclass(frozen=True)
class Budget:
    """US dollars that may be spent per session, notebook, day or cell, and how much of them is."""

    per: Per | Literal["cell"]
    usd: float
    spent: float

    @property
    def left(self) -> float:
        return max(self.usd - self.spent, 0.0)

    def __str__(self) -> str:
        whose = {"session": "this session", "notebook": "this notebook", "day": "today", "cell": "this cell"}[self.per]
        return f"{dollars(self.spent)} of {dollars(self.usd)} for {whose}"


@dataclass(frozen=True)
class Allowance:
    """What one cell or call may cost, in US dollars, however many requests it sends.

    >>> Allowance(0.05).usd
    0.05
    """

    usd: float
    id: str = field(default_factory=lambda: secrets.token_hex(8), compare=False)

    def __post_init__(self) -> None:
        _check(self.usd)

    @classmethod
    def of(cls, budget: float | Allowance | None) -> Allowance | None:
        """A budget as an allowance; one is returned as it is, and shared by all that have it."""
        return budget if budget is None or isinstance(budget, Allowance) else cls(budget)


def set_budget(usd: float | None, per: Per = "session") -> None:
    """Let requests cost at most `usd` US dollars per session (this kernel's life), notebook or day; None lifts that.

    All that was spent in that time counts, also before the budget was set. Raises SettingsError for what is no amount,
    LedgerError where the ledger can't be written.

    >>> set_budget(0.5)
    >>> print(*budgets())
    $0.00 of $0.50 for this session
    >>> set_budget(None)
    """
    if per not in get_args(Per):
        raise SettingsError(f"A budget can't be per {per!r}.", "", f"per: {', '.join(get_args(Per))}")
    if usd is not None:
        _check(usd)
    with transaction() as db:
        if usd is None:
            db.execute("DELETE FROM budgets WHERE per = ? AND key = ?", (per, key(per)))
        else:
            db.execute("INSERT OR REPLACE INTO budgets VALUES (?, ?, ?)", (per, key(per), usd))


def budgets(*, practice: bool = False) -> list[Budget]:
    """The budgets that hold here and now, the one with the least left first.

    With `practice`, what was spent is what requests to the local service would have cost on Azure; the two are never
    added up. Raises LedgerError where the ledger can't be read.
    """
    if not path().exists():
        return []
    with transaction(writing=False) as db:
        return standing(db, practice)


def spent(allowance: Allowance, *, practice: bool = False) -> float:
    """How many US dollars of an allowance are spent or may be. Raises LedgerError where the ledger can't be read."""
    if not path().exists():
        return 0.0
    with transaction(writing=False) as db:
        return _spent(db, "cell", allowance.id, practice)


def standing(db: sqlite3.Connection, practice: bool, allowance: Allowance | None = None) -> list[Budget]:
    """The same inside of a transaction, with a cell's allowance among them."""
    found: list[tuple[Any, str, float]] = [
        (per, name, usd) for per, name, usd in db.execute("SELECT per, key, usd FROM budgets") if name == key(per)
    ]
    if allowance is not None:
        found.append(("cell", allowance.id, allowance.usd))
    held = [Budget(per, usd, _spent(db, per, name, practice)) for per, name, usd in found]
    return sorted(held, key=lambda budget: budget.usd - budget.spent)


def _spent(db: sqlite3.Connection, per: str, name: str, practice: bool) -> float:
    name = day_of(time.time()) if per == "day" else name
    row = db.execute(
        "SELECT usd FROM spent WHERE per = ? AND key = ? AND practice = ?", (per, name, practice)
    ).fetchone()
    return max(row[0], 0.0) if row else 0.0


def day_of(at: float) -> str:
    """The day of a moment (seconds since 1970), as the ledger has days: midnight is the local clock's."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def kernel() -> tuple[str, str]:
    """The session and the notebook that requests count for."""
    return _kernel.get() or (SESSION, settings.notebook())


@contextlib.contextmanager
def on_behalf_of(kernel: tuple[str, str]) -> Iterator[None]:
    """Within it, requests count for another kernel's session and notebook: that which sent this process its work."""
    token = _kernel.set(kernel)
    try:
        yield
    finally:
        _kernel.reset(token)


def key(per: Per) -> str:
    """What tells this session, notebook or day from others in the ledger."""
    match per:
        case "session":
            return kernel()[0]
        case "notebook":
            return kernel()[1]
        case "day":
            return ""


def _check(usd: float) -> None:
    if not (isinstance(usd, int | float) and math.isfinite(usd) and usd >= 0):
        raise SettingsError(f"{usd!r} is no amount of US dollars.", "", "%aoai budget 0.50")
