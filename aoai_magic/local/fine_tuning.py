"""Fine-tuning jobs. Their life is simulated: nothing is trained, and the model that comes out is the one that went in.

A job goes from queued to running to succeeded within seconds, with events, checkpoints and a falling loss as the service
reports them, so that the calls and their answers can be learned.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .. import catalog
from .azure_errors import AzureError, invalid_request
from .events import new_id
from .fields import Fields
from .files import File
from .plumbing import account_of, json_body
from .wire import JSONResponse, read

_LEAST_EXAMPLES = 10
_QUEUED_SECONDS, _RUNNING_SECONDS, _STEPS = 1.0, 4.0, 20
_CHECKPOINTS = (18, 12, 6)


@dataclass
class TuningJob:
    """A job; where it stands follows from the time that has passed."""

    model: str
    training: File
    validation: str | None
    suffix: str
    seed: int
    hyperparameters: dict[str, Any]
    method: str
    examples: int
    id: str = field(default_factory=lambda: new_id("ftjob-", 32))
    began: float = field(default_factory=time.time)
    stopped: tuple[str, float] | None = None  # "cancelled" or "paused", and when

    @property
    def passed(self) -> float:
        """Seconds of its life that have passed."""
        return (self.stopped[1] if self.stopped else time.time()) - self.began

    @property
    def status(self) -> str:
        if self.stopped:
            return self.stopped[0]
        if self.passed < _QUEUED_SECONDS:
            return "queued"
        return "running" if self.passed < _QUEUED_SECONDS + _RUNNING_SECONDS else "succeeded"

    @property
    def step(self) -> int:
        """How many of the steps are done."""
        share = (self.passed - _QUEUED_SECONDS) / _RUNNING_SECONDS
        return min(_STEPS, max(0, math.floor(share * _STEPS)))

    def shown(self) -> dict[str, Any]:
        """The job as the API describes it."""
        done = self.status == "succeeded"
        end = int(self.began + _QUEUED_SECONDS + _RUNNING_SECONDS)
        tuned = f"{self.model}.ft-{self.id[6:]}" + (f"-{self.suffix}" if self.suffix else "")
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": int(self.began),
            "status": self.status,
            "model": self.model,
            "fine_tuned_model": tuned if done else None,
            "training_file": self.training.id,
            "validation_file": self.validation,
            "seed": self.seed,
            "hyperparameters": self.hyperparameters,
            "method": {"type": self.method, self.method: {"hyperparameters": self.hyperparameters}},
            "finished_at": end if done else None,
            "trained_tokens": self.examples * 100 if done else None,
            "estimated_finish": None if done else end,
            "result_files": [],
            "error": None,
            "organization_id": "",
            "integrations": [],
            "metadata": {"simulated": "true"},
        }

    def events(self) -> list[dict[str, Any]]:
        """What has happened so far, the latest first."""
        happened: list[tuple[str, int | None]] = [("Job enqueued. Waiting for jobs ahead to complete.", None)]
        if self.passed >= _QUEUED_SECONDS:
            happened.append(("Job started. (Simulated: nothing is trained.)", None))
        happened += [(f"Step {step}: training loss={_loss(step)}", step) for step in range(1, self.step + 1)]
        if self.status not in ("queued", "running"):
            happened.append((f"Job {self.status}.", None))
        return [
            {
                "id": f"ftevent-{self.id[6:]}-{number}",
                "object": "fine_tuning.job.event",
                "created_at": int(self.began) + number,
                "level": "info",
                "message": message,
                "type": "message" if step is None else "metrics",
                "data": None if step is None else {"step": step, "train_loss": _loss(step)},
            }
            for number, (message, step) in reversed(list(enumerate(happened)))
        ]

    def checkpoints(self) -> list[dict[str, Any]]:
        """The checkpoints so far, the latest first."""
        return [
            {
                "id": f"ftchkpt-{self.id[6:]}-{step}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": int(self.began) + step,
                "fine_tuning_job_id": self.id,
                "fine_tuned_model_checkpoint": f"{self.model}.ft-{self.id[6:]}:ckpt-step-{step}",
                "step_number": step,
                "metrics": {"step": step, "train_loss": _loss(step)},
            }
            for step in _CHECKPOINTS
            if step <= self.step
        ]


async def created(request: Request) -> Response:
    """POST /fine_tuning/jobs"""
    account = account_of(request)
    body = Fields(await json_body(request))
    for name in ("model", "training_file"):
        body.required(name)
    model = catalog.model(body.text("model"))
    if model is None or not model.fine_tuning:
        raise invalid_request(
            f"The specified base model does not support fine-tuning: '{body.text('model')}'.", "model", "invalidPayload"
        )
    training = account.files.get(body.text("training_file"))
    if training is None or training.purpose != "fine-tune":
        raise invalid_request(
            f"Invalid training_file: no fine-tune file '{body.text('training_file')}'.", "training_file"
        )
    method = body.object("method").choice("type", ["supervised", "dpo", "reinforcement"], "supervised")
    given = {
        **body.object("hyperparameters").values(),
        **body.object("method").object(method).object("hyperparameters").values(),
    }
    job = TuningJob(
        model.id,
        training,
        body.text("validation_file") or None,
        body.text("suffix", longest=64),
        body.integer("seed", 42),
        {"n_epochs": 3, "batch_size": 1, "learning_rate_multiplier": 1.0, **given},
        method,
        _examples(training),
    )
    account.tuning_jobs[job.id] = job
    return JSONResponse(job.shown(), 201)


async def listed(request: Request) -> Response:
    """GET /fine_tuning/jobs"""
    jobs = [job.shown() for job in reversed(account_of(request).tuning_jobs.values())]
    return JSONResponse({"object": "list", "data": jobs, "has_more": False})


async def described(request: Request) -> Response:
    """GET /fine_tuning/jobs/{id}"""
    return JSONResponse(_job(request).shown())


async def events(request: Request) -> Response:
    """GET /fine_tuning/jobs/{id}/events"""
    return JSONResponse({"object": "list", "data": _job(request).events(), "has_more": False})


async def checkpoints(request: Request) -> Response:
    """GET /fine_tuning/jobs/{id}/checkpoints"""
    found = _job(request).checkpoints()
    ends = {"first_id": found[0]["id"] if found else None, "last_id": found[-1]["id"] if found else None}
    return JSONResponse({"object": "list", "data": found, "has_more": False, **ends})


async def stopped(request: Request) -> Response:
    """POST /fine_tuning/jobs/{id}/cancel or /pause"""
    job = _job(request)
    if job.status not in ("queued", "running"):
        raise invalid_request(f"Job {job.id} is {job.status}, and can't be stopped.", None, "invalidOperation")
    job.stopped = ("cancelled" if request.url.path.endswith("/cancel") else "paused", time.time())
    return JSONResponse(job.shown())


async def resumed(request: Request) -> Response:
    """POST /fine_tuning/jobs/{id}/resume"""
    job = _job(request)
    if job.stopped is None or job.stopped[0] != "paused":
        raise invalid_request(f"Job {job.id} is {job.status}, and not paused.", None, "invalidOperation")
    job.began += time.time() - job.stopped[1]
    job.stopped = None
    return JSONResponse(job.shown())


def _job(request: Request) -> TuningJob:
    jobs: dict[str, TuningJob] = account_of(request).tuning_jobs
    identity = request.path_params["id"]
    if identity not in jobs:
        raise AzureError(404, {"code": "NotFound", "message": f"Job with id '{identity}' does not exist."})
    return jobs[identity]


def _examples(file: File) -> int:
    """How many examples a training file has; refused if they are too few, or no conversations."""
    examples = [read(line) for line in file.lines()]
    if len(examples) < _LEAST_EXAMPLES:
        raise invalid_request(
            f"Training file has {len(examples)} example(s), but must have at least {_LEAST_EXAMPLES} examples.",
            "training_file",
        )
    for number, example in enumerate(examples, 1):
        if not isinstance(example.get("messages", example.get("input")), list | dict):
            raise invalid_request(f"Line {number} of the training file has no 'messages'.", "training_file")
    return len(examples)


def _loss(step: int) -> float:
    return round(2.0 * math.exp(-step / 8) + 0.4, 4)
