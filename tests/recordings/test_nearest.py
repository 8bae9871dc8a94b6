"""What is said of a request that isn't recorded: the nearest one, what differs, and what to type next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.recordings import nearest
from aoai_magic.recordings.canonical import canonical, digest
from aoai_magic.recordings.nearest import differences, missing
from aoai_magic.recordings.store import Store

from .making import recording

CAPITAL = "Which city is the capital of France? Answer with the name alone, and nothing before or after it."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "people": {"type": "integer"}}}
PICTURE = "data:image/png;base64,"


def asked(text: Any = CAPITAL, **more: Any) -> dict[str, Any]:
    fields = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "temperature": 0} | more
    return canonical({name: value for name, value in fields.items() if value is not None})


def schema(**properties: str) -> dict[str, Any]:
    fields = {name: {"type": kind} for name, kind in properties.items()}
    shape = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": shape}}


def picture(url: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]


def kept(folder: Path, *requests: dict[str, Any], operation: str = "chat/completions") -> Store:
    store = Store(folder / "recordings")
    for request in requests:
        store.add(recording(operation=operation, request=request, hash=digest(operation, request)))
    return store


def told(tmp_path: Path, recorded: dict[str, Any], now: dict[str, Any], *others: dict[str, Any]) -> str:
    """What differs, as it is told; others are recorded, too."""
    error = missing("chat/completions", now, kept(tmp_path, *others, recorded))
    head, *lines = error.why.splitlines()
    name = digest("chat/completions", recorded)[:8]
    assert f"({name}). It differs in" in head
    assert f"%aoai recordings --show {name}" in error.fix
    assert "%aoai record sends" in error.fix
    return "\n".join(lines)


def test_a_word_of_the_prompt_is_shown_with_what_stands_around_it(tmp_path: Path) -> None:
    found = told(tmp_path, asked(), asked(CAPITAL.replace("France", "Spain")), asked("How are you?"))
    assert found == (
        "  user message:\n"
        '    recorded "…city is the capital of France? Answer with the name…"\n'
        '    asked    "…city is the capital of Spain? Answer with the name…"'
    )


def test_the_nearest_is_named_by_the_first_words_of_its_prompt(tmp_path: Path) -> None:
    error = missing("chat/completions", asked(temperature=1), kept(tmp_path, asked()))
    assert error.why.startswith('The nearest is "Which city is the capital of France? Answer with …" (')


def test_another_temperature(tmp_path: Path) -> None:
    assert told(tmp_path, asked(), asked(temperature=0.7)) == "  temperature: 0 recorded, 0.7 asked"
    assert told(tmp_path, asked(), asked(temperature=None)) == "  temperature: 0 recorded, nothing asked"


def test_another_deployment(tmp_path: Path) -> None:
    found = told(tmp_path, asked(), asked(model="gpt-4o-mini"), asked("Which city is the capital of Peru?"))
    assert found == '  deployment: "gpt-4o" recorded, "gpt-4o-mini" asked'


def test_another_schema(tmp_path: Path) -> None:
    recorded = asked(response_format=schema(city="string", people="integer"))
    assert told(tmp_path, recorded, asked(response_format=schema(city="string", count="integer"))) == (
        "  schema, people: integer recorded, nothing asked\n  schema, count: nothing recorded, integer asked"
    )
    assert told(tmp_path, recorded, asked(response_format=schema(city="string", people="number"))) == (
        '  schema, people: "integer" recorded, "number" asked'
    )


def test_another_picture(tmp_path: Path) -> None:
    found = told(tmp_path, asked(picture("data:image/gif;base64,R0lG")), asked(picture("data:image/gif;base64,R0lH")))
    assert found == (
        "  user message, picture:\n"
        '    recorded "application/octet-stream 76c664ef"\n'
        '    asked    "application/octet-stream c3b03fed"'
    )


def test_another_system_message_another_turn_another_tool(tmp_path: Path) -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello, I am Ada."}]
    more = [*turns, {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "Who am I?"}]
    kinder = [{"role": "system", "content": "Be kind."}, *turns[1:]]
    tool = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
    assert told(tmp_path, asked(messages=turns), asked(messages=kinder)) == (
        '  system message: "Be brief." recorded, "Be kind." asked'
    )
    assert told(tmp_path, asked(messages=turns), asked(messages=more)) == (
        '  assistant message: nothing recorded, "Hello!" asked\n  user message 2: nothing recorded, "Who am I?" asked'
    )
    found = told(tmp_path, asked("Rain?", tools=[tool]), asked("Rain?"), asked("Hm?"))
    assert found.startswith('  tool weather:\n    recorded {"function"')


def test_what_looks_the_same_is_written_so_that_it_does_not(tmp_path: Path) -> None:
    assert told(tmp_path, asked("caf\u00e9"), asked("cafe\u0301")) == (
        '  user message: "caf\\u00e9" recorded, "cafe\\u0301" asked'
    )
    assert told(tmp_path, asked("Hello"), asked("Hello\n")) == '  user message: "Hello" recorded, "Hello\\n" asked'


def test_what_differs_in_much_is_no_flood(tmp_path: Path) -> None:
    more = {f"field_{number}": "x" * 500 for number in range(20)}
    found = told(tmp_path, asked("a" * 3000), asked("b" * 3000, **more))
    assert len(found) < 1500
    assert found.endswith("and 16 more")


def test_where_none_is_near_it_is_said_what_there_is(tmp_path: Path) -> None:
    error = missing("responses", {"input": "hi"}, kept(tmp_path, asked(), asked("hi")))
    assert error.why == "None of this kind is, but 2 of chat/completions."
    error = missing("responses", {"input": "hi"}, Store(tmp_path / "elsewhere"))
    assert "no such folder" in error.why
    assert "%aoai replay FOLDER" in error.fix


def test_of_equally_near_ones_it_is_the_same_in_any_order(tmp_path: Path) -> None:
    near = [asked(f"Which city is the capital of {name}?") for name in ("Peru", "Chile", "Cuba")]
    found = {
        missing("chat/completions", asked("Which city is the capital of Mali?"), kept(tmp_path / str(at), *order)).why
        for at, order in enumerate((near, near[::-1], near[1:] + near[:1]))
    }
    assert len(found) == 1


def test_one_that_is_recorded_and_damaged_is_told_apart(tmp_path: Path) -> None:
    error = missing("chat/completions", asked(), kept(tmp_path, asked()))
    assert "can't be used" in error.why
    assert "--verify" in error.fix


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
requests = st.dictionaries(
    st.sampled_from(["model", "messages", "input", "tools", "response_format", "prompt", "stop"]), values
)


@given(one=requests, other=requests)
def test_requests_that_differ_are_told_to_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    one, other = canonical(one), canonical(other)
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (differences(one, other) == []) is same
    for found in differences(one, other):
        assert nearest._told(*found)


@given(one=st.text(), other=st.text(), around=st.text())
def test_texts_that_differ_are_shown_to_differ(one: str, other: str, around: str) -> None:
    found = nearest._where(around + one + around, around + other + around)
    assert (found[0] == found[1]) is (one == other)


@pytest.mark.parametrize("part", [{"type": "file", "file": {"file_id": "f"}}, {"type": "input_audio"}, "text"])
def test_whatever_is_in_a_message_is_compared(part: Any) -> None:
    assert differences(asked([part]), asked([])) != []
