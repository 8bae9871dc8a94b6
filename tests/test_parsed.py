"""Answers read in the shape that they were asked for in: validated, or an error that keeps the text."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic import errors
from aoai_magic.errors import OptionError, SchemaError
from aoai_magic.schema import reader


class Pet(pydantic.BaseModel):
    name: str
    born: datetime.date


def last() -> Any:
    assert aoai.last is not None
    return aoai.last


def answering(cloud: Any, text: str | None, finish: str = "stop", **more: Any) -> None:
    """Let the cloud answer with that text."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **more}, "finish_reason": finish}
    cloud.answer(200, {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]})
    aoai.connect(f"{cloud.url}/v1", deployment="m")


def test_fields_in_words_give_a_dict(run: Any) -> None:
    run("%%chat -q --schema 'name, age int, mood good|bad, tags list[str], seen date'\nA pet.")
    assert last().parsed == {"name": "", "age": 0, "mood": "good", "tags": [], "seen": "2026-01-01"}
    assert last()[0].parsed is last().parsed


def test_a_list_of_fields_gives_a_table(cloud: Any) -> None:
    answering(cloud, '{"items": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 1}]}')
    table = aoai.chat("People.", schema="[name, age int]").parsed
    assert table.to_dict("list") == {"name": ["Ada", "Bob"], "age": [36, 1]}
    assert table["age"].dtype.kind == "i"


def test_a_list_is_shown_as_a_table_and_anything_else_as_json(run: Any, cloud: Any) -> None:
    answering(cloud, '{"items": [{"name": "**Mia** <b>", "price": 4}, {"name": "Tom", "price": 11}]}')
    printed = run("%%chat --schema '[name, price int]'\nCats?")
    assert printed.startswith("name         price\n**Mia** <b>      4\nTom             11\n\n")
    assert ">**Mia** &lt;b&gt;</td>" in last().bundle()["text/html"]


@pytest.mark.parametrize(
    ("name", "shown"), [("**Mia**", '{"name": "**Mia**"}\n'), ("Mia" * 40, '{\n  "name": "MiaMia')]
)
def test_an_answer_of_one_object_is_shown_as_json(run: Any, cloud: Any, name: str, shown: str) -> None:
    answering(cloud, json.dumps({"name": name}, separators=(",", ":")))
    assert run("%%chat --schema name\nA cat?").startswith(shown)
    assert '<pre><code class="language-json">' in last().bundle()["text/html"]


def test_an_empty_list_has_its_columns(run: Any) -> None:
    run("%%chat -q --schema '[name, age int]'\nNobody.")
    assert (list(last().parsed), len(last().parsed)) == (["name", "age"], 0)


def test_a_pydantic_class_gives_its_instance(run: Any, shell: Any) -> None:
    shell.user_ns["Pet"] = Pet
    run("%%chat -q --schema Pet -o pet\nA pet.")
    assert shell.user_ns["pet"].parsed == Pet(name="", born=datetime.date(2026, 1, 1))


@pytest.mark.parametrize("as_text", [False, True])
def test_a_json_schema_gives_what_json_has(as_text: bool) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    assert aoai.chat("hi", schema=json.dumps(schema) if as_text else schema).parsed == {"n": 3}


def test_without_a_schema_nothing_is_parsed() -> None:
    assert aoai.chat("{}").parsed is None


def test_every_answer_of_several_is_parsed() -> None:
    reply = aoai.chat("A pet.", schema="name", n=2)
    assert [choice.parsed for choice in reply] == [{"name": ""}] * 2


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_either_api_holds_to_it(api: Any) -> None:
    assert aoai.chat("A pet.", schema="name, age int", api=api).parsed == {"name": "", "age": 0}


WRONG = [
    ("name, age int", '{"name": "Ada"}', '"age" is a required property'),
    ("name, age int", '{"name": "Ada", "age": "old"}', 'age: "old" is not of type "integer"'),
    ("name", '{"name": "Ada", "more": 1}', "Additional properties are not allowed"),
    ("mood good|bad", '{"mood": "meh"}', "mood: "),
    ("seen date", '{"seen": "yesterday"}', 'seen: "yesterday" is not a "date"'),
    ("[name]", '{"items": [{"name": "Ada"}, {"name": 1}]}', "items[1].name: 1 is not of type"),
    ("name", "Ada", "Expecting value"),
    ("age float", '{"age": NaN}', "NaN is no number of JSON"),
    ("name", "[" * 100_000, "recursion"),
    (Pet, '{"name": "Rex", "born": "long ago"}', "born: Input should be a valid date"),
    (Pet, '{"name": "Rex"', "Invalid JSON"),
]


@pytest.mark.parametrize(("schema", "text", "why"), WRONG)
def test_another_shape_is_an_error_that_keeps_the_text(cloud: Any, schema: Any, text: str, why: str) -> None:
    answering(cloud, text)
    with pytest.raises(SchemaError) as caught:
        aoai.chat("hi", schema=schema)
    assert why in caught.value.what
    assert caught.value.what.startswith("The answer hasn't the shape that was asked for: ")
    assert len(str(caught.value).splitlines()) == 3
    assert caught.value.reply is aoai.last
    assert last().text == text
    assert last().parsed is None


def test_the_cell_shows_the_text_keeps_the_reply_and_fails(run: Any, shell: Any, cloud: Any) -> None:
    answering(cloud, '{"name": 7}')
    with pytest.raises(SchemaError) as caught:
        run("%%chat --schema name -o x\nhi")
    assert caught.value.shown.startswith('{"name": 7}\n\nm\n')  # type: ignore[attr-defined]
    assert shell.user_ns["x"] is shell.user_ns["_"] is caught.value.reply


def test_a_cut_answer_says_what_to_raise(run: Any) -> None:
    with pytest.raises(SchemaError, match="cut at the token limit") as caught:
        run("%%chat --max-tokens 2 --schema 'name, age int'\nA pet.")
    assert caught.value.fix.startswith("Raise --max-tokens.")
    assert last().text == '{"name'


def test_an_answer_that_went_into_reasoning_says_so(run: Any) -> None:
    with pytest.raises(SchemaError) as caught:
        run("%%chat gpt-5 --effort medium --max-tokens 64 --schema name\nA pet.")
    assert "64 tokens went into reasoning" in caught.value.why


def test_a_refusal_has_no_shape(cloud: Any) -> None:
    answering(cloud, None, refusal="I can't help with that.")
    with pytest.raises(SchemaError, match=r"The answer is a refusal: I can't help with that\."):
        aoai.chat("hi", schema="name")


def test_what_the_filter_cut_has_none_either(cloud: Any) -> None:
    answering(cloud, '{"na', "content_filter")
    with pytest.raises(SchemaError, match="cut by the content filter"):
        aoai.chat("hi", schema="name")


def test_of_several_the_wrong_one_is_named(cloud: Any) -> None:
    answers = [
        {"index": at, "message": {"content": text}, "finish_reason": "stop"}
        for at, text in enumerate(['{"name": "Ada"}', "Bob"])
    ]
    cloud.answer(200, {"model": "m", "choices": answers})
    aoai.connect(f"{cloud.url}/v1", deployment="m")
    with pytest.raises(SchemaError, match=r"^Answer 2 of 2 hasn't"):
        aoai.chat("hi", schema="name", n=2)
    assert last()[0].parsed == {"name": "Ada"}


def test_a_call_of_a_tool_is_no_answer_yet() -> None:
    tool = {
        "type": "function",
        "function": {"name": "look", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
    }
    reply = aoai.chat("look", tools=[tool], schema="name", tool_choice="required")
    assert reply.finish_reason == "tool_calls"
    assert reply.parsed is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"type": "object", "properties": 7},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/nope"}}},
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}},
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
    ],
)
def test_what_is_no_schema_is_refused_before_anything_is_sent(cloud: Any, schema: Any) -> None:
    answering(cloud, "{}")
    with pytest.raises(OptionError, match="isn't one"):
        aoai.chat("hi", schema=schema)
    assert cloud.asked == []


def test_a_schema_with_definitions_of_its_own_is_followed() -> None:
    class Home(pydantic.BaseModel):
        pets: list[Pet]

    read = reader(Home.model_json_schema())
    assert read('{"pets": [{"name": "Rex", "born": "2020-01-01"}]}')["pets"][0]["name"] == "Rex"
    with pytest.raises(ValueError, match=r"pets\[0\].born"):
        read('{"pets": [{"name": "Rex", "born": "long ago"}]}')


def test_an_answer_of_another_shape_joins_no_conversation(run: Any, cloud: Any) -> None:
    answering(cloud, "no JSON")
    with pytest.raises(errors.ReplyError):
        run("%%chat -c --schema name\nhi")
    run("%%chat -c\nand?")
    assert [one["content"] for one in cloud.asked[-1].json["messages"]] == ["and?"]


VALUES = {"str": st.text(), "int": st.integers(-(2**53), 2**53), "float": st.floats(allow_nan=False, allow_infinity=False), "bool": st.booleans(), "date": st.dates().map(str), "list[int]": st.lists(st.integers(0, 9)), "a|b": st.sampled_from(["a", "b"])}  # fmt: skip
FIELDS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), st.sampled_from(sorted(VALUES)), min_size=1, max_size=6
)


@given(FIELDS, st.data(), st.booleans())
def test_whatever_has_the_shape_comes_back_as_it_was(fields: dict[str, str], data: Any, escaped: bool) -> None:
    words = ", ".join(f"{name} {kind}" for name, kind in fields.items())
    rows = [{name: data.draw(VALUES[kind]) for name, kind in fields.items()} for _ in range(2)]
    assert reader(words)(json.dumps(rows[0], ensure_ascii=escaped)) == rows[0]
    table = reader(f"[{words}]")(json.dumps({"items": rows}, ensure_ascii=escaped))
    assert table.to_dict("records") == rows


@given(
    FIELDS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)
def test_anything_else_is_refused_with_a_reason_in_a_line(fields: dict[str, str], value: Any) -> None:
    read = reader(", ".join(f"{name} {kind}" for name, kind in fields.items()))
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the reason is in the schema library's words
        read(json.dumps(value))
    assert 0 < len(str(caught.value)) <= 200
