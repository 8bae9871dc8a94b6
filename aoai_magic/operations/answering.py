"""A request on its way: sent, settled in the ledger, and its answer returned, or what went wrong explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import current
from ..errors import Interrupted
from ..exchange import Exchange
from ..explain import explain

if TYPE_CHECKING:
    from ..audio_reply import Audio
    from ..client import Connection
    from ..image_reply import ImageReply
    from ..reply import Reply


def answered(connection: Connection, exchange: Exchange, *, remember: bool = True) -> Any:
    """Send a request, write down in the ledger what comes of it, and return the reply, which `aoai.last` then is.

    With `remember` false `aoai.last` stays what it was. Raises AoaiError and Interrupted, each with the reply so far; any other error as it came.
    """
    name = exchange.estimate.deployment

    def keep(reply: Reply | ImageReply | Audio | None) -> None:
        if remember and reply is not None:
            current.remember(reply)

    try:
        with exchange.entry:
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
        told.reply = so_far
        if told is error:
            raise
        raise told from error
    finally:
        connection.learn(name, exchange.headers)
    exchange.settle("ended")
    reply = exchange.reply()
    connection.learn(name, exchange.headers, reply.body.get("model") or "")
    keep(reply)
    return reply
