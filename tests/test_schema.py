"""The shape of an answer, in words, as a JSON schema, as a pydantic class."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic.errors import OptionError
from aoai_magic.schema import response_format


def shape(schema: object) -> Any:
    return response_format(schema)["json_schema"]["schema"]


def test_fields_in_words() -> None:
    assert shape("name, age int, tags list[str], mood good|bad, seen date") == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "mood": {"type": "string", "enum": ["good", "bad"]},
            "seen": {"type": "string", "format": "date"},
        },
        "required": ["name", "age", "tags", "mood", "seen"],
        "additionalProperties": False,
    }


def test_a_list_of_objects_in_brackets() -> None:
    items = shape("[name, age int]")["properties"]["items"]
    assert items["type"] == "array"
    assert list(items["items"]["properties"]) == ["name", "age"]


def test_a_pydantic_class_becomes_strict() -> None:
    class Pet(pydantic.BaseModel):
        name: str
        legs: int = 4

    found = response_format(Pet)["json_schema"]
    assert found["name"] == "Pet"
    assert found["strict"] is True
    assert found["schema"]["required"] == ["name", "legs"]
    assert found["schema"]["additionalProperties"] is False
    assert "default" not in json.dumps(found)


def test_a_json_schema_may_be_text() -> None:
    wanted = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert shape(json.dumps(wanted)) == shape(wanted)


@pytest.mark.parametrize("schema", ["", "name,", "age whole", "1a", "a, a", "{broken", "list[int", 7, "a list[b]"])
def test_what_is_no_schema_is_refused_with_an_example(schema: Any) -> None:
    with pytest.raises(OptionError) as caught:
        response_format(schema)
    assert "--schema" in caught.value.fix


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), min_size=1, max_size=8, unique=True), st.data())
def test_fields_come_back_in_order_with_their_types(names: list[str], data: Any) -> None:
    types = [data.draw(st.sampled_from(["str", "int", "float", "bool", "list[int]", "a|b"])) for _ in names]
    found = shape(", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True)))
    assert list(found["properties"]) == names


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_schema_or_refused(text: str) -> None:
    with contextlib.suppress(OptionError):
        assert shape(text)["type"]


def test_an_answer_has_the_shape_that_was_asked_for() -> None:
    reply = aoai.chat("A pet.", schema="name, age int, mood good|bad")
    assert reply.json == {"name": "", "age": 0, "mood": "good"}


def test_a_variable_of_the_notebook_may_be_the_schema(run: Any, shell: Any) -> None:
    run("import pydantic\nclass Pet(pydantic.BaseModel):\n    name: str\n    legs: int")
    run("%%chat --schema Pet -q -o x\nA pet.")
    assert shell.user_ns["x"].json == {"name": "", "legs": 0}
