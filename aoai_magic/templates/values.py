"""What a value of the kernel is in a prompt: text, a table, or a picture."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import attachments
from ..errors import TemplateError
from ..tokens.pictures import is_a
from .holes import RAW

#: The most rows of a table that a prompt gets without being asked for more.
MOST_ROWS = 50


def shaped(value: Any, detail: str | None = None) -> str | dict[str, Any]:
    """Return the text of a value, or its content part if it is a picture. Raises TypeError for what is no data.

    Arrays are pictures if they have a picture's shape: height x width x 1, 3 or 4 channels, or height x width of bytes.

    >>> shaped(0.5)
    '0.5'
    """
    if isinstance(value, str):
        return str(value)
    if is_a(value, "matplotlib.axes", "Axes"):  # what the plots of pandas return
        value = value.get_figure()
    if is_a(value, "aoai_magic.image_reply", "ImageReply"):
        if len(value) != 1:
            raise TypeError(f"{len(value)} pictures are in it: name one, as in drawn[0]")
        value = value[0]
    if is_a(value, "pandas", "DataFrame") or is_a(value, "pandas", "Series"):
        return table(value)
    if _is_picture(value):
        return attachments.part(value, detail)
    if inspect.isroutine(value) or isinstance(value, type):
        raise TypeError(f"{getattr(value, '__name__', 'this')} is a function or class, and no value: call it")
    if isinstance(value, Iterator):
        raise TypeError(f"a {type(value).__name__} has no text of its own: add | list, or | join(', ')")
    if inspect.ismodule(value) or _says_nothing(type(value)):
        raise TypeError(f"a {type(value).__name__} has no text of its own: name what of it is meant")
    return str(value)


def table(data: Any) -> str:
    """Return a DataFrame or Series as CSV: its first 50 rows, and a line that says how many were left out.

    The index is a column if it is more than the row's number.

    >>> import pandas
    >>> print(table(pandas.DataFrame({"city": ["Oslo", "Rome"], "rain": [763, 800]})))
    city,rain
    Oslo,763
    Rome,800
    """
    if is_a(data, "pandas", "Series"):
        data = data.to_frame("value" if data.name is None else data.name)
    shown = data.head(MOST_ROWS)
    text: str = shown.to_csv(index=not is_a(data.index, "pandas", "RangeIndex"), lineterminator="\n").rstrip("\n")
    if len(data) > len(shown):
        text += f"\n({len(data) - len(shown):,} of {len(data):,} rows are left out here)"
    return text


def include(file: str | os.PathLike[str]) -> str:
    """Return the text of a file, as it is: `{{ include("notes.md") }}`. Relative to the folder where the kernel runs.

    Raises TemplateError for a file that isn't there, isn't UTF-8, or is longer than a message.
    """
    path = Path(file).expanduser()
    text = attachments.read_text(path)
    if text is None:
        what, why = unreadable(path)
        raise TemplateError(f"The file {str(path)!r} of include() {what}.", why, RAW)
    return text


def unreadable(path: Path) -> tuple[str, str]:
    """Say what is wrong with a file that has no text to be read, and why that may be."""
    if path.exists():
        return "is no file of text in UTF-8, or is too long", "Pictures go beside the prompt: -a FILE"
    return "isn't there", attachments.absent(path)


def _says_nothing(kind: Any) -> bool:
    return kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__


def _is_picture(value: Any) -> bool:
    if is_a(value, "numpy", "ndarray"):
        channels = value.ndim == 3 and value.shape[2] in (1, 3, 4)
        return value.size > 0 and value.dtype.kind in "buif" and (channels or (value.ndim == 2 and value.dtype == "u1"))
    return is_a(value, "PIL.Image", "Image") or is_a(value, "matplotlib.figure", "Figure")
