"""The line of a magic: split into words, and read as options.

An option is defined once, as an `Option`; parsing, help, completion and error messages all come from it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OptionError
from ..schema import strict_json


@dataclass(frozen=True)
class Option:
    """One option of a magic: names ("-t", "--temperature"), what its value is called, how it is read, what it is for.

    Without a `metavar` it is a switch, that takes no value. The metavar's words, parted by |, say what may stand there:
    FILE, VARIABLE, DEPLOYMENT,… (several, parted by commas) or a lower-case word as it is; completion goes by them, and
    @FILE lets a word that begins with @ stand for the text of a file. `read` turns the word into the value and raises
    ValueError with the reason. `positional` says that a bare word on the line is this option's value; `alone` is the
    value where no word follows that can be one. `elsewhere` are names that other tools, or the API, have for it: an
    error that meets one points here.
    """

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    read: Callable[[str], Any] = str
    repeat: bool = False
    positional: bool = False
    alone: Any = None
    elsewhere: tuple[str, ...] = ()

    def reads(self, word: str) -> bool:
        """Whether a word can be the option's value."""
        try:
            self.read(word)
        except ValueError:
            return False
        return True

    @property
    def key(self) -> str:
        """The name of the value in what `parse` returns: the first long name, with underscores."""
        return next(name for name in self.names if name.startswith("--"))[2:].replace("-", "_")

    @property
    def kinds(self) -> list[str]:
        """What may stand as its value, as the metavar says."""
        return (self.metavar or "").split("|")

    def value(self, typed: str, filled: str | None = None) -> Any:
        """The value of a word as it was typed, and with its {{ }} filled in. Raises ValueError with the reason."""
        word = typed if filled is None else filled
        # A value that is filled in is text, whatever it begins with.
        is_file = typed.startswith("@") and "@FILE" in self.kinds
        return self.read(_text_of(Path(word[1:]).expanduser()) if is_file else word)


#: Names that IPython gives a meaning to. The reply is in _ anyway.
_KERNELS = frozenset("get_ipython In Out Err exit quit _ __ ___ _i _ii _iii _ih _oh _dh".split())

# Fields of requests that no option is for (OpenAI's API reference, "Create chat completion").
_FIELDS = tuple(
    "--frequency-penalty --presence-penalty --logit-bias --top-logprobs --user --metadata --store --service-tier --prediction "
    "--tool-choice --parallel-tool-calls --prompt-cache-key --safety-identifier".split()
)

HELP = Option(("-h", "--help"), "show this help and send nothing")


def split(line: str) -> list[str]:
    """Split a line into words as a shell does, but with no escape character, so that Windows paths survive.

    Quotes group words and are dropped; a quote of one kind inside the other is kept. Raises OptionError where a quote
    isn't closed.

    >>> split("gpt-4o -s 'You are brief.' -o C:\\\\new")
    ['gpt-4o', '-s', 'You are brief.', '-o', 'C:\\\\new']
    """
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.escape = lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        raise OptionError(
            f"A quote is not closed in: {line}",
            "Words with spaces in them are put between quotes; an apostrophe alone opens one.",
            'Put double quotes around it: -s "It\'s brief."',
        ) from None


def parse(
    line: str, options: Sequence[Option], magic: str, fill: Callable[[Option, str], str] = lambda _, word: word
) -> dict[str, Any]:
    """Read a line as options; return the given ones by key.

    Long names may be written with underscores, values after a space or "=". `fill` gets each option's value before it
    is read, and can't make it anything else than a value. Raises OptionError for an unknown or repeated option, a
    missing value, a value that can't be read, and for words that belong to none.

    >>> parse("-t 0.2", [Option(("-t", "--temperature"), "", "NUMBER", float)], "%%chat")
    {'temperature': 0.2}
    """
    known = {name: option for option in (*options, HELP) for name in option.names}
    positional = [option for option in options if option.positional]
    values: dict[str, Any] = {}
    words = split(line)
    while words:
        word = words.pop(0)
        if word.startswith("-") and len(word) > 1:
            name, equals, value = word.partition("=")
            if name.startswith("--"):
                name = name.replace("_", "-")
            option = known.get(name)
            if option is None:
                raise _unknown(name, known, magic)
            if option.metavar is None:
                if equals:
                    raise OptionError(
                        f"{name} takes no value, and was given {value!r}.", "It is a switch.", f"{magic} {name}"
                    )
                value = ""
            elif not equals and option.alone is not None and not (words and option.reads(words[0])):
                value = str(option.alone)
            elif not equals:
                if not words or words[0].partition("=")[0] in known:
                    raise OptionError(
                        f"{name} needs a value ({option.metavar}).",
                        f"The next word is {words[0]!r}, an option itself." if words else "The line ends there.",
                        f"{magic} {name} {option.metavar}",
                    )
                value = words.pop(0)
        else:
            option = next((one for one in positional if one.key not in values), None)
            if option is None:
                raise OptionError(
                    f"{word!r} is one word too many.",
                    f"{magic} takes {'only ' + ' '.join(str(one.metavar) for one in positional) if positional else 'no words'} "
                    "before its options; a value with spaces needs quotes.",
                    f"{magic} --help",
                )
            name, value = option.key, word
        if option.metavar is None:
            _store(values, option, name, None, None, magic)
        else:
            _store(values, option, name, value, fill(option, value), magic)
    return values


def _store(values: dict[str, Any], option: Option, name: str, typed: str | None, word: str | None, magic: str) -> None:
    if option.key in values and not option.repeat:
        raise OptionError(
            f"{name} was given a second time.",
            _one_option(option),
            f"{magic} --help",
        )
    try:
        value = True if typed is None else option.value(typed, word)
    except ValueError as error:
        raise OptionError(
            f"{name} can't be {word!r}: {error}.", f"{option.help[:1].upper()}{option.help[1:]}.", f"{magic} --help"
        ) from None
    if option.repeat:
        values.setdefault(option.key, []).append(value)
    else:
        values[option.key] = value


def _one_option(option: Option) -> str:
    *others, last = option.names
    bare = ", and a bare word may be its value too" if option.positional else ""
    return f"{', '.join(others)} and {last} are one option{bare}." if others else f"It may be given once{bare}."


def _text_of(path: Path) -> str:
    from ..attachments import read_text
    from ..templates.values import unreadable

    text = read_text(path)
    if text is None:
        what, why = unreadable(path)
        raise ValueError(f"the file {what}. {why}".rstrip("."))
    return text.rstrip("\r\n")


def _unknown(name: str, known: dict[str, Option], magic: str) -> OptionError:
    if "--key-env" in known and name.replace("_", "-").endswith("key"):
        return OptionError(
            f"{magic} has no option {name}.",
            "A key in a cell would be saved with the notebook.",
            f"Put it into the environment, and name the variable: {magic} --key-env NAME",
        )
    meant = _meant(name, known)
    return OptionError(
        f"{magic} has no option {name}.",
        f"Did you mean {meant}?" if meant else "None has a name like that.",
        f"{magic} {meant}, or {magic} --help, which lists all of them."
        if meant
        else f"{magic} --help lists all of them.",
    )


def _meant(name: str, known: dict[str, Option]) -> str | None:
    """The option that a wrong name most likely means: by another tool's name, as its beginning, or misspelt."""
    import difflib

    others = {other: option.names[-1] for option in known.values() for other in option.elsewhere}
    others |= {field: f"--param {field[2:].replace('-', '_')}=VALUE" for field in _FIELDS if "--param" in known}
    begins = [one for one in known if len(name) > 3 and one.startswith(name)]
    near = [name] * (name in others) or begins or difflib.get_close_matches(name, [*known, *others], n=1, cutoff=0.75)
    return others.get(near[0], near[0]) if near else None


def number(least: float, most: float) -> Callable[[str], float]:
    """A reader for decimal numbers between two bounds."""

    def read(word: str) -> float:
        try:
            value = float(word)
        except ValueError:
            raise ValueError("it is not a number") from None
        if not least <= value <= most:
            raise ValueError(f"it must be between {least:g} and {most:g}")
        return value

    return read


def integer(least: int | None = None) -> Callable[[str], int]:
    """A reader for whole numbers, with a lower bound if one is given."""

    def read(word: str) -> int:
        try:
            value = int(word)
        except ValueError:
            raise ValueError("it is not a whole number") from None
        if least is not None and value < least:
            raise ValueError(f"it must be at least {least}")
        return value

    return read


def pair(word: str) -> tuple[str, Any]:
    """A reader for KEY=VALUE; a value that is JSON is what that says, any other is text.

    >>> pair('logit_bias={"50256": -100}'), pair("user=ada"), pair('user="42"')
    (('logit_bias', {'50256': -100}), ('user', 'ada'), ('user', '42'))
    """
    key, equals, value = word.partition("=")
    if not equals or not key.isidentifier():
        raise ValueError("it is not of the form KEY=VALUE")
    try:
        return key, strict_json(value)
    except (ValueError, RecursionError):
        return key, value


def ending(word: str) -> str:
    """A reader for a text at which a reply ends, in which \\n and \\t stand for a new line and a tab."""
    if not word:
        raise ValueError("it is empty")
    return word.replace("\\n", "\n").replace("\\t", "\t")


@dataclass(frozen=True)
class Choice:
    """A reader for one of a few words."""

    words: tuple[str, ...]

    def __call__(self, word: str) -> str:
        if word not in self.words:
            raise ValueError(f"it is none of {', '.join(self.words)}")
        return word


def choice(*words: str) -> Choice:
    """A reader for one of a few words."""
    return Choice(words)


def name(word: str) -> str:
    """A reader for the name of a variable that a reply may have: none without which the kernel, or Python, doesn't work.

    >>> name("print")
    Traceback (most recent call last):
    ValueError: the notebook would lose what is called so already
    """
    import builtins
    import keyword

    if not word.isidentifier() or keyword.iskeyword(word):
        raise ValueError("it is not the name of a variable")
    if hasattr(builtins, word) or word in _KERNELS:  # IPython puts its own functions there too
        raise ValueError("the notebook would lose what is called so already")
    return word


def cut_run(word: str) -> Path | bool:
    """A reader for the file of a run over a table; "last" leaves it to be found."""
    path = Path(word).expanduser()
    if word != "last" and path.suffix != ".jsonl" and not path.is_file():
        raise ValueError("it is no file")
    return word == "last" or path
