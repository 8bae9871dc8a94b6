"""A request as code that sends it: a script for the openai SDK, a curl line, a line of a batch.

No key is ever in it, and no signature of an address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ..errors import SettingsError
from ..render import Code
from ..secret import unsigned
from ..settings import Target
from . import python, shell
from .address import path
from .json_text import json_lines, json_text

#: The forms that a request can have, and how each is highlighted.
LANGUAGES = {"python": "python", "curl": "bash", "jsonl": "json"}
# What the Batch API runs (learn.microsoft.com, "Getting started with Azure OpenAI batch deployments").
_BATCHED = ("chat", "completions", "responses", "embeddings")


def code(language: str, operation: str, body: Mapping[str, Any], target: Target) -> Code:
    """Return the code that sends a request's body to a target: "python", "curl" or "jsonl", a line of the Batch API.

    `operation` is one of `request.PATHS`. Keys are named by their variables; where a signed address needs its
    signature, SIGNATURE stands. Raises SettingsError for an operation that has no such form.

    >>> code("jsonl", "embeddings", {"model": "m", "input": ["a"]}, Target("local"))[35:]
    '"method": "POST", "url": "/v1/embeddings", "body": {"model": "m", "input": ["a"]}}'
    """
    body = {"model": body["model"], **unsigned(body)}  # first, in whatever order a release of the SDK has sent it
    if language == "python":
        text = python.script(operation, body, target)
    elif language == "curl":
        text = shell.line(operation, body, target)
    else:
        text = _batch_line(operation, body, target)
    return Code(text, LANGUAGES[language])


def request(body: Mapping[str, Any]) -> Code:
    """Return a request's body as JSON, to be shown; the files of a form are named.

    >>> print(request({"model": "gpt-4o"}))
    {"model": "gpt-4o"}
    """
    return Code(json_lines(unsigned(body)), "json")


def _batch_line(operation: str, body: Mapping[str, Any], target: Target) -> str:
    """A line of a batch's file; its custom_id is the body's own, so that lines of several cells go into one file."""
    if operation not in _BATCHED:
        raise SettingsError(
            f"Batches don't run {path(operation)}.", "They are for text and vectors.", "--code python, --code curl"
        )
    kept = {key: value for key, value in body.items() if key not in ("stream", "stream_options")}
    name = hashlib.sha256(json_text(kept).encode()).hexdigest()[:12]
    url = path(operation) if target.api_version else f"/v1{path(operation)}"
    return json_text({"custom_id": f"cell-{name}", "method": "POST", "url": url, "body": kept})
