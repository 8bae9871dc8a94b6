"""The usage panel: what was spent, by day, notebook, model or session, as a table and a plot."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import ipywidgets

from .. import catalog, spending
from ..errors import LedgerError
from ..render import Quiet, Rows, Table
from .parts import Panel, button, table
from .static import Static, safe

if TYPE_CHECKING:
    import pandas

_HEADS = ("requests", "tokens in", "tokens out", "billed", "not known, at most", "practice: on Azure")


class UsagePanel(Panel):
    """What was spent, from the ledger of this machine: by day, notebook, model or session, in a table and drawn.

    `by` is what to begin with. Nothing is asked of a service; Refresh reads the ledger again. `panel.table` is the same
    as a DataFrame (see `aoai.usage` for a row a request), `panel.static()` the form that stays in a saved notebook.

    >>> UsagePanel()
    <UsagePanel by day: ... requests>
    """

    def __init__(self, by: spending.By = "day") -> None:
        self._by = ipywidgets.ToggleButtons(
            options=[("By day", "day"), ("By notebook", "notebook"), ("By model", "model"), ("By session", "session")],
            value=by,
            style={"button_width": "10em"},
        )
        self._shown = ipywidgets.HTML()
        self._shown.add_class("aoai-wide")
        head = ipywidgets.HBox([self._by, button("Refresh", "read the ledger again", self.refresh)])
        super().__init__([head, self._shown])
        self._by.observe(lambda _: self.refresh(), "value")
        self.refresh()

    def refresh(self) -> None:
        """Read the ledger again."""
        self.table, said = None, ""
        try:
            frame = spending.usage()
            self.table, said = spending.totals(frame, self._by.value), spending.accuracy(frame)
        except LedgerError as error:
            self._rows: Table = ()
            self._shown.value = f'<div class="aoai-wrong">{safe(error)}</div>'
        else:
            self._rows = _rows(self.table)
            self._shown.value = (
                table(self._rows, "what was spent") + (Quiet(said).html() if said else "") + _picture(self.table)
            )
        self.keep()

    def static(self) -> Static:
        """The table and the plot as they stand."""
        return Static(self._shown.value, Rows(self._rows).plain() if self._rows else "The ledger can't be read.")

    def __repr__(self) -> str:
        count = 0 if self.table is None else int(self.table["requests"]["total"])
        return f"<UsagePanel by {self._by.value}: {count:,} request{'' if count == 1 else 's'}>"


def _rows(table: pandas.DataFrame) -> Table:
    rows = [
        (
            str(name),
            *(f"{int(row[column]):,}" for column in ("requests", "prompt_tokens", "completion_tokens")),
            *(catalog.dollars(float(row[column])) for column in ("price", "unknown_up_to", "practice")),
        )
        for name, row in table.iterrows()
    ]
    # Nothing that isn't known, and no practice: then nothing is said of them.
    columns = zip((str(table.index.name), *_HEADS), *rows, strict=True)
    return [*zip(*(one for one in columns if one[0] not in _HEADS[4:] or {*one[1:]} != {"$0.00"}), strict=True)]


def _picture(table: pandas.DataFrame | None) -> str:
    """The plot of a table; nothing where there is nothing to draw."""
    if table is None or len(table) == 1:
        return ""
    written = io.BytesIO()
    spending.plot(table).savefig(written, format="png", dpi=110, facecolor="white")
    source = base64.b64encode(written.getvalue()).decode()
    return f'<img alt="the table, drawn" src="data:image/png;base64,{source}" style="max-width:min(100%,40em)">'
