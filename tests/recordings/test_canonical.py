"""What makes two requests the same."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aoai_magic.recordings.addresses import read
from aoai_magic.recordings.canonical import canonical, digest, form

MESSAGES = [{"role": "user", "content": "hi"}]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def asked(**more: Any) -> str:
    return digest("chat/completions", canonical({"model": "m", "messages": MESSAGES, **more}))


def said(text: str) -> str:
    return asked(messages=[{"role": "user", "content": text}])


def test_the_order_of_keys_the_way_back_and_the_form_of_numbers_make_no_difference() -> None:
    plain = digest("chat/completions", canonical({"temperature": 0, "messages": MESSAGES, "model": "m"}))
    assert plain == asked(temperature=0.0, stream=True, stream_options={"include_usage": True}, seed=None)


def test_what_a_service_could_tell_apart_is_another_request() -> None:
    others = [
        asked(),
        asked(temperature=0),
        asked(temperature=0.5),
        asked(seed=1),
        asked(n=2),
        asked(model="other"),
        said("hi "),
        said("Hi"),
        digest("completions", canonical({"model": "m", "messages": MESSAGES})),
    ]
    assert len(set(others)) == len(others)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_the_canonical_form_is_its_own_and_survives_a_file(body: dict[str, Any]) -> None:
    found = canonical(body)
    again = json.loads(json.dumps(found))
    assert canonical(found) == found == again
    assert digest("x", found) == digest("x", again)
    assert not {"stream", "stream_options"} & found.keys()


@given(st.text(), st.text())
def test_different_texts_without_made_up_names_are_different_requests(one: str, other: str) -> None:
    assert (said(one) == said(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<object object at 0x7f1234567890>", "<object object at 0x55d0c0ffee00>"),
        ("File /tmp/ipykernel_123/456.py:3, in f", "File /tmp/ipykernel_9/78.py:3, in f"),
        ("File /tmp/ipykernel_123/456.py:3", "File /var/folders/ab/x_y/T/ipykernel_1/2.py:3"),
        (r"File C:\Users\Jo Doe\AppData\Local\Temp\ipykernel_1\2.py:3", "File /tmp/ipykernel_1/2.py:3"),
        ("<ipython-input-12-0123abcdef>", "<ipython-input-3-abcdef012345>"),
        ("open('/tmp/tmpab12cd3_/data.csv')", "open('/tmp/tmpzz99zz9z/data.csv')"),
        (
            "see https://a.blob.core.windows.net/c/cat.png?sv=2024&se=2026-01-01&sr=b&sp=r&sig=abc%3D for more",
            "see https://a.blob.core.windows.net/c/cat.png?sv=2025&se=2027-01-01&sr=b&sp=r&sig=xyz for more",
        ),
        (
            "https://b.s3.amazonaws.com/x?X-Amz-Date=1&X-Amz-Signature=ab&size=2",
            "https://b.s3.amazonaws.com/x?X-Amz-Date=2&X-Amz-Signature=cd&size=2",
        ),
    ],
)
def test_what_is_another_at_every_run_makes_no_difference(one: str, other: str) -> None:
    assert one != other
    assert said(one) == said(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 0xdeadbeef in decimal?", "What is 0xcafebabe in decimal?"),
        ("at 0x7f1234567890", "at 0x55d0c0ffee00"),
        ("https://example.com/?code=5&se=1", "https://example.com/?code=6&se=2"),
        ("https://a/x?size=2&sig=a", "https://a/x?size=3&sig=a"),
        ("/tmp/tmpfile", "/tmp/tmpfiles"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,AAAB"),
    ],
)
def test_what_only_looks_like_it_is_a_part_of_the_question(one: str, other: str) -> None:
    assert said(one) != said(other)


def png(colour: str, **how: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(file, "PNG", **how)
    return file.getvalue()


def url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def test_a_picture_is_its_pixels_however_it_was_packed() -> None:
    small, large = png("red", compress_level=9), png("red", compress_level=0)
    assert small != large
    assert said(url(small)) == said(url(large)) != said(url(png("blue")))
    found = canonical({"x": url(small)})["x"]
    assert found.startswith("image/png 30x20 ")


def test_a_broken_picture_and_another_kind_of_file_are_their_bytes() -> None:
    broken = png("red")[:60]
    assert canonical({"x": url(broken)})["x"].startswith("image/png ")
    assert said(url(broken)) != said(url(png("red")[:61]))
    assert canonical({"x": url(b"\xff\xd8\xff\xe0", "image/jpeg")})["x"].startswith("image/jpeg ")


def test_a_form_is_its_fields() -> None:
    one = form([("image[]", png("red")), ("prompt", "a fox"), ("n", "2")])
    other = form([("n", "2"), ("prompt", "a fox"), ("image", png("red", compress_level=0))])
    assert digest("images/edits", canonical(one)) == digest("images/edits", canonical(other))


@pytest.mark.parametrize(
    "url",
    [
        "https://contoso.openai.azure.com/openai/v1/chat/completions",
        "https://contoso.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        "https://api.openai.com/v1/chat/completions",
        "http://localhost:8000/some/where/v1/chat/completions",
        "http://localhost:8000/chat/completions",
        "http://local-service.invalid/openai/v1/chat/completions",
    ],
)
def test_one_operation_has_one_name_wherever_it_is_asked_for(url: str) -> None:
    address = read("POST", url)
    assert (address.operation, address.inference, address.secret) == ("chat/completions", True, False)


def test_addresses_of_the_control_plane_name_nobody() -> None:
    account = "subscriptions/0f0f/resourceGroups/my-rg/providers/Microsoft.CognitiveServices/accounts/contoso"
    found = read("PUT", f"https://management.azure.com/{account}/deployments/chat?api-version=2025-09-01")
    assert found.writes
    assert found.operation == (
        "PUT /subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{account}/deployments/chat"
    )
    page = read(
        "GET", f"https://management.azure.com/{account}/models?api-version=2025-09-01&$skiptoken=c2VjcmV0"
    ).operation
    assert "c2VjcmV0" not in page
    assert (
        read("GET", f"https://management.azure.com/{account}/models?$skipToken={page[-13:]}").operation[-13:]
        == page[-13:]
    )


@pytest.mark.parametrize(
    "path",
    [
        "subscriptions/s/resourceGroups/r/providers/Microsoft.CognitiveServices/accounts/a/listKeys",
        "subscriptions/s/resourceGroups/r/providers/Microsoft.CognitiveServices/accounts/a/regenerateKey",
        "aoai/health",
    ],
)
def test_answers_that_hold_keys_are_never_kept(path: str) -> None:
    assert read("POST", f"https://management.azure.com/{path}?api-version=2025-09-01").secret
