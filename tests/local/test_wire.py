"""JSON as it comes in and goes out."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.local.wire import JSONResponse, read, written

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_what_is_written_reads_as_it_was(value: Any) -> None:
    assert json.loads(written(value)) == value
    assert read(written(value)) == value
    assert JSONResponse(value).body == written(value)


@given(st.binary())
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        value = read(text)
    except ValueError:
        return
    assert json.loads(text) == value


@pytest.mark.parametrize(
    "text",
    [
        b"NaN",
        b"-Infinity",
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b"[" * 100_000,
        b"9" * 5_000,
        b"",
        b"{} {}",
        b"\xff\xfe{\x00}\x00",
    ],
)
def test_what_could_not_be_sent_back_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="at line 1"):
        read(text)


def test_a_number_without_end_becomes_null() -> None:
    assert read(b"1e999") == math.inf
    assert written([math.inf, math.nan]) == b"[null,null]"
