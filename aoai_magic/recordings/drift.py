"""Drift: which answers are others today than they were, by which model, and how."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError
from ..visible import visible
from . import words
from .modes import store
from .recording import Recording, read
from .store import Store, warn

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Drift:
    """The answers to one request, then and now. `diff` is how the texts differ, "" where they don't."""

    then: Recording
    now: Recording

    @property
    def diff(self) -> str:
        before, after = words.answered(self.then).splitlines(), words.answered(self.now).splitlines()
        changes = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
        return "\n".join(line for line in changes if not line.startswith("@@"))

    def __str__(self) -> str:
        same = words.answered(self.then) == words.answered(self.now)
        return f"{'as it was recorded on' if same else 'not what was recorded on'} {self.then.date}"

    def row(self) -> dict[str, Any]:
        """What is known of both, for a table."""
        row: dict[str, Any] = {"asked": words.asked(self.now), "operation": self.now.operation}
        row["deployment"] = str(self.now.request.get("model", ""))
        diff = self.diff
        row["changed"] = bool(diff)
        for name, one in (("then", self.then), ("now", self.now)):
            body = words.whole(one)
            known = body if isinstance(body, dict) else {}
            row |= {
                f"date_{name}": str(one.date),
                f"model_{name}": str(known.get("model") or ""),
                f"fingerprint_{name}": str(known.get("system_fingerprint") or ""),
            }
        row["diff"] = diff
        return {name: visible(value) if isinstance(value, str) else value for name, value in row.items()}


def drift(before: str | Path | None = None, after: str | Path | None = None) -> pandas.DataFrame:
    """Compare answers then and now, a row each.

    They are of two folders of recordings, or of those in one folder that were asked anew. Without `before`, answers in
    `after` (the folder in use, if left out) are compared with those whose place they took (by `--fresh`,
    `recordings="refresh"` or AOAI_RECORDINGS=refresh). Columns: asked, operation, deployment, changed, then date, model
    and system fingerprint then and now, and diff.

    >>> drift().columns.tolist()[:4]
    ['asked', 'operation', 'deployment', 'changed']
    """
    import pandas

    for folder in (before, after):
        if folder is not None and not Path(folder).is_dir():
            raise SettingsError(f"There is no folder {folder}.", "", "%aoai recordings --drift FOLDER")
    now = Store(Path(after).absolute()) if after is not None else store()
    pairs = _replaced(now) if before is None else _both(Store(Path(before).absolute()), now)
    columns = [f"{what}_{when}" for what in ("date", "model", "fingerprint") for when in ("then", "now")]
    columns = ["asked", "operation", "deployment", "changed", *columns, "diff"]
    return pandas.DataFrame([one.row() for one in pairs], columns=columns)


def _replaced(store: Store) -> Iterator[Drift]:
    """The newest of each request with the one whose place it took."""
    by_time = {(one.hash, one.at): one for one in store.recordings()}
    taken = {(one.hash, one.replaces) for one in by_time.values()}
    for (hash_, at), one in by_time.items():
        then = by_time.get((hash_, one.replaces or ""))
        if then is not None and not then.answer.momentary and (hash_, at) not in taken:
            yield from _whole(store, then, store, one)


def _both(before: Store, after: Store) -> Iterator[Drift]:
    """Those of the same request and sending in both."""
    theirs = {(one.hash, one.n): one for one in _newest(before)}
    for one in _newest(after):
        if then := theirs.get((one.hash, one.n)):
            yield from _whole(before, then, after, one)


def _newest(store: Store) -> Iterable[Recording]:
    found: dict[tuple[str, int], Recording] = {}
    for one in sorted(store.recordings(), key=lambda one: one.at):
        found[one.hash, one.n] = one
    return found.values()


def _whole(before: Store, then: Recording, after: Store, now: Recording) -> Iterator[Drift]:
    try:
        yield Drift(read(then.raw, before.folder), read(now.raw, after.folder))
    except ValueError as error:
        warn(f"An answer can't be compared: {error}.")
