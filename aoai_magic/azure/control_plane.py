"""The control plane: which deployments a resource has, made and removed through Azure Resource Manager.

The local service answers the same calls, so that what is learned here holds there. Shapes and versions are those of
azure-mgmt-cognitiveservices 14.1.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from .. import settings
from ..errors import AoaiError, AuthenticationError, RequestRefusedError, ServiceError, SettingsError
from ..explain import explained
from ..settings import Target
from ..transport import LOCAL_URL, PROOF
from ..visible import visible

if TYPE_CHECKING:
    import httpx2

#: Resource Manager's address in each of Azure's clouds, by the end of a resource's host name.
RESOURCE_MANAGERS = {
    ".azure.us": "https://management.usgovcloudapi.net",
    ".azure.cn": "https://management.chinacloudapi.cn",
    "": "https://management.azure.com",
}
_API, _SUBSCRIPTIONS_API = "2025-09-01", "2022-12-01"
_PROVIDER = "providers/Microsoft.CognitiveServices"
#: The local service has this one account, in whatever subscription and resource group.
_LOCAL_ACCOUNT = f"/subscriptions/local/resourceGroups/local/{_PROVIDER}/accounts/local"
_UNDER_WAY = ("Accepted", "Creating", "Moving", "Deleting")


class ControlPlane:
    """The control plane of the resource that a connection's requests go to; made by `Connection.control_plane`.

    Azure's wants a sign-in with Entra ID (`az login`) whatever the connection itself is proved by; a resource's key
    opens the data plane only. The subscription is searched for unless the connection names one.

    >>> import aoai_magic as aoai
    >>> plane = aoai.connect("local").control_plane
    >>> [one["model"] for one in plane.deployments() if one["name"] == "gpt-4o"]
    ['gpt-4o']
    """

    def __init__(self, target: Target, http: httpx2.Client) -> None:
        if target.kind not in ("azure", "local"):
            raise SettingsError(
                f"{target.endpoint} has no deployments.",
                "Deployments are Azure's; elsewhere a model is asked for by its own name.",
                "%aoai models",
            )
        self._target, self._http = target, http
        #: The deployments as they were last listed, by name.
        self.seen: dict[str, dict[str, Any]] = {}
        #: Where the resource is, such as "westeurope", on which prices depend; None until it was found.
        self.region: str | None = None
        self._manager = LOCAL_URL if target.kind == "local" else _manager(target)
        self._account = _LOCAL_ACCOUNT if target.kind == "local" else ""

    def deployments(self) -> list[dict[str, Any]]:
        """The deployments, each with name, model, version, sku, capacity, tpm, rpm and state.

        `capacity` is in the SKU's unit (1,000 tokens a minute for standard kinds, PTUs for provisioned ones); `tpm` and
        `rpm` are its tokens and requests a minute, None where the service doesn't say. Raises AuthenticationError,
        SettingsError where no such resource is found, NoAnswerError.
        """
        rows = [_row(one) for one in self._pages(f"{self._found()}/deployments")]
        self.seen = {row["name"]: row for row in rows}
        return rows

    def quotas(self) -> list[dict[str, Any]]:
        """The quotas that hold for the resource, each with sku, model, used, limit and free, in the SKU's unit.

        For standard kinds a unit is 1,000 tokens a minute. Raises what `deployments` raises.

        >>> import aoai_magic as aoai
        >>> "GlobalStandard" in {one["sku"] for one in aoai.connect("local").control_plane.quotas()}
        True
        """
        return [found for one in self._pages(f"{self._found()}/usages") if (found := _quota(one))]

    def deploy(
        self,
        name: str,
        model: str,
        *,
        version: str | None = None,
        sku: str = "GlobalStandard",
        capacity: int = 10,
        policy: str | None = None,
    ) -> dict[str, Any]:
        """Make a deployment, or change the one of that name, and return its row once it is ready (at most 10 minutes).

        `policy` is the name of a content filter's configuration in the resource, by default Microsoft's own; on the
        local service one with "async" in its name filters asynchronously. Raises RequestRefusedError for what the
        service refuses (a model or SKU it doesn't offer, quota that is used up).

        >>> import aoai_magic as aoai
        >>> plane = aoai.connect("local").control_plane
        >>> plane.deploy("small", "gpt-4o", sku="Standard", capacity=1)["tpm"]
        1000
        >>> plane.remove("small")
        """
        named = {"format": "OpenAI", "name": model} | ({"version": version} if version else {})
        properties = {"model": named} | ({"raiPolicyName": policy} if policy else {})
        body = {"sku": {"name": sku, "capacity": capacity}, "properties": properties}
        path = f"{self._found()}/deployments/{quote(name, safe='')}"
        made = self._send("PUT", path, body)
        waited_until = time.monotonic() + 600
        while made["properties"].get("provisioningState") in _UNDER_WAY and time.monotonic() < waited_until:
            time.sleep(0.3 if self._target.kind == "local" else 3)
            made = self._send("GET", path)
        if made["properties"].get("provisioningState") != "Succeeded":
            raise ServiceError(
                f"The deployment {name!r} isn't ready: it is {made['properties'].get('provisioningState')}.",
                "",
                "%aoai deployments shows how it goes on.",
            )
        return _row(made)

    def remove(self, name: str) -> None:
        """Delete a deployment; nothing happens where there is none.

        On Azure its quota stays taken for up to 48 hours.
        """
        self._send("DELETE", f"{self._found()}/deployments/{quote(name, safe='')}")

    def _found(self) -> str:
        """The account's resource id, looked for once: the account that has the connection's host as an address."""
        if not self._account:
            host = (urlsplit(self._target.endpoint or "").hostname or "").lower()
            for subscription in self._subscriptions():
                for account in self._pages(f"/subscriptions/{subscription}/{_PROVIDER}/accounts"):
                    if host in _hosts(account):
                        self._account = str(account["id"])
                        self.region = str(account.get("location") or "").lower().replace(" ", "") or None
                        return self._account
            raise SettingsError(
                f"No resource with the address {self._target.endpoint} is among those that you may see.",
                "Seeing it takes the role Reader or Cognitive Services User on it, and a sign-in to its tenant.",
                "az login --tenant TENANT, or aoai.connect(URL, subscription='ID')",
            )
        return self._account

    def _subscriptions(self) -> Iterator[str]:
        if self._target.subscription:
            yield self._target.subscription
        else:
            for found in self._pages("/subscriptions", _SUBSCRIPTIONS_API):
                yield found["subscriptionId"]

    def _pages(self, path: str, version: str = _API) -> Iterator[dict[str, Any]]:
        page = self._send("GET", path, version=version)
        yield from page["value"]
        while page.get("nextLink"):
            page = self._send("GET", page["nextLink"], version="")
            yield from page["value"]

    def _send(self, method: str, path: str, body: object = None, *, version: str = _API) -> Any:
        url = f"{self._manager}{path}" if path.startswith("/") else path
        if settings.origin(url) != self._manager:
            raise ServiceError(f"The next page of a list is said to be at {url[:120]}", "That isn't Resource Manager.")
        parameters = {"api-version": version} if version else None
        proof = {} if self._target.kind == "local" else {PROOF: (self._manager, self._token)}
        with explained(self._target):
            answer = self._http.request(method, url, params=parameters, json=body, extensions=proof, timeout=60)
        if not answer.is_success:
            raise _refused(answer, method)
        return answer.json() if answer.content else {}

    def _token(self) -> str:
        from azure.identity import DefaultAzureCredential

        credential: Any = self._target.credential or DefaultAzureCredential()
        token: str = credential.get_token(f"{self._manager}/.default").token
        return token


def _manager(target: Target) -> str:
    host = urlsplit(target.endpoint or "").hostname or ""
    return next(address for end, address in RESOURCE_MANAGERS.items() if host.endswith(end))


def _row(one: dict[str, Any]) -> dict[str, Any]:
    properties, sku = one.get("properties") or {}, one.get("sku") or {}
    model = properties.get("model") or {}
    limits = {
        limit.get("key"): limit["count"] * 60 / (limit.get("renewalPeriod") or 60)
        for limit in properties.get("rateLimits") or []
        if limit.get("count")
    }
    return {
        "name": visible(str(one.get("name"))),
        "model": visible(str(model.get("name"))),
        "version": visible(str(model.get("version") or "")),
        "sku": visible(str(sku.get("name"))),
        "capacity": sku.get("capacity"),
        "tpm": round(limits["token"]) if "token" in limits else None,
        "rpm": round(limits["request"]) if "request" in limits else None,
        "state": properties.get("provisioningState"),
    }


def _quota(one: dict[str, Any]) -> dict[str, Any] | None:
    """A row of `quotas`; None for what limits something else than deployments."""
    words = str((one.get("name") or {}).get("value") or "").split(".", 2)
    if len(words) < 3 or words[0] != "OpenAI":
        return None
    used, limit = one.get("currentValue") or 0, one.get("limit") or 0
    return {"sku": visible(words[1]), "model": visible(words[2]), "used": used, "limit": limit, "free": limit - used}


def _hosts(account: dict[str, Any]) -> set[str]:
    """All host names under which an account is reached."""
    properties = account.get("properties") or {}
    addresses = [properties.get("endpoint"), *(properties.get("endpoints") or {}).values()]
    return {(urlsplit(address).hostname or "").lower() for address in addresses if address}


def _refused(answer: Any, method: str) -> AoaiError:
    try:
        found = answer.json()["error"]
        code, message = str(found.get("code") or ""), str(found.get("message") or "")
    except (ValueError, LookupError, TypeError, AttributeError):
        found, code, message = answer.text, "", answer.text[:300]
    known: dict[str, Any] = {
        "status": answer.status_code,
        "code": code or None,
        "request_id": answer.headers.get("x-ms-request-id") or answer.headers.get("apim-request-id"),
        "body": found,
    }
    if answer.status_code in (401, 403):
        role = "Reader" if method == "GET" else "Cognitive Services Contributor"
        return AuthenticationError(
            f"Resource Manager refused: {code or answer.status_code}.",
            message,
            f"az login; then ask for the role {role} on the resource.",
            **known,
        )
    fix = "%aoai deployments shows what there is." if "Quota" in code or "Deployment" in code else ""
    return RequestRefusedError(f"Resource Manager refused: {code or answer.status_code}.", message, fix, **known)
