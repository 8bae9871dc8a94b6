"""What Tab offers in our cells: options, values, names inside of `{{`, and no Python in the rest of a prompt.

Nothing is asked for it: no service started, no sign-in, no file read; a deployment is offered if it is known already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .arguments import HELP, Choice, Option
from .cells import first_line, opening

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_COMMAND = re.compile(r"[ \t]*(?:[\w., \t]+=[ \t]*)?%aoai(?:[ \t]+|$)")
_EXPRESSION = re.compile(r"(?:[^\W\d]\w*(?:\[[^\[\]]*\])*\.)*(?:[^\W\d]\w*)?\Z")
_TAGS = ("for", "endfor", "if", "elif", "else", "endif", "set", "in")


class Completion:
    """What a shell's completer is to offer for the magics that `owns` says are ours."""

    def __init__(self, shell: InteractiveShell, owns: Callable[[str], bool]) -> None:
        self._shell, self._owns = shell, owns

    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        lines = context.full_text.split("\n")
        line = lines[context.cursor_line][: context.cursor_position]
        at = first_line(lines)
        cell = opening(lines[at]) if at < len(lines) else None
        if cell and self._owns(cell[1]) and (context.cursor_line > at or line[: cell.end()][-1:].isspace()):
            options = self._options(cell[1])
            if context.cursor_line == at:
                return _found(self._on_line(line[cell.end() :], options, cell[1]))
            if cell[1] == "tokens" or "--raw" in _words(f"{lines[at]} ")[0]:
                return _found(None)
            return _found(self._in_braces("\n".join([*lines[at + 1 : context.cursor_line], line])))
        if (command := _COMMAND.match(line)) and self._owns("aoai"):
            return _found(self._of_command(line[command.end() :]))
        return {"completions": [], "suppress": False}

    def _options(self, magic: str) -> Sequence[Option]:
        from . import chat, complete, image, tokens

        rooms = {"chat": chat, "aoai": chat, "complete": complete, "image": image, "tokens": tokens}
        options: Sequence[Option] = rooms[magic].OPTIONS
        return options

    def _of_command(self, text: str) -> Offer | None:
        from .aoai import COMMANDS

        name, blank, rest = text.partition(" ")
        if not blank:
            return Offer(name, COMMANDS, "command")
        command = COMMANDS.get(name)
        return self._on_line(rest, command.options, "") if command else None

    def _on_line(self, text: str, options: Sequence[Option], magic: str) -> Offer | None:
        """What can stand at the end of a line that is begun."""
        typed, fragment = _words(text)
        if offer := self._in_braces(fragment):
            return offer
        known = {name: option for option in (*options, HELP) for name in option.names}
        positional = [option for option in options if option.positional]
        pending: Option | None = None
        given: list[Option] = []
        for word in typed:
            if pending is not None and not (pending.alone is not None and word.partition("=")[0] in known):
                pending = None
                continue
            name, equals, _ = word.partition("=")
            option = known.get(name.replace("_", "-") if name.startswith("--") else name)
            pending = option if option and option.metavar and not equals else None
            if option is None and positional:
                option = positional.pop(0)
            given += [option] if option else []
        name, equals, value = fragment.partition("=")
        if pending is None and equals and name in known:
            return self._values(known[name], value, magic)
        if pending is not None and (pending.alone is None or fragment[:1] not in ("", "-")):
            return self._values(pending, fragment, magic)
        if fragment[:1] not in ("", "-"):
            return self._values(positional[0], fragment, magic) if positional else None
        free = [one for one in (*options, HELP) if one.repeat or one not in given]
        names = [name for one in free for name in one.names if fragment == "-" or len(name) > 2]
        if "_" in fragment:
            names = [f"--{name[2:].replace('-', '_')}" for name in names]
        words = self._values(positional[0], "", magic).words if positional and not fragment else []
        return Offer(fragment, [*words, *names], "option")

    def _values(self, option: Option, fragment: str, magic: str) -> Offer:
        """The values that an option may have, as its reader and the words of its metavar say."""
        quote = fragment[:1] if fragment[:1] in ("'", '"') else ""
        fragment = fragment[len(quote) :]
        if isinstance(option.read, Choice):
            return Offer(fragment, option.read.words, "value")
        names: list[str] = []
        for kind in sorted(option.kinds, key=lambda kind: kind != "VARIABLE"):  # a variable goes before a file
            if kind.endswith(",…"):
                fragment = fragment.rpartition(",")[2]
            names += [kind] if kind.islower() else self._of_kind(kind.removesuffix(",…"), fragment, option, magic)
        return Offer(fragment, names, "value")

    def _of_kind(self, kind: str, fragment: str, option: Option, magic: str) -> Iterable[str]:
        from . import names

        variables = self._shell.user_ns
        if kind == "DEPLOYMENT":
            return names.deployments(magic)
        if kind in ("FILE", "@FILE", "FOLDER"):
            return names.files(fragment, kind)
        if kind in names.KINDS:
            return names.KINDS[kind](variables)
        return names.variables(variables) if option.key == "output" else ()

    def _in_braces(self, before: str) -> Offer | None:
        """What an expression that is begun can go on with; None where no brace of ours is open."""
        from . import names

        opened = max(before.rfind("{{"), before.rfind("{%"))
        inside = before[opened + 2 :]
        if opened < 0 or "}}" in inside or "%}" in inside or any(inside.count(quote) % 2 for quote in "'\""):
            return None
        written = _EXPRESSION.search(inside)
        fragment = written[0] if written else ""
        if inside[: len(inside) - len(fragment)].rstrip().endswith("|"):
            return Offer(fragment, names.filters(), "filter")
        if "." in fragment:
            attributes = (one.rpartition(".")[2] for one in self._shell.Completer.attr_matches(fragment))
            return Offer(fragment.rpartition(".")[2], [one for one in attributes if one[:1] != "_"], "attribute")
        tags = _TAGS if before[opened + 1] == "%" else ()
        return Offer(fragment, [*tags, *names.expressions(self._shell)], "variable")


def _words(text: str) -> tuple[list[str], str]:
    """The words of a line that is begun, in their quotes, and what there is of the last one.

    >>> _words("-t 0 -s 'You are")
    (['-t', '0', '-s'], "'You are")
    """
    words, word, quote = [], "", ""
    for letter in text:
        if not quote and letter.isspace():
            words += [word] if word else []
            word = ""
            continue
        word += letter
        quote = "" if letter == quote else quote or (letter if letter in "'\"" else "")
    return words, word


class Offer:
    """The words that can stand in the place of a fragment, of which those are offered that begin with it."""

    def __init__(self, fragment: str, words: Iterable[str], kind: str) -> None:
        self.fragment, self.kind = fragment, kind
        self.words = [word for word in dict.fromkeys(words) if word.startswith(fragment)]


class _Nothing(list[Any]):
    """No completions, in a form that IPython takes for some.

    A matcher may ask to be the only one, and is heard only if it has completions.
    """

    def __len__(self) -> int:
        return 1


def _found(offer: Offer | None) -> SimpleMatcherResult:
    from IPython.core.completer import SimpleCompletion

    words: Iterator[SimpleCompletion] | Any = (
        [SimpleCompletion(one, type=offer.kind) for one in offer.words] if offer else []
    )
    return {
        "completions": words or _Nothing(),
        "matched_fragment": offer.fragment if offer else "",
        "suppress": True,
        "ordered": True,
    }
