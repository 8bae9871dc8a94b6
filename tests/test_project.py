"""What [tool.aoai-magic] of a pyproject.toml says, for a connection and for the cells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic.errors import SettingsError
from aoai_magic.project import project
from aoai_magic.settings import resolve

from .cloud import Cloud

AZURE = "https://contoso.openai.azure.com"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, *lines: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text("\n".join(["[tool.aoai-magic]", *lines]), encoding="utf-8")
    return path


def test_the_nearest_file_upward_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "temperature = 1")
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    found = project()
    assert found is not None
    assert found.table == {"temperature": 1}
    assert found.source == f"[tool.aoai-magic] in {os.path.join('..', '..', 'pyproject.toml')}"
    write(inner.parent, "temperature = 2")
    found = project()
    assert found is not None
    assert found.table == {"temperature": 2}


def test_a_file_that_has_changed_is_read_again(folder: Path) -> None:
    path = write(folder, "seed = 1")
    first = project()
    assert first is not None
    assert project() == first
    write(folder, "seed = 2")
    os.utime(path, ns=(1, 1))
    second = project()
    assert second is not None
    assert second.table == {"seed": 2}


def test_a_file_without_the_table_says_nothing(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.other]\nkey = 1", encoding="utf-8")
    found = project()
    assert found is not None
    assert found.table == {}
    assert resolve().kind == "local"


def test_a_folder_that_is_gone_has_no_project(folder: Path) -> None:
    gone = folder / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert project() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.aoai-magic]\napi-key = 'sekret'", "holds api_key"),
        ("[tool.aoai-magic]\nAZURE_OPENAI_API_KEY = 'sekret'", "holds AZURE_OPENAI_API_KEY"),
        ("[tool.aoai-magic]\nkey = 'sekret'", "holds key"),
        ("[tool.aoai-magic]\nad_token = 'sekret'", "holds ad_token"),
        ("[tool.aoai-magic]\nclient-secret = 'sekret'", "holds client_secret"),
        ("[tool.aoai-magic]\nmax-tokens = 1\nmax_tokens = 2", "stands twice"),
        ("[tool.aoai-magic]\nseed =\n", "line 2"),
        ("[tool]\naoai-magic = 'sekret'", "is no table"),
        ("tool = 3", "is no table"),
        ("\xff", "can't be read"),
    ],
)
def test_what_cannot_be_used_is_said_and_a_key_is_not_repeated(folder: Path, text: str, said: str) -> None:
    (folder / "pyproject.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError) as caught:
        resolve()
    assert said in str(caught.value)
    assert "sekret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_it_names_a_connection_which_the_environment_and_connect_go_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, f"endpoint = '{AZURE}'", "deployment = 'ours'", "api-version = '2024-10-21'")
    target = resolve()
    assert (target.kind, target.endpoint, target.deployment, target.api_version) == (
        "azure",
        AZURE,
        "ours",
        "2024-10-21",
    )
    assert target.source == target.deployment_source == "[tool.aoai-magic] in pyproject.toml"
    assert resolve(AZURE).deployment == "ours"
    monkeypatch.setenv("AOAI_DEPLOYMENT", "mine")
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-01-01")
    assert (resolve().deployment, resolve().api_version) == ("mine", "2025-01-01")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://fabrikam.openai.azure.com")
    assert resolve().endpoint == "https://fabrikam.openai.azure.com"
    assert resolve("local").kind == "local"


def test_what_it_says_of_its_own_endpoint_is_said_of_no_other(folder: Path) -> None:
    write(folder, f"endpoint = '{AZURE}'", "deployment = 'ours'", "api-version = '2024-10-21'")
    assert resolve("local").deployment == "gpt-4o"
    elsewhere = resolve("https://fabrikam.openai.azure.com")
    assert (elsewhere.deployment, elsewhere.api_version) == (None, None)
    write(folder, "deployment = 'ours'")
    assert resolve("local").deployment == resolve("https://fabrikam.openai.azure.com").deployment == "ours"


def test_a_dated_version_makes_its_gateway_azures_which_gets_no_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "sekret")
    write(folder, "endpoint = 'https://gateway.example.com'", "api-version = '2024-10-21'", "deployment = 'x'")
    target = resolve()
    assert (target.kind, target.endpoint, target.deployment, target.api_version) == (
        "azure",
        "https://gateway.example.com",
        "x",
        "2024-10-21",
    )
    assert target.api_key is None
    assert not target.is_azures_own


def test_an_endpoint_that_is_none_is_said_with_its_place_and_stops_no_other(folder: Path) -> None:
    write(folder, "endpoint = 'contoso'")
    with pytest.raises(SettingsError, match=r"which \[tool.aoai-magic\] in pyproject.toml names"):
        resolve()
    assert resolve("local").kind == "local"
    write(folder, "endpoint = 7")
    with pytest.raises(SettingsError, match="endpoint can't be 7"):
        resolve()


def test_python_takes_the_connection_and_not_the_cells_defaults(folder: Path, run: Any) -> None:
    write(folder, "deployment = 'gpt-4o-mini'", "temperature = 0.5")
    assert "temperature" not in aoai.chat("hi").request
    assert aoai.chat("hi").request["model"] == "gpt-4o-mini"
    run("%%chat -q\nhi")
    assert aoai.last is not None
    assert (aoai.last.request["model"], aoai.last.request["temperature"]) == ("gpt-4o-mini", 0.5)


def test_an_address_that_a_project_names_gets_nothing_before_its_user_has_connected_to_it(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    monkeypatch.setenv("AOAI_HOME", str(folder / "home"))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "sekret-key")
    monkeypatch.setenv("HTTP_PROXY", cloud.url)  # all that would leave for it arrives here
    cloud.completion()
    write(folder, "endpoint = 'http://models.example.com/v1'", "deployment = 'x'")
    for cell in ("%%chat\nhi", "%%chat --no-stream\nhi", "aoai.chat('hi')", "aoai.models()"):
        with pytest.raises(SettingsError, match="you have never connected to this one"):
            run(f"import aoai_magic as aoai\n{cell}" if cell.startswith("aoai") else cell)
    assert not cloud.asked
    run("%aoai connect http://models.example.com/v1 -d x")
    aoai.current._connection = None  # as in a new kernel
    assert "Hello!" in run("%%chat --no-stream\nhi")
    assert len(cloud.asked) == 1
    assert (folder / "home" / "addresses").stat().st_mode & 0o777 == 0o600


def test_a_resource_of_azures_that_a_project_names_does_not_get_the_key_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AOAI_HOME", str(folder / "home"))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "sekret-key")
    write(folder, "endpoint = 'https://somebodys.openai.azure.com'", "deployment = 'x'")
    with pytest.raises(SettingsError, match="with the key in AZURE_OPENAI_API_KEY"):
        aoai.chat("hi")
    with pytest.raises(SettingsError, match="never connected"):
        aoai.deployments()


@pytest.mark.parametrize("name", ["../outside.md", "{tmp}/outside.md", "link.md", "~/.bashrc"])
def test_a_file_outside_of_the_project_is_not_read_for_it(folder: Path, run: Any, name: str) -> None:
    inner = folder / "clone"
    inner.mkdir()
    os.chdir(inner)
    (folder / "outside.md").write_text("private", encoding="utf-8")
    (inner / "link.md").symlink_to(folder / "outside.md")
    write(inner, f"system = '@{name.format(tmp=folder)}'")
    with pytest.raises(
        SettingsError, match=r"lies outside of the project's folder|isn't there|no such file|can't be read"
    ):
        run("%%chat\nhi")
