"""Fine-tuning jobs. Their life is simulated: nothing is trained, and the model that comes out is the one that went in.

A job goes from queued to running to succeeded within seconds, with events, checkpoints and a falling loss as the
service reports them, so that the calls and their answers can be learned; its first event and its metadata say that it
is simulated. The training file is really read: one that can't be trained on fails the job, as it does in the cloud. The
fine-tuned model can be deployed through the control plane like any other, and is answered by the model that this
service runs.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .. import catalog, tokens
from .account import Account
from .azure_errors import AzureError, invalid_request
from .events import hex_id
from .fields import Fields
from .files import File
from .paging import page
from .plumbing import account_of, json_body
from .wire import JSONResponse

PARAMETERS = frozenset(
    "hyperparameters integrations metadata method model seed suffix training_file trainingType validation_file".split()
)
_LEAST_EXAMPLES = 10
_QUEUED_SECONDS, _RUNNING_SECONDS, _STEPS = 0.5, 3.5, 20
_CHECKPOINTS = (6, 12, 18)
_SIMULATED = "This job is simulated: nothing is trained, and the model stays as it is."
# The names of the methods in the API, and in the catalogue.
_METHODS = {"supervised": "SFT", "dpo": "DPO", "reinforcement": "RFT"}
# Microsoft's page on fine-tuning: where it trains, and at what price. Nothing changes with it here.
_TRAINING_TYPES = ("standard", "globalstandard", "developerTier")
# What each method trains on: the field of an example that has to be there.
_TRAINED_ON = {"supervised": "messages", "dpo": "input", "reinforcement": "messages"}


@dataclass(frozen=True)
class _Moment:
    """Something that happens in a job's life, that many seconds after its beginning, pauses left out."""

    second: float
    status: str
    message: str
    step: int | None = None


@dataclass
class TuningJob:
    """A job. It moves on as time passes, when it is looked at."""

    model: str
    training: str
    validation: str | None
    suffix: str
    seed: int
    hyperparameters: dict[str, Any]
    method: str
    training_type: str
    metadata: dict[str, str]
    trained_tokens: int
    problem: dict[str, str] | None
    files: dict[str, File] = field(repr=False)
    id: str = field(default_factory=lambda: hex_id("ftjob-"))
    created: float = field(default_factory=time.time)
    status: str = "queued"
    finished: float | None = None
    results: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lived, self._seen = 0.0, self.created
        self._life = _life(self.problem)
        self.catch_up()

    @property
    def tuned(self) -> str:
        """The name of the model that comes out."""
        return f"{self.model}.ft-{self.id[6:]}" + (f"-{self.suffix}" if self.suffix else "")

    @property
    def steps(self) -> list[int]:
        """The steps that are done."""
        return [event["data"]["step"] for event in self.events if event["data"]]

    def catch_up(self) -> TuningJob:
        """Let everything happen that should have by now."""
        now = time.time()
        if self.status in ("queued", "running"):
            self._lived += now - self._seen
        self._seen = now
        while self.status in ("queued", "running") and self._life and self._life[0].second <= self._lived:
            moment = self._life.pop(0)
            self._happens(moment.status, moment.message, moment.step, now - (self._lived - moment.second))
        return self

    def stop(self, status: str) -> None:
        """Pause or cancel it. Raises AzureError 400 where it is neither queued nor running."""
        if self.status not in ("queued", "running"):
            raise invalid_request(f"Job {self.id} is {self.status}, and can't be stopped.", None, "invalidOperation")
        self._happens(status, f"Job {status}.", None, time.time())

    def resume(self) -> None:
        """Go on after a pause. Raises AzureError 400 where it isn't paused."""
        if self.status != "paused":
            raise invalid_request(f"Job {self.id} is {self.status}, and not paused.", None, "invalidOperation")
        self._happens("running" if self._lived >= _QUEUED_SECONDS else "queued", "Job resumed.", None, time.time())

    def _happens(self, status: str, message: str, step: int | None, when: float) -> None:
        self.status = status
        event = {
            "id": f"ftevent-{self.id[6:]}-{len(self.events)}",
            "object": "fine_tuning.job.event",
            "created_at": int(when),
            "level": "error" if status == "failed" else "info",
            "message": message,
            "type": "message" if step is None else "metrics",
            "data": None if step is None else {"step": step, "train_loss": _loss(step)},
        }
        self.events.append(event)
        if status in ("succeeded", "failed", "cancelled"):
            self.finished = when
        if status == "succeeded":
            rows = "".join(f"{step},{_loss(step)}\n" for step in self.steps)
            file = File(f"step,train_loss\n{rows}".encode(), "results.csv", "fine-tune-results")
            self.files[file.id] = file
            self.results.append(file.id)

    def shown(self) -> dict[str, Any]:
        """The job as the API describes it."""
        done = self.status == "succeeded"
        left = _QUEUED_SECONDS + _RUNNING_SECONDS - self._lived
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": int(self.created),
            "status": self.status,
            "model": self.model,
            "fine_tuned_model": self.tuned if done else None,
            "training_file": self.training,
            "validation_file": self.validation,
            "seed": self.seed,
            "hyperparameters": self.hyperparameters,
            "method": {"type": self.method, self.method: {"hyperparameters": self.hyperparameters}},
            "trainingType": self.training_type,
            "finished_at": int(self.finished) if self.finished else None,
            "trained_tokens": self.trained_tokens if done else None,
            "estimated_finish": None if self.finished else math.ceil(self._seen + left),
            "result_files": self.results,
            "error": self.problem if self.status == "failed" else None,
            "organization_id": "",
            "integrations": [],
            "metadata": {**self.metadata, "simulated": "true"},
        }

    def checkpoints(self) -> list[dict[str, Any]]:
        """The checkpoints so far, the latest first."""
        moments = {event["data"]["step"]: event["created_at"] for event in self.events if event["data"]}
        return [
            {
                "id": f"ftchkpt-{self.id[6:]}-{step}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": moments[step],
                "fine_tuning_job_id": self.id,
                "fine_tuned_model_checkpoint": f"{self.tuned}:ckpt-step-{step}",
                "step_number": step,
                "metrics": {"step": step, "train_loss": _loss(step)},
            }
            for step in reversed(_CHECKPOINTS)
            if step in moments
        ]


def tuned_models(account: Account) -> dict[str, TuningJob]:
    """The models that came out of jobs, and their checkpoints, each with its job."""
    jobs = [job.catch_up() for job in account.tuning_jobs.values()]
    return {
        name: job
        for job in jobs
        if job.status == "succeeded"
        for name in (job.tuned, *(one["fine_tuned_model_checkpoint"] for one in job.checkpoints()))
    }


async def created(request: Request) -> Response:
    """POST /fine_tuning/jobs"""
    account = account_of(request)
    body = Fields(await json_body(request))
    body.refuse_unknown(PARAMETERS, newer=True)
    for name in ("model", "training_file"):
        body.required(name)
    if body.objects("integrations"):
        raise invalid_request("The local service sends nothing to other services.", "integrations", "invalidPayload")
    method = body.object("method").choice("type", list(_METHODS), "supervised")
    model = _base(body.text("model"), method)
    training = _file(body, "training_file", account)
    validation = _file(body, "validation_file", account).id if "validation_file" in body else None
    hyperparameters = _hyperparameters(body, method)
    texts, problem = await asyncio.to_thread(_examples, training, _TRAINED_ON[method])
    counted = await asyncio.to_thread(lambda: sum(tokens.count_many(texts, model.name)))
    job = TuningJob(
        model.id,
        training.id,
        validation,
        body.text("suffix", longest=64),
        body.integer("seed", 42),
        hyperparameters,
        method,
        body.choice("trainingType", _TRAINING_TYPES, _TRAINING_TYPES[0]),
        body.strings("metadata"),
        counted * hyperparameters["n_epochs"],
        problem,
        account.files,
    )
    account.tuning_jobs[job.id] = job
    return JSONResponse(job.shown(), 201, {"location": f"{request.url.replace(query='')}/{job.id}"})


async def listed(request: Request) -> Response:
    """GET /fine_tuning/jobs, the latest first"""
    return page(request, [job.catch_up().shown() for job in reversed(account_of(request).tuning_jobs.values())])


async def described(request: Request) -> Response:
    """GET /fine_tuning/jobs/{id}"""
    return JSONResponse(_job(request).shown())


async def deleted(request: Request) -> Response:
    """DELETE /fine_tuning/jobs/{id}"""
    del account_of(request).tuning_jobs[_job(request).id]
    return Response(status_code=204)


async def events(request: Request) -> Response:
    """GET /fine_tuning/jobs/{id}/events, the latest first"""
    return page(request, _job(request).events[::-1])


async def checkpoints(request: Request) -> Response:
    """GET /fine_tuning/jobs/{id}/checkpoints, the latest first"""
    return page(request, _job(request).checkpoints(), usual=10)


async def stopped(request: Request) -> Response:
    """POST /fine_tuning/jobs/{id}/cancel or /pause"""
    job = _job(request)
    job.stop("cancelled" if request.url.path.endswith("/cancel") else "paused")
    return JSONResponse(job.shown())


async def resumed(request: Request) -> Response:
    """POST /fine_tuning/jobs/{id}/resume"""
    job = _job(request)
    job.resume()
    return JSONResponse(job.shown())


def _job(request: Request) -> TuningJob:
    jobs: dict[str, TuningJob] = account_of(request).tuning_jobs
    identity = request.path_params["id"]
    if identity not in jobs:
        raise AzureError(404, {"code": "NotFound", "message": f"Job with id '{identity}' does not exist."})
    return jobs[identity].catch_up()


def _life(problem: dict[str, str] | None) -> list[_Moment]:
    """All that happens in a job's life if nobody stops it."""
    queued = _Moment(0, "queued", f"Job enqueued. {_SIMULATED}")
    if problem is not None:
        return [queued, _Moment(_QUEUED_SECONDS, "failed", f"Job failed: {problem['message']}")]
    end = _QUEUED_SECONDS + _RUNNING_SECONDS
    steps = [
        _Moment(_QUEUED_SECONDS + _RUNNING_SECONDS * step / _STEPS, "running", f"Step {step}: loss {_loss(step)}", step)
        for step in range(1, _STEPS + 1)
    ]
    return [
        queued,
        _Moment(_QUEUED_SECONDS, "running", "Job started."),
        *steps,
        _Moment(end, "succeeded", "Job succeeded."),
    ]


def _loss(step: int) -> float:
    return round(2.0 * math.exp(-step / 8) + 0.4, 4)


def _base(name: str, method: str) -> catalog.Model:
    """The model to be tuned, by its name or its name and version."""
    model = catalog.model(name)
    if model is None or name not in (model.id, model.name) or _METHODS[method] not in model.fine_tuning:
        raise invalid_request(
            f"The specified base model does not support fine-tuning: '{name[:80]}' ({method}).",
            "model",
            "invalidPayload",
        )
    return model


def _file(body: Fields, name: str, account: Account) -> File:
    file = account.files.get(body.text(name))
    if file is None or file.purpose != "fine-tune":
        raise invalid_request(f"Invalid {name}: no fine-tune file '{body.text(name)[:80]}'.", name, "invalidPayload")
    return file


def _hyperparameters(body: Fields, method: str) -> dict[str, Any]:
    """The hyperparameters that were given, by themselves or for the method.

    What is "auto", or the -1 of older versions, is for the service to say.
    """
    given = {
        **body.object("hyperparameters").values(),
        **body.object("method").object(method).object("hyperparameters").values(),
    }
    fields = Fields({name: value for name, value in given.items() if value not in ("auto", -1)}, "hyperparameters")
    known = {
        "n_epochs": fields.integer("n_epochs", 3, least=1, most=50),
        "batch_size": fields.integer("batch_size", 1, least=1, most=256),
        "learning_rate_multiplier": fields.decimal("learning_rate_multiplier", 1.0, least=0.0001, most=10),
    }
    return {**given, **known}


def _examples(file: File, wanted: str) -> tuple[list[str], dict[str, str] | None]:
    """The texts in a training file, and why it can't be trained on, as code, message and param, if it can't."""
    texts: list[str] = []
    examples = list(file.lines())
    for at, example in examples:
        found = example.get(wanted)
        found = found.get("messages") if isinstance(found, dict) else found  # the input of a preference
        if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
            return [], _problem("invalid_training_file", f"Line {at} of the training file has no '{wanted}'.")
        preferred = example.get("preferred_output") if wanted == "input" else None
        messages = itertools.chain(found, preferred if isinstance(preferred, list) else [])
        texts += [one["content"] for one in messages if isinstance(one, dict) and isinstance(one.get("content"), str)]
    if len(examples) < _LEAST_EXAMPLES:
        message = f"Training file has {len(examples)} example(s), but must have at least {_LEAST_EXAMPLES} examples"
        return [], _problem("invalid_n_examples", message)
    return texts, None


def _problem(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message, "param": "training_file"}
