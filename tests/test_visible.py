from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.visible import visible

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


def test_plain_text_is_left_as_it_is() -> None:
    for text in ("", "Hello, world!", "tab\tand\nnewline", "日本語", "naïve", "نیم‌فاصله", "👩‍👩‍👧 ❤️"):
        assert visible(text) == text


def test_escape_sequences_become_pictures() -> None:
    assert visible("\x1b[31mred\x07") == "␛[31mred␇"
    assert visible("\x7f") == "␡"
    assert visible("\x9b31m") == "⟨U+009B⟩31m"


def test_bidi_overrides_and_tag_characters_are_named() -> None:
    assert visible("a\u202eb") == "a⟨U+202E⟩b"
    assert visible("a\U000e0041") == "a⟨U+E0041⟩"


def test_windows_line_ends_become_newlines_where_something_is_replaced() -> None:
    assert visible("a\r\nb") == "a\nb"
    assert visible("a\rb") == "a␍b"


@given(ANYTHING)
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    shown.encode()  # no lone surrogate
    for character in shown:
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Zl", "Zp", "Cs")


@given(ANYTHING)
def test_showing_twice_changes_nothing_more(text: str) -> None:
    assert visible(visible(text)) == visible(text)
