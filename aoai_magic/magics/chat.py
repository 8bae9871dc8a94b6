"""`%%chat`: a cell's text sent to a chat model, its reply shown as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from .arguments import Option
from .calling import check_tools, hooks
from .help import Usage
from .live import answer, foresee
from .options import (
    API,
    APPROVE,
    BUDGET,
    CHAT,
    CODE,
    COMPARE,
    CONTINUE,
    DEPLOYMENT,
    DETAIL,
    DRY_RUN,
    EFFORT,
    FORMAT,
    LOGPROBS,
    MAX_TOKENS,
    NEW,
    NO_STREAM,
    OUTPUT,
    PARAM,
    QUIET,
    RAW,
    RECORDINGS,
    REQUEST,
    ROLES,
    ROUNDS,
    SEED,
    STOP,
    SYSTEM,
    TABLE,
    TEMPERATURE,
    TOP_P,
    VERBOSITY,
    N,
)
from .prompt import add_fields, read

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTIONS = (
    DEPLOYMENT,
    OUTPUT,
    SYSTEM,
    TEMPERATURE,
    TOP_P,
    MAX_TOKENS,
    EFFORT,
    VERBOSITY,
    N,
    BUDGET,
    SEED,
    STOP,
    LOGPROBS,
    PARAM,
    API,
    CONTINUE,
    CHAT,
    NEW,
    COMPARE,
    Option(("-a", "--attach"), "a picture or text file, a picture's URL, or a variable (PIL image, array, figure); may repeat", "FILE|URL|VARIABLE", repeat=True, elsewhere=("--image", "--file", "--img", "--attachment")),
    DETAIL,
    Option(("--schema",), "the shape of the answer: 'name, age int', a JSON schema, or the variable of a pydantic class", "SCHEMA", elsewhere=("--response-format", "--json")),
    Option(("--tools",), "functions of the notebook that the model may call, parted by commas; may repeat", "FUNCTION,…", repeat=True, elsewhere=("--functions",)),
    APPROVE,
    ROUNDS,
    *TABLE,
    ROLES,
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
    %%chat
    What is a token, in one sentence?

    %%chat gpt-4o-mini -t 0 -o answer -s "You answer in one word."
    Which city is the capital of France?

    %%chat -c
    And which of Germany?

    %%chat --compare gpt-4o,gpt-4o-mini,gpt-4.1-nano -o replies
    What is a token, in one sentence?

    %%chat gpt-4o -a photo.jpg --detail low --dry-run
    What is on this picture?

    %%chat --roles
    system: You say whether a review is good or bad.
    user: The soup was cold.
    assistant: bad
    user: I will come again.

    %%chat --tools weather,now --approve
    Do I need an umbrella in Oslo tonight?

    %%chat -s "You are {{ role }}."
    Which month has the most rain, and is it in the plot?
    {{ rain_by_month }}
    {{ figure }}

    %%chat --over reviews -o judged -t 0 --schema 'mood good|bad, stars int'
    Judge this review of a hotel: {{ text }}"""

USAGE = Usage("%%chat", "Send the cell to a chat model and show its reply.", OPTIONS, EXAMPLES)


def run(shell: InteractiveShell, line: str, body: str, magic: str = "%%chat") -> Any:
    """Send a cell: parse its line, ask, show, and put the reply where it is looked for.

    With --dry-run, --code or --request nothing is sent; what they show is returned.
    """
    options, prompt, given = read(shell, line, body, OPTIONS, magic)
    if options.pop("help", False):
        print(USAGE)
        return None
    _look_up(shell, options)
    check_tools(options)
    _place(options, given)
    from . import over

    if over.is_meant(options):
        return over.run(shell, prompt, options, given)
    from ..operations.chat import chat, estimate

    add_fields(options, chat)
    if "compare" in options:
        from . import comparing

        return comparing.run(shell, prompt, options, given)
    form = _form(options, given)
    if (foreseen := foresee(shell, estimate, prompt, options)) is not None:
        return foreseen
    answer(shell, chat, prompt, options, form, hooks(shell, options))
    return None


def _form(options: dict[str, Any], given: set[str]) -> str:
    """How the reply is to be shown. Raises OptionError for the code of several answers."""
    form: str = options.pop("format", "markdown")
    if form == "code" and options.get("n", 1) > 1:
        if "format" in given:
            raise OptionError(
                "-f code can't go with -n.",
                "A new cell gets the code of one answer, and the others would be lost.",
                "Leave -n out, or -f: the replies are reply[0], reply[1], …",
            )
        return "markdown"
    return form


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
            found = f"it is of type {type(variables[word]).__name__}, and" if word in variables else ""
            raise OptionError(
                f"--tools can't be {word!r}: {f'{found} ' if found else ''}no function of that name is defined here.",
                "A tool is a function of the notebook; its docstring says what it is for.",
                f'def {word if word.isidentifier() else "weather"}(city: str) -> str: "The weather of a city."',
            )
    if names:
        options["tools"] = [variables[word] for word in names]


def _place(options: dict[str, Any], given: set[str]) -> None:
    """Say with -c, -i and --new alike which conversation is meant. `given` are the options of the line alone."""
    if options.pop("continue", False):
        if options.get("chat", "main") != "main":
            raise OptionError(
                f"-c and -i {options['chat']} name two conversations.", "-c is short for -i main.", "%%chat -i NAME"
            )
        options["chat"] = "main"
    if "chat" not in options and not options.get("new"):
        return
    from ..current import cell, conversations

    name = options["conversation"] = options.pop("chat", "main")
    if name in conversations and SYSTEM.key not in given:
        place = conversations[name].place(cell(), afresh=options.get("new", False))
        if place.before:
            options.pop("system", None)  # that of all cells is for beginnings: after them, a conversation has its own
