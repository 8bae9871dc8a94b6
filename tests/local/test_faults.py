"""Faults on request: each of them on the wire, in the SDK's hands, and in a cell's."""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic import errors, settings
from aoai_magic.local import launch
from aoai_magic.local.azure_errors import OUTSIDE
from aoai_magic.local.faults import Fault, Faults, parse
from aoai_magic.local.launch import Service

CHAT = "/openai/v1/chat/completions"
FAULTS = "/aoai/faults"
WORDS = "one two three four five six seven eight nine ten"
BODY: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": WORDS}]}


CUT = r"Unterminated|Expecting"


@pytest.fixture(autouse=True)
def _none_left(ask: Any) -> Iterator[None]:
    yield
    ask(FAULTS, method="DELETE")


@pytest.fixture
def wait_for(ask: Any) -> Callable[..., Any]:
    """Let a fault strike requests to come."""

    def post(words: str) -> Any:
        answer = ask(FAULTS, {"fault": words})
        assert answer.status == 200, answer.json
        return answer.json

    return post


def raw(service: Service, body: dict[str, Any], fault: str) -> tuple[bytes, bytes, bool]:
    """Head and body of an answer as they came, and whether the connection was reset at their end."""
    sent = json.dumps(body).encode()
    head = (
        f"POST {CHAT} HTTP/1.1\r\nhost: 127.0.0.1:{service.port}\r\napi-key: {service.key}\r\nx-aoai-fault: {fault}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(sent)}\r\nconnection: close\r\n\r\n"
    )
    received, reset = b"", False
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(head.encode() + sent)
        try:
            while block := connection.recv(65536):
                received += block
        except ConnectionResetError:
            reset = True
    start, _, rest = received.partition(b"\r\n\r\n")
    return start, rest, reset


def joined(chunked: bytes) -> tuple[bytes, bool]:
    """The bytes of a chunked body, and whether it came to its end in good order."""
    found = b""
    while chunked:
        size, _, chunked = chunked.partition(b"\r\n")
        if int(size, 16) == 0:
            return found, True
        found, chunked = found + chunked[: int(size, 16)], chunked[int(size, 16) + 2 :]
    return found, False


def text(events: bytes) -> str:
    """The text of a stream's chunks."""
    found = [
        json.loads(one.removeprefix("data: ")) for one in events.decode().split("\n\n") if one and "[DONE]" not in one
    ]
    return "".join(one["choices"][0]["delta"].get("content", "") for one in found if one["choices"])


# What happens on the wire.


def test_a_status_is_answered_in_place_of_the_reply(ask: Any) -> None:
    struck = ask(CHAT, BODY, x_aoai_fault="status=503")
    assert struck.status == 503
    assert struck.json == {"error": {"code": "503", "message": "A fault that was asked for."}}
    assert struck.headers["x-aoai-fault"] == "status=503"
    assert len(struck.headers["apim-request-id"]) == 36
    assert ask(CHAT, BODY).status == 200
    assert "x-aoai-fault" not in ask(CHAT, BODY).headers


def test_body_and_headers_go_with_a_status(ask: Any) -> None:
    words = """status=429 retry-after=2 retry-after-ms=1500.5 body='{"error": "a b"}'"""
    struck = ask(CHAT, BODY, x_aoai_fault=words)
    assert struck.status == 429
    assert (struck.headers["retry-after"], struck.headers["retry-after-ms"]) == ("2", "1500.5")
    assert struck.json == {"error": "a b"}
    assert ask(CHAT, BODY, x_aoai_fault="status=500 body=''").body == b""
    assert ask(CHAT, BODY, x_aoai_fault="status=204").body == b""


@pytest.mark.parametrize("name", OUTSIDE)
def test_azures_own_errors_can_be_asked_for_by_name(ask: Any, sdk: openai.OpenAI, name: str) -> None:
    struck = ask(CHAT, BODY, x_aoai_fault=f"error={name} retry-after=3")
    assert struck.status >= 400
    assert struck.json["error"]["message"]
    assert struck.headers["retry-after"] == "3"
    assert isinstance(sdk_says(sdk, f"error={name}", stream=True)[1], openai.APIStatusError)


def test_the_first_byte_is_delayed(ask: Any) -> None:
    for body in (BODY, {**BODY, "stream": True}):
        began = time.perf_counter()
        assert ask(CHAT, body, x_aoai_fault="delay=0.3").status == 200
        assert 0.3 <= time.perf_counter() - began < 3


def test_each_chunk_after_the_first_takes_its_time(sdk: openai.OpenAI) -> None:
    times = []
    with sdk.chat.completions.create(**BODY, stream=True, extra_headers={"x-aoai-fault": "pace=0.05"}) as stream:
        for _ in stream:
            times.append(time.perf_counter())
    assert len(times) == 13  # the verdict on the prompt, the role, ten words, the end
    assert 12 * 0.05 - 0.1 < times[-1] - times[0] < 5
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert sum(gap > 0.03 for gap in gaps) > 6  # they don't come all at once


@pytest.mark.parametrize("size", [0, 1, 500, 1500, 10**9])
def test_the_connection_is_reset_after_so_many_bytes(service: Service, size: int) -> None:
    whole, ended = joined(raw(service, {**BODY, "stream": True}, "pace=0")[1])
    assert ended
    start, rest, reset = raw(service, {**BODY, "stream": True}, f"reset={size}")
    assert start.startswith(b"HTTP/1.1 200")
    assert reset
    found, ended = joined(rest)
    assert not ended
    assert len(found) == min(size, len(found) if size == 10**9 else size)
    if size == 10**9:  # all of it, but not its end
        assert found.endswith(b"[DONE]\n\n")
        assert len(found) == len(whole)


def test_a_whole_answer_is_cut_by_a_reset_too(service: Service) -> None:
    _, rest, reset = raw(service, BODY, "reset=40")
    assert reset
    assert joined(rest) == (joined(rest)[0], False)
    assert joined(rest)[0].startswith(b'{"id":"chatcmpl-')
    assert len(joined(rest)[0]) == 40


@pytest.mark.parametrize("chunks", [0, 1, 5])
def test_a_stream_ends_in_good_order_after_so_many_chunks(service: Service, chunks: int) -> None:
    start, rest, reset = raw(service, {**BODY, "stream": True}, f"truncate={chunks}")
    found, ended = joined(rest)
    assert (start.startswith(b"HTTP/1.1 200"), ended, reset) == (True, True, False)
    assert found.count(b"\n\n") == chunks
    assert b"[DONE]" not in found
    assert text(found) == " ".join(WORDS.split()[: max(0, chunks - 2)])  # after the verdict and the role


def test_json_is_cut_in_half(ask: Any) -> None:
    whole = ask(CHAT, BODY, x_aoai_fault="malformed")
    assert whole.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match=CUT):
        json.loads(whole.body)
    stream = ask(CHAT, {**BODY, "stream": True}, x_aoai_fault="malformed").body
    *events, done, rest = stream.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    for event in events:
        with pytest.raises(ValueError, match=CUT):
            json.loads(event.removeprefix(b"data: "))


def test_malformed_halves_the_json_of_named_events_as_well(ask: Any) -> None:
    asked = {"model": "gpt-4o", "input": WORDS, "stream": True}
    events = ask("/openai/v1/responses", asked, x_aoai_fault="malformed").body.split(b"\n\n")[:-1]
    assert len(events) > 10
    for event in events:
        assert event.startswith(b"event: response.")
        assert b"\ndata: {" in event
        with pytest.raises(ValueError, match=CUT):
            json.loads(event.partition(b"data: ")[2])


def test_an_answer_says_to_be_something_else(ask: Any) -> None:
    struck = ask(CHAT, BODY, x_aoai_fault="content-type=text/html")
    assert (struck.headers["content-type"], struck.json["object"]) == ("text/html", "chat.completion")
    page = ask(CHAT, BODY, x_aoai_fault="status=502 content-type=text/html body='<h1>Bad Gateway</h1>'")
    assert (page.status, page.headers["content-type"], page.body) == (502, "text/html", b"<h1>Bad Gateway</h1>")


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        (CHAT, BODY, lambda one: one["prompt_filter_results"][0]["content_filter_results"]),
        (CHAT, BODY, lambda one: one["choices"][0]["content_filter_results"]),
        ("/openai/v1/completions", {"model": "gpt-35-turbo-instruct", "prompt": WORDS}, lambda one: one["choices"][0]["content_filter_results"]),
        ("/openai/v1/responses", {"model": "gpt-4o", "input": WORDS}, lambda one: one["content_filters"][0]["content_filter_results"]),
    ],
)  # fmt: skip
def test_a_filter_that_failed_says_so_and_lets_the_text_pass(ask: Any, path: str, body: Any, where: Any) -> None:
    struck = ask(path, body, x_aoai_fault="filter-error")
    assert struck.status == 200
    assert where(struck.json)["error"]["code"] == "content_filter_error"
    assert WORDS in json.dumps(struck.json)
    assert "error" not in where(ask(path, body).json)


def test_a_filter_fails_in_a_stream_as_well(ask: Any) -> None:
    struck = ask(CHAT, {**BODY, "stream": True}, x_aoai_fault="filter-error").body
    assert b"content_filter_error" in struck
    assert text(struck) == WORDS


def test_faults_are_put_together(service: Service) -> None:
    began = time.perf_counter()
    start, rest, reset = raw(service, BODY, "delay=0.2 status=500 content-type=text/plain malformed reset=10")
    assert time.perf_counter() - began >= 0.2
    assert start.startswith(b"HTTP/1.1 500")
    assert b"content-type: text/plain" in start
    assert (joined(rest)[0], reset) == (b'{"error": ', True)


# Which requests.


def test_a_header_is_about_its_own_request(ask: Any) -> None:
    assert [ask(CHAT, BODY, x_aoai_fault=fault).status for fault in ("status=500", None, "status=502", None)] == [
        500,
        200,
        502,
        200,
    ]


def test_requests_to_come_are_counted(ask: Any, wait_for: Any) -> None:
    waiting = wait_for("status=503 skip=2 times=2")
    assert waiting == {"faults": [{"fault": "status=503 skip=2 times=2", "skip": 2, "times": 2}]}
    assert [ask(CHAT, BODY).status for _ in range(3)] == [200, 200, 503]
    assert ask(FAULTS, method="GET").json == {"faults": [{"fault": "status=503 skip=2 times=2", "skip": 0, "times": 1}]}
    assert [ask(CHAT, BODY).status for _ in range(2)] == [503, 200]
    assert ask(FAULTS, method="GET").json == {"faults": []}


def test_a_fault_may_be_for_one_path(ask: Any, wait_for: Any) -> None:
    wait_for("status=503 path=chat/completions")
    assert ask("/openai/v1/models", method="GET").status == 200
    assert ask("/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", BODY).status == 503
    assert ask(CHAT, BODY).status == 200


def test_faults_strike_in_the_order_they_came(ask: Any, wait_for: Any) -> None:
    wait_for("status=500")
    wait_for("status=501 skip=1")
    wait_for("status=502 times=2")
    assert [ask(CHAT, BODY).status for _ in range(5)] == [500, 502, 501, 502, 200]


def test_faults_are_taken_away(ask: Any, wait_for: Any) -> None:
    wait_for("status=500 times=100")
    assert ask(FAULTS, method="DELETE").json == {"faults": []}
    assert ask(CHAT, BODY).status == 200


def test_the_control_plane_can_be_struck_and_the_services_own_routes_cannot(
    ask: Any, wait_for: Any, service: Service
) -> None:
    wait_for("status=500 times=2")
    assert service.proves_itself()  # the address file's check isn't one of the requests that count
    account = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/local?api-version=2025-09-01"
    )
    proof = {"api_key": None, "authorization": f"Bearer {launch.local_token(service.key)}"}
    assert ask(account, method="GET", **proof).status == 500


def test_a_stranger_neither_asks_for_a_fault_nor_counts(ask: Any, wait_for: Any) -> None:
    wait_for("status=500")
    assert ask(CHAT, BODY, api_key="wrong").status == 401
    assert ask(CHAT, BODY, api_key="wrong", x_aoai_fault="status=200").status == 401
    assert ask(CHAT, BODY, origin="http://evil.example").status == 403
    assert ask(FAULTS, {"fault": "status=500"}, api_key="wrong").status == 401
    assert ask(CHAT, BODY).status == 500


BAD = {
    "nonsense": "'nonsense' is no fault",
    "": "no fault what it is",
    "times=3": "no fault what it is",
    "skip=1 path=chat": "no fault what it is",
    "status": "'status' is no fault",
    "malformed=yes": "'malformed=yes' is no fault",
    "status=abc": "status=abc is not a number",
    "status=-1": "status=-1 is not a number",
    "status=1_0_0": "is not a number",
    "status=٥٠٠": "is not a number",
    "status=500.5": "no whole number from 200 to 599",
    "status=199": "no whole number from 200 to 599",
    "status=600": "out of range: the most is 599",
    "delay=60.5": "out of range: the most is 60",
    "delay=nan": "delay=nan is not a number",
    "pace=inf": "pace=inf is not a number",
    "reset=99999999999": "out of range",
    "status=500 times=0": "no whole number from 1 to",
    "status=500 status=501": "status is said twice",
    "body=x": "body needs a status",
    "delay=1 retry-after=2": "retry-after needs a status",
    "status=500 retry-after=soon": "retry-after=soon is not a number",
    "error=meteor": "error=meteor is none of",
    "error=firewall status=500": "don't go together",
    "error=firewall body=x": "body needs a status",
    "error=firewall filter-error": "don't go together",
    "status=500 filter-error": "don't go together",
    "status=204 body=x": "an answer of status 204 has no body",
    "content-type=": "can't be sent in a header",
    "status=500 body='x": "No closing quotation",
}  # fmt: skip


@pytest.mark.parametrize("words", BAD)
def test_what_cannot_be_a_fault_is_refused_with_the_reason(ask: Any, words: str) -> None:
    refused = ask(FAULTS, {"fault": words})
    assert refused.status == 400
    assert BAD[words] in refused.json["error"]["message"]
    assert ask(FAULTS, method="GET").json == {"faults": []}
    if words.isascii() and words:
        struck = ask(CHAT, BODY, x_aoai_fault=words)
        assert (struck.status, BAD[words] in struck.json["error"]["message"]) == (400, True)
        assert "x-aoai-fault" in struck.json["error"]["message"]


@pytest.mark.parametrize("words", ["status=500 times=2", "status=500 skip=1", "status=500 path=chat"])
def test_a_header_cannot_count(ask: Any, words: str) -> None:
    refused = ask(CHAT, BODY, x_aoai_fault=words)
    assert refused.status == 400
    assert "about its own request" in refused.json["error"]["message"]


def test_an_empty_header_is_refused_too(service: Service) -> None:
    assert raw(service, BODY, "")[0].startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "body", [{}, {"fault": 7}, {"fault": None}, {"fault": "status=500\r\nx: y"}, {"fault": "status=500 \0"}]
)
def test_a_fault_is_one_line_of_text(ask: Any, body: Any) -> None:
    assert ask(FAULTS, body).status == 400


def test_words_that_no_header_can_hold_are_told_in_others(ask: Any, wait_for: Any) -> None:
    wait_for('status=500 body="füñf 😀"')
    struck = ask(CHAT, BODY)
    assert struck.body.decode() == "füñf 😀"
    assert struck.headers["x-aoai-fault"] == r'status=500 body="f\xfc\xf1f \U0001f600"'


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(words: str) -> None:
    try:
        fault = parse(words)
    except ValueError as error:
        assert str(error)
    else:
        assert fault.words == words
        words.encode("utf-8")


_SAID = st.fixed_dictionaries(
    {},
    optional={
        "delay": st.floats(0, 60).map(lambda number: f"{number:.3f}"),
        "pace": st.integers(0, 60).map(str),
        "reset": st.integers(0, 10**9).map(str),
        "truncate": st.integers(0, 10**9).map(str),
        "malformed": st.just(""),
        "content-type": st.sampled_from(["text/html", "x"]),
        "filter-error": st.just(""),
        "skip": st.integers(0, 5).map(str),
        "times": st.integers(1, 5).map(str),
        "path": st.sampled_from(["", "completions", "embeddings"]),
    },
)


@given(_SAID)
def test_what_is_said_is_what_is_read(said: dict[str, str]) -> None:
    words = " ".join(
        f"{name}={value}" if name not in ("malformed", "filter-error") else name for name, value in said.items()
    )
    if not said.keys() - {"skip", "times", "path"}:
        with pytest.raises(ValueError, match="no fault what it is"):
            parse(words)
        return
    fault = parse(words)
    assert fault.delay == float(said.get("delay", 0))
    assert fault.pace == float(said.get("pace", 0))
    assert (fault.reset, fault.truncate) == tuple(
        int(said[name]) if name in said else None for name in ("reset", "truncate")
    )
    assert (fault.malformed, fault.filter_error) == ("malformed" in said, "filter-error" in said)
    assert (fault.content_type, fault.path) == (said.get("content-type"), said.get("path", ""))
    assert (fault.skip, fault.times) == (int(said.get("skip", 0)), int(said.get("times", 1)))


@given(
    st.integers(0, 5), st.integers(1, 5), st.lists(st.sampled_from(["/chat/completions", "/embeddings"]), max_size=30)
)
def test_counting_is_a_matter_of_the_requests_alone(skip: int, times: int, paths: list[str]) -> None:
    faults = Faults()
    faults.add(f"status=500 path=completions skip={skip} times={times}")
    struck = [isinstance(faults.striking(path), Fault) for path in paths]
    meant = [number for number, path in enumerate(paths) if path == "/chat/completions"]
    assert [number for number, one in enumerate(struck) if one] == meant[skip : skip + times]


# What the SDK makes of them: an error of its own or of its HTTP client's, never a hang.


def sdk_says(sdk: openai.OpenAI, fault: str, *, stream: bool) -> tuple[str, BaseException | None]:
    """The text that arrived, and the error that came."""
    found = ""
    try:
        answer: Any = sdk.chat.completions.create(**BODY, stream=stream, extra_headers={"x-aoai-fault": fault})
        for chunk in answer if stream else ():
            if chunk.choices:
                found += chunk.choices[0].delta.content or ""
        return (found if stream else answer.choices[0].message.content), None
    except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
        return found, error


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status=400", openai.BadRequestError), ("status=401", openai.AuthenticationError),
        ("status=403", openai.PermissionDeniedError), ("status=404", openai.NotFoundError),
        ("status=408", openai.APIStatusError), ("status=409", openai.ConflictError), ("status=429", openai.RateLimitError),
        ("status=500", openai.InternalServerError), ("status=503 body='<html>'", openai.InternalServerError),
        ("reset=0", openai.APIConnectionError), ("malformed", ValueError),
    ],
)  # fmt: skip
def test_the_sdk_raises(sdk: openai.OpenAI, fault: str, kind: type[Exception], stream: bool) -> None:
    assert isinstance(sdk_says(sdk, fault, stream=stream)[1], kind)


def test_the_sdk_has_what_came_before_a_reset(sdk: openai.OpenAI) -> None:
    found, error = sdk_says(sdk, "reset=2500 pace=0.01", stream=True)
    assert WORDS.startswith(found)
    assert 0 < len(found) < len(WORDS)
    assert isinstance(error, openai.APIConnectionError)


def test_the_sdk_does_not_notice_a_stream_that_is_cut_in_good_order(sdk: openai.OpenAI) -> None:
    assert sdk_says(sdk, "truncate=5", stream=True) == ("one two three", None)


def test_the_sdk_waits_no_longer_than_it_was_told(sdk: openai.OpenAI) -> None:
    for fault, stream in (("delay=5", False), ("pace=5", True)):
        began = time.perf_counter()
        assert isinstance(
            sdk_says(sdk.with_options(timeout=0.3), fault, stream=stream)[1],
            openai.APITimeoutError | httpx2.ReadTimeout,
        )
        assert time.perf_counter() - began < 2


def test_the_sdk_tries_again_as_it_is_told(sdk: openai.OpenAI, wait_for: Any, ask: Any) -> None:
    wait_for("status=429 retry-after-ms=50 times=2")
    began = time.perf_counter()
    assert sdk.with_options(max_retries=2).chat.completions.create(**BODY).choices[0].message.content == WORDS
    assert 0.1 <= time.perf_counter() - began < 2
    wait_for("status=429 retry-after=86400 times=2")
    with pytest.raises(openai.RateLimitError):
        sdk.with_options(max_retries=2).chat.completions.create(**BODY)
    assert ask(FAULTS, method="GET").json["faults"][0]["times"] == 1  # a day is too long to wait for


# What a cell makes of them: an error in three lines, with all that had arrived.


def cell(**more: Any) -> tuple[Any, BaseException | None]:
    try:
        return aoai.chat(WORDS, **more), None
    except errors.AoaiError as error:
        return error.reply, error


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "kind", "what"),
    [
        ("status=401 times=3", errors.AuthenticationError, ""),
        ("status=404 times=3", errors.DeploymentNotFoundError, ""),
        ("status=418 times=3", errors.RequestRefusedError, "A fault that was asked for"),
        ("status=429 retry-after-ms=1 times=3", errors.RateLimitError, "rate limit"),
        ("status=500 retry-after-ms=1 times=3", errors.NoAnswerError, "failed with status 500"),
        ("status=503 retry-after-ms=1 times=3 body='<html>'", errors.NoAnswerError, "failed with status 503"),
        ("status=200 body='<html>'", errors.NoAnswerError, "other than a completion"),
        ("status=200 body='{}'", errors.NoAnswerError, "other than a completion"),
        ("status=204", errors.NoAnswerError, "other than a completion"),
        ("malformed", errors.NoAnswerError, "other than a completion"),
        ("reset=0 times=3", errors.NoAnswerError, ""),
    ],
)
def test_a_cell_says_what_happened(wait_for: Any, fault: str, kind: type[Exception], what: str, stream: bool) -> None:
    aoai.connect("local")
    wait_for(fault)
    began = time.perf_counter()
    reply, error = cell(stream=stream)
    assert time.perf_counter() - began < 5
    assert type(error) is kind
    assert what in error.what  # type: ignore[attr-defined]
    assert "Traceback" not in str(error)
    assert reply is None


@pytest.mark.parametrize("fault", ["reset=2500", "truncate=6"])
def test_a_cell_keeps_the_reply_that_broke_off(wait_for: Any, fault: str) -> None:
    aoai.connect("local")
    wait_for(fault)
    seen: list[str] = []
    reply, error = cell(on_text=seen.append)
    assert isinstance(error, errors.NoAnswerError)
    assert error.what == "The reply broke off before its end."
    assert reply.text == "".join(seen)
    assert WORDS.startswith(reply.text)
    assert 0 < len(reply.text) < len(WORDS)
    assert aoai.last is not None
    assert aoai.last.text == reply.text


def test_a_reply_that_is_all_there_is_no_error_whatever_becomes_of_the_connection(wait_for: Any) -> None:
    aoai.connect("local")
    wait_for("reset=1000000")
    reply, error = cell()
    assert (reply.text, reply.finish_reason, error) == (WORDS, "stop", None)
    assert cell()[0].text == WORDS


def test_a_cell_tries_again_by_itself(wait_for: Any) -> None:
    aoai.connect("local")
    wait_for("status=503 retry-after-ms=1 times=2")
    reply, error = cell()
    assert (reply.text, error) == (WORDS, None)


def test_a_cell_waits_for_a_slow_service(wait_for: Any) -> None:
    aoai.connect("local")
    wait_for("delay=0.3 pace=0.02")
    reply, error = cell()
    assert (reply.text, error) == (WORDS, None)
    assert reply.first_token_seconds > 0.3
    assert reply.seconds > reply.first_token_seconds + 0.15


def test_a_cell_shows_that_the_filter_failed(wait_for: Any) -> None:
    aoai.connect("local")
    wait_for("filter-error")
    reply, error = cell()
    assert (reply.text, error) == (WORDS, None)
    assert reply.filters["error"]["code"] == "content_filter_error"


def test_the_service_is_none_the_worse(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log stays empty, and it answers as before."""
    monkeypatch.setenv("AOAI_HOME", str(tmp_path))
    service = launch.ensure(settings.local())
    try:
        for _ in range(2):
            for fault in ("reset=0", "reset=700", "reset=3000", "truncate=0", "truncate=5", "malformed", "status=500"):
                for body in (BODY, {**BODY, "stream": True}, {**BODY, "stream": True, "n": 3}):
                    raw(service, body, fault)
        assert json.loads(raw(service, BODY, "pace=0")[1])["choices"][0]["message"]["content"] == WORDS
        (log,) = service_log(tmp_path)
        assert log.read_text() == ""
    finally:
        launch.stop(service)


def service_log(home: Any) -> list[Any]:
    return list((home / "local").glob("*.log"))
