"""Who may talk to the service."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import pytest

from aoai_magic.local.account import Account
from aoai_magic.local.echo import Echo
from aoai_magic.local.guard import Guard
from aoai_magic.local.plumbing import Call

V1 = "/openai/v1/chat/completions"
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


def test_the_key_is_taken_in_both_headers(ask: Any, service: Any) -> None:
    assert ask(V1, BODY).status == 200
    assert ask(V1, BODY, api_key=None, authorization=f"Bearer {service.key}").status == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"api_key": "wrong"}, {"authorization": "Bearer wrong"}, {"authorization": "Basic x"}, {"api_key": ""}],
)
def test_without_the_key_nothing_is_served(ask: Any, headers: dict[str, str]) -> None:
    for path in (V1, "/", "/nowhere"):
        answer = ask(path, BODY, **{"api_key": None, **headers})
        assert answer.status == 401
        assert answer.json == {
            "error": {
                "code": "401",
                "message": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid "
                "key for an active subscription and use a correct regional API endpoint for your resource.",
            }
        }


@pytest.mark.parametrize("nonce", ["", "token", "proof of token", "proof of ", "local."])
def test_what_health_tells_anybody_opens_nothing(ask: Any, service: Any, nonce: str) -> None:
    answer = ask(f"/aoai/health?nonce={quote(nonce)}", method="GET", api_key=None).json
    for token in (answer["proof"], f"local.{answer['proof']}"):
        for path in ("/openai/v1/models", "/subscriptions?api-version=2025-09-01"):
            assert ask(path, method="GET", api_key=None, authorization=f"Bearer {token}").status == 401


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
def test_a_host_name_that_was_rebound_is_refused(service: Any, host: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    connection.request("GET", "/aoai/health", headers={"Host": host})
    assert connection.getresponse().status == 421
    connection.close()


@pytest.mark.parametrize(
    ("host", "name"), [("::1", "[::1]:80"), ("127.0.0.2", "127.0.0.2:80"), ("::1", "localhost:80")]
)
def test_it_answers_to_the_address_that_it_listens_on(host: str, name: str) -> None:
    guard = Guard(Account(Echo()), host, 80)
    assert guard.objection(_call(name)) is None
    assert guard.objection(_call("[::2]:80")).status == 421  # type: ignore[union-attr]


def _call(host: str) -> Call:
    headers = [(b"host", host.encode())]

    async def nothing(*_: Any) -> Any: ...

    return Call({"type": "http", "method": "GET", "path": "/aoai/health", "headers": headers}, nothing, nothing)


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.test"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"sec_fetch_site": "same-origin"}],
)  # fmt: skip
def test_web_pages_are_refused_even_with_the_key(ask: Any, headers: dict[str, str]) -> None:
    assert ask(V1, BODY, **headers).status == 403
    assert ask("/aoai/health", method="GET", **headers).status == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonp"]
)
def test_only_json_may_be_posted(ask: Any, kind: str) -> None:
    assert ask(V1, BODY, content_type=kind).status == 415
    assert ask(V1, BODY, content_type="application/json; charset=utf-8").status == 200


def test_no_answer_lets_another_page_read_it(ask: Any) -> None:
    for answer in (ask(V1, BODY), ask(V1, BODY, origin="http://evil.test"), ask(V1, method="OPTIONS")):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_the_service_listens_on_loopback_alone(service: Any) -> None:
    import socket

    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((own, service.port), timeout=2)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/", 404, "404"),
        ("/openai/v1/nothing", 404, "404"),
        ("/openai/deployments/gpt-4o/chat/completions", 404, "404"),
        ("/openai/deployments/gpt-4o/chat/completions?api-version=yesterday", 404, "404"),
        ("/openai/deployments/nope/chat/completions?api-version=2024-10-21", 404, "DeploymentNotFound"),
        (f"{V1}?api-version=2024-10-21", 400, "BadRequest"),
    ],
)
def test_addresses_that_there_are_not(ask: Any, path: str, status: int, code: str) -> None:
    answer = ask(path, BODY)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)


def test_other_methods_find_nothing(ask: Any) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert ask(V1, method=method).status == 404


def test_a_deployment_that_there_is_not_is_an_openai_error_on_v1_alone(ask: Any) -> None:
    v1 = ask(V1, {**BODY, "model": "nope"}).json["error"]
    classic = ask("/openai/deployments/nope/chat/completions?api-version=2024-10-21", BODY).json["error"]
    assert v1["type"] == "invalid_request_error"
    assert "type" not in classic
    assert v1["message"] == classic["message"]


# A service whose engine fails in every way there is, with the prompt in the error's message.
LEAKY = """
import asyncio, threading, sys, warnings
from aoai_magic.local import server
from aoai_magic.local.echo import Echo
from aoai_magic.local.engine import Piece

async def fails(text):
    raise ValueError(text)

class Leaky(Echo):
    async def generate(self, job):
        text = job.messages[-1]["content"]
        warnings.warn(f"{text} is odd")
        thread = threading.Thread(target=int, args=[text])
        thread.start()
        thread.join()
        self.task = asyncio.create_task(fails(text))
        asyncio.get_running_loop().call_soon(int, text)
        await asyncio.sleep(0.01)
        del self.task
        if "later" in text:
            yield Piece("so far ")
        raise RuntimeError(text)

server.run(Leaky, ready=lambda port, key: print(port, key, flush=True))
"""


def test_nothing_of_a_prompt_is_in_the_log() -> None:
    process = subprocess.Popen([sys.executable, "-c", LEAKY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port, key = process.stdout.readline().split()
        for words in ("my secret now", "my secret later"):
            for stream in (False, True):
                body = {**BODY, "messages": [{"role": "user", "content": words}], "stream": stream}
                connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
                connection.request("POST", V1, json.dumps(body), {"api-key": key, "Content-Type": "application/json"})
                answer = connection.getresponse()
                if stream and "later" in words:
                    assert answer.status == 200
                    assert b"server_error" in answer.read()
                else:
                    assert answer.status == 500
                    error = json.loads(answer.read())["error"]
                    assert error["type"] == "server_error"
                    assert answer.headers["apim-request-id"] in error["message"]
                connection.close()
    finally:
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert "secret" not in said
    for kind in ("RuntimeError at ", "ValueError at ", "UserWarning at ", "In a thread: ", "In the background: "):
        assert kind in said, said
