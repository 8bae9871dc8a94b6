"""A map from its arguments to its frame: planned, held against the budgets, run, and watched until it has ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import current, ledger, settings
from .. import schema as shapes
from ..catalog import dollars
from ..client import Connection
from ..errors import AoaiError, BudgetError, Interrupted, NotRecordedError, OptionError
from ..ledger import Allowance
from ..local.waiting import told
from ..operations.answering import make_ready
from ..operations.planning import Api
from ..recordings import Mode
from ..request import Message
from . import columns, file, rows, runs
from .batch import Batch, foresee, send
from .estimate import TableEstimate, estimate
from .file import RunFile
from .pacing import Pace, Width, pace_of
from .plan import Plan, plan, recorded, sendings
from .preview import preview
from .progress import Progress, summary
from .prompts import Prompts
from .running import Run

# How many requests are under way at once where nobody says; the model on this machine answers a few at a time.
_WIDTH, _WIDTH_HERE = 32, 8
# Seconds that an interrupt waits for answers that are on their way: they are paid for.
_GRACE = 5.0
_ROUNDING = 1e-8
_UNFIT = {
    "n": "Each row has one answer.",
    "logprobs": "An answer is a value in its column; how likely its tokens were has no place there.",
    "compare": "Each row is answered by one deployment.",
    "stream": "The answers of a table come whole.",
    "approve": "What a model asks to call is answered in a conversation.",
    "rounds": "What a model asks to call is answered in a conversation.",
    "tools": "What a model asks to call is answered in a conversation.",
    "conversation": "A row knows nothing of the others.",
    "new": "A row knows nothing of the others.",
}


@dataclass(frozen=True)
class Mapped:
    """What a map has come to: the frame with its answers, how it begins, and the quiet line about it."""

    frame: Any
    preview: str
    status: str


@dataclass(frozen=True)
class Job:
    """A map that is planned: its requests, and the columns that its answers go into."""

    plan: Plan
    output: str
    schema: Mapping[str, Any] | None
    recordings: Mode | None

    def estimate(self, resume: bool | str | os.PathLike[str] | None = None, *, batch: bool = False) -> TableEstimate:
        """What it would cost, without what recordings answer, or a run that was cut has answered; or as a batch, all of it."""
        if batch:
            return foresee(self.plan)
        try:
            there = recorded(self.plan, self.recordings)
        except NotRecordedError as error:
            found = self._estimate(resume, set())
            return replace(found, warnings=(*found.warnings, error.what))
        found = self._estimate(resume, there)
        keys = {one.key for one in self.plan.requests} - there
        if not resume and (cut := runs.with_answers(keys)):
            told = f"A run that was cut has {len(keys & cut[0].keys):,} of these answers: --resume (resume=True) takes them."
            return replace(found, warnings=(*found.warnings, told))
        return found

    def send(self, budget: float | Allowance | None = None) -> Batch:
        """Hand it over to the Batch API."""
        if self.plan.operation != "chat":
            raise OptionError(
                f"{self.plan.deployment!r} is asked through the Responses API, and a batch of chat requests isn't.",
                "Nothing was sent.",
                "Leave --batch out, or name a deployment of a model that takes chat requests.",
            )
        allowance = Allowance.of(budget)
        foreseen = foresee(self.plan)
        self._hold(foreseen, allowance)
        return send(self.plan, self.output, self.schema, allowance, foreseen)

    def _estimate(self, resume: bool | str | os.PathLike[str] | None, recorded: set[str]) -> TableEstimate:
        path = self._cut(resume)
        return estimate(self.plan, recorded | file.read(path)[1].keys() if path else recorded)

    def run(
        self,
        tell: Callable[[str, float | None], None],
        *,
        concurrency: int | None = None,
        resume: bool | str | os.PathLike[str] | None = None,
        budget: float | Allowance | None = None,
        watched: bool = True,
        part_of: str | None = None,
        parts: int = 1,
    ) -> Mapped:
        """Carry it out, see `map`; `watched` says whether the quiet line may hold what varies.

        Where it is `part_of` a larger run, of which so many `parts` run at once, perhaps on several machines, it has
        its share of the deployment's limits, and leaves its file for `runs.tidy`.
        """
        plan = self.plan
        rows.refuse_count("concurrency", concurrency)
        allowance = Allowance.of(budget)
        path = self._cut(resume)
        there = recorded(plan, self.recordings)
        if resume is True and part_of is None:
            runs.say({one.key for one in plan.requests} - there)
        self._hold(self._estimate(resume, there), allowance)
        if path is not None:
            kept = file.taken_up(path, part_of)
        elif any(one.key not in there for one in plan.requests):
            kept = file.new(
                {"deployment": plan.deployment, "rows": len(plan.table), "notebook": settings.notebook()}, part_of
            )
        else:
            kept = RunFile(None)
        before = _rows(plan, kept)
        left = [one for one in plan.requests if one.key not in kept.answers]
        here = plan.connection.kind == "local"
        most = concurrency or (_WIDTH_HERE if here else _WIDTH)
        known = plan.connection.has_answered(plan.deployment)
        width = Width(most, at_once=concurrency is not None, known=known)
        pace = Pace(parts=parts) if part_of else pace_of(plan.connection, plan.deployment)
        times = sendings(plan, self.recordings)
        run = Run(plan, left, pace, width, kept, allowance, self.recordings, there, times)
        progress = Progress(plan, run, kept, there)
        with told(progress.told):
            interrupted = _watched(run, tell, progress)
        frame = self._frame(run, kept)
        if interrupted or run.cause:
            raise self._cut_short(run, kept, frame, interrupted)
        added = columns.names(self.schema, self.output)
        return Mapped(frame, preview(frame, added), summary(plan, run, kept, before, watched=watched))

    def _cut(self, resume: bool | str | os.PathLike[str] | None) -> Path | None:
        if resume is None or resume is False:
            return None
        if resume is not True:
            named = Path(resume).expanduser()
            listed = file.folder() / named  # by its name alone, as %aoai runs lists it
            return listed if listed.is_file() and not named.is_file() else named
        found = runs.with_answers([one.key for one in self.plan.requests])
        return found[0].path if found else None

    def _hold(self, foreseen: TableEstimate, allowance: Allowance | None) -> None:
        """Refuse a table that no budget has room for, before anything is sent; what is between is the ledger's to hold."""
        if not foreseen.choices:
            return  # recordings, or a run that was cut, have it all
        practice = foreseen.local
        held = [(one.left, str(one)) for one in ledger.budgets(practice=practice)]
        held += [(allowance.usd, f"{dollars(allowance.usd)} for this table")] if allowance else []
        left, whose = min(held, default=(0.0, ""))
        if held and foreseen.least is not None and foreseen.least > left + _ROUNDING:
            raise BudgetError(
                f"Not sent: the table costs at least {dollars(foreseen.least)}{' (on Azure, that is)' if practice else ''}, "
                f"and the budget has {dollars(left)} left.",
                f"It is {whose}; {foreseen.choices:,} requests have {foreseen.prompt_tokens:,} tokens before any answer.",
                "Take fewer rows (--limit N), or a larger budget: --dry-run shows what all of it may cost.",
            )

    def _cut_short(self, run: Run, kept: RunFile, frame: Any, interrupted: bool) -> BaseException:
        """The error of a run that ended too early, with the table so far and the way to go on."""
        answered = _rows(self.plan, kept)
        on = (
            f"{answered:,} row{'s are' if answered > 1 else ' is'} answered and kept; --resume (resume=True) goes on: {kept.path}"
            if answered
            else ""
        )
        if interrupted:
            return Interrupted(on or "nothing was answered yet.", frame)
        error = run.cause
        assert error is not None
        if isinstance(error, AoaiError):
            fix = error.fix
            if isinstance(error, BudgetError):
                left = estimate(self.plan, kept.answers)
                most = "a price that nobody knows" if left.dearest is None else f"{dollars(left.dearest)} at most"
                fix = f"The {left.choices:,} requests that are left cost {most}: let the budget have that."
            error.reply, error.fix = frame, "\n".join(filter(None, [fix, on]))
        return error

    def _frame(self, run: Run, kept: RunFile) -> Any:
        answers: list[Any] = [None] * len(self.plan.table)
        errors: list[Any] = [self.plan.refused.get(number) for number in range(len(answers))]
        for one in self.plan.requests:
            for number in one.rows:
                answers[number], errors[number] = kept.answers.get(one.key), run.errors.get(one.key)
        return columns.with_answers(self.plan.table, self.output, self.schema, answers, errors)


def planned(
    prompt: str | Sequence[Message],
    table: Any,
    *,
    output: str = "answer",
    deployment: str | None = None,
    schema: object = None,
    unique: bool = True,
    limit: int | None = None,
    names: Mapping[str, Any] | None = None,
    recordings: Mode | None = None,
    api: Api | None = None,
    connection: Connection | None = None,
    **options: Any,
) -> Job:
    """Read the table, fill in the prompt of every row, and count it; see `map`. Nothing is sent."""
    connection = connection or current.connection()
    make_ready(connection, recordings)
    for name, why in _UNFIT.items():
        if options.get(name) not in (None, False, (), [], 1):
            raise OptionError(f"A prompt over a table takes no {name}.", why, "Leave it out.")
    deployment = deployment or connection.for_chat()
    known = connection.known(deployment)
    read = rows.read(table, limit)
    form = None if schema is None else shapes.response_format(schema)
    shape = form["json_schema"]["schema"] if form else None
    columns.refuse_taken(read, columns.names(shape, output))
    model = known.model if known else None
    prompts = Prompts(prompt, read, deployment, model, names=names or {}, response_format=form, **options)
    return Job(plan(connection, deployment, read, prompts, unique=unique, api=api), output, shape, recordings)


def _rows(plan: Plan, kept: RunFile) -> int:
    """How many rows a run's file has answers for."""
    return sum(len(one.rows) for one in plan.requests if one.key in kept.answers)


def _watched(run: Run, tell: Callable[[str, float | None], None], progress: Progress) -> bool:
    """Tell how far a run is until it has ended; whether it was interrupted. A second interrupt waits for nothing."""
    try:
        run.start()
        while not run.ended.wait(0.1):
            tell(*progress())
    except KeyboardInterrupt:
        run.stop()
        try:
            until = time.monotonic() + _GRACE
            while time.monotonic() < until and not run.ended.wait(0.1):
                tell(f"Stopping; {run.under_way:,} answers are on their way", None)
        except KeyboardInterrupt:
            pass
        return True
    except BaseException:
        run.stop()
        raise
    return False
