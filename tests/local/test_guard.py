"""Who may talk to the service."""

from __future__ import annotations

import http.client
from typing import Any

import pytest

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


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
def test_a_host_name_that_was_rebound_is_refused(service: Any, host: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    connection.request("GET", "/aoai/health", headers={"Host": host})
    assert connection.getresponse().status == 421
    connection.close()


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
