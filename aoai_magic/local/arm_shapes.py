"""What the control plane's objects look like (facts/azure-openai.md, section 3)."""

from __future__ import annotations

import datetime
from typing import Any

from starlette.requests import Request

from .. import catalog
from .account import Deployment

NAME = "local"
LOCATION = "local"
PROVIDER = "/providers/Microsoft.CognitiveServices"
#: What of a model may be deployed here under one SKU, in units of 1,000 tokens a minute.
QUOTA = 2_000_000
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
            "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.1"}], "virtualNetworkRules": []},
            "disableLocalAuth": False,
        },
    }


def deployment_shape(request: Request, one: Deployment) -> dict[str, Any]:
    """A deployment."""
    made = datetime.datetime.fromtimestamp(one.created, datetime.UTC).isoformat()
    return {
        "id": f"{account_id(request)}/deployments/{one.name}",
        "name": one.name,
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "sku": {"name": one.sku, "capacity": one.capacity},
        "etag": f'"{int(one.created * 1000):x}"',
        "tags": {},
        "systemData": {"createdAt": made, "createdByType": "User", "lastModifiedAt": made},
        "properties": {
            "model": {"format": "OpenAI", "name": one.model.name, "version": one.version},
            "provisioningState": "Succeeded" if one.ready else "Creating",
            "currentCapacity": one.capacity,
            "capabilities": _capabilities(one.model),
            "raiPolicyName": one.rai_policy,
            "versionUpgradeOption": one.upgrade,
            "rateLimits": [
                {"key": "request", "renewalPeriod": 60, "count": one.limits.requests_per_minute},
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
    retires = model.retires.isoformat() if model.retires else None
    skus = [
        {
            "name": sku,
            "usageName": f"OpenAI.{sku}.{model.name}",
            "deprecationDate": retires,
            "capacity": {"minimum": 1, "maximum": QUOTA, "step": 1, "default": 10},
        }
        for sku in skus_of(model)
    ]
    return {
        "format": "OpenAI",
        "name": model.name,
        "version": model.version,
        "isDefaultVersion": True,
        "lifecycleStatus": _STAGES.get(model.stage or "", "Deprecated"),
        "capabilities": capabilities,
        "deprecation": {"inference": retires},
        "skus": skus,
    }


def skus_of(model: catalog.Model) -> tuple[str, ...]:
    """The kinds of deployment that a model may have here: those of the catalogue, and the two plain ones always."""
    return tuple(dict.fromkeys([*model.deployment_types, "GlobalStandard", "Standard"]))


def _capabilities(model: catalog.Model) -> dict[str, str]:
    return {_CAPABILITIES[name]: "true" for name in model.operations if name in _CAPABILITIES}
