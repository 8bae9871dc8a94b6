"""Text of strangers made visible: no character in it can steer a terminal or hide from the eye.

C0 and C1 controls and DEL move the cursor, set titles and start escape sequences; bidi marks and overrides show words in
another order than the one they have; zero-width and tag characters carry text that nobody sees (prompt injection by
"ASCII smuggling"); lone surrogates can't be encoded at all.
"""

from __future__ import annotations

import json
import re

#: What is replaced. Kept are newline, tab, and the joiners U+200C and U+200D, which Persian, Indic scripts and emoji need.
HIDDEN = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Return text with every control, bidi and invisible character replaced by a visible sign.

    C0 controls become control pictures (ESC is ␛), all others their code point (⟨U+202E⟩). Newlines and tabs
    stay; CRLF becomes a newline. The result has no character that a terminal obeys, and can be encoded as UTF-8.

    >>> visible("safe\\x1b[2J")
    'safe␛[2J'
    """
    if re.search(HIDDEN, text) is None:
        return text
    return re.sub(HIDDEN, _sign, text.replace("\r\n", "\n"))


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\u27e8U+{code:04X}\u27e9"


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, with … at its end where it was cut.

    >>> shortened("antidisestablishmentarianism", 8)
    'antidis…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def escaped(written: str) -> str:
    """Return JSON text with the same characters escaped, as JSON does it.

    It means the same, and can be read in a terminal.

    >>> escaped('"\\u202e"')
    '"\\\\u202e"'
    """
    return re.sub(HIDDEN, lambda match: json.dumps(match[0])[1:-1], written)
