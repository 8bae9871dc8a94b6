"""A map on its way: requests handed to workers as fast as pace and width let them, answers kept as they come.

One thread decides, and alone knows how far things are; the workers send. So an interrupt, which meets the thread that
waits for both, is never in the middle of anything.
"""

from __future__ import annotations

import contextvars
import heapq
import itertools
import math
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import AoaiError, BudgetError, ContentFilterError, NoAnswerError, RateLimitError, RunFileError
from ..exchange import RawExchange, RawResponseExchange, reserve
from ..operations.answering import answered, looked_up
from .outcome import Answer, concerns_all, told_to_wait, will_pass
from .pacing import Pace, Width
from .plan import Plan, Planned

if TYPE_CHECKING:
    from ..ledger import Allowance
    from ..recordings import Mode
    from ..reply import Reply
    from .file import RunFile

# How often a request is tried that the service fails at; one that is over a limit waits, as often and as long (seconds) at least.
_TRIES, _WAITS, _PATIENCE = 5, 30, 120.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 20.0
_EXCHANGES = {"chat": RawExchange, "responses": RawResponseExchange}
#: So many in a row that fail alike with no answer between them: so would all the others.
_ALIKE = 20


@dataclass
class Task:
    """One request to be answered, how often it was tried and had to wait, and since when it waits."""

    planned: Planned
    tries: int = 0
    waits: int = 0
    since: float = math.inf

    @property
    def has_waited(self) -> bool:
        """Whether it was over a limit for long enough to be given up."""
        return self.waits >= _WAITS and time.monotonic() - self.since >= _PATIENCE


@dataclass
class Outcome:
    """What came of sending a task, `alone` or not: a reply or an error, and the headers of the answer."""

    task: Task
    alone: bool
    result: Reply | BaseException
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Tally:
    """How far a run is: requests and the rows that they end, tokens, and US dollars, which are None once a price is unknown."""

    rows: int = 0
    answered: int = 0
    failed: int = 0
    recorded: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0

    def add(self, reply: Reply, rows: int) -> None:
        """Count a reply in, which is that of so many rows."""
        self.recorded += reply.recorded is not None  # first: what is answered and not recorded was sent
        self.answered += 1
        self.rows += rows
        if reply.usage:
            self.prompt_tokens += reply.usage.prompt_tokens
            self.completion_tokens += reply.usage.completion_tokens
        cost = 0.0 if reply.recorded else reply.azure_cost
        self.usd = None if cost is None or self.usd is None else self.usd + cost


class Run:
    """Sends requests from threads of its own, until all have ended or it is told to stop.

    Answers are in `file` as soon as they are there, which is closed in the end, and deleted if every request has one.
    `errors` are those of requests that failed for good, by key; `cause` is what ended the run too early.
    """

    def __init__(
        self,
        plan: Plan,
        requests: list[Planned],
        pace: Pace,
        width: Width,
        file: RunFile,
        allowance: Allowance | None,
        recordings: Mode | None,
        recorded: Collection[str],
        times: Mapping[str, int],
    ) -> None:
        self.tally = Tally()
        self.errors: dict[str, AoaiError] = {}
        self.cause: BaseException | None = None
        self.ended = threading.Event()
        self._plan, self._pace, self._width, self._file, self._allowance = plan, pace, width, file, allowance
        self._recordings, self._recorded, self._times = recordings, recorded, times
        self._ready = deque(map(Task, requests))
        self._later: list[tuple[float, int, Task]] = []
        self._number = itertools.count()
        self._to_come = sum(one.arrival for one in requests)
        self._due: float | None = None  # when the first of those that are ready may leave
        self._alike: list[AoaiError] = []
        self._stopping = self._no_room = False
        self._work: queue.SimpleQueue[tuple[Task, bool] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._busy = self._workers = 0

    def start(self) -> None:
        """Begin to send."""
        self._context = contextvars.copy_context()
        threading.Thread(target=self._run, name="aoai-map", daemon=True).start()

    def stop(self) -> None:
        """Send nothing more; what is under way is still waited for."""
        self._stopping = True
        self._done.put(None)

    @property
    def under_way(self) -> int:
        """How many requests have been sent and not been answered yet."""
        return self._busy

    @property
    def waiting(self) -> float:
        """For how many seconds the deployment's limits let nothing leave."""
        return self._pace.blocked()

    @property
    def _complete(self) -> bool:
        return not (self.cause or self.errors or self._ready or self._later or self._busy)

    def _run(self) -> None:
        try:
            while self._busy or (not self._stopping and (self._ready or self._later)):
                wait = self._hand_out()
                try:
                    outcome = self._done.get(timeout=wait)
                except queue.Empty:
                    continue
                if outcome is not None:
                    self._take(outcome)
            if self._alike and not self._file.answers:  # nothing went well
                self._end(self._alike[0])
        except BaseException as error:
            self.cause = self.cause or error
        finally:
            for _ in range(self._workers):
                self._work.put(None)
            self._file.close(done=self._complete or not self._file.answers)
            self.ended.set()

    def _hand_out(self) -> float | None:
        """Give the workers all that may leave now, and return in how many seconds to look again.

        None is for when an answer comes.
        """
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._ready.appendleft(heapq.heappop(self._later)[2])
        while self._ready and self._busy < self._width.now and not (self._stopping or self._no_room):
            task = self._ready[0]
            if (wait := self._wait(task.planned, now)) > 0:
                return wait
            self._due = None
            self._ready.popleft()
            self._work.put((task, self._busy == 0))
            self._busy += 1
            if self._busy > self._workers:
                self._workers += 1
                context = self._context.copy()
                threading.Thread(target=context.run, args=[self._serve], name="aoai-map-sends", daemon=True).start()
        return self._later[0][0] - now if self._later and not self._stopping else None

    def _wait(self, planned: Planned, now: float) -> float:
        """In how many seconds the next may leave; what a recording answers needn't wait."""
        if planned.key in self._recorded:
            return 0.0
        if self._due is None:
            self._due = now + self._pace.leave(planned.prompt_arrival, planned.limit, self._to_come)
        return max(self._due - now, self._pace.blocked())

    def _serve(self) -> None:
        while (given := self._work.get()) is not None:
            self._done.put(self._sent(*given))

    def _sent(self, task: Task, alone: bool) -> Outcome:
        plan, planned = self._plan, task.planned
        exchange: RawExchange | None = None
        try:
            body = plan.body(planned)
            times = self._times.get(planned.key)
            asked = looked_up(plan.operation, plan.connection, body, self._recordings, times)
            entry = reserve(
                plan.connection.kind,
                plan.operation,
                body,
                planned.estimate,
                self._allowance,
                recorded=asked.recorded is not None,
                lower=alone,  # a budget shortens an answer, as it does a cell's, only where it won't do to wait for the others
                strict=asked.recorded is None,
            )
            exchange = _EXCHANGES[plan.operation](plan.connection, body, planned.estimate, entry, asked)
            return Outcome(task, alone, answered(plan.connection, exchange, remember=False), exchange.headers)
        except BaseException as error:
            return Outcome(task, alone, error, exchange.headers if exchange else {})

    def _take(self, outcome: Outcome) -> None:
        task, result = outcome.task, outcome.result
        self._busy -= 1
        self._no_room = False
        self._pace.learn(self._plan.connection.headroom(self._plan.deployment))
        if not isinstance(result, BaseException):
            self._answered(task, result)
        elif isinstance(result, BudgetError) and not outcome.alone:
            self._ready.appendleft(task)
            self._no_room = self._busy > 0  # until one of the others is settled, which was reserved at its dearest
        elif isinstance(result, RateLimitError) and will_pass(result) and not task.has_waited:
            task.waits += 1
            task.since = min(task.since, time.monotonic())
            if not result.recorded:
                self._pace.refused(result.retry_after or told_to_wait(outcome.headers) or self._backoff(task.waits))
                self._width.trouble()
            self._ready.appendleft(task)
        elif isinstance(result, NoAnswerError) and task.tries < _TRIES - 1:
            task.tries += 1
            wait = 0.0
            if not result.recorded:
                self._width.trouble()
                wait = told_to_wait(outcome.headers) or self._backoff(task.tries)
            heapq.heappush(self._later, (time.monotonic() + wait, next(self._number), task))
        elif concerns_all(result):
            self._end(result)
        else:
            assert isinstance(result, AoaiError)
            self._failed(task, result)

    def _answered(self, task: Task, reply: Reply) -> None:
        self.tally.add(reply, len(task.planned.rows))
        self._to_come -= task.planned.arrival
        self._width.went_well()
        self._pace.went_well()
        self._alike.clear()
        try:
            self._file.keep(
                task.planned.key,
                Answer.of(reply.text, reply.finish_reason, reply.filters),
                write=reply.recorded is None,
            )
        except RunFileError as error:
            self._end(error)

    def _failed(self, task: Task, error: AoaiError) -> None:
        self.errors[task.planned.key] = error
        self.tally.failed += 1
        self.tally.rows += len(task.planned.rows)
        self._to_come -= task.planned.arrival
        if self._alike and type(error) is not type(self._alike[0]):
            self._alike.clear()
        if not isinstance(error, ContentFilterError):  # which is about the row
            self._alike.append(error)
        if len(self._alike) >= _ALIKE:
            self._end(error)

    def _end(self, cause: BaseException) -> None:
        self.cause = self.cause or cause
        self._stopping = True

    def _backoff(self, times: int) -> float:
        return min(_LONGEST_WAIT, math.ldexp(_FIRST_WAIT, times - 1)) * random.uniform(0.5, 1)  # noqa: S311 - no secret
