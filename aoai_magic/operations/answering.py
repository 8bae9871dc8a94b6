"""A request on its way: recordings, ledger, sending, and the answer, returned or explained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import current
from ..errors import Interrupted, LedgerError, NotRecordedError
from ..exchange import Exchange, foretold, reserve
from ..explain import explain
from ..recordings import Asked, mode
from ..render import is_watched, show_frames_safely
from ..request import PATHS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..audio_reply import Audio
    from ..client import Connection
    from ..estimates import Estimate
    from ..image_reply import ImageReply
    from ..ledger import Allowance
    from ..recordings import Mode
    from ..reply import Reply


def ask(
    exchange: Callable[..., Exchange],
    operation: str,
    connection: Connection,
    body: dict[str, Any],
    foreseen: Estimate,
    *,
    budget: float | Allowance | None,
    recordings: Mode | None,
    on_arrival: Callable[[Any], None] | None = None,
) -> Any:
    """Ask for an operation by a kind of exchange: of the recordings, and where none answers, of the service.

    Returns and raises what `answered` does, and BudgetError, LedgerError and NotRecordedError before anything is sent.
    """
    question = looked_up(operation, connection, body, recordings)
    entry = reserve(connection.kind, operation, body, foreseen, budget, recorded=question.recorded is not None)
    return answered(connection, exchange(connection, body, foreseen, entry, question, on_arrival))


def as_things_stand(
    estimate: Any,
    operation: str,
    connection: Connection,
    body: dict[str, Any],
    recordings: Mode | None,
    budget: float | Allowance | None = None,
) -> Any:
    """An estimate with what recordings and budgets would make of it now, for whoever watches."""
    if not is_watched():
        return estimate
    if mode(recordings) != "off":
        try:
            found = looked_up(operation, connection, body, recordings).recorded
        except NotRecordedError as error:
            return replace(estimate, warnings=(*estimate.warnings, error.what))
        if found:
            return replace(estimate, recorded=found.date)
    try:
        return replace(estimate, budget=foretold(connection.kind, operation, estimate, budget))
    except LedgerError as error:
        return replace(estimate, warnings=(*estimate.warnings, error.what))


def make_ready(connection: Connection, recordings: Mode | None) -> None:
    """Begin to start the local service while a request is made ready, unless a recording may answer it."""
    if mode(recordings) in ("off", "refresh"):
        connection.warm_up()


def looked_up(
    operation: str, connection: Connection, body: Mapping[str, Any], recordings: Mode | None, n: int | None = None
) -> Asked:
    """What the recordings have for a request, for the `n`-th time that it is sent.

    Raises NotRecordedError where nothing may be sent and nothing answers it.
    """
    return Asked(PATHS[operation], body, connection.kind, recordings, n=n)


def answered(connection: Connection, exchange: Exchange, *, remember: bool = True) -> Any:
    """Send a request, write down in the ledger what comes of it, and return the reply, which `aoai.last` then is.

    With `remember` false `aoai.last` stays what it was. Raises AoaiError and Interrupted, each with the reply so far;
    any other error as it came.
    """
    show_frames_safely()  # a parsed reply may be one
    name = exchange.estimate.deployment

    def keep(reply: Reply | ImageReply | Audio | None) -> None:
        if remember and reply is not None:
            current.remember(reply)

    try:
        with exchange.entry, exchange.asked:
            exchange.run()
    except KeyboardInterrupt:
        so_far = exchange.settle("interrupted")
        keep(so_far)
        kept = "the reply so far is kept (in _ and aoai.last)." if so_far else "nothing had come yet."
        raise Interrupted(kept, so_far) from None
    except Exception as error:
        operation = exchange.operation
        told = explain(error, connection.target, name, operation, lambda: connection.able(operation))
        so_far = exchange.settle("error", told)
        keep(so_far)
        if told is None:
            raise
        told.reply, told.recorded = so_far, exchange.asked.day
        if told is error:
            raise
        raise told from error
    finally:
        connection.learn(name, exchange.headers)
    if exchange.asked.drift:
        exchange.entry.note = " · ".join(filter(None, [exchange.entry.note, str(exchange.asked.drift)]))
    exchange.settle("ended")
    reply = exchange.reply()
    connection.learn(name, exchange.headers, reply.body.get("model") or "")
    keep(reply)
    return reply
