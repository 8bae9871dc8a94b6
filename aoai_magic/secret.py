"""A key or token in memory, which shows itself nowhere."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from .errors import SettingsError

#: What signs an address: Azure's shared access signatures, S3's, Google's and CloudFront's.
SIGNED = re.compile(r"[?&](?:sig|x-amz-signature|x-goog-signature|signature)=", re.IGNORECASE)
_SIGNATURE = re.compile(rf"({SIGNED.pattern})[\w%.~+/=-]+", re.IGNORECASE)

#: What stands where a key was.
HIDDEN = "•••"


def unsigned(value: Any) -> Any:
    """Return a text, or texts in lists and dicts, as they may be shown: without signatures of addresses.

    Whoever has one may open the file that it is for.

    >>> unsigned(["https://x.blob.core.windows.net/a/cat.png?size=2&sig=abc%3D&sv=1"])
    ['https://x.blob.core.windows.net/a/cat.png?size=2&sig=SIGNATURE&sv=1']
    """
    match value:
        case str() if _SIGNATURE.search(value):
            return _SIGNATURE.sub(r"\1SIGNATURE", value)
        case dict():
            return {name: unsigned(one) for name, one in value.items()}
        case list():
            return [unsigned(one) for one in value]
    return value


class Secret:
    """A key or token: no repr, `vars`, copy or pickle has its text; `reveal()` does.

    `source` says in words where it came from. White space around it, as of a file's last line, is no part of it. Raises
    SettingsError for what can be no key: HTTP's own errors would repeat it.

    >>> Secret("sekret", "TEAM_KEY")
    •••
    """

    __slots__ = ("__text",)

    def __init__(self, text: str, source: str) -> None:
        self.__text = text.strip()
        if not (self.__text.isascii() and self.__text.isprintable()) or " " in self.__text:
            raise SettingsError(
                f"What {source} holds is no key.",
                "It has a space, a line break or a letter in it that no key has.",
                "Copy it once more, without what stands around it.",
            )

    def reveal(self) -> str:
        """The text itself, for the request that it goes into."""
        return self.__text

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return self.__text == (other.__text if isinstance(other, Secret) else other)

    def __hash__(self) -> int:
        return hash(self.__text)

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A connection with a key isn't pickled: whoever got the file would have the key. Connect anew.")
