"""`%%chat --compare`: a cell's text sent to several deployments, their replies shown side by side as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from .defaults import CONFIGURABLE
from .live import keep

if TYPE_CHECKING:
    import pandas
    from IPython.core.interactiveshell import InteractiveShell

    from .live import Prompt

_NOT_BESIDE = {
    "deployment": "-d and a bare word name one deployment",
    "format": "-f is for one reply",
    "code": "--code is of one request",
    "request": "--request is of one request",
    "approve": "--approve asks about one model's calls",
}


def run(shell: InteractiveShell, prompt: Prompt, options: dict[str, Any], given: set[str]) -> pandas.DataFrame | None:
    """Send a cell to all deployments that it names, show the replies, and put the table where it is looked for.

    `given` are the options of the line alone; a format that is set for all cells is for those with one reply.
    With --dry-run nothing is sent, and a table of what each would cost is returned, for the shell to show.
    """
    from ..operations.compare import Comparison, estimate_comparison
    from ..render import LiveReply, readable

    for name, why in _NOT_BESIDE.items():
        if name in given:
            raise OptionError(
                f"--{name} can't go with --compare.", f"{why}; --compare is for several.", "%%chat --compare D1,D2"
            )
    options.pop("format", None)
    names, output = options.pop("compare"), options.pop("output", None)
    quiet, stream = options.pop("quiet", False), not options.pop("no_stream", False)
    dry, budget = options.pop("dry_run", False), options.pop("budget", None)
    defaults = {key: options.pop(key) for key in [*options] if key in CONFIGURABLE and key not in given}
    if dry:
        foreseen = estimate_comparison(prompt, names, defaults=defaults, **options)
        if output is not None:
            shell.push({output: foreseen})
        return readable(foreseen)
    comparison = Comparison(prompt, names, defaults=defaults, budget=budget, stream=stream, **options)
    with LiveReply(shell, animate=stream, quiet=quiet) as live:

        def show() -> None:
            columns = comparison.columns(watched=live.watched)
            if any(one.blocks or one.error for one in columns.columns):
                live.set_out(columns)
            elif comparison.waiting_for:
                live.note(*comparison.waiting_for)

        try:
            comparison.run(show)
        finally:
            live.finish(
                [comparison.columns(watched=live.watched)], "", metadata={"aoai_magic": comparison.provenance()}
            )
            keep(shell, comparison.frame(), output)
    return None
