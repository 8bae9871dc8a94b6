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
    from ...recordings import keeping
    from ...recordings.drift import drift

    if "show" in options:
        return keeping.shown(options["show"])
    if options.get("verify"):
        return "\n".join(keeping.verified()) or "Every recording is as it was written."
    if options.get("prune"):
        return keeping.pruned()
    if "drift" in options:
        return drift(options["drift"] or None)
    return keeping.listed()


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
        "Answer cells from recordings alone from here on: no key, no network, and nothing is sent.",
        _replay,
        (Option(("--folder",), _FOLDER, "FOLDER", positional=True),),
    ),
}
