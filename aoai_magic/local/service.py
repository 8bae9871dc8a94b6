"""The ASGI application.

Each request passes the guard, meets a fault if one waits, and finds its route; its answer is signed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from . import log
from .account import Account
from .azure_errors import AzureError, not_found, told_of, unavailable
from .events import REGION
from .faults import HEADER, Faults
from .guard import Guard
from .plumbing import Call
from .striking import fault_of, strike
from .wire import JSONResponse

#: Carries out one request of a batch: its path behind a deployment, and its body; returns the answer's body.
RunOne = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class Service:
    """Answers on one address for `account`, and fails as `faults` say; handlers find it in their request's `app`.

    The routes come in the order in which they are tried. Starlette's own application would do the same in a layer for
    each step, which took twice the time.
    """

    def __init__(
        self, routes: Sequence[Route], guard: Guard, account: Account, faults: Faults, run_one: RunOne
    ) -> None:
        self.account, self.faults, self.run_one = account, faults, run_one
        self._routes, self._guard = routes, guard
        self._under_way: set[asyncio.Task[Any]] = set()
        self._ending = False

    def end(self) -> None:
        """End what is under way: answers that haven't begun are refused, streams say that they end here."""
        self._ending = True
        for task in self._under_way:
            task.cancel()

    def goes_on_without(self, task: asyncio.Task[Any] | None) -> bool:
        """Whether the task was cancelled because the service ends; it may then say so to its client."""
        return self._ending and task is not None and task.uncancel() == 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with the headers that Azure sends, and one that says which model really answered.

        A fault of the service's own is answered with Azure's body for that, with the request's id in it.
        """
        scope["app"] = self
        call = Call(scope, receive, send)
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        with self.account.working:
            try:
                answer = await self._answered(call, task)
                answer.raw_headers += self._signed(call)
                await answer(scope, receive, send)
            except ClientDisconnect:
                return
            finally:
                self._under_way.discard(task)

    async def _answered(self, call: Call, task: asyncio.Task[Any]) -> Response:
        try:
            return await self._answer(call)
        except ClientDisconnect:
            raise
        except asyncio.CancelledError:
            if not self.goes_on_without(task):
                raise
            return _refused(unavailable())
        except Exception as problem:
            log.mishap(f"Request {call.id}", problem)
            return _refused(told_of(problem, call.id))

    async def _answer(self, call: Call) -> Response:
        if objection := self._guard.objection(call):
            return _refused(objection)
        try:
            fault = fault_of(call, self.faults)
        except ValueError as error:
            refused = {"code": "400", "message": f"The header {HEADER} can't be read: {error}."}
            return JSONResponse({"error": refused}, 400)
        return await (self._carried_out(call) if fault is None else strike(fault, call, self._carried_out))

    async def _carried_out(self, call: Call) -> Response:
        for route in self._routes:
            match, found = route.matches(call.scope)
            if match is Match.FULL:
                call.scope.update(found)
                try:
                    answer: Response = await route.endpoint(call)
                except AzureError as error:
                    return _refused(error)
                return answer
        # No such route, or a method that it doesn't take: to Azure both are "Resource not found".
        return _refused(not_found())

    def _signed(self, call: Call) -> list[tuple[bytes, bytes]]:
        identity = call.id.encode()
        model = call.done_by or self.account.engine.model
        own = [
            (b"apim-request-id", identity),
            (b"x-request-id", identity),
            (b"x-ms-region", REGION.encode()),
            (b"x-aoai-local-model", model.encode("latin-1", "replace")),
        ]
        if theirs := call.sent.get("x-ms-client-request-id"):
            own.append((b"x-ms-client-request-id", theirs.encode("latin-1")))
        return [*call.told.items(), *own]


def _refused(error: AzureError) -> Response:
    return JSONResponse({**error.beside, "error": error.error}, error.status, headers=error.headers)
