"""When the service itself fails: a whole answer is Azure's 500, a stream that has begun ends with an error event."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any

import openai
import pytest

import aoai_magic as aoai
from aoai_magic.errors import LocalServiceError, ServiceError
from aoai_magic.local.account import Account
from aoai_magic.local.azure_errors import OUTSIDE
from aoai_magic.local.echo import Echo
from aoai_magic.local.engine import Job, Piece

from .serving import Served, serving

HI = [{"role": "user", "content": "one two three four"}]
PATHS: dict[str, dict[str, Any]] = {
    "chat/completions": {"model": "gpt-4o", "messages": HI},
    "completions": {"model": "gpt-35-turbo-instruct", "prompt": "one two three four"},
    "responses": {"model": "gpt-4o", "input": "one two three four"},
}


@dataclass
class Breaking(Echo):
    """An engine that breaks after that many pieces."""

    pieces: int = 2

    async def generate(self, job: Job) -> AsyncGenerator[Piece]:
        left = self.pieces
        async for piece in super().generate(job):
            if not left:
                raise RuntimeError("the engine broke")
            left -= 1
            yield piece


@pytest.fixture(scope="module")
def broken_in_the_middle() -> Iterator[Served]:
    with serving(Account(Breaking())) as running:
        yield running


@pytest.fixture(scope="module")
def broken_at_once() -> Iterator[Served]:
    with serving(Account(Breaking(0))) as running:
        yield running


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stream", [False, True])
def test_before_an_answer_begins_a_failure_is_azures_500(broken_at_once: Served, path: str, stream: bool) -> None:
    answer = broken_at_once.ask(f"/openai/v1/{path}", {**PATHS[path], "stream": stream})
    error = answer.json["error"]
    assert (answer.status, error["type"], error["code"]) == (500, "server_error", None)
    request_id = answer.headers["apim-request-id"]
    assert f"Please include the request ID {request_id} in your email." in error["message"]
    assert answer.headers["x-ratelimit-remaining-requests"]


@pytest.mark.parametrize("path", ["chat/completions", "completions"])
def test_a_stream_that_fails_ends_with_the_error(broken_in_the_middle: Served, path: str) -> None:
    answer = broken_in_the_middle.ask(f"/openai/v1/{path}", {**PATHS[path], "stream": True})
    *begun, last = answer.events
    assert answer.status == 200
    assert last["error"]["type"] == "server_error"
    assert answer.headers["apim-request-id"] in last["error"]["message"]
    assert "[DONE]" not in begun
    assert len(begun) >= 3


def test_a_stream_of_the_responses_api_ends_with_an_error_event(broken_in_the_middle: Served) -> None:
    *begun, last = broken_in_the_middle.ask("/openai/v1/responses", {**PATHS["responses"], "stream": True}).events
    assert (last["event"], last["data"]["type"]) == ("error", "error")
    assert last["data"]["sequence_number"] == len(begun)
    assert last["data"]["error"]["type"] == "server_error"


def test_one_of_several_answers_that_fails_ends_the_stream_once(broken_in_the_middle: Served) -> None:
    events = broken_in_the_middle.ask(
        "/openai/v1/chat/completions", {**PATHS["chat/completions"], "n": 3, "stream": True}
    ).events
    assert sum("error" in event for event in events) == 1


def test_the_sdk_raises_in_the_middle_of_a_stream(broken_in_the_middle: Served) -> None:
    served = broken_in_the_middle
    with openai.OpenAI(base_url=f"{served.endpoint}/openai/v1/", api_key=served.key, max_retries=0) as client:
        text = ""
        with pytest.raises(openai.APIError, match="The server had an error"):
            for chunk in client.chat.completions.create(**PATHS["chat/completions"], stream=True):
                text += chunk.choices[0].delta.content or "" if chunk.choices else ""
        assert text == "one two"
        with pytest.raises(openai.APIError, match="The server had an error"):
            list(client.responses.create(**PATHS["responses"], stream=True))


def test_what_the_service_lacks_is_said(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def embed(texts: Any) -> Any:
        raise LocalServiceError("The local model isn't here yet.", "There is no network.", "Bring it by hand.")

    monkeypatch.setattr(served.account.engine, "embed", embed)
    answer = served.ask("/openai/v1/embeddings", {"model": "text-embedding-3-small", "input": "one"})
    assert (answer.status, answer.json["error"]["code"]) == (503, "ServiceUnavailable")
    assert answer.json["error"]["message"] == "The local model isn't here yet.\nThere is no network.\nBring it by hand."


def test_a_response_that_failed_is_not_kept(broken_in_the_middle: Served) -> None:
    broken_in_the_middle.ask("/openai/v1/responses", {**PATHS["responses"], "stream": True})
    assert not broken_in_the_middle.account.responses


def test_the_service_goes_on_after_a_failure(broken_in_the_middle: Served) -> None:
    hello = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
    assert broken_in_the_middle.ask("/openai/v1/chat/completions", hello).status == 200


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(Account(Echo())) as running:
        yield running


@pytest.mark.parametrize("name", OUTSIDE)
def test_every_error_that_comes_from_outside_is_explained(served: Served, name: str) -> None:
    served.ask("/aoai/faults", {"fault": f"error={name} times=3 retry-after-ms=1"})  # the SDK tries three times
    aoai.connect(f"{served.endpoint}/openai/v1/", api_key=served.key)
    try:
        with pytest.raises(ServiceError) as failed:
            aoai.chat("hi", deployment="gpt-4o")
    finally:
        served.ask("/aoai/faults", method="DELETE")
    assert failed.value.status == (OUTSIDE[name][0])
    what, why, fix = str(failed.value).split("\n")
    assert all((what, why, fix))
    assert served.key not in str(failed.value)
