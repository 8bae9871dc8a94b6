"""The line and the body of a prompt magic, with `{{ }}` in both filled in from the kernel."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import OptionError, TemplateError
from ..templates import fill
from .arguments import Option, parse, split
from .defaults import fill_up
from .options import OVER, SYSTEM
from .roles import messages

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# What the functions behind magics take by the name that the field of the request has, and what magics make themselves.
_FIELDS = frozenset(
    "temperature top_p max_tokens seed stop n verbosity logprobs tools suffix echo best_of size quality background".split()
)
_MADE = frozenset("model messages input stream stream_options".split())


def read(
    shell: InteractiveShell, line: str, body: str, options: Sequence[Option], magic: str
) -> tuple[dict[str, Any], str | list[dict[str, Any]], set[str]]:
    """Return a cell's options, its prompt, and which options its line gives.

    The prompt is text, or messages if there are pictures or roles in it. The others come from %config and
    pyproject.toml (see `defaults`). With --raw nothing is filled in, and with --over neither body nor system message,
    which each row fills in; with --help the body isn't read. Raises OptionError, also for a cell without a prompt, and
    TemplateError.
    """
    # Read before the others are: what stands after an option is never an option's name (see `parse`).
    words = [word.partition("=")[0] for word in split(line)]
    raw, over = "--raw" in words, OVER in options and "--over" in words
    if raw and over:
        raise OptionError(
            "--raw can't go with --over.",
            "--raw fills nothing in, and --over fills in each row.",
            "Leave --raw out; where braces are text: {{ '{{' }}",
        )
    variables = names(shell)

    def filled(option: Option, word: str) -> str:
        return word if raw or (over and option is SYSTEM) else _filled(word, variables)

    values = parse(line, options, magic, filled)
    values.pop("raw", None)
    if "help" in values:
        return values, "", set()
    given = {*values, *(key for key, _ in values.get("param", ()))}
    choose_recordings(values, magic)
    fill_up(shell, options, values)
    detail = values.get("detail")
    if values.pop("roles", False):
        told = messages(body, None if raw or over else lambda text: fill(text, variables, detail))
        if told[0]["role"] == "system" and SYSTEM.key not in given:
            values.pop("system", None)  # that of all cells: this one has its own
        return values, told, given
    content = body if raw or over else fill(body, variables, detail)
    if not isinstance(content, str):
        return values, [{"role": "user", "content": content}], given
    if not content.strip():
        raise OptionError(
            "The cell holds no prompt.",
            "What is sent are the lines below the first.",
            f"{magic}, and the prompt on the lines below it",
        )
    return values, content, given


def read_text(
    shell: InteractiveShell, line: str, body: str, options: Sequence[Option], magic: str
) -> tuple[dict[str, Any], str]:
    """The same for a magic whose prompts are text alone. Raises OptionError for a picture in the cell, too."""
    values, content, _ = read(shell, line, body, options, magic)
    if isinstance(content, str):
        return values, content
    raise OptionError(
        f"A picture is in the cell, and {magic} takes text alone.",
        "Its model reads nothing else.",
        "%%chat, or %%image --edit VARIABLE",
    )


def add_fields(options: dict[str, Any], ask: Callable[..., Any]) -> None:
    """Put the fields of --param beside a magic's other options, for `ask` to send.

    Raises OptionError for what is no field of the request, or is given in another way already.
    """
    taken = inspect.signature(ask).parameters.keys() - _FIELDS
    for key, value in options.pop("param", ()):
        if key in taken or key in _MADE:
            raise OptionError(
                f"--param can't set {key!r}.",
                "It sets fields of the request that no option is for; this one is made of the cell, or isn't sent.",
                f"--{key.replace('_', '-')}, if there is such an option: --help lists them",
            )
        if key in options:
            raise OptionError(
                f"{key!r} is given twice.",
                "Once by --param, and once before.",
                f"Leave one of them out: --param {key}=…",
            )
        options[key] = value


def choose_recordings(values: dict[str, Any], magic: str) -> None:
    """Put `recordings`, as `aoai.chat` takes it, in the place of --record, --replay and --fresh.

    Raises OptionError for two of them.
    """
    modes = {"record": "auto", "replay": "replay", "fresh": "refresh"}
    given = [name for name in modes if values.pop(name, False)]
    if len(given) > 1:
        raise OptionError(
            f"--{given[0]} and --{given[1]} were both given.", "A cell is answered one way.", f"{magic} --{given[0]}"
        )
    if given:
        values["recordings"] = modes[given[0]]


def names(shell: InteractiveShell) -> dict[str, Any]:
    """What `{{ }}` knows in a cell: the kernel's variables, and In, Out and Err (see `cells`)."""
    magics: Any = shell.magics_manager.registry["AoaiMagics"]
    found: dict[str, Any] = magics.cells.names()
    return found


def _filled(word: str, variables: dict[str, Any]) -> str:
    content = fill(word, variables)
    if isinstance(content, str):
        return content
    raise TemplateError(
        f"{word[:60]} is a picture, and an option's value is text.",
        "Pictures go beside the prompt.",
        "%%chat -a VARIABLE",
    )
