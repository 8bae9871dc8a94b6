"""A request's row: written at its dearest price before it is sent, and settled after."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

from .. import settings
from ..catalog import dollars
from ..errors import BudgetError, LedgerError
from .budget import Allowance, Budget, day_of, key, standing
from .store import path, transaction, write

# Sums of floating-point dollars: what is less than this too much is not too much.
_CENT_OF_A_MICRODOLLAR = 1e-8


def rows() -> list[dict[str, Any]]:
    """All that is in the ledger, a dictionary a request, the oldest first."""
    if not path().exists():
        return []
    with transaction(writing=False) as db:
        cursor = db.execute("SELECT * FROM requests ORDER BY id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


#: The entry of the request that is being sent, for whoever sends it to tell of each attempt.
current: ContextVar[Entry | None] = ContextVar("current", default=None)


class Entry:
    """The row of one request: `reserve` writes it, and it must be settled. It is `current` inside of a `with` of it.

    `limit` is how many tokens the reply may have so that its dearest outcome fits all budgets, None where they don't
    limit it; `note` says what the cell should tell, or "". `may_be_charged` says whether a service has been given the
    request and hasn't turned it down.
    """

    def __init__(
        self,
        row: dict[str, Any],
        limit: int | None = None,
        allowance: Allowance | None = None,
        slack: float = 0.0,
        least: int = 1,
        strict: bool = False,
    ) -> None:
        self.limit: int | None = None
        self.note = ""
        self._row, self._allowance, self._slack, self._least = row, allowance, slack, least
        self._strict = strict
        self._practice = row["connection"] == "local"
        self._id: int | None = None
        self._token: Token[Entry | None] | None = None
        self.may_be_charged = False
        self._reserve(limit)

    @property
    def number(self) -> int | None:
        """The number of its row, by which `reopened` finds it; None where it couldn't be written."""
        return self._id

    def __enter__(self) -> Entry:
        self._token = current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            current.reset(self._token)

    def sending(self) -> None:
        """The request leaves now. If it did so before and may be charged for that, a second row reserves it once more.

        Raises BudgetError where that doesn't fit beside the first, which stays as it is: unknown, in full.
        """
        if self.may_be_charged or self._row["recorded"]:  # a recording answered the first try, and has no second
            self.settle("tried again")
            self._id = None
            self._row |= {"recorded": False, "price": 0.0 if self._practice else None}
            self._reserve(None)  # its limit stands in the request already
        self.may_be_charged = True

    def turned_down(self) -> None:
        """The service did nothing with the request, or never got it: it costs nothing."""
        self.may_be_charged = False

    def settle(
        self,
        outcome: str,
        *,
        price: float | None = None,
        azure_price: float | None = None,
        model: str | None = None,
        seconds: float | None = None,
        prompt_tokens: int | None = None,
        cached_tokens: int | None = None,
        completion_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        image_tokens: int | None = None,
    ) -> None:
        """Write down what came of the request; with a price unknown it goes on to count in full, if it may be charged.

        Raises nothing: the reply is there, and a ledger that can't be written now counts the request in full.
        """
        if self._id is None:
            return
        if not self.may_be_charged:
            price = azure_price = 0.0
        found = {
            "outcome": outcome, "price": 0.0 if self._practice else price, "azure_price": azure_price, "model": model, "seconds": seconds,
            "prompt_tokens": prompt_tokens, "cached_tokens": cached_tokens, "completion_tokens": completion_tokens,
            "reasoning_tokens": reasoning_tokens, "image_tokens": image_tokens,
        }  # fmt: skip
        if (counted := azure_price if self._practice else price) is not None:
            found["counted"] = counted
        try:
            changes = ", ".join(f"{name} = :{name}" for name in found)
            write(f"UPDATE requests SET {changes} WHERE id = :id", {**found, "id": self._id})  # noqa: S608
        except LedgerError as error:
            self.note = f"{error.what} This request counts in full."

    def _reserve(self, limit: int | None) -> None:
        at = time.time()
        self._row |= {"at": at, "day": day_of(at), "session": key("session"), "notebook": key("notebook")}
        try:
            if self._allowance is None:
                self._id = self._written(write, "WHERE NOT EXISTS (SELECT * FROM budgets)")
            if self._id is None:
                with transaction() as db:
                    held = standing(db, self._practice, self._allowance)
                    if held and not self._row["recorded"]:
                        self._fit(held[0], limit)
                    self._id = self._written(db.execute)
        except LedgerError as error:
            if self._strict or not (self._practice or self._row["recorded"]):  # what costs nothing is sent all the same
                raise
            self.note = f"{error.what} This request isn't written down."

    def _written(self, execute: Callable[[str, dict[str, Any]], Any], unless: str = "") -> int | None:
        """The number of the row, once it is written; None where there is something against it."""
        row = {**self._row, "counted": 0.0 if self._row["recorded"] else self._row["dearest"]}
        names = ", ".join(f":{name}" for name in row)
        done = execute(f"INSERT INTO requests ({', '.join(row)}) SELECT {names} {unless}", row)
        return done.lastrowid if done.rowcount == 1 else None

    def _fit(self, budget: Budget, limit: int | None) -> None:
        cheapest, dearest = self._row["cheapest"], self._row["dearest"]
        self.limit = _fitted(
            budget,
            self._row["deployment"],
            cheapest=cheapest,
            dearest=dearest,
            limit=limit,
            slack=self._slack,
            least=self._least,
            practice=self._practice,
        )
        if self.limit is not None and limit is not None:
            cheapest += self._slack
            self._row["dearest"] = cheapest + (self.limit - 1) * (dearest - cheapest) / (limit - 1)
            self.note = f"at most {self.limit:,} tokens, so that the budget holds ({budget})"


def _fitted(
    budget: Budget,
    deployment: str,
    *,
    cheapest: float | None,
    dearest: float | None,
    limit: int | None,
    slack: float,
    least: int,
    practice: bool,
) -> int | None:
    """The limit at which a request fits a budget, None where it does as it is; `dearest` has `slack` in it, see `reserve`.

    Raises BudgetError where it doesn't fit at all.
    """
    if dearest is None or cheapest is None:
        if not practice:
            raise _unknown(deployment, budget)
        return None
    cheapest += slack
    left = budget.left + _CENT_OF_A_MICRODOLLAR
    if dearest <= left:
        return None
    per_token = 0.0 if limit is None or limit < 2 else (dearest - cheapest) / (limit - 1)
    needed = cheapest + per_token * (least - 1)
    if limit is None or limit < 2 or needed > left:
        raise _refused(dearest if limit is None else needed, limit, budget, practice)
    return max(least, 1 + math.floor((left - cheapest) / per_token))


def foretell(
    connection: settings.Kind,
    deployment: str,
    *,
    cheapest: float | None,
    dearest: float | None,
    limit: int | None = None,
    slack: float = 0.0,
    allowance: Allowance | None = None,
    least: int = 1,
) -> tuple[str, str] | None:
    """What the budgets that hold would make of a request, in a word, and the tightest of them; None where none holds.

    Arguments are those of `reserve`; nothing is written. Raises LedgerError where the ledger can't be read.

    >>> foretell("local", "gpt-4o", cheapest=0.001, dearest=0.02, limit=100, allowance=Allowance(0.01))
    ('at most 47 tokens', '$0.00 of $0.010 for this cell')
    """
    practice = connection == "local"
    if path().exists():
        with transaction(writing=False) as db:
            held = standing(db, practice, allowance)
    else:
        held = [Budget("cell", allowance.usd, 0.0)] if allowance else []
    if not held:
        return None
    total = None if dearest is None else dearest + slack
    try:
        lowered = _fitted(
            held[0], deployment, cheapest=cheapest, dearest=total, limit=limit, slack=slack, least=least, practice=practice
        )  # fmt: skip
    except BudgetError as error:
        return "refuses it", f"{held[0]}; {error.what.removeprefix('Not sent: ').split(', and')[0]}"
    return "has room for it" if lowered is None else f"at most {lowered:,} tokens", str(held[0])


def reserve(
    connection: settings.Kind,
    deployment: str,
    operation: str = "chat",
    *,
    cheapest: float | None,
    dearest: float | None,
    limit: int | None = None,
    tokens: int | None = None,
    slack: float = 0.0,
    allowance: Allowance | None = None,
    recorded: bool = False,
    least: int = 1,
    strict: bool = False,
) -> Entry:
    """Write down that a request is about to be sent, at its dearest price, and return its entry.

    Prices are in US dollars, None where unknown: `cheapest` if the reply has one token, `dearest` if it has `limit`;
    between them it is a straight line. Without a `limit` nothing can be lowered, and below `least` tokens it isn't. `tokens` are the prompt's, as
    estimated; `slack` is what it may cost beyond that, where the count isn't exact. What was `recorded` costs nothing,
    and no budget has a say in it. Check and row are one transaction, so that requests sent at once can't overrun a budget together. For
    the local service budgets count what it would cost on Azure.

    Raises BudgetError where no outcome fits a budget, and LedgerError where the ledger can't be written and the
    request costs something, or `strict` says that it must be.

    >>> entry = reserve("local", "gpt-4o", cheapest=0.001, dearest=0.02, limit=100)
    >>> entry.limit is None
    True
    >>> entry.sending()
    >>> entry.settle("stop", azure_price=0.004)
    """
    row = {
        "cell": allowance and allowance.id,
        "connection": connection,
        "deployment": deployment,
        "operation": operation,
        "estimated_tokens": tokens,
        "cheapest": cheapest,
        "dearest": None if dearest is None else dearest + slack,
        "price": 0.0 if connection == "local" or recorded else None,
        "recorded": recorded,
    }
    return Entry(row, limit, allowance, slack, least, strict)


def reopened(number: int) -> Entry:
    """The entry of a row that was reserved before, maybe by another kernel, to be settled now.

    >>> entry = reserve("local", "gpt-4o", "batch", cheapest=0.001, dearest=0.02)
    >>> reopened(entry.number).settle("completed", azure_price=0.01)
    """
    entry = object.__new__(Entry)
    with transaction(writing=False) as db:
        found = db.execute("SELECT connection FROM requests WHERE id = ?", (number,)).fetchone()
    entry.limit, entry.note, entry._allowance, entry._slack, entry._token = None, "", None, 0.0, None
    entry._row, entry._practice = {}, bool(found) and found[0] == "local"
    entry._id, entry.may_be_charged = number if found else None, True
    return entry


def _refused(price: float, limit: int | None, budget: Budget, practice: bool) -> BudgetError:
    return BudgetError(
        f"Not sent: it {'may cost' if limit is None else 'costs at least'} {dollars(price)}"
        f"{' (on Azure, that is)' if practice else ''}, and the budget has {dollars(budget.left)} left.",
        f"Spent so far: {budget}. What isn't settled counts in full.",
        _way_out(budget, dollars(1.1 * (budget.spent + price))[1:]),
    )


def _unknown(deployment: str, budget: Budget) -> BudgetError:
    return BudgetError(
        f"Not sent: what {deployment} may cost isn't known, and a budget holds ({budget}).",
        "Its model, the model's price, its longest reply (--max-tokens) or a picture at an address: --dry-run shows which.",
        f"%aoai connect … --serves MODEL says which model it is. {_way_out(budget, 'off')}",
    )


def _way_out(budget: Budget, enough: str) -> str:
    if budget.per == "cell":
        return "Leave --budget out." if enough == "off" else f"Leave --budget out, or let it be {enough}."
    return f"%aoai budget {enough} --per {budget.per}"
