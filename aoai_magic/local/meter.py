"""A growing reply measured in the deployment's own tokens, which are not the engine's."""

from __future__ import annotations

from .. import tokens


class Meter:
    """Says whether the next piece of a reply still fits `limit` tokens of `model`.

    A text's tokens can't exceed its bytes, so an exact count is made only when the bytes since the last one could
    have used up what was left: about 40 counts for a reply of any length, where one a piece would be quadratic.

    >>> meter = Meter(2, "gpt-4o")
    >>> meter.fits("pear"), meter.fits(" pear"), meter.fits(" tree")
    (True, True, False)
    """

    def __init__(self, limit: int, model: str) -> None:
        self._limit, self._model = limit, model
        self._text = ""
        self._most = 0  # an upper bound of the text's tokens

    def fits(self, piece: str) -> bool:
        """Whether the reply with `piece` is within the limit; if it is, the piece is now part of the reply."""
        most = self._most + len(piece.encode("utf-8", "surrogatepass"))
        if most > self._limit:
            most = tokens.count(self._text + piece, self._model)
            if most > self._limit:
                return False
        self._text += piece
        self._most = most
        return True

    def cut(self, piece: str) -> str:
        """The beginning of a piece that didn't fit which still does."""
        return tokens.head(self._text + piece, self._limit, self._model)[len(self._text) :]
