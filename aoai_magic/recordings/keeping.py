"""Looking after a folder of recordings: listed, shown, checked, and rid of what no notebook needs."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import settings
from ..errors import SettingsError
from ..visible import shortened, visible
from . import words
from .canonical import digest
from .modes import store
from .recording import Recording, read

if TYPE_CHECKING:
    import pandas

_SHORT = 60


def listed() -> pandas.DataFrame:
    """The recordings in use, a row each, in the file's order.

    A row says when it was asked, of whom, what, and the answer.

    >>> listed().columns.tolist()
    ['hash', 'recorded', 'kind', 'operation', 'deployment', 'n', 'asked', 'answered']
    """
    import pandas

    columns = ["hash", "recorded", "kind", "operation", "deployment", "n", "asked", "answered"]
    rows = [_row(_whole(one)) for one in store().recordings()]
    return pandas.DataFrame(rows, columns=columns)


def _whole(one: Recording) -> Recording:
    """With what lies beside it, if that can be read."""
    try:
        return read(one.raw, store().folder)
    except ValueError:
        return one


def _row(one: Recording) -> list[Any]:
    moment = datetime.datetime.fromisoformat(one.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    texts = (one.operation, str(one.request.get("model", "")))
    shown = (_short(words.asked(one)), _short(words.answered(one)))
    return [one.hash[:8], moment, one.kind, *map(visible, texts), one.n, *map(visible, shown)]


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), _SHORT)


def shown(hash_: str) -> str:
    """The recordings whose hash begins like that, in full. Raises SettingsError where there are none."""
    found = [one for one in store().recordings() if one.hash.startswith(hash_.lower())]
    if not found or not hash_:
        raise SettingsError(f"No recording's hash begins with {hash_!r}.", "", "%aoai recordings lists them.")
    return visible("\n\n".join(_in_full(one) for one in found))


def _in_full(one: Recording) -> str:
    whole = read(one.raw, store().folder)
    again = f", the {whole.n}. time in its cell" if whole.n > 1 else ""
    head = f"{whole.hash}  {whole.at}  {whole.kind}, {whole.operation}{again}, status {whole.answer.status}"
    return f"{head}\n\n{json.dumps(whole.request, indent=1, ensure_ascii=False)}\n\n{words.answered(whole)}"


def verified() -> list[str]:
    """What is wrong with the recordings in use, a line each.

    That is damaged lines and files, and requests that don't match their hash.
    """
    wrong = []
    for number, raw in store().lines():
        try:
            one = read(raw, store().folder)
        except ValueError as error:
            wrong.append(visible(f"Line {number}: {error}."))
            continue
        if not one.hidden and digest(one.operation, one.request) != one.hash:
            wrong.append(f"Line {number}: its hash ({one.hash[:8]}) isn't that of its request, which was edited; it is found by the hash.")  # fmt: skip
    return wrong


def remember_hits(notebook: Path, hits: Iterable[tuple[str, str, int]], *, whole: bool = True) -> None:
    """Keep which recordings a notebook needed when it was reproduced: folder, hash and how-many-th time of each.

    Where it wasn't the same as a `whole`, a cell may not have got as far: what it needed before counts on.
    """
    by_folder: dict[str, list[list[Any]]] = {}
    for folder, hash_, n in sorted(hits):
        by_folder.setdefault(folder, []).append([hash_, n])
    for folder, found in by_folder.items():
        file = _hits_file(Path(folder))
        known = _known_hits(file)
        before = [] if whole else known.get(str(notebook.absolute()), [])
        known[str(notebook.absolute())] = [*found, *(one for one in before if one not in found)]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(known), encoding="utf-8")


def pruned() -> str:
    """Take out what no notebook needed when it was last reproduced, and what was replaced; say in words what went.

    Raises SettingsError where no notebook was reproduced with this folder.
    """
    known = {
        notebook: found
        for notebook, found in _known_hits(_hits_file(store().folder)).items()
        if Path(notebook).exists()
    }
    if not known:
        raise SettingsError(
            f"No notebook was reproduced with {store().folder.name}/.",
            "Which recordings are needed is seen when the notebooks run from them.",
            "aoai-magic reproduce NOTEBOOK…, all that use them; then %aoai recordings --prune",
        )
    needed = {(hash_, n) for found in known.values() for hash_, n in found}
    newest: dict[tuple[str, str, int], str] = {}
    for one in store().recordings():
        key = (one.hash, one.kind, one.n)
        newest[key] = max(one.at, newest.get(key, ""))

    def keep(one: Recording) -> bool:
        return (one.hash, one.n) in needed and one.at == newest[one.hash, one.kind, one.n]

    names = ", ".join(sorted(Path(notebook).name for notebook in known))
    try:
        gone = store().prune(keep)
    except OSError as error:
        raise SettingsError(f"{store().folder.name} can't be pruned: {error.strerror or error}.") from None
    return f"{gone:,} line{' is' if gone == 1 else 's are'} gone. Kept is what {names} needed."


def _hits_file(folder: Path) -> Path:
    return settings.home() / "reproduced" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}.json"


def _known_hits(file: Path) -> dict[str, list[list[Any]]]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
