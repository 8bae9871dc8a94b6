"""A request's body to its estimate: what can be counted is, and what can't is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import catalog
from ..catalog import Known, Model
from ..local.limits import arrival_tokens
from ..tokens import Part, chat_parts, count, count_many
from .headroom import Headroom
from .result import Estimate
from .warning import TEXT_LIMIT, warnings_of

# Parts of a message whose tokens a rule gives.
_COUNTED = {"text", "refusal", "image_url"}


def estimate(
    body: Mapping[str, Any],
    known: Known | None,
    *,
    sku: str = "GlobalStandard",
    region: str | None = None,
    where: str = "",
    local: bool,
    headroom: Headroom | None = None,
) -> Estimate:
    """Return the estimate of a request's body: one with messages, a prompt to be continued, or texts to be embedded.

    `known` is the model of its deployment, `sku` the kind of deployment and `region` where it is, `where` that in
    words, `local` whether the local service gets it, for nothing. Pictures at an address aren't measured, those for a
    model whose rule nobody documents not counted, nor are sound and files: a warning says so, and the dearest price is
    unknown then.
    """
    model, apart = known.model if known else None, priced_apart(body)
    messages, uncounted = _countable(body.get("messages", ()), model)
    given = body.get("max_completion_tokens") or body.get("max_tokens")
    limit = given or (model.max_output_tokens if model else 0) or None
    # Of a text's `best_of` continuations the best `n` are answered, and all are billed.
    choices = int(max(body.get("n") or 1, body.get("best_of") or 1))
    if "prompt" in body:
        parts = _text_parts(body, model.name if model else "gpt-35-turbo-instruct")
        limit = given or TEXT_LIMIT
    elif "input" in body:
        counts = count_many(body["input"], model.name if model else "text-embedding-3-small")
        parts = [Part(f"{len(counts):,} text{'s' * (len(counts) > 1)}", sum(counts))]
        choices = limit = 0
    else:
        schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
        parts = chat_parts(messages, model.name if model else "gpt-4o", body.get("tools"), schema)
    characters = (
        len(body.get("prompt", ""))
        + sum(map(len, body.get("input", ())))
        + sum(len(text) for message in messages for text in _texts(message))
    )
    return Estimate(
        deployment=str(body["model"]),
        known=known,
        parts=tuple(parts),
        choices=choices,
        max_tokens=None if uncounted else limit,
        price=catalog.price(model.id, sku=sku, region=region) if model and not apart else None,
        sku=sku,
        region=region,
        where=where,
        local=local,
        arrival=arrival_tokens(characters, (limit or 0) * choices),
        headroom=headroom,
        warnings=(
            *uncounted,
            *(f"The price is unknown: {one} costs apart." for one in apart),
            *warnings_of(body, known, parts, sku),
        ),
        request=body,
    )


def priced_apart(body: Mapping[str, Any]) -> list[str]:
    """What in a request costs otherwise than the tokens of its model do, by prices that the catalogue doesn't have.

    >>> priced_apart({"service_tier": "priority"}), priced_apart({"service_tier": "default"})
    (['service_tier=priority'], [])
    """
    tier, tools = body.get("service_tier"), body.get("tools") or []
    found = [f"service_tier={tier}"] if tier not in (None, "auto", "default") else []
    if "audio" in (body.get("modalities") or []):
        found.append("a spoken reply")
    if body.get("web_search_options") is not None:
        found.append("a search of the web")
    return [*found, *(str(one["type"]) for one in tools if one.get("type") not in ("function", "custom", None))]


def earlier(messages: Sequence[Mapping[str, Any]], known: Known | None, name: str) -> Part:
    """What messages add to the prompt that they go along with, as one part of that name."""
    kept, _ = _countable(messages, known.model if known else None)
    *parts, _ = chat_parts(kept, known.model.name if known else "gpt-4o")
    return Part(name, sum(part.tokens for part in parts), estimated=any(part.estimated for part in parts))


def _text_parts(body: Mapping[str, Any], model: str) -> list[Part]:
    parts = [Part("text", count(body["prompt"], model))]
    if suffix := body.get("suffix"):
        parts.append(Part("suffix", count(suffix, model), estimated=True))
    return parts


def _countable(messages: Any, model: Model | None) -> tuple[list[dict[str, Any]], list[str]]:
    """The messages without the parts that can't be counted, and what to say of those.

    Nobody fetches a picture for an estimate; and how many tokens sound and files are in a chat, no document says: the
    rule of tokens.count_audio is the realtime API's.
    """
    unruled = model is not None and model.vision is None and "image" in model.inputs
    kept, remote, others = [], 0, set()
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            here = [part for part in content if not _address(part)]
            remote += len(content) - len(here)
            kinds = {part["type"] for part in here}
            others |= kinds - (_COUNTED - {"image_url"} if unruled else _COUNTED)
            message = {**message, "content": [part for part in here if part["type"] not in others]}
        kept.append(dict(message))
    warnings = [f"{remote} picture{'s' * (remote > 1)} at an address can't be measured from here."] if remote else []
    for kind in sorted(others):
        what, where = ("A picture", f"for {model.name}") if model and kind == "image_url" else (kind, "in a chat")
        warnings.append(f"{what} isn't counted: no document says how many tokens it is {where}.")
    return kept, warnings


def _address(part: dict[str, Any]) -> bool:
    return part["type"] == "image_url" and str(part["image_url"]["url"])[:4].lower() == "http"


def _texts(message: Mapping[str, Any]) -> list[str]:
    content = message.get("content")
    if isinstance(content, list):
        return [part["text"] for part in content if isinstance(part.get("text"), str)]
    return [content] if isinstance(content, str) else []
