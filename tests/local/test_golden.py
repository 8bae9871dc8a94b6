"""Every route and every error as text: what is sent and what is answered, in golden/*.json, read by people.

A file is a list of exchanges, played in order against a fresh service. After a change of the service,

    GOLDEN=write python -m pytest tests/local/test_golden.py

writes the answers anew, and the diff is read like any other code. A new exchange needs only its "request" and, if it
has one, its "body". What varies stands as <name number>, the same value always as the same placeholder; a request can
name what an earlier answer brought. <5 times word > is a long text, and a body that is a text is sent as it is. "after"
waits that many seconds before, "until" asks again until the answer's "status" is that.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from aoai_magic.local import account, app, arm, arm_deployments, azure_errors
from aoai_magic.local.account import Account
from aoai_magic.local.echo import Echo
from aoai_magic.local.limits import Limits

from .serving import Served, serving

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))
# On every answer, so checked on each and shown on none; the limits of deployments that are as good as unlimited neither.
MANY = 16  # of a longer list, the catalogue of models say, the first two are shown
EVERYWHERE = {"apim-request-id", "x-request-id", "x-ms-region", "x-aoai-local-model"}
_SAFE = {category: {"filtered": False, "severity": "safe"} for category in ("hate", "self_harm", "sexual", "violence")}
_UNSEEN = {"filtered": False, "detected": False}
# What is the same so often that it would hide what isn't.
KNOWN = {
    "<safe prompt>": _SAFE | {"jailbreak": _UNSEEN},
    "<safe answer>": _SAFE | {"protected_material_code": _UNSEEN, "protected_material_text": _UNSEEN},
}
PLAIN = {"connection", "date", "server", "content-length", "transfer-encoding"}

# Azure's errors, one by one: which golden shows it, by file, status, code, and a piece of the message.
ERRORS = [
    ("errors_access", 401, "401", "Access denied due to invalid subscription key"),
    ("errors_access", 401, "PermissionDenied", "OpenAI/deployments/chat/completions/action` to perform"),
    ("errors_access", 401, "PermissionDenied", "OpenAI/responses/write` to perform `POST /openai/v1/responses`"),
    ("errors_access", 401, "PermissionDenied", "Principal does not have access to API/Operation."),
    ("errors_access", 403, "403", "Access denied due to Virtual Network/Firewall rules."),
    ("errors_access", 403, "403", "Public access is disabled. Please configure private endpoint."),
    ("errors_access", 403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource."),
    ("errors_address", 404, "DeploymentNotFound", "The API deployment for this resource does not exist."),
    ("errors_address", 404, "404", "Resource not found"),
    ("errors_address", 400, "BadRequest", "API version not supported"),
    ("errors_filter", 400, "content_filter", "management policy. Please modify your prompt and retry."),
    ("errors_limits", 429, "429", "have exceeded token rate limit of your current OpenAI S0 pricing tier."),
    ("errors_limits", 429, "429", "have exceeded call rate limit of your current OpenAI S0 pricing tier."),
    ("errors_limits", 429, "RateLimitReached", "have exceeded the token rate limit for your current AIServices S0"),
    ("errors_limits", 429, "RateLimitReached", "Please retry after 86400 seconds."),
    ("errors_limits", 429, "RateLimitReached", "Rate limit is exceeded. Try again in"),
    ("errors_limits", 429, "429", "The system is currently experiencing high demand"),
    (
        "errors_request",
        400,
        "context_length_exceeded",
        "in the functions). Please reduce the length of the messages or",
    ),
    ("errors_request", 400, "string_above_max_length", "Invalid 'tools[0].function.description': string too long."),
    ("errors_request", 400, "unsupported_parameter", "Use 'max_completion_tokens' instead."),
    ("errors_request", 400, "unsupported_value", "Only the default (1) value is supported."),
    ("errors_request", 400, "OperationNotSupported", "The chatCompletion operation does not work with the specified"),
    ("errors_service", 500, None, "The server had an error processing your request. Sorry about that!"),
    ("errors_service", 408, "Timeout", "The operation was timeout."),
    ("errors_service", 503, "ServiceUnavailable", "temporarily unavailable"),
    ("errors_service", 413, "413", "Request body too large."),
    ("errors_service", 431, "431", "Request header fields too large."),
]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fresh service whose limits see no time pass."""
    monkeypatch.setattr(account, "Limits", functools.partial(Limits, clock=lambda: 1000.0))
    monkeypatch.setattr(arm_deployments, "CREATION_SECONDS", 0.05)
    with serving(Account(Echo())) as running:
        yield running


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_answered_is_what_was_read(served: Served, path: Path) -> None:
    names = Names(served)
    exchanges = json.loads(path.read_text(encoding="utf-8"))
    played = [play(served, names, exchange) for exchange in exchanges]
    if os.environ.get("GOLDEN") == "write":
        path.write_text(pretty(played) + "\n", encoding="utf-8")
    assert played == exchanges


def play(served: Served, names: Names, exchange: dict[str, Any]) -> dict[str, Any]:
    """Send the request of an exchange, and return the exchange with what was answered now."""
    method, path = names.fill(exchange["request"]).split(" ", 1)
    headers = dict(names.fill(exchange.get("headers", {})))
    body = names.fill(exchange.get("body"))
    if isinstance(body, dict) and "form" in body:
        body, headers["content-type"] = multipart(body["form"])
    elif isinstance(body, str):
        body = body.encode()
    time.sleep(exchange.get("after", 0))
    deadline = time.monotonic() + 10
    answer = served.ask(path, body, method=method, **headers)
    while "until" in exchange and answer.json["status"] != exchange["until"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        answer = served.ask(path, body, method=method, **headers)
    answered = {name.lower(): value for name, value in answer.headers.items()}
    assert answered.keys() >= EVERYWHERE
    shown: dict[str, Any] = {name: value for name, value in answered.items() if name not in EVERYWHERE | PLAIN}
    if int(shown.get("x-ratelimit-limit-tokens", 0)) >= 10**9:
        shown = {name: value for name, value in shown.items() if not name.startswith("x-ratelimit-")}
    kind = shown.get("content-type", "").partition(";")[0]
    content: Any = None
    if kind == "application/json":
        del shown["content-type"]
        content = answer.json
    elif kind == "text/event-stream":
        content = answer.events
    elif answer.body:
        content = [json.loads(line) for line in answer.body.splitlines()]
    asked = {
        name: exchange[name] for name in ("about", "after", "until", "request", "headers", "body") if name in exchange
    }
    return {
        **asked,
        "status": answer.status,
        **({"answered headers": names.give(shown)} if shown else {}),
        "answer": names.give(content),
    }


class Names:
    """Gives each thing that varies a name, and gives the thing back for the name."""

    _VARYING = re.compile(
        r"(?P<prefix>[a-z_]+[-_])(?:(?=\w*[0-9A-Z])[A-Za-z0-9]{24,48}(?![A-Za-z0-9])|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
        r"|(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
        r"|(?P<proof>\b[0-9a-f]{64}\b)"
        r"|(?P<id>\b[0-9A-Za-z]{32}\b)"
        r"|(?P<etag>\"[0-9a-f]{11}\")"
        r"|(?P<host>127\.0\.0\.1:[0-9]+)"
        r"|(?P<time>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.+:]*)"
    )

    def __init__(self, served: Served) -> None:
        self._names: dict[str, str] = {key: f"<key {number}>" for number, key in enumerate(served.account.keys, 1)}
        self._names[f"127.0.0.1:{served.port}"] = "<host>"

    def give(self, value: Any, name: str = "") -> Any:
        """`value` with names for what varies."""
        if isinstance(value, dict):
            known = next((name for name, one in KNOWN.items() if one == value), None)
            return known or {self.give(key): self.give(one, key) for key, one in value.items()}
        if isinstance(value, list):
            shown = [self.give(one) for one in value[:2] if len(value) > MANY] or [self.give(one) for one in value]
            return [*shown, "<and more>"] if len(value) > MANY else shown
        if isinstance(value, str):
            if name in ("b64_json",):
                return f"<{base64.b64decode(value)[:4]!r} ...>"
            return self._VARYING.sub(self._named, value)
        if name.endswith(("created", "_at", "_finish")) and isinstance(value, int) and value > 1_700_000_000:
            return "<time>"
        return value

    def fill(self, value: Any) -> Any:
        """`value` with what the names in it stand for."""
        if isinstance(value, dict):
            return {name: self.fill(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if isinstance(value, str):
            for real, given in self._names.items():
                value = value.replace(given, real)
            return re.sub(r"<([0-9]+) times (.+?)>", lambda match: int(match[1]) * match[2], value)
        return value

    def _named(self, match: re.Match[str]) -> str:
        found = match[0]
        if found == "00000000-0000-0000-0000-000000000000":
            return found
        kind = match["prefix"].rstrip("-_") if match["prefix"] else match.lastgroup
        if kind in ("time", "etag"):
            return f"<{kind}>"
        if found not in self._names:
            number = 1 + sum(name.startswith(f"<{kind} ") for name in self._names.values())
            self._names[found] = f"<{kind} {number}>"
        return self._names[found]


def multipart(fields: dict[str, Any]) -> tuple[bytes, str]:
    """A form; a list of two is a file: its name, and its text, or base64 of a picture, or a list for JSON Lines."""
    parts = []
    for name, value in fields.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        content = value.encode() if isinstance(value, str) else b""
        if isinstance(value, list):
            filename, text = value
            text = "\n".join(json.dumps(line) for line in text) if isinstance(text, list) else text
            head += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
            content = base64.b64decode(text) if filename.endswith(".png") else text.encode()
        parts.append(b"--golden\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + b"--golden--\r\n", "multipart/form-data; boundary=golden"


def pretty(value: Any, indent: str = "") -> str:
    """JSON with each object and list on one line where it fits, so that a golden is short enough to be read."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= 130 or not value or not isinstance(value, dict | list):
        return line
    inner = indent + " "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + pretty(one, inner) for one in value) + f"\n{indent}]"
    members = (f"{inner}{json.dumps(name, ensure_ascii=False)}: {pretty(one, inner)}" for name, one in value.items())
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def asked() -> set[tuple[str, str]]:
    """Method and path, without the query, of everything that the goldens ask for."""
    requests = [exchange["request"] for path in FILES for exchange in json.loads(path.read_text(encoding="utf-8"))]
    return {(method, rest.partition("?")[0]) for method, rest in (request.split(" ", 1) for request in requests)}


def test_no_route_is_missing(served: Served) -> None:
    routes = [route for route in (*app._data_plane(), *arm.routes()) if route.path != "/openai/v1/openapi.json"]
    missing = []
    for route in routes:
        for method in sorted(route.methods - {"HEAD"}):
            if not any(method == one and route.path_regex.match(path) for one, path in asked()):
                missing.append(f"{method} {route.path}")
    # An address of the classic form with the same handler as on v1 is shown where its answer differs.
    v1 = {one for one in missing if "/openai/v1/" in one or "/openai/" not in one}
    assert not v1
    assert not {one for one in missing if "{deployment}" in one}


@pytest.mark.parametrize(("file", "status", "code", "message"), ERRORS)
def test_no_error_of_section_4_is_missing(file: str, status: int, code: str | None, message: str) -> None:
    exchanges = json.loads((GOLDEN / f"{file}.json").read_text(encoding="utf-8"))
    errors = [(one["status"], one["answer"]["error"]) for one in exchanges if one["status"] >= 400]
    assert [error for at, error in errors if at == status and error["code"] == code and message in error["message"]]


def test_every_error_from_outside_is_shown() -> None:
    faults = {
        exchange.get("headers", {}).get("x-aoai-fault")
        for path in FILES
        for exchange in json.loads(path.read_text(encoding="utf-8"))
    }
    assert {f"error={name}" for name in azure_errors.OUTSIDE} <= faults
