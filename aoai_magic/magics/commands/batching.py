"""What was sent over tables and isn't at its end: batches, runs."""

from __future__ import annotations

from typing import Any

from ..arguments import Option
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


def _runs(options: dict[str, Any]) -> Any:
    import pandas

    from ...table import runs

    if "drop" in options:
        return runs.drop(options["drop"])
    found = runs.cut()
    if not found:
        return "No run over a table was cut and waits to be finished."
    rows = [
        {
            "file": one.path.name,
            "last answer": pandas.Timestamp(one.at, unit="s", tz="UTC").tz_convert("tzlocal()").floor("s"),
            "deployment": one.deployment,
            "answers": len(one.keys),
            "rows": one.rows,
            "begun in": one.notebook,
        }
        for one in found
    ]
    return pandas.DataFrame(rows)


COMMANDS = {
    "batches": Command(
        "List the batches that were sent from this machine; aoai.batch(ID) says how far one is, and collects it.",
        _batches,
    ),
    "runs": Command(
        "List the runs over tables that were cut: --resume in their cell goes on with them.",
        _runs,
        (Option(("--drop",), "delete one that nobody will finish, with its answers; all drops all", "FILE|all"),),
        "%aoai runs --drop all",
    ),
}
