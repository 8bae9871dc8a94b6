"""What a whole table will cost, before any of it is sent: tokens, price range, minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from ..base_reply import sum_known
from ..estimates import Estimate, count_of
from ..tokens import Part
from .plan import Plan, Planned


@dataclass(frozen=True, repr=False)
class TableEstimate(Estimate):
    """What a prompt over a table will cost; see `Estimate`. `parts` are those of all requests together.

    `choices` are the requests, `max_tokens` the most that each answer can have. `row_count` are the rows; `repeated` of
    them are answered by another's request, `answered` by a run that was cut or by recordings, and `refused` can't be
    sent. `seconds` is how long the deployment's limits make it take, None where they aren't known.

    >>> import aoai_magic as aoai
    >>> aoai.estimate_map("Shout: {{ value }}", ["one", "two"], deployment="gpt-4o", max_tokens=10).prompt_tokens
    22
    """

    row_count: int = 0
    repeated: int = 0
    answered: int = 0
    refused: int = 0
    seconds: float | None = None
    limits: str = ""
    least: float | None = 0.0
    most: float | None = 0.0

    @property
    def cheapest(self) -> float | None:
        return self.least

    @property
    def dearest(self) -> float | None:
        return self.most

    def rows(self) -> list[tuple[str, str, str]]:
        spared = [
            f"{self.repeated:,} rows repeat another" if self.repeated else "",
            f"{self.answered:,} are answered already" if self.answered else "",
            f"{self.refused:,} can't be sent" if self.refused else "",
        ]
        of_one = ("context window", "rate limit")
        rows = [
            ("rows", f"{self.row_count:,}", ""),
            ("requests", f"{self.choices:,}", ", ".join(filter(None, spared))),
            *(row for row in super().rows() if row[0] not in of_one),
        ]
        bound = "at most" if self.sku.endswith("Batch") else "at least"
        return rows if self.seconds is None else [*rows, ("time", f"{in_words(self.seconds)} {bound}", self.limits)]

    def reply_row(self) -> tuple[str, str, str]:
        most = "unknown" if self.max_tokens is None else f"up to {count_of(self.max_tokens)}"
        return "each answer", most, ""


def estimate(plan: Plan, answered: Collection[str]) -> TableEstimate:
    """Add up what a plan's requests cost, but for those whose keys are answered already."""
    left = [one for one in plan.requests if one.key not in answered]
    some = (left or plan.requests)[0].estimate
    parts: Counter[str] = Counter()
    guessed: set[str] = set()
    for one in left:
        for part in one.estimate.parts:
            parts[part.name] += part.tokens
            guessed |= {part.name} if part.estimated else set()
    warnings = Counter(warning for one in left for warning in one.estimate.warnings)
    seconds, limits = _pace(plan, left)
    return TableEstimate(
        deployment=plan.deployment,
        known=plan.known,
        parts=tuple(Part(name, tokens, estimated=name in guessed) for name, tokens in parts.items()),
        choices=len(left),
        max_tokens=some.max_tokens,
        price=some.price,
        sku=some.sku,
        region=some.region,
        where=some.where,
        local=some.local,
        arrival=sum(one.estimate.arrival for one in left),
        headroom=plan.connection.headroom(plan.deployment),
        warnings=tuple(
            warning if count == len(left) else f"{count:,} rows: {warning}" for warning, count in warnings.items()
        ),
        row_count=len(plan.table),
        repeated=plan.repeated,
        answered=len(plan.requests) - len(left),
        refused=len(plan.refused),
        seconds=seconds,
        limits=limits,
        least=sum_known(one.estimate.cheapest for one in left),
        most=sum_known(one.estimate.dearest for one in left),
    )


def _pace(plan: Plan, left: list[Planned]) -> tuple[float | None, str]:
    """How many seconds the deployment's limits make it take, and what they are; None and "" where nobody has said."""
    headroom, listed = plan.connection.headroom(plan.deployment), plan.connection.listed(plan.deployment)
    tokens = headroom.token_limit if headroom else listed["tpm"] if listed else None
    requests = headroom.request_limit if headroom else listed["rpm"] if listed else None
    arrival = sum(one.estimate.arrival for one in left)
    found = [(arrival, tokens, "tokens"), (len(left), requests, "requests")]
    known = [(amount / limit, f"{limit:,} {what}") for amount, limit, what in found if limit]
    limits = f"at {' and '.join(words for _, words in known)} a minute"
    return (60 * max(share for share, _ in known), limits) if known else (None, "")


def in_words(seconds: float) -> str:
    """A time to wait, as one says it.

    >>> in_words(7), in_words(100), in_words(7300)
    ('7 s', '2 min', '2.0 h')
    """
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
