"""What an answer may not take along into a recording: host, key, token, organisation, account.

Whatever the service and its address are called is known when a request is sent, and taken out wherever it stands. Of
the control plane's answers, which are about the account, only what isn't about whose it is stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ..secret import HIDDEN
from .addresses import SECRET, opaque
from .canonical import without_signatures
from .recording import Answer

if TYPE_CHECKING:
    import httpx2

#: What stands for the host that was asked, and for that of the connection: in a replay, the replaying one's are put in.
SERVICE, ACCOUNT = "service.invalid", "account.invalid"
# Shorter values of headers are words that may stand anywhere by chance.
_SHORTEST = 6
_HEADERS = re.compile(
    r"content-type|retry-after(-ms)?|x-ratelimit-.*|x-request-id|apim-request-id|openai-processing-ms|x-aoai-local-.*"
)
# Request headers whose values say nothing about anybody.
_HARMLESS = re.compile(r"accept.*|connection|content-(type|length)|host|user-agent|x-stainless-.*|idempotency-key")
_AZURE = re.compile(
    r"[a-z0-9-]+(?=\.(openai|cognitiveservices|services\.ai|api\.cognitive|blob\.core|documents|vault|azurewebsites|azure-api)\."
    r"(azure|microsoft|windows|azure-api|net)\b)",
    re.IGNORECASE,
)
_IN_PATH = re.compile(r"/(subscriptions|resourceGroups|accounts)/([^/]+)", re.IGNORECASE)
_WHOSE = re.compile(r"(?<=/)(subscriptions|resourceGroups|accounts|tenants)/[^/\"\\?\s]+", re.IGNORECASE)
_PLACES = {
    "subscriptions": "{subscription}",
    "resourcegroups": "{group}",
    "accounts": "{account}",
    "tenants": "{tenant}",
}
_GUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# As OpenAI's errors name who asks: organisation, project, user, and a key with its middle left out.
_ASKS = re.compile(r"\b(org-|proj_|user-|sk-)[\w*-]{6,}")
_NO_GUID = "00000000-0000-0000-0000-000000000000"
# Parts of a resource that are about its owner.
_OWNERS = (
    "systemData tags identity etag managedBy createdBy createdByType lastModifiedBy networkAcls privateEndpointConnections "
    "userOwnedStorage encryption keyVaultProperties tenantId homeTenantId managedByTenants authorizationSource "
    "customSubDomainName internalId apiProperties associatedProjects defaultProject"
).split()


def headers(given: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that are kept: its type, limits, ids and times."""
    return {
        name: value
        for name, value in sorted(given.items())
        if _HEADERS.fullmatch(name) and value.isascii() and value.isprintable()
    }


class Cleaner:
    """Takes out of one request and its answer what may be in no recording.

    `sent` is the request as it left, credential and all; `endpoint` the connection's own address, None for the local
    service, which is nobody's account.
    """

    def __init__(self, operation: str, sent: httpx2.Request, endpoint: str | None) -> None:
        self._nobodys = endpoint is None
        self._management = bool(re.match(r"[A-Z]+ /(subscriptions|providers)\b", operation, re.IGNORECASE))
        url, own = sent.url, urlsplit(endpoint or str(sent.url))
        found = {url.netloc.decode("ascii", "replace"): SERVICE} | {own.netloc: ACCOUNT}
        for name, value in sent.headers.items():
            if not _HARMLESS.fullmatch(name):
                found |= {one: HIDDEN for one in (value, value.removeprefix("Bearer ")) if len(one) >= _SHORTEST}
        for name, value in parse_qsl(url.query.decode("ascii", "replace")):
            if SECRET.search(name) and not name.startswith("$") and len(value) >= _SHORTEST:
                found[value] = HIDDEN
        # As JSON has them; the longer first, since one may be a part of another.
        self._values = [
            (json.dumps(value, ensure_ascii=False)[1:-1], found[value])
            for value in sorted(found, key=len, reverse=True)
        ]
        names = {unquote(name): _PLACES[kind.lower()] for kind, name in _IN_PATH.findall(url.path)}
        if _AZURE.match(own.netloc):
            names[own.netloc.partition(".")[0]] = "{account}"
        # Names may be plain words: they are looked for only where accounts are spoken of.
        self._names = [
            (re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])"), put) for name, put in names.items() if name[0] != "{"
        ]

    def request(self, request: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """A canonical request without them, and whether there were any."""
        clean: dict[str, Any] = self._clean(request, names=self._management)
        return clean, clean != request

    def answer(self, answer: Answer) -> Answer:
        """An answer without them."""
        names = self._management or answer.status >= 400
        data = answer.data
        for secret, put in self._values if data else ():
            data = data and data.replace(secret.encode(), put.encode())
        body = self._clean(answer.body, names=names)
        return replace(
            answer,
            headers={name: value for name, value in answer.headers.items() if not self._tells(value)},
            body=control_plane(body) if names and not self._nobodys else body,
            text=self._clean(answer.text, names=names),
            events=self._clean(answer.events, names=names),
            data=data,
        )

    def _tells(self, value: str) -> bool:
        return any(one in value for one, _ in self._values) or any(one.search(value) for one, _ in self._names)

    def _clean(self, value: Any, *, names: bool) -> Any:
        if value is None:
            return None
        text = before = json.dumps(value, ensure_ascii=False)
        for secret, put in self._values:
            if secret in text:
                text = text.replace(secret, put)
        text = without_signatures(text)
        # Errors are about whose account it is, also those that come in an answer that went well up to there.
        if (names or '"error": {' in text) and not self._nobodys:
            text = _anonymous(text)
            for pattern, put in self._names:
                text = pattern.sub(put, text)
        return value if text == before else json.loads(text)


def control_plane(body: Any) -> Any:
    """An answer of Resource Manager without what is about whose account it is.

    >>> control_plane({"id": "/subscriptions/7/resourceGroups/mine/x/accounts/a/deployments/d", "etag": "1", "name": "d"})
    {'id': '/subscriptions/{subscription}/resourceGroups/{group}/x/accounts/{account}/deployments/d', 'name': 'd'}
    """
    match body:
        case dict():
            kept = {name: control_plane(value) for name, value in body.items() if name not in _OWNERS}
            if "subscriptionId" in body:
                kept.pop("displayName", None)
            if str(body.get("type", "")).lower().endswith("/accounts") and "name" in kept:
                kept["name"] = "{account}"
            return kept
        case list():
            return [control_plane(one) for one in body]
        case str():
            text = _anonymous(body)
            return _next_page(text) if "token=" in text.lower() else text
    return body


def _anonymous(text: str) -> str:
    text = _WHOSE.sub(lambda found: f"{found[1]}/{_PLACES[found[1].lower()]}", text)
    text = _ASKS.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    return _AZURE.sub("account", _MAIL.sub("someone@example.invalid", _GUID.sub(_NO_GUID, text)))


def _next_page(url: str) -> str:
    address, _, query = url.partition("?")
    kept = [
        f"{name}={quote(opaque(value) if 'token' in name.lower() else value, safe='~')}"
        for name, value in parse_qsl(query)
    ]
    return f"{address}?{'&'.join(kept)}"


def put_back(text: str, asked: str, endpoint: str | None) -> str:
    """A recorded text, its placeholders filled with the hosts of here and now.

    They are those of the request and of the connection.
    """
    if SERVICE in text:
        text = text.replace(SERVICE, urlsplit(asked).netloc)
    return text.replace(ACCOUNT, urlsplit(endpoint or asked).netloc) if ACCOUNT in text else text
