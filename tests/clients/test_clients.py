"""Clients that others wrote for Azure OpenAI, each doing what it can do against the local service.

README's table "For other programs" is what is proven here, no more and no less.
"""

from __future__ import annotations

import io
import json
import math
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from aoai_magic.local.launch import Service

from ..tiktoken_reference import reference
from . import langchain, llm, npm_openai, openai_python
from .client import FEATURES, Client, Failure, Place
from .management import MEANT, PLACE, Management

CLIENTS: tuple[type[Client], ...] = (
    openai_python.V1,
    openai_python.AsyncV1,
    openai_python.Classic,
    openai_python.AsyncClassic,
    npm_openai.Npm,
    langchain.LangChain,
    llm.Llm,
    Management,
)


def that_can(*features: str) -> pytest.MarkDecorator:
    """Run a test with each client that can do all of these."""
    able = [one for one in CLIENTS if set(features) <= set(one.can)]
    return pytest.mark.parametrize("kind", able, ids=lambda kind: kind.name)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own, and nothing that leaves it."""
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    reference("cl100k_base")  # LangChain counts with tiktoken, which keeps a vocabulary that it has once seen


@pytest.fixture
def client(kind: type[Client], service: Service) -> Iterator[Client]:
    made = kind(service.endpoint, service.key)
    yield made
    made.close()


def send(service: Service, path: str, body: Any = None) -> Any:
    """Talk to the service by hand."""
    headers = {"api-key": service.key, "content-type": "application/json"}
    request = urllib.request.Request(service.endpoint + path, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def refused(client: Client, deployment: str, prompt: str) -> Failure:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # each client has errors of its own
        client.ask(deployment, prompt)
    return client.failure(caught.value)


@that_can("conversation")
def test_a_conversation(client: Client) -> None:
    answers = client.conversation("gpt-4o", ["The first question", "The second"])
    assert [text for text, _ in answers] == ["The first question", "The second"]
    first, second = (tokens for _, tokens in answers)
    assert second > first  # the first question and its answer were sent along


@that_can("responses")
def test_responses(client: Client) -> None:
    answers = client.responses("gpt-5-mini", ["The first question", "The second"])
    assert [text for text, _ in answers] == ["The first question", "The second"]
    first, second = (tokens for _, tokens in answers)
    assert second > first


@that_can("stream")
def test_a_stream(client: Client) -> None:
    pieces = client.stream("gpt-4o", "One piece after the other")
    assert "".join(pieces) == "One piece after the other"
    assert len(pieces) == 5


@that_can("tools")
def test_tools(client: Client) -> None:
    calls, said = client.tools("gpt-4o", "Please get_weather for me")
    assert calls == [("get_weather", {"city": ""})]
    assert "21 degrees in town" in said


@that_can("schema")
def test_a_schema(client: Client) -> None:
    assert client.schema("gpt-4o", "Name a place") == Place(name="", people=0, kind="city")


@that_can("picture")
def test_a_picture_read(client: Client) -> None:
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    said = client.picture("gpt-4o", "What is this?", png.getvalue())
    assert said.startswith("(The local model can't see pictures")
    assert said.endswith("What is this?\n[a picture, 8 x 8 pixels]")


@that_can("image")
def test_an_image_drawn(client: Client) -> None:
    with Image.open(io.BytesIO(client.image("gpt-image-1", "a red circle"))) as image:
        assert image.format == "PNG"
        assert image.size == (1024, 1024)


@that_can("embeddings")
def test_embeddings(client: Client) -> None:
    cat, same, other = client.embeddings("text-embedding-3-small", ["a cat sat", "a cat sat", "blue water"])
    assert len(cat) == 1536
    assert math.hypot(*cat) == pytest.approx(1, abs=1e-3)
    assert cat == pytest.approx(same)
    assert cat != pytest.approx(other)


@that_can("wrong_key")
def test_a_wrong_key(kind: type[Client], service: Service) -> None:
    client = kind(service.endpoint, "wrong")
    failure = refused(client, "gpt-4o", "Hello")
    client.close()
    assert (failure.status, failure.code) == (401, "AuthenticationFailed" if kind is Management else "401")


@that_can("no_deployment")
def test_a_deployment_that_isnt_there(client: Client) -> None:
    failure = refused(client, "nowhere", "Hello")
    assert (failure.status, failure.code) == (404, "DeploymentNotFound")


@that_can("content_filter")
def test_a_prompt_that_is_filtered(client: Client) -> None:
    failure = refused(client, "gpt-4o", "A story. aoai-filter:violence")
    assert (failure.status, failure.code) == (400, "content_filter")
    assert re.search(r"'violence': \{'filtered': True", str(failure.body))


@pytest.fixture
def management(service: Service) -> Iterator[Management]:
    made = Management(service.endpoint, service.key)
    yield made
    made.close()


def plan(capacity: int) -> dict[str, Any]:
    """A deployment to be made, of so many thousand tokens a minute."""
    model = {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"}
    return {"sku": {"name": "GlobalStandard", "capacity": capacity}, "properties": {"model": model}}


@pytest.fixture
def small(management: Management) -> Iterator[str]:
    """The name of a deployment that has 20,000 tokens a minute for now, and two requests a second."""
    name, deployments = "gpt-4.1", management.azure.deployments
    before = deployments.get(*PLACE, name, **MEANT).sku
    deployments.begin_update(*PLACE, name, {"sku": {"name": before.name, "capacity": 20}}, **MEANT).result()
    yield name
    deployments.begin_update(*PLACE, name, {"sku": before}, **MEANT).result()


@that_can("rate_limit")
def test_a_prompt_that_is_too_much_for_a_minute(client: Client, small: str) -> None:
    failure = refused(client, small, "word " * 20_000)
    assert failure.status == 429
    assert failure.code in ("RateLimitReached", "429")  # on v1, on the classic addresses


@that_can("retry")
def test_a_client_that_is_told_to_wait_tries_again(client: Client, service: Service) -> None:
    fault = {"fault": "status=429 retry-after-ms=10 times=2"}
    send(service, "/aoai/faults", fault)
    assert "gpt-4o" in client.ask("gpt-4o", "gpt-4o at the third attempt")
    assert send(service, "/aoai/faults") == {"faults": []}


@that_can("deployments")
def test_deployments(client: Management, service: Service) -> None:
    sdk = openai_python.V1(service.endpoint, service.key)
    every, change = client.azure.deployments, client.azure.deployments.begin_create_or_update
    made = change(*PLACE, "mine", plan(20), polling_interval=0.1, **MEANT).result()
    assert (made.name, made.properties.provisioning_state) == ("mine", "Succeeded")
    assert sdk.ask("mine", "It is served") == "It is served"

    changed = every.begin_update(*PLACE, "mine", {"sku": {"name": "GlobalStandard", "capacity": 30}}, **MEANT).result()
    assert changed.sku.capacity == 30
    listed = {one.name: one.sku.capacity for one in every.list(*PLACE, **MEANT)}
    assert listed["mine"] == 30
    assert {"gpt-4o", "o4-mini", "text-embedding-3-small", "gpt-image-1"} <= set(listed)
    assert [one.sku.name for one in every.list_skus(*PLACE, "mine", **MEANT)]

    with pytest.raises(Exception) as caught:  # noqa: PT011
        change(*PLACE, "mine", plan(10**7), **MEANT)
    assert client.failure(caught.value).code == "InsufficientQuota"

    every.begin_delete(*PLACE, "mine", **MEANT).result()
    assert refused(client, "mine", "").code == refused(sdk, "mine", "Hello").code == "DeploymentNotFound"
    sdk.close()


@that_can("deployments")
def test_what_deployments_are_made_from(client: Management, service: Service) -> None:
    azure = client.azure
    account = azure.accounts.get(*PLACE, **MEANT)
    assert account.properties.endpoint == f"{service.endpoint}/"
    assert [one.id for one in azure.accounts.list(**MEANT)] == [account.id]
    assert service.key == azure.accounts.list_keys(*PLACE, **MEANT).key1
    offered = {one.model.name: one.model for one in azure.models.list("local", **MEANT)}
    assert set(offered) == {one.name for one in azure.accounts.list_models(*PLACE, **MEANT)}
    assert "GlobalStandard" in [one.name for one in offered["gpt-4o"].skus]
    (used,) = (one for one in azure.usages.list("local", **MEANT) if one.name.value == "OpenAI.GlobalStandard.gpt-4o")
    (left,) = (
        one.properties.available_capacity
        for one in azure.model_capacities.list("OpenAI", "gpt-4o", "2024-11-20", **MEANT)
        if one.name == "GlobalStandard"
    )
    assert used.current_value + left == used.limit


def test_readme_says_what_is_proven_here() -> None:
    proven = [["", *FEATURES.values()], ["---", *(":-:" for _ in FEATURES)]]
    proven += [[one.name, *("✓" if feature in one.can else "-" for feature in FEATURES)] for one in CLIENTS]
    table = "\n".join(f"| {' | '.join(row)} |" for row in proven)
    said = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert table in said, table
