from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import tokens
from aoai_magic.errors import SettingsError


# Facts, 5.6: 1 token for 100 ms of the user, 1 for 50 ms of the assistant.
@pytest.mark.parametrize(
    ("seconds", "user", "assistant"),
    [(0, 0, 0), (0.1, 1, 2), (0.05, 1, 1), (0.3, 3, 6), (1, 10, 20), (2.01, 21, 41), (60, 600, 1200)],
)
def test_audio_is_counted_by_its_length(seconds: float, user: int, assistant: int) -> None:
    assert tokens.count_audio(seconds) == user
    assert tokens.count_audio(seconds, "assistant") == assistant


@given(st.integers(0, 10**9))
def test_tenths_of_a_second_are_exact(tenths: int) -> None:
    assert tokens.count_audio(tenths / 10) == tenths


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf])
def test_a_length_that_is_none_is_an_error(seconds: float) -> None:
    with pytest.raises(SettingsError):
        tokens.count_audio(seconds)


def test_a_role_without_a_voice_is_an_error() -> None:
    with pytest.raises(SettingsError):
        tokens.count_audio(1, "system")
