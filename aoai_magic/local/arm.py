"""The control plane: Azure Resource Manager's calls for a Cognitive Services account, on the same port.

One account, "local", in any subscription and resource group. Shapes: facts/azure-openai.md, section 3. Only a bearer token
of the local credential is accepted here, as Resource Manager accepts no resource's key.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import catalog
from .account import Account, Deployment
from .arm_shapes import (
    LOCATION,
    NAME,
    PROVIDER,
    QUOTA,
    account_id,
    account_shape,
    deployment_shape,
    model_shape,
    skus_of,
)
from .azure_errors import AzureError
from .plumbing import account_of, json_body
from .wire import JSONResponse

#: How long a deployment takes to be made; it is served when it has succeeded.
CREATION_SECONDS = 0.5
_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
_UPGRADES = ("OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade")


def error(status: int, code: str, message: str, target: str | None = None) -> AzureError:
    """An error as Resource Manager words it."""
    return AzureError(status, {"code": code, "message": message} | ({"target": target} if target else {}))


async def subscriptions(request: Request) -> Response:
    """GET /subscriptions"""
    _check(request)
    return JSONResponse({"value": [{"id": f"/subscriptions/{NAME}", "subscriptionId": NAME, "state": "Enabled"}]})


async def accounts(request: Request) -> Response:
    """GET …/accounts, of a subscription or a resource group"""
    _check(request)
    return JSONResponse({"value": [account_shape(request)]})


async def account(request: Request) -> Response:
    """GET …/accounts/{a}"""
    _check(request)
    return JSONResponse(account_shape(request))


async def keys(request: Request) -> Response:
    """POST …/accounts/{a}/listKeys"""
    _check(request)
    return JSONResponse(_keys(account_of(request)))


async def new_key(request: Request) -> Response:
    """POST …/accounts/{a}/regenerateKey: the old key stops working with the answer"""
    _check(request)
    wanted = (await json_body(request)).get("keyName")
    if wanted not in ("Key1", "Key2"):
        raise error(400, "InvalidKeyName", f"The key name '{wanted}' is invalid. It must be Key1 or Key2.", "keyName")
    found = account_of(request)
    found.keys[int(wanted[-1]) - 1] = secrets.token_hex(16)
    return JSONResponse(_keys(found))


async def deployments(request: Request) -> Response:
    """GET …/deployments"""
    _check(request)
    return JSONResponse({"value": [deployment_shape(request, one) for one in account_of(request).deployments.values()]})


async def deployment(request: Request) -> Response:
    """GET …/deployments/{d}"""
    _check(request)
    return JSONResponse(deployment_shape(request, _found(request)))


async def put_deployment(request: Request) -> Response:
    """PUT …/deployments/{d}: 201 and "Creating" for a new one, 200 for one that is changed"""
    _check(request)
    found, name = account_of(request), request.path_params["d"]
    body = await json_body(request)
    properties = _object(body, "properties")
    wanted = _object(properties, "model")
    model = _model(wanted)
    if not re.fullmatch(r"[\w.-]{2,64}", name):
        raise error(400, "InvalidDeploymentName", f"The deployment name '{name[:80]}' is invalid.")
    sku, capacity = _sku(_object(body, "sku"), model)
    if any(not one.ready for one in found.deployments.values()):
        raise error(
            409,
            "RequestConflict",
            f"Another operation is being performed on the parent resource '{account_id(request)}'. Please try again later.",
        )
    existing = found.deployments.get(name)
    _check_quota(found, model, sku, capacity, existing)
    made = Deployment(
        name,
        model,
        version=str(wanted.get("version") or ""),
        sku=sku,
        capacity=capacity,
        rai_policy=str(properties.get("raiPolicyName") or "Microsoft.DefaultV2"),
        upgrade=_upgrade(properties),
        ready_at=time.time() + (0 if existing else CREATION_SECONDS),
    )
    found.deployments[name] = made
    return JSONResponse(deployment_shape(request, made), 200 if existing else 201)


async def patch_deployment(request: Request) -> Response:
    """PATCH …/deployments/{d}: another capacity"""
    _check(request)
    found, existing = account_of(request), _found(request)
    body = await json_body(request)
    if "sku" in body:
        given = {"name": existing.sku, "capacity": existing.capacity, **_object(body, "sku")}
        _, capacity = _sku(given, existing.model)
        _check_quota(found, existing.model, existing.sku, capacity, existing)
        existing.resize(capacity)
    return JSONResponse(deployment_shape(request, existing))


async def delete_deployment(request: Request) -> Response:
    """DELETE …/deployments/{d}: 204 where there is none"""
    _check(request)
    gone = account_of(request).deployments.pop(request.path_params["d"], None)
    return Response(status_code=200 if gone else 204)


async def deployment_skus(request: Request) -> Response:
    """GET …/deployments/{d}/skus"""
    _check(request)
    kind, capacity = "Microsoft.CognitiveServices/accounts/deployments", {"minimum": 1, "maximum": QUOTA, "step": 1}
    skus = [
        {"resourceType": kind, "sku": {"name": sku}, "capacity": capacity} for sku in skus_of(_found(request).model)
    ]
    return JSONResponse({"value": skus})


async def account_models(request: Request) -> Response:
    """GET …/accounts/{a}/models: what could be deployed here"""
    _check(request)
    return JSONResponse({"value": [model_shape(model) for model in catalog.models() if model.operations]})


async def account_skus(request: Request) -> Response:
    """GET …/accounts/{a}/skus"""
    _check(request)
    return JSONResponse({"value": [{"resourceType": "accounts", "sku": {"name": "S0", "tier": "Standard"}}]})


async def usages(request: Request) -> Response:
    """GET …/usages, of the account or of the location: quota and what of it is used, in units of 1,000 tokens a minute"""
    _check(request)
    found = account_of(request)
    pairs = {(one.sku, one.model.name): one.model for one in found.deployments.values()}
    value = [
        {
            "name": {
                "value": f"OpenAI.{sku}.{name}",
                "localizedValue": f"Tokens Per Minute (thousands) - {name} - {sku}",
            },
            "currentValue": float(_used(found, model, sku)),
            "limit": float(QUOTA),
            "unit": "Count",
            "status": "Included",
        }
        for (sku, name), model in sorted(pairs.items())
    ]
    return JSONResponse({"value": value})


async def location_models(request: Request) -> Response:
    """GET …/locations/{loc}/models"""
    _check(request)
    models = [model_shape(model) for model in catalog.models() if model.operations]
    return JSONResponse(
        {"value": [{"kind": "OpenAI", "skuName": "S0", "description": "", "model": model} for model in models]}
    )


async def model_capacities(request: Request) -> Response:
    """GET …/modelCapacities?modelFormat=OpenAI&modelName=…&modelVersion=…"""
    _check(request)
    query = request.query_params
    model = catalog.model(query.get("modelName", ""))
    if query.get("modelFormat") != "OpenAI" or model is None:
        return JSONResponse({"value": []})
    found = account_of(request)
    named = {"format": "OpenAI", "name": model.name, "version": query.get("modelVersion") or model.version}
    place = f"/subscriptions/{request.path_params['s']}{PROVIDER}/locations/{LOCATION}/modelCapacities"
    value = []
    for sku in skus_of(model):
        left = QUOTA - _used(found, model, sku)
        properties = {"model": named, "skuName": sku, "availableCapacity": left, "availableFinetuneCapacity": 0}
        value.append({"id": f"{place}/{sku}", "name": sku, "location": LOCATION, "properties": properties})
    return JSONResponse({"value": value})


def routes() -> list[Route]:
    """The control plane's routes."""
    provider, group = f"/subscriptions/{{s}}{PROVIDER}", f"/subscriptions/{{s}}/resourceGroups/{{rg}}{PROVIDER}"
    one, location = f"{group}/accounts/{{a}}", f"{provider}/locations/{{loc}}"
    return [
        Route("/subscriptions", subscriptions),
        Route(f"{provider}/accounts", accounts),
        Route(f"{group}/accounts", accounts),
        Route(one, account),
        Route(f"{one}/listKeys", keys, methods=["POST"]),
        Route(f"{one}/regenerateKey", new_key, methods=["POST"]),
        Route(f"{one}/deployments", deployments),
        Route(f"{one}/deployments/{{d}}", deployment, methods=["GET"]),
        Route(f"{one}/deployments/{{d}}", put_deployment, methods=["PUT"]),
        Route(f"{one}/deployments/{{d}}", patch_deployment, methods=["PATCH"]),
        Route(f"{one}/deployments/{{d}}", delete_deployment, methods=["DELETE"]),
        Route(f"{one}/deployments/{{d}}/skus", deployment_skus),
        Route(f"{one}/models", account_models),
        Route(f"{one}/skus", account_skus),
        Route(f"{one}/usages", usages),
        Route(f"{location}/models", location_models),
        Route(f"{location}/usages", usages),
        Route(f"{location}/modelCapacities", model_capacities),
        Route(f"{provider}/modelCapacities", model_capacities),
    ]


def _check(request: Request) -> None:
    version = request.query_params.get("api-version")
    if version is None:
        raise error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not _VERSION.fullmatch(version):
        raise error(400, "InvalidApiVersionParameter", f"The api-version '{version[:40]}' is invalid.")
    name = request.path_params.get("a", NAME)
    if name.lower() != NAME:
        raise error(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.CognitiveServices/accounts/{name}' under resource group "
            f"'{request.path_params['rg']}' was not found. The local service has one account: '{NAME}'.",
        )


def _keys(found: Account) -> dict[str, str]:
    return {"key1": found.keys[0], "key2": found.keys[1]}


def _found(request: Request) -> Deployment:
    deployments, name = account_of(request).deployments, request.path_params["d"]
    if name not in deployments:
        raise error(404, "DeploymentNotFound", f"The deployment '{name}' of account '{NAME}' was not found.")
    return deployments[name]


def _model(wanted: dict[str, Any]) -> catalog.Model:
    name = wanted.get("name")
    model = catalog.model(name) if isinstance(name, str) else None
    if model is None or model.name != name or wanted.get("format", "OpenAI") != "OpenAI" or not model.operations:
        raise error(
            400,
            "DeploymentModelNotSupported",
            f"The model 'Format:{wanted.get('format')},Name:{name},Version:{wanted.get('version')}' of account deployment "
            "is not supported.",
        )
    return model


def _used(found: Account, model: catalog.Model, sku: str) -> int:
    return sum(one.capacity for one in found.deployments.values() if one.model is model and one.sku == sku)


def _check_quota(found: Account, model: catalog.Model, sku: str, capacity: int, existing: Deployment | None) -> None:
    own = existing.capacity if existing and existing.model is model and existing.sku == sku else 0
    left = QUOTA - _used(found, model, sku) + own
    if capacity > left:
        raise error(
            400,
            "InsufficientQuota",
            f"The specified capacity '{capacity}' of account deployment is bigger than available capacity '{left}' for "
            f"UsageName 'Tokens Per Minute (thousands) - {model.name} - {sku}'.",
        )


def _sku(given: dict[str, Any], model: catalog.Model) -> tuple[str, int]:
    name, capacity = given.get("name", "Standard"), given.get("capacity", 1)
    if name not in skus_of(model):
        raise error(
            400,
            "InvalidResourceProperties",
            f"The specified SKU '{str(name)[:40]}' of account deployment is not supported by the model '{model.name}'.",
            "sku.name",
        )
    if not isinstance(capacity, int) or isinstance(capacity, bool) or not 1 <= capacity <= 10**9:
        message = f"The capacity '{str(capacity)[:40]}' of account deployment is invalid."
        raise error(400, "InvalidCapacity", message, "sku.capacity")
    return name, capacity


def _upgrade(properties: dict[str, Any]) -> str:
    wanted = properties.get("versionUpgradeOption") or _UPGRADES[0]
    if wanted not in _UPGRADES:
        raise error(400, "InvalidVersionUpgradeOption", f"'{str(wanted)[:40]}' is none of {', '.join(_UPGRADES)}.")
    return str(wanted)


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise error(400, "InvalidRequestContent", f"The request content was invalid: '{name}' must be an object.", name)
    return value
