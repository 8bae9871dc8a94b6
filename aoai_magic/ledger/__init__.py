"""The ledger: one row a request, written before it is sent and settled after; and the budgets that hold.

A row never has prompt or reply text in it, nor a key. A request whose price is not known in the end (a kill, a stream
that broke off, an error after the service had begun) counts in full, with the dearest price that it could have had.
"""

from .budget import SESSION, Allowance, Budget, budgets, kernel, on_behalf_of, set_budget, spent
from .entry import Entry, current, reopened, reserve, rows
from .fitting import foretell
from .store import path

__all__ = [
    "SESSION",
    "Allowance",
    "Budget",
    "Entry",
    "budgets",
    "current",
    "foretell",
    "kernel",
    "on_behalf_of",
    "path",
    "reopened",
    "reserve",
    "rows",
    "set_budget",
    "spent",
]
