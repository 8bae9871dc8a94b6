"""Jinja2's sandbox, narrowed: what an expression may call, and how much it may make.

Names and attributes with an underscore in front, and methods that change a list or dict, are shut by Jinja's
ImmutableSandboxedEnvironment; what is here bounds loops, repetition, powers and the widths of formats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from string import Formatter
from types import ModuleType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.utils import missing

from ..attachments import LONGEST_TEXT
from ..tokens.pictures import is_a
from .values import include, shaped

#: The most pieces that a prompt is put together from: rounds of its loops, holes and the text between them.
_MOST_PIECES = 100_000
_BUILTINS: dict[str, Callable[..., Any]] = {
    one.__name__: one for one in (len, min, max, sum, sorted, round, str, int, float, list, dict, zip, enumerate)
}
#: Jinja's filters that are pure and can't blow up a text, or write HTML.
_FILTERS = (
    "abs capitalize count d default dictsort first float groupby int items join last length list lower map max min reject "
    "rejectattr replace reverse round select selectattr sort string sum title trim truncate unique upper wordcount"
).split()
# A prompt says what is there, and changes nothing: modules that reach into the system stay shut, and so do methods that
# write or change what they are of, of tables, arrays, pictures, figures, files and paths as much as of lists.
_SYSTEM = frozenset(
    "os sys posix nt subprocess shutil socket ctypes importlib builtins signal threading multiprocessing asyncio pickle "
    "marshal pty runpy gc inspect IPython".split()
)
_EFFECTS = frozenset(
    "save savefig savez savez_compressed savetxt tofile dump show close write writelines write_text write_bytes unlink touch "
    "mkdir rmdir rename symlink_to hardlink_to chmod truncate insert pop popitem fill resize put itemset isetitem setflags "
    "to_pickle to_sql to_clipboard to_hdf to_parquet to_feather to_orc to_stata to_excel clear append extend update "
    "setdefault remove discard add move_to_end appendleft extendleft popleft rotate".split()
)
_TO_A_FILE = ("path_or_buf", "path_or_buffer", "buf")
_WIDENING = ("center", "expandtabs", "ljust", "rjust", "zfill")
_WIDE = re.compile(r"\d{5}")
_WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0-9.]*(?:\*|\d{5})")


class TooMuchError(Exception):
    """An expression would make more text, numbers or rounds than a prompt can hold."""


class NotFound(Exception):  # noqa: N818  # Jinja raises it as it does its own UndefinedError
    """A name, attribute or item that isn't there was used."""

    def __init__(self, undefined: Missing, message: str) -> None:
        super().__init__(message)
        self.name, self.owner, self.hint = (
            undefined._undefined_name,
            undefined._undefined_obj,
            undefined._undefined_hint,
        )
        self.has_owner = self.owner is not missing


class Missing(StrictUndefined):
    """What isn't there: it can be tested (`is defined`, `default`), but not used."""

    __slots__ = ()
    # In a list that is shown, it would pass as a word.
    __repr__ = StrictUndefined.__str__

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self._undefined_exception is UndefinedError:
            self._undefined_exception = partial(NotFound, self)  # type: ignore[assignment]  # it is only called


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment whose templates yield text and pictures; `detail` is how closely pictures are looked at.

    >>> Sandbox().pieces("{{ n + 1 }} and {{ n }}", {"n": 1})
    ['2', ' and ', '1']
    """

    code_generator_class = NativeCodeGenerator  # yields what `finalize` returns, where Jinja's own makes it text
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(undefined=Missing, finalize=partial(shaped, detail=detail), cache_size=0)
        self.globals = {**_BUILTINS, "range": safe_range, "include": include}
        self.filters = {name: FILTERS[name] for name in _FILTERS}
        self.filters |= {"format": _percent, "tojson": partial(json.dumps, ensure_ascii=False, default=str)}

    def pieces(self, source: str | Template, names: Mapping[str, Any]) -> list[str | dict[str, Any]]:
        """Text and image parts that a template, or its source, makes of the names.

        Raises what its expressions raise.
        """
        made: list[str | dict[str, Any]] = []
        size = 0
        template = self.from_string(source) if isinstance(source, str) else source
        for piece in template.generate(names):
            made.append(piece)
            size += len(piece) if isinstance(piece, str) else 0
            if size > LONGEST_TEXT:
                raise TooMuchError(f"the prompt gets longer than {LONGEST_TEXT:,} characters, the most of a message")
            if len(made) > _MOST_PIECES:
                raise TooMuchError(f"the loops go on after {_MOST_PIECES:,} pieces of text")
        return made

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        # str.format, list.append and the like, unbound, would go round what is watched on a text or list.
        if isinstance(obj, type) and obj.__module__ == "builtins":
            return False
        if attr in _EFFECTS and callable(value):
            return False
        if isinstance(obj, ModuleType):
            package = obj.__name__.partition(".")[0]
            elsewhere = isinstance(value, ModuleType) and value.__name__.partition(".")[0] != package
            if package in _SYSTEM or elsewhere:
                return False
        return super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            return _percent_of(left, right)
        if operator == "*":
            for one, times in ((left, right), (right, left)):
                if isinstance(one, str | bytes | list | tuple) and isinstance(times, int):
                    _at_most(len(one) * times)
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            _at_most(left.bit_length() * right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        safe = super().wrap_str_format(value)
        if safe is None:
            return None
        for _, _, spec, _ in Formatter().parse(value.__self__):
            if spec and ("{" in spec or _WIDE.search(spec)):
                raise TooMuchError(f"a format as wide as {spec[:20]!r} isn't filled in")
        return safe

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", None)
        if kwargs.get("inplace") is True:
            raise SecurityError("inplace=True would change a variable of the notebook")
        named = [*args[:1], *(kwargs.get(key) for key in _TO_A_FILE)]
        if str(name).startswith("to_") and _is_table(owner) and any(one is not None for one in named):
            raise SecurityError(f"{name} would write a file")
        if isinstance(owner, str | bytes) and name in _WIDENING:
            _at_most(max([one for one in args if isinstance(one, int)], default=0) * (len(owner) or 1))
        if isinstance(owner, str) and name == "replace" and len(args) >= 2:
            _at_most(owner.count(args[0]) * len(args[1]))
        if isinstance(owner, str) and name == "join" and args and isinstance(args[0], list | tuple):
            _at_most(sum(len(one) for one in args[0] if isinstance(one, str)) + len(owner) * len(args[0]))
        return super().call(__context, __obj, *args, **kwargs)


def _is_table(value: object) -> bool:
    return is_a(value, "pandas", "DataFrame") or is_a(value, "pandas", "Series")


def line_of(error: BaseException) -> int:
    """The line of the template where an error came up, from 1; 0 where it can't be told."""
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    return max((line for file, line in _frames(error) if file == "<template>"), default=0)


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


def _percent(form: object, *values: Any, **named: Any) -> str:
    return _percent_of(str(form), named or values)


def _percent_of(form: str, values: Any) -> str:
    if wide := _WIDE_PERCENT.search(form):
        raise TooMuchError(f"a format as wide as {wide[0][:20]!r} isn't filled in")
    return str(form % values)


def _at_most(size: int) -> None:
    if size > LONGEST_TEXT:
        raise TooMuchError(f"it would make something of the size {size:,}; at most {LONGEST_TEXT:,} is made")
