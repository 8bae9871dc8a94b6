"""Files: uploaded by the SDKs and by hand, listed a page at a time, read back, deleted."""

from __future__ import annotations

import http.client
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.local.account import Account
from aoai_magic.local.echo import Echo
from aoai_magic.local.files import File
from aoai_magic.local.launch import Service

from .serving import serving

V1 = "/openai/v1/files"
CLASSIC = "/openai/files"
VERSION = "?api-version=2024-10-21"
FORM = {"content_type": "multipart/form-data; boundary=cut"}


def form(content: bytes | None = b"{}\n", **fields: str) -> bytes:
    """A multipart body as a client writes it."""
    parts = [
        f'--cut\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    body = "".join(parts).encode()
    if content is not None:
        head = '--cut\r\ncontent-disposition: form-data; name="file"; filename="data.jsonl"\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + b"--cut--\r\n"


@pytest.fixture
def empty(sdk: openai.OpenAI) -> Iterator[openai.OpenAI]:
    """The SDK against a service without files, before and after."""

    def clear() -> None:
        for file in sdk.files.list():
            sdk.files.delete(file.id)

    clear()
    yield sdk
    clear()


def test_a_file_goes_up_and_comes_back_as_it_was(empty: openai.OpenAI) -> None:
    content = '{"text": "Zürich"}\r\n\n'.encode()
    made = empty.files.create(file=("cities.jsonl", content), purpose="batch")
    assert re.fullmatch("file-[0-9a-f]{32}", made.id)
    assert (made.object, made.filename, made.purpose, made.bytes) == ("file", "cities.jsonl", "batch", len(content))
    assert (made.status, made.expires_at) == ("processed", None)
    assert empty.files.retrieve(made.id) == made
    assert empty.files.content(made.id).read() == content
    assert list(empty.files.list()) == [made]
    gone = empty.files.delete(made.id)
    assert (gone.id, gone.deleted) == (made.id, True)
    for ask in (empty.files.retrieve, empty.files.content, empty.files.delete):
        with pytest.raises(openai.NotFoundError) as missing:
            ask(made.id)
        assert missing.value.code == "NotFound"


def test_the_classic_api_does_the_same(azure_sdk: openai.AzureOpenAI, empty: openai.OpenAI) -> None:
    made = azure_sdk.files.create(file=("a.jsonl", b'{"messages": []}\n'), purpose="fine-tune")
    assert azure_sdk.files.retrieve(made.id).filename == "a.jsonl"
    assert [one.id for one in azure_sdk.files.list()] == [made.id]
    assert azure_sdk.files.content(made.id).text == '{"messages": []}\n'
    assert azure_sdk.files.delete(made.id).deleted


@pytest.mark.parametrize(("path", "version"), [(V1, ""), (CLASSIC, VERSION)])
def test_an_upload_is_answered_with_where_the_file_is(
    ask: Callable[..., Any], empty: openai.OpenAI, path: str, version: str
) -> None:
    made = ask(path + version, form(purpose="batch"), **FORM)
    assert made.status == 201
    assert made.headers["location"].endswith(f"{path}/{made.json['id']}")
    assert made.json == {
        "id": made.json["id"],
        "object": "file",
        "bytes": 3,
        "created_at": made.json["created_at"],
        "expires_at": None,
        "filename": "data.jsonl",
        "purpose": "batch",
        "status": "processed",
    }


def test_a_file_may_be_given_an_end(empty: openai.OpenAI) -> None:
    end = {"anchor": "created_at", "seconds": 1_209_600}
    made = empty.files.create(file=("a.jsonl", b"{}"), purpose="batch", expires_after=end)  # type: ignore[arg-type]
    assert made.expires_at == made.created_at + 1_209_600


def test_an_end_may_be_written_as_in_the_examples_with_curl(empty: openai.OpenAI, ask: Callable[..., Any]) -> None:
    end = {"expires_after.anchor": "created_at", "expires_after.seconds": "1209600"}
    made = ask(V1, form(purpose="batch", **end), **FORM).json
    assert made["expires_at"] == made["created_at"] + 1_209_600


@pytest.mark.parametrize(
    ("fields", "content", "code", "param"),
    [
        ({}, b"{}", "invalid_value", "purpose"),
        ({"purpose": "fun"}, b"{}", "invalid_value", "purpose"),
        ({"purpose": "batch_output"}, b"{}", "invalid_value", "purpose"),
        ({"purpose": "batch"}, None, "missing_required_parameter", "file"),
        ({"purpose": "fine-tune"}, b"", "invalid_file_format", "file"),
        ({"purpose": "fine-tune"}, b"{}\n\n[1]\n", "invalid_file_format", "file"),
        ({"purpose": "fine-tune"}, b'{"a": NaN}\n', "invalid_file_format", "file"),
        ({"purpose": "batch", "expires_after[seconds]": "60"}, b"{}", "invalid_value", "expires_after"),
        ({"purpose": "batch", "expires_after[seconds]": "2592001"}, b"{}", "invalid_value", "expires_after"),
        ({"purpose": "batch", "expires_after[seconds]": "soon"}, b"{}", "invalid_value", "expires_after"),
        ({"purpose": "batch", "expires_after[anchor]": "now"}, b"{}", "invalid_value", "expires_after[anchor]"),
    ],
)
def test_what_is_no_upload_is_refused(
    ask: Callable[..., Any], fields: dict[str, str], content: bytes | None, code: str, param: str
) -> None:
    before = ask(V1, method="GET").json["data"]
    refused = ask(V1, form(content, **fields), **FORM)
    assert (refused.status, refused.json["error"]["code"], refused.json["error"]["param"]) == (400, code, param)
    assert ask(V1, method="GET").json["data"] == before


def test_a_bad_line_of_training_is_named_by_its_number(ask: Callable[..., Any]) -> None:
    refused = ask(V1, form(b'{"a": 1}\n\nno json\n', purpose="fine-tune"), **FORM)
    assert "Line 3 " in refused.json["error"]["message"]


def test_a_training_file_may_begin_with_a_byte_order_mark(empty: openai.OpenAI) -> None:
    content = b'\xef\xbb\xbf{"messages": []}\n'
    made = empty.files.create(file=("a.jsonl", content), purpose="fine-tune")
    assert empty.files.content(made.id).read() == content


@pytest.mark.parametrize(
    "body", [b"", b"no form", b"--cut\r\n\r\n", b'--cut\r\ncontent-disposition: form-data; name="file']
)
def test_a_form_that_breaks_off_is_refused(ask: Callable[..., Any], body: bytes) -> None:
    assert ask(V1, body, **FORM).status == 400


def test_files_come_as_forms_and_nothing_else(ask: Callable[..., Any]) -> None:
    assert ask(V1, {"purpose": "batch"}).status == 415


def test_an_upload_is_written_to_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    content = b"x" * 3_000_000
    with serving(Account(Echo())) as served:
        assert served.ask(V1, form(content, purpose="batch"), **FORM).status == 201
        [file] = served.account.files.values()
    assert file.content == content


def test_a_file_that_is_too_large_is_refused_before_it_is_all_there(service: Service) -> None:
    """Without a content-length as well: what counts is what arrives."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    head = form(None, purpose="batch")[: -len("--cut--\r\n")]
    sent = 0

    def blocks() -> Iterator[bytes]:
        nonlocal sent
        yield head + b'--cut\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(300):
            sent += 1
            yield b"x" * 2**20

    headers = {"api-key": service.key, "content-type": FORM["content_type"]}
    try:
        connection.request("POST", V1, body=blocks(), headers=headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    except OSError:  # it has closed the connection while we still sent
        pass
    finally:
        connection.close()
    assert 200 <= sent <= 300


def test_a_resource_holds_so_many_files_and_no_more(
    empty: openai.OpenAI, ask: Callable[..., Any], service: Service
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    for _ in range(500):
        connection.request(
            "POST", V1, form(purpose="batch"), {"api-key": service.key, "content-type": FORM["content_type"]}
        )
        made = connection.getresponse()
        assert made.status == 201
        last = json.loads(made.read())["id"]
    refused = ask(V1, form(purpose="batch"), **FORM)
    assert (refused.status, refused.json["error"]["code"]) == (400, "quotaExceeded")
    assert len(ask(V1, method="GET").json["data"]) == 500  # none of them had to go
    empty.files.delete(last)
    assert ask(V1, form(purpose="batch"), **FORM).status == 201
    connection.close()


def test_lists_come_a_page_at_a_time(empty: openai.OpenAI, ask: Callable[..., Any]) -> None:
    made = [empty.files.create(file=(f"{n}.jsonl", b"{}"), purpose="batch").id for n in range(5)]
    first = ask(f"{V1}?limit=2", method="GET").json
    assert [one["id"] for one in first["data"]] == made[:2:-1]
    assert (first["first_id"], first["last_id"], first["has_more"]) == (made[4], made[3], True)
    last = ask(f"{V1}?limit=3&after={made[3]}", method="GET").json
    assert [one["id"] for one in last["data"]] == made[2::-1]
    assert last["has_more"] is False
    assert [one.id for one in empty.files.list(limit=2)] == made[::-1]
    assert [one.id for one in empty.files.list(limit=2, order="asc")] == made
    nothing = ask(f"{V1}?after={made[0]}", method="GET").json
    assert nothing == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


def test_a_list_can_be_of_one_purpose(empty: openai.OpenAI) -> None:
    empty.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    vision = empty.files.create(file=("a.png", b"picture"), purpose="vision")
    assert [one.id for one in empty.files.list(purpose="vision")] == [vision.id]
    assert list(empty.files.list(purpose="evals")) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=10001", "limit=many", "after=nobody", "order=random"])
def test_a_page_that_cannot_be_is_refused(ask: Callable[..., Any], query: str) -> None:
    refused = ask(f"{V1}?{query}", method="GET")
    assert (refused.status, refused.json["error"]["param"]) == (400, query.partition("=")[0])


def test_another_version_of_the_api_has_no_files(ask: Callable[..., Any]) -> None:
    assert ask(CLASSIC, method="GET").status == 404
    assert ask(f"{CLASSIC}?api-version=2020-01-01", method="GET").json["error"]["code"] == "404"
    assert ask(f"{V1}?api-version=2024-10-21", method="GET").json["error"]["message"] == "API version not supported"
    assert ask(V1, method="GET", api_key="wrong").status == 401


@given(
    st.lists(st.one_of(st.dictionaries(st.text(), st.integers()), st.just("")), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_lines_of_a_file_are_those_that_were_written(lines: list[Any], end: str) -> None:
    written = "".join((json.dumps(line) if line != "" else "") + end for line in lines)
    for start in (b"", b"\xef\xbb\xbf"):
        found = list(File(start + written.encode(), "a.jsonl", "batch").lines())
        assert found == [(number, line) for number, line in enumerate(lines, 1) if line != ""]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_line_by_line(content: bytes) -> None:
    numbers = [number for number, _ in File(content, "a.jsonl", "batch").lines()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) <= content.count(b"\n") + 1
