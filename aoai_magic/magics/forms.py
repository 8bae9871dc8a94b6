"""How a reply is shown: `-f markdown`, `text`, `json` or `code`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ReplyError
from ..schema import strict_json
from ..visible import visible

if TYPE_CHECKING:
    from ..reply import Reply

_PYTHON = frozenset("py python python3 ipython ipython3 pycon".split())
#: Magics of IPython under which code of other languages runs in a cell.
_MAGICS = {
    "%%bash": "bash sh shell zsh", "%%html": "html", "%%javascript": "js javascript", "%%latex": "latex tex", "%%perl": "perl",
    "%%ruby": "ruby", "%%svg": "svg",
}  # fmt: skip
_FENCED = re.compile(r"\s*(`{3,}|~{3,})(?:json)?[ \t]*\n(?P<inside>.*)\n\1\s*", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """A reply in the form in which it is shown.

    It is text, its language (None for Markdown), and code for a new cell.
    """

    text: str
    language: str | None = None
    cell: str | None = None


#: The language in which a reply is shown while it grows, and the forms that it gets at its end alone.
GROWING = {"text": "", "json": "json"}
RESHAPED = ("json", "code")


def shown(reply: Reply, form: str) -> Shown:
    """Return a whole reply in a form. Raises ReplyError where it can't have it."""
    if form == "markdown":
        return Shown(reply.markdown)
    texts = [choice.text for choice in reply.choices]
    if form == "text":
        return Shown("\n\n".join(texts), "")
    if form == "json":
        return Shown("\n\n".join(_pretty(text, reply) for text in texts), "json")
    language, code = _code(reply)
    return Shown(code, language, code)


def _pretty(text: str, reply: Reply) -> str:
    """JSON with one value a line; the fence that models like to put around it is taken off."""
    fenced = _FENCED.fullmatch(text)
    try:
        value = strict_json(fenced["inside"] if fenced else text)
    except (ValueError, RecursionError) as error:
        cut = reply.finish_reason == "length"
        raise ReplyError(
            f"The reply is no JSON: {error}.",
            "It was cut at the token limit." if cut else "A model writes JSON for sure only where a schema makes it.",
            "--max-tokens COUNT" if cut else "%%chat --schema 'name, age int' -f json",
            reply=reply,
        ) from None
    return json.dumps(value, indent=2, ensure_ascii=False)


def _code(reply: Reply) -> tuple[str, str]:
    """The code of a reply, and its language.

    It is all blocks of Python, else all in the language of the longest one.
    """
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(reply.text)
    fences = [token for token in tokens if token.type == "fence" and token.content.strip()]
    blocks = [((token.info.split() or [""])[0].lower(), token.content.rstrip("\n")) for token in fences]
    if not blocks:
        raise ReplyError(
            "The reply holds no code.",
            "Code is what stands between lines of ``` in it.",
            "Ask for it in the prompt: Answer with a block of Python code.",
            reply=reply,
        )
    language = max(blocks, key=lambda block: len(block[1]))[0]
    names = _PYTHON if any(name in _PYTHON for name, _ in blocks) else {language}
    code = visible("\n\n".join(text for name, text in blocks if name in names))
    if names is _PYTHON:
        return "python", code
    magic = next((magic for magic, named in _MAGICS.items() if language in named.split()), None)
    return language, f"{magic}\n{code}" if magic else code
