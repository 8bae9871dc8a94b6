"""The responses that are kept: shown, streamed once more, cancelled, deleted, and the items that led to them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from .account import Kept
from .azure_errors import AzureError, invalid_request
from .paging import page
from .plumbing import EventStream, account_of
from .wire import JSONResponse


async def described(request: Request) -> Response:
    """GET /responses/{id}; with stream=true the events of one in the background, after number starting_after."""
    kept, query = _kept(request), request.query_params
    if query.get("stream") != "true":
        return JSONResponse(kept.response)
    if kept.run is None or not kept.streamed:
        raise invalid_request(
            "Only responses that were created with background=true and stream=true can be streamed again.", "stream"
        )
    after = query.get("starting_after", "-1")
    if not after.removeprefix("-").isdecimal() or len(after) > 9:
        raise invalid_request("Invalid type for 'starting_after': expected an integer.", "starting_after")
    return EventStream(kept.run.since(max(0, int(after) + 1)), _nothing_more)


async def deleted(request: Request) -> Response:
    """DELETE /responses/{id}; one in the background ends with that"""
    kept = _kept(request)
    identity = kept.response["id"]
    del account_of(request).responses[identity]
    if kept.run is not None:
        await kept.run.cancel()
    return JSONResponse({"id": identity, "object": "response", "deleted": True})


async def cancelled(request: Request) -> Response:
    """POST /responses/{id}/cancel: one in the background ends here; one that has ended stays as it is"""
    kept = _kept(request)
    if kept.run is None:
        raise invalid_request("Cannot cancel a synchronous response.")
    await kept.run.cancel()
    if kept.response["status"] in ("queued", "in_progress"):
        kept.response["status"] = "cancelled"
        for item in kept.response["output"]:
            if item.get("status") == "in_progress":
                item["status"] = "incomplete"
    return JSONResponse(kept.response)


async def input_items(request: Request) -> Response:
    """GET /responses/{id}/input_items"""
    return page(request, _kept(request).items[::-1])


def _kept(request: Request) -> Kept:
    kept, identity = account_of(request).responses, request.path_params["id"]
    if identity not in kept:
        message = f"Response with id '{identity}' not found."
        raise AzureError(404, {"message": message, "type": "invalid_request_error", "param": None, "code": None})
    return kept[identity]


async def _nothing_more() -> None:
    """A reader that leaves ends nothing."""
