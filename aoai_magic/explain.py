"""What an error of the SDK, of azure-identity or of the network means here, and what to type next."""

from __future__ import annotations

import difflib
import math
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import catalog
from .errors import (
    AoaiError,
    AuthenticationError,
    ContentFilterError,
    DeploymentNotFoundError,
    NoAnswerError,
    RateLimitError,
    RequestRefusedError,
    ServiceError,
)
from .local.account import DEFAULT_DEPLOYMENTS
from .request import option
from .settings import Target
from .verdicts import filtered, worst

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


# How services say which parameter they don't know, and which one it is that they do (facts/azure-openai.md, section 4).
_UNRECOGNIZED = re.compile(r"(?:[Uu]nrecognized request argument supplied|[Uu]nknown parameter): '?([\w.]+)")
_INSTEAD = re.compile(r"Use '([\w.]+)' instead")

# How a deployment is asked for each operation.
_ASKED = {
    "chat": "%%chat {}",
    "responses": "%%chat {} --api responses",
    "completions": "%%complete {}",
    "embeddings": 'aoai.embed(texts, deployment="{}")',
    "images": "%%image {}",
    "image_edits": "%%image {} --edit FILE",
    "speech": 'aoai.speak(text, deployment="{}")',
    "transcriptions": 'aoai.transcribe(file, deployment="{}")',
    "translations": 'aoai.transcribe(file, translate=True, deployment="{}")',
}
_SOUND = ("speech", "transcriptions", "translations")

_NO_SOUND_HERE = (
    "The local service can't speak or listen.",
    "Behind it is a small model that writes, and none for sound.",
    "%aoai connect https://NAME.openai.azure.com -d DEPLOYMENT, with a model for sound behind it",
)


def explain(
    error: BaseException,
    target: Target,
    deployment: str = "",
    operation: str = "chat",
    able: Callable[[], list[str] | None] = lambda: None,
) -> AoaiError | None:
    """Turn an error into one that says what happened, the likely cause and what to type next; None if it is none of ours.

    `operation` is what `deployment` was asked for; `able` finds the deployments that offer it, None where that can't be
    known. Azure's bodies and their meanings: facts/azure-openai.md, section 4. Keys are taken out of every message.
    """
    for link in _chain(error):
        if isinstance(link, AoaiError):
            return link
    told = _explain(error, target, deployment, operation, able)
    if told is None:
        return None
    for secret in (key for key in (target.api_key, target.ad_token) if key and len(key) >= 8):
        told.what, told.why, told.fix = (line.replace(secret, "•••") for line in (told.what, told.why, told.fix))
    told.args = (told.what,)
    for link in _chain(error):
        link.__traceback__ = None  # its frames hold the headers of the request, and with them the key
    return told


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
            f"{_where(target)} took too long to answer.",
            "It is overloaded, or something on the way (a firewall, a private endpoint) drops the packets.",
            "Run the cell again; %aoai status shows where requests go.",
        )
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError | socket.gaierror):
        return _no_route(error, target)
    if type(error).__module__.startswith(("azure.core", "azure.identity")):
        return AuthenticationError(
            f"Signing in to Azure failed for {_where(target)}.",
            _first_line(str(error)),
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
        told = _NO_SOUND_HERE if target.kind == "local" and operation in _SOUND else None
        return RequestRefusedError(*(told or _unable(target, deployment, operation, able())), **known)
    match error.status_code:
        case 401:
            return AuthenticationError(*_unauthorized(error.code, message, target), **known)
        case 403:
            return AuthenticationError(*_forbidden(error.code, message, target), **known)
        case 404:
            return DeploymentNotFoundError(*_not_found(error.code, message, target, deployment, operation), **known)
        case 429:
            return _too_many(error, message, deployment, known)
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
                f"{_where(target)} doesn't speak {target.api_version or 'the v1 API'}.",
                "Azure's dated api-versions belong to its classic addresses, and old ones are switched off.",
                f"%aoai connect {target.endpoint} (without an api-version)",
                **known,
            )
        case status if status >= 500 or status == 408:
            return NoAnswerError(
                f"{_where(target)} failed with status {status}.",
                message,
                "Run the cell again"
                + (f"; support will ask for request {known['request_id']}." if known["request_id"] else "."),
                **known,
            )
    return RequestRefusedError(*_refused(error, message, target, deployment), **known)


def _picture_blocked(message: str) -> tuple[str, str, str]:
    """The two ways in which the filter stops a picture (facts/azure-openai.md, section 2.5); neither names a category."""
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


def _unauthorized(code: str | None, message: str, target: Target) -> tuple[str, str, str]:
    if code == "PermissionDenied" or "lacks the required data action" in message or "does not have access" in message:
        return (
            f"You are signed in, but may not use {_where(target)}.",
            "The role 'Cognitive Services OpenAI User' is missing (or was given less than five minutes ago).",
            "Ask the resource's owner for that role, then run the cell again.",
        )
    if not target.key_source:
        if target.kind == "azure":
            return (
                f"{_where(target)} refused the sign-in.",
                _first_line(message),
                f"Sign in to the resource's tenant (az login --tenant …), or try another scope than {target.scope}.",
            )
        return (
            f"{_where(target)} wants a key, and none was sent.",
            "A key from the environment goes only to the service that it was set for.",
            f"%aoai connect {target.endpoint} --key-env NAME, where NAME is the variable that holds its key",
        )
    return (
        f"{_where(target)} refused the key (from {target.key_source}).",
        "It is mistyped, was regenerated, or belongs to another resource.",
        f"Set {target.key_source} to the resource's own key and connect again, or unset it to sign in with Entra ID."
        if target.kind == "azure"
        else f"Set {target.key_source} to the right key and connect again.",
    )


def _forbidden(code: str | None, message: str, target: Target) -> tuple[str, str, str]:
    if code == "AuthenticationTypeDisabled" or "key based authentication is disabled" in message.lower():
        return (
            f"{_where(target)} takes no keys.",
            "Its owner has turned key authentication off.",
            f"Unset {target.key_source or 'the key'}, sign in (az login), and connect again.",
        )
    network = any(
        word in message.lower() for word in ("virtual network", "firewall", "public access", "private endpoint")
    )
    return (
        f"{_where(target)} refused access: {_first_line(message)}",
        "Its network rules let in only some networks, or its private endpoint."
        if network
        else "The account may not do this.",
        "Work from a network that is let in (VPN, a machine in the virtual network), or ask the resource's owner."
        if network
        else "Ask the resource's owner.",
    )


def _unable(target: Target, deployment: str, operation: str, others: list[str] | None) -> tuple[str, str, str]:
    """What to say where a deployment doesn't offer an operation, and others perhaps do."""
    what = f"{deployment!r} can't be asked for {operation}: its model doesn't offer that."
    if others:
        return what, f"Of your deployments, {', '.join(others[:6])} can.", _ASKED[operation].format(others[0])
    if others is not None:
        return what, "None of your deployments can.", "%aoai models NAME shows what a model offers."
    if target.kind == "azure":
        return what, "%aoai deployments lists yours, with the model of each.", _ASKED[operation].format("NAME")
    return what, "%aoai models lists those that there are.", _ASKED[operation].format("NAME")


def _not_found(code: str | None, message: str, target: Target, deployment: str, operation: str) -> tuple[str, str, str]:
    asked = _ASKED[operation]
    if code == "DeploymentNotFound" or "deployment" in message.lower() or code == "model_not_found":
        if target.kind == "local":
            known = [name for name in DEFAULT_DEPLOYMENTS if operation in _operations(name)]
            near = difflib.get_close_matches(deployment, known, n=2, cutoff=0.5)
            return (
                f"The local service has no deployment {deployment!r}.",
                f"It has {', '.join(known[:6])}{' and others' * (len(known) > 6)}: %aoai deployments lists them.",
                asked.format(near[0] if near else known[0]),
            )
        if target.kind == "azure":
            return (
                f"{_where(target)} has no deployment {deployment!r}.",
                "On Azure a deployment has the name that its maker gave it, which need not be the model's."
                + (" This one is the name of a model." if catalog.model(deployment) else ""),
                f"The portal's page 'Deployments' lists them; then {asked.format('NAME')}. A new one takes up to five minutes.",
            )
        return (f"{_where(target)} has no model {deployment!r}.", _first_line(message), asked.format("NAME"))
    advice = "%aoai connect https://NAME.openai.azure.com"
    if target.api_version:
        why = f"The api-version {target.api_version} is unknown to it, or the address is not that of an Azure OpenAI resource."
        advice = f"%aoai connect {target.endpoint} (without an api-version)"
    elif target.kind == "azure":
        why = "The address is not that of an Azure OpenAI resource, or is older than the v1 API."
    else:
        why, advice = (
            "The base URL is probably wrong; that of many services ends in /v1.",
            f"%aoai connect {target.endpoint}/v1",
        )
    return (f"{_where(target)} has nothing at that address (404).", why, advice)


def _too_many(error: Any, message: str, deployment: str, known: dict[str, Any]) -> RateLimitError:
    headers = error.response.headers
    wait = _number(headers.get("retry-after-ms"), 1000) or _number(headers.get("retry-after"), 1)
    if wait is None and (found := re.search(r"(?:retry after|try again in) (\d+) second", message, re.IGNORECASE)):
        wait = float(found[1])
    if wait is not None and wait > 3600:
        # Azure answers a request that is larger than the deployment's whole quota with "retry after 86400 seconds".
        why, fix = (
            "The request alone is larger than the deployment's tokens per minute.",
            "Send less, or set a smaller --max-tokens.",
        )
    elif "insufficient_quota" in (error.code or ""):
        why, fix = "The account has no credit left.", "Look at the account's billing."
    else:
        limits = [
            f"{headers[f'x-ratelimit-limit-{what}']} {what} a minute"
            for what in ("tokens", "requests")
            if f"x-ratelimit-limit-{what}" in headers
        ]
        why = f"It may take {' and '.join(limits)}." if limits else _first_line(message)
        seconds = math.ceil(wait or 0)
        fix = f"Run the cell again in {f'{seconds} second' + 's' * (seconds > 1) if seconds else 'a minute'}."
    return RateLimitError(
        f"The deployment {deployment!r} has reached its rate limit.", why, fix, retry_after=wait, **known
    )


def _refused(error: Any, message: str, target: Target, deployment: str) -> tuple[str, str, str]:
    what = f"{_where(target)} refused the request: {_first_line(message) or f'status {error.status_code}'}"
    if error.code == "context_length_exceeded":
        return what, "Prompt and reply together don't fit the model's context window.", "Send less text."
    if "/v1/responses" in message and "tools" in message:
        why = f"The model behind {deployment!r} takes tools through the Responses API, and chat only without effort."
        return what, why, "--api responses, or --effort none"
    unknown = _UNRECOGNIZED.search(message)
    name = unknown[1] if unknown else error.param
    if name and (unknown or error.code in ("unsupported_parameter", "unsupported_value", "unknown_parameter")):
        instead = _INSTEAD.search(message)
        return (
            what,
            f"The model behind {deployment!r} doesn't take {name} like this; reasoning models take less than others.",
            f"Put --param {instead[1]}=… in the place of {option(name)}, or tell which model it is: %aoai connect … --serves MODEL"
            if instead
            else f"Leave {option(name)} out.",
        )
    if not error.param:
        return what, "", ""
    ours = option(error.param)
    fix = "" if ours.startswith("--param") else f"Give {ours} another value, or leave it out."
    return what, f"It names the parameter {error.param}.", fix


def _no_route(error: BaseException, target: Target) -> NoAnswerError:
    where, why, fix = _where(target), "", "Check the address: %aoai status shows it."
    causes = list(_chain(error))
    text = " ".join(str(cause) for cause in causes)
    if any(isinstance(cause, socket.gaierror) for cause in causes) or "Name or service not known" in text:
        why = "No such host name: a typing error in the address, no network, or a private endpoint's name that only its network knows."
    elif "Connection refused" in text:
        why = "Nothing listens there."
        if target.kind == "local":
            fix = "Run the cell again: it starts the service anew. aoai-magic doctor says more."
    elif "CERTIFICATE" in text.upper() or any(type(cause).__name__.startswith("SSL") for cause in causes):
        why, fix = (
            "Its certificate isn't trusted here; a proxy may be in between.",
            "Set SSL_CERT_FILE to your organisation's certificates.",
        )
    elif "proxy" in text.lower():
        why, fix = "The proxy refused.", "Check HTTPS_PROXY and NO_PROXY."
    else:
        why = _first_line(str(causes[-1])) or type(causes[-1]).__name__
    return NoAnswerError(f"No answer from {where}.", why, fix)


def _operations(name: str) -> tuple[str, ...]:
    model = catalog.model(name)
    return model.operations if model else ()


def _verdicts(body: Mapping[str, Any]) -> dict[str, Any]:
    """The content filter's verdicts, in each of the places that Azure's APIs put them."""
    inner = body.get("innererror") or body.get("inner_error") or {}
    found = inner.get("content_filter_result") or inner.get("content_filter_results") or {}
    return worst([found, *(entry.get("content_filter_results") for entry in body.get("content_filters") or [])])


def _where(target: Target) -> str:
    return "The local service" if target.kind == "local" else str(target.endpoint)


def _first_line(text: str) -> str:
    line = text.strip().split("\n")[0]
    return line if len(line) <= 300 else line[:299] + "…"


def _number(text: str | None, divisor: float) -> float | None:
    try:
        number = float(text) / divisor if text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
