"""Why a service that lets us in doesn't do what it is asked for."""

from __future__ import annotations

import math
import re
from typing import Any

from .. import catalog
from ..errors import RateLimitError, near
from ..local.account import DEFAULT_DEPLOYMENTS
from ..request import option
from ..settings import Target
from .words import first_line, number, where

# How services say which parameter they don't know, and which one it is that they do.
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
SOUND = ("speech", "transcriptions", "translations")

NO_SOUND_HERE = (
    "The local service can't speak or listen.",
    "Behind it is a small model that writes, and none for sound.",
    "%aoai connect https://NAME.openai.azure.com -d DEPLOYMENT, with a model for sound behind it",
)


def unable(target: Target, deployment: str, operation: str, others: list[str] | None) -> tuple[str, str, str]:
    """What to say where a deployment doesn't offer an operation, and others perhaps do."""
    what = f"{deployment!r} can't be asked for {operation}: its model doesn't offer that."
    if others:
        return what, f"Of your deployments, {', '.join(others[:6])} can.", _ASKED[operation].format(others[0])
    if others is not None:
        return what, "None of your deployments can.", "%aoai models NAME shows what a model offers."
    if target.kind == "azure":
        return what, "%aoai deployments lists yours, with the model of each.", _ASKED[operation].format("NAME")
    return what, "%aoai models lists those that there are.", _ASKED[operation].format("NAME")


def not_found(code: str | None, message: str, target: Target, deployment: str, operation: str) -> tuple[str, str, str]:
    """404: no such deployment, or nothing at that address."""
    asked = _ASKED[operation]
    if code == "DeploymentNotFound" or "deployment" in message.lower() or code == "model_not_found":
        if target.kind == "local":
            known = [name for name in DEFAULT_DEPLOYMENTS if operation in _operations(name)]
            return (
                f"The local service has no deployment {deployment!r}.",
                f"It has {', '.join(known[:6])}{' and others' * (len(known) > 6)}: %aoai deployments lists them.",
                asked.format(near(deployment, known) or known[0]),
            )
        if target.kind == "azure":
            return (
                f"{where(target)} has no deployment {deployment!r}.",
                "On Azure a deployment has the name that its maker gave it, which need not be the model's."
                + (" This one is the name of a model." if catalog.model(deployment) else ""),
                f"The portal's page 'Deployments' lists them; then {asked.format('NAME')}. A new one takes up to five minutes.",
            )
        return (f"{where(target)} has no model {deployment!r}.", first_line(message), asked.format("NAME"))
    if operation == "responses" and target.kind == "compatible":
        return f"{where(target)} has no Responses API (404).", "Few services beside Azure and OpenAI do.", "--api chat"
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
    return (f"{where(target)} has nothing at that address (404).", why, advice)


def too_many(error: Any, message: str, deployment: str, known: dict[str, Any]) -> RateLimitError:
    """429: when to try again, and what the limit is."""
    headers = error.response.headers
    wait = number(headers.get("retry-after-ms"), 1000) or number(headers.get("retry-after"), 1)
    if wait is None and (found := re.search(r"(?:retry after|try again in) (\d+) second", message, re.IGNORECASE)):
        wait = float(found[1])
    if wait is not None and wait > 3600:
        # Azure answers a request that is larger than the deployment's whole quota with "retry after 86400 seconds".
        why, fix = (
            "The request alone is larger than the deployment's tokens per minute.",
            "Send less, or set a smaller --max-tokens.",
        )
    elif "insufficient_quota" in str(error.code):
        why, fix = "The account has no credit left.", "Look at the account's billing."
    else:
        limits = [
            f"{headers[f'x-ratelimit-limit-{what}']} {what} a minute"
            for what in ("tokens", "requests")
            if f"x-ratelimit-limit-{what}" in headers
        ]
        why = f"It may take {' and '.join(limits)}." if limits else first_line(message)
        seconds = math.ceil(wait or 0)
        fix = f"Run the cell again in {f'{seconds} second' + 's' * (seconds > 1) if seconds else 'a minute'}."
    return RateLimitError(
        f"The deployment {deployment!r} has reached its rate limit.", why, fix, retry_after=wait, **known
    )


def refused(error: Any, message: str, target: Target, deployment: str) -> tuple[str, str, str]:
    """400 and the like: what in the request isn't taken, and what to put in its place."""
    what = f"{where(target)} refused the request: {first_line(message) or f'status {error.status_code}'}"
    parameter = error.param if isinstance(error.param, str) else None  # services can say anything
    if error.code == "context_length_exceeded":
        return what, "Prompt and reply together don't fit the model's context window.", "Send less text."
    if "/v1/responses" in message and "tools" in message:
        why = f"The model behind {deployment!r} takes tools through the Responses API, and chat only without effort."
        return what, why, "--api responses, or --effort none"
    unknown = _UNRECOGNIZED.search(message)
    name = unknown[1] if unknown else parameter
    if name and (unknown or error.code in ("unsupported_parameter", "unsupported_value", "unknown_parameter")):
        instead = _INSTEAD.search(message)
        return (
            what,
            f"The model behind {deployment!r} doesn't take {name} like this; reasoning models take less than others.",
            f"Put --param {instead[1]}=… in the place of {option(name)}, or tell which model it is: %aoai connect … --serves MODEL"
            if instead
            else f"Leave {option(name)} out.",
        )
    if not parameter:
        return what, "", ""
    ours = option(parameter)
    fix = "" if ours.startswith("--param") else f"Give {ours} another value, or leave it out."
    return what, f"It names the parameter {parameter}.", fix


def _operations(name: str) -> tuple[str, ...]:
    model = catalog.model(name)
    return model.operations if model else ()
