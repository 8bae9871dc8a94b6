from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import tokens
from aoai_magic.local.meter import Meter

PIECES = st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8), max_size=40)


def metered(pieces: list[str], limit: int) -> tuple[str, bool]:
    meter, text = Meter(limit, "gpt-4o"), ""
    for piece in pieces:
        if not meter.fits(piece):
            return text + meter.cut(piece), True
        text += piece
    return text, False


@given(PIECES, st.integers(1, 30))
def test_what_passes_is_a_beginning_within_the_limit(pieces: list[str], limit: int) -> None:
    text, cut = metered(pieces, limit)
    whole = "".join(pieces)
    assert whole.startswith(text)
    assert tokens.count(text) <= limit
    assert cut == (text != whole) or tokens.count(whole) > limit


@given(PIECES)
def test_what_fits_passes_whole(pieces: list[str]) -> None:
    whole = "".join(pieces)
    most = max((tokens.count("".join(pieces[:end])) for end in range(len(pieces) + 1)), default=0)
    assert metered(pieces, max(1, most)) == (whole, False)


def test_a_long_reply_is_counted_only_now_and_then(monkeypatch: object) -> None:
    counted = []
    real = tokens.count
    tokens_module = __import__("aoai_magic.local.meter", fromlist=["tokens"]).tokens
    original = tokens_module.count
    tokens_module.count = lambda text, model: counted.append(len(text)) or real(text, model)
    try:
        assert metered([" word"] * 5000, 4000) == (" word" * 4000, True)
    finally:
        tokens_module.count = original
    assert len(counted) < 100
