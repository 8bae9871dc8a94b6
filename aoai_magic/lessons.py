"""The checks of the guided notebooks: right, or not yet with a nudge, offline, and never the answer."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import catalog, tokens
from .errors import AoaiError, ContentFilterError
from .estimates import Estimate
from .reply import Reply
from .safe_html import safe_html
from .visible import visible

#: A judge looks at an answer and returns "" if it is right, else the nudge that helps from there.
Judge = Callable[[Any], str]


@dataclass(frozen=True)
class Verdict:
    """What a check found: true if the answer is right."""

    right: bool
    text: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return visible(self.text)

    def _repr_html_(self) -> str:
        sign = "\u2713" if self.right else "\u2026"
        return safe_html(f"{sign} {self.text}")


def check(name: str, answer: Any) -> Verdict:
    """Grade the answer to an exercise of the guided notebooks. Raises AoaiError for an exercise that there isn't.

    >>> check("start-1", None)
    No answer yet: fill in the cell above, run it, and run this one again.
    """
    if name not in _JUDGES:
        raise AoaiError(
            f"There is no exercise {name!r}.", f"There are {', '.join(_JUDGES)}.", 'lessons.check("start-1", answer)'
        )
    if answer is None or answer is ...:
        return Verdict(False, "No answer yet: fill in the cell above, run it, and run this one again.")
    nudge = _JUDGES[name](answer)
    return Verdict(not nudge, f"Not yet: {nudge}" if nudge else "Right.")


def _cut_at_five(answer: Any) -> str:
    if nudge := _no_reply(answer):
        return nudge
    if answer.finish_reason != "length":
        return "that reply came to its own end. Something has to end it sooner; %%chat --help lists what can."
    if answer.usage is None or answer.usage.completion_tokens != 5:
        got = answer.usage.completion_tokens if answer.usage else "an unknown number of"
        return f"it was cut, but it has {got} tokens."
    return ""


def _beginning_before_rome(answer: Any) -> str:
    if not (isinstance(answer, tuple) and len(answer) == 2 and all(isinstance(part, str) for part in answer)):
        return "a beginning is a text, in quotes."
    beginning, completion = answer
    if "rome" in beginning.lower():
        return "the beginning says Rome itself."
    if "?" in beginning:
        return "that is a question. Write the sentence that would answer it, without its last word."
    if not completion.strip().startswith("Rome"):
        return f"the model went on with {completion.strip()[:40]!r}. What else could only be followed by Rome?"
    return ""


def _counted_to_seven(answer: Any) -> str:
    if nudge := _no_reply(answer):
        return nudge
    numbers = re.findall(r"\d+", answer.text)
    if answer.finish_reason == "length":
        return "that reply was cut by its limit of tokens. A stop sequence ends it at a text instead."
    if not answer.request.get("stop"):
        return "nothing was named for it to stop at."
    if not numbers or numbers[-1] != "7":
        return f"its last number is {numbers[-1]}." if numbers else "there is no number in it."
    return ""


def _told_of_oslo(answer: Any) -> str:
    if nudge := _no_reply(answer):
        return nudge
    messages = answer.request["messages"]
    roles = [message["role"] for message in messages if message["role"] != "system"]
    if "oslo" in str(messages[-1]["content"]).lower():
        return "the last message names the city already."
    if roles != ["user", "assistant", "user"]:
        return f"what was sent is {', '.join(roles)}; a conversation about it is user, assistant, user."
    if "oslo" not in answer.text.lower():
        return "the reply doesn't name the city. Was Oslo spoken of before, in a whole sentence?"
    return ""


def _asked_in_short(answer: Any) -> str:
    if not isinstance(answer, str):
        return "a prompt is a text, in quotes."
    count = tokens.count(answer, "gpt-4o")
    if count > 12:
        return f"that has {count} tokens."
    missing = next((word for word in ("capital", "australia") if word not in answer.lower()), "")
    return f"would you know what is asked? It doesn't say {missing!r}." if missing else ""


def _within_a_cent(answer: Any) -> str:
    if not isinstance(answer, Estimate):
        return f"that is a {type(answer).__name__}. What is asked for is what aoai.estimate returns."
    if answer.dearest is None or answer.max_tokens is None:
        return "its dearest price is unknown. Name the deployment gpt-4o, and a max_tokens."
    if answer.dearest > 0.01:
        return "in the worst case it costs more than a cent."
    longer = answer.cost(answer.max_tokens + 1)
    return "there is room for more." if longer is not None and longer <= 0.01 else ""


def _one_tile(answer: Any) -> str:
    if not (isinstance(answer, tuple) and len(answer) == 2 and all(type(side) is int and side > 0 for side in answer)):
        return "a size is two whole numbers in parentheses: (width, height)."
    width, height = answer
    if width * 3 != height * 4:
        return f"{width} x {height} isn't 4:3."
    tiles = tokens.count_image(width, height, "gpt-4o").tiles
    if tiles > 1:
        return f"that takes {tiles} tiles."
    return "" if tokens.count_image(width + 4, height + 3, "gpt-4o").tiles > 1 else "there is room in that tile."


def _cheapest_to_look_at(answer: Any) -> str:
    asked = ("gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5", "gpt-5-mini")
    if answer not in asked:
        return f"it is one of {', '.join(asked)}."
    costs = {}
    for name in asked:
        price = catalog.price(name)
        cost = price.cost(tokens.count_image(4000, 3000, name).total, 0) if price else None
        costs[name] = math.inf if cost is None else cost
    if costs[answer] == min(costs.values()):
        return ""
    return f"another one costs {min(costs.values()) / costs[answer]:.0%} of that."


def _told_apart(answer: Any) -> str:
    right = ["answered", "blocked", "cut", "answered"]
    given = list(answer) if isinstance(answer, list) else []
    if len(given) != len(right) or given[0] is ...:
        return "outcome returns nothing yet."
    if isinstance(given[1], ContentFilterError):
        return "a prompt was blocked, and the error came through. What catches it?"
    wrong = next((at for at, pair in enumerate(zip(given, right, strict=True)) if pair[0] != pair[1]), None)
    if wrong is None:
        return ""
    what = ("was answered", "was blocked", "was answered in part", "was answered, with a finding that blocks nothing")
    return f"prompt {wrong + 1} {what[wrong]}, and outcome says {given[wrong]!r}."


def _shown_with_care(answer: Any) -> str:
    if not (isinstance(answer, list) and all(isinstance(reply, Reply) for reply, _ in answer)):
        return "what is asked for is a list of replies, each with what is shown of it."
    for reply, shown in answer:
        source = (reply.filters.get("protected_material_code") or {}).get("citation") or {}
        if not isinstance(shown, str) or not shown.strip():
            return "shown has to return a text for every reply."
        if reply.finish_reason == "content_filter":
            if reply.text.strip() in shown:
                return "of a reply that was cut, what had arrived is shown."
        elif reply.text.strip() not in shown:
            return "a reply that the filter let pass isn't shown whole."
        if source.get("license", "") not in shown:
            return "a reply has code with a source, and its licence isn't shown."
    return ""


def _large_enough(answer: Any) -> str:
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return f"that is a {type(answer).__name__}. A number is asked for."
    if answer < 16:
        return (
            "the tokens don't fit: a request counts with its characters over four, and with all that it may generate."
        )
    if answer < 20:
        return "the tokens fit. How many requests a minute come with that?"
    return "" if answer == 20 else "that is more than is needed."


def _named_for_its_use(answer: Any) -> str:
    if nudge := _no_reply(answer):
        return nudge
    found = catalog.model(str(answer.body.get("model")))
    if found is None or found.name != "gpt-4.1-nano":
        return f"{answer.deployment!r} runs {found.name if found else 'another model'}."
    if catalog.model(answer.deployment):
        return f"{answer.deployment!r} is the name of a model. What is the deployment for?"
    return ""


def _gives_the_table(answer: Any) -> str:
    if not isinstance(answer, dict) or len(answer) < 9:
        return "what is asked for are the tokens of all nine pictures."
    if any(isinstance(given, bool) or not isinstance(given, int | float) for given in answer.values()):
        return "count has to return a number for every picture."
    wrong = {
        which: given for which, given in answer.items() if given != tokens.count_generated_image(which[1], which[0])
    }
    if not wrong:
        return ""
    (quality, size), given = next(iter(wrong.items()))
    right = tokens.count_generated_image(size, quality)
    why = ""
    if all(given < tokens.count_generated_image(size, quality) for (quality, size), given in wrong.items()):
        why = " All that differ are too few: what comes once with every row of patches?"
    return f"{len(answer) - len(wrong)} of {len(answer)} are right. {quality}, {size}: {right} in the table, {given} by yours.{why}"


def _two_posters(answer: Any) -> str:
    size, drawn = getattr(answer, "size", None), getattr(getattr(answer, "usage", None), "output_tokens", None)
    if size is None or drawn is None:
        return (
            f"that is a {type(answer).__name__}. What is asked for is the whole answer of images.generate, unstreamed."
        )
    if len(answer.data) != 2:
        return f"{len(answer.data)} came. How many are drawn is an option of the request."
    if size != "1024x1536":
        return f"{size} is not upright."
    if answer.background != "transparent":
        return "something is drawn behind the things on it."
    return "" if drawn <= 1000 else f"{drawn} tokens were drawn. What are they drafted in?"


def _no_reply(answer: Any) -> str:
    if isinstance(answer, Reply):
        return ""
    return f"that is a {type(answer).__name__}. What is asked for is the whole reply; how do you keep it in a variable?"


_JUDGES: dict[str, Judge] = {
    "start-1": _cut_at_five,
    "prompts-1": _beginning_before_rome,
    "prompts-2": _counted_to_seven,
    "prompts-3": _told_of_oslo,
    "tokens-1": _asked_in_short,
    "tokens-2": _within_a_cent,
    "vision-1": _one_tile,
    "vision-2": _cheapest_to_look_at,
    "image-1": _gives_the_table,
    "image-2": _two_posters,
    "deploy-1": _large_enough,
    "deploy-2": _named_for_its_use,
    "filter-1": _told_apart,
    "filter-2": _shown_with_care,
}
