"""Why a service can't be reached, or lets nobody in."""

from __future__ import annotations

import socket

from ..errors import NoAnswerError
from ..settings import Target
from .words import chain, first_line, where


def unauthorized(code: str | None, message: str, target: Target) -> tuple[str, str, str]:
    """401: the key or the sign-in isn't taken, or a role is missing."""
    if code == "PermissionDenied" or "lacks the required data action" in message or "does not have access" in message:
        return (
            f"You are signed in, but may not use {where(target, first=False)}.",
            "The role 'Cognitive Services OpenAI User' is missing (or was given less than five minutes ago).",
            "Ask the resource's owner for that role, then run the cell again.",
        )
    if not target.key_source:
        if target.kind == "azure":
            return (
                f"{where(target)} refused the sign-in.",
                first_line(message),
                f"Sign in to the resource's tenant (az login --tenant …), or try another scope than {target.scope}.",
            )
        return (
            f"{where(target)} wants a key, and none was sent.",
            "A key from the environment goes only to the service that it was set for.",
            f"%aoai connect {target.endpoint} --key-env NAME, where NAME is the variable that holds its key",
        )
    return (
        f"{where(target)} refused the key (from {target.key_source}).",
        "It is mistyped, was regenerated, or belongs to another resource.",
        f"Set {target.key_source} to the resource's own key and connect again, or unset it to sign in with Entra ID."
        if target.kind == "azure"
        else f"Set {target.key_source} to the right key and connect again.",
    )


def forbidden(code: str | None, message: str, target: Target) -> tuple[str, str, str]:
    """403: network rules, or keys that aren't taken at all."""
    if code == "AuthenticationTypeDisabled" or "key based authentication is disabled" in message.lower():
        return (
            f"{where(target)} takes no keys.",
            "Its owner has turned key authentication off.",
            f"Unset {target.key_source or 'the key'}, sign in (az login), and connect again.",
        )
    network = any(
        word in message.lower() for word in ("virtual network", "firewall", "public access", "private endpoint")
    )
    return (
        f"{where(target)} refused access: {first_line(message)}",
        "Its network rules let in only some networks, or its private endpoint."
        if network
        else "The account may not do this.",
        "Work from a network that is let in (VPN, a machine in the virtual network), or ask the resource's owner."
        if network
        else "Ask the resource's owner.",
    )


def no_route(error: BaseException, target: Target) -> NoAnswerError:
    """Nothing answered."""
    import httpx2

    place, why, fix = where(target, first=False), "", "Check the address: %aoai status shows it."
    causes = list(chain(error))
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
    elif any(isinstance(cause, httpx2.HTTPStatusError) for cause in causes):
        why, fix = "It began to answer, and broke off.", "Run the cell again."
    else:
        why = first_line(str(causes[-1])) or type(causes[-1]).__name__
    return NoAnswerError(f"No answer from {place}.", why, fix)
