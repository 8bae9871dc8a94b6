"""What to know before a request is sent: that it will be refused, or that its model is about to go."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..catalog import Known, Model
from ..request import refused
from ..tokens import Part

_SOON = datetime.timedelta(days=90)
# The most tokens of a text's continuation where the request doesn't say: the default of max_tokens (learn.microsoft.com,
# Azure OpenAI REST API reference, Completions).
TEXT_LIMIT = 16


def warnings_of(body: Mapping[str, Any], known: Known | None, parts: Sequence[Part], sku: str) -> list[str]:
    """What will go wrong with a request, or be wasted: what the model refuses, what has no room, what is shrunk."""
    if known is None:
        return warnings_of_model(known)
    model = known.model
    warnings = [f"{model.name} refuses {name}." for name in refused(body, known)]
    warnings += _too_long(body, model, sum(part.tokens for part in parts), model.window(sku))
    warnings += warnings_of_model(known)
    shrunk = Counter(
        part.image.resized for part in parts if part.image and any("shrunk" in step for step in part.image.steps)
    )
    for (width, height), count in shrunk.items():
        what = "A picture is" if count == 1 else f"{count} pictures are"
        warnings.append(f"{what} shrunk to {width} x {height} px before {'it is' if count == 1 else 'they are'} seen.")
    return warnings


def _too_long(body: Mapping[str, Any], model: Model, prompt: int, window: int) -> list[str]:
    """What the service will refuse, because prompt or reply are longer than the model has room for."""
    if "input" in body or not window:
        return []
    longest = min(window, model.max_input_tokens or window)
    if prompt > longest:
        where = "the context window" if longest == window else f"{model.name}, which takes {longest:,}"
        return [f"The prompt has {prompt - longest:,} tokens too many for {where}."]
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or (TEXT_LIMIT if "prompt" in body else 0)
    if limit > model.max_output_tokens:
        return [
            f"{model.name} replies with {model.max_output_tokens:,} tokens at most: the service will refuse a limit of {limit:,}."
        ]
    if prompt + limit > window:
        if "prompt" in body:
            return ["Prompt and max_tokens together are more than the context window: the service will refuse it."]
        return [f"Prompt and reply share the context window, which leaves {window - prompt:,} tokens for the reply."]
    return []


def warnings_of_model(known: Known | None) -> list[str]:
    """What to know of a model before anything is sent to it: that it is unknown, or retired, or soon will be."""
    if known is None:
        return ["The model isn't known by the deployment's name: %aoai connect … --serves MODEL tells it."]
    model = known.model
    if model.retired():
        return [f"{model.id} is retired{f', since {model.retires}' if model.retires else ''}."]
    if model.retires and model.retires - datetime.date.today() < _SOON:
        successor = f"; its successor is {model.successor}" if model.successor else ""
        return [f"{model.id} retires on {model.retires}{successor}."]
    return []
