"""`{{ expression }}` in a cell's body and options, filled with the kernel's values by Jinja2 in its sandbox.

holes: which braces are ours; sandbox: what may stand in them; values: what a value is in a prompt; history: In, Out,
Err.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import AoaiError, TemplateError
from .history import History
from .holes import RAW, Hole, holes, source

#: Put into every kernel by IPython and Python: no data, and a way to the system.
_NO_DATA = ("exit", "get_ipython", "open", "quit")


def fill(text: str, names: Mapping[str, Any], detail: str | None = None) -> str | list[dict[str, Any]]:
    """Return a text with its `{{ }}`, loops and conditions filled in; the content of a message, if pictures are in it.

    `names` are the kernel's variables; beside them stand len, min, max, sum, sorted, round, range, str, int, float,
    list, dict, zip, enumerate and include("FILE"). What is filled in is data, and never read for braces again. A
    DataFrame or Series becomes CSV (see `values.table`); a PIL image, a figure and an array of a picture's shape an
    image part, in the order of the text, looked at as `detail` says. A text without `{{` and tags comes back as it is.
    Raises TemplateError.

    >>> fill("Greet {{ name }} in JSON: {'a': {}}", {"name": "{{ Ada }}"})
    "Greet {{ Ada }} in JSON: {'a': {}}"
    """
    template = Template(text, detail)
    return template.fill(data(names)) if template.is_open else text


def data(names: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a kernel's variables that are data of its user's: not what IPython and Python put there.

    >>> data({"city": "Oslo", "exit": None, "__name__": "__main__"})
    {'city': 'Oslo'}
    """
    return {
        name: value
        for name, value in names.items()
        if isinstance(name, str) and not (name in _NO_DATA or (name.startswith("__") and name.strip("_")))
    }


class Template:
    """A text with its `{{ }}`, read once and filled in as often as one likes; see `fill`. Raises TemplateError.

    >>> template = Template("Greet {{ name }}.")
    >>> [template.fill({"name": name}) for name in ("Ada", "Alan")]
    ['Greet Ada.', 'Greet Alan.']
    """

    def __init__(self, text: str, detail: str | None = None) -> None:
        self._text, self._holes = text, holes(text)
        if self.is_open:
            from .sandbox import Sandbox

            self._sandbox = Sandbox(detail)
            with self._explained({}):
                self._compiled = self._sandbox.from_string(source(text, self._holes))

    @property
    def is_open(self) -> bool:
        """Whether there is anything to be filled in."""
        return bool(self._holes)

    @property
    def names(self) -> set[str]:
        """The names that its holes use, and don't make themselves."""
        if not self.is_open:
            return set()
        from jinja2 import meta

        return meta.find_undeclared_variables(self._sandbox.parse(source(self._text, self._holes)))

    def fill(self, names: Mapping[str, Any]) -> str | list[dict[str, Any]]:
        """The text, or the content of a message, with these names alone, and the builtins."""
        if not self.is_open:
            return self._text
        with self._explained(names):
            return _content(self._sandbox.pieces(self._compiled, names))

    @contextmanager
    def _explained(self, names: Mapping[str, Any]) -> Iterator[None]:
        try:
            yield
        except AoaiError:
            raise
        except Exception as error:  # whatever an expression raises: its objects are the user's
            raise _told(error, self._text, self._holes, [*names, *self._sandbox.globals]) from error


def absent(name: str, why: str) -> Any:
    """What stands for a value that isn't there: it can be tested (`is defined`, `default`), and using it is an error.

    >>> Template("{{ city | default('nowhere') }}").fill({"city": absent("city", "the row has no city")})
    'nowhere'
    """
    from .sandbox import Missing

    return Missing(hint=why, name=name)


def _content(pieces: list[str | dict[str, Any]]) -> str | list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for piece in pieces:
        if not isinstance(piece, str):
            parts.append(piece)
        elif parts and parts[-1]["type"] == "text":
            parts[-1]["text"] += piece
        elif piece:
            parts.append({"type": "text", "text": piece})
    if len(parts) > 1 or (parts and parts[0]["type"] != "text"):
        return parts
    return parts[0]["text"] if parts else ""


def _told(error: Exception, text: str, ours: list[Hole], known: list[str]) -> TemplateError:
    """What went wrong in a hole, in the words of a notebook's user."""
    from jinja2.exceptions import SecurityError, TemplateSyntaxError

    from .sandbox import NotFound, TooMuchError, line_of

    why, fix = "", RAW
    if isinstance(error, NotFound):
        what, why = _not_found(error, known)
    elif isinstance(error, TemplateSyntaxError):
        what = f"this can't be read: {error.message or 'a syntax error'}"
        why = "What stands in such braces is read as a Jinja template."
    elif isinstance(error, SecurityError):
        what = str(error)
        why = "Braces read the notebook's values: what writes, changes them, or is Python's own stays shut."
        fix = f"Do it in a cell of its own, and put here what comes of it. {RAW}"
    elif isinstance(error, TooMuchError):
        what = str(error)
    else:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    name = error.name if isinstance(error, NotFound) and isinstance(error.name, str) else ""
    line = line_of(error)
    here = [hole for hole in ours if hole.line <= line <= hole.last_line and name in hole.text]
    place = f"{here[0].short}: " if here else ""
    if "\n" in text and line:
        place = f"Line {line} of the prompt{', ' if place else ': '}{place}"
    what = " ".join(what.split())
    told = f"{place}{what[:300].rstrip('.')}."
    return TemplateError(told[0].upper() + told[1:], why, fix)


def _not_found(error: Any, known: list[str]) -> tuple[str, str]:
    """What isn't there, and what is."""
    if error.hint:
        return error.hint, ""
    if not error.has_owner:
        return f"no variable is named {error.name}", _near(error.name, known)
    if isinstance(error.owner, History):
        return error.owner.missing(error.name)
    kind = type(error.owner).__name__
    if not isinstance(error.name, str):
        return f"the {kind} has no item {error.name!r}", ""
    there = [*error.owner] if isinstance(error.owner, Mapping) else dir(error.owner)
    return f"the {kind} has no {error.name}", _near(error.name, [one for one in there if isinstance(one, str)])


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, [one for one in known if one[:1] != "_"], n=2)
    return f"Did you mean {' or '.join(near)}?" if near else ""
