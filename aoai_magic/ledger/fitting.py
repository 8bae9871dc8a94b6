"""A request held against a budget: it fits as it is, or with a lower limit of its reply, or not at all."""

from __future__ import annotations

import math

from .. import settings
from ..catalog import dollars
from ..errors import BudgetError
from .budget import Allowance, Budget, standing
from .store import path, transaction

# Sums of floating-point dollars: what is less than this too much is not too much.
_CENT_OF_A_MICRODOLLAR = 1e-8


def fitted(
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
    """The limit of tokens at which a request fits a budget; None where it fits as it is.

    `dearest` has `slack` in it, see `reserve`. Raises BudgetError where it doesn't fit at all.
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
        lowered = fitted(
            held[0], deployment, cheapest=cheapest, dearest=total, limit=limit, slack=slack, least=least, practice=practice
        )  # fmt: skip
    except BudgetError as error:
        return "refuses it", f"{held[0]}; {error.what.removeprefix('Not sent: ').split(', and')[0]}"
    return "has room for it" if lowered is None else f"at most {lowered:,} tokens", str(held[0])


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
