"""`%%complete`: a cell's text continued by a completions model, as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arguments import Option, integer
from .help import Usage
from .live import answer, foresee
from .options import (
    BUDGET,
    CODE,
    DEPLOYMENT,
    DRY_RUN,
    FORMAT,
    LOGPROBS,
    MAX_TOKENS,
    NO_STREAM,
    OUTPUT,
    PARAM,
    QUIET,
    RAW,
    RECORDINGS,
    REQUEST,
    SEED,
    STOP,
    TEMPERATURE,
    TOP_P,
    N,
)
from .prompt import add_fields, read_text

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTIONS = (
    DEPLOYMENT,
    OUTPUT,
    Option(("--suffix",), "the text that comes after the gap to be filled", "TEXT"),
    Option(("--echo",), "let the reply begin with the prompt"),
    Option(("--best-of",), "write so many continuations, all billed, and show the likeliest; 1 if left out; it can't be streamed", "COUNT", integer(1)),
    LOGPROBS,
    TEMPERATURE,
    TOP_P,
    MAX_TOKENS,
    N,
    BUDGET,
    SEED,
    STOP,
    PARAM,
    RAW,
    FORMAT,
    DRY_RUN,
    CODE,
    REQUEST,
    *RECORDINGS,
    NO_STREAM,
    QUIET,
)  # fmt: skip

EXAMPLES = """\
    %%complete --max-tokens 40 --stop "\\n"
    Once upon a time

    %%complete --suffix "and so the fox went home." -o middle
    A fox saw some grapes,"""

USAGE = Usage(
    "%%complete", "Let a completions model continue the cell; without --max-tokens, by 16 tokens.", OPTIONS, EXAMPLES
)


def run(shell: InteractiveShell, line: str, body: str) -> Any:
    """Send a cell to be continued. With --dry-run, --code or --request nothing is sent; what they show is returned."""
    options, prompt = read_text(shell, line, body, OPTIONS, "%%complete")
    if options.pop("help", False):
        print(USAGE)
        return None
    from ..operations.complete import complete, estimate_completion

    add_fields(options, complete)
    form = options.pop("format", "markdown")
    if (foreseen := foresee(shell, estimate_completion, prompt, options)) is not None:
        return foreseen
    answer(shell, complete, prompt, options, form)
    return None
