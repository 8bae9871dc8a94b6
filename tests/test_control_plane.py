"""The control plane, of the local service and of Azure; Azure's is played by the local service behind another name."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

import aoai_magic as aoai
from aoai_magic import errors, settings
from aoai_magic.azure import ControlPlane, control_plane
from aoai_magic.local import launch


class _Token:
    def __init__(self, token: str) -> None:
        self.token = token


class _Credential:
    """What azure-identity would be after `az login`; it remembers what it was asked for."""

    def __init__(self, token: str | None = None) -> None:
        self._token = token
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> _Token:
        self.scopes += scopes
        return _Token(self._token or launch.local_token(launch.ensure(settings.local()).key))


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A connection to a resource whose Resource Manager is the local service."""

    def connect(host: str = "https://127.0.0.1", token: str | None = None, **options: Any) -> tuple[Any, _Credential]:
        manager = launch.ensure(settings.local()).endpoint
        monkeypatch.setattr(control_plane, "RESOURCE_MANAGERS", {"": manager})
        credential = _Credential(token)
        return aoai.connect(host, credential=credential, api_version="2024-10-21", **options), credential

    return connect


def test_deployments_are_a_table() -> None:
    table = aoai.deployments().set_index("name")
    assert list(table.columns) == ["model", "version", "sku", "capacity", "tpm", "rpm", "state"]
    assert table.loc["gpt-4o", "tpm"] == 1_000_000_000
    assert table.loc["gpt-4o", "state"] == "Succeeded"


def test_a_deployment_is_made_asked_and_removed() -> None:
    plane = aoai.connect("local").control_plane
    made = plane.deploy("tiny", "gpt-4o-mini", sku="Standard", capacity=3)
    assert made["tpm"] == 3000
    assert aoai.chat("hello", deployment="tiny").text == "hello"
    plane.remove("tiny")
    plane.remove("tiny")  # nothing happens where there is none
    with pytest.raises(errors.DeploymentNotFoundError):
        aoai.chat("hello", deployment="tiny")


def test_a_filter_that_works_asynchronously_speaks_up_when_more_has_been_read() -> None:
    plane = aoai.connect("local").control_plane
    plane.deploy("quick", "gpt-4o", policy="asynchronous")
    try:
        prompt = "aoai-filter:reply-hate " + "word " * 300
        held, late = (aoai.chat(prompt, deployment=name) for name in ("gpt-4o", "quick"))
    finally:
        plane.remove("quick")
    assert held.finish_reason == late.finish_reason == "content_filter"
    assert len(held.text.split()) == 5
    assert 800 <= len(late.text) <= 1000
    assert held.filters["hate"] == late.filters["hate"] == {"filtered": True, "severity": "high"}


def test_what_resource_manager_refuses_is_an_error_with_its_words() -> None:
    plane = aoai.connect("local").control_plane
    with pytest.raises(errors.RequestRefusedError, match="InsufficientQuota") as caught:
        plane.deploy("huge", "gpt-4o", capacity=10**8)
    assert "available capacity" in caught.value.why
    assert caught.value.code == "InsufficientQuota"


def test_a_resource_is_found_among_all_subscriptions(azure: Any) -> None:
    connection, credential = azure()
    assert "gpt-4o" in [one["name"] for one in connection.control_plane.deployments()]
    assert credential.scopes[0].endswith("/.default")


def test_prices_are_those_of_the_resources_region(azure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, _ = azure()
    connection.control_plane.deploy("near", "gpt-4o", sku="Standard", capacity=1)
    try:
        aoai.deployments()
        assert connection.control_plane.region == "local"
        for region, input_price in (("eastus", 2.75), ("westeurope", 3.3)):
            monkeypatch.setattr(connection.control_plane, "region", region)
            estimate = aoai.estimate("hi", deployment="near")
            assert estimate.price is not None
            assert estimate.price.input == input_price
            assert f"Standard in {region}" in str(estimate)
        monkeypatch.setattr(connection.control_plane, "region", "atlantis")
        assert aoai.estimate("hi", deployment="near").dearest is None
    finally:
        connection.control_plane.remove("near")


def test_a_resource_that_nobody_sees_is_named(azure: Any) -> None:
    connection, _ = azure("https://contoso.openai.azure.com")
    with pytest.raises(errors.SettingsError, match=r"contoso\.openai.azure.com"):
        connection.control_plane.deployments()


def test_a_wrong_sign_in_says_which_role_is_missing(azure: Any) -> None:
    connection, _ = azure(token="wrong")
    with pytest.raises(errors.AuthenticationError) as caught:
        connection.control_plane.deployments()
    assert "Reader" in caught.value.fix
    assert "wrong" not in str(caught.value)


def test_a_page_elsewhere_is_not_followed_with_the_token() -> None:
    seen = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url))
        return httpx2.Response(200, json={"value": [], "nextLink": "https://evil.example/next"})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        plane = ControlPlane(settings.resolve("https://a.openai.azure.com", credential=_Credential("t")), http)
        with pytest.raises(errors.ServiceError, match=r"evil\.example"):
            plane.deployments()
    assert len(seen) == 1


def test_every_cloud_has_its_resource_manager() -> None:
    for end, manager in (("com", "azure.com"), ("us", "usgovcloudapi.net"), ("cn", "chinacloudapi.cn")):
        asked = []

        def answer(request: httpx2.Request) -> httpx2.Response:
            asked.append(request.url.host)  # noqa: B023
            return httpx2.Response(403, json={"error": {"code": "AuthorizationFailed", "message": "no"}})

        with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
            plane = ControlPlane(settings.resolve(f"https://a.openai.azure.{end}", credential=_Credential("t")), http)
            with pytest.raises(errors.AuthenticationError):
                plane.deployments()
        assert asked[0].endswith(manager)


def test_other_services_have_no_deployments() -> None:
    with pytest.raises(errors.SettingsError, match="no deployments"):
        _ = aoai.connect("openai", api_key="k" * 20).control_plane


def test_models_are_a_table_with_the_catalogues_facts() -> None:
    table = aoai.models("GPT-4.1-mini")
    assert table["name"].tolist() == ["gpt-4.1-mini"]
    assert table["context_window"].tolist()[0] > 1_000_000


def test_the_tables_come_out_of_the_magics(shell: Any) -> None:
    assert "gpt-4o" in shell.run_line_magic("aoai", "deployments")["name"].tolist()
    names = shell.run_line_magic("aoai", "models gpt-5-")["name"].tolist()
    assert names
    assert all("gpt-5-" in name for name in names)


def test_a_fault_is_asked_for_listed_and_taken_away(run: Any) -> None:
    assert "status=503" in run('%aoai fault "status=503 times=2"')
    assert "strikes 2 requests" in run("%aoai fault")
    assert "No fault waits" in run("%aoai fault off")
    assert run("%%chat -q -o x\nhi") == ""


def test_words_that_are_no_fault_are_refused(run: Any) -> None:
    with pytest.raises(errors.SettingsError, match="explode"):
        run("%aoai fault explode")


def test_only_the_local_service_can_be_told_to_fail(run: Any) -> None:
    run("%aoai connect https://a.openai.azure.com")
    with pytest.raises(errors.SettingsError, match=r"a\.openai\.azure\.com"):
        run("%aoai fault status=503")


def test_quota_is_used_by_what_is_deployed() -> None:
    aoai.connect("local")
    frame = aoai.quota("gpt-4.1-nano")
    assert frame.columns.tolist() == ["sku", "model", "used", "limit", "free"]
    assert set(frame["model"]) == {"gpt-4.1-nano"}
    row = frame.set_index("sku").loc["GlobalStandard"]
    assert (row["used"] + row["free"], row["used"] > 0) == (row["limit"], True)
    assert aoai.quota("no such model").empty


def test_a_models_regions_are_known_offline() -> None:
    frame = aoai.regions("gpt-4.1")
    assert frame.loc["swedencentral", "GlobalStandard"]
    assert frame.index.name == "region"
    with pytest.raises(errors.SettingsError, match="'no-such-model'"):
        aoai.regions("no-such-model")


def test_both_are_commands(run: Any, shell: Any) -> None:
    run("%aoai regions gpt-4.1")
    assert shell.user_ns["_"].shape[1] > 3
    run("%aoai quota gpt-4.1-nano")
    assert shell.user_ns["_"].shape[1] == 5
    with pytest.raises(errors.OptionError, match="No model is named"):
        run("%aoai regions")


def test_the_doctor_is_a_command_that_fails_where_a_prompt_would(run: Any) -> None:
    assert "A prompt would be answered." in run("%aoai doctor")
    aoai.connect("https://no-such-resource.invalid/openai/v1", api_key="k", deployment="d")
    with pytest.raises(errors.NoAnswerError) as caught:
        run("%aoai doctor")
    assert "no." in caught.value.shown
