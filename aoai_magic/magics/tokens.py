"""`%%tokens`: a cell's text in its tokens, with counts and prices; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arguments import Option, name, parse
from .help import Usage

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTIONS = (
    Option(("-d", "--deployment", "-m", "--model"), "models or encodings, parted by commas: a column each; gpt-4o if left out", "MODEL,…", positional=True),
    Option(("-o", "--output"), "the variable that gets what is shown", "NAME", name),
)  # fmt: skip

EXAMPLES = """\
    %%tokens gpt-4o,gpt-4,r50k_base
    hamburger"""

USAGE = Usage("%%tokens", "Show the cell's text in its tokens, as it stands; nothing is sent.", OPTIONS, EXAMPLES)


def run(shell: InteractiveShell, line: str, body: str) -> Any:
    """Return the static form of the token lens over the cell's text, for the shell to show."""
    options = parse(line, OPTIONS, "%%tokens")
    if options.pop("help", False):
        print(USAGE)
        return None
    from ..widgets.lens import static

    models = [word.strip() for word in options.get("deployment", "gpt-4o").split(",") if word.strip()]
    shown = static([body], models)
    if "output" in options:
        shell.push({options["output"]: shown})
    return shown
