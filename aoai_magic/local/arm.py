"""The control plane: Azure Resource Manager's calls for a Cognitive Services account, on the same port.

One account, "local", in any subscription, resource group and location. Shapes are those of
azure-mgmt-cognitiveservices 14.1. Only a bearer token of the local credential is accepted here, as Resource Manager
accepts no resource's key.
"""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import catalog
from . import arm_deployments
from .account import Account
from .arm_shapes import (
    LOCATION,
    NAME,
    PROVIDER,
    QUOTA,
    account_shape,
    check,
    error,
    model_shape,
    skus_of,
    usage_shape,
)
from .plumbing import account_of, json_body
from .wire import JSONResponse


async def subscriptions(request: Request) -> Response:
    """GET /subscriptions"""
    check(request)
    return JSONResponse({"value": [{"id": f"/subscriptions/{NAME}", "subscriptionId": NAME, "state": "Enabled"}]})


async def accounts(request: Request) -> Response:
    """GET …/accounts, of a subscription or a resource group"""
    check(request)
    return JSONResponse({"value": [account_shape(request)], "nextLink": None})


async def account(request: Request) -> Response:
    """GET …/accounts/{a}"""
    check(request)
    return JSONResponse(account_shape(request))


async def keys(request: Request) -> Response:
    """POST …/accounts/{a}/listKeys"""
    check(request)
    return JSONResponse(_keys(account_of(request)))


async def new_key(request: Request) -> Response:
    """POST …/accounts/{a}/regenerateKey: the old key stops working with the answer"""
    check(request)
    wanted = (await json_body(request)).get("keyName")
    if wanted not in ("Key1", "Key2"):
        message = f"The key name '{str(wanted)[:40]}' is invalid. It must be Key1 or Key2."
        raise error(400, "InvalidKeyName", message, "keyName")
    found = account_of(request)
    found.keys[int(wanted[-1]) - 1] = secrets.token_hex(16)
    return JSONResponse(_keys(found))


async def account_models(request: Request) -> Response:
    """GET …/accounts/{a}/models: what could be deployed here"""
    check(request)
    return JSONResponse({"value": [model_shape(model) for model in _models()], "nextLink": None})


async def account_skus(request: Request) -> Response:
    """GET …/accounts/{a}/skus"""
    check(request)
    return JSONResponse({"value": [{"resourceType": "accounts", "sku": {"name": "S0", "tier": "Standard"}}]})


async def usages(request: Request) -> Response:
    """GET …/usages, of the account or of the location: each quota, and what of it is used"""
    check(request)
    found = account_of(request)
    value = [
        usage_shape(model, sku, arm_deployments.used(found, model, sku))
        for model in catalog.models()
        if model.operations
        for sku in skus_of(model)
    ]
    return JSONResponse({"value": value, "nextLink": None})


async def location_models(request: Request) -> Response:
    """GET …/locations/{loc}/models"""
    check(request)
    value = [{"kind": "OpenAI", "skuName": "S0", "description": "", "model": model_shape(one)} for one in _models()]
    return JSONResponse({"value": value, "nextLink": None})


async def model_capacities(request: Request) -> Response:
    """GET …/modelCapacities?modelFormat=OpenAI&modelName=…&modelVersion=…"""
    check(request)
    query = request.query_params
    for name in ("modelFormat", "modelName", "modelVersion"):
        if not query.get(name):
            raise error(400, "InvalidRequestParameter", f"The query parameter '{name}' is required.", name)
    name, version = query["modelName"], query["modelVersion"]
    models = [one for one in catalog.versions(name) if one.version == version and query["modelFormat"] == "OpenAI"]
    found = account_of(request)
    place = f"/subscriptions/{request.path_params['s']}{PROVIDER}/locations/{LOCATION}/modelCapacities"
    value = []
    for model in models:
        for sku in skus_of(model):
            properties = {
                "model": {"format": "OpenAI", "name": name, "version": version},
                "skuName": sku,
                "availableCapacity": QUOTA - arm_deployments.used(found, model, sku),
                "availableFinetuneCapacity": 0,
            }
            value.append({"id": f"{place}/{sku}", "name": sku, "location": LOCATION, "properties": properties})
    return JSONResponse({"value": value, "nextLink": None})


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
        Route(f"{one}/deployments", arm_deployments.listed),
        Route(f"{one}/deployments/{{d}}", arm_deployments.described, methods=["GET"]),
        Route(f"{one}/deployments/{{d}}", arm_deployments.put, methods=["PUT"]),
        Route(f"{one}/deployments/{{d}}", arm_deployments.patch, methods=["PATCH"]),
        Route(f"{one}/deployments/{{d}}", arm_deployments.delete, methods=["DELETE"]),
        Route(f"{one}/deployments/{{d}}/skus", arm_deployments.skus),
        Route(f"{one}/models", account_models),
        Route(f"{one}/skus", account_skus),
        Route(f"{one}/usages", usages),
        Route(f"{location}/models", location_models),
        Route(f"{location}/usages", usages),
        Route(f"{location}/modelCapacities", model_capacities),
        Route(f"{location}/operationResults/{{o}}", arm_deployments.operation),
        Route(f"{provider}/modelCapacities", model_capacities),
    ]


def _keys(found: Account) -> dict[str, str]:
    return {"key1": found.keys[0], "key2": found.keys[1]}


def _models() -> list[catalog.Model]:
    """Every version of every model that can be deployed."""
    return [one for model in catalog.models() if model.operations for one in catalog.versions(model.name)]
