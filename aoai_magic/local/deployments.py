"""The deployments that the local service has from the start."""

from __future__ import annotations

from dataclasses import dataclass

from .. import catalog


@dataclass(frozen=True)
class Deployment:
    """A name under which a model is served."""

    name: str
    model: catalog.Model


def defaults() -> dict[str, Deployment]:
    """The default set, each named like its model."""
    models = [catalog.model(name) for name in ("gpt-4o", "gpt-4o-mini")]
    return {model.name: Deployment(model.name, model) for model in models if model}
