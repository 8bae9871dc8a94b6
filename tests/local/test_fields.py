"""Fields of a body: each is read as what it has to be, or refused with its name in the error."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.local.azure_errors import AzureError
from aoai_magic.local.fields import Fields

SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
Reader = Callable[[Fields], Any]
READERS: dict[str, tuple[Reader, Callable[[Any], bool], Any]] = {
    "boolean": (lambda body: body.boolean("a"), lambda value: isinstance(value, bool), False),
    "text": (lambda body: body.text("a", longest=5), lambda value: isinstance(value, str) and len(value) <= 5, ""),
    "choice": (lambda body: body.choice("a", ["x", "y"], "x"), lambda value: value in ("x", "y"), "x"),
    "integer": (
        lambda body: body.integer("a", 1, least=-3, most=3),
        lambda value: isinstance(value, int) and not isinstance(value, bool) and -3 <= value <= 3,
        1,
    ),
    "decimal": (
        lambda body: body.decimal("a", 0.5, least=0, most=2),
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 2,
        0.5,
    ),
    "array": (
        lambda body: body.array("a", least=1, most=2),
        lambda value: isinstance(value, list) and 1 <= len(value) <= 2,
        [],
    ),
    "object": (lambda body: body.object("a").values(), lambda value: isinstance(value, dict), {}),
    "objects": (
        lambda body: [one.values() for one in body.objects("a")],
        lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
        [],
    ),
    "strings": (
        lambda body: body.strings("a"),
        lambda value: isinstance(value, dict) and all(isinstance(one, str) for one in value.values()),
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@given(value=JSON)
def test_a_field_is_what_it_has_to_be_or_is_refused(name: str, value: Any) -> None:
    reader, fits, default = READERS[name]
    try:
        read = reader(Fields({"a": value}))
    except AzureError as error:
        assert value is not None
        assert not fits(value)
        assert error.status == 400
        assert error.error["type"] == "invalid_request_error"
        assert error.error["param"].startswith("a")
        assert error.error["code"]
        json.dumps(error.error)
    else:
        assert read == (default if value is None else value)
        assert value is None or fits(value)


@pytest.mark.parametrize("name", READERS)
def test_null_is_as_good_as_absent(name: str) -> None:
    reader, _, default = READERS[name]
    assert reader(Fields({})) == reader(Fields({"a": None})) == default


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_no_number_is_is_out_of_range(value: float) -> None:
    with pytest.raises(AzureError):
        Fields({"a": value}).decimal("a", 1, least=0, most=2)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("hot", "Invalid type for 'b.a': expected an integer, but got a string instead."),
        (1.5, "Invalid type for 'b.a': expected an integer, but got a decimal instead."),
        (True, "Invalid type for 'b.a': expected an integer, but got a boolean instead."),
        ([], "Invalid type for 'b.a': expected an integer, but got an array instead."),
        (0, "Invalid 'b.a': integer below minimum value. Expected a value >= 1, but got 0 instead."),
        (9, "Invalid 'b.a': integer above maximum value. Expected a value <= 8, but got 9 instead."),
    ],
)
def test_the_words_are_those_of_the_service(value: Any, words: str) -> None:
    with pytest.raises(AzureError) as refused:
        Fields({"b": {"a": value}}).object("b").integer("a", least=1, most=8)
    assert refused.value.error["message"] == words
    assert refused.value.error["param"] == "b.a"


def test_a_path_leads_through_lists() -> None:
    body = Fields({"tools": [{"function": {}}, {"function": {"name": 7}}]})
    with pytest.raises(AzureError) as refused:
        body.objects("tools")[1].object("function").text("name")
    assert refused.value.error["param"] == "tools[1].function.name"


def test_the_options_are_listed_as_in_a_sentence() -> None:
    for options, words in ((["x"], "'x'."), (["x", "y"], "'x' and 'y'."), (["x", "y", "z"], "'x', 'y', and 'z'.")):
        with pytest.raises(AzureError) as refused:
            Fields({"a": "q"}).choice("a", options, "x")
        assert refused.value.error["message"] == f"Invalid value: 'q'. Supported values are: {words}"


def test_unknown_fields_are_refused_in_the_words_of_the_apis_age() -> None:
    body = Fields({"a": 1, "b": None})
    body.refuse_unknown({"a", "b"})
    with pytest.raises(AzureError) as older:
        body.refuse_unknown({"a"})
    assert older.value.error["message"] == "Unrecognized request argument supplied: b"
    with pytest.raises(AzureError) as newer:
        body.refuse_unknown({"a"}, newer=True)
    assert (newer.value.error["param"], newer.value.error["code"]) == ("b", "unknown_parameter")


@given(st.text(max_size=5))
def test_what_is_required_has_to_be_there(name: str) -> None:
    assert Fields({name: 0}).required(name) == 0
    with pytest.raises(AzureError) as refused:
        Fields({name: None}).required(name)
    assert refused.value.error["code"] == "missing_required_parameter"
