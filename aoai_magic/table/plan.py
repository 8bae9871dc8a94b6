"""What a map would send: the rows' requests, which of them are the same, and what they cost."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import AoaiError
from ..estimates import Estimate
from ..local.limits import arrival_tokens
from ..operations.answering import looked_up
from ..operations.planning import Api, api_of, body_of
from ..recordings import Mode, in_order, mode
from ..request import PATHS, refuse
from .prompts import Prompts
from .rows import Table

if TYPE_CHECKING:
    from ..catalog import Known
    from ..client import Connection


@dataclass(frozen=True)
class Planned:
    """One request: the rows that it answers, the key by which its answer is found again, and its estimate.

    `prompt_arrival` are the tokens that its prompt counts for on arrival, `limit` the most of its answer, where it sets
    one.
    """

    key: str
    rows: list[int]
    estimate: Estimate
    prompt_arrival: int
    limit: int | None

    @property
    def arrival(self) -> int:
        """What a service is taken to count it for on arrival, at least."""
        return self.prompt_arrival + (self.limit or 0)


@dataclass(frozen=True)
class Plan:
    """All of a map's requests, and for rows that can't be sent, why."""

    connection: Connection
    deployment: str
    known: Known | None
    table: Table
    prompts: Prompts
    requests: list[Planned]
    refused: dict[int, AoaiError]
    operation: Api

    def body(self, planned: Planned) -> dict[str, Any]:
        """The body of a request, made anew: pictures of all rows at once would fill the memory."""
        return body_of(self.operation, self.prompts.body(planned.rows[0]), self.known)

    @property
    def repeated(self) -> int:
        """How many rows are answered by the request of another."""
        return sum(len(one.rows) - 1 for one in self.requests)


def plan(
    connection: Connection, deployment: str, table: Table, prompts: Prompts, *, unique: bool, api: Api | None = None
) -> Plan:
    """Fill in every row, and count it. Nothing is sent.

    With `unique`, rows whose requests are equal are one request where their answers would be too: at temperature 0, or
    with a seed. A row that can't be filled in is refused; if none can, what is wrong with the first is raised.
    """
    known = connection.known(deployment)
    together: dict[str, Planned] = {}
    refused: dict[int, AoaiError] = {}
    operation: Api = "chat"
    seen: defaultdict[str, int] = defaultdict(int)
    for number in range(len(table)):
        try:
            body = prompts.body(number)
            estimate = connection.estimated(body, known)
        except AoaiError as error:
            refused[number] = error
            continue
        if not together:
            refuse(body, known)
            operation = api_of(connection, body, known, api)
        key = key_of(body)
        if not (unique and is_repeatable(body)):
            seen[key] += 1
            key = f"{key}-{seen[key]}" if seen[key] > 1 else key
        if key not in together:
            limit = body.get("max_completion_tokens") or body.get("max_tokens")
            together[key] = Planned(key, [], estimate, arrival_tokens(_characters(body), 0), limit)
        together[key].rows.append(number)
    if not together:
        raise refused[0]
    return Plan(connection, deployment, known, table, prompts, list(together.values()), refused, operation)


def _characters(body: Mapping[str, Any]) -> int:
    contents = [message.get("content") for message in body["messages"]]
    parts = [part for one in contents if isinstance(one, list) for part in one]
    return sum(len(one) for one in contents if isinstance(one, str)) + sum(len(part.get("text", "")) for part in parts)


def recorded(plan: Plan, wanted: Mode | None) -> set[str]:
    """The keys of the requests that recordings will answer.

    Raises NotRecordedError where they must, and one isn't there.
    """
    if mode(wanted) in ("off", "refresh"):
        return set()
    found = set()
    for one in plan.requests:
        if looked_up(plan.operation, plan.connection, plan.body(one), wanted).recorded:
            found.add(one.key)
    return found


def sendings(plan: Plan, wanted: Mode | None) -> dict[str, int]:
    """By key, the how-many-th time a request is sent that is like another's: replayed, its answer goes to the same row."""
    if mode(wanted) == "off":
        return {}
    numbers = in_order(PATHS[plan.operation], map(plan.body, plan.requests))
    return {one.key: n for one, n in zip(plan.requests, numbers, strict=True) if n}


def key_of(body: Mapping[str, Any]) -> str:
    """What a request is found again by: a digest of its content, whatever the order of its fields.

    >>> key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


def is_repeatable(body: Mapping[str, Any]) -> bool:
    """Whether the same request is meant to get the same answer.

    >>> is_repeatable({"temperature": 0}), is_repeatable({"seed": 1}), is_repeatable({})
    (True, True, False)
    """
    return body.get("temperature") == 0 or body.get("seed") is not None
