"""Real text for the counters: code and English, and other languages in all their scripts, from what is installed.

Code is the standard library's. Languages are Unicode's locale data, which come with Babel (names of languages, places,
units and dates), and the messages of the programs on this machine, in the catalogues of gettext, where there are any.
"""

from __future__ import annotations

import gettext
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import babel.localedata

#: Languages that between them write in Latin, Cyrillic, Greek, Armenian, Georgian, Hebrew, Arabic, six scripts of
#: India, Thai, Lao, Khmer, Burmese, Ethiopic, Han, Kana and Hangul.
LANGUAGES = (
    "de fr es it pl fi tr vi sw ru uk el hy ka he ar fa ur hi mr bn pa gu ta te th lo km my am zh ja ko zh_Hant".split()
)


def code(size: int) -> list[str]:
    """Source files of the standard library, up to that many bytes in all."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = (path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.parts)
    return _up_to(size, (path.read_text(encoding="utf-8", errors="replace") for path in files))


def locales(size: int) -> dict[str, list[str]]:
    """Texts by language from Unicode's locale data, up to that many bytes of each."""
    return {name: _up_to(size, _leaves(babel.localedata.load(name, merge_inherited=False))) for name in LANGUAGES}


def messages(size: int) -> dict[str, list[str]]:
    """Messages of programs by language, up to that many bytes of each; empty on a machine that speaks English only."""
    found: dict[str, list[Path]] = defaultdict(list)
    for folder in {Path(sys.prefix), Path(sys.base_prefix), Path("/usr")}:
        for path in sorted(folder.glob("share/locale/*/LC_MESSAGES/*.mo")):
            found[path.parts[-3]].append(path)
    return {name: _up_to(size, _catalogues(paths)) for name, paths in sorted(found.items())}


def _catalogues(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        try:
            with path.open("rb") as file:
                catalogue: dict[Any, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        except (UnicodeError, ValueError, LookupError):
            continue
        yield from catalogue.values()


def _leaves(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _leaves(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _leaves(value)


def _up_to(size: int, texts: Iterable[str]) -> list[str]:
    """The first texts, each once, until there are that many bytes of them."""
    kept: dict[str, None] = {}
    for text in texts:
        if size <= 0:
            break
        if text and text not in kept:
            kept[text] = None
            size -= len(text.encode("utf-8", "replace"))
    return list(kept)
