"""Where a request goes and which variable holds the key, as code outside of a notebook has to know it."""

from __future__ import annotations

from urllib.parse import quote

from ..errors import SettingsError
from ..request import PATHS, PREVIEWS
from ..settings import Target

#: Those whose body is a form, with files in it.
FORMS = ("image_edits", "transcriptions", "translations")
# Those that Azure's classic API has under a deployment's own path.
_BY_DEPLOYMENT = {*PATHS} - {"responses"}


def path(operation: str) -> str:
    """Return an operation's path under the API's base URL. Raises SettingsError for one that has no form in code.

    >>> path("chat")
    '/chat/completions'
    """
    if operation not in PATHS:
        raise SettingsError(
            f"A request for {operation} has no form in code.", f"{', '.join(PATHS)} have one.", "%aoai request"
        )
    return f"/{PATHS[operation]}"


def url(operation: str, model: str, target: Target) -> str:
    """Return the whole address of an operation; that of the local service begins with $AZURE_OPENAI_ENDPOINT.

    >>> url("chat", "my-gpt", Target("azure", "https://contoso.openai.azure.com", "2024-10-21"))
    'https://contoso.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21'
    """
    if target.kind == "local":
        return f"$AZURE_OPENAI_ENDPOINT/openai/v1{path(operation)}"
    if target.kind != "azure":
        return f"{target.endpoint}{path(operation)}"
    if not target.api_version:
        version = "?api-version=preview" if needs_preview(operation, target) else ""
        return f"{target.endpoint}/openai/v1{path(operation)}{version}"
    deployment = f"/deployments/{quote(model, safe='')}" if operation in _BY_DEPLOYMENT else ""
    return f"{target.endpoint}/openai{deployment}{path(operation)}?api-version={quote(target.api_version, safe='')}"


def needs_preview(operation: str, target: Target) -> bool:
    """Whether the service has to be told that a preview of the API is meant.

    >>> needs_preview("speech", Target("azure", "https://contoso.openai.azure.com"))
    True
    """
    return target.kind == "azure" and not target.api_version and operation in PREVIEWS


def key_variable(target: Target) -> str | None:
    """Return the environment variable that holds the key or token; None where the connection signs in, or sends none.

    >>> key_variable(Target("openai", "https://api.openai.com/v1"))
    'OPENAI_API_KEY'
    """
    if target.ad_token or (target.api_key and target.key_source not in ("", "api_key")):
        return target.key_source
    if target.kind == "local" or (target.kind == "azure" and target.api_key):
        return "AZURE_OPENAI_API_KEY"
    return "OPENAI_API_KEY" if target.kind == "openai" or target.api_key else None
