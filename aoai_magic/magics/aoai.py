"""`%aoai COMMAND`: everything that isn't a prompt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OptionError, SettingsError
from .arguments import Option, choice, number, parse, usage


@dataclass(frozen=True)
class Command:
    """One command of `%aoai`: what it does, its options, an example, and the function that does it."""

    summary: str
    run: Callable[[dict[str, Any]], Any]
    options: tuple[Option, ...] = ()
    example: str = ""


def run(line: str) -> Any:
    """Do what the line says; print what it says in words, return what is a table.

    Raises OptionError for a command that there isn't.
    """
    words = line.split(maxsplit=1)
    name, rest = (words[0], words[1] if len(words) > 1 else "") if words else ("help", "")
    if name in ("-h", "--help"):
        name = "help"
    command = COMMANDS.get(name)
    if command is None:
        raise _unknown(name)
    options = parse(rest, command.options, f"%aoai {name}")
    if options.pop("help", False):
        print(usage(f"%aoai {name}", command.summary, command.options, f"    {command.example or '%aoai ' + name}"))
        return None
    found = command.run(options)
    if not isinstance(found, str):
        return found
    print(found)
    return None


def _connect(options: dict[str, Any]) -> str:
    from .. import api, doctor, settings

    variable = options.pop("key_env", None)
    if variable is not None:
        options["api_key"] = settings.environment(variable)
        if options["api_key"] is None:
            raise SettingsError(
                f"The environment has no {variable}.",
                "The key is read from there, so that it never stands in a notebook.",
                f"Set it before Jupyter starts, or now: import os, getpass; os.environ[{variable!r}] = getpass.getpass()",
            )
    connection = api.connect(options.pop("endpoint", None), **options)
    return doctor.describe(connection)


def _status(options: dict[str, Any]) -> str:
    from .. import api, doctor

    return doctor.describe(api.connection())


def _deployments(options: dict[str, Any]) -> Any:
    from .. import api

    return api.deployments()


def _models(options: dict[str, Any]) -> Any:
    from .. import api

    return api.models(options.get("name", ""))


def _estimate(options: dict[str, Any]) -> str:
    from .. import api, catalog

    reply = api.last()
    if reply is None or reply.estimate is None:
        return "Nothing was sent yet. --dry-run above a prompt shows what it will cost."
    foreseen, usage, cost = reply.estimate, reply.usage, reply.azure_cost
    dearest = "unknown" if foreseen.dearest is None else catalog.dollars(foreseen.dearest)
    cheapest = "unknown" if foreseen.cheapest is None else f"{catalog.dollars(foreseen.cheapest)} to {dearest}"
    most = "unknown" if foreseen.max_tokens is None else f"{foreseen.choices * foreseen.max_tokens:,} at most"
    rows = [
        ("", "foreseen", "billed"),
        ("prompt tokens", f"{foreseen.prompt_tokens:,}", f"{usage.prompt_tokens:,}" if usage else "unknown"),
        ("reply tokens", most, f"{usage.completion_tokens:,}" if usage else "unknown"),
        ("price on Azure", cheapest, "unknown" if cost is None else catalog.dollars(cost)),
    ]
    return "\n".join(f"{name:<16}{before:>24}{after:>16}" for name, before, after in rows)


def _fault(options: dict[str, Any]) -> str:
    from .. import api

    waiting = api.connection().faults(options.get("fault"))
    lines = [f"{one['fault']}  ({_strikes(one['skip'], one['times'])})" for one in waiting]
    return "\n".join(lines) or "No fault waits: requests to the local service are answered in good order."


def _usage(options: dict[str, Any]) -> Any:
    from .. import spending

    frame = spending.usage()
    if said := spending.accuracy(frame):
        print(said)
    if file := options.get("csv"):
        spending.write_csv(frame, file)
        return f"Requests written to {file}: {len(frame):,}."
    table = spending.totals(frame, options.get("by", "day"))
    return spending.plot(table) if options.get("plot") else table


def _budget(options: dict[str, Any]) -> str:
    from .. import api, ledger

    if (usd := options.get("usd")) is not None:
        ledger.set_budget(None if usd == "off" else usd, options.get("per", "session"))
    local = api.connection().kind == "local"
    held = ledger.budgets(practice=local)
    lines = [f"Spent {one}." for one in held] or ["No budget is set; cells cost what they cost."]
    if held and local:
        lines.append("On the local service, which is free, budgets count what the same would cost on Azure.")
    return "\n".join(lines)


def _usd(word: str) -> float | str:
    return word if word == "off" else number(0, 1_000_000)(word)


def _strikes(skip: int, times: int) -> str:
    after, struck = (f"{count} request{'' if count == 1 else 's'}" for count in (skip, times))
    return f"lets {after} pass, then strikes {struck}" if skip else f"strikes {struck}"


def _help(options: dict[str, Any]) -> str:
    from .chat import USAGE

    width = max(map(len, COMMANDS)) + 2
    commands = "\n".join(f"  {name:<{width}}{command.summary}" for name, command in COMMANDS.items())
    others = "Other cells: %%complete, %%image, %%tokens. --help on their line says more."
    return f"{USAGE}\n\n{others}\n\n%aoai COMMAND [options]\n\n{commands}\n\n%aoai COMMAND --help says more about each."


COMMANDS = {
    "connect": Command(
        "Say where cells are sent from here on; nothing is sent yet.",
        _connect,
        (
            Option(
                ("--endpoint",),
                'https://NAME.openai.azure.com, any compatible base URL, or the words "openai" and "local"',
                "ENDPOINT",
                positional=True,
            ),
            Option(("-d", "--deployment"), "the deployment of cells that name none", "NAME"),
            Option(("--api-version",), "speak Azure's classic API of that date instead of v1", "DATE"),
            Option(("--key-env",), "the environment variable that holds the key", "VARIABLE"),
            Option(("--serves",), "the model of that deployment, where its name doesn't say", "MODEL"),
            Option(("--scope",), "the Entra ID scope to sign in for", "SCOPE"),
        ),
        "%aoai connect https://contoso.openai.azure.com -d my-gpt-4o",
    ),
    "status": Command("Show where cells are sent, and where that was said.", _status),
    "estimate": Command(
        "Show what the last prompt was foreseen to cost beside what it did (before: --dry-run above a prompt).",
        _estimate,
    ),
    "deployments": Command(
        "List the deployments of the resource: name, model, version, SKU, capacity, tokens and requests a minute.",
        _deployments,
    ),
    "models": Command(
        "List the models that the service offers.",
        _models,
        (Option(("--name",), "only models whose name contains this", "NAME", positional=True),),
        "%aoai models gpt-4.1",
    ),
    "fault": Command(
        "Let the local service fail on purpose, to see what a cell makes of it; alone, list the faults that wait.",
        _fault,
        (
            Option(
                ("--fault",),
                'what is to happen: "status=503", "delay=2", "reset=200", … (python -m pydoc aoai_magic.local.faults), or "off"',
                "FAULT",
                positional=True,
            ),
        ),
        '%aoai fault "status=429 retry-after=2 times=3"',
    ),
    "usage": Command(
        "Show what was spent, in US dollars and tokens, by day, notebook or model; and how good the estimates were.",
        _usage,
        (
            Option(
                ("--by",),
                "one row for each: day (as if not said), notebook or model",
                "WHAT",
                choice("day", "notebook", "model"),
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
                "session (this kernel's life, as if not said), notebook or day",
                "WHAT",
                choice("session", "notebook", "day"),
            ),
        ),
        "%aoai budget 0.50 --per day",
    ),
    "help": Command("Show the magics and their options.", _help),
}


def _unknown(name: str) -> OptionError:
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    return OptionError(
        f"%aoai has no command {name!r}.",
        f"Did you mean {near[0]}?" if near else f"It has {', '.join(COMMANDS)}.",
        f"%aoai {near[0] if near else 'help'}",
    )
