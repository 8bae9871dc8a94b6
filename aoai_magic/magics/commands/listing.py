"""What the service has: deployments, models."""

from __future__ import annotations

from typing import Any

from ..arguments import Option
from .command import Command


def _deployments(options: dict[str, Any]) -> Any:
    from ...operations.listing import deployments

    return deployments()


def _models(options: dict[str, Any]) -> Any:
    from ...operations.listing import models

    return models(options.get("name", ""))


COMMANDS = {
    "deployments": Command(
        "List the deployments of the resource: name, model, version, SKU, capacity, tokens and requests a minute.",
        _deployments,
    ),
    "models": Command(
        "List the models that the service offers.",
        _models,
        (Option(("--name",), "only models whose name contains this", "NAME", positional=True),),
        "%aoai models gpt-4.1",
    ),
}
