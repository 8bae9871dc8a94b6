"""Finding the local service, and starting it where it isn't running: the half that kernels import.

One service a user and a combination of engine, weights and code; kernels share it. Its address and key lie in a file
that only the user can read, and before anything is sent to that address, whoever listens there has to prove that it
knows the key: ports are handed out anew after a crash.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..errors import LocalServiceError, MissingExtraError
from . import weights
from .waiting import tell

_START_TIMEOUT = 120.0
# What the child may not inherit: it has no use for the keys of other services, whatever their names are.
_SECRETS = re.compile(r"key|token|secret|passw|credential|connection_string|OPENAI_CUSTOM_HEADERS", re.IGNORECASE)


@dataclass(frozen=True)
class LocalSettings:
    """What the local service runs on: state folder, engine ("llama" or "echo"), a model file other than the usual."""

    home: Path
    engine: str = "llama"
    model: Path | None = None

    @property
    def folder(self) -> Path:
        """Where addresses and logs of services lie."""
        return self.home / "local"


@dataclass(frozen=True)
class Service:
    """A running local service: its process id, port on 127.0.0.1 and key."""

    pid: int
    port: int
    key: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __repr__(self) -> str:
        return f"Service(pid={self.pid}, port={self.port})"

    def alive(self) -> bool:
        """Whether the process still exists: enough to notice a crash, and cheap enough to ask before each request."""
        if (child := _children.get(self.pid)) is not None:
            return child.poll() is None
        try:
            os.kill(self.pid, 0)
            # A dead process still answers to signal 0 until its parent, perhaps another kernel, has looked at it.
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2][:1] != "Z"
        except FileNotFoundError:
            return not Path("/proc/self").exists()  # a system without /proc
        except OSError:
            return False

    def proves_itself(self) -> bool:
        """Whether what listens on the port knows the key, shown without telling it the key."""
        nonce = secrets.token_hex(16)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", f"/aoai/health?nonce={nonce}")
            answer = json.loads(connection.getresponse().read(4096))
            return hmac.compare_digest(str(answer["proof"]), proof(self.key, nonce))
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return False
        finally:
            connection.close()


def local_token(key: str) -> str:
    """The bearer token of the local credential, for a service whose first key is `key`.

    It outlives the key's rotation.
    """
    return "local." + hmac.new(key.encode(), b"token", hashlib.sha256).hexdigest()


class _Started(subprocess.Popen[bytes]):
    """A service that this process started and that outlives it on purpose, which Popen would warn of."""

    def __del__(self) -> None:
        pass


# Services that this very process started, by process id.
_children: dict[int, _Started] = {}


def proof(key: str, nonce: str) -> str:
    """What a service answers to a nonce to show that it knows its key.

    Anybody may ask, with any nonce: hence the words before it, without which "token" would be answered with the token.
    """
    return hmac.new(key.encode(), f"proof of {nonce}".encode(), hashlib.sha256).hexdigest()


def ensure(settings: LocalSettings) -> Service:
    """Return the running local service, starting it first where there is none.

    Safe to call from many kernels at once: one starts it, the others find it. Fetches the weights first if they are
    missing. Raises LocalServiceError where the service doesn't come up, MissingExtraError where it isn't installed.
    """
    if found := find(settings):
        return found
    check_installed(settings)
    model = model_file(settings)
    from filelock import FileLock

    try:
        for folder in (settings.home, settings.folder):  # each for itself: `mode` is that of the last alone
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(_address_file(settings).with_suffix(".lock")):
            if found := find(settings):
                return found
            tell("Starting the local service")
            return _start(settings, model)
    except OSError as error:
        raise LocalServiceError(
            f"The local service has no place for its address: {error.strerror} in {settings.folder}.",
            "Its port, its key and its log lie there.",
            "Make room, or set AOAI_HOME to a folder that can be written.",
        ) from error


def check_installed(settings: LocalSettings) -> None:
    """Raise MissingExtraError where the local service's own packages aren't installed."""
    for module in ("starlette", "uvicorn", *(["xllamacpp"] if settings.engine == "llama" else [])):
        if find_spec(module) is None:
            raise MissingExtraError("The local service", "local", module)


def model_file(settings: LocalSettings) -> Path | None:
    """Return the model file that the engine needs, None for the echo engine.

    The usual one is fetched if it is missing.
    """
    if settings.engine == "echo":
        return None
    return weights.checked(settings.model) if settings.model else weights.CHAT.ensure(settings.home)


def find(settings: LocalSettings) -> Service | None:
    """Return the running local service for these settings, or None. Starts and fetches nothing."""
    service = _read(_address_file(settings))
    return service if service and service.alive() and service.proves_itself() else None


def running(home: Path) -> list[Service]:
    """Return every local service that runs for this state folder, whatever its engine or model."""
    found = [_read(file) for file in sorted((home / "local").glob("*.json"))]
    return [service for service in found if service and service.alive() and service.proves_itself()]


def stop(service: Service) -> None:
    """End a local service and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(service.pid, signal.SIGTERM)
    _wait(lambda: not service.alive(), 10)


def write_address(file: Path, service: Service) -> None:
    """Publish a service's address, readable by its user alone and never half-written."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(f".{service.pid}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w") as target:
            json.dump({"pid": service.pid, "port": service.port, "key": service.key}, target)
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)  # where it couldn't be written


def _read(file: Path) -> Service | None:
    try:
        known = json.loads(file.read_text())
        return Service(int(known["pid"]), int(known["port"]), str(known["key"]))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _address_file(settings: LocalSettings) -> Path:
    return settings.folder / f"{settings.engine}-{_digest(settings)}.json"


def _digest(settings: LocalSettings) -> str:
    """A short name of engine, weights and code, so that nobody is served by a stale or a different service."""
    if settings.engine == "echo":
        model = "echo"
    elif settings.model is None:
        model = weights.CHAT.sha256
    else:
        try:
            status = settings.model.stat()
            model = f"{settings.model.resolve()}:{status.st_size}:{status.st_mtime_ns}"
        except OSError:
            model = str(settings.model)
    code = [f"{file.name}:{file.stat().st_mtime_ns}" for file in _sources()]
    return hashlib.sha256("\n".join([model, sys.executable, *code]).encode()).hexdigest()[:12]


def _sources() -> Iterator[Path]:
    package = Path(__file__).parent.parent
    for part in ("local", "catalog", "tokens"):
        yield from sorted(path for path in (package / part).rglob("*") if path.suffix in (".py", ".toml"))


def _start(settings: LocalSettings, model: Path | None) -> Service:
    file = _address_file(settings)
    file.unlink(missing_ok=True)
    log = file.with_suffix(".log")
    # -P: the folder that the notebook lies in may hold a json.py of the user's.
    command = [
        sys.executable,
        "-P",
        "-m",
        "aoai_magic.local",
        "run",
        "--engine",
        settings.engine,
        "--address",
        str(file),
    ]
    if model is not None:
        command += ["--model", str(model)]
    environment = {name: value for name, value in os.environ.items() if not _SECRETS.search(name)}
    with log.open("wb") as output:
        output.write(b"-")
        output.flush()  # where there is no room for this, there is none for the address
        output.seek(0)
        output.truncate()
        # A session of its own: the kernel's interrupt is sent to its whole process group.
        process = _Started(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    _children[process.pid] = process
    try:
        _wait(lambda: file.exists() or process.poll() is not None, _START_TIMEOUT)
    except BaseException:
        process.kill()
        raise
    service = _read(file)
    if service is None:
        process.kill()
        said = log.read_text(errors="replace").strip().splitlines()
        raise LocalServiceError(
            f"The local service didn't start (status {process.poll()}).",
            said[-1] if said else "It said nothing.",
            f"The whole of it: {log}",
        )
    return service


def _wait(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.005)
