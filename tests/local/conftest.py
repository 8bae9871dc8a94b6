"""The local service itself, spoken to over HTTP by the real SDK and by hand."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from aoai_magic.local.launch import Service

from .serving import Answer, answered


@pytest.fixture
def ask(service: Service) -> Callable[..., Answer]:
    """Send a request by hand, so that nothing is hidden by an SDK; header values of None leave the header out."""

    def send(path: str, body: Any = None, *, method: str = "POST", **headers: str | None) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        given = {"api_key": service.key, "content_type": "application/json", **headers}
        sent = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
        request = urllib.request.Request(service.endpoint + path, data=data, headers=sent, method=method)
        return answered(request)

    return send


@pytest.fixture
def sdk(service: Service) -> Iterator[openai.OpenAI]:
    """The SDK as someone uses it who has never heard of this project."""
    with openai.OpenAI(base_url=f"{service.endpoint}/openai/v1/", api_key=service.key, max_retries=0) as client:
        yield client


@pytest.fixture
def azure_sdk(service: Service) -> Iterator[openai.AzureOpenAI]:
    """The SDK's client for Azure's classic API."""
    with openai.AzureOpenAI(
        azure_endpoint=service.endpoint, api_key=service.key, api_version="2024-10-21", max_retries=0
    ) as client:
        yield client
