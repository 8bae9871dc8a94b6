"""What can go wrong, as exceptions that say what happened, why, and what to type next.

    AoaiError
    ├── OptionError              the line of a magic can't be understood
    ├── TemplateError            what stands between {{ and }} can't be filled in
    ├── SettingsError            the environment, `connect` or an argument names something that can't be used
    ├── MissingExtraError        a part that isn't installed is needed
    ├── LocalServiceError        the local service can't start, or has no model
    ├── ReplyError               a reply that isn't what was asked for; it is kept in the error's `reply`
    │   ├── SchemaError              an answer that hasn't the shape that was asked for
    │   └── ToolError                a model that asked for more calls of its tools than were allowed
    ├── BudgetError              a request that a budget has no room for; it wasn't sent
    ├── LedgerError              what is spent can't be written down
    ├── NotRecordedError         only recordings may answer, and none does
    ├── RunFileError             the answers of a table's run can't be written down, or not be found again
    ├── ComparisonError          some of several deployments failed
    └── ServiceError             a service answered with an error, or not at all
        ├── AuthenticationError      401 and 403: key, token, role or network rules
        ├── DeploymentNotFoundError  404: no such deployment, or no such address
        ├── RequestRefusedError      400 and the like: the request itself
        ├── ContentFilterError       the prompt was blocked by the content filter
        ├── RateLimitError           429
        └── NoAnswerError            no route, no name, a timeout, a connection that broke off

    Interrupted (a KeyboardInterrupt)  the stop button or Ctrl-C, in the middle of a reply

Each is a real exception, so a cell that fails stops "Run All", nbclient, papermill and nbval alike: an error that
is only printed, and IPython's own UsageError, pass nbval-lax unseen.
"""

from __future__ import annotations

import datetime
import difflib
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from .environment import environment
from .fitting import fitted
from .visible import visible

if TYPE_CHECKING:
    import pandas

    from .audio_reply import Audio
    from .embeddings import Embeddings
    from .image_reply import ImageReply
    from .reply import Reply

    Arrived: TypeAlias = Reply | ImageReply | Audio | Embeddings | pandas.DataFrame


class AoaiError(Exception):
    """Something went wrong, told in up to three lines: what happened, the likely cause, what to type next.

    `str(error)` is those lines. In a notebook only they are shown; `%config AoaiMagics.short_errors = False`
    brings the traceback back.

    >>> print(AoaiError("No deployment is named.", "Azure calls a model by your own name for it.", "%%chat NAME"))
    No deployment is named.
    Azure calls a model by your own name for it.
    %%chat NAME
    """

    #: Whether a notebook shows the lines alone, without the traceback (`%config AoaiMagics.short_errors`).
    short = True

    def __init__(self, what: str, why: str = "", fix: str = "", *, reply: Arrived | None = None) -> None:
        super().__init__(what)
        self.what, self.why, self.fix = visible(what), visible(why), visible(fix)
        #: What had arrived when the error came, if anything had.
        self.reply = reply
        #: The day on which it was recorded; None where it happened just now.
        self.recorded: datetime.date | None = None

    def __str__(self) -> str:
        return "\n".join(line for line in (self.what, self.why, self.fix) if line)

    def _render_traceback_(self) -> list[str]:
        return _short_traceback(self) if AoaiError.short else _whole_traceback(self)


class OptionError(AoaiError):
    """The line of a magic can't be understood: an unknown or repeated option, a value that doesn't fit."""


class TemplateError(AoaiError):
    """What stands between {{ and }} can't be filled in: an unknown name, a syntax error, too much of something."""


class SettingsError(AoaiError):
    """The environment, `connect` or an argument names something that can't be used."""


class MissingExtraError(AoaiError):
    """A part that isn't installed is needed; the message holds the pip line."""

    def __init__(self, needed_for: str, extra: str, module: str) -> None:
        super().__init__(
            f"{needed_for} needs the module {module!r}, which isn't installed here.",
            f"It comes with the extra [{extra}] of aoai-magic.",
            f"%pip install 'aoai-magic[{extra}]'",
        )


class LocalServiceError(AoaiError):
    """The local service can't start, has no model, or went away."""


class ReplyError(AoaiError):
    """A reply that isn't what was asked for: no JSON, no code. `reply` holds it."""


class SchemaError(ReplyError):
    """An answer that hasn't the shape that was asked for: cut, refused, or another one. `reply` holds it."""


class ToolError(ReplyError):
    """A model that asked for more calls of its tools than were allowed. `reply` holds all that came."""


class BudgetError(AoaiError):
    """A request that a budget has no room for. It wasn't sent."""


class LedgerError(AoaiError):
    """The ledger can't be read or written, so that nothing is sent that costs."""


class NotRecordedError(AoaiError):
    """Only recordings may answer here, and none of them does."""


class RunFileError(AoaiError):
    """The file of a run over a table can't be opened, read or written, so that nothing is sent that could be lost."""


class ComparisonError(AoaiError):
    """Some of the deployments that were compared failed; `reply` is the table, with a row for each of them."""


class ServiceError(AoaiError):
    """A service answered with an error, or not at all.

    `status` is the HTTP status (None without an answer), `code` the service's own code, `request_id` its
    `apim-request-id` or `x-request-id`, and `body` the error object as it came.
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        fix: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        body: object = None,
        reply: Arrived | None = None,
    ) -> None:
        super().__init__(what, why, fix, reply=reply)
        self.status, self.code, self.request_id, self.body = status, code, request_id, body


class AuthenticationError(ServiceError):
    """401 or 403: a wrong key, no sign-in, a missing role, or network rules."""


class DeploymentNotFoundError(ServiceError):
    """404: the resource has no deployment of that name, or the address is wrong."""


class RequestRefusedError(ServiceError):
    """400 and the like: the service understood who asks, but not what."""


class ContentFilterError(ServiceError):
    """The prompt was blocked by the content filter; `filters` holds the verdict of each category."""

    def __init__(self, *args: Any, filters: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters = filters or {}


class RateLimitError(ServiceError):
    """429: more requests or tokens than the deployment may take now; `retry_after` is in seconds."""

    def __init__(self, *args: Any, retry_after: float | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.retry_after = retry_after


class NoAnswerError(ServiceError):
    """Nothing answered: no route, no such host, a timeout, or a connection that broke off."""


class Interrupted(KeyboardInterrupt):
    """The stop button or Ctrl-C was pressed in the middle of a reply; `reply` holds what had arrived."""

    def __init__(self, what: str, reply: Arrived | None = None) -> None:
        super().__init__(what)
        self.reply = reply

    def _render_traceback_(self) -> list[str]:
        return _short_traceback(self) if AoaiError.short else _whole_traceback(self)


def a_kind(thing: object) -> str:
    """The type of a thing with its article, to begin a sentence.

    >>> a_kind(3), a_kind({})
    ('An int', 'A dict')
    """
    name = type(thing).__qualname__
    return f"{'An' if name[:1].lower() in 'aeio' else 'A'} {name}"


def near(name: str, known: Iterable[str]) -> str:
    """That of the known names which may have been meant; "" where none is like it.

    >>> near("dokter", ["connect", "doctor"])
    'doctor'
    """
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), "")


_warned: dict[Any, Any] = {}


def warn_in_words(text: str, kind: type[Warning]) -> None:
    """Warn, and leave out where in this package that was found out, which helps nobody."""
    warnings.warn_explicit(text, kind, "aoai-magic", 1, registry=_warned)


def _short_traceback(error: BaseException) -> list[str]:
    from IPython.core.getipython import get_ipython

    first, *rest = str(error).split("\n")
    plain = environment("NO_COLOR") or getattr(get_ipython(), "colors", "").lower() == "nocolor"  # no-color.org
    name = type(error).__name__ if plain else f"\x1b[1m{type(error).__name__}\x1b[22m"
    fix = getattr(error, "fix", "")  # to be typed, or copied: a terminal cuts it without a break
    told = [
        fitted(f"{type(error).__name__}: {first}"),
        *(f"  {one}" if one == fix else fitted(f"  {one}") for one in rest),
    ]
    return [name + told[0].removeprefix(type(error).__name__), *told[1:]]


def _whole_traceback(error: BaseException) -> list[str]:
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    return lines
