"""The parameters that a model takes: what it is known to refuse isn't sent, and the error says why."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import Any

from ..catalog import Known
from ..errors import OptionError

# What a request that leaves it out asks for anyway, so that no model refuses it.
_DEFAULTS = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0, "parallel_tool_calls": True}
_SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logit_bias")
_OPTIONS = {
    "temperature": "-t",
    "top_p": "--top-p",
    "max_tokens": "--max-tokens",
    "reasoning_effort": "--effort",
    "verbosity": "--verbosity",
    "n": "-n",
    "seed": "--seed",
    "stop": "--stop",
    "logprobs": "--logprobs",
    "top_logprobs": "--logprobs",
    "tools": "--tools",
    "response_format": "--schema",
    "stream": "streaming",
}


# What is counted and paid for by the piece: from 1 on.
_COUNTS = ("n", "best_of", "max_tokens", "max_completion_tokens")


def counted(body: dict[str, Any]) -> dict[str, Any]:
    """The body with its counts as plain integers, NumPy's too.

    Raises OptionError for what is none: nothing could be foreseen.

    >>> counted({"n": 3})
    {'n': 3}
    """
    for name in _COUNTS:
        if name in body:
            try:
                number = 0 if isinstance(body[name], bool) else index(body[name])
            except TypeError:
                number = 0
            if number < 1:
                raise OptionError(
                    f"{name} can't be {body[name]!r}; nothing was sent.",
                    "It is a whole number, from 1 on.",
                    f"{option(name)} 3",
                )
            body[name] = number
    return body


def option(parameter: str) -> str:
    """What sets a parameter in a cell.

    >>> option("temperature"), option("logit_bias")
    ('-t', '--param logit_bias')
    """
    return _OPTIONS.get(parameter, f"--param {parameter}")


def refused(body: Mapping[str, Any], known: Known | None) -> list[str]:
    """The parameters in a body that the model of its deployment is known to refuse; none where the model is unknown.

    >>> from ..catalog import known
    >>> refused({"temperature": 0, "top_p": 1}, known("gpt-5"))
    ['temperature']
    """
    if known is None:
        return []
    found = [name for name in known.model.refuses if name in body and body[name] != _DEFAULTS.get(name)]
    effort = body.get("reasoning_effort")
    if effort is not None and effort not in known.model.efforts and "reasoning_effort" not in found:
        # Of some reasoning models the catalogue doesn't know the efforts.
        return found if known.model.reasoning and not known.model.efforts else [*found, "reasoning_effort"]
    return found


def takes(key: str, value: object, known: Known | None) -> bool:
    """Whether the model of a deployment isn't known to refuse an option, by its name in Python.

    >>> from ..catalog import known
    >>> takes("temperature", 0, known("gpt-5")), takes("max_tokens", 9, known("gpt-5"))
    (False, True)
    """
    if key == "max_tokens":  # it is sent under the name that the model has for it
        return True
    return not refused({"reasoning_effort" if key == "effort" else key: value}, known)


def refuse(body: Mapping[str, Any], known: Known | None) -> None:
    """Raise OptionError for the first parameter that the model would refuse, with the reason and what to type."""
    names = refused(body, known)
    if not names or known is None:
        return
    name, model = names[0], known.model
    takes = f"{name}={body[name]!r}" if name == "reasoning_effort" and model.efforts else name
    fix = f"Leave {option(name)} out."
    if name == "reasoning_effort" and model.efforts:
        fix = f"{option(name)} {'|'.join(model.efforts)}"
    if known.how == "name" and body["model"] not in (model.name, model.id):
        fix += f" If the deployment {body['model']!r} runs another model: %aoai connect … --serves MODEL"
    raise OptionError(f"{model.name} doesn't take {takes}; nothing was sent.", _reason(name, known), fix)


def _reason(name: str, known: Known) -> str:
    if name == "reasoning_effort":
        if known.model.efforts:
            return f"Its efforts are {', '.join(known.model.efforts)}."
        return "It doesn't think before it answers, so there is no effort to choose."
    if name == "verbosity":
        return "It came with GPT-5; earlier models choose for themselves how much they say."
    if known.model.reasoning and name in _SAMPLING:
        return "It is a reasoning model, and these choose their tokens in a way of their own."
    if known.model.reasoning and name in ("logprobs", "top_logprobs"):
        return "It is a reasoning model, and these don't tell how likely their tokens were."
    return "The documents of the service list it as not supported by that model."
