"""The local credential, in the hands of azure-core's own pipelines."""

from __future__ import annotations

import asyncio

import pytest
from azure.core.credentials import SupportsTokenInfo, TokenCredential
from azure.core.credentials_async import AsyncSupportsTokenInfo, AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import get_bearer_token_provider
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.cognitiveservices.aio import CognitiveServicesManagementClient as AsyncManagementClient
from openai import OpenAI

import aoai_magic as aoai
from aoai_magic.azure import AsyncLocalCredential, LocalCredential
from aoai_magic.local import launch
from aoai_magic.local.launch import Service

SCOPE = "https://ai.azure.com/.default"


def names(service: Service, credential: LocalCredential) -> list[str]:
    with CognitiveServicesManagementClient(credential, "local", base_url=service.endpoint) as client:
        return [one.name for one in client.deployments.list("local", "local", enforce_https=False)]


def test_it_is_what_azures_libraries_ask_for() -> None:
    assert isinstance(LocalCredential(), TokenCredential)
    assert isinstance(LocalCredential(), SupportsTokenInfo)
    assert isinstance(AsyncLocalCredential(), AsyncTokenCredential)
    assert isinstance(AsyncLocalCredential(), AsyncSupportsTokenInfo)


def test_with_no_key_it_signs_in_to_the_service_that_notebooks_share(service: Service) -> None:
    assert "gpt-4o" in names(service, LocalCredential())


def test_with_a_key_it_signs_in_to_the_service_that_has_it(service: Service) -> None:
    assert "gpt-4o" in names(service, LocalCredential(service.key))
    with pytest.raises(ClientAuthenticationError) as refused:
        names(service, LocalCredential("another's key"))
    assert refused.value.error.code == "AuthenticationFailed"


def test_the_asynchronous_one_does_the_same(service: Service) -> None:
    async def list_them() -> list[str]:
        async with (
            AsyncLocalCredential() as credential,
            AsyncManagementClient(credential, "local", base_url=service.endpoint) as client,
        ):
            return [one.name async for one in client.deployments.list("local", "local", enforce_https=False)]

    assert asyncio.run(list_them()) == names(service, LocalCredential())


def test_azure_core_has_to_be_told_that_plain_http_is_meant(service: Service) -> None:
    with (
        CognitiveServicesManagementClient(LocalCredential(), "local", base_url=service.endpoint) as client,
        pytest.raises(ServiceRequestError, match="not permitted for non-TLS"),
    ):
        client.accounts.get("local", "local", retry_total=0)


def test_openais_client_takes_its_token(service: Service) -> None:
    token = get_bearer_token_provider(LocalCredential(), SCOPE)
    with OpenAI(base_url=f"{service.endpoint}/openai/v1/", api_key=token) as client:
        reply = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "It takes it"}])
    assert reply.choices[0].message.content == "It takes it"


def test_a_connection_takes_it_as_its_credential(service: Service) -> None:
    aoai.connect(f"{service.endpoint}/openai/v1/", credential=LocalCredential(), deployment="gpt-4o")
    assert aoai.chat("Signed in").text == "Signed in"


def test_neither_key_nor_token_is_shown(service: Service) -> None:
    credential = LocalCredential(service.key)
    shown = f"{credential!r} {credential} {AsyncLocalCredential(service.key)!r}"
    assert service.key not in shown
    assert launch.local_token(service.key) not in shown
