"""The messages of a request: who may say what after whom, and pictures of which kind, size and number."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aoai_magic.local import talk
from aoai_magic.local.azure_errors import AzureError
from aoai_magic.local.fields import Fields

CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
ASSISTANT = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
USER = {"role": "user", "content": "hi"}


def read(*messages: Any) -> talk.Talk:
    return talk.read(Fields({"messages": list(messages)}))


def refusal(*messages: Any) -> dict[str, Any]:
    with pytest.raises(AzureError) as refused:
        read(*messages)
    assert refused.value.status == 400
    return refused.value.error


def data_url(kind: str = "PNG", size: tuple[int, int] = (3, 2)) -> str:
    drawn = io.BytesIO()
    Image.new("RGB", size).save(drawn, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(drawn.getvalue()).decode()}"


def picture(url: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url, **more}}]}


def test_parts_of_a_message_are_put_together() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert read({"role": "user", "content": parts}).said == [{"role": "user", "content": "one\ntwo"}]


def test_system_and_developer_speak_with_one_voice_at_the_beginning() -> None:
    said = read(USER, {"role": "system", "content": "a"}, {"role": "developer", "content": "b"}).said
    assert said == [{"role": "system", "content": "a\nb"}, USER]


def test_a_call_and_its_result_are_put_into_words() -> None:
    said = read(USER, ASSISTANT, RESULT).said
    assert said[1] == {"role": "assistant", "content": 'weather({"city":"Rome"})'}
    assert said[2] == {"role": "user", "content": "weather returned: sunny", "from": "tool"}


def test_every_call_needs_its_result_and_every_result_its_call() -> None:
    two = {**ASSISTANT, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
    assert "call_2" in refusal(USER, two, RESULT)["message"]
    assert "call_1" in refusal(USER, ASSISTANT)["message"]
    assert "call_1" in refusal(USER, ASSISTANT, USER, RESULT)["message"]
    assert refusal(USER, RESULT)["param"] == "messages[1].role"
    assert refusal(USER, ASSISTANT, RESULT, RESULT)["param"] == "messages[3].role"
    read(USER, two, {**RESULT, "tool_call_id": "call_2"}, RESULT)


def test_an_assistant_may_be_silent_only_if_it_calls_or_refuses() -> None:
    read(USER, {"role": "assistant", "content": None, "refusal": "No."})
    assert refusal(USER, {"role": "assistant", "content": None})["param"] == "messages[1].content"
    assert refusal({"role": "user", "content": None})["param"] == "messages[0].content"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_pictures_of_four_kinds_are_seen_and_measured(kind: str) -> None:
    found = read(picture(data_url(kind)))
    assert (found.images, found.said[0]["content"]) == (1, "[a picture, 3 x 2 pixels]")


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_pictures_of_other_kinds_are_refused(kind: str) -> None:
    error = refusal(picture(data_url(kind)))
    assert error["code"] == "invalid_image_format"
    assert error["param"] == "messages[0].content[0].image_url.url"


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,",
        "data:image/png;base64,AAAA",
        "data:image/png;base64,%%%%",
        "data:image/png,abc",
        "data:text/plain;base64,aGk=",
        "data:",
        data_url()[:60],
    ],
)
def test_what_is_no_picture_is_refused(url: str) -> None:
    assert refusal(picture(url))["code"] == "invalid_image_format"


@pytest.mark.parametrize(
    "url", ["https://example.com/cat.png", "http://127.0.0.1/cat.png", "file:///etc/passwd", "cat.png", ""]
)
def test_nothing_is_fetched(url: str) -> None:
    assert refusal(picture(url))["code"] == "invalid_image_url"


def test_a_picture_is_looked_at_in_one_of_four_ways() -> None:
    for detail in ("auto", "low", "high", "original"):
        read(picture(data_url(), detail=detail))
    assert refusal(picture(data_url(), detail="closely"))["param"] == "messages[0].content[0].image_url.detail"


def test_fifty_pictures_are_the_most() -> None:
    one = picture(data_url())
    assert read(*[one] * 50).images == 50
    assert refusal(*[one] * 51)["code"] == "too_many_images"


def test_a_picture_that_would_fill_the_memory_is_refused() -> None:
    # A PNG's header says how large it is; nothing of the picture itself has to be there for that.
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0\0\0\0\0"
    error = refusal(picture(f"data:image/png;base64,{base64.b64encode(head).decode()}"))
    assert error["code"] == "invalid_image_format"


def test_the_longest_text_is_taken_and_a_longer_one_refused() -> None:
    read({"role": "user", "content": "x" * 1_048_576})
    for content in ("x" * 1_048_577, [{"type": "text", "text": "x" * 1_048_577}]):
        assert refusal({"role": "user", "content": content})["code"] == "string_above_max_length"


def test_so_many_messages_and_no_more() -> None:
    read(*[USER] * 2048)
    assert refusal(*[USER] * 2049)["code"] == "array_above_max_length"


def test_json_is_mentioned_in_any_case_of_letters() -> None:
    assert read({"role": "system", "content": "Answer in Json."}, USER).mentions_json()
    assert not read(USER).mentions_json()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["system", "user", "assistant", "tool", "function"]) | JSON,
        "content": st.text(max_size=20)
        | st.lists(st.fixed_dictionaries({}, optional={"type": st.just("text") | st.just("image_url") | JSON, "text": JSON, "image_url": JSON}), max_size=2)
        | JSON,
        "tool_calls": st.just([CALL]) | JSON,
        "tool_call_id": st.just("call_1") | JSON,
        "name": JSON,
    },
)  # fmt: skip


@given(st.lists(MESSAGE | JSON, max_size=4) | JSON)
def test_any_messages_are_read_or_refused(messages: Any) -> None:
    try:
        found = talk.read(Fields({"messages": messages}))
    except AzureError as error:
        assert error.status == 400
        assert error.error["param"].startswith("messages")
    else:
        assert len(found.said) <= len(messages)
        assert all(isinstance(one["content"], str) for one in found.said)
