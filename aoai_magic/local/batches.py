"""Batches: many requests in a file, answered in the background, for real.

As Azure's page on them has it: the file's lines are checked first, and one that is wrong fails the whole batch; a
request that is refused later goes into the error file; nothing expires, though a batch has a time at which it could.
One thing is easier here: Azure runs batches on deployments of a batch SKU only, the local service on any.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .azure_errors import AzureError, invalid_request, told_of
from .events import hex_id
from .fields import Fields
from .files import BOM, File, expiry
from .paging import page
from .plumbing import account_of, json_body
from .wire import JSONResponse, written

_OPERATIONS = ("/chat/completions", "/completions", "/embeddings", "/responses")
_ENDPOINTS = (*_OPERATIONS, *(f"/v1{path}" for path in _OPERATIONS))
_STAGES = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
_UNDER_WAY = ("validating", "in_progress", "finalizing")
#: What says how an answer is sent, and changes nothing where it goes into a file.
_MEANINGLESS = ("background", "stream", "stream_options")
_AT_ONCE = 4
#: `anchor` beside `output_expires_after`, where it belongs, is what Microsoft's examples with curl send.
PARAMETERS = frozenset("anchor completion_window endpoint input_file_id metadata output_expires_after".split())
_WINDOW_SECONDS = 24 * 3600
_MOST_BATCHES = 100
_MOST_LINES = 100_000
_MOST_ERRORS = 100
_NO_MODEL = (
    "Validation failed: A valid model deployment name couldn't be extracted from the input file. Please ensure that each "
    "row in the input file has a valid deployment name specified in the 'model' field, and that the deployment name is "
    "consistent across all rows."
)
#: Runs one request: the operation's path and its body. Returns the answer's body, or raises AzureError.
Runner = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass
class Batch:
    """A batch and how far it is."""

    input_file_id: str
    endpoint: str
    metadata: dict[str, str]
    output_expires_after: int | None = None
    id: str = field(default_factory=lambda: f"batch_{uuid.uuid4()}")
    status: str = "validating"
    times: dict[str, int] = field(default_factory=lambda: {"created_at": int(time.time())})
    counts: dict[str, int] = field(default_factory=lambda: {"total": 0, "completed": 0, "failed": 0})
    errors: list[dict[str, Any]] = field(default_factory=list)
    output_file_id: str | None = None
    error_file_id: str | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def becomes(self, status: str) -> None:
        """Go on to a status, and note the time."""
        self.status = status
        self.times[f"{status}_at"] = int(time.time())

    def shown(self) -> dict[str, Any]:
        """The batch as the API describes it."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.times["created_at"],
            **{f"{stage}_at": self.times.get(f"{stage}_at") for stage in _STAGES},
            "expires_at": self.times["created_at"] + _WINDOW_SECONDS,
            "request_counts": dict(self.counts),
            "metadata": self.metadata or None,
        }


async def created(request: Request) -> Response:
    """POST /batches"""
    account = account_of(request)
    body = Fields(await json_body(request))
    body.refuse_unknown(PARAMETERS, newer=True)
    for name in ("input_file_id", "endpoint", "completion_window"):
        body.required(name)
    endpoint = body.choice("endpoint", _ENDPOINTS, "")
    body.choice("completion_window", ["24h"], "24h")
    file = account.files.get(body.text("input_file_id"))
    if file is None or file.purpose != "batch":
        raise invalid_request(
            f"Invalid 'input_file_id': no batch file '{body.text('input_file_id')[:80]}'.", "input_file_id"
        )
    expires = body.object("output_expires_after")
    for at in (body, expires):
        at.choice("anchor", ["created_at"], "created_at")
    batch = Batch(file.id, endpoint, body.strings("metadata"), expiry(expires.raw("seconds")))
    _make_room(account.batches)
    account.batches[batch.id] = batch
    shown = batch.shown()
    batch.task = asyncio.create_task(_run(batch, file, account.files, account.deployments, request.app.run_one))
    return JSONResponse(shown)


async def listed(request: Request) -> Response:
    """GET /batches, the latest first"""
    return page(request, [batch.shown() for batch in reversed(account_of(request).batches.values())])


async def described(request: Request) -> Response:
    """GET /batches/{id}"""
    return JSONResponse(_batch(request).shown())


async def cancelled(request: Request) -> Response:
    """POST /batches/{id}/cancel"""
    batch = _batch(request)
    if batch.status in _UNDER_WAY:
        batch.becomes("cancelling")
        if batch.task is not None:
            batch.task.cancel()
    elif batch.status not in ("cancelling", "cancelled"):
        raise invalid_request(f"Cannot cancel a batch with status '{batch.status}'.", None, "invalid_status")
    return JSONResponse(batch.shown())


def _batch(request: Request) -> Batch:
    batches: dict[str, Batch] = account_of(request).batches
    identity = request.path_params["id"]
    if identity not in batches:
        raise AzureError(404, {"code": "NotFound", "message": f"Batch with id '{identity}' does not exist."})
    return batches[identity]


def _make_room(batches: dict[str, Batch]) -> None:
    """Forget the oldest batch that has ended, where there are too many; refuse where none has."""
    if len(batches) < _MOST_BATCHES:
        return
    ended = next((one.id for one in batches.values() if one.status not in (*_UNDER_WAY, "cancelling")), None)
    if ended is None:
        raise AzureError(429, {"code": "429", "message": f"{_MOST_BATCHES} batches are under way. Try again later."})
    del batches[ended]


async def _run(batch: Batch, file: File, files: dict[str, File], deployments: Collection[str], run: Runner) -> None:
    output: list[bytes] = []
    errors: list[bytes] = []

    async def work(lines: list[dict[str, Any]]) -> None:
        while lines:
            answered = await _answered(lines.pop(), run)
            failed = answered["response"]["status_code"] != 200
            batch.counts["failed" if failed else "completed"] += 1
            (errors if failed else output).append(written(answered))
            await asyncio.sleep(0)  # an engine that answers at once would leave no turn to requests from outside

    try:
        lines, batch.errors = await asyncio.to_thread(_checked, file, batch.endpoint, deployments)
        if batch.errors:
            batch.becomes("failed")
            return
        batch.counts["total"] = len(lines)
        batch.becomes("in_progress")
        lines.reverse()
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(work(lines))
        batch.becomes("finalizing")
        _write(batch, files, output, errors)
        batch.becomes("completed")
    except asyncio.CancelledError:
        _write(batch, files, output, errors)  # what was answered before the cancel is kept, as it is paid for
        batch.becomes("cancelled")
        raise


def _checked(
    file: File, endpoint: str, deployments: Collection[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The requests of the input file, and what is wrong with it, by the codes of Azure's page on batches."""
    if file.content.startswith(BOM):
        return [], [_error("invalid_request", _NO_MODEL, None)]
    lines: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    number = 0
    for number, line in file.lines():
        problem = _problem(line, endpoint, seen, lines, deployments)
        if problem is not None:
            errors.append(_error(*problem, number))
        else:
            seen.add(line["custom_id"])
            lines.append(line)
        if len(errors) == _MOST_ERRORS:
            break
    if not number:
        empty = "The input file is empty. Please ensure that the batch contains at least one request."
        errors = [_error("empty_file", empty, None)]
    return lines, errors


def _problem(
    line: Any, endpoint: str, seen: Collection[str], earlier: list[dict[str, Any]], deployments: Collection[str]
) -> tuple[str, str] | None:
    """What is wrong with a line, as code and message."""
    if isinstance(line, ValueError):
        return "invalid_json_line", "This line can't be parsed as JSON."
    if (
        not isinstance(line, dict)
        or not isinstance(line.get("custom_id"), str)
        or not isinstance(line.get("body"), dict)
    ):
        return (
            "invalid_request",
            "Each line must be an object with custom_id (a string), method, url and body (an object).",
        )
    if line["custom_id"] in seen:
        return "duplicate_custom_id", f"The custom_id '{line['custom_id'][:80]}' is that of another request."
    url, model = line.get("url"), line["body"].get("model")
    if line.get("method") != "POST" or not isinstance(url, str) or _operation(url) != _operation(endpoint):
        return "url_mismatch", f"The method and url must be POST {endpoint}."
    if not isinstance(model, str) or model not in deployments:
        return "model_not_found", f"There is no deployment '{str(model)[:80]}'."
    if earlier and model != earlier[0]["body"]["model"]:
        return "model_mismatch", f"The deployment '{model}' isn't that of the lines before, which all must share."
    if len(earlier) == _MOST_LINES:
        return "too_many_tasks", f"A batch holds at most {_MOST_LINES} requests."
    return None


def _error(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "line": line, "param": None}


def _operation(path: str) -> str:
    return path.removeprefix("/v1")


async def _answered(line: dict[str, Any], run: Runner) -> dict[str, Any]:
    request_id = str(uuid.uuid4())
    body = {name: value for name, value in line["body"].items() if name not in _MEANINGLESS}
    try:
        status, answer = 200, await run(_operation(line["url"]).lstrip("/"), body)
    except Exception as problem:
        told = told_of(problem, request_id)
        status, answer = told.status, {"error": told.error}
    response = {"status_code": status, "request_id": request_id, "body": answer}
    return {"id": hex_id("batch_req_"), "custom_id": line["custom_id"], "response": response, "error": None}


def _write(batch: Batch, files: dict[str, File], output: list[bytes], errors: list[bytes]) -> None:
    batch.output_file_id = _written(batch, files, "output", output) if output else None
    batch.error_file_id = _written(batch, files, "error", errors)  # also where nothing failed: Azure's is empty then


def _written(batch: Batch, files: dict[str, File], kind: str, lines: list[bytes]) -> str:
    content = b"".join(line + b"\n" for line in lines)
    file = File(content, f"{batch.id}_{kind}.jsonl", "batch_output", batch.output_expires_after)
    files[file.id] = file
    return file.id
