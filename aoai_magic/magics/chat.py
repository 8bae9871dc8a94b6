"""`%%chat`: a cell's text sent to a chat model, its reply shown as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AoaiError, Interrupted, OptionError
from .arguments import Option, choice, integer, name, number, parse, usage

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTIONS = (
    Option(("-d", "--deployment", "-m", "--model"), "the deployment to ask (a bare word means the same)", "DEPLOYMENT", positional=True),
    Option(("-o", "--output"), "the variable that gets the reply", "NAME", name),
    Option(("-s", "--system"), "the system message: what the model should be and do", "TEXT"),
    Option(("-t", "--temperature"), "0 for the likeliest words, up to 2 for the boldest", "NUMBER", number(0, 2)),
    Option(("--max-tokens",), "the most tokens that the reply may have", "COUNT", integer(1)),
    Option(("--budget",), "the most that the cell may cost, in US dollars; it is asked with a lower limit, or not sent", "USD", number(0, 1_000_000)),
    Option(("--seed",), "a number that makes sampling repeatable, as far as the service can", "NUMBER", integer()),
    Option(("-a", "--attach"), "a picture or text file, a picture's URL, or a variable (PIL image, array, figure); may repeat", "FILE|URL|VARIABLE", repeat=True),
    Option(("--detail",), "how closely pictures are looked at: low, high, auto or original", "DETAIL", choice("low", "high", "auto", "original")),
    Option(("--schema",), "the shape of the answer: 'name, age int', a JSON schema, or the variable of a pydantic class", "SCHEMA"),
    Option(("--tools",), "functions of the notebook that the model may ask to call, parted by commas; may repeat", "NAMES", repeat=True),
    Option(("--dry-run",), "send nothing; show the tokens, the price and whether it fits"),
    Option(("--no-stream",), "show the reply when it is whole, not as it arrives"),
    Option(("-q", "--quiet"), "show nothing; the reply is in _ and in the variable of -o"),
)  # fmt: skip

EXAMPLES = """\
    %%chat
    What is a token, in one sentence?

    %%chat gpt-4o-mini -t 0 -o answer -s "You answer in one word."
    Which city is the capital of France?

    %%chat gpt-4o -a photo.jpg --detail low --dry-run
    What is on this picture?"""

USAGE = usage("%%chat", "Send the cell to a chat model and show its reply.", OPTIONS, EXAMPLES)


def run(shell: InteractiveShell, line: str, body: str, magic: str = "%%chat") -> Any:
    """Send a cell: parse its line, ask, show, and put the reply where it is looked for.

    With --dry-run nothing is sent, and the estimate is returned, for the shell to show.
    """
    options = parse(line, OPTIONS, magic)
    if options.pop("help", False):
        print(USAGE)
        return None
    if not body.strip():
        raise OptionError("The cell holds no prompt.", "", f"{magic}, and the prompt on the lines below it")
    _look_up(shell, options)
    output: str | None = options.pop("output", None)
    if options.pop("dry_run", False):
        return _estimate(shell, body, output, options)
    from ..render import LiveReply

    quiet, stream = options.pop("quiet", False), not options.pop("no_stream", False)
    with LiveReply(shell, animate=stream, quiet=quiet) as live:
        _ask(shell, live, body, stream, output, options)
    return None


def _look_up(shell: InteractiveShell, options: dict[str, Any]) -> None:
    """Put the kernel's variables in the place of the words that name them."""
    variables = shell.user_ns
    if "attach" in options:
        options["attach"] = [variables.get(word, word) for word in options["attach"]]
    if "schema" in options:
        options["schema"] = variables.get(options["schema"], options["schema"])
    names = [word.strip() for words in options.get("tools", ()) for word in words.split(",")]
    for word in names:
        if not callable(variables.get(word)) and not isinstance(variables.get(word), dict):
            raise OptionError(
                f"--tools can't be {word!r}: no function of that name is defined here.",
                "A tool is a function of the notebook; its docstring says what it is for.",
                f'def {word if word.isidentifier() else "weather"}(city: str) -> str: "The weather of a city."',
            )
    if names:
        options["tools"] = [variables[word] for word in names]


def _estimate(shell: InteractiveShell, body: str, output: str | None, options: dict[str, Any]) -> Any:
    from ..api import estimate

    for idle in ("quiet", "no_stream", "budget"):
        options.pop(idle, None)
    found = estimate(body, **options)
    if output is not None:
        shell.push({output: found})
    return found


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
