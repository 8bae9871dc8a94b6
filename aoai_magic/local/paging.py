"""Lists, a page at a time, as the API pages files, batches and jobs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from .azure_errors import invalid_request
from .fields import Fields
from .wire import JSONResponse


def page(request: Request, found: Sequence[dict[str, Any]], *, usual: int = 20, most: int = 100) -> JSONResponse:
    """The page of a list that the request asks for, as the answer to it.

    `found` is the whole list, the latest first. Of the query, `limit` is how many (1 to `most`, by default `usual`),
    `after` the id of the last one of the page before, and `order` is "desc" or "asc". Raises AzureError 400 for others.
    """
    given: dict[str, Any] = dict(request.query_params)
    if re.fullmatch("[0-9]{1,9}", given.get("limit", "")):
        given["limit"] = int(given["limit"])
    query = Fields(given)
    limit = query.integer("limit", usual, least=1, most=most)
    after = query.text("after")
    items = list(found if query.choice("order", ["asc", "desc"], "desc") == "desc" else reversed(found))
    start = next((at + 1 for at, item in enumerate(items) if item["id"] == after), 0)
    if after and not start:
        raise invalid_request(f"Invalid 'after': the list has no '{after[:80]}'.", "after", "invalid_value")
    shown = items[start : start + limit]
    ends = {"first_id": shown[0]["id"] if shown else None, "last_id": shown[-1]["id"] if shown else None}
    return JSONResponse({"object": "list", "data": shown, **ends, "has_more": len(items) > start + limit})
