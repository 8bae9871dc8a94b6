from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aoai_magic import settings
from aoai_magic.errors import SettingsError
from aoai_magic.settings import parse_endpoint, resolve

AZURE = "https://contoso.openai.azure.com"


@pytest.mark.parametrize(
    ("text", "kind", "endpoint", "deployment", "version"),
    [
        ("local", "local", None, None, None),
        ("openai", "openai", "https://api.openai.com/v1", None, None),
        ("https://api.openai.com/v1/", "openai", "https://api.openai.com/v1", None, None),
        (AZURE, "azure", AZURE, None, None),
        (f"{AZURE}/", "azure", AZURE, None, None),
        (f"{AZURE}/openai/v1/", "azure", AZURE, None, None),
        (f"{AZURE}/openai/v1/chat/completions", "azure", AZURE, None, None),
        (
            f"{AZURE}/openai/deployments/my-chat/chat/completions?api-version=2024-10-21",
            "azure", AZURE, "my-chat", "2024-10-21",
        ),
        (f"{AZURE}/openai/responses?api-version=2025-04-01-preview", "azure", AZURE, None, "2025-04-01-preview"),
        ("https://x.services.ai.azure.com/api/projects/p", "azure", "https://x.services.ai.azure.com", None, None),
        ("https://x.cognitiveservices.azure.com", "azure", "https://x.cognitiveservices.azure.com", None, None),
        ("https://x.openai.azure.us", "azure", "https://x.openai.azure.us", None, None),
        ("https://gateway.contoso.com/openai/v1", "azure", "https://gateway.contoso.com", None, None),
        ("http://127.0.0.1:11434", "compatible", "http://127.0.0.1:11434/v1", None, None),
        ("http://127.0.0.1:11434/v1/chat/completions", "compatible", "http://127.0.0.1:11434/v1", None, None),
        ("https://host/api/v2/", "compatible", "https://host/api/v2", None, None),
    ],
)  # fmt: skip
def test_an_endpoint_is_read_as_people_paste_it(
    text: str, kind: str, endpoint: str | None, deployment: str | None, version: str | None
) -> None:
    target = parse_endpoint(text)
    assert (target.kind, target.endpoint, target.deployment, target.api_version) == (
        kind,
        endpoint,
        deployment,
        version,
    )


@pytest.mark.parametrize(
    "text", ["", "contoso", "contoso.openai.azure.com", "ftp://host", "https://", "https://[", "http://a:b"]
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_endpoint(text)


def test_a_bare_name_is_answered_with_the_address_it_may_have() -> None:
    with pytest.raises(SettingsError, match=r"%aoai connect https://contoso\.openai\.azure\.com"):
        parse_endpoint("contoso")


def test_a_password_in_an_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_endpoint("https://user:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


def test_hosts_that_only_look_like_azures_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "secret")
    for host in ("x.openai.azure.com.evil.test", "xopenai.azure.com.evil.test", "evil.test", "openai.azure.com"):
        target = resolve(f"https://{host}/openai/v1")
        assert target.api_key is None
        assert not target.is_azures_own


def test_nothing_configured_means_the_local_service() -> None:
    target = resolve()
    assert (target.kind, target.deployment, target.source) == ("local", "gpt-4o", "nothing is configured")


def test_a_key_alone_selects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "a")
    monkeypatch.setenv("OPENAI_API_KEY", "b")
    assert resolve().kind == "local"
    assert resolve().api_key is None


def test_azures_endpoint_goes_before_openais_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", AZURE)
    assert resolve().endpoint == AZURE
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT")
    assert resolve().endpoint == "http://127.0.0.1:1/v1"


def test_connect_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", AZURE)
    assert resolve("local").kind == "local"


def test_a_key_goes_only_to_the_service_it_was_set_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-key")
    monkeypatch.setenv("OPENAI_API_KEY", "openai-key")
    assert resolve(AZURE).api_key == "azure-key"
    assert resolve("openai").api_key == "openai-key"
    assert resolve("http://127.0.0.1:11434").api_key is None
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://other.openai.azure.com")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")
    assert resolve(AZURE).api_key is None, "the key is that of the other resource"
    assert resolve("openai").api_key is None, "the key is that of the base URL"
    assert resolve("http://127.0.0.1:11434").api_key == "openai-key"
    assert resolve("http://127.0.0.1:11435").api_key is None


def test_an_endpoint_of_the_environment_is_azures_whatever_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "http://127.0.0.1:8080")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k")
    for target in (resolve(), resolve("http://127.0.0.1:8080")):
        assert (target.kind, target.api_key) == ("azure", "k")


def test_a_token_of_the_environment_goes_before_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "key")
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "token")
    target = resolve(AZURE)
    assert (target.api_key, target.ad_token, target.key_source) == (None, "token", "AZURE_OPENAI_AD_TOKEN")


def test_an_api_version_selects_the_classic_api(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(AZURE).api_version is None
    assert resolve(AZURE, api_version="2024-10-21").api_version == "2024-10-21"
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-04-01-preview")
    assert resolve(AZURE).api_version == "2025-04-01-preview"
    assert resolve(AZURE, api_version="v1").api_version is None


def test_an_api_version_makes_any_host_azures() -> None:
    assert resolve("https://gateway.contoso.com", api_version="2024-10-21").kind == "azure"


def test_an_api_version_means_nothing_elsewhere() -> None:
    with pytest.raises(SettingsError):
        resolve("openai", api_version="2024-10-21")


def test_the_deployment_comes_from_the_nearest_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve(AZURE).deployment is None
    monkeypatch.setenv("AOAI_DEPLOYMENT", "from-environment")
    assert resolve(AZURE).deployment == "from-environment"
    pasted = f"{AZURE}/openai/deployments/pasted/chat/completions?api-version=2024-10-21"
    assert resolve(pasted).deployment == "pasted"
    assert resolve(pasted, deployment="named").deployment == "named"


def test_a_connection_proves_itself_one_way() -> None:
    with pytest.raises(SettingsError):
        resolve(AZURE, api_key="k", credential=object())


def test_no_repr_shows_a_key() -> None:
    assert "sekret" not in repr(resolve(AZURE, api_key="sekret"))
    assert "sekret" not in repr(resolve(AZURE, credential="sekret"))


def test_an_engine_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_LOCAL_ENGINE", "gpt-9")
    with pytest.raises(SettingsError, match="llama or echo"):
        settings.local()


def test_the_state_folder_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOAI_HOME", "/somewhere")
    assert str(settings.home()) == "/somewhere"
    monkeypatch.delenv("AOAI_HOME")
    assert settings.home().name == "aoai-magic"


def test_a_notebook_is_named_by_jupyters_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/lesson.ipynb")
    assert settings.notebook() == "/home/me/lesson.ipynb"


def test_a_notebook_is_named_by_vs_codes_variable(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell.user_ns["__vsc_ipynb_file__"] = "/home/me/lesson.ipynb"
    assert settings.notebook() == "/home/me/lesson.ipynb"


def test_outside_of_a_notebook_the_folder_stands_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert settings.notebook() == str(folder)
    folder.rmdir()
    assert settings.notebook() == "a folder that is gone"
