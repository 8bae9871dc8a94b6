"""Azure's own error bodies, and what they mean to someone at a notebook."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors
from aoai_magic.client import Connection
from aoai_magic.settings import resolve

from .cloud import Cloud

FILTERED = {
    "error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {
                "hate": {"filtered": False, "severity": "safe"},
                "violence": {"filtered": True, "severity": "medium"},
            },
        },
    }
}


def failed(cloud: Cloud, status: int, body: Any, kind: type[errors.AoaiError], **headers: str) -> Any:
    """Ask a service that gives this answer, and return the error that a user sees."""
    cloud.answer(status, body, **headers, x_should_retry="false")
    aoai.connect(f"{cloud.url}/openai/v1", api_key="sekret-key", deployment="my-chat")
    with pytest.raises(kind) as caught:
        aoai.chat("hi")
    assert len(str(caught.value).splitlines()) <= 3
    assert caught.value.__cause__ is not None
    return caught.value


def error(code: str | None, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


def test_a_wrong_key(cloud: Cloud) -> None:
    body = error("401", "Access denied due to invalid subscription key or wrong API endpoint.")
    told = failed(cloud, 401, body, errors.AuthenticationError, apim_request_id="r-1")
    assert "refused the key" in str(told)
    assert (told.status, told.code, told.request_id) == (401, "401", "r-1")


def test_a_missing_role(cloud: Cloud) -> None:
    body = error(
        "PermissionDenied", "The principal `x` lacks the required data action `y` to perform `POST /…` operation."
    )
    assert "Cognitive Services OpenAI User" in str(failed(cloud, 401, body, errors.AuthenticationError))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Access denied due to Virtual Network/Firewall rules.", "network"),
        ("Public access is disabled. Please configure private endpoint.", "private endpoint"),
        ("Key based authentication is disabled for this resource.", "takes no keys"),
        ("Something else", "Ask the resource's owner"),
    ],
)
def test_access_that_is_forbidden(cloud: Cloud, message: str, said: str) -> None:
    assert said in str(failed(cloud, 403, error("403", message), errors.AuthenticationError))


def test_no_such_deployment(cloud: Cloud) -> None:
    body = error("DeploymentNotFound", "The API deployment for this resource does not exist.")
    told = failed(cloud, 404, body, errors.DeploymentNotFoundError)
    assert "no deployment 'my-chat'" in str(told)


def test_no_such_local_deployment_names_the_near_ones() -> None:
    with pytest.raises(errors.DeploymentNotFoundError) as caught:
        aoai.chat("hi", deployment="gpt-4o-mni")
    assert str(caught.value).endswith("%%chat gpt-4o-mini")


def test_no_such_address(cloud: Cloud) -> None:
    told = failed(cloud, 404, error("404", "Resource not found"), errors.DeploymentNotFoundError)
    assert "nothing at that address" in str(told)


def test_an_api_version_that_is_unknown(cloud: Cloud) -> None:
    cloud.answer(404, error("404", "Resource not found"))
    target = resolve(f"{cloud.url}/openai", api_key="sekret-key", api_version="2019-01-01", deployment="d")
    with pytest.raises(errors.DeploymentNotFoundError, match="2019-01-01 is unknown"):
        aoai.chat("hi", connection=Connection(target))


def test_a_dated_version_on_v1(cloud: Cloud) -> None:
    told = failed(cloud, 400, error("BadRequest", "API version not supported"), errors.DeploymentNotFoundError)
    assert "doesn't speak" in str(told)


def test_a_prompt_that_the_filter_blocks(cloud: Cloud) -> None:
    told = failed(cloud, 400, FILTERED, errors.ContentFilterError)
    assert "(violence: medium)" in str(told)
    assert told.filters["violence"] == {"filtered": True, "severity": "medium"}


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("jailbreak", "out of its instructions"),
        ("indirect_attack", "holds instructions to the model"),
        ("blocklist", "a list that the resource's owner keeps"),
        ("hate", "checked for harm"),
    ],
)
def test_why_a_prompt_was_blocked(phrase: str, why: str) -> None:
    with pytest.raises(errors.ContentFilterError, match=phrase) as caught:
        aoai.chat(f"hello aoai-filter:{phrase}")
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("headers", "message", "said", "wait"),
    [
        ({"retry_after_ms": "1500", "retry_after": "2"}, "token rate limit", "in 2 seconds", 1.5),
        ({"retry_after": "12"}, "call rate limit", "in 12 seconds", 12),
        ({"retry_after_ms": "1000"}, "call rate limit", "in 1 second.", 1),
        ({"retry_after_ms": "400"}, "call rate limit", "in 1 second.", 0.4),
        ({"retry_after_ms": "2400"}, "call rate limit", "in 3 seconds.", 2.4),
        ({}, "Rate limit is exceeded. Try again in 54 seconds.", "in 54 seconds", 54),
        ({"retry_after": "86400"}, "token rate limit", "smaller --max-tokens", 86400),
        ({}, "busy", "in a minute", None),
        ({"retry_after": "nan"}, "busy", "in a minute", None),
        ({"retry_after_ms": "-5"}, "busy", "in a minute", None),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "busy", "in a minute", None),
    ],
)
def test_a_rate_limit(cloud: Cloud, headers: dict[str, str], message: str, said: str, wait: float | None) -> None:
    told = failed(cloud, 429, error("RateLimitReached", message), errors.RateLimitError, **headers)
    assert said in str(told)
    assert told.retry_after == wait


def test_a_rate_limit_names_the_limits(cloud: Cloud) -> None:
    limits = {"x_ratelimit_limit_tokens": "1000", "x_ratelimit_limit_requests": "6"}
    told = failed(cloud, 429, error("429", "…"), errors.RateLimitError, **limits)
    assert "1000 tokens a minute and 6 requests a minute" in str(told)


@pytest.mark.parametrize(
    ("code", "message", "param", "said"),
    [
        ("context_length_exceeded", "This model's maximum context length is 300000 tokens.", "messages", "Send less text"),
        ("unsupported_parameter", "Unsupported parameter: 'max_tokens'.", "max_tokens", "doesn't take max_tokens"),
        ("OperationNotSupported", "The chatCompletion operation does not work with …", None, "can't be asked for chat"),
        ("invalid_value", "Invalid value.", "seed", "It names the parameter seed"),
        (None, "", None, "status 400"),
    ],
)  # fmt: skip
def test_a_request_that_is_refused(cloud: Cloud, code: str | None, message: str, param: str | None, said: str) -> None:
    assert said in str(failed(cloud, 400, error(code, message, param=param), errors.RequestRefusedError))


def test_a_service_that_fell_over(cloud: Cloud) -> None:
    told = failed(cloud, 500, error(None, "The server had an error."), errors.NoAnswerError, apim_request_id="r-9")
    assert "support will ask for request r-9" in str(told)


@pytest.mark.parametrize("body", [b"<html>502</html>", b"", b'"text"', b"[1]"])
def test_an_error_with_no_json_in_it(cloud: Cloud, body: bytes) -> None:
    failed(cloud, 502, body, errors.NoAnswerError)
    failed(cloud, 400, body, errors.RequestRefusedError)


def test_control_characters_in_a_services_message_are_shown(cloud: Cloud) -> None:
    assert "\x1b" not in str(failed(cloud, 400, error("x", "\x1b[2Jgone"), errors.RequestRefusedError))


def test_a_key_that_the_service_repeats_is_taken_out(cloud: Cloud) -> None:
    cloud.answer(400, error("x", "Bad key sekret-key-1"))
    with pytest.raises(errors.RequestRefusedError) as caught:
        aoai.chat(
            "hi", connection=Connection(resolve(f"{cloud.url}/openai/v1", api_key="sekret-key-1", deployment="d"))
        )
    assert "sekret-key-1" not in str(caught.value)
    assert "•••" in str(caught.value)


def connected(url: str, **more: Any) -> Connection:
    connection = Connection(resolve(url, api_key="sekret-key", deployment="d", **more))
    connection.client.max_retries = 0
    return connection


def test_a_port_where_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(errors.NoAnswerError, match="Nothing listens there"):
            aoai.chat("hi", connection=connected(f"http://127.0.0.1:{free.getsockname()[1]}/openai/v1"))


def test_a_host_name_that_there_is_not() -> None:
    with pytest.raises(errors.NoAnswerError, match="No such host name"):
        aoai.chat("hi", connection=connected("https://no-such-resource.invalid/openai/v1"))


def test_a_service_that_takes_too_long() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        connection = connected(f"http://127.0.0.1:{deaf.getsockname()[1]}/openai/v1")
        connection.client.timeout = 0.2
        with pytest.raises(errors.NoAnswerError, match="took too long"):
            aoai.chat("hi", connection=connection)


def test_a_connection_that_is_reset() -> None:
    import threading

    with socket.socket() as rude:
        rude.bind(("127.0.0.1", 0))
        rude.listen()

        def reset() -> None:
            peer, _ = rude.accept()
            peer.close()

        thread = threading.Thread(target=reset)
        thread.start()
        with pytest.raises(errors.NoAnswerError, match="No answer from"):
            aoai.chat("hi", connection=connected(f"http://127.0.0.1:{rude.getsockname()[1]}/openai/v1"))
        thread.join()


def test_a_certificate_that_is_not_trusted(cloud: Cloud) -> None:
    with pytest.raises(errors.NoAnswerError) as caught:
        aoai.chat("hi", connection=connected(cloud.url.replace("http:", "https:") + "/openai/v1"))
    assert "certificate" in str(caught.value) or ssl.SSLError.__name__ in str(caught.value)


class NoSignIn:
    def get_token(self, *scopes: str, **_: Any) -> Any:
        from azure.core.exceptions import ClientAuthenticationError

        raise ClientAuthenticationError("DefaultAzureCredential failed to retrieve a token.\nAttempted credentials: …")


def test_no_sign_in(cloud: Cloud) -> None:
    aoai.connect(f"{cloud.url}/openai/v1", credential=NoSignIn(), deployment="d")
    with pytest.raises(errors.AuthenticationError, match="az login"):
        aoai.chat("hi")
    assert cloud.asked == []


def test_an_error_that_is_none_of_ours_is_left_alone() -> None:
    def fail(text: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        aoai.chat("hi", on_text=fail)


def test_an_error_that_broke_off_is_no_answer(run: Any) -> None:
    run("%aoai fault 'reset=20 times=1'")
    with pytest.raises(errors.NoAnswerError) as caught:
        run("%%chat gpt-4p\nAre you there?")
    assert str(caught.value).split("\n") == [
        "No answer from the local service.",
        "It began to answer, and broke off.",
        "Run the cell again.",
    ]
    assert "No fault waits" in run("%aoai fault")
