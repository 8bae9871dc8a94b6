"""Runs that were cut: found by what they answered, listed, and dropped where nobody will finish them."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import RunFileError, SettingsError, warn_in_words
from . import file


class RunsWarning(UserWarning):
    """To go on with a run that was cut was asked for, and there is none, or more than one."""


@dataclass(frozen=True)
class Cut:
    """A run that was cut: its file, when its last answer came (seconds since 1970), and which requests it has answers for.

    `rows` are those of its table, `notebook` where it was begun.
    """

    path: Path
    at: float
    deployment: str
    rows: int
    notebook: str
    keys: frozenset[str]

    def __str__(self) -> str:
        return f"{self.path.name}: {len(self.keys):,} answers, of {self.rows:,} rows for {self.deployment}"


def cut() -> list[Cut]:
    """The runs that were cut, the latest first; those that are under way now aren't among them."""
    found = []
    for path in file.folder().glob("*.jsonl"):
        with suppress(OSError, RunFileError):
            if file.is_free(path):
                head, answers = file.read(path)
                known = (str(head.get(name, "")) for name in ("deployment", "notebook"))
                deployment, notebook = known
                rows = head.get("rows")
                at = path.stat().st_mtime
                found.append(Cut(path, at, deployment, rows if isinstance(rows, int) else 0, notebook, frozenset(answers)))  # fmt: skip
    return sorted(found, key=lambda one: (one.at, one.path.name), reverse=True)


def with_answers(keys: Collection[str]) -> list[Cut]:
    """Those with answers to these requests: the one with the most first, of equals the latest."""
    wanted = set(keys)
    found = [one for one in cut() if one.keys & wanted]
    return sorted(found, key=lambda one: len(one.keys & wanted), reverse=True)


def say(keys: Collection[str]) -> None:
    """Warn who asks for a run to be taken up where none has answers to these requests, or several have."""
    found, others = with_answers(keys), [str(one) for one in cut()[:5]]
    if keys and not found:
        there = "\n".join(["Those that were cut have other requests (another prompt, option or deployment):", *others])
        warn_in_words(
            f"No run that was cut has answers to these rows, so all are sent. {there if others else 'None was cut.'}",
            RunsWarning,
        )
    elif len(found) > 1:
        more = "\n".join(map(str, found[1:5]))
        warn_in_words(
            f"{len(found)} runs that were cut have answers to these rows. Taken up is the one that has most of them, "
            f"{found[0].path.name}; others (--resume FILE takes one, %aoai runs --drop FILE deletes it):\n{more}",
            RunsWarning,
        )


def drop(name: str) -> str:
    """Delete the file of that name, or with "all" those of all runs that were cut; say in words what went.

    Raises SettingsError for a name that none has.
    """
    there = cut()
    gone = [one for one in there if name in ("all", one.path.name, one.path.stem, str(one.path))]
    if not gone and name != "all":
        names = ", ".join(one.path.name for one in there[:5])
        raise SettingsError(
            f"There is no run {name!r} that was cut.",
            f"There are {names}." if names else "There is none.",
            "%aoai runs",
        )
    for one in gone:
        one.path.unlink(missing_ok=True)
    lost = sum(len(one.keys) for one in gone)
    return f"{len(gone):,} run{' is' if len(gone) == 1 else 's are'} dropped, with {lost:,} answer{'s' * (lost != 1)}."


def tidy(part_of: str) -> None:
    """Delete the files of all parts of a run that is done."""
    for path in file.folder().glob(f"{part_of}-*.jsonl"):
        path.unlink(missing_ok=True)
