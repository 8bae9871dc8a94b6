"""`[tool.aoai-magic]` of the nearest pyproject.toml: what a project says for all its cells.

It is looked for from the kernel's folder upward.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SettingsError

#: The table's name, as it stands in the file.
TABLE = "[tool.aoai-magic]"
#: Where requests go; the other keys are options of magics, which are checked there.
CONNECTION = ("endpoint", "api_version", "deployment")
_SECRET = re.compile(r"(?:^|_)(?:api_?key|key|secret|password|credential|token)$")
_read: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}


@dataclass(frozen=True)
class Project:
    """A pyproject.toml, and what stands under `[tool.aoai-magic]` in it, by key, with underscores."""

    path: Path
    table: dict[str, Any]

    @property
    def source(self) -> str:
        """Where its values come from, in words."""
        return f"{TABLE} in {os.path.relpath(self.path)}"

    def text(self, key: str) -> str | None:
        """A value that is a text. Raises SettingsError for any other."""
        value = self.table.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        raise SettingsError(
            f"{key} can't be {value!r}: it is no text.", f"It stands under {self.source}.", f'{key} = "…"'
        )


def project() -> Project | None:
    """Read the nearest pyproject.toml; None where there is none.

    It is read again when it has changed. Raises SettingsError for what is no TOML, and for a key: the file is shared.

    >>> project() is None or project().path.name
    'pyproject.toml'
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return None
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        try:
            stat = path.stat()
        except OSError:
            continue
        stamp = (stat.st_mtime_ns, stat.st_size)
        if path not in _read or _read[path][0] != stamp:
            _read[path] = stamp, _table(path)
        return Project(path, _read[path][1])
    return None


def _table(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        whole = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} can't be read: {error}.", "Cells look there for [tool.aoai-magic].", "Mend that line."
        ) from None
    tool = whole.get("tool", {})
    table = tool.get("aoai-magic", {}) if isinstance(tool, dict) else tool
    if not isinstance(table, dict):
        raise SettingsError(
            f"tool.aoai-magic in {path} is no table.",
            "It holds a value for each key.",
            "[tool.aoai-magic], and under it: temperature = 0",
        )
    named = {key.replace("-", "_"): value for key, value in table.items()}
    if len(named) < len(table):
        raise SettingsError(
            f"A key stands twice under [tool.aoai-magic] in {path}, with - and with _.", "", "Drop one."
        )
    for key in named:
        if _SECRET.search(key.lower()):
            raise SettingsError(
                f"[tool.aoai-magic] in {path} holds {key}.",
                "A key isn't read from a file that others get to see.",
                "Take it out, and put it in the environment: AZURE_OPENAI_API_KEY, or what --key-env names",
            )
    return named
