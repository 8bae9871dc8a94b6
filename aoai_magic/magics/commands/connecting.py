"""Where cells are sent: connect, doctor, status."""

from __future__ import annotations

from typing import Any

from ..arguments import Option
from .command import Command


def _connect(options: dict[str, Any]) -> str:
    from ... import current, doctor

    connection = current.connect(options.pop("endpoint", None), **options)
    return doctor.describe(connection)


def _status(options: dict[str, Any]) -> str:
    from IPython.core.getipython import get_ipython

    from ... import current, doctor, recordings
    from ..defaults import described

    shell: Any = get_ipython()
    rows = [doctor.describe(current.connection()), *(f"{name:<16}{said}" for name, said in described(shell))]
    if (mode := recordings.mode()) != "off":
        rows.append(f"{'recordings':<16}{recordings.MODES[mode]} ({recordings.store().folder.name}/)")
    return "\n".join(rows)


def _doctor(options: dict[str, Any]) -> None:
    from ... import current, doctor

    doctor.examine(current.connection())


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
            Option(("-d", "--deployment"), "the deployment of cells that name none", "DEPLOYMENT"),
            Option(("--api-version",), "speak Azure's classic API of that date instead of v1", "DATE"),
            Option(("--key-env",), "the environment variable that holds the key", "NAME"),
            Option(("--serves",), "the model of that deployment, where its name doesn't say", "MODEL"),
            Option(("--scope",), "the Entra ID scope to sign in for", "SCOPE"),
        ),
        "%aoai connect https://contoso.openai.azure.com -d my-gpt-4o\n"
        "%aoai connect openai -d gpt-4o\n"
        "%aoai connect https://models.example.com/v1 -d llama --key-env TEAM_KEY\n"
        "%aoai connect local",
    ),
    "doctor": Command("Check step by step whether a prompt would be answered, and say what is missing.", _doctor),
    "status": Command("Show where cells are sent, and where that was said.", _status),
}
