"""What the service has: deployments, quota, models; where a model is to be had: regions."""

from __future__ import annotations

from typing import Any

from ...errors import OptionError
from ...visible import visible
from ..arguments import Option
from .command import Command


def _deployments(options: dict[str, Any]) -> Any:
    from ...operations.listing import deployments

    return deployments()


def _models(options: dict[str, Any]) -> Any:
    from ...operations.listing import models

    return _found(models(options.get("name", "")), options, "models")


def _quota(options: dict[str, Any]) -> Any:
    from ...operations.listing import quota

    return _found(quota(options.get("name", "")), options, "quota")


def _found(table: Any, options: dict[str, Any], command: str) -> Any:
    """The table, or where a name leaves nothing of it, words that say so."""
    if len(table) or "name" not in options:
        return table
    return f"Nothing is there with {visible(repr(options['name']))} in its model's name. %aoai {command} lists all."


def _regions(options: dict[str, Any]) -> Any:
    from ...operations.listing import regions

    if "model" not in options:
        raise OptionError("No model is named.", "Each model has regions of its own.", "%aoai regions gpt-4.1")
    return regions(options["model"])


COMMANDS = {
    "deployments": Command(
        "List the deployments of the resource: name, model, version, SKU, capacity, tokens and requests a minute.",
        _deployments,
    ),
    "quota": Command(
        "Show how much of each quota is used: for standard kinds of deployments, in 1,000 tokens a minute.",
        _quota,
        (Option(("--name",), "only models whose name contains this", "NAME", positional=True),),
        "%aoai quota gpt-4.1",
    ),
    "regions": Command(
        "Show in which regions Azure offers a model, by type of deployment; nothing is asked.",
        _regions,
        (Option(("--model",), "the model", "MODEL", positional=True),),
        "%aoai regions gpt-4.1",
    ),
    "models": Command(
        "List the models that the service offers.",
        _models,
        (Option(("--name",), "only models whose name contains this", "NAME", positional=True),),
        "%aoai models gpt-4.1",
    ),
}
