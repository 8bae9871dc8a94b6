"""Answers recorded and replayed: record, replay, recordings."""

from __future__ import annotations

from typing import Any

from ..arguments import Option
from .command import Command


def _record(options: dict[str, Any]) -> str:
    from ... import recordings

    folder = options.get("folder", recordings.FOLDER)
    if folder == "off":
        recordings.off()
        return _said("Requests are sent, and not recorded.", "off")
    recordings.record(folder)
    place = recordings.store().folder.name
    return _said(
        f"Requests are answered from {place}/ where they are recorded; others are sent, and recorded there.", "auto"
    )


def _replay(options: dict[str, Any]) -> str:
    from ... import recordings

    if options.get("folder") == "off":
        return _record(options)
    recordings.replay(options.get("folder"))
    return _said(f"Requests are answered from {recordings.store().folder.name}/; nothing is sent.", "replay")


def _said(words: str, wanted: str) -> str:
    """What was said, which is the same at every run; and for whoever watches, what holds instead."""
    from ... import recordings
    from ...render import is_watched

    if (held := recordings.mode()) != wanted and is_watched():
        words += f"\nBut the environment says AOAI_RECORDINGS={held}, and that holds."
    return words


def _recordings(options: dict[str, Any]) -> Any:
    from ...recordings import keeping, store
    from ...recordings.drift import drift

    place = store().folder.name

    if "show" in options:
        return keeping.shown(options["show"])
    if options.get("verify"):
        wrong = keeping.verified()
        return "\n".join(wrong) or ("Every recording is as it was written." if store().file.exists() else _none(place))
    if options.get("prune"):
        return keeping.pruned()
    if "drift" in options:
        other = options["drift"] or None
        found = drift(other)
        if len(found):
            return found
        if other:
            return f"No request is recorded in both {other} and {place}/."
        return f"No answer in {place}/ was asked anew. --fresh above a prompt does it, or AOAI_RECORDINGS=refresh for all cells."
    found = keeping.listed()
    return found if len(found) else _none(place)


def _none(place: str) -> str:
    return f"There are no recordings in {place}/. After %aoai record, answers are kept there."


_FOLDER = 'the folder of the recordings ("recordings" if left out)'

COMMANDS = {
    "recordings": Command(
        "List the recordings in use: when each was asked, of whom, what, and the answer.",
        _recordings,
        (
            Option(("--show",), "show in full those whose hash begins like that", "HASH"),
            Option(("--verify",), "check every line, file and hash"),
            Option(
                ("--drift",),
                "compare answers then and now: with those of another folder, else with those that were asked anew",
                "FOLDER",
                alone="",
            ),
            Option(("--prune",), "take out what no notebook needed when aoai-magic reproduce ran it"),
        ),
        "%aoai recordings --show 1f00ab",
    ),
    "record": Command(
        "Answer cells from recordings from here on; send the others, and record them. %aoai record off ends it.",
        _record,
        (Option(("--folder",), _FOLDER, "FOLDER|off", positional=True),),
        "%aoai record",
    ),
    "replay": Command(
        "Answer cells from recordings alone from here on: no key, no network, nothing is sent. %aoai replay off ends it.",
        _replay,
        (Option(("--folder",), _FOLDER, "FOLDER|off", positional=True),),
    ),
}
