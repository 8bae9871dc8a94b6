"""A request's row: written at its dearest price before it is sent, and settled after."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

from .. import settings
from ..errors import LedgerError
from .budget import Allowance, Budget, day_of, key, standing
from .fitting import fitted
from .store import path, transaction, write


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
    request and hasn't turned it down. `number` is the row's, by which `reopened` finds it; None where it couldn't be
    written.
    """

    def __init__(
        self,
        row: dict[str, Any],
        number: int | None = None,
        *,
        allowance: Allowance | None = None,
        slack: float = 0.0,
        least: int = 1,
        strict: bool = False,
    ) -> None:
        self.limit: int | None = None
        self.note = ""
        self.may_be_charged = False
        self.number = number
        self._row, self._allowance, self._slack, self._least = row, allowance, slack, least
        self._strict = strict
        self._practice = row["connection"] == "local"
        self._token: Token[Entry | None] | None = None

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
            self.number = None
            self._row |= {"recorded": False, "price": 0.0 if self._practice else None}
            self.reserve(None)  # its limit stands in the request already
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
        if self.number is None:
            return
        if not self.may_be_charged:
            price = azure_price = 0.0
        # What a service says that it used may be anything; no budget grows by it.
        price, azure_price = (one if one is not None and 0 <= one < math.inf else None for one in (price, azure_price))
        found = {
            "outcome": outcome, "price": 0.0 if self._practice else price, "azure_price": azure_price, "model": model, "seconds": seconds,
            "prompt_tokens": prompt_tokens, "cached_tokens": cached_tokens, "completion_tokens": completion_tokens,
            "reasoning_tokens": reasoning_tokens, "image_tokens": image_tokens,
        }  # fmt: skip
        if (counted := azure_price if self._practice else price) is not None:
            found["counted"] = counted
        try:
            changes = ", ".join(f"{name} = :{name}" for name in found)
            write(f"UPDATE requests SET {changes} WHERE id = :id", {**found, "id": self.number})  # noqa: S608
        except LedgerError as error:
            self.note = f"{error.what} This request counts in full."

    def reserve(self, limit: int | None) -> None:
        """Write the row, its reply's `limit` lowered where a budget wants that; see `ledger.reserve`."""
        at = time.time()
        self._row |= {"at": at, "day": day_of(at), "session": key("session"), "notebook": key("notebook")}
        try:
            if self._allowance is None:
                self.number = self._written(write, "WHERE NOT EXISTS (SELECT * FROM budgets)")
            if self.number is None:
                with transaction() as db:
                    held = standing(db, self._practice, self._allowance)
                    if held and not self._row["recorded"]:
                        self._fit(held[0], limit)
                    self.number = self._written(db.execute)
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
        self.limit = fitted(
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
    between them it is a straight line. Without a `limit` nothing can be lowered, and below `least` tokens it isn't.
    `tokens` are the prompt's, as estimated; `slack` is what it may cost beyond that, where the count isn't exact. What
    was `recorded` costs nothing, and no budget has a say in it. Check and row are one transaction, so that requests
    sent at once can't overrun a budget together. For the local service budgets count what it would cost on Azure.

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
    entry = Entry(row, allowance=allowance, slack=slack, least=least, strict=strict)
    entry.reserve(limit)
    return entry


def reopened(number: int) -> Entry:
    """The entry of a row that was reserved before, maybe by another kernel, to be settled now.

    >>> entry = reserve("local", "gpt-4o", "batch", cheapest=0.001, dearest=0.02)
    >>> reopened(entry.number).settle("completed", azure_price=0.01)
    """
    with transaction(writing=False) as db:
        found = db.execute("SELECT connection FROM requests WHERE id = ?", (number,)).fetchone()
    entry = Entry({"connection": found and found[0]}, number if found else None)
    entry.may_be_charged = True
    return entry
