"""A prompt that is sent from a cell: its reply shown as it arrives, and kept where it is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import AoaiError, Interrupted, OptionError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..estimates import Estimate
    from ..image_reply import ImageReply
    from ..render import Block, LiveReply
    from ..reply import Reply
    from ..request import Message

    Prompt = str | Sequence[Message]


def answer(
    shell: InteractiveShell,
    ask: Callable[..., Reply],
    prompt: Prompt,
    options: dict[str, Any],
    form: str = "markdown",
    hooks: Callable[[LiveReply], Mapping[str, Any]] | None = None,
) -> None:
    """Send a cell's prompt with a magic's options, show the reply in a form, and keep it.

    `ask` is `aoai.chat` or `aoai.complete`. `output`, `quiet` and `no_stream` are for here, the others for `ask`, and
    what `hooks` returns. What had arrived of a reply that broke off is shown and kept too. Raises what `ask` raises,
    and ReplyError for a reply that can't have that form.
    """
    stream = not options.pop("no_stream", False)
    several = options.get("n", 1)
    show(
        shell,
        lambda live: ask(prompt, stream=stream, on_text=live.add, **(hooks(live) if hooks else {}), **options),
        options,
        animate=stream,
        form=form,
        head=f"1 of {several}" if several != 1 and form == "markdown" else "",
    )


def draw(shell: InteractiveShell, ask: Callable[..., ImageReply], body: str, options: dict[str, Any]) -> ImageReply:
    """The same for `aoai.image`, whose pictures are shown as they come into being; return the reply."""
    reply: ImageReply = show(
        shell,
        lambda live: ask(body, on_picture=lambda pictures: live.draw(pictures, body), **options),
        options,
        note="Drawing",
    )
    return reply


def show(
    shell: InteractiveShell,
    send: Callable[[LiveReply], Any],
    options: dict[str, Any],
    *,
    animate: bool = True,
    note: str = "",
    form: str = "markdown",
    head: str = "",
) -> Any:
    """Send something, show and keep its reply, and return it.

    `note` says meanwhile what is waited for, `head` what of it comes first. `output` and `quiet` are taken out of the
    options before it is sent. A reply that can't have the `form` of `forms` is shown as Markdown and kept, and
    ReplyError is raised.
    """
    from ..local.waiting import told
    from ..render import LiveReply, Quiet
    from .forms import GROWING, RESHAPED

    output: str | None = options.pop("output", None)
    with LiveReply(
        shell,
        animate=animate,
        quiet=options.pop("quiet", False),
        language="json" if "schema" in options and form == "markdown" else GROWING.get(form),
        reshaped=form in RESHAPED or "schema" in options,
        head=Quiet(head) if head else None,
    ) as live:
        try:
            with told(live.note):
                if note:
                    live.note(note)
                reply = send(live)
        except (AoaiError, Interrupted) as error:
            if error.reply is not None:
                _keep(shell, live, error.reply, output, "markdown" if form in RESHAPED else form)
            if isinstance(error, AoaiError) and error.recorded and live.watched:
                error.why = f"{error.why} (Recorded on {error.recorded}: --fresh asks anew.)".strip()
            raise
        _keep(shell, live, reply, output, form)
    return reply


def foresee(shell: InteractiveShell, estimate: Callable[..., Estimate], prompt: Prompt, options: dict[str, Any]) -> Any:
    """With --dry-run, --code or --request, return what each shows, also into the variable of -o; else None.

    `estimate` foresees the request. Nothing is sent. Raises OptionError for two of them at once, and for
    what the model refuses.
    """
    asked = {name: options.pop(name) for name in ("dry_run", "code", "request") if name in options}
    if not asked:
        return None
    if len(asked) > 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in asked)
        raise OptionError(
            f"{names} can't be had at once.", "Each shows something else, and nothing is sent.", "Leave one out."
        )
    from .. import current, export
    from ..request import refuse

    output: str | None = options.pop("output", None)
    if options.pop("no_stream", False):
        options["stream"] = False
    for idle in ("quiet", "approve"):
        options.pop(idle, None)
    foreseen = estimate(prompt, **options)
    found: Any = foreseen
    if "dry_run" not in asked:
        refuse(foreseen.request, foreseen.known)  # as sending it would; a dry run warns
    if "code" in asked:
        found = export.code(asked["code"], foreseen.operation, foreseen.request, current.connection().target)
    elif "request" in asked:
        found = export.request(foreseen.request)
    if output is not None:
        shell.push({output: found})
    return found


def _keep(shell: InteractiveShell, live: LiveReply, reply: Any, output: str | None, form: str = "markdown") -> None:
    """Show the reply whole, and put it into _, Out and the variable that was named."""
    from ..render import Words
    from ..reply import Reply
    from .forms import shown

    keep(shell, reply, output)
    finish(live, reply)
    if not isinstance(reply, Reply) or form == "markdown":
        return
    found = shown(reply, form)
    finish(live, reply, Words(found.text, found.language))
    if found.cell and live.watched:
        shell.set_next_input(found.cell, replace=False)


def finish(live: LiveReply, reply: Any, answer: Block | None = None) -> None:
    """Have a reply stand there in the end, with its quiet line; an `answer` of another form in the place of its own."""
    from ..render import Ready
    from ..reply import Reply

    blocks = reply.blocks(answer) if isinstance(reply, Reply) else [Ready(reply.bundle())]
    live.finish(blocks, reply.status(watched=live.watched), metadata={"aoai_magic": reply.provenance})


def keep(shell: InteractiveShell, result: Any, output: str | None) -> None:
    """Put what a cell brings into _, Out and the variable that was named."""
    if output is not None:
        shell.push({output: result})
    # What a cell's last expression would do, without showing it again.
    shell.displayhook.update_user_ns(result)
