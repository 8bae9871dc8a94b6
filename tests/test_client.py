"""The connection, against the real local service with the echo engine, and a stand-in for what only a cloud does."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors
from aoai_magic.base_reply import Usage
from aoai_magic.client import Connection
from aoai_magic.settings import resolve

from .cloud import Cloud


def test_a_prompt_is_answered() -> None:
    reply = aoai.chat("Say hello to the world")
    assert reply.text == "Say hello to the world"
    assert (reply.finish_reason, reply.deployment, reply.model, reply.kind) == ("stop", "gpt-4o", "echo", "local")
    assert reply.usage == Usage(12, 5)
    assert reply.request_id
    assert 0 < (reply.first_token_seconds or 0) <= reply.seconds
    assert reply.filters["violence"] == {"filtered": False, "severity": "safe"}


def test_a_mild_finding_in_the_reply_is_not_hidden_by_a_safe_prompt() -> None:
    for stream in (True, False):
        assert aoai.chat("hi aoai-filter:reply-hate=low", stream=stream).filters["hate"]["severity"] == "low"


def test_text_is_handed_over_as_it_arrives() -> None:
    pieces: list[str] = []
    reply = aoai.chat("one two three", on_text=pieces.append)
    assert pieces == ["one", " two", " three"]
    assert reply.text == "one two three"


def test_a_whole_answer_equals_a_streamed_one() -> None:
    streamed, whole = aoai.chat("one two"), aoai.chat("one two", stream=False)
    assert streamed.text == whole.text
    assert streamed.usage == whole.usage
    assert streamed.filters == whole.filters
    assert streamed.raw.choices[0].message.content == whole.raw.choices[0].message.content
    assert "stream" not in whole.request


def test_the_request_is_kept_as_it_was_sent() -> None:
    reply = aoai.chat("hi", system="be brief", temperature=0, max_tokens=5, seed=7, stop="x", top_p=0.5, user="me")
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    assert reply.request == {
        "model": "gpt-4o", "messages": messages, "temperature": 0, "max_tokens": 5, "seed": 7, "stop": ["x"], "top_p": 0.5,
        "user": "me", "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip


def test_messages_are_sent_as_they_are() -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    assert aoai.chat(messages).request["messages"] == messages


def test_the_last_reply_is_remembered() -> None:
    assert aoai.last is None
    reply = aoai.chat("hi")
    assert aoai.last is reply


def test_the_limit_cuts_the_reply() -> None:
    reply = aoai.chat("one two three four", max_tokens=2)
    assert (reply.text, reply.finish_reason) == ("one two", "length")
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 2


def test_one_client_is_shared_by_all_calls() -> None:
    connection = aoai.connection()
    assert connection.client is connection.client is aoai.connection().client


def test_the_sdks_own_clients_work_on_every_kind_of_connection() -> None:
    import asyncio

    connection = aoai.connect("local")
    body: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    assert connection.client.chat.completions.create(**body).choices[0].message.content == "hi"

    async def ask() -> str | None:
        async with connection.async_client as client:
            return (await client.chat.completions.create(**body)).choices[0].message.content

    assert asyncio.run(ask()) == "hi"


def test_the_local_endpoint_is_found_by_asking() -> None:
    assert aoai.connect("local").endpoint.startswith("http://127.0.0.1:")


def test_azure_classic_is_spoken_where_an_api_version_is_given() -> None:
    import openai

    local = aoai.connect("local").endpoint
    from aoai_magic import settings
    from aoai_magic.local import launch

    key = launch.ensure(settings.local()).key
    connection = aoai.connect(local, api_key=key, api_version="2024-10-21", deployment="gpt-4o-mini")
    assert isinstance(connection.client, openai.AzureOpenAI)
    reply = aoai.chat("hi")
    assert (reply.text, reply.kind) == ("hi", "azure")
    assert str(reply.raw.model) == "gpt-4o-mini-2024-07-18"


def test_azure_gets_the_key_in_its_own_header_on_both_apis(cloud: Cloud) -> None:
    cloud.completion()
    for version in (None, "2024-10-21"):
        target = resolve(f"{cloud.url}/openai/v1", api_key="sekret", api_version=version, deployment="my-chat")
        assert aoai.chat("hi", connection=Connection(target)).text == "Hello!"
    first, second = cloud.asked
    assert first.path == "/openai/v1/chat/completions"
    assert second.path == "/openai/deployments/my-chat/chat/completions?api-version=2024-10-21"
    for asked in cloud.asked:
        assert asked.headers["api-key"] == "sekret"
        assert "authorization" not in asked.headers


def test_azure_gets_a_token_as_bearer(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.completion()
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", cloud.url)
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "t0ken")
    aoai.chat("hi", deployment="d")
    assert cloud.asked[0].headers["authorization"] == "Bearer t0ken"
    assert "api-key" not in cloud.asked[0].headers


class Credential:
    """A credential of azure-identity's kind that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> Any:
        import time

        from azure.core.credentials import AccessToken

        self.asked += scopes
        return AccessToken(f"token-{len(self.asked)}", int(time.time()) + 3600)


def test_a_credential_is_asked_once_for_the_scope_and_its_token_reused(cloud: Cloud) -> None:
    cloud.completion()
    credential = Credential()
    aoai.connect(f"{cloud.url}/openai/v1", credential=credential, deployment="d")
    aoai.chat("hi")
    aoai.chat("hi")
    assert credential.asked == ["https://ai.azure.com/.default"]
    assert {asked.headers["authorization"] for asked in cloud.asked} == {"Bearer token-1"}


def test_a_compatible_service_gets_no_key_unless_one_is_named(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.completion()
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(name, "sekret")
    monkeypatch.setenv("OPENAI_ORG_ID", "sekret-org")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "sekret-project")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: sekret\nAuthorization: Bearer sekret")
    aoai.connect(cloud.url, deployment="m")
    aoai.chat("hi")
    aoai.connect(cloud.url, api_key="mine", deployment="m")
    aoai.chat("hi")
    first, second = cloud.asked
    assert first.path == "/v1/chat/completions"
    assert "sekret" not in str(first.headers) + str(second.headers)
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == "Bearer mine"


def test_what_the_environment_says_of_openai_goes_to_its_base_url(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.completion()
    monkeypatch.setenv("OPENAI_BASE_URL", f"{cloud.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    aoai.chat("hi", deployment="m")
    assert cloud.asked[0].headers["authorization"] == "Bearer k"
    assert cloud.asked[0].headers["openai-organization"] == "org"


def test_a_redirect_to_another_host_takes_no_key_along(cloud: Cloud) -> None:
    with Cloud() as other:
        other.completion()
        cloud.answer(307, {}, location=f"{other.url}/openai/v1/chat/completions")
        connection = Connection(resolve(f"{cloud.url}/openai/v1", api_key="sekret", deployment="d"))
        aoai.chat("hi", connection=connection)
        assert "sekret" in str(cloud.asked[0].headers)
        assert "sekret" not in str(other.asked[0].headers)


def test_the_key_is_nowhere_in_what_a_user_can_look_at(cloud: Cloud) -> None:
    cloud.answer(401, {"error": {"code": "401", "message": "Access denied for sekret"}})
    connection = aoai.connect(f"{cloud.url}/openai/v1", api_key="sekret", deployment="d")
    assert "sekret" not in repr(connection) + repr(connection.target) + str(vars(connection.client))
    with pytest.raises(errors.AuthenticationError) as caught:
        aoai.chat("hi")
    error: BaseException | None = caught.value
    while error is not None:
        assert "sekret" not in repr(error) or error is not caught.value
        if error is not caught.value:
            assert error.__traceback__ is None, "its frames hold the headers"
        error = error.__cause__
    assert "sekret" not in str(caught.value) + repr(caught.value)


def test_a_credential_is_not_sent_over_plain_http() -> None:
    target = resolve("http://192.0.2.1/openai/v1", api_key="sekret", deployment="d")
    with pytest.raises(errors.SettingsError, match="plain http"):
        aoai.chat("hi", connection=Connection(target))


def test_a_sign_in_is_not_sent_to_a_host_that_is_not_azures(cloud: Cloud) -> None:
    aoai.connect(f"{cloud.url}/openai/v1", deployment="d")
    with pytest.raises(errors.SettingsError, match="isn't an address of Azure's"):
        aoai.chat("hi")
    assert cloud.asked == []


def test_without_a_deployment_nothing_is_sent(cloud: Cloud) -> None:
    aoai.connect(f"{cloud.url}/openai/v1", api_key="k")
    with pytest.raises(errors.SettingsError, match="No deployment is named"):
        aoai.chat("hi")
    assert cloud.asked == []


def chunk(text: str = "", finish: str | None = None) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


def test_a_stream_that_breaks_off_keeps_what_had_arrived(cloud: Cloud) -> None:
    cloud.stream(chunk("Once upon"), chunk(" a time"))
    aoai.connect(cloud.url, deployment="m")
    with pytest.raises(errors.NoAnswerError, match="broke off") as caught:
        aoai.chat("hi")
    assert caught.value.reply is not None
    assert (caught.value.reply.text, caught.value.reply.finish_reason) == ("Once upon a time", None)
    assert aoai.last is caught.value.reply


def test_an_error_in_the_middle_of_a_stream_keeps_what_had_arrived(cloud: Cloud) -> None:
    cloud.stream(chunk("Once"), {"error": {"code": "server_error", "message": "The engine fell over."}})
    aoai.connect(cloud.url, deployment="m")
    with pytest.raises(errors.ServiceError, match="The engine fell over") as caught:
        aoai.chat("hi")
    assert caught.value.reply is not None
    assert (caught.value.reply.text, caught.value.code) == ("Once", "server_error")


def test_a_service_that_does_not_stream_is_understood(cloud: Cloud) -> None:
    cloud.completion("whole")
    pieces: list[str] = []
    aoai.connect(cloud.url, deployment="m")
    assert aoai.chat("hi", on_text=pieces.append).text == "whole"
    assert pieces == ["whole"]


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"{}", b'{"choices": []}', b"null", b""])
def test_an_answer_that_is_no_completion_is_said(cloud: Cloud, body: bytes) -> None:
    cloud.answer(200, body)
    aoai.connect(cloud.url, deployment="m")
    with pytest.raises(errors.NoAnswerError, match="something other than a completion"):
        aoai.chat("hi")


@pytest.mark.parametrize("line", ["data: {broken\n\n", "data: []\n\n", 'data: {"choices": 7}\n\n'])
def test_a_stream_that_is_not_json_is_said(cloud: Cloud, line: str) -> None:
    cloud.stream(chunk("Once"), line)
    aoai.connect(cloud.url, deployment="m")
    with pytest.raises(errors.NoAnswerError) as caught:
        aoai.chat("hi")
    assert caught.value.reply is not None
    assert caught.value.reply.text == "Once"


def test_an_interrupt_closes_the_stream_and_keeps_what_had_arrived() -> None:
    def stop(text: str) -> None:
        if "two" in text:
            raise KeyboardInterrupt

    with pytest.raises(errors.Interrupted) as caught:
        aoai.chat("one two three", on_text=stop)
    assert caught.value.reply is not None
    assert caught.value.reply.text == "one two"
    assert aoai.last is caught.value.reply
    assert aoai.chat("again").text == "again"


def test_many_threads_share_a_connection() -> None:
    replies: dict[int, str] = {}

    def ask(number: int) -> None:
        replies[number] = aoai.chat(f"number {number}").text

    aoai.connect("local")
    threads = [threading.Thread(target=ask, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {number: f"number {number}" for number in range(16)}
