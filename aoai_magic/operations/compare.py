"""One prompt, several deployments: asked at once, their answers side by side."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .. import current
from ..client import Connection
from ..conversations import Conversation
from ..errors import AoaiError, ComparisonError, Interrupted, OptionError
from ..ledger import Allowance
from ..local.waiting import told
from ..render import Column, Columns, Words, progress
from ..reply import Reply
from ..request import Message, takes
from ..stopping import Stop
from ..visible import visible
from .chat import chat, estimate
from .conversing import found

if TYPE_CHECKING:
    import pandas

# How long an interrupt waits for the answers that it cuts. One that hasn't begun is left behind, and cut when it does.
_PATIENCE = 2.0


def compare(
    prompt: str | Sequence[Message],
    deployments: str | Sequence[str],
    *,
    defaults: Mapping[str, Any] | None = None,
    budget: float | Allowance | None = None,
    connection: Connection | None = None,
    **options: Any,
) -> pandas.DataFrame:
    """Send a prompt to several deployments at once, and return their replies as a table, a row each, in their order.

    `deployments` are names, in a list or parted by commas. Columns: deployment, model, reply (control characters made
    visible), prompt_tokens, completion_tokens, price and azure_price (US dollars), seconds, finish_reason, error.
    `budget` is for all together; `options` are those of `chat`, and `defaults` more of them, each left out where the
    model is known to refuse it. A `conversation` is sent along, and stays as it is. `aoai.last` is the last of the
    replies. Raises ComparisonError if one failed, and Interrupted: both have the table as their `reply`.

    >>> compare("Say hello.", ["gpt-4o", "gpt-4o-mini"], max_tokens=5)["deployment"].tolist()  # doctest: +SKIP
    ['gpt-4o', 'gpt-4o-mini']
    """
    comparison = Comparison(prompt, deployments, defaults=defaults, budget=budget, connection=connection, **options)
    with progress() as tell:
        comparison.run(lambda: tell(*comparison.waiting_for) if comparison.waiting_for else None)
    return comparison.frame()


def estimate_comparison(
    prompt: str | Sequence[Message],
    deployments: str | Sequence[str],
    *,
    defaults: Mapping[str, Any] | None = None,
    **options: Any,
) -> pandas.DataFrame:
    """Return what `compare` with the same arguments would cost, a row for each deployment. Nothing is sent.

    Columns: deployment, model, prompt_tokens, max_tokens (those of the reply, at most), cheapest and dearest (US
    dollars), warnings.

    >>> estimate_comparison("Say hello.", "gpt-4o,gpt-4o-mini", max_tokens=5)["prompt_tokens"].tolist()
    [10, 10]
    """
    import pandas

    rows = []
    for name in _names(deployments):
        taken = _taken(name, defaults or {}, options.get("connection") or current.connection())
        one = estimate(prompt, deployment=name, **taken, **options)
        facts = {field: getattr(one, field) for field in ("prompt_tokens", "max_tokens", "cheapest", "dearest")}
        model = one.known.model.id if one.known else None
        rows.append({"deployment": name, "model": model, **facts, "warnings": " ".join(one.warnings)})
    return pandas.DataFrame(rows).convert_dtypes()


@dataclass
class _Asked:
    """One deployment, and what has come of asking it."""

    deployment: str
    stop: Stop = field(default_factory=Stop)
    text: str = ""
    reply: Reply | None = None
    error: BaseException | None = None
    ended: bool = False


class Comparison:
    """A prompt that several deployments are asked at once; see `compare`. `columns` is how far they are.

    Raises OptionError for fewer than two deployments, and for one that is named twice.
    """

    def __init__(
        self,
        prompt: str | Sequence[Message],
        deployments: str | Sequence[str],
        *,
        defaults: Mapping[str, Any] | None = None,
        budget: float | Allowance | None = None,
        connection: Connection | None = None,
        conversation: str | Conversation | None = None,
        new: bool = False,
        **options: Any,
    ) -> None:
        self._asked = [_Asked(name) for name in _names(deployments)]
        options.pop("deployment", None)
        self._prompt, self._options, self._defaults = prompt, options, defaults or {}
        self._options["budget"] = Allowance.of(budget)
        self._options["connection"] = connection or current.connection()
        self._talk = (
            found("main" if conversation is None else conversation) if conversation is not None or new else None
        )
        self._place = self._talk.place(current.cell(), afresh=new) if self._talk else None
        self._changed = threading.Event()
        #: What takes long before anything is answered, and how far that is.
        self.waiting_for: tuple[str, float | None] | None = None

    def run(self, on_change: Callable[[], None]) -> None:
        """Ask all, and tell whenever there is more to see, from this thread. Raises as `compare` does."""
        threads = [
            threading.Thread(
                target=contextvars.copy_context().run, args=[self._ask, one], name="aoai-compare", daemon=True
            )
            for one in self._asked
        ]
        for thread in threads:
            thread.start()
        try:
            while not all(one.ended for one in self._asked):
                self._changed.wait()
                self._changed.clear()
                on_change()
        except KeyboardInterrupt:
            self.stop()
            for thread in threads:
                thread.join(_PATIENCE / len(threads))
            raise Interrupted("what had come is kept (in _ and in the table).", self.frame()) from None
        finally:
            for reply in [one.reply for one in self._asked if one.reply][-1:]:
                current.remember(reply)
        failed = [one for one in self._asked if one.error]
        if failed:
            raise self._error(failed)

    def stop(self) -> None:
        """End all that are on their way, from another thread; what had come of them stays, and `run` fails."""
        for one in self._asked:
            one.stop()

    def columns(self, *, watched: bool) -> Columns:
        """The answers as far as they have come. Where nobody watches, only what is the same at every run."""
        return Columns([self._column(one, watched) for one in self._asked])

    def _column(self, one: _Asked, watched: bool) -> Column:
        blocks = one.reply.blocks() if one.reply else [Words(one.text)] if one.text else []
        facts = one.reply.facts(watched=watched) if one.reply else {}
        return Column(
            one.deployment, blocks, facts, str(one.error) if isinstance(one.error, AoaiError) else _in_a_line(one.error)
        )

    def provenance(self) -> list[dict[str, Any]]:
        """Where each answer comes from."""
        return [one.reply.provenance for one in self._asked if one.reply]

    def frame(self) -> pandas.DataFrame:
        """The answers as a table."""
        import pandas

        return pandas.DataFrame([_row(one) for one in self._asked]).convert_dtypes()

    def _ask(self, one: _Asked) -> None:
        def grow(text: str) -> None:
            one.text += text
            self._changed.set()

        def tell(what: str, fraction: float | None) -> None:
            self.waiting_for = (what, fraction)
            self._changed.set()

        try:
            with one.stop, told(tell):
                taken = _taken(one.deployment, self._defaults, self._options["connection"])
                one.reply = chat(
                    self._prompt,
                    deployment=one.deployment,
                    on_text=grow,
                    conversation=self._beside(),
                    **taken,
                    **self._options,
                )
        except (AoaiError, Interrupted) as error:
            one.error = error
            one.reply = error.reply if isinstance(error.reply, Reply) else None
        except BaseException as error:  # it is shown in its row, whatever it is
            one.error = error
        finally:
            if one.reply and one.reply.conversation and self._talk:
                one.reply.conversation = replace(one.reply.conversation, joined=False, turns=len(self._talk))
            one.ended = True
            self._changed.set()

    def _beside(self) -> Conversation | None:
        """A conversation like the one that is meant, for one answer to join."""
        if self._talk is None or self._place is None:
            return None
        beside = self._talk.fork(self._talk.name)
        beside.start(self._place.system, self._place.before)
        return beside

    def _error(self, failed: Sequence[_Asked]) -> ComparisonError:
        first = failed[0]
        names = ", ".join(one.deployment for one in failed)
        why = first.error.what if isinstance(first.error, AoaiError) else _in_a_line(first.error)
        return ComparisonError(
            f"{len(failed)} of {len(self._asked)} deployments failed: {names}.",
            why if len(failed) == 1 else f"{first.deployment}: {why}",
            first.error.fix if isinstance(first.error, AoaiError) else "",
            reply=self.frame(),
        )


def _names(deployments: str | Sequence[str]) -> list[str]:
    given = deployments.split(",") if isinstance(deployments, str) else deployments
    names = [name for one in given if (name := one.strip())]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise OptionError(
            f"{twice} is named twice.", "Each deployment has one row.", f"%%chat {twice} -n 2 asks one twice."
        )
    if len(names) < 2:
        raise OptionError(
            f"{names[0]} can't be compared with nothing." if names else "No deployment is named.",
            "At least two are asked, and their answers stand side by side.",
            "%%chat --compare gpt-4o,gpt-4o-mini",
        )
    return names


def _taken(deployment: str, defaults: Mapping[str, Any], connection: Connection) -> dict[str, Any]:
    """Those of the defaults that a deployment's model isn't known to refuse."""
    known = connection.known(deployment)
    return {key: value for key, value in defaults.items() if takes(key, value, known)}


def _row(one: _Asked) -> dict[str, Any]:
    reply = one.reply
    usage = reply.usage if reply else None
    return {
        "deployment": one.deployment,
        "model": reply and visible(reply.model),
        "reply": reply and visible(reply.text),
        "prompt_tokens": usage and usage.prompt_tokens,
        "completion_tokens": usage and usage.completion_tokens,
        "price": reply and reply.cost,
        "azure_price": reply and reply.azure_cost,
        "seconds": reply and reply.seconds,
        "finish_reason": reply and reply.finish_reason,
        "error": _in_a_line(one.error) or None,
    }


def _in_a_line(error: BaseException | None) -> str:
    if error is None or isinstance(error, KeyboardInterrupt):
        return "interrupted" if error else ""
    return visible(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
