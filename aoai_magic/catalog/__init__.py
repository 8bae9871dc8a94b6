"""Facts about models as data (models.toml, deployments.toml, prices.toml), and the few functions that read them."""

from .facts import EFFORTS, Known, Model, PatchRule, TileRule, known, model, models, read, versions
from .prices import Price, dollars, price

__all__ = [
    "EFFORTS",
    "Known",
    "Model",
    "PatchRule",
    "Price",
    "TileRule",
    "dollars",
    "known",
    "model",
    "models",
    "price",
    "read",
    "versions",
]
