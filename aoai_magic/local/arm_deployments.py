"""The control plane's deployments: made, changed and removed, within the quota, one at a time."""

from __future__ import annotations

import re
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .. import catalog
from .account import Account, Deployment
from .arm_shapes import NAME, QUOTA, account_id, check, deployment_shape, error, operation_address, skus_of
from .azure_errors import AzureError
from .fine_tuning import tuned_models
from .plumbing import account_of, json_body
from .wire import JSONResponse

#: How long a deployment takes to be made; it is served when it has succeeded.
CREATION_SECONDS = 0.5
_UPGRADES = ("OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade")
_TUNED_VERSION = "1"


async def listed(request: Request) -> Response:
    """GET …/deployments"""
    check(request)
    deployments = account_of(request).deployments.values()
    return JSONResponse({"value": [deployment_shape(request, one) for one in deployments], "nextLink": None})


async def described(request: Request) -> Response:
    """GET …/deployments/{d}"""
    check(request)
    found = _found(request)
    return JSONResponse(deployment_shape(request, found), headers=None if found.ready else {"retry-after": "1"})


async def put(request: Request) -> Response:
    """PUT …/deployments/{d}: 201 and "Creating" for a new one, 200 for one that is changed"""
    check(request)
    account, name = account_of(request), request.path_params["d"]
    body = await _body(request)
    properties = _object(body, "properties")
    model, version, tuned = _model(_object(properties, "model"), account)
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{2,64}", name):
        raise error(400, "InvalidDeploymentName", f"The deployment name '{name[:80]}' is invalid.")
    sku, capacity = _sku(_object(body, "sku"), model)
    _check_alone(request)
    existing = account.deployments.get(name)
    _check_quota(account, model, sku, capacity, existing)
    made = Deployment(
        name,
        model,
        version=version,
        sku=sku,
        capacity=capacity,
        rai_policy=_text(properties, "raiPolicyName") or "Microsoft.DefaultV2",
        upgrade=_upgrade(properties),
        tags=_tags(body),
        tuned=tuned,
        ready_at=time.time() + (0 if existing else CREATION_SECONDS),
    )
    account.deployments[name] = made
    if existing is not None:
        made.created = existing.created
        return JSONResponse(deployment_shape(request, made))
    address = operation_address(request, made.operation)
    return JSONResponse(
        deployment_shape(request, made), 201, headers={"azure-asyncoperation": address, "retry-after": "1"}
    )


async def patch(request: Request) -> Response:
    """PATCH …/deployments/{d}: other tags, another capacity"""
    check(request)
    account, existing = account_of(request), _found(request)
    body = await _body(request)
    _check_alone(request)
    tags = _tags(body) if "tags" in body else existing.tags
    if "sku" in body:
        given = {"name": existing.sku, "capacity": existing.capacity, **_object(body, "sku")}
        sku, capacity = _sku(given, existing.model)
        if sku != existing.sku:
            message = "The SKU of a deployment can't be patched to another one; PUT replaces it."
            raise error(400, "InvalidResourceProperties", message, "sku.name")
        _check_quota(account, existing.model, sku, capacity, existing)
        existing.resize(capacity)
    existing.tags, existing.modified = tags, time.time()
    return JSONResponse(deployment_shape(request, existing))


async def delete(request: Request) -> Response:
    """DELETE …/deployments/{d}: 204 where there is none"""
    check(request)
    deployments, name = account_of(request).deployments, request.path_params["d"]
    if name not in deployments:
        return Response(status_code=204)
    _check_alone(request)
    del deployments[name]
    return Response(status_code=200)


async def skus(request: Request) -> Response:
    """GET …/deployments/{d}/skus"""
    check(request)
    kind, capacity = "Microsoft.CognitiveServices/accounts/deployments", {"minimum": 1, "maximum": QUOTA, "step": 1}
    found = [
        {"resourceType": kind, "sku": {"name": sku}, "capacity": capacity} for sku in skus_of(_found(request).model)
    ]
    return JSONResponse({"value": found, "nextLink": None})


async def operation(request: Request) -> Response:
    """GET …/operationResults/{o}: how far the making of a deployment is"""
    check(request)
    wanted = request.path_params["o"]
    made = next((one for one in account_of(request).deployments.values() if one.operation == wanted), None)
    if made is None:
        raise error(404, "OperationNotFound", f"The operation '{wanted[:80]}' was not found.")
    shown = {"id": request.url.path, "name": wanted, "status": "Succeeded" if made.ready else "InProgress"}
    return JSONResponse(shown, headers=None if made.ready else {"retry-after": "1"})


def used(account: Account, model: catalog.Model, sku: str) -> int:
    """What of a model's quota under a SKU is taken, in units of 1,000 tokens a minute."""
    deployments = account.deployments.values()
    return sum(one.capacity for one in deployments if one.model.name == model.name and one.sku == sku)


def _found(request: Request) -> Deployment:
    deployments, name = account_of(request).deployments, request.path_params["d"]
    if name not in deployments:
        raise error(404, "DeploymentNotFound", f"The deployment '{name}' of account '{NAME}' was not found.")
    return deployments[name]


def _check_alone(request: Request) -> None:
    """Refuse to change an account while one of its deployments is being made, as Azure does."""
    if any(not one.ready for one in account_of(request).deployments.values()):
        raise error(
            409,
            "RequestConflict",
            f"Another operation is being performed on the parent resource '{account_id(request)}'. Please try again later.",
        )


def _model(wanted: dict[str, Any], account: Account) -> tuple[catalog.Model, str, str]:
    """The model that is asked for, its version, and the fine-tuned model's name where it is one."""
    name, version = wanted.get("name"), wanted.get("version")
    if wanted.get("format", "OpenAI") == "OpenAI" and isinstance(name, str):
        if job := tuned_models(account).get(name):
            base = catalog.model(job.model)
            assert base is not None  # the job was refused otherwise
            return base, _TUNED_VERSION, name
        for model in catalog.versions(name):
            if model.operations and version in (None, "", model.version):
                return model, model.version, ""
    raise error(
        400,
        "DeploymentModelNotSupported",
        f"The model 'Format:{wanted.get('format')},Name:{name},Version:{version}' of account deployment is not supported.",
    )


def _check_quota(account: Account, model: catalog.Model, sku: str, capacity: int, existing: Deployment | None) -> None:
    own = existing.capacity if existing and existing.model.name == model.name and existing.sku == sku else 0
    left = QUOTA - used(account, model, sku) + own
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
    wanted = _text(properties, "versionUpgradeOption") or _UPGRADES[0]
    if wanted not in _UPGRADES:
        raise error(400, "InvalidVersionUpgradeOption", f"'{wanted[:40]}' is none of {', '.join(_UPGRADES)}.")
    return wanted


async def _body(request: Request) -> dict[str, Any]:
    try:
        return await json_body(request)
    except AzureError as refused:
        if refused.status != 400:
            raise
        raise error(400, "InvalidRequestContent", f"The request content was invalid: {refused}") from None


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise error(400, "InvalidRequestContent", f"The request content was invalid: '{name}' must be an object.", name)
    return value


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name) or ""
    if not isinstance(value, str):
        raise error(400, "InvalidRequestContent", f"The request content was invalid: '{name}' must be a string.", name)
    return value


def _tags(body: dict[str, Any]) -> dict[str, str]:
    tags = _object(body, "tags")
    return {name: _text(tags, name) for name in tags}
