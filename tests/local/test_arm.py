"""The control plane on the wire, and in the hands of Azure's own client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic import catalog, settings
from aoai_magic.azure import LocalCredential
from aoai_magic.local import launch
from aoai_magic.local.arm_deployments import CREATION_SECONDS
from aoai_magic.local.arm_shapes import QUOTA, skus_of
from aoai_magic.local.launch import LocalSettings, Service

SUBSCRIPTION = "/subscriptions/s"
PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
ACCOUNT = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/local"
VERSION = "2025-09-01"
HI = [{"role": "user", "content": "hi"}]
Arm = Callable[..., Any]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of this module's own, so that its deployments and keys meet no other test."""
    running = launch.ensure(LocalSettings(tmp_path_factory.mktemp("arm"), "echo"))
    yield running
    launch.stop(running)


@pytest.fixture
def arm(ask: Any, service: Service) -> Arm:
    """Send a request to Resource Manager with the local credential's token."""

    def send(method: str, path: str, body: Any = None, *, version: str | None = VERSION, **headers: Any) -> Any:
        proof = {"api_key": None, "authorization": f"Bearer {launch.local_token(service.key)}", **headers}
        query = "" if version is None else f"{'&' if '?' in path else '?'}api-version={version}"
        return ask(path + query, body, method=method, **proof)

    return send


@pytest.fixture
def azures(service: Service) -> Iterator[CognitiveServicesManagementClient]:
    """Azure's own client."""
    with CognitiveServicesManagementClient(LocalCredential(service.key), "s", base_url=service.endpoint) as client:
        yield client


def wanted(
    model: str = "gpt-4o-mini", sku: str = "GlobalStandard", capacity: Any = 10, **properties: Any
) -> dict[str, Any]:
    return {
        "sku": {"name": sku, "capacity": capacity},
        "properties": {"model": {"format": "OpenAI", "name": model}, **properties},
    }


@pytest.fixture
def deploy(arm: Arm) -> Iterator[Callable[..., Any]]:
    """Make a deployment and wait until it is there; all go at the test's end."""
    made: list[str] = []

    def put(name: str, *given: Any, **more: Any) -> Any:
        made.append(name)
        answer = arm("PUT", f"{ACCOUNT}/deployments/{name}", wanted(*given, **more))
        assert answer.status == 201, answer.json
        return ready(arm, name)

    yield put
    for name in made:
        arm("DELETE", f"{ACCOUNT}/deployments/{name}")


def ready(arm: Arm, name: str) -> Any:
    for _ in range(200):
        found = arm("GET", f"{ACCOUNT}/deployments/{name}").json
        if found["properties"]["provisioningState"] == "Succeeded":
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_deployment_is_made_served_changed_and_removed(arm: Arm, sdk: openai.OpenAI) -> None:
    path = f"{ACCOUNT}/deployments/mine"
    properties = {"raiPolicyName": "Strict", "versionUpgradeOption": "NoAutoUpgrade"}
    body = {**wanted("gpt-4o", "GlobalStandard", 50, **properties), "tags": {"team": "red"}}
    body["properties"]["model"]["version"] = "2024-08-06"
    made = arm("PUT", path, body)
    assert (made.status, made.json["properties"]["provisioningState"]) == (201, "Creating")
    assert made.headers["retry-after"] == "1"
    with pytest.raises(openai.NotFoundError) as early:
        sdk.chat.completions.create(model="mine", messages=HI)
    assert early.value.code == "DeploymentNotFound"
    found = ready(arm, "mine")
    assert found == {
        "id": path,
        "name": "mine",
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "sku": {"name": "GlobalStandard", "capacity": 50},
        "etag": made.json["etag"],
        "tags": {"team": "red"},
        "systemData": made.json["systemData"],
        "properties": {
            "model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-08-06"},
            "provisioningState": "Succeeded",
            "currentCapacity": 50,
            "capabilities": {"chatCompletion": "true", "responses": "true"},
            "raiPolicyName": "Strict",
            "versionUpgradeOption": "NoAutoUpgrade",
            "dynamicThrottlingEnabled": False,
            "rateLimits": [
                {"key": "request", "renewalPeriod": 10, "count": 50},
                {"key": "token", "renewalPeriod": 60, "count": 50_000},
            ],
        },
    }
    assert sdk.chat.completions.create(model="mine", messages=HI).model == "gpt-4o-2024-08-06"
    assert "mine" in [one["name"] for one in arm("GET", f"{ACCOUNT}/deployments").json["value"]]
    changed = arm("PUT", path, wanted("gpt-4o-mini", "Standard", 3))
    assert (changed.status, changed.json["properties"]["provisioningState"]) == (200, "Succeeded")
    assert "azure-asyncoperation" not in changed.headers
    assert changed.json["systemData"]["createdAt"] == found["systemData"]["createdAt"]
    assert changed.json["etag"] != found["etag"]
    assert sdk.chat.completions.create(model="mine", messages=HI).model == "gpt-4o-mini-2024-07-18"
    patched = arm("PATCH", path, {"sku": {"capacity": 7}, "tags": {"team": "blue"}})
    assert (patched.status, patched.json["sku"]) == (200, {"name": "Standard", "capacity": 7})
    assert patched.json["tags"] == {"team": "blue"}
    assert arm("DELETE", path).status == 200
    assert (arm("DELETE", path).status, arm("DELETE", path).body) == (204, b"")
    assert arm("GET", path).json["error"]["code"] == "DeploymentNotFound"
    with pytest.raises(openai.NotFoundError):
        sdk.chat.completions.create(model="mine", messages=HI)


def test_how_far_it_is_can_be_asked_of_the_operation_too(arm: Arm, service: Service) -> None:
    made = arm("PUT", f"{ACCOUNT}/deployments/slow", wanted())
    address = made.headers["azure-asyncoperation"]
    assert address.startswith(f"{service.endpoint}{PROVIDER}/locations/local/operationResults/")
    path = address.removeprefix(service.endpoint)
    first = arm("GET", path, version=None)
    assert (first.json["status"], first.headers["retry-after"]) == ("InProgress", "1")
    ready(arm, "slow")
    last = arm("GET", path, version=None)
    assert last.json["status"] == "Succeeded"
    assert "retry-after" not in last.headers
    arm("DELETE", f"{ACCOUNT}/deployments/slow")
    assert arm("GET", path, version=None).json["error"]["code"] == "OperationNotFound"


def test_azures_own_client_makes_changes_and_removes_one(
    azures: CognitiveServicesManagementClient, sdk: openai.OpenAI
) -> None:
    began = time.monotonic()
    body: Any = wanted("gpt-4.1-nano", capacity=2)
    made = azures.deployments.begin_create_or_update("rg", "local", "theirs", body, enforce_https=False).result()
    assert CREATION_SECONDS < time.monotonic() - began < 5  # Retry-After is heeded; without it, it asks twice a minute
    assert made.properties.provisioning_state == "Succeeded"
    assert made.properties.model.version == "2025-04-14"
    assert sdk.chat.completions.create(model="theirs", messages=HI).choices[0].message.content == "hi"
    patch: Any = {"sku": {"name": "GlobalStandard", "capacity": 4}}
    changed = azures.deployments.begin_update("rg", "local", "theirs", patch, enforce_https=False).result()
    assert changed.sku.capacity == 4
    azures.deployments.begin_delete("rg", "local", "theirs", enforce_https=False).result()
    assert "theirs" not in [one.name for one in azures.deployments.list("rg", "local", enforce_https=False)]


def test_azures_own_client_reads_all_there_is(azures: CognitiveServicesManagementClient) -> None:
    plain: dict[str, Any] = {"enforce_https": False}
    account = azures.accounts.get("rg", "local", **plain)
    assert (account.kind, account.properties.provisioning_state) == ("OpenAI", "Succeeded")
    assert [one.name for one in azures.accounts.list(**plain)] == ["local"]
    assert [one.name for one in azures.accounts.list_by_resource_group("rg", **plain)] == ["local"]
    keys = azures.accounts.list_keys("rg", "local", **plain)
    assert len({keys.key1, keys.key2}) == 2
    models = {(one.name, one.version): one for one in azures.accounts.list_models("rg", "local", **plain)}
    assert models["gpt-4o", "2024-11-20"].is_default_version
    assert not models["gpt-4o", "2024-08-06"].is_default_version
    assert models["gpt-4.1", "2025-04-14"].capabilities["chatCompletion"] == "true"
    skus_of_one = {one.name: one for one in models["gpt-4.1", "2025-04-14"].skus}
    allowed = [(one.count, one.renewal_period) for one in skus_of_one["GlobalStandard"].rate_limits]
    assert allowed == [(1, 60), (1000, 60)]  # requests and tokens
    placed = list(azures.models.list("local", **plain))
    assert len(placed) == len(models)
    assert {(one.kind, one.sku_name) for one in placed} == {("OpenAI", "S0")}
    assert [one.sku.name for one in azures.accounts.list_skus("rg", "local", **plain).value] == ["S0"]
    skus = [one.sku.name for one in azures.deployments.list_skus("rg", "local", "gpt-4o", **plain)]
    assert {"Standard", "GlobalStandard"} <= set(skus)
    usages = {one.name.value: one for one in azures.usages.list("local", **plain)}
    assert usages["OpenAI.GlobalStandard.gpt-4o"].current_value == 1_000_000
    assert usages["OpenAI.Standard.gpt-4o"].current_value == 0
    assert {one.limit for one in usages.values()} == {QUOTA}
    capacities = azures.model_capacities.list("OpenAI", "gpt-4o", "2024-11-20", **plain)
    left = {one.name: one.properties.available_capacity for one in capacities}
    assert left["GlobalStandard"] == QUOTA - 1_000_000
    assert left["Standard"] == QUOTA


def test_azures_own_client_raises_what_is_refused(azures: CognitiveServicesManagementClient, service: Service) -> None:
    huge: Any = wanted(capacity=QUOTA + 1)
    with pytest.raises(HttpResponseError) as refused:
        azures.deployments.begin_create_or_update("rg", "local", "huge", huge, enforce_https=False)
    assert (refused.value.status_code, refused.value.error.code) == (400, "InsufficientQuota")
    with (
        CognitiveServicesManagementClient(LocalCredential("wrong"), "s", base_url=service.endpoint) as client,
        pytest.raises(ClientAuthenticationError),
    ):
        client.accounts.get("rg", "local", enforce_https=False)


def test_one_change_at_a_time(arm: Arm, azures: CognitiveServicesManagementClient) -> None:
    arm("PUT", f"{ACCOUNT}/deployments/first", wanted())
    for method, name in (
        ("PUT", "second"),
        ("PUT", "first"),
        ("PATCH", "first"),
        ("DELETE", "first"),
        ("DELETE", "gpt-4o"),
    ):
        refused = arm(method, f"{ACCOUNT}/deployments/{name}", None if method == "DELETE" else wanted())
        assert (refused.status, refused.json["error"]["code"]) == (409, "RequestConflict")
        assert ACCOUNT in refused.json["error"]["message"]
    body: Any = wanted()
    with pytest.raises(ResourceExistsError):
        azures.deployments.begin_create_or_update("rg", "local", "second", body, enforce_https=False)
    ready(arm, "first")
    assert arm("DELETE", f"{ACCOUNT}/deployments/first").status == 200


def test_quota_is_shared_by_the_deployments_of_a_model_and_sku(arm: Arm, deploy: Callable[..., Any]) -> None:
    place, half = f"{ACCOUNT}/deployments", QUOTA // 2
    deploy("one", "gpt-4.1-mini", "Standard", half + 1)
    refused = arm("PUT", f"{place}/two", wanted("gpt-4.1-mini", "Standard", half))
    assert refused.status == 400
    assert refused.json == {
        "error": {
            "code": "InsufficientQuota",
            "message": f"The specified capacity '{half}' of account deployment is bigger than available capacity "
            f"'{half - 1}' for UsageName 'Tokens Per Minute (thousands) - gpt-4.1-mini - Standard'.",
        }
    }
    deploy("two", "gpt-4.1-mini", "Standard", half - 1)
    assert arm("PATCH", f"{place}/two", {"sku": {"capacity": half}}).json["error"]["code"] == "InsufficientQuota"
    deploy("three", "gpt-4.1-mini", "DataZoneStandard", half)  # another SKU, another quota
    used = {
        one["name"]["value"]: one["currentValue"]
        for one in arm("GET", f"{PROVIDER}/locations/local/usages").json["value"]
    }
    assert used["OpenAI.Standard.gpt-4.1-mini"] == QUOTA
    assert (
        arm("PATCH", f"{place}/two", {"sku": {"capacity": 1}}).status == 200
    )  # its own share doesn't stand in its way
    assert arm("PUT", f"{place}/one", wanted("gpt-4.1-mini", "Standard", QUOTA - 1)).status == 200


def test_capacity_makes_the_limits(deploy: Callable[..., Any], ask: Any, arm: Arm) -> None:
    path = "/openai/v1/chat/completions"
    deploy("small", "gpt-4o", "GlobalStandard", 1)
    body = {"model": "small", "messages": HI, "max_tokens": 600}
    first = ask(path, body)
    assert first.status == 200
    assert first.headers["x-ratelimit-limit-tokens"] == "1000"
    assert first.headers["x-ratelimit-limit-requests"] == "6"
    assert 0 < int(first.headers["x-ratelimit-remaining-tokens"]) < 400
    arm("PATCH", f"{ACCOUNT}/deployments/small", {"sku": {"capacity": 2}})
    grown = [ask(path, body) for _ in range(2)]
    assert [one.headers["x-ratelimit-limit-tokens"] for one in grown] == ["2000", "2000"]
    assert grown[0].status == 200  # its counters start anew
    deploy("tiny", "text-embedding-3-small", "Standard", 1)
    much = ask("/openai/v1/embeddings", {"model": "tiny", "input": "word " * 1000})
    assert (much.status, much.headers["retry-after"]) == (429, "86400")


def test_a_key_rotated_here_stops_working_at_once(arm: Arm, ask: Any, service: Service) -> None:
    def works(key: str) -> bool:
        return bool(ask("/openai/v1/models", method="GET", api_key=key).status == 200)

    before = arm("POST", f"{ACCOUNT}/listKeys").json
    assert before["key1"] == service.key
    assert works(before["key1"])
    assert works(before["key2"])
    after = arm("POST", f"{ACCOUNT}/regenerateKey", {"keyName": "Key2"}).json
    assert after["key1"] == before["key1"]
    assert works(after["key2"])
    assert not works(before["key2"])
    assert arm("POST", f"{ACCOUNT}/listKeys").json == after
    for name in ("Key3", None, 1, ["Key1"]):
        refused = arm("POST", f"{ACCOUNT}/regenerateKey", {"keyName": name})
        assert (refused.status, refused.json["error"]["code"]) == (400, "InvalidKeyName")


def test_kernels_go_on_when_the_first_key_is_rotated(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_HOME", str(tmp_path))
    aoai.connect("local")
    assert aoai.chat("before").text == "before"
    service = launch.ensure(settings.local())
    try:
        with (
            CognitiveServicesManagementClient(LocalCredential(), "s", base_url=service.endpoint) as client,
            openai.OpenAI(base_url=f"{service.endpoint}/openai/v1/", api_key=service.key, max_retries=0) as other,
        ):
            assert other.models.retrieve("gpt-4o")
            key: Any = "Key1"
            new = client.accounts.regenerate_key("rg", "local", key, enforce_https=False)
            assert new.key1 != service.key
            with pytest.raises(openai.AuthenticationError):
                other.models.retrieve("gpt-4o")
            assert other.with_options(api_key=new.key1).models.retrieve("gpt-4o")
            assert aoai.chat("after").text == "after"
            assert launch.ensure(settings.local()) == service  # it still proves that it is the one
    finally:
        launch.stop(service)


READS = [
    ACCOUNT, f"{ACCOUNT}/deployments", f"{ACCOUNT}/deployments/gpt-4o", f"{ACCOUNT}/deployments/gpt-4o/skus",
    f"{ACCOUNT}/models", f"{ACCOUNT}/skus", f"{ACCOUNT}/usages", f"{PROVIDER}/accounts", f"{PROVIDER}/locations/local/models",
    f"{PROVIDER}/locations/local/usages", f"{PROVIDER}/locations/local/modelCapacities?modelFormat=OpenAI&modelName=gpt-4o&modelVersion=2024-11-20",
    "/subscriptions",
]  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_every_read_wants_a_version_and_the_local_token(arm: Arm, service: Service, path: str) -> None:
    assert arm("GET", path).status == 200
    missing = arm("GET", path, version=None)
    assert (missing.status, missing.json["error"]["code"]) == (400, "MissingApiVersionParameter")
    for proof in (
        {"authorization": None, "api_key": service.key},
        {"authorization": f"Bearer {service.key}"},
        {"authorization": None},
    ):
        refused = arm("GET", path, **proof)
        assert (refused.status, refused.json["error"]["code"]) == (401, "AuthenticationFailed")


@pytest.mark.parametrize("version", ["2021-10-01", "2023-05-01", "2025-09-01", "2026-09-15-preview"])
def test_azures_versions_are_known(arm: Arm, version: str) -> None:
    assert arm("GET", ACCOUNT, version=version).status == 200


@pytest.mark.parametrize(
    "version", ["", "v1", "2019-01-01", "2025-13-01", "2025-09-31", "2025-09-01-beta", "2025-09-01T"]
)
def test_another_version_is_refused(arm: Arm, version: str) -> None:
    refused = arm("GET", ACCOUNT, version=version)
    assert (refused.status, refused.json["error"]["code"]) == (400, "InvalidApiVersionParameter")


def test_there_is_one_account(arm: Arm) -> None:
    other = ACCOUNT.removesuffix("local") + "contoso"
    for method, path in (
        ("GET", other),
        ("GET", f"{other}/deployments"),
        ("POST", f"{other}/listKeys"),
        ("DELETE", f"{other}/deployments/a"),
    ):
        refused = arm(method, path)
        assert (refused.status, refused.json["error"]["code"]) == (404, "ResourceNotFound")
        assert "'rg'" in refused.json["error"]["message"]
    assert arm("GET", ACCOUNT.removesuffix("local") + "LOCAL").status == 200  # names are compared as Azure does


BAD: dict[str, tuple[Any, str]] = {
    "no body": (b"", "InvalidRequestContent"),
    "no JSON": (b"{", "InvalidRequestContent"),
    "no object": ([], "InvalidRequestContent"),
    "no properties": ({}, "DeploymentModelNotSupported"),
    "properties of another type": ({"properties": 7}, "InvalidRequestContent"),
    "no such model": (wanted("gpt-9"), "DeploymentModelNotSupported"),
    "a model by another name": (wanted("gpt-4o-2024-11-20"), "DeploymentModelNotSupported"),
    "no such version": (
        {"properties": {"model": {"format": "OpenAI", "name": "gpt-4o", "version": "2099-01-01"}}},
        "DeploymentModelNotSupported",
    ),
    "another format": ({"properties": {"model": {"format": "Meta", "name": "gpt-4o"}}}, "DeploymentModelNotSupported"),
    "no such SKU": (wanted(sku="Free"), "InvalidResourceProperties"),
    "a SKU of another type": ({**wanted(), "sku": {"name": ["Standard"]}}, "InvalidResourceProperties"),
    "no capacity": (wanted(capacity=0), "InvalidCapacity"),
    "half a capacity": (wanted(capacity=1.5), "InvalidCapacity"),
    "capacity as a word": (wanted(capacity="10"), "InvalidCapacity"),
    "no such upgrade": (wanted(versionUpgradeOption="Never"), "InvalidVersionUpgradeOption"),
    "a policy of another type": (wanted(raiPolicyName={"a": 1}), "InvalidRequestContent"),
    "tags of another type": ({**wanted(), "tags": {"a": 1}}, "InvalidRequestContent"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_deployed_is_refused_and_nothing_is_made(arm: Arm, what: str) -> None:
    body, code = BAD[what]
    refused = arm("PUT", f"{ACCOUNT}/deployments/bad", body)
    assert (refused.status, refused.json["error"]["code"]) == (400, code)
    assert set(refused.json["error"]) <= {"code", "message", "target"}
    assert arm("GET", f"{ACCOUNT}/deployments/bad").status == 404


@pytest.mark.parametrize("name", ["x", "a%20b", "%C3%A9t%C3%A9", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(arm: Arm, name: str) -> None:
    assert arm("PUT", f"{ACCOUNT}/deployments/{name}", wanted()).json["error"]["code"] == "InvalidDeploymentName"


def test_a_patch_changes_tags_and_capacity_only(arm: Arm, deploy: Callable[..., Any]) -> None:
    deploy("patched", "gpt-4.1-nano", "Standard", 2)
    path = f"{ACCOUNT}/deployments/patched"
    refused = arm("PATCH", path, {"sku": {"name": "GlobalStandard", "capacity": 2}})
    assert refused.json["error"]["target"] == "sku.name"
    assert arm("PATCH", path, {"sku": {"capacity": -1}}).json["error"]["code"] == "InvalidCapacity"
    assert arm("PATCH", path, {}).json["sku"] == {"name": "Standard", "capacity": 2}
    assert arm("PATCH", f"{ACCOUNT}/deployments/nobody", {}).json["error"]["code"] == "DeploymentNotFound"


def test_an_asynchronous_policy_filters_asynchronously(deploy: Callable[..., Any], ask: Any) -> None:
    deploy("later", "gpt-4o", raiPolicyName="Async-Filter")
    answer = ask("/openai/v1/chat/completions", {"model": "later", "messages": HI, "stream": True})
    assert b"content_filter_offsets" in answer.body


@pytest.mark.parametrize(
    "query", ["", "modelName=gpt-4o&modelVersion=2024-11-20", "modelFormat=OpenAI&modelName=gpt-4o"]
)
def test_capacities_are_those_of_one_model(arm: Arm, query: str) -> None:
    refused = arm("GET", f"{PROVIDER}/modelCapacities?{query}")
    assert (refused.status, refused.json["error"]["code"]) == (400, "InvalidRequestParameter")
    none = arm("GET", f"{PROVIDER}/modelCapacities?modelFormat=OpenAI&modelName=gpt-4o&modelVersion=1")
    assert none.json["value"] == []


def test_a_path_that_is_none_is_not_found(arm: Arm) -> None:
    for method, path in (("GET", f"{ACCOUNT}/nothing"), ("POST", ACCOUNT), ("GET", "/subscriptions/s/resourceGroups")):
        assert arm(method, path).status == 404


def test_what_stands_in_a_path_cannot_break_out_of_a_header(arm: Arm) -> None:
    path = ACCOUNT.replace("/s/", "/s%0d%0ax-evil:%201%C3%A9/")
    made = arm("PUT", f"{path}/deployments/header", wanted())
    assert made.status == 201
    assert "x-evil" not in made.headers
    ready(arm, "header")
    arm("DELETE", f"{ACCOUNT}/deployments/header")


@given(st.sampled_from([one for one in catalog.models() if one.operations]))
def test_every_model_may_be_deployed_plainly(model: catalog.Model) -> None:
    skus = skus_of(model)
    assert {"GlobalStandard", "Standard"} <= set(skus)
    assert len(skus) == len(set(skus))


def test_both_lists_of_models_agree_on_where_in_its_life_a_model_is(arm: Arm, ask: Any) -> None:
    said = {"GenerallyAvailable": "generally-available", "Preview": "preview", "Legacy": "deprecating"}
    listed = {one["id"]: one["lifecycle_status"] for one in ask("/openai/v1/models", method="GET").json["data"]}
    described = [one["model"] for one in arm("GET", f"{PROVIDER}/locations/local/models").json["value"]]
    for model in described:
        known = catalog.model(model["name"])
        assert known is not None
        if model["lifecycleStatus"] in said and model["version"] == known.version:
            assert listed[known.id] == said[model["lifecycleStatus"]]
    retired = {one.name for one in catalog.models() if one.stage == "Retired"}
    assert {model["name"] for model in described if model["lifecycleStatus"] == "Deprecated"} <= retired
