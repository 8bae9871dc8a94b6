"""The calls of tools that a cell makes: shown as they go, and approved where that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from .options import APPROVE, ROUNDS

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..render import LiveReply
    from ..tools import ToolCall


def hooks(shell: InteractiveShell, options: dict[str, Any]) -> Callable[[LiveReply], dict[str, Any]]:
    """Return what makes, of the screen that a reply is shown on, the hooks of `aoai.chat` for its calls.

    `approve` is taken out of the options. Raises OptionError for --approve where nobody can answer.
    """
    approve = options.pop("approve", False)
    if approve:
        _check_somebody_answers(shell)

    def of(live: LiveReply) -> dict[str, Any]:
        def on_call(call: ToolCall) -> None:
            from ..render import called

            if call.result is None:
                live.note(str(call))
            else:
                live.place(called(call))

        def approved(call: ToolCall) -> bool:
            try:
                return live.ask(f"Call {call}? [y/N] ").strip().lower() in ("y", "yes")
            except EOFError:  # the terminal was closed, or Ctrl-D pressed
                return False

        return {"on_call": on_call, **({"approve": approved} if approve else {})}

    return of


def check_tools(options: dict[str, Any]) -> None:
    """Raise OptionError for options about tools where there are none."""
    for option in (APPROVE, ROUNDS):
        if option.key in options and not options.get("tools"):
            name = option.names[0]
            raise OptionError(
                f"{name} is about --tools, and there are none.", "It says how calls are made.", "%%chat --tools NAME"
            )


def _check_somebody_answers(shell: InteractiveShell) -> None:
    from ..render import can_answer

    if not can_answer(shell):
        raise OptionError(
            "--approve asks before each call, and nobody can answer here.",
            "Nothing was sent: this notebook is run by a program, or the terminal takes no input.",
            "Run the cell in a front end, or leave --approve out",
        )
