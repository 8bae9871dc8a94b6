"""The routes: Azure's two forms of each address, the control plane, and the service's own few."""

from __future__ import annotations

import asyncio
import calendar
import contextlib
import re
import time
from collections.abc import AsyncGenerator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import catalog
from . import arm, batches, files, fine_tuning, log, stored
from .account import Account
from .asking import Extra
from .azure_errors import AzureError, told_of, unavailable
from .events import REGION, sse
from .faults import Faults
from .fields import Fields
from .guard import HEALTH, Guard
from .launch import proof
from .limits import ExceededError, rate_limited
from .openapi import description
from .operations import OPERATIONS, Operation
from .plumbing import Call, EventStream, account_of, check_version, form, is_v1, json_body, unless_gone
from .service import Service
from .wire import JSONResponse


def build(account: Account, faults_to_come: Faults, *, host: str = "127.0.0.1", port: int) -> Service:
    """The ASGI application, answering on `host`:`port` for `account`, and failing as those faults say."""

    async def run_one(path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request of a batch; batches have quotas of their own, and no limits by the minute."""
        operation, deployment = OPERATIONS[path], account.deployment(body.get("model"), v1=True)
        operation.check(deployment)
        asked = operation.read(body, deployment, account, Extra())
        try:
            await asked.begin()
            return await asked.answer()
        finally:
            await asked.close()

    own = [Route(HEALTH, health), Route("/aoai/faults", faults, methods=["GET", "POST", "DELETE"])]
    return Service([*_data_plane(), *arm.routes(), *own], Guard(account, host, port), account, faults_to_come, run_one)


def _data_plane() -> list[Route]:
    routes = []
    for operation in OPERATIONS.values():
        classic = "" if operation.path.startswith("responses") else "deployments/{deployment}/"
        for prefix in ("v1/", classic):
            routes.append(Route(f"/openai/{prefix}{operation.path}", _handler(operation), methods=["POST"]))
    routes.append(Route("/openai/v1/openapi.json", openapi))
    kept = [
        ("models", models, "GET"),
        ("models/{id}", model, "GET"),
        ("responses/{id}", stored.described, "GET"),
        ("responses/{id}", stored.deleted, "DELETE"),
        ("responses/{id}/cancel", stored.cancelled, "POST"),
        ("responses/{id}/input_items", stored.input_items, "GET"),
        ("files", files.listed, "GET"),
        ("files", files.upload, "POST"),
        ("files/{id}", files.described, "GET"),
        ("files/{id}", files.deleted, "DELETE"),
        ("files/{id}/content", files.content, "GET"),
        ("batches", batches.listed, "GET"),
        ("batches", batches.created, "POST"),
        ("batches/{id}", batches.described, "GET"),
        ("batches/{id}/cancel", batches.cancelled, "POST"),
        ("fine_tuning/jobs", fine_tuning.listed, "GET"),
        ("fine_tuning/jobs", fine_tuning.created, "POST"),
        ("fine_tuning/jobs/{id}", fine_tuning.described, "GET"),
        ("fine_tuning/jobs/{id}", fine_tuning.deleted, "DELETE"),
        ("fine_tuning/jobs/{id}/events", fine_tuning.events, "GET"),
        ("fine_tuning/jobs/{id}/checkpoints", fine_tuning.checkpoints, "GET"),
        ("fine_tuning/jobs/{id}/cancel", fine_tuning.stopped, "POST"),
        ("fine_tuning/jobs/{id}/pause", fine_tuning.stopped, "POST"),
        ("fine_tuning/jobs/{id}/resume", fine_tuning.resumed, "POST"),
    ]
    for path, handler, method in kept:
        for prefix in ("v1/", ""):
            routes.append(Route(f"/openai/{prefix}{path}", _versioned(handler), methods=[method]))
    return routes


def _handler(operation: Operation) -> Any:
    """The handler of an operation behind a deployment: read, count against the limits, begin, answer."""

    async def handle(call: Call) -> Response:
        version = check_version(call)
        body = await (form(call) if operation.multipart else json_body(call))
        account = account_of(call)
        call.done_by = operation.done_by(account.engine)
        name = call.path_params.get("deployment") or body.get("model")
        deployment = account.deployment(name, v1=is_v1(call))
        try:
            deployment.limits.begin()
            operation.check(deployment)
            asked = operation.read(body, deployment, account, _extra(call))
            deployment.limits.take(asked.arrival)
        except ExceededError as over:
            raise rate_limited(
                over, deployment=deployment.name, model=deployment.model.name, region=REGION, operation=operation.name,
                version=version,
            ) from None  # fmt: skip
        finally:
            call.told = deployment.headers()

        async def answered() -> Response:
            await asked.begin()
            if asked.cut:
                call.told[b"x-aoai-local-cut"] = b"%d" % asked.cut
            if not asked.stream:
                return JSONResponse(await asked.answer())
            events = _ended(asked.events(), call, named=operation.named_events)
            return EventStream(events, asked.close)

        try:
            return await unless_gone(call.receive, answered())
        except BaseException:
            await asked.close()
            raise

    handle.__doc__ = f"POST …/{operation.path}"
    return handle


async def _ended(events: AsyncGenerator[bytes], call: Call, *, named: bool) -> AsyncGenerator[bytes]:
    """A stream's events; where it fails, the last one says so, since a stream that just stops looks whole."""
    number = 0
    problem: Exception
    try:
        async with contextlib.aclosing(events):
            async for event in events:
                yield event
                number += 1
        return
    except asyncio.CancelledError:
        if not call.app.goes_on_without(asyncio.current_task()):
            raise
        problem = unavailable()
    except Exception as error:
        if not isinstance(error, AzureError):
            log.mishap(f"Request {call.id}, after {number} events", error)
        problem = error
    told = told_of(problem, call.id).error
    if named:  # as third parties have seen it in streams of the Responses API
        yield sse({"type": "error", "sequence_number": number, "error": told}, "error")
    else:
        yield sse({"error": told})


def _versioned(handler: Any) -> Any:
    async def handle(request: Request) -> Response:
        check_version(request)
        answer: Response = await handler(request)
        return answer

    handle.__doc__ = handler.__doc__
    return handle


async def health(request: Request) -> Response:
    """Show that this is the service that its address file speaks of, to someone who knows the key too."""
    nonce = request.query_params.get("nonce", "")
    return JSONResponse({"status": "ok", "proof": proof(account_of(request).secret, nonce)})


async def faults(request: Request) -> Response:
    """The faults that wait for requests to come: GET lists them, POST {"fault": "…"} adds one, DELETE takes all away"""
    waiting: Faults = request.app.faults
    if request.method == "POST":
        body = Fields(await json_body(request))
        try:
            waiting.add(body.text("fault"))
        except ValueError as error:
            raise AzureError(400, {"code": "400", "message": f"That fault can't be read: {error}."}) from None
    elif request.method == "DELETE":
        waiting.clear()
    return JSONResponse({"faults": waiting.waiting()})


async def openapi(request: Request) -> Response:
    """GET /openai/v1/openapi.json: the description of this API"""
    return JSONResponse(description())


async def models(request: Request) -> Response:
    """GET /models: what could be deployed, not what is"""
    data = [_model(one) for one in catalog.models() if one.operations]
    return JSONResponse({"object": "list", "data": [*data, *_tuned_models(request).values()]})


async def model(request: Request) -> Response:
    """GET /models/{id}"""
    wanted = request.path_params["id"]
    found = next((one for one in catalog.models() if wanted in (one.id, one.name) and one.operations), None)
    shown = _model(found) if found else _tuned_models(request).get(wanted)
    if shown is None:
        raise AzureError(404, {"code": "NotFound", "message": f"The model '{wanted}' does not exist."})
    return JSONResponse(shown)


def _model(found: catalog.Model) -> dict[str, Any]:
    stages = {"Preview": "preview", "Legacy": "deprecating", "Deprecated": "deprecated", "Retired": "deprecated"}
    released = re.match("20[0-9]{2}-[0-9]{2}-[0-9]{2}$", found.version)
    return {
        "id": found.id,
        "object": "model",
        "created_at": calendar.timegm(time.strptime(found.version, "%Y-%m-%d")) if released else 0,
        "status": "succeeded",
        "lifecycle_status": stages.get(found.stage or "", "generally-available"),
        "capabilities": {
            "fine_tune": bool(found.fine_tuning),
            "inference": True,
            "completion": "completions" in found.operations,
            "chat_completion": "chat" in found.operations,
            "embeddings": "embeddings" in found.operations,
        },
        "deprecation": {"inference": calendar.timegm(found.retires.timetuple())} if found.retires else {},
    }


def _tuned_models(request: Request) -> dict[str, dict[str, Any]]:
    """The resource's own models, each with the one that it was tuned from and the job that did."""
    found = {}
    for name, job in fine_tuning.tuned_models(account_of(request)).items():
        base = catalog.model(job.model)
        assert base is not None  # the job was refused otherwise
        own = {"id": name, "created_at": int(job.created), "model": job.model, "fine_tune": job.id}
        found[name] = {**_model(base), **own}
    return found


def _extra(call: Call) -> Extra:
    """What is asked for in headers: x-aoai-pace (seconds between the pieces of the echo engine), a filter's fault."""
    try:
        pace = min(max(0.0, float(call.sent.get("x-aoai-pace", 0))), 60.0)  # in this order NaN is 0
    except ValueError:
        pace = 0.0
    return Extra(pace, call.filter_fails)
