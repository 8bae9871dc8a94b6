"""What an HTTP request asks for, in the same words whichever host, account and API it goes to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

_INFERENCE = (
    "chat/completions|completions|embeddings|responses|images/generations|images/edits|images/variations|"
    "audio/speech|audio/transcriptions|audio/translations|moderations"
)
_DATA_PLANE = re.compile(
    rf".*?/(?:deployments/(?P<model>[^/]+)/)?(?P<operation>{_INFERENCE})/?$|.*?/(?:openai/v1|openai|v1)/(?P<rest>.+)$"
)
_MANAGEMENT = re.compile(r"/(subscriptions|providers)(/|$)", re.IGNORECASE)
# What names somebody's account in an address of Resource Manager.
_WHOSE = tuple(
    (re.compile(rf"(?<=/{kind}/)[^/]+", re.IGNORECASE), f"{{{name}}}")
    for kind, name in (("subscriptions", "subscription"), ("resourceGroups", "group"), ("accounts", "account"))
)
#: Names of parameters whose values are nobody's business.
SECRET = re.compile("key|sig|token|code|secret", re.IGNORECASE)
# Answers that hold keys, or prove something to whoever asks.
_NEVER = re.compile(r"/(list|regenerate)[a-z]*(keys?|secrets?|tokens?)$|/aoai/health$", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """What a request asks for.

    `operation` is such as "chat/completions" or "GET models", `model` what the address names, if it does. `inference`
    is whether a model is asked: then the body is the question, and each cell run begins anew. `writes` is whether it
    changes the account; `secret` whether its answer must not be kept.
    """

    operation: str
    model: str | None = None
    inference: bool = False
    writes: bool = False
    secret: bool = False


def read(method: str, url: str) -> Address:
    """Read what a request asks for.

    >>> read("POST", "https://contoso.openai.azure.com/openai/deployments/mine/chat/completions?api-version=2024-10-21")
    Address(operation='chat/completions', model='mine', inference=True, writes=False, secret=False)
    >>> read("GET", "https://management.azure.com/subscriptions/7/resourceGroups/rg/x/accounts/a/deployments/d").operation
    'GET /subscriptions/{subscription}/resourceGroups/{group}/x/accounts/{account}/deployments/d'
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    secret = bool(_NEVER.search(path))
    if _MANAGEMENT.match(path):
        for pattern, instead in _WHOSE:
            path = pattern.sub(instead, path)
        writes = method not in ("GET", "HEAD")
        return Address(f"{method} {path}{_query(parts.query)}", writes=writes, secret=secret)
    found = _DATA_PLANE.match(path)
    if found and found["operation"] and method == "POST":
        return Address(found["operation"], found["model"], inference=True)
    rest = found["rest"] if found and found["rest"] else path
    # The local service's faults are no part of Azure's API, and change what comes next as a deployment does.
    writes = path.startswith("/aoai/") and method != "GET"
    return Address(f"{method} {rest}{_query(parts.query)}", writes=writes, secret=secret)


def _query(query: str) -> str:
    kept = sorted((name, value) for name, value in parse_qsl(query) if name.lower() != "api-version")
    words = [f"{name}={_kept(name, value)}" for name, value in kept]
    return f"?{'&'.join(words)}" if words else ""


def _kept(name: str, value: str) -> str:
    if "token" in name.lower():
        return opaque(value)
    return "•••" if SECRET.search(name) else value


def opaque(value: str) -> str:
    """What stands for a value that says where a list goes on, and perhaps more; for what stands for one, itself.

    >>> opaque(opaque("secret")) == opaque("secret")
    True
    """
    return value if re.fullmatch("~[0-9a-f]{12}", value) else f"~{hashlib.sha256(value.encode()).hexdigest()[:12]}"
