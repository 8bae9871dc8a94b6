"""Errors of the SDK, of azure-identity and of the network, sorted by what they are."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import (
    AoaiError,
    AuthenticationError,
    ContentFilterError,
    DeploymentNotFoundError,
    NoAnswerError,
    RequestRefusedError,
    ServiceError,
)
from ..settings import Target
from ..verdicts import filtered, worst
from .access import forbidden, no_route, unauthorized
from .asking import NO_SOUND_HERE, SOUND, not_found, refused, too_many, unable
from .words import chain, first_line, where

_BLOCKED_HARM = ("Each prompt is checked for harm.", "Reword the prompt.")
# What is blocked for another reason than harm: why, and what helps.
_BLOCKED = {
    "jailbreak": (
        "It reads like an attempt to talk the model out of its instructions.",
        "Ask for what you need, plainly.",
    ),
    "indirect_attack": (
        "A text in it holds instructions to the model, as an attack does.",
        "Look at what the text says.",
    ),
    "custom_blocklists": ("It has a word of a list that the resource's owner keeps.", "Reword it, or ask the owner."),
}


def explain(
    error: BaseException,
    target: Target,
    deployment: str = "",
    operation: str = "chat",
    able: Callable[[], list[str] | None] = lambda: None,
) -> AoaiError | None:
    """Turn an error into one of ours, or return None. Ours say what happened, the likely cause and what to type next.

    `operation` is what `deployment` was asked for; `able` finds the deployments that offer it, None where that can't be
    known. Azure's bodies stand in tests/test_explain.py.
    """
    for link in chain(error):
        if isinstance(link, AoaiError):
            return link
    told = _explain(error, target, deployment, operation, able)
    if told is None:
        return None
    for link in chain(error):
        link.__traceback__ = None  # its frames hold the headers of the request, and with them the key
    return told


@contextmanager
def explained(target: Target, deployment: str = "") -> Iterator[None]:
    """Within it, an error that `explain` knows is raised in its words, and any other as it came."""
    try:
        yield
    except Exception as error:
        told = explain(error, target, deployment)
        if told is None or told is error:
            raise
        raise told from error


def stream_error(error: dict[str, Any], headers: Mapping[str, str]) -> ServiceError:
    """The error that a service sent in the middle of a stream."""
    return ServiceError(
        "The service broke the reply off.",
        str(error.get("message") or error),
        "Run the cell again.",
        code=str(error.get("code") or "") or None,
        request_id=headers.get("apim-request-id") or headers.get("x-request-id"),
        body=error,
    )


def _explain(
    error: BaseException, target: Target, deployment: str, operation: str, able: Callable[[], list[str] | None]
) -> AoaiError | None:
    import httpx2
    import openai

    if isinstance(error, openai.APIStatusError):
        return _status(error, target, deployment, operation, able)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return NoAnswerError(
            f"{where(target)} took too long to answer.",
            "It is overloaded, or something on the way (a firewall, a private endpoint) drops the packets.",
            "Run the cell again; %aoai status shows where requests go.",
        )
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError | socket.gaierror):
        return no_route(error, target)
    if type(error).__module__.startswith(("azure.core", "azure.identity")):
        return AuthenticationError(
            f"Signing in to Azure failed for {where(target, first=False)}.",
            first_line(str(error)),
            "Run 'az login' in a terminal, or set AZURE_OPENAI_API_KEY, then run the cell again.",
        )
    return None


def _status(
    error: Any, target: Target, deployment: str, operation: str, able: Callable[[], list[str] | None]
) -> ServiceError:
    body = error.body if isinstance(error.body, dict) else {}
    message = str(body.get("message") or (error.body if isinstance(error.body, str) else "")).strip()
    known = {
        "status": error.status_code,
        "code": error.code,
        "request_id": error.response.headers.get("apim-request-id") or error.request_id,
        "body": error.body,
    }
    if error.code == "OperationNotSupported" or "not supported in the v1/" in message:  # Azure's words, and OpenAI's
        told = NO_SOUND_HERE if target.kind == "local" and operation in SOUND else None
        return RequestRefusedError(*(told or unable(target, deployment, operation, able())), **known)
    match error.status_code:
        case 401:
            return AuthenticationError(*unauthorized(error.code, message, target), **known)
        case 403:
            return AuthenticationError(*forbidden(error.code, message, target), **known)
        case 404:
            return DeploymentNotFoundError(*not_found(error.code, message, target, deployment, operation), **known)
        case 429:
            return too_many(error, message, deployment, known)
        case 400 if error.code in ("content_filter", "contentFilter"):
            if operation in ("images", "image_edits"):
                return ContentFilterError(*_picture_blocked(message), **known)
            filters = _verdicts(body)
            hits = filtered(filters)
            why, fix = next((_BLOCKED[hit] for hit in hits if hit in _BLOCKED), _BLOCKED_HARM)
            return ContentFilterError(
                f"The prompt was blocked by the content filter ({', '.join(hits) or 'no category named'}).",
                f"{why} Nothing was generated, and Azure charges the prompt's tokens.",
                f"{fix} error.filters holds the verdict of each category.",
                filters=filters,
                **known,
            )
        case 400 if "api version not supported" in message.lower():
            return DeploymentNotFoundError(
                f"{where(target)} doesn't speak {target.api_version or 'the v1 API'}.",
                "Azure's dated api-versions belong to its classic addresses, and old ones are switched off.",
                f"%aoai connect {target.endpoint} (without an api-version)",
                **known,
            )
        case status if status >= 500 or status == 408:
            return NoAnswerError(
                f"{where(target)} failed with status {status}.",
                message,
                "Run the cell again"
                + (f"; support will ask for request {known['request_id']}." if known["request_id"] else "."),
                **known,
            )
    return RequestRefusedError(*refused(error, message, target, deployment), **known)


def _picture_blocked(message: str) -> tuple[str, str, str]:
    """The two ways in which the filter stops a picture; neither names one."""
    if "generated image" in message.lower():
        return (
            "The picture was drawn, and held back by the content filter.",
            "What is drawn is checked for harm as the prompt is; it may be charged.",
            "Run the cell again, or reword the prompt.",
        )
    return (
        "The content filter let nothing be drawn.",
        "Prompts, and pictures to be edited, are checked for harm. What was read may be charged.",
        "Reword the prompt.",
    )


def _verdicts(body: Mapping[str, Any]) -> dict[str, Any]:
    """The content filter's verdicts, in each of the places that Azure's APIs put them."""
    inner = body.get("innererror") or body.get("inner_error") or {}
    found = inner.get("content_filter_result") or inner.get("content_filter_results") or {}
    return worst([found, *(entry.get("content_filter_results") for entry in body.get("content_filters") or [])])
