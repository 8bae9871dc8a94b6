"""A Dask table: each partition is mapped where it lies, a few at a time over the whole cluster.

Each has its share of the limits. A distributed semaphore lets so many partitions in as parts the limits are cut into.
Keys don't travel: a worker proves who it is by its own environment or sign-in.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .. import current, ledger, settings
from .. import schema as shapes
from ..client import Connection
from ..errors import AoaiError, Interrupted, MissingExtraError, OptionError, SettingsError
from ..ledger import Allowance
from ..request import Message
from ..templates import Template
from ..tokens.pictures import is_a
from . import columns, runs
from .estimate import estimate
from .job import planned
from .purse import Purse
from .rows import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..settings import Target

#: How many partitions are mapped at once where nobody says.
_AT_ONCE = 4


def is_dask(table: Any) -> bool:
    """Whether a table is one of Dask's."""
    return is_a(table, "dask.dataframe", "DataFrame")


@dataclass(frozen=True)
class Share:
    """What each partition's map is told.

    That is where requests go, its part of the limits, width and money, and when to stop.
    """

    name: str
    target: Target
    semaphore: Any
    stop: Any
    parts: int
    concurrency: int | None
    resume: bool
    purse: Purse | None
    kernel: tuple[str, str]


def map_partitions(
    prompt: str | Sequence[Message],
    table: Any,
    tell: Callable[[str, float | None], None],
    *,
    concurrency: int | None = None,
    resume: Any = None,
    budget: float | Allowance | None = None,
    connection: Connection | None = None,
    **options: Any,
) -> Any:
    """Map every partition of a Dask DataFrame on the cluster of the current client; return the result, persisted there.

    At most `concurrency` requests are under way in all. `budget`, and what this kernel's own have left, is for all
    together: a partition may cost an equal part, and what the ones before it left over. Raises SettingsError where there is
    no client, what ended a partition's map, and Interrupted.
    """
    client, distributed = _cluster()
    if resume not in (None, False, True):
        raise OptionError(
            "The file of a run can't be named for a Dask table.", "Each partition has its own.", "resume=True"
        )
    connection = connection or current.connection()
    added = columns.names(_shape(options), options.get("output", "answer"))
    columns.refuse_taken(Table(table, list(table.columns), []), added)
    options["names"] = _used(prompt, options)
    parts = min(table.npartitions, _AT_ONCE, concurrency or _AT_ONCE)
    name = f"aoai-map-{secrets.token_hex(4)}"
    share = Share(
        name=name,
        target=replace(connection.target, api_key=None, ad_token=None, credential=None, key_source=""),
        semaphore=distributed.Semaphore(max_leases=parts, name=name),
        stop=distributed.Event(name),
        parts=parts,
        concurrency=concurrency and concurrency // parts,
        resume=bool(resume),
        purse=_purse(name, connection, budget, table.npartitions),
        kernel=ledger.kernel(),
    )
    found = table.map_partitions(_work, prompt, share, options, meta=_unanswered(table._meta, options)).persist()
    _watch(client, share, distributed.futures_of(found), tell)
    client.run(runs.tidy, name)
    return found


def _cluster() -> tuple[Any, Any]:
    try:
        import distributed
    except ImportError:
        raise MissingExtraError("A Dask table", "dask", "distributed") from None
    try:
        return distributed.get_client(), distributed
    except ValueError:
        raise SettingsError(
            "There is no cluster to send the partitions to.",
            "A Dask table is worked through by the workers of a distributed client.",
            "from dask.distributed import Client; client = Client()",
        ) from None


def _work(part: Any, prompt: str | Sequence[Message], share: Share, options: dict[str, Any]) -> Any:
    """Map one partition, in a worker."""
    if not len(part):
        with share.purse.open(0.0) if share.purse else nullcontext():
            return _unanswered(part, options)
    looked = 0.0

    def go_on(words: str, fraction: float | None) -> None:
        nonlocal looked
        if time.monotonic() - looked > 1:
            looked = time.monotonic()
            if share.stop.is_set():  # no KeyboardInterrupt: that would end the worker, and all that it holds
                raise AoaiError("The map was stopped by the kernel that sent it.", "", "resume=True goes on with it.")

    with share.semaphore, ledger.on_behalf_of(share.kernel):
        job = planned(prompt, part, connection=_connected(share.target), **options)
        foreseen = estimate(job.plan, ())
        with share.purse.open(foreseen.dearest) if share.purse else nullcontext() as taken:
            allowance = Allowance(taken.usd) if taken else None
            done = job.run(
                go_on,
                concurrency=share.concurrency,
                resume=share.resume,
                budget=allowance,
                part_of=share.name,
                parts=share.parts,
            )
            if taken and allowance:
                taken.spent = ledger.spent(allowance, practice=foreseen.local)
        return done.frame


def _connected(target: Target) -> Connection:
    """A connection of the worker's own to that address; the kernel's, where the worker is a thread of it."""
    here = current.connection()
    if (here.kind, here.target.endpoint) == (target.kind, target.endpoint):
        return here
    own = settings.resolve(target.endpoint or target.kind, api_version=target.api_version, deployment=target.deployment)
    return Connection(replace(own, scope=target.scope, serves=target.serves))


def _unanswered(frame: Any, options: Mapping[str, Any]) -> Any:
    """What mapping a frame without rows gives: its columns, those of the answers, and their types."""
    empty = Table(frame.head(0), list(frame.columns), [])
    return columns.with_answers(empty, options.get("output", "answer"), _shape(options), [], [])


def _shape(options: Mapping[str, Any]) -> dict[str, Any] | None:
    schema = options.get("schema")
    shape: dict[str, Any] | None = None
    if schema is not None:
        shape = shapes.response_format(schema)["json_schema"]["schema"]
    return shape


def _used(prompt: str | Sequence[Message], options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the names that the prompt and the system message use: no other leaves this kernel."""
    texts = [prompt] if isinstance(prompt, str) else [one.get("content") for one in prompt]
    used = {name for text in [*texts, options.get("system")] if isinstance(text, str) for name in Template(text).names}
    return {name: value for name, value in (options.get("names") or {}).items() if name in used}


def _purse(name: str, connection: Connection, budget: float | Allowance | None, partitions: int) -> Purse | None:
    """What all partitions may cost together; a worker on another machine has another ledger, and none of its budgets."""
    left = [one.left for one in ledger.budgets(practice=connection.kind == "local")]
    if (allowance := Allowance.of(budget)) is not None:
        left.append(allowance.usd)
    if not left:
        return None
    purse = Purse(name)
    purse.fill(min(left), partitions)
    return purse


def _watch(client: Any, share: Share, futures: list[Any], tell: Callable[[str, float | None], None]) -> None:
    """Tell how far it is until all have ended; an interrupt stops those that are under way, and the others."""
    try:
        while not all(one.done() for one in futures) and not any(one.status == "error" for one in futures):
            done = sum(one.done() for one in futures)
            tell(f"{done:,} of {len(futures):,} partitions", done / len(futures))
            time.sleep(0.1)
        failed = next((one.exception() for one in futures if one.status == "error"), None)
    except KeyboardInterrupt:
        share.stop.set()
        client.cancel(futures)
        raise Interrupted("resume=True goes on with what each worker has kept.") from None
    if failed is not None:
        share.stop.set()
        client.cancel(futures)
        raise failed
