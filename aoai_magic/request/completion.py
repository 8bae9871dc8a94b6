"""The body of a request for the continuation of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import SettingsError, a_kind
from .parameters import counted


def completion_body(
    prompt: str, deployment: str, *, stop: str | Sequence[str] | None = None, **params: Any
) -> dict[str, Any]:
    """Return the JSON body of a request for the continuation of a text; what is None isn't in it.

    >>> completion_body("Once upon a", "gpt-35-turbo-instruct", max_tokens=5, suffix=None)
    {'model': 'gpt-35-turbo-instruct', 'prompt': 'Once upon a', 'max_tokens': 5}
    """
    if not isinstance(prompt, str):
        raise SettingsError(
            f"{a_kind(prompt)} can't be continued.",
            "The prompt is one text; messages are for chat deployments.",
            'aoai.complete("Once upon a time")',
        )
    given = {"stop": [stop] if isinstance(stop, str) else stop, **params}
    return {
        "model": deployment,
        "prompt": prompt,
        **counted({name: value for name, value in given.items() if value is not None}),
    }
