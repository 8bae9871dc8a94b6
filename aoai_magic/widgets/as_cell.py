"""A prompt of a chat panel as the cell that sends the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_OPTIONS = {
    "temperature": "-t",
    "top_p": "--top-p",
    "max_tokens": "--max-tokens",
    "effort": "--effort",
    "verbosity": "--verbosity",
}
# What a message can't hold where `--roles` begins one at the start of a line, and drops blank lines at its end.
_NOT_BY_ROLES = re.compile(r"^(system|user|assistant):|\n[ \t]*\Z|\A\s*\Z|\A[ \t\r\n]", re.MULTILINE)


def as_cell(deployment: str, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> str:
    """Return the cell that sends these messages.

    It is %%chat, with `--roles` for several; what that can't say is in Python. `options` are temperature and the like,
    as `aoai.chat` has them.

    >>> print(as_cell("gpt-4o", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}], {"temperature": 0}))
    %%chat gpt-4o -t 0 -s "Be brief."
    Hi
    """
    name = _word(deployment)
    texts = [(message["role"], message["content"]) for message in messages]
    if name is None or not all(isinstance(text, str) for _, text in texts):
        return _in_python(deployment, messages, options)
    words = ["%%chat", name]
    for option, value in options.items():
        words += [_OPTIONS[option], f"{value:g}" if isinstance(value, float) else str(value)]
    if any(mark in text for _, text in texts for mark in ("{{", "{%")):
        words.append("--raw")
    if texts[0][0] == "system" and len(texts) == 2 and (system := _word(texts[0][1])) is not None:
        words += ["-s", system]
        texts = texts[1:]
    if len(texts) == 1:
        return f"{' '.join(words)}\n{texts[0][1]}"
    if any(_NOT_BY_ROLES.search(text) for _, text in texts):
        return _in_python(deployment, messages, options)
    return "\n".join([" ".join([*words, "--roles"]), *(f"{role}: {text}" for role, text in texts)])


def _word(text: str) -> str | None:
    """Return a text as a word of a magic's line, or None where it can't be one.

    On that line nothing escapes a quote, and a word may be taken for an option or a file.
    """
    if text != text.strip() or "\n" in text or "\r" in text or text[:1] in ("-", "@"):
        return None
    if re.fullmatch(r"[\w./:][\w./:-]*", text):
        return text
    return next((f"{mark}{text}{mark}" for mark in "\"'" if mark not in text), None)


def _in_python(deployment: str, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> str:
    told = "".join(f"        {dict(message)!r},\n" for message in messages)
    given = "".join(f"    {name}={value!r},\n" for name, value in {"deployment": deployment, **options}.items())
    return f"import aoai_magic as aoai\n\naoai.chat(\n    [\n{told}    ],\n{given})"
