"""Nothing of host, key, token, organisation or account gets into a recording, by whatever way it comes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
import pytest

import aoai_magic as aoai
from aoai_magic import errors, recordings, settings
from aoai_magic.azure import control_plane as plane_module
from aoai_magic.client import Connection
from aoai_magic.local import launch
from aoai_magic.recordings.asking import times
from aoai_magic.recordings.transport import Recorder
from tests.cloud import Cloud

KEY, TOKEN = "k3y-seeded-0123456789", "t0ken-seeded-eyJhbGciOi"
ORGANISATION, PROJECT, GATEWAY = "org-seeded-acme", "proj-seeded-42", "gateway-seeded-secret"
SUBSCRIPTION, TENANT = "5eeded00-1111-2222-3333-444455556666", "7eeded00-aaaa-bbbb-cccc-ddddeeeeffff"
GROUP, ACCOUNT, MAIL = "rg-seeded-emea", "contoso-seeded", "jo.seeded@contoso-seeded.example"
PAGE = "p4ge-seeded"
SIGNATURE = "s1gnature%2Bseeded"
SECRETS = [KEY, TOKEN, ORGANISATION, PROJECT, GATEWAY, SUBSCRIPTION, TENANT, GROUP, ACCOUNT, MAIL, SIGNATURE, "seeded"]
RESOURCE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.CognitiveServices/accounts/{ACCOUNT}"
)
HOST = f"{ACCOUNT}.openai.azure.com"


@pytest.fixture(autouse=True)
def _recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    aoai.record()


def written() -> str:
    folder = recordings.store().folder
    return "\n".join(
        f"{file.name}\n{file.read_bytes().decode('utf-8', 'replace')}" for file in folder.rglob("*") if file.is_file()
    )


def clean(*more: str) -> str:
    """What was written, once it is sure that no secret is in it."""
    found = written()
    for secret in [*SECRETS, *more]:
        assert secret not in found, secret
    return found


def seeded_headers() -> dict[str, str]:
    return {
        "openai_organization": ORGANISATION,
        "openai_project": PROJECT,
        "x_ms_client_principal": MAIL,
        "set_cookie": f"session={TOKEN}",
        "x_gateway": GATEWAY,
        "www_authenticate": f'Bearer authorization_uri="https://login.microsoftonline.com/{TENANT}"',
        "location": f"https://{HOST}/x",
        "azure_asyncoperation": f"https://management.azure.com{RESOURCE}",
        "x_request_id": "req-1",
    }


def completion(text: str = "Hello!") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", ORGANISATION)
    monkeypatch.setenv("OPENAI_PROJECT_ID", PROJECT)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway: {GATEWAY}\nOcp-Apim-Subscription-Key: {KEY}")


@pytest.mark.parametrize("how", ["azure key", "azure token", "azure classic", "openai", "compatible"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_chat(cloud: Any, environment: None, monkeypatch: pytest.MonkeyPatch, how: str, stream: bool) -> None:
    echo = f"your key is {KEY}, token {TOKEN}, at {cloud.url}"
    if stream:
        chunk = {"id": "c", "choices": [{"index": 0, "delta": {"content": echo}, "finish_reason": "stop"}]}
        lines = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
        cloud.answer(200, lines, **{**seeded_headers(), "content_type": "text/event-stream"})
    else:
        cloud.answer(200, completion(echo), **seeded_headers())
    match how:
        case "azure token":
            monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", cloud.url)
            monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", TOKEN)
            aoai.connect(deployment="d")
        case "azure classic":
            aoai.connect(cloud.url, api_key=KEY, api_version="2024-10-21", deployment="d")
        case "openai":
            monkeypatch.setenv("OPENAI_BASE_URL", f"{cloud.url}/v1")
            monkeypatch.setenv("OPENAI_API_KEY", KEY)
            aoai.connect(deployment="d")
        case "compatible":
            aoai.connect(cloud.url, api_key=KEY, deployment="d")
        case _:
            aoai.connect(f"{cloud.url}/openai/v1", api_key=KEY, deployment="d")
    sent = TOKEN if how == "azure token" else KEY
    prompt = f"My key {sent} for {cloud.url}, and https://x.blob.core.windows.net/a.png?sv=1&sig={SIGNATURE}"
    aoai.chat(prompt, stream=stream)
    found = written()
    for secret in (sent, ORGANISATION, PROJECT, GATEWAY, SIGNATURE, urlsplit(cloud.url).netloc):
        assert secret not in found, secret
    assert "req-1" in found
    assert '"hidden": true' in found


def test_ids_in_headers_are_kept_unless_they_tell_who_asks(cloud: Any, connected: Any) -> None:
    told = {"x_request_id": f"{HOST}/7", "apim_request_id": f"id-{KEY}", "x_ratelimit_note": f"for {ACCOUNT}"}
    cloud.answer(200, completion(), **told, x_ratelimit_limit_tokens="1000")
    aoai.chat("hi", connection=connected(settings.resolve(f"https://{HOST}", api_key=KEY, deployment="d")))
    found = clean()
    assert '"x-ratelimit-limit-tokens": "1000"' in found
    assert "request-id" not in found


def error(status: int, text: str) -> dict[str, Any]:
    return {"error": {"code": str(status), "message": text, "innererror": {"resource": RESOURCE, "host": HOST}}}


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 500])
def test_an_error_text(cloud: Any, connected: Any, status: int) -> None:
    text = f"The resource {ACCOUNT} ({RESOURCE}, https://{HOST}/) refused {KEY} of {MAIL}."
    cloud.answer(status, error(status, text), **seeded_headers())
    target = settings.resolve(f"https://{HOST}", api_key=KEY, deployment="d")
    connection = connected(target)
    connection.client.max_retries = 0
    with pytest.raises(errors.ServiceError):
        aoai.chat("hi", connection=connection)
    assert "refused" in clean()


def test_openais_errors_name_no_organisation_project_or_part_of_a_key(cloud: Any) -> None:
    parts = ["org-Xa12Bc34De56Fg78Hi90Jk12", "proj_Zz98Yy76Xx54Ww32", "sk-proj-abcd****wxyz"]
    text = "Limit reached for gpt-4o in organization {} (project {}) with key {} on tokens per min.".format(*parts)
    cloud.answer(400, error(400, text))
    with pytest.raises(errors.ServiceError):
        aoai.chat("hi", connection=Connection(settings.resolve(f"{cloud.url}/v1", api_key=KEY, deployment="d")))
    assert "on tokens per min" in clean(*parts)


def test_an_error_that_came_with_a_status_of_200_is_one_too(cloud: Any) -> None:
    text = f"The resource {RESOURCE} at {HOST} broke off for {MAIL}."
    failed = {"id": "r", "object": "response", "status": "failed", "output": [], **error(500, text)}
    cloud.answer(200, failed)
    connection = Connection(settings.resolve(f"{cloud.url}/openai/v1", api_key=KEY, deployment="d"))
    with contextlib.suppress(errors.AoaiError):
        aoai.chat("hi", api="responses", stream=False, connection=connection)
    assert "broke off" in clean()


@pytest.mark.parametrize("status", [401, 403, 407])
def test_what_is_said_of_who_asks_is_not_recorded(cloud: Any, status: int) -> None:
    cloud.answer(status, error(status, f"Token tenant {TENANT} does not match."), **seeded_headers())
    connection = Connection(settings.resolve(f"{cloud.url}/openai/v1", api_key=KEY, deployment="d"))
    with pytest.raises(errors.ServiceError):
        aoai.chat("hi", connection=connection)
    assert not Path("recordings").exists()


class Detour(httpx2.BaseTransport):
    """Ends at the stand-in for the cloud, whatever the address, with the credentials that would have been put in."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud, self._http = cloud, httpx2.Client()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = {**request.headers, "api-key": KEY, "authorization": f"Bearer {TOKEN}"}
        url = f"{self._cloud.url}{request.url.raw_path.decode()}"
        sent = self._http.request(request.method, url, content=request.read(), headers=headers)
        signed = httpx2.Request(request.method, request.url, headers=headers)
        return httpx2.Response(sent.status_code, headers=sent.headers, content=sent.content, request=signed)

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def connected(cloud: Any) -> Iterator[Callable[[settings.Target], Connection]]:
    """Makes a connection to a target whose requests take the detour."""
    with contextlib.ExitStack() as open_:

        def connect(target: settings.Target) -> Connection:
            connection = Connection(target)
            http = openai.DefaultHttpx2Client(transport=Recorder(Detour(cloud), target))
            vars(connection)["http"] = open_.enter_context(http)
            return connection

        yield connect


DEPLOYMENT = {
    "id": f"{RESOURCE}/deployments/chat",
    "type": "Microsoft.CognitiveServices/accounts/deployments",
    "name": "chat",
    "etag": f'"{TENANT}"',
    "sku": {"name": "Standard", "capacity": 5},
    "systemData": {"createdBy": MAIL, "createdByType": "User", "createdAt": "2026-01-01"},
    "tags": {"owner": MAIL},
    "properties": {
        "model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"},
        "provisioningState": "Succeeded",
    },
}
ACCOUNT_RESOURCE = {
    "id": RESOURCE,
    "name": ACCOUNT,
    "type": "Microsoft.CognitiveServices/accounts",
    "kind": "OpenAI",
    "location": "swedencentral",
    "identity": {"principalId": TENANT, "tenantId": TENANT},
    "properties": {
        "endpoint": f"https://{HOST}/",
        "customSubDomainName": ACCOUNT,
        "internalId": TENANT,
        "endpoints": {
            "OpenAI Language Model Instance API": f"https://{HOST}/",
            "Token": f"https://{ACCOUNT}.cognitiveservices.azure.com/",
        },
        "privateEndpointConnections": [{"id": f"{RESOURCE}/privateEndpointConnections/p"}],
        "networkAcls": {"virtualNetworkRules": [{"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/x"}]},
        "userOwnedStorage": [{"resourceId": f"/subscriptions/{SUBSCRIPTION}/x"}],
    },
}


class Credential:
    def get_token(self, *scopes: str, **_: Any) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken(TOKEN, 2_000_000_000)


@pytest.fixture
def account(connected: Any) -> Connection:
    made: Connection = connected(settings.resolve(f"https://{HOST}", credential=Credential(), deployment="chat"))
    return made


def test_the_control_plane_is_recorded_and_replayed_for_another_account(
    cloud: Any, connected: Any, account: Connection
) -> None:
    subscription = {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "displayName": "seeded, emea",
        "tenantId": TENANT,
    }
    cloud.answer(200, {"value": [subscription]}, **seeded_headers())
    page = f"https://management.azure.com/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/accounts?api-version=2025-09-01&$skipToken={PAGE}"
    cloud.answer(200, {"value": [], "nextLink": page}, **seeded_headers())
    cloud.answer(200, {"value": [ACCOUNT_RESOURCE]}, **seeded_headers())
    cloud.answer(200, {"value": [DEPLOYMENT]}, **seeded_headers())
    live = account.control_plane.deployments()
    assert live[0]["name"] == "chat"
    clean()
    aoai.replay()
    times.begin_kernel()

    class Nobody:
        def get_token(self, *scopes: str, **_: Any) -> Any:
            raise AssertionError("a replay signs in to nothing")

    other = settings.resolve("https://somebody-else.openai.azure.com", credential=Nobody(), deployment="chat")
    assert connected(other).control_plane.deployments() == live
    assert len(cloud.asked) == 4


@pytest.mark.parametrize("status", [200, 404, 409])
def test_what_is_written_to_the_control_plane_and_refused_by_it(cloud: Any, account: Connection, status: int) -> None:
    account.control_plane._account = RESOURCE
    text = f"The resource '{ACCOUNT}' under resource group '{GROUP}' in {SUBSCRIPTION} of {TENANT} was not found; write to {MAIL}."
    cloud.answer(status, DEPLOYMENT if status == 200 else error(status, text), **seeded_headers())
    if status == 200:
        assert account.control_plane.deploy("chat", "gpt-4o")["state"] == "Succeeded"
    else:
        with pytest.raises(errors.RequestRefusedError):
            account.control_plane.deploy("chat", "gpt-4o")
    clean()


def test_keys_are_never_recorded(cloud: Any, account: Connection) -> None:
    cloud.answer(200, {"key1": KEY, "key2": KEY})
    for name in ("listKeys", "regenerateKey"):
        found = account.http.post(
            f"{plane_module.RESOURCE_MANAGERS['']}{RESOURCE}/{name}?api-version=2025-09-01", json={}
        )
        assert found.json()["key1"] == KEY
    assert not Path("recordings").exists()


ROUTES = [
    ("GET", "/openai/v1/models"),
    ("GET", f"/openai/v1/files/file-1?key={KEY}"),
    ("POST", "/openai/v1/embeddings"),
    ("POST", "/openai/v1/completions"),
    ("POST", "/openai/v1/responses"),
    ("POST", "/openai/v1/images/generations"),
    ("POST", "/openai/v1/images/edits"),
    ("POST", "/openai/v1/audio/speech"),
    ("POST", "/openai/v1/audio/transcriptions"),
    ("POST", "/openai/v1/batches"),
    ("DELETE", "/openai/v1/files/file-1"),
    ("POST", f"/openai/deployments/d/chat/completions?api-version=2024-10-21&subscription-key={KEY}"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("body", ["json", "text", "binary"])
def test_every_route(cloud: Any, connected: Any, method: str, path: str, body: str) -> None:
    url = f"https://{HOST}/x and https://blob.core.windows.net/a.png?se=1&sig={SIGNATURE}"
    told = {"id": "x", "url": url, "key": KEY, "note": f"{TOKEN} at {HOST}"}
    content: Any = {"json": told, "text": json.dumps(told)[:-1].encode(), "binary": b"\xff\xfb\x00" + KEY.encode()}[
        body
    ]
    cloud.answer(200, content, **seeded_headers())
    connection = connected(settings.resolve(f"https://{HOST}", api_key=KEY, deployment="d"))
    if method == "POST" and path.endswith(("edits", "transcriptions")):
        sent: dict[str, Any] = {"data": {"model": "d", "prompt": f"key {KEY} at {HOST}"}, "files": {"image": b"GIF89a"}}
    elif method == "POST":
        sent = {"json": {"model": "d", "prompt": f"key {KEY} at {HOST}"}}
    else:
        sent = {}
    connection.http.request(method, f"https://{HOST}{path}", **sent)
    found = clean()
    assert f'"operation": "{method} ' in found or '"operation": "' in found


def test_the_local_service_leaves_no_address_and_no_key() -> None:
    connection = aoai.connect("local")
    service = launch.ensure(settings.local())
    aoai.deployments()
    aoai.models("gpt-4o")
    connection.control_plane.deploy("seldom", "gpt-4o")
    connection.control_plane.remove("seldom")
    aoai.chat("hi")
    with pytest.raises(errors.RequestRefusedError):
        connection.control_plane.deploy("everything", "gpt-4o", capacity=10_000_000)
    found = written()
    for secret in (service.key, launch.local_token(service.key), f":{service.port}", "127.0.0.1"):
        assert secret not in found, secret
