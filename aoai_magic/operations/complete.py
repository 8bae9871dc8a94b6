"""Texts that a completions model continues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import current
from ..client import Connection
from ..estimates import Estimate
from ..exchange import TextExchange
from ..ledger import Allowance
from ..recordings import Mode
from ..reply import Reply
from ..request import STREAMED, completion_body
from .answering import as_things_stand, ask, make_ready


def complete(
    prompt: str,
    *,
    deployment: str | None = None,
    suffix: str | None = None,
    echo: bool | None = None,
    best_of: int | None = None,
    logprobs: int | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    stop: str | Sequence[str] | None = None,
    stream: bool = True,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    on_text: Callable[[str], None] | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> Reply:
    """Let a deployment of a completions model continue a text as it stands, and return the reply.

    No roles, no system message: the model reads the text and writes on. Without `max_tokens` it stops after 16 tokens,
    the API's own default. `suffix` is what comes after the gap that it fills; with `echo` the reply begins with the
    prompt; of `best_of` continuations, all billed, the likeliest is answered; `logprobs` (0 to 5) asks for each token's
    probability and that many alternatives, which are in `reply.logprobs`. The rest, and what is raised, are as in
    `chat`.

    >>> complete("Once upon a time", max_tokens=20, stop=".")  # doctest: +SKIP
    , there was a little girl who lived in a village near the forest.
    """
    connection = connection or current.connection()
    make_ready(connection, recordings)
    body, foreseen = _planned(
        connection,
        prompt,
        deployment,
        stream,
        suffix=suffix,
        echo=echo,
        best_of=best_of,
        logprobs=logprobs,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        seed=seed,
        stop=stop,
        **params,
    )
    reply: Reply = ask(
        TextExchange,
        "completions",
        connection,
        body,
        foreseen,
        budget=budget,
        recordings=recordings,
        on_arrival=on_text,
    )
    return reply


def estimate_completion(
    prompt: str,
    *,
    deployment: str | None = None,
    stream: bool = True,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    connection: Connection | None = None,
    **options: Any,
) -> Estimate:
    """Return what `complete` with the same arguments would cost. Nothing is sent; `request` is the body that would be.

    >>> estimate_completion("Once upon a time", deployment="gpt-35-turbo-instruct", max_tokens=20).prompt_tokens
    4
    """
    connection = connection or current.connection()
    body, found = _planned(connection, prompt, deployment, stream, **options)
    estimate: Estimate = as_things_stand(found, "completions", connection, body, recordings, budget)
    return estimate


def _planned(
    connection: Connection, prompt: str, deployment: str | None, stream: bool, **options: Any
) -> tuple[dict[str, Any], Estimate]:
    name = deployment or connection.default("completions", "%%complete NAME")
    body = completion_body(prompt, name, **options)
    foreseen = connection.estimated(body, connection.known(name))
    if stream and foreseen.choices == (body.get("n") or 1):  # the best of several is known in the end only
        body |= STREAMED
    return body, foreseen
