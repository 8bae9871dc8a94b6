"""The deployments panel: which there are, what runs in them, what they may take, and what they cost."""

from __future__ import annotations

from typing import Any

import ipywidgets

from .. import catalog, current
from ..render import Rows, Table
from .parts import Line, Panel, Refresh, table
from .static import Static, safe

_HEADS = (
    *("deployment", "model", "type", "tokens a minute", "requests a minute"),
    *("window", "1M in", "1M out", "retires", "state"),
)


class DeploymentsPanel(Panel):
    """The deployments of the connection's resource in a table, with limits, window, price and the date of retirement.

    It begins with those that are known without asking; Refresh asks the control plane, on Azure with a sign-in. What is
    typed into the box narrows the table down. `panel.static()` is the form that stays in a saved notebook.

    >>> "gpt-4o-mini" in str(DeploymentsPanel().static())
    True
    """

    def __init__(self) -> None:
        self._found: list[dict[str, Any]] = []
        self._only = ipywidgets.Text(
            description="Filter",
            placeholder="part of a name",
            style={"description_width": "auto"},
            layout={"width": "20em"},
        )
        self._line = Line()
        self._button = Refresh(self._line, self._refreshed)
        self._shown = ipywidgets.HTML()
        self._shown.add_class("aoai-wide")
        super().__init__([ipywidgets.HBox([self._only, self._button]), self._line, self._shown])
        self.layout.max_width = "none"
        self._only.observe(lambda _: self._show(), "value")
        self._line.value = "Those that are known without asking the service."
        self._show()

    def refresh(self) -> None:
        """Ask the control plane."""
        self._button.press()

    def static(self) -> Static:
        """The table as it stands."""
        return Static(self._shown.value, Rows(self._rows).plain())

    def _refreshed(self, found: list[dict[str, Any]]) -> None:
        self._found = found
        endpoint = current.connection().target.endpoint
        self._line.value = safe(f"The deployments of {endpoint or 'the local service'}.")
        self._show()

    def _show(self) -> None:
        connection = current.connection()
        found = self._found or [{"name": name} for name in connection.names()]
        wanted = self._only.value.strip().lower()
        rows = [_row(one, connection.known(one["name"])) for one in found]
        told = [at for at, column in enumerate(zip(*rows, strict=True)) if any(column)]
        rows = [row for row in rows if wanted in " ".join(row[:2]).lower()]
        self._rows: Table = [tuple(row[at] for at in told) for row in [_HEADS, *rows]]
        self._shown.value = table(self._rows, "the deployments")
        self.keep()

    def __repr__(self) -> str:
        count = len(self._rows) - 1
        return f"<DeploymentsPanel, {count} deployment{'' if count == 1 else 's'}>"


def _row(one: dict[str, Any], known: catalog.Known | None) -> tuple[str, ...]:
    model = known.model if known else None
    sku = one.get("sku", "")
    price = catalog.price(model.id, sku=sku or "GlobalStandard") if model else None
    dollars = [getattr(price, kind, None) for kind in ("input", "output")]
    return (
        str(one["name"]),
        f"{one['model']}-{one['version']}".removesuffix("-") if "model" in one else model.id if model else "unknown",
        str(sku),
        *(f"{one[limit]:,}" if one.get(limit) else "" for limit in ("tpm", "rpm")),
        f"{model.window(sku or 'GlobalStandard'):,}" if model and model.context_window else "",
        *("" if amount is None else catalog.dollars(amount) for amount in dollars),
        _end(model),
        str(one.get("state", "")),
    )


def _end(model: catalog.Model | None) -> str:
    if model is None or not (model.retires or model.retired()):
        return ""
    return " ".join(filter(None, ["retired" * model.retired(), str(model.retires or "")]))
