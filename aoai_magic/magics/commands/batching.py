"""Batches that were sent: batches."""

from __future__ import annotations

from typing import Any

from .command import Command


def _batches(options: dict[str, Any]) -> Any:
    import pandas

    from ...table.batch import batches

    found = batches()
    if not found:
        return "No batch was sent from this machine yet. %%chat --over TABLE --batch sends one."
    rows = [
        {
            "id": one.id,
            "created": pandas.Timestamp(one.created, unit="s", tz="UTC").tz_convert("tzlocal()").floor("s"),
            "deployment": one.deployment,
            "rows": one.row_count,
            "where": one.endpoint or "this machine",
            "collected": one.entry is None,
        }
        for one in found
    ]
    return pandas.DataFrame(rows)


COMMANDS = {
    "batches": Command(
        "List the batches that were sent from this machine; aoai.batch(ID) says how far one is, and collects it.",
        _batches,
    ),
}
