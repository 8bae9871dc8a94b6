"""Batches: many requests in a file, answered in the background, for real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .azure_errors import AzureError, broken, invalid_request
from .events import new_id
from .fields import Fields
from .files import File
from .plumbing import account_of, json_body
from .wire import JSONResponse, read, written

_ENDPOINTS = ("/chat/completions", "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses")
_STAGES = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
_AT_ONCE = 4
_WINDOW_SECONDS = 24 * 3600
_MOST_BATCHES = 100
_MOST_LINES = 100_000
#: Runs one request: the operation's path and its body. Returns the answer's body, or raises AzureError.
Runner = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass
class Batch:
    """A batch and how far it is."""

    file: File
    endpoint: str
    metadata: dict[str, Any]
    id: str = field(default_factory=lambda: new_id("batch_", 32))
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
            "input_file_id": self.file.id,
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
    for name in ("input_file_id", "endpoint", "completion_window"):
        body.required(name)
    endpoint = body.choice("endpoint", _ENDPOINTS, "")
    body.choice("completion_window", ["24h"], "24h")
    file = account.files.get(body.text("input_file_id"))
    if file is None or file.purpose != "batch":
        raise invalid_request(
            f"Invalid 'input_file_id': no batch file '{body.text('input_file_id')}'.", "input_file_id"
        )
    batch = Batch(file, endpoint, body.object("metadata").values())
    account.batches[batch.id] = batch
    while len(account.batches) > _MOST_BATCHES:
        del account.batches[next(iter(account.batches))]
    shown = batch.shown()
    batch.task = asyncio.create_task(_run(batch, account.files, request.app.state.run_one))
    return JSONResponse(shown)


async def listed(request: Request) -> Response:
    """GET /batches, the latest first; `after` and `limit` page through them"""
    batches = list(reversed(account_of(request).batches.values()))
    after, limit = request.query_params.get("after"), request.query_params.get("limit", "")
    start = next((at + 1 for at, batch in enumerate(batches) if batch.id == after), 0)
    most = int(limit) if limit in map(str, range(1, 101)) else 20
    page = [batch.shown() for batch in batches[start : start + most]]
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return JSONResponse({"object": "list", "data": page, **ends, "has_more": len(batches) > start + most})


async def described(request: Request) -> Response:
    """GET /batches/{id}"""
    return JSONResponse(_batch(request).shown())


async def cancelled(request: Request) -> Response:
    """POST /batches/{id}/cancel"""
    batch = _batch(request)
    if batch.status in ("validating", "in_progress", "finalizing"):
        batch.becomes("cancelling")
        if batch.task is not None:
            batch.task.cancel()
    return JSONResponse(batch.shown())


def _batch(request: Request) -> Batch:
    batches: dict[str, Batch] = account_of(request).batches
    identity = request.path_params["id"]
    if identity not in batches:
        raise AzureError(404, {"code": "NotFound", "message": f"Batch with id '{identity}' does not exist."})
    return batches[identity]


async def _run(batch: Batch, files: dict[str, File], run: Runner) -> None:
    output: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    turn = asyncio.Semaphore(_AT_ONCE)

    async def answer(line: dict[str, Any]) -> None:
        async with turn:
            answered = await _answered(line, run)
        failed = answered["response"]["status_code"] != 200
        batch.counts["failed" if failed else "completed"] += 1
        (errors if failed else output).append(answered)

    try:
        lines = _validated(batch)
        if batch.errors:
            batch.becomes("failed")
            return
        batch.counts["total"] = len(lines)
        batch.becomes("in_progress")
        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(answer(line))
        batch.becomes("finalizing")
        _write(batch, files, output, errors)
        batch.becomes("completed")
    except asyncio.CancelledError:
        _write(batch, files, output, errors)  # what was answered before the cancel is kept, as it is paid for
        batch.becomes("cancelled")
        raise


def _validated(batch: Batch) -> list[dict[str, Any]]:
    """The lines of the input that can be run; what is wrong with others is noted in the batch."""
    lines: list[dict[str, Any]] = []
    seen = set()
    for number, raw in enumerate(batch.file.lines(), 1):
        line = read(raw)
        identity, url = line.get("custom_id"), line.get("url")
        problem = None
        if not isinstance(identity, str) or identity in seen:
            problem = "missing_or_duplicate_custom_id", "Each line needs a custom_id of its own."
        elif line.get("method") != "POST" or url not in (batch.endpoint, f"/v1{batch.endpoint}"):
            problem = "url_mismatch", f"The method and url must be POST {batch.endpoint}."
        elif not isinstance(line.get("body"), dict):
            problem = "invalid_request", "The body must be a JSON object."
        elif len(lines) >= _MOST_LINES:
            problem = "too_many_tasks", f"A batch holds at most {_MOST_LINES} requests."
        if problem:
            batch.errors.append({"code": problem[0], "message": problem[1], "line": number, "param": None})
        else:
            seen.add(identity)
            lines.append(line)
    return lines


async def _answered(line: dict[str, Any], run: Runner) -> dict[str, Any]:
    request_id = new_id("", 32)
    body = {name: value for name, value in line["body"].items() if name not in ("stream", "stream_options")}
    try:
        status, answer = 200, await run(line["url"].removeprefix("/v1").lstrip("/"), body)
    except AzureError as error:
        status, answer = error.status, {"error": error.error}
    except Exception:
        status, answer = 500, {"error": broken(request_id).error}
    response = {"status_code": status, "request_id": request_id, "body": answer}
    return {"id": new_id("batch_req_", 32), "custom_id": line["custom_id"], "response": response, "error": None}


def _write(batch: Batch, files: dict[str, File], output: list[dict[str, Any]], errors: list[dict[str, Any]]) -> None:
    batch.output_file_id = _written(batch, files, "output", output)
    batch.error_file_id = _written(batch, files, "error", errors)


def _written(batch: Batch, files: dict[str, File], kind: str, lines: list[dict[str, Any]]) -> str | None:
    if not lines:
        return None
    content = b"".join(written(line) + b"\n" for line in lines)
    file = File(content, f"{batch.id}_{kind}.jsonl", "batch_output")
    files[file.id] = file
    return file.id
