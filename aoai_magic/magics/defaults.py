"""What cells start from: options that `%config AoaiMagics` or pyproject.toml sets for all of them.

An option on the line goes first, then %config, then pyproject.toml. Of the environment there is AOAI_DEPLOYMENT, which
`settings` reads: the deployment belongs to the connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError, near
from ..visible import shortened
from . import AoaiMagics, Setting
from . import options as shared
from .arguments import Option
from .options import DEPLOYMENT

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..project import Project

#: The options that can be set for all cells, by key: those that %config AoaiMagics lists.
CONFIGURABLE = {
    option.key: option
    for option in vars(shared).values()
    if isinstance(option, Option) and isinstance(getattr(AoaiMagics, option.key, None), Setting)
}


def fill_up(shell: InteractiveShell, options: Sequence[Option], values: dict[str, Any]) -> None:
    """Add what is set for all cells and isn't given on the line, but for what the model is known to refuse.

    Of several deployments, each gets what it takes, when it is asked. Raises SettingsError for what can't be used.
    """
    given = {*values, *(key for key, _ in values.get("param", ()))}
    for option in options:
        names = {option.key, *(["reasoning_effort"] if option.key == "effort" else [])}
        if not names & given and option is CONFIGURABLE.get(option.key) and option is not DEPLOYMENT:
            value, _ = setting(shell, option)
            if value is not None and ("compare" in values or _is_taken(option.key, value, values)):
                values[option.key] = value


def _is_taken(key: str, value: Any, values: dict[str, Any]) -> bool:
    from ..current import connection
    from ..request import takes

    current = connection()
    name = values.get("deployment") or current.deployment
    return takes(key, value, current.known(name) if name else None)


def setting(shell: InteractiveShell, option: Option) -> tuple[Any, str]:
    """The value that is set for all cells, and where; None and "" where none is."""
    magics: Any = shell.magics_manager.registry.get("AoaiMagics")
    if (value := getattr(magics, option.key, None)) is not None:
        source = f"%config AoaiMagics.{option.key}"
        return converted(option, value, source), source
    from ..project import project

    own = project()
    if own is None:
        return None, ""
    _check(own)
    if option.key in own.table:
        return converted(option, own.table[option.key], own.source, own.path.parent), own.source
    return None, ""


def described(shell: InteractiveShell) -> list[tuple[str, str]]:
    """Each option that is set for all cells, with its value and where it was set, in words."""
    rows = []
    for option in CONFIGURABLE.values():
        value, source = setting(shell, option)
        if value is not None and option is not DEPLOYMENT:
            rows.append((option.key, f"{shortened(' '.join(str(value).split()), 60)} ({source})"))
    return rows


def converted(option: Option, value: Any, source: str, folder: Path | None = None) -> Any:
    """The value of an option from one in Python or TOML; files that it names lie in `folder`.

    Raises SettingsError for what the option can't be.

    >>> converted(CONFIGURABLE["stop"], "END", "")
    ['END']
    """
    try:
        if option.metavar is None:
            if not isinstance(value, bool):
                raise ValueError("it is neither true nor false")
            return value or None
        if option.repeat:
            return [_word(option, one, folder) for one in (value if isinstance(value, list | tuple) else [value])]
        return _word(option, value, folder)
    except ValueError as error:
        raise SettingsError(
            f"{option.key} can't be {value!r}: {error}.",
            f"Set by {source}: {option.help}.",
            _assigned(option.key, source, option.metavar or "true"),
        ) from None


def _word(option: Option, value: Any, folder: Path | None) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and option.read is not str:
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"it is {'true or false' if isinstance(value, bool) else 'no text'}")
    if folder and value.startswith("@") and "@FILE" in option.kinds:
        file = folder / value[1:]
        if not file.resolve().is_relative_to(folder.resolve()):  # a clone's may ask for any of the user's
            raise ValueError(f"{value[1:]} lies outside of the project's folder")
        value = f"@{file}"
    return option.value(value)


def check_names(names: Sequence[str], known: Sequence[str], source: str) -> None:
    """Raise SettingsError for a name that nothing is known by, with the nearest one."""
    for name in names:
        if name not in known:
            meant = near(name, known)
            raise SettingsError(
                f"{source} has {name}, which can't be set.",
                f"Did you mean {meant}?" if meant else f"There are {', '.join(sorted(known))}.",
                _assigned(meant, source, "…") if meant else "Take it out.",
            )


def _assigned(key: str, source: str, value: str) -> str:
    return f"{'%config AoaiMagics.' if 'AoaiMagics' in source else ''}{key} = {value}"


def _check(own: Project) -> None:
    from ..project import CONNECTION

    check_names(list(own.table), [*CONFIGURABLE, *CONNECTION], own.source)
