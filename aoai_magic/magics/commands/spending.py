"""What cells cost: estimate, usage, budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..arguments import Option, choice, number
from .command import Command


def _estimate(options: dict[str, Any]) -> str:
    from ... import catalog, current
    from ...base_reply import sum_known

    reply = current.last()
    if reply is None or reply.estimate is None:
        return "Nothing was sent yet. --dry-run above a prompt shows what it will cost."
    usage, cost = reply.usage, reply.azure_cost
    each = [one.estimate for one in getattr(reply, "rounds", ()) or (reply,) if one.estimate]
    dearest, cheapest = sum_known(one.dearest for one in each), sum_known(one.cheapest for one in each)
    limits = sum_known(None if one.max_tokens is None else one.choices * one.max_tokens for one in each)
    ends = ["unknown" if end is None else catalog.dollars(end) for end in (cheapest, dearest)]
    price = " to ".join(dict.fromkeys(ends))
    most = "unknown" if limits is None else f"up to {limits:,}"
    rows = [
        ("", "foreseen", "billed"),
        (
            "prompt tokens",
            f"{sum(one.prompt_tokens for one in each):,}",
            f"{usage.prompt_tokens:,}" if usage else "unknown",
        ),
        ("reply tokens", most, f"{usage.completion_tokens:,}" if usage else "unknown"),
        ("price on Azure", price, "unknown" if cost is None else catalog.dollars(cost)),
    ]
    return "\n".join(f"{name:<16}{before:>24}{after:>16}" for name, before, after in rows)


def _usage(options: dict[str, Any]) -> Any:
    from ... import spending
    from ...render import readable

    frame = spending.usage()
    if file := options.get("csv"):
        spending.write_csv(frame, file)
        print(f"Requests written to {file}: {len(frame):,}.")
        if not {"by", "plot"} & options.keys():
            return None
    table = spending.totals(frame, options.get("by", "day"))
    return (
        spending.plot(table)
        if options.get("plot")
        else readable(table, "Nothing was sent yet." if frame.empty else spending.accuracy(frame))
    )


def _budget(options: dict[str, Any]) -> str:
    from ... import current, ledger

    if (usd := options.get("usd")) is not None:
        ledger.set_budget(None if usd == "off" else usd, options.get("per", "session"))
    local = current.connection().kind == "local"
    held = ledger.budgets(practice=local)
    lines = [f"Spent {one}." for one in held] or ["No budget is set; cells cost what they cost."]
    if held and local:
        lines.append("On the local service, which is free, budgets count what the same would cost on Azure.")
    return "\n".join(lines)


def _usd(word: str) -> float | str:
    return word if word == "off" else number(0, 1_000_000)(word)


COMMANDS = {
    "estimate": Command(
        "Show what the last prompt was foreseen to cost beside what it did (before: --dry-run above a prompt).",
        _estimate,
    ),
    "usage": Command(
        "Show what was spent, in US dollars and tokens, by day, notebook, model or session; and how good the estimates were.",
        _usage,
        (
            Option(
                ("--by",),
                "one row for each: day (if left out), notebook, model or session (a kernel's life)",
                "WHAT",
                choice("day", "notebook", "model", "session"),
            ),
            Option(("--csv",), "write all requests to that file, a row each", "FILE", Path),
            Option(("--plot",), "draw it"),
        ),
        "%aoai usage --by model --plot",
    ),
    "budget": Command(
        "Let cells spend so much and no more: a dearer one gets a lower limit of tokens, or isn't sent. Alone, show it.",
        _budget,
        (
            Option(("--usd",), 'US dollars, or "off"', "USD", _usd, positional=True),
            Option(
                ("--per",),
                "session (this kernel's life, if left out), notebook or day",
                "WHAT",
                choice("session", "notebook", "day"),
            ),
        ),
        "%aoai budget 0.50 --per day",
    ),
}
