"""`%%chat`: a cell's text sent to a chat model, its reply shown as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AoaiError, Interrupted, OptionError
from .arguments import Option, integer, name, number, parse, usage

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTIONS = (
    Option(("-d", "--deployment", "-m", "--model"), "the deployment to ask (a bare word means the same)", "DEPLOYMENT", positional=True),
    Option(("-o", "--output"), "the variable that gets the reply", "NAME", name),
    Option(("-s", "--system"), "the system message: what the model should be and do", "TEXT"),
    Option(("-t", "--temperature"), "0 for the likeliest words, up to 2 for the boldest", "NUMBER", number(0, 2)),
    Option(("--max-tokens",), "the most tokens that the reply may have", "COUNT", integer(1)),
    Option(("--seed",), "a number that makes sampling repeatable, as far as the service can", "NUMBER", integer()),
    Option(("--no-stream",), "show the reply when it is whole, not as it arrives"),
    Option(("-q", "--quiet"), "show nothing; the reply is in _ and in the variable of -o"),
)  # fmt: skip

EXAMPLES = """\
    %%chat
    What is a token, in one sentence?

    %%chat gpt-4o-mini -t 0 -o answer -s "You answer in one word."
    Which city is the capital of France?"""

USAGE = usage("%%chat", "Send the cell to a chat model and show its reply.", OPTIONS, EXAMPLES)


def run(shell: InteractiveShell, line: str, body: str, magic: str = "%%chat") -> None:
    """Send a cell: parse its line, ask, show, and put the reply where it is looked for."""
    options = parse(line, OPTIONS, magic)
    if options.pop("help", False):
        print(USAGE)
        return
    if not body.strip():
        raise OptionError("The cell holds no prompt.", "", f"{magic}, and the prompt on the lines below it")
    from ..render import LiveReply

    output: str | None = options.pop("output", None)
    quiet, stream = options.pop("quiet", False), not options.pop("no_stream", False)
    with LiveReply(shell, animate=stream, quiet=quiet) as live:
        _ask(shell, live, body, stream, output, options)


def _ask(
    shell: InteractiveShell, live: Any, body: str, stream: bool, output: str | None, options: dict[str, Any]
) -> None:
    from ..api import chat
    from ..local.waiting import told

    try:
        with told(live.note):
            reply = chat(body, stream=stream, on_text=live.add, **options)
    except (AoaiError, Interrupted) as error:
        if error.reply is not None:
            _keep(shell, live, error.reply, output)
        raise
    _keep(shell, live, reply, output)


def _keep(shell: InteractiveShell, live: Any, reply: Any, output: str | None) -> None:
    """Show the reply whole, and put it into _, Out and the variable that was named."""
    live.finish(reply.text, reply.status(watched=live.watched))
    if output is not None:
        shell.push({output: reply})
    # What a cell's last expression would do, without showing it again.
    shell.displayhook.update_user_ns(reply)
