"""Which braces of a text are ours: `{{ … }}`, and `{% … %}` with a keyword that is known, on one line.

Jinja sees those alone. The text between them is handed to it as string constants, so that no brace, newline or `{#` of
it is Jinja's to read, and every byte comes out as it was typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import TemplateError
from ..visible import shortened

RAW = "Braces meant as text? --raw on the first line sends the cell as it stands."
_OPENING = re.compile(r"\{\{|\{%-?[ \t]*(?:for|endfor|if|elif|else|endif|set)\b(?:(?!\{%)[^\r\n])*?%\}")
# Strings as Jinja reads them, and braces: `}}` in a string or after an open brace closes nothing.
_INSIDE = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[{}]", re.DOTALL)
_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Hole:
    """A place to fill: where it starts and ends in the text, its lines (counted from 1), and what stands there."""

    start: int
    end: int
    line: int
    last_line: int
    text: str

    @property
    def short(self) -> str:
        return shortened(" ".join(self.text.split()), 60)


def holes(text: str) -> list[Hole]:
    """Find the places of a text that are to be filled. Raises TemplateError for `{{` without its `}}`.

    >>> [hole.text for hole in holes('{"a": {{ x }}} {#1} {% nope %}{% if x %}')]
    ['{{ x }}', '{% if x %}']
    """
    found: list[Hole] = []
    position, line = 0, 1
    while opening := _OPENING.search(text, position):
        line += _lines(text[position : opening.start()])
        end = _close(text, opening.end(), line) if opening[0] == "{{" else opening.end()
        inside = text[opening.start() : end]
        found.append(Hole(opening.start(), end, line, line + _lines(inside), inside))
        position, line = end, found[-1].last_line
    return found


def source(text: str, ours: list[Hole]) -> str:
    """A text and its holes as Jinja's source, line by line where it was.

    >>> source("Hi {{ name }}!", holes("Hi {{ name }}!"))
    '{{ "Hi " }}{{ name }}{{ "!" }}'
    """
    written = []
    position, strip = 0, False
    for hole in [*ours, None]:
        between = text[position : hole.start if hole else len(text)]
        lines = "\n" * _lines(between)
        # The minus of {{- and -}} takes the white space beside it away, as in Jinja.
        between = between.lstrip() if strip else between
        if hole is not None:
            between = between.rstrip() if hole.text.startswith(("{{-", "{%-")) else between
            position, strip = hole.end, hole.text.endswith(("-}}", "-%}"))
        # Also where it is empty: each round of a loop then yields something that can be counted.
        escaped = between.encode("unicode-escape").decode("ascii").replace('"', '\\"')
        written.append(f'{{{{ "{escaped}"{lines} }}}}{hole.text if hole else ""}')
    return "".join(written)


def _close(text: str, position: int, line: int) -> int:
    """Where the hole ends that was opened just before a position."""
    depth = 0
    while token := _INSIDE.search(text, position):
        position = token.end()
        if token[0] == "{":
            depth += 1
        elif token[0] == "}" and depth:
            depth -= 1
        elif token[0] == "}" and text[position : position + 1] == "}":
            return position + 1
    raise TemplateError(
        f"{'{{'} on line {line} has no {'}}'} after it.",
        'On a magic\'s own line, quotes keep it together: -s "{{ name }}"',
        RAW,
    )


def _lines(text: str) -> int:
    return len(_NEWLINE.findall(text))
