"""What the control plane's objects and errors look like: those of azure-mgmt-cognitiveservices 14.1."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from .. import catalog
from .account import Deployment
from .azure_errors import AzureError

NAME = "local"
LOCATION = "local"
PROVIDER = "/providers/Microsoft.CognitiveServices"
#: What of a model may be deployed here under one SKU, in units of 1,000 tokens a minute.
QUOTA = 2_000_000
# The first one that knows deployments. Any later date is taken: each year brings several.
_OLDEST_VERSION = datetime.date(2021, 10, 1)
_CAPABILITIES = {
    "chat": "chatCompletion",
    "completions": "completion",
    "responses": "responses",
    "embeddings": "embeddings",
    "images": "imageGenerations",
    "image_edits": "imageEdits",
    "speech": "audioSpeech",
    "transcriptions": "audioTranscriptions",
    "translations": "audioTranslations",
}
_STAGES = {"Preview": "Preview", "GA": "GenerallyAvailable", "Legacy": "Legacy", "Deprecated": "Deprecating"}


def error(status: int, code: str, message: str, target: str | None = None) -> AzureError:
    """An error as Resource Manager words it."""
    return AzureError(status, {"code": code, "message": message} | ({"target": target} if target else {}))


def check(request: Request) -> None:
    """Refuse a request without a version of the API that could be one, or for another account than this one."""
    version = request.query_params.get("api-version")
    if version is None:
        raise error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    try:
        known = datetime.datetime.strptime(version.removesuffix("-preview"), "%Y-%m-%d").date() >= _OLDEST_VERSION
    except ValueError:
        known = False
    if not known:
        raise error(400, "InvalidApiVersionParameter", f"The api-version '{version[:40]}' is invalid.")
    name = request.path_params.get("a", NAME)
    if name.lower() != NAME:
        raise error(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.CognitiveServices/accounts/{name}' under resource group "
            f"'{request.path_params['rg']}' was not found. The local service has one account: '{NAME}'.",
        )


def operation_address(request: Request, operation: str) -> str:
    """Where a long-running operation is asked after."""
    version, subscription = request.query_params["api-version"], quote(request.path_params["s"], safe="")
    place = f"subscriptions/{subscription}{PROVIDER}/locations/{LOCATION}/operationResults/{operation}"
    return f"{request.base_url}{place}?api-version={version}"


def account_id(request: Request) -> str:
    """The account's resource id, in the subscription and group that were asked for."""
    group = request.path_params.get("rg", NAME)
    return f"/subscriptions/{request.path_params['s']}/resourceGroups/{group}{PROVIDER}/accounts/{NAME}"


def account_shape(request: Request) -> dict[str, Any]:
    """The account."""
    endpoint = f"http://{request.headers['host']}/"
    return {
        "id": account_id(request),
        "name": NAME,
        "type": "Microsoft.CognitiveServices/accounts",
        "kind": "OpenAI",
        "location": LOCATION,
        "sku": {"name": "S0"},
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "endpoint": endpoint,
            "endpoints": {"OpenAI Language Model Instance API": endpoint},
            "customSubDomainName": NAME,
            "publicNetworkAccess": "Disabled",
            "networkAcls": {
                "defaultAction": "Deny",
                "bypass": "None",
                "ipRules": [{"value": "127.0.0.1"}],
                "virtualNetworkRules": [],
            },
            "disableLocalAuth": False,
            "allowProjectManagement": False,
        },
    }


def deployment_shape(request: Request, one: Deployment) -> dict[str, Any]:
    """A deployment."""
    made, changed = (
        datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat() for at in (one.created, one.modified)
    )
    requests, seconds = one.limits.burst
    if requests * 60 != one.limits.requests_per_minute * seconds:  # a share of a minute that isn't whole
        requests, seconds = one.limits.requests_per_minute, 60
    return {
        "id": f"{account_id(request)}/deployments/{one.name}",
        "name": one.name,
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "sku": {"name": one.sku, "capacity": one.capacity},
        "etag": f'"{int(one.modified * 1000):x}"',
        "tags": one.tags,
        "systemData": {"createdAt": made, "createdByType": "User", "lastModifiedAt": changed},
        "properties": {
            "model": {"format": "OpenAI", "name": one.tuned or one.model.name, "version": one.version},
            "provisioningState": "Succeeded" if one.ready else "Creating",
            "currentCapacity": one.capacity,
            "capabilities": _capabilities(one.model),
            "raiPolicyName": one.rai_policy,
            "versionUpgradeOption": one.upgrade,
            "dynamicThrottlingEnabled": False,
            "rateLimits": [
                {"key": "request", "renewalPeriod": seconds, "count": requests},
                {"key": "token", "renewalPeriod": 60, "count": one.limits.tokens_per_minute},
            ],
        },
    }


def model_shape(model: catalog.Model) -> dict[str, Any]:
    """A model as the location's catalogue describes it; the values of capabilities are text."""
    capabilities = _capabilities(model)
    if model.context_window:
        capabilities["maxContextToken"] = str(model.context_window)
    if model.max_output_tokens:
        capabilities["maxOutputToken"] = str(model.max_output_tokens)
    if model.fine_tuning:
        capabilities["fineTune"] = "true"
    retires = f"{model.retires.isoformat()}T00:00:00Z" if model.retires else None
    skus = [
        {
            "name": sku,
            "usageName": f"OpenAI.{sku}.{model.name}",
            "deprecationDate": retires,
            "capacity": {"minimum": 1, "maximum": QUOTA, "step": 1, "default": 10},
            "rateLimits": _limits_of_one(model, sku),
        }
        for sku in skus_of(model)
    ]
    return {
        "format": "OpenAI",
        "name": model.name,
        "version": model.version,
        "isDefaultVersion": model == catalog.versions(model.name)[0],
        "maxCapacity": QUOTA,
        "lifecycleStatus": _STAGES.get(model.stage or "GA", "Deprecated"),
        "capabilities": capabilities,
        "deprecation": {"inference": retires},
        "skus": skus,
    }


def skus_of(model: catalog.Model) -> tuple[str, ...]:
    """The kinds of deployment that a model may have here: those of the catalogue, and the two plain ones always."""
    return tuple(dict.fromkeys([*model.deployment_types, "GlobalStandard", "Standard"]))


def usage_shape(model: catalog.Model, sku: str, used: int) -> dict[str, Any]:
    """A quota and what of it is used, in units of 1,000 tokens a minute."""
    return {
        "name": {
            "value": f"OpenAI.{sku}.{model.name}",
            "localizedValue": f"Tokens Per Minute (thousands) - {model.name} - {sku}",
        },
        "currentValue": float(used),
        "limit": float(QUOTA),
        "unit": "Count",
        "status": "Included",
    }


def _limits_of_one(model: catalog.Model, sku: str) -> list[dict[str, Any]]:
    """What one unit of capacity allows in a minute, as far as the catalogue knows."""
    requests = model.requests_per_1k_tokens(sku)
    if requests is None:
        return []
    limits = {"request": requests, "token": 1000.0}
    return [{"key": key, "renewalPeriod": 60.0, "count": count} for key, count in limits.items()]


def _capabilities(model: catalog.Model) -> dict[str, str]:
    return {_CAPABILITIES[name]: "true" for name in model.operations if name in _CAPABILITIES}
