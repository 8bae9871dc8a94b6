"""Error answers with the very bodies of Azure OpenAI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import AoaiError


class AzureError(Exception):
    """An answer other than success.

    It has an HTTP status, the body's `error` object, extra headers, and what stands beside `error`.
    """

    def __init__(
        self,
        status: int,
        error: dict[str, Any],
        headers: Mapping[str, str] | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(error.get("message", ""))
        self.status, self.error, self.headers, self.beside = status, error, dict(headers or {}), dict(beside or {})


def wrong_key() -> AzureError:
    """401: the key is missing or wrong."""
    return AzureError(
        401,
        {
            "code": "401",
            "message": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
            "valid key for an active subscription and use a correct regional API endpoint for your resource.",
        },
    )


def no_deployment(*, v1: bool) -> AzureError:
    """404: no deployment has that name."""
    error: dict[str, Any] = {
        "code": "DeploymentNotFound",
        "message": "The API deployment for this resource does not exist. If you created the deployment within the "
        "last 5 minutes, please wait a moment and try again.",
    }
    if v1:
        error["type"] = "invalid_request_error"  # seen by a third party's probe of 2026-09, on v1 only
    return AzureError(404, error)


def not_found() -> AzureError:
    """404: no such path, or an api-version that the classic routes don't know."""
    return AzureError(404, {"code": "404", "message": "Resource not found"})


def version_not_supported() -> AzureError:
    """400: a dated api-version on the v1 routes."""
    # The message was seen; the code is a guess.
    return AzureError(400, {"code": "BadRequest", "message": "API version not supported"})


def version_too_old(least: str) -> AzureError:
    """400: a dated api-version from before the Responses API."""
    # Many reports of third parties have the message; the code is that of the only one with a body.
    message = f"Azure OpenAI Responses API is enabled only for api-version {least} and later"
    return AzureError(400, {"code": "BadRequest", "message": message})


def too_many_headers() -> AzureError:
    """431: more custom headers than Microsoft's quotas page allows; the body's words are a guess."""
    return AzureError(431, {"code": "431", "message": "Request header fields too large."})


def invalid_request(message: str, param: str | None = None, code: str | None = None) -> AzureError:
    """400: something in the request can't be, with the parameter it concerns."""
    return AzureError(400, {"message": message, "type": "invalid_request_error", "param": param, "code": code})


def tools_need_responses(model: str, *, ever: bool) -> AzureError:
    """400: function tools in chat with a model that takes them there without reasoning only, or never.

    The words are those that third parties have seen of GPT-5.6.
    """
    otherwise = " or set reasoning_effort to 'none'" if ever else ""
    return invalid_request(
        f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. "
        f"To use function tools, use /v1/responses{otherwise}.",
        param="reasoning_effort",
    )


def chat_too_long(limit: int, tokens: int, functions: int = 0) -> AzureError:
    """400: the messages, and what describes the functions, are longer than the model's context window."""
    parts = f" ({tokens - functions} in the messages, {functions} in the functions)" if functions else ""
    return invalid_request(
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens{parts}. "
        f"Please reduce the length of the messages{' or functions' if functions else ''}.",
        param="messages",
        code="context_length_exceeded",
    )


def input_too_long() -> AzureError:
    """400: the same in the Responses API's words, as third parties have seen them."""
    return invalid_request(
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        param="input",
        code="context_length_exceeded",
    )


def prompt_too_long(limit: int, prompt: int, completion: int = 0) -> AzureError:
    """400: the same in the words of text completions and embeddings."""
    return invalid_request(
        f"This model's maximum context length is {limit} tokens, however you requested {prompt + completion} tokens "
        f"({prompt} in your prompt; {completion} for the completion). Please reduce your prompt; or completion length."
    )


def broken(request_id: str) -> AzureError:
    """500: a fault of the service's own."""
    return AzureError(
        500,
        {
            "message": "The server had an error processing your request. Sorry about that! You can retry your request, or "
            "contact us through an Azure support request at: https://go.microsoft.com/fwlink/?linkid=2213926 if you keep "
            f"seeing this error. (Please include the request ID {request_id} in your email.)",
            "type": "server_error",
            "param": None,
            "code": None,
        },
    )


def unavailable(why: str = "") -> AzureError:
    """503: the service can't answer now, because it is ending, or lacks something that it says."""
    status, code, message = OUTSIDE["unavailable"]
    return AzureError(status, {"code": code, "message": why or message})


def timed_out() -> AzureError:
    """408: the client has stopped in the middle of its request."""
    status, code, message = OUTSIDE["timeout"]
    return AzureError(status, {"code": code, "message": message})


def too_large() -> AzureError:
    """413: the request's body is larger than the service takes."""
    return AzureError(413, {"code": "413", "message": "Request body too large."})


def told_of(problem: Exception, request_id: str) -> AzureError:
    """What is answered where that went wrong: what the project's own errors say is fit to be read."""
    if isinstance(problem, AzureError):
        return problem
    return unavailable(str(problem)) if isinstance(problem, AoaiError) else broken(request_id)


def from_outside(name: str, method: str, path: str, request_id: str) -> AzureError:
    """An error that no request brings about by itself: identity, network and load are to blame.

    Raises KeyError for another name than those of OUTSIDE.

    >>> from_outside("firewall", "POST", "/openai/v1/responses", "").error["message"]
    'Access denied due to Virtual Network/Firewall rules.'
    """
    if name == "server-error":
        return broken(request_id)
    status, code, message = OUTSIDE[name]
    v1 = path.startswith("/openai/v1/")
    place = path.removeprefix("/openai/").removeprefix("v1/")
    if place.startswith("deployments/"):
        place = "/".join(["deployments", *place.split("/")[2:]])
    action = f"{place}/{_VERBS.get(method, 'write') if v1 else 'action'}"
    shown = (
        "/openai/v1/" + place if v1 else "/openai/" + place.replace("deployments/", "deployments/{deployment-id}/", 1)
    )
    return AzureError(status, {"code": code, "message": message.format(action=action, operation=f"{method} {shown}")})


_VERBS = {"GET": "read", "DELETE": "delete"}
#: Status, code and message of the errors that come from outside of a request. The codes of key-auth-disabled, timeout,
#: unavailable and too-large are guesses, high-demand's is that of the other 429s.
OUTSIDE: dict[str, tuple[int, str, str]] = {
    "no-role": (
        401,
        "PermissionDenied",
        "The principal `00000000-0000-0000-0000-000000000000` lacks the required data action "
        "`Microsoft.CognitiveServices/accounts/OpenAI/{action}` to perform `{operation}` operation.",
    ),
    "no-access": (401, "PermissionDenied", "Principal does not have access to API/Operation."),
    "firewall": (403, "403", "Access denied due to Virtual Network/Firewall rules."),
    "private-endpoint": (403, "403", "Public access is disabled. Please configure private endpoint."),
    "key-auth-disabled": (403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource."),
    "timeout": (408, "Timeout", "The operation was timeout."),
    "rate-limit": (429, "RateLimitReached", "Rate limit is exceeded. Try again in 54 seconds."),
    "high-demand": (
        429,
        "429",
        "The system is currently experiencing high demand and cannot process your request. Your request exceeds the "
        "maximum usage size allowed during peak load. For improved capacity reliability, consider switching to "
        "Provisioned Throughput.",
    ),
    "server-error": (500, "", ""),
    "unavailable": (503, "ServiceUnavailable", "The service is temporarily unavailable. Please try again later."),
}
