"""Whatever is sent to the service, it answers.

No status is 500 or above, no answer is cut short, nothing hangs, and its log has no error. FUZZ=5000 in the environment
makes it at least that many requests for each kind of fuzzing; the default is what CI has time for.
"""

from __future__ import annotations

import collections
import io
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from aoai_magic.local import launch
from aoai_magic.local.launch import LocalSettings, Service

from .bodies import BODIES, V1

REQUESTS = int(os.environ.get("FUZZ", "400"))
# An answer takes a few milliseconds, and a picture 0.2 s: what takes this long has hung.
HANGS_AFTER = 20.0
many = settings(
    max_examples=REQUESTS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@dataclass
class Target:
    """A service of this module's own, so that nothing it goes through meets another test."""

    service: Service
    log: Path

    def send(self, request: bytes) -> bytes:
        """Send bytes as they are, and return all that comes back until the service closes the connection."""
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=HANGS_AFTER) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while block := connection.recv(65536):
                    answer += block
            except ConnectionResetError:
                pass  # bytes that it didn't read any more
        return answer

    def ask(self, method: str, path: str, body: bytes, **headers: str) -> int:
        """Send a request with the local credential; return the status of an answer that is whole."""
        given = {
            "host": f"127.0.0.1:{self.service.port}",
            "authorization": f"Bearer {launch.local_token(self.service.key)}",
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            **headers,
        }
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=HANGS_AFTER) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            answer = b""
            while block := connection.recv(65536):
                answer += block
        start, _, rest = answer.partition(b"\r\n\r\n")
        status = int(start.split(b" ", 2)[1])
        assert status < 500, answer
        if b"transfer-encoding: chunked" in start.lower():
            assert rest.endswith(b"0\r\n\r\n"), rest[-1000:]
        elif status != 204:
            json.loads(rest)
        assert "ERROR" not in self.log.read_text()
        return status


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    echo = LocalSettings(tmp_path_factory.mktemp("fuzz"), "echo")
    service = launch.ensure(echo)
    yield Target(service, next(echo.folder.glob("*.log")))
    assert service.alive()
    launch.stop(service)


class Literal(str):
    """A piece of JSON, or of none, that Python's own values can't say."""


VALUES: list[Any] = [
    None, True, 0, 1, -1, 2**31, 2**63, 10**30, 1.5, -0.0, "", " ", "\x00", "x" * 3000, "\u202e", "é😀", [], {}, [[]], [{}],
    [None], {"": []}, [1, 2], ["a", "b"], {"type": "x"}, "look", "gpt-4o", "gpt-5", "text-embedding-3-small", "none",
    "required", "auto", "json", "assistant", "tool", "function", "developer", "message", "aoai-filter:violence",
    "aoai-filter:reply-violence", "aoai-filter:error", "aoai-filter:reply-blocklist", "data:", "data:image/png;base64,",
    "data:image/png;base64,AAAA", "http://localhost", "file:///etc/passwd", {"$ref": "#"}, {"$ref": "#/nowhere"}, {"$ref": 7},
    {"type": "array", "items": {"type": "string"}, "minItems": 10**9}, {"type": "string", "minLength": 10**12},
    {"type": ["string", "null"]}, {"type": {}}, {"enum": [[]]}, {"anyOf": 7}, {"required": [[1]]}, {"properties": [1]},
    Literal("1e999"), Literal("NaN"), Literal("-Infinity"), Literal('"\\ud800"'), Literal('"\\udc00x"'), Literal("9" * 5000),
    Literal("9" * 400), Literal("[" * 150 + "]" * 150), Literal("[" * 30_000), Literal(""),
]  # fmt: skip
NAMES = [
    "type", "stream", "n", "content", "tools", "tool_calls", "$ref", "minItems", "properties", "required", "description",
    "enum", "items", "response_format", "sequence_number", "name", "model",
]  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value something could be put in another's place."""
    yield at
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from places(inner, (*at, step))


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """The value with another one in a place of it; a place of a name that isn't there is made."""
    if not at:
        return new
    copy = value.copy()
    copy[at[0]] = changed(value[at[0]] if len(at) > 1 else None, at[1:], new)
    return copy


def dumped(value: Any) -> str:
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{dumped(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumped, value)) + "]"
    return json.dumps(value)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A valid request with up to three values in it replaced by others, or put in where there were none."""
    method, path, body = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.sampled_from(list(places(body))))
        found = body
        for step in at:
            found = found[step]
        if isinstance(found, dict) and draw(st.booleans()):
            at = (*at, draw(st.sampled_from(NAMES)))
        body = changed(body, at, draw(st.sampled_from(VALUES)))
    return method, path, dumped(body).encode()


def test_every_body_that_fuzzing_starts_from_is_understood(target: Target) -> None:
    statuses = [target.ask(method, path, json.dumps(body).encode()) for method, path, body in BODIES]
    refused = [body for (_, _, body), status in zip(BODIES, statuses, strict=True) if status not in (200, 201)]
    # These name a response or a file that isn't there, or ask for a transparent JPEG: a step short of an answer.
    assert len(refused) == 4, refused


@many
@given(damaged())
@example(("POST", f"{V1}/responses", b'{"model":"gpt-4o","input":[{"type":[]}]}'))
@example(("POST", f"{V1}/chat/completions", b'{"model":"gpt-4o","messages":[{"role":"user","content":"\\ud800"}]}'))
@example(
    (
        "POST",
        f"{V1}/chat/completions",
        b'{"model":"gpt-4o","messages":[{"role":"user","content":"a","tool_calls":[1]}]}',
    )
)
@example(
    ("POST", f"{V1}/chat/completions", b'{"model":"gpt-4o","messages":[],"logit_bias":{"' + b"9" * 5000 + b'":1}}')
)
@example(("GET", f"{V1}/batches?limit={'9' * 5000}", b""))
def test_a_damaged_request_is_refused_or_answered(target: Target, request_: tuple[str, str, bytes]) -> None:
    method, path, body = request_
    target.ask(method, path, body)


# Of anything: bytes, and pieces of requests in any order.
_PIECES = st.sampled_from(
    [
        b"GET ", b"POST ", b"HEAD / HTTP/1.1\r\n", b"/openai/v1/models", b"/openai/v1/files", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n",
        b" HTTP/9.9\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"host: 127.0.0.1\r\n", b"content-length: 5\r\n", b"content-length: -1\r\n",
        b"content-length: 99999999999999999999\r\n", b"transfer-encoding: chunked\r\n", b"5\r\nabcde\r\n", b"0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFF\r\n", b"expect: 100-continue\r\n", b"upgrade: websocket\r\nconnection: upgrade\r\n", b"{}", b"\x16\x03\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"x: " + b"y" * 7_000 + b"\r\n", b"http://127.0.0.1/", b"/%zz%00?%ff=%ff#", b":\r\n",
    ]
)  # fmt: skip


@many
@given(st.lists(_PIECES | st.binary(max_size=20), min_size=1, max_size=12).map(b"".join))
def test_bytes_that_are_no_request_are_refused(target: Target, bytes_: bytes) -> None:
    for answer in target.send(bytes_).split(b"HTTP/1.1 ")[1:]:
        assert 400 <= int(answer[:3]) < 500, answer


_HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "host", "content-type", "content-length", "authorization", "api-key", "x-aoai-pace", "x-aoai-fault", "origin",
            "sec-fetch-site", "expect", "accept", "cookie", "range", "transfer-encoding", "x-ms-client-request-id",
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
    | st.sampled_from(["nan", "-1", "1e999", "chunked", "multipart/form-data", "Bearer ", "100-continue", "status=999", "bytes=0-0"]),
    max_size=4,
)  # fmt: skip
_STEPS = st.sampled_from(
    ["openai", "v1", "deployments", "gpt-4o", "chat", "completions", "files", "batches", "subscriptions", "providers", "aoai",
     "health", "faults", "..", ".", "", "%2e%2e", "%2f", "%00", "%ED%A0%80", "%F0%9F%98%80", "*", "a" * 5000]
)  # fmt: skip
_QUERY = st.sampled_from(
    ["", "?", "?api-version=2024-10-21", "?limit=9&after=%00&order=x", "?nonce=%F0%9F", "?a=b&a&&=%"]
)


@many
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "brew"]),
    st.lists(_STEPS, max_size=6),
    _QUERY,
    _HEADERS,
)
def test_any_address_and_any_headers_are_answered(
    target: Target, method: str, steps: list[str], query: str, headers: dict[str, str]
) -> None:
    given = {
        "host": f"127.0.0.1:{target.service.port}",
        "api-key": target.service.key,
        "content-type": "application/json",
        "content-length": "2",
        "connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    answer = target.send(f"{method} /{'/'.join(steps)}{query} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + b"{}")
    assert not answer or 200 <= int(answer[9:12]) < 500, answer


_DISPOSITION = "content-disposition: form-data; name="
_PARTS = st.sampled_from(
    [
        f'{_DISPOSITION}"file"; filename="a.jsonl"\r\n\r\n{{"a": 1}}', f'{_DISPOSITION}"purpose"\r\n\r\nbatch',
        f'{_DISPOSITION}"purpose"; filename="p"\r\n\r\nbatch', f'{_DISPOSITION}"purpose"\r\n\r\n\\ud800',
        f'{_DISPOSITION}"expires_after[seconds]"\r\n\r\n{"9" * 5000}', f'{_DISPOSITION}"expires_after[anchor]"\r\n\r\nx',
        f'{_DISPOSITION}"model"\r\n\r\ngpt-image-1', f'{_DISPOSITION}"prompt"\r\n\r\nred', f'{_DISPOSITION}"n"\r\n\r\n{"9" * 5000}',
        f'{_DISPOSITION}"image"; filename="a.png"\r\n\r\nno picture', f'{_DISPOSITION}"image[]"\r\n\r\ntext',
        f'{_DISPOSITION}"file"\r\n\r\ntext', f'{_DISPOSITION}""\r\n\r\n', "content-disposition: x\r\n\r\n", "\r\n\r\n", "", "x",
        f'{_DISPOSITION}"\xff"\r\ncontent-type: text/plain; charset=idna\r\n\r\n\xff',
    ]
)  # fmt: skip
_CHARSETS = st.sampled_from(
    ["", "utf-8", "utf-7", "utf-16", "idna", "punycode", "unicode_escape", "undefined", "rot13", "zip", "\xff"]
)


@many
@given(
    st.sampled_from(["files", "images/edits", "audio/transcriptions"]),
    st.lists(_PARTS, max_size=6),
    _CHARSETS,
    st.sampled_from(["b", "", '"b"', "b" * 300]),
    st.sampled_from(["--b--\r\n", "", "--b"]),
)
@example("files", [f'{_DISPOSITION}"purpose"\r\n\r\n\\ud800'], "unicode_escape", "b", "--b--\r\n")
@example("files", [f'{_DISPOSITION}"purpose"\r\n\r\nxn--a.b'], "idna", "b", "--b--\r\n")
@example("files", [f'{_DISPOSITION}"purpose"\r\n\r\nbatch'], "undefined", "b", "--b--\r\n")
def test_any_form_is_refused_or_answered(
    target: Target, path: str, parts: list[str], charset: str, boundary: str, end: str
) -> None:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + end
    kind = f"multipart/form-data; boundary={boundary}" + (f"; charset={charset}" if charset else "")
    target.ask("POST", f"{V1}/{path}", body.encode("latin-1"), content_type=kind)


def _png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    return file.getvalue()


def _lines(line: dict[str, Any], count: int) -> bytes:
    return b"".join(json.dumps({**line, "custom_id": str(number)}).encode() + b"\n" for number in range(count))


_MESSAGES = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
_BATCHED = {"method": "POST", "url": "/chat/completions", "body": {"model": "gpt-4o", "messages": _MESSAGES[:1]}}
_SIDE = st.integers(1, 40)
# What the description says by a media type alone.
schemathesis.openapi.media_type("image/png", st.builds(_png, _SIDE, _SIDE) | st.binary(max_size=50))
schemathesis.openapi.media_type(
    "application/jsonl",
    st.builds(_lines, st.sampled_from([_BATCHED, {"messages": _MESSAGES}]), st.integers(1, 12))
    | st.binary(max_size=50),
)
# What the engine of schemathesis is asked to look for; it has more checks, which are about taste.
_CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def test_what_the_description_allows_and_forbids_is_answered_as_it_says(target: Target) -> None:
    """schemathesis: requests made from the description, alone and, by its links, one after the other."""
    whole = REQUESTS >= 5000
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "base-url": target.service.endpoint,
            "headers": {"api-key": target.service.key},
            "request-timeout": HANGS_AFTER,
            "continue-on-failure": True,
            "checks": {"enabled": False, **{name: {"enabled": True} for name in _CHECKS}},
            "generation": {"max-examples": REQUESTS // 50, "no-shrink": True, "database": "none"},
            "phases": {"coverage": {"enabled": whole}, "examples": {"enabled": False}},
        }
    )
    address = f"{target.service.endpoint}/openai/v1/openapi.json"
    schema = schemathesis.openapi.from_url(address, config=config, headers={"api-key": target.service.key})
    statuses: collections.Counter[int | None] = collections.Counter()
    problems = []
    for event in from_schema(schema).execute():
        if isinstance(event, events.FatalError | events.NonFatalError):
            problems.append(repr(event))
        if isinstance(event, events.ScenarioFinished):
            for exchange in event.recorder.interactions.values():
                statuses[exchange.response.status_code if exchange.response else None] += 1
            for checks in event.recorder.checks.values():
                problems += [f"{one.name}: {one.failure_info}" for one in checks if one.failure_info]
    print(f"\n{sum(statuses.values())} requests: {dict(statuses)}")
    assert problems == []
    assert None not in statuses
    assert max(filter(None, statuses)) < 500
    answered = sum(count for status, count in statuses.items() if status and status < 300)
    assert answered > sum(statuses.values()) / 6  # all the way in, and not only at the door, where ids aren't known
    assert "ERROR" not in target.log.read_text()
    assert sum(statuses.values()) >= (5000 if whole else 300)
