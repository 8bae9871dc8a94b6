"""What to say of a request that isn't recorded where nothing may be sent.

The error names the nearest recorded one, and what differs.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..errors import NotRecordedError

if TYPE_CHECKING:
    from .store import Store

_MOST_LINES, _LONGEST = 6, 100


def missing(operation: str, request: dict[str, Any], store: Store) -> NotRecordedError:
    """The error of a request that no recording answers."""
    what = f"This request isn't among the recordings in {store.folder.name}/ ({operation})."
    wanted = _lines(request)
    words = Counter(" ".join(wanted).split())
    best, likest = None, 0.0
    for one in store.recordings():
        if one.operation == operation:
            theirs = Counter(" ".join(_lines(one.request)).split())
            alike = 2 * (words & theirs).total() / max(1, words.total() + theirs.total())
            if alike > likest:
                best, likest = one, alike
    # The same whatever the environment says: a notebook that shows it is compared in both.
    fix = "%aoai record, which sends what isn't recorded where AOAI_RECORDINGS doesn't forbid it"
    if best is None:
        why = "Others are." if store.file.exists() else "The folder is empty."
    else:
        # Without its date: it is another when it is asked anew.
        why = f"The nearest one ({best.hash[:8]}) differs:\n{_difference(_lines(best.request), wanted)}"
    return NotRecordedError(what, why, fix)


def _lines(request: dict[str, Any]) -> list[str]:
    # A text of several lines is compared line by line: most prompts differ late.
    return json.dumps(request, indent=1, ensure_ascii=False, sort_keys=True).replace("\\n", "\n").splitlines()


def _difference(theirs: list[str], wanted: list[str]) -> str:
    changes = [
        line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
        for line in difflib.unified_diff(theirs, wanted, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    more = len(changes) - _MOST_LINES
    return "\n".join(changes[:_MOST_LINES] + ([f"… and {more} more lines"] if more > 0 else []))
