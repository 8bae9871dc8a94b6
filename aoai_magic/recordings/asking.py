"""A request to a service, and what the recordings have for it."""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextvars import ContextVar, Token
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import addresses, modes, owed
from .canonical import canonical, digest, form
from .drift import Drift
from .modes import mode, store
from .nearest import missing
from .recording import Recording, read
from .store import warn

if TYPE_CHECKING:
    import httpx2

    from ..settings import Kind
    from ..settings import RecordingsMode as Mode

#: The request that is under way, for the transport: its body may have been changed for a budget since it was asked for.
current: ContextVar[Asked | None] = ContextVar("current", default=None)


class _Times:
    """How many times each request was sent.

    For models that is since the cell began to run, for anything else since the kernel did.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cell: dict[str, int] = {}
        self._kernel: dict[str, int] = {}
        self._cell_live: set[str] = set()
        self._kernel_live: set[str] = set()

    def begin_cell(self) -> None:
        with self._lock:
            self._cell.clear()
            self._cell_live.clear()

    def begin_kernel(self) -> None:
        self.begin_cell()
        self._kernel.clear()
        self._kernel_live.clear()

    def next(self, key: str, inference: bool) -> int:
        with self._lock:
            times = self._cell if inference else self._kernel
            times[key] = times.get(key, 0) + 1
            return times[key]

    def live(self, key: str, inference: bool) -> set[str]:
        """The requests that this run has begun to send: once one was, the next of its kind is too."""
        return self._cell_live if inference else self._kernel_live


times = _Times()
_followed: Any = None


def _follow_cells() -> None:
    """Have IPython, where it runs, say when a cell begins."""
    global _followed
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and shell is not _followed:
        shell.events.register("pre_run_cell", lambda info: times.begin_cell())
        _followed = shell


#: The recordings that answered in this kernel: folder, hash and how-many-th time.
hits: set[tuple[str, str, int]] = set()


def forget() -> None:
    """Be as a kernel that has just started: nothing was said of recordings, and nothing was asked."""
    times.begin_kernel()
    hits.clear()
    modes.forget()
    owed.forget()


class Asked:
    """A request, and what the recordings have for it. In a `with` of it, it is what the transport sends.

    `operation` is the last part of its address, such as "chat/completions", `kind` that of the service that it would go
    to, `wanted` the mode that the call itself wants. `recorded` is the recording that will answer it, None where it will be sent. Raises NotRecordedError where it may
    not be, and nothing answers it. `answered` is the recording that did, once it has been asked, and `seconds` when
    what it has handed out so far had come, counted from the request. `keeps` is whether what comes back is to be
    recorded, `drift` what it was recorded in the place of. `n` says the how-many-th time it is, where that isn't the
    order in which requests leave; then "auto" answers from that very one, or sends it.

    >>> Asked("chat/completions", {"model": "gpt-4o", "messages": []}, "local").recorded is None
    True
    """

    def __init__(
        self,
        operation: str,
        body: Mapping[str, Any],
        kind: Kind,
        wanted: Mode | None = None,
        *,
        inference: bool = True,
        request: httpx2.Request | None = None,
        n: int | None = None,
    ) -> None:
        self.operation, self.kind, self.inference = operation, kind, inference
        self.mode = mode(wanted)
        self.keeps = True
        self._is = n
        self._writes = request  # if it changes the account
        self.recorded: Recording | None = None
        self.answered: Recording | None = None
        self.seconds = 0.0
        self.drift: Drift | None = None
        self._token: Token[Asked | None] | None = None
        if self.mode == "off":
            return
        _follow_cells()
        self.store = store()
        self.request = canonical(body)
        self.hash = digest(operation, self.request)
        self.recorded = self._peek()

    def __enter__(self) -> Asked:
        self._token = current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            current.reset(self._token)

    @property
    def served_by(self) -> Kind:
        """Of which kind the service is that answers, or did."""
        found = self.answered or self.recorded
        return found.kind if found else self.kind

    @property
    def day(self) -> datetime.date | None:
        """The day of the recording that answered; None where none did."""
        return self.answered.date if self.answered else None

    def _peek(self) -> Recording | None:
        found = self._candidates()
        if found is None and self.mode == "replay":
            raise missing(self.operation, self.request, self.store)
        return found[0] if found else None

    def _candidates(self) -> list[Recording] | None:
        """The recordings that may answer, in order; None if there is none."""
        live = times.live(self.hash, self.inference)
        if self.mode == "refresh" or (self.mode == "auto" and self.hash in live):
            return None
        found = self.store.find(self.hash)
        own = [one for one in found if one.kind == self.kind]
        if self.mode == "auto" and self._writes is not None and self.kind != "local":
            self.keeps = not own
            return None  # to say that a deployment was made, and make none, would be a lie
        if self.mode == "auto":
            found = [one for one in own if self.kind == "local" or not one.answer.momentary]
            found = found if self._is is None else [one for one in found if one.n == self._is]
        elif own:
            found = own
        elif found:
            newest = max(found, key=lambda one: one.at).kind
            found = [one for one in found if one.kind == newest]
        return found or None

    def next(self) -> Recording | None:
        """What answers it now, for the how-many-th time; past the last recording, the last.

        None where it is to be sent. Raises NotRecordedError where it may not be.
        """
        self.n = self._is or times.next(self.hash, self.inference)
        self.answered = None
        found = self._candidates()
        if found is None:
            if self.mode == "replay":
                raise missing(self.operation, self.request, self.store)
            times.live(self.hash, self.inference).add(self.hash)
            return None
        one = found[min(self.n, len(found)) - 1]
        try:
            whole = read(one.raw, self.store.folder)
        except ValueError as error:
            warn(f"The recording {one.hash[:8]} can't be used: {error}.")
            if self.mode == "replay":
                raise missing(self.operation, self.request, self.store) from error
            return None
        hits.add((str(self.store.folder), one.hash, one.n))
        if self.inference:
            owed.answered()
        elif self._writes is not None and self.kind == "local":
            owed.owe(self._writes)
        self.answered = whole
        return whole

    def tick(self, seconds: float) -> None:
        self.seconds = seconds

    def keep(self, recording: Recording) -> None:
        """Add what came back to the recordings, in the place of the one that was there. Raises OSError."""
        found = (one for one in self.store.find(self.hash) if (one.kind, one.n) == (self.kind, self.n))
        before = next(found, None)
        self.store.add(replace(recording, replaces=before.at if before else None))
        with contextlib.suppress(ValueError):  # what it stands on is damaged
            self.drift = Drift(read(before.raw, self.store.folder), recording) if before else None


def in_order(operation: str, bodies: Iterable[Mapping[str, Any]]) -> list[int | None]:
    """For requests that will leave in any order, the how-many-th time each is sent in this cell, as if they left in this one.

    None for one that is like no other: it is counted when it leaves.
    """
    hashes = [digest(operation, canonical(body)) for body in bodies]
    of_one = Counter(hashes)
    return [times.next(one, True) if of_one[one] > 1 else None for one in hashes]


def of(request: httpx2.Request, kind: Kind) -> Asked | None:
    """What is asked by a request as it is sent; None where recordings have nothing to do with it."""
    under_way = current.get()
    if under_way is None and mode() == "off":
        return None
    address = addresses.read(request.method, str(request.url))
    if address.secret:
        return None
    if under_way is not None and under_way.operation == address.operation:
        return None if under_way.mode == "off" else under_way
    if mode() == "off":
        return None
    body = _body(request)
    if address.inference and address.model is not None:
        body.setdefault("model", address.model)
    writes = request if address.writes else None
    return Asked(address.operation, body, kind, inference=address.inference, request=writes)


def _body(request: httpx2.Request) -> dict[str, Any]:
    content = request.read()
    if not content:
        return {}
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        return form(_fields(kind, content))
    try:
        body = json.loads(content)
    except ValueError:
        return {"content": content}
    return body if isinstance(body, dict) else {"content": body}


def _fields(kind: str, content: bytes) -> list[tuple[str, str | bytes]]:
    """The fields of a form: texts, and files as bytes (RFC 7578)."""
    found = re.search(r'boundary="?([^";]+)"?', kind)
    fields: list[tuple[str, str | bytes]] = []
    for part in content.split(b"--" + found[1].encode())[1:-1] if found else []:
        head, _, data = part.partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        data = data.removesuffix(b"\r\n")
        fields.append(
            (name[1].decode() if name else "", data if b"filename" in head else data.decode("utf-8", "replace"))
        )
    return fields
