"""A table through the Batch API: requests in a file, answered within a day at half the price, then collected."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import catalog, current, ledger, settings
from ..base_reply import Usage, sum_known
from ..errors import AoaiError, ServiceError, SettingsError
from ..exchange.exchange import usage_of
from ..explain import explained
from ..ledger import Allowance
from ..saving import whole
from ..visible import visible
from . import columns, rows
from .estimate import TableEstimate, estimate
from .outcome import Answer
from .plan import Plan

if TYPE_CHECKING:
    import openai

_SKU = "GlobalBatch"
# Azure asks for no more than one look a minute (its page on batches); the local service is on this machine.
_SECONDS, _SECONDS_HERE = 60.0, 0.2
_ENDED = ("completed", "failed", "expired", "cancelled")


@dataclass
class Batch:
    """A batch that was sent, and the way to its answers, for this kernel and later ones.

    `id` is the service's, `status` what it last said (validating, in_progress, finalizing, completed, failed, expired,
    cancelling, cancelled), `counts` how many requests are completed and failed, of how many in total. What is kept of
    it (in the state folder: which rows belong to which request, no prompt and no answer) goes with `collect`.

    >>> import aoai_magic as aoai
    >>> sent = aoai.map("Shout: {{ value }}", ["hey"], deployment="gpt-4o", max_tokens=5, batch=True)
    >>> sent.wait().collect().columns.tolist()
    ['value', 'answer', 'error']
    """

    id: str
    created: float
    connection: str
    endpoint: str | None
    deployment: str
    model: str | None
    output: str
    schema: dict[str, Any] | None
    row_count: int
    requests: list[list[int]]
    refused: dict[str, str]
    entry: int | None
    status: str = "validating"
    counts: dict[str, int] = field(default_factory=dict)
    table: Any = field(default=None, repr=False, compare=False)
    _shown: Any = field(default=None, init=False, repr=False, compare=False)  # the service's own description

    def refresh(self) -> Batch:
        """Ask the service how far it is. Raises AoaiError as `chat` does."""
        with explained(current.connection().target, self.deployment):
            self._take(self._client().batches.retrieve(self.id))
        return self

    def wait(self, on_progress: Callable[[str, float | None], None] | None = None) -> Batch:
        """Wait until it has ended: on Azure up to a day. An interrupt ends the waiting, and not the batch."""
        from ..render import progress

        with progress() as tell:
            while self.refresh().status not in _ENDED:
                done, total = self.counts.get("completed", 0) + self.counts.get("failed", 0), self.counts.get("total")
                words = f"{self.status}, {done:,} of {total or len(self.requests):,} requests"
                (on_progress or tell)(words, done / total if total else None)
                time.sleep(_SECONDS_HERE if self.connection == "local" else _SECONDS)
        return self

    def cancel(self) -> Batch:
        """Let it end now; what is answered by then is kept, and paid for."""
        with explained(current.connection().target, self.deployment):
            self._take(self._client().batches.cancel(self.id))
        return self

    def collect(self, table: Any = None) -> Any:
        """The table with its answers, as `map` returns it; a batch that was cancelled or expired has some of them.

        `table` is what the batch was made of; left out in another kernel, the frame has the answers alone, a row each.
        Raises SettingsError while it is under way, and for a table of another length; ServiceError where the service
        refused all.
        """
        from ..render import show_frames_safely

        show_frames_safely()
        found = self.refresh()._shown
        if self.status not in _ENDED:
            raise SettingsError(
                f"{self.id} is {self.status}: {self.counts.get('completed', 0):,} of {len(self.requests):,} are answered.",
                "On Azure it takes up to a day.",
                "batch.wait() waits for it; aoai.batch(ID) finds it again tomorrow, in any kernel.",
            )
        if self.status == "failed":
            first = next(iter((getattr(found.errors, "data", None) or []) if found.errors else []), None)
            self._settle("failed", None, free=True)
            raise SettingsError(
                f"{self.id} failed: {visible(getattr(first, 'message', None) or 'the service gives no reason')}",
                "The file of requests was refused as a whole, and nothing is charged.",
                "On Azure a batch needs a deployment of a batch type (GlobalBatch): -d NAME",
            )
        read = (
            rows.read(self.table if table is None else table) if (table is not None or self.table is not None) else None
        )
        if read is not None and len(read) != self.row_count:
            raise SettingsError(
                f"The table has {len(read):,} rows, and the batch was made of {self.row_count:,}.",
                "Answers belong to rows by their number.",
                "batch.collect(TABLE), with the very table; batch.collect() alone returns the answers.",
            )
        answers: list[Answer | None] = [None] * self.row_count
        errors: list[AoaiError | None] = [None] * self.row_count
        for row, why in self.refused.items():
            errors[int(row)] = AoaiError(why)
        used: list[Usage] = []
        for at, (answer, error, usage) in self._answers(found):
            used += [usage] if usage else []
            for number in self.requests[at]:
                answers[number], errors[number] = answer, error
        for numbers in self.requests:
            for number in numbers:
                if answers[number] is None and errors[number] is None:
                    errors[number] = AoaiError(f"not answered before the batch was {self.status}")
        frame = columns.with_answers(read or _bare(self.row_count), self.output, self.schema, answers, errors)
        self._settle(self.status, used)
        return frame

    def _answers(self, found: Any) -> Iterator[tuple[int, tuple[Answer | None, AoaiError | None, Usage | None]]]:
        """What the files of the service say, by the number of the request."""
        for file in (found.output_file_id, found.error_file_id):
            if not file:
                continue
            with explained(current.connection().target, self.deployment):
                content = self._client().files.content(file).content
            for line in content.splitlines():
                with suppress(
                    ValueError, LookupError, TypeError, AttributeError
                ):  # a damaged line is an unanswered row
                    one = json.loads(line)
                    at = int(str(one["custom_id"]).removeprefix("request-"))
                    if 0 <= at < len(self.requests):
                        yield at, _read(one)

    def _client(self) -> openai.OpenAI:
        connection = current.connection()
        if (connection.kind, connection.target.endpoint) != (self.connection, self.endpoint):
            raise SettingsError(
                f"{self.id} is at {self.endpoint or 'the local service'}, and requests go elsewhere now.",
                "",
                f"%aoai connect {self.endpoint or 'local'}",
            )
        return connection.client

    def _take(self, found: Any) -> None:
        self._shown = found
        self.status = str(found.status)
        self.counts = found.request_counts.model_dump() if found.request_counts else {}

    def _settle(self, outcome: str, used: Sequence[Usage] | None, *, free: bool = False) -> None:
        """Write down in the ledger what it cost, once."""
        if self.entry is None:
            return
        entry = ledger.reopened(self.entry)
        price = catalog.price(self.model, sku=_SKU) if self.model else None
        # Each by itself: a long prompt is dearer, and many short ones are not.
        costs = [price.cost(one.prompt_tokens, one.completion_tokens, one.cached_tokens) for one in used or () if price]
        cost = None if used is None or price is None else sum_known(costs)
        total = None if used is None else reduce(add, used, Usage(0, 0))
        if free:
            entry.turned_down()
        kinds = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
        entry.settle(
            outcome,
            price=cost,
            azure_price=cost,
            model=self.model,
            seconds=time.time() - self.created,
            **{kind: getattr(total, kind) for kind in kinds if total},
        )
        self.entry = None
        _keep(self)

    def __repr__(self) -> str:
        done = self.counts.get("completed", 0)
        words = [self.id, self.deployment, f"{self.row_count:,} row{'s' * (self.row_count != 1)}", self.status]
        if self.counts:
            words.append(f"{done:,} of {len(self.requests):,} requests answered")
        return visible(" · ".join(words))


def foresee(plan: Plan) -> TableEstimate:
    """What a plan costs as a batch, which Azure has at half the price (catalog/prices.toml)."""
    price = catalog.price(plan.known.model.id, sku=_SKU) if plan.known else None
    requests = [
        replace(one, estimate=replace(one.estimate, price=price, sku=_SKU, where=_SKU, headroom=None))
        for one in plan.requests
    ]
    return replace(estimate(replace(plan, requests=requests), ()), seconds=86_400.0, limits="the window of a batch")


def send(
    plan: Plan, output: str, schema: Mapping[str, Any] | None, budget: Allowance | None, foreseen: TableEstimate
) -> Batch:
    """Hand a plan's requests over as a batch; see `map`. It is in the ledger, in full, before it is sent."""
    connection = plan.connection
    url = "/chat/completions" if connection.kind in ("azure", "local") else "/v1/chat/completions"
    lines = (
        {"custom_id": f"request-{at}", "method": "POST", "url": url, "body": plan.body(one)}
        for at, one in enumerate(plan.requests)
    )
    content = "\n".join(json.dumps(line) for line in lines).encode()
    entry = ledger.reserve(
        connection.kind,
        plan.deployment,
        "batch",
        cheapest=foreseen.cheapest,
        dearest=foreseen.dearest,
        tokens=foreseen.prompt_tokens,
        slack=foreseen.slack,
        allowance=budget,
    )
    try:
        with explained(connection.target, plan.deployment):
            file = connection.client.files.create(file=("requests.jsonl", content), purpose="batch")
            entry.sending()
            made = connection.client.batches.create(input_file_id=file.id, endpoint=url, completion_window="24h")  # type: ignore[arg-type]  # Azure's has no /v1
    except BaseException as error:
        # Refused: nothing of it runs. Without such an answer it may, and counts in full.
        if isinstance(error, ServiceError) and error.status is not None and error.status < 500:
            entry.turned_down()
        entry.settle("error")
        raise
    batch = Batch(
        id=made.id,
        created=time.time(),
        connection=connection.kind,
        endpoint=connection.target.endpoint,
        deployment=plan.deployment,
        model=plan.known.model.id if plan.known else None,
        output=output,
        schema=dict(schema) if schema is not None else None,
        row_count=len(plan.table),
        requests=[one.rows for one in plan.requests],
        refused={str(number): error.what for number, error in plan.refused.items()},
        entry=entry.number,
        status=str(made.status),
        table=plan.table.frame,
    )
    _keep(batch)
    return batch


def batch(id: str | None = None) -> Batch:  # noqa: A002  # the API's word for it
    """Return a batch that was sent from this machine, by its id; the latest if none is named.

    Raises SettingsError where there is none.

    >>> import aoai_magic as aoai
    >>> sent = aoai.map("Shout: {{ value }}", ["hey"], deployment="gpt-4o", max_tokens=5, batch=True)
    >>> aoai.batch(sent.id) == aoai.batch() == sent
    True
    """
    kept = batches()
    found = next((one for one in kept if id is None or one.id == id), None)
    if found is None:
        raise SettingsError(
            f"There is no batch {id!r} here." if id else "No batch was sent from this machine yet.",
            f"There are {', '.join(one.id for one in kept[:3])}." if kept else "",
            "%aoai batches lists them; %%chat --over TABLE --batch sends one",
        )
    return found


def batches() -> list[Batch]:
    """The batches that were sent from this machine, the latest first."""
    found = []
    for path in _folder().glob("*.json"):
        with suppress(OSError, ValueError, TypeError):
            found.append(Batch(**json.loads(path.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda one: one.created, reverse=True)


def _keep(batch: Batch) -> None:
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {name: value for name, value in vars(batch).items() if name not in ("table", "_shown")}
    with whole(folder / f"{_name(batch.id)}.json") as file:
        file.write(json.dumps(kept).encode())


def _name(identity: str) -> str:
    return "".join(one if one.isalnum() or one in "-_" else "_" for one in identity)[:100]


def _folder() -> Path:
    return settings.home() / "batches"


def _read(line: dict[str, Any]) -> tuple[Answer | None, AoaiError | None, Usage | None]:
    """One line of an answer file: the answer, or what went wrong; and the tokens."""
    response = line.get("response") or {}
    body = response.get("body") or {}
    if line.get("error") or response.get("status_code") != 200:
        error = line.get("error") or body.get("error") or {}
        return None, AoaiError(str(error.get("message") or "the service gives no reason")), None
    choice = body["choices"][0]
    text, filters = choice["message"].get("content") or "", choice.get("content_filter_results") or {}
    return Answer.of(text, choice.get("finish_reason"), filters), None, usage_of(body.get("usage"))


def _bare(count: int) -> rows.Table:
    import pandas

    return rows.Table(pandas.DataFrame(index=range(count)), [], [{}] * count)
