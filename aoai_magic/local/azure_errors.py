"""Error answers with the very bodies of Azure OpenAI (facts/azure-openai.md, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AzureError(Exception):
    """An answer other than success: HTTP status, the JSON body's `error` object, extra headers."""

    def __init__(self, status: int, error: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error.get("message", ""))
        self.status, self.error, self.headers = status, error, dict(headers or {})


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
    return AzureError(
        400, {"code": "BadRequest", "message": "API version not supported"}
    )  # the code is a guess (facts, 11)


def invalid_request(message: str, param: str | None = None, code: str | None = None) -> AzureError:
    """400: something in the request can't be, with the parameter it concerns."""
    return AzureError(400, {"message": message, "type": "invalid_request_error", "param": param, "code": code})


def too_long(limit: int, tokens: int) -> AzureError:
    """400: the prompt is longer than the model's context window."""
    return invalid_request(
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages.",
        param="messages",
        code="context_length_exceeded",
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
