"""The IPython extension: what `%load_ext` puts into a shell, and takes back.

What a magic, a completion or a setting does is imported when it is first used, so that loading costs a notebook next to nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import deepcopy
from importlib import import_module
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, TraitError, TraitType, observe

from . import interrupts
from .cells import Cells

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
    from traitlets.config import Config

    from ..errors import AoaiError

_OWN = "AoaiMagics"


class Setting(TraitType[Any, Any]):
    """A trait that holds the value of the option of its name for all cells that don't give it; None where none is set (see `defaults`)."""

    allow_none = True
    default_value = None

    def __init__(self) -> None:
        super().__init__()
        self.tag(config=True)

    def validate(self, obj: Any, value: Any) -> Any:
        from .defaults import CONFIGURABLE, converted

        converted(CONFIGURABLE[str(self.name)], value, f"%config {_OWN}.{self.name}")
        return value


def _help_of(room: str) -> Callable[[], str]:
    """What IPython shows at %%chat? and the like, from the room that does it."""
    return lambda: str(import_module(f".{room}", __name__).USAGE)


@magics_class
class AoaiMagics(Magics):
    """Prompt cells for Azure OpenAI; `%aoai help` lists them."""

    shell: InteractiveShell

    deployment = Setting()
    system = Setting()
    temperature = Setting()
    top_p = Setting()
    max_tokens = Setting()
    budget = Setting()
    stop = Setting()
    seed = Setting()
    effort = Setting()
    verbosity = Setting()
    api = Setting()
    detail = Setting()
    format = Setting()
    no_stream = Setting()
    short_errors = Bool(True, help="Show errors in a few lines, without the traceback.").tag(config=True)
    take_over = Bool(False, help="Take %%chat over from another extension that has it.").tag(config=True)

    def __init__(self, shell: InteractiveShell) -> None:
        self._refused: tuple[AoaiError, Any] | None = None  # what %config couldn't take, and what was set before
        self._owner: Any = None  # what %%chat was before it was taken over
        self.cells = Cells(shell, self._owns)
        super().__init__(shell)
        self._chat = self.magics["cell"]["chat"]

    @no_var_expand
    @line_cell_magic
    @interrupts.short()
    def aoai(self, line: str, cell: str | None = None) -> Any:
        """`%aoai COMMAND` does what isn't a prompt (`%aoai help`); a cell `%%aoai` is the same as `%%chat`."""
        if cell is None:
            from . import aoai

            return aoai.run(line)
        from . import chat

        return chat.run(self.shell, line, self.cells.as_typed("aoai", line, cell), "%%aoai")

    @no_var_expand
    @cell_magic
    @interrupts.short()
    def chat(self, line: str, cell: str) -> Any:
        """Send the cell to a chat model and show its reply."""
        from . import chat

        return chat.run(self.shell, line, self.cells.as_typed("chat", line, cell))

    @no_var_expand
    @cell_magic
    @interrupts.short()
    def complete(self, line: str, cell: str) -> Any:
        """Let a completions model continue the cell, and show what it writes."""
        from . import complete

        return complete.run(self.shell, line, self.cells.as_typed("complete", line, cell))

    @no_var_expand
    @cell_magic
    @interrupts.short()
    def image(self, line: str, cell: str) -> Any:
        """Let an image model draw what the cell says, or change a picture, and show it."""
        from . import image

        return image.run(self.shell, line, self.cells.as_typed("image", line, cell))

    @no_var_expand
    @cell_magic
    @interrupts.short()
    def tokens(self, line: str, cell: str) -> Any:
        """Show the cell's text in its tokens, by one model or several; nothing is sent."""
        from . import tokens

        return tokens.run(self.shell, line, self.cells.as_typed("tokens", line, cell))

    _magics: tuple[Any, ...] = (aoai, chat, complete, image, tokens)
    for _magic in _magics:
        _magic.getdoc = _help_of(_magic.__name__)

    def update_config(self, config: Config) -> None:
        """Take what `%config AoaiMagics.NAME = VALUE` says. What can't be taken fails the cell when it ends.

        What is raised here is only logged by IPython, and the notebook would go on.
        """
        from ..errors import AoaiError, SettingsError
        from .defaults import check_names

        before = deepcopy(self.shell.config[_OWN])
        try:
            check_names(list(dict.get(config, _OWN, {})), self.trait_names(config=True), _OWN)
            super().update_config(config)
        except AoaiError as error:
            self._refused = error, before
        except TraitError as error:
            self._refused = SettingsError(f"{error}", "", f"%config {_OWN} lists what there is"), before

    @classmethod
    def class_get_trait_help(cls, trait: TraitType[Any, Any], inst: Any = None, helptext: str | None = None) -> str:
        """What `%config AoaiMagics` says of a trait; of an option, what --help says."""
        if isinstance(trait, Setting):
            from .defaults import CONFIGURABLE

            helptext = CONFIGURABLE[str(trait.name)].help
        return super().class_get_trait_help(trait, inst, helptext)

    @observe("short_errors")
    def _show_errors(self, change: Any) -> None:
        from ..errors import AoaiError

        AoaiError.short = change["new"]

    @observe("deployment")
    def _prefer(self, change: Any) -> None:
        from ..current import prefer

        prefer(change["new"])

    @observe("take_over")
    def _take_over(self, change: Any) -> None:
        cells = self.shell.magics_manager.magics["cell"]
        if not self._owns("aoai"):
            return  # set by the configuration, before anything is registered
        if change["new"] and not self._owns("chat"):
            self._owner, cells["chat"] = cells.get("chat"), self._chat
        elif not change["new"] and self._owner is not None and self._owns("chat"):
            cells["chat"], self._owner = self._owner, None

    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """What Tab offers in our cells, as a matcher of IPython's completer."""
        from .completion import Completion

        return Completion(self.shell, self._owns).match(context)

    match.matcher_api_version = 2  # type: ignore[attr-defined]  # it is given the cell
    match.matcher_identifier = "aoai_magic"  # type: ignore[attr-defined]  # IPython looks there

    def _owns(self, name: str, kind: str = "cell") -> bool:
        function = self.shell.magics_manager.magics[kind].get(name)
        return getattr(function, "__self__", None) is self

    def register(self) -> None:
        """Add the magics to the shell, but leave %%chat to another extension that has it already."""
        owner = self.shell.magics_manager.magics["cell"].get("chat")
        if owner is not None and self.take_over:
            self._owner = owner
        elif owner is not None:
            del self.magics["cell"]["chat"]
            print(
                f"%%chat stays with {getattr(owner, '__module__', None) or 'another extension'}; %%aoai is the same here. "
                "To take it over: %config AoaiMagics.take_over = True"
            )
        self.shell.register_magics(self)
        self.shell.events.register("post_run_cell", self.conclude)
        self.cells.attach()
        self.shell.Completer.custom_matchers.append(self.match)

    def unregister(self) -> None:
        """Take back all that `register` did."""
        self.take_over, self.deployment = False, None
        if panels := sys.modules.get("aoai_magic.widgets.parts"):
            panels.close_all()
        self.shell.events.unregister("post_run_cell", self.conclude)
        self.cells.detach()
        self.shell.Completer.custom_matchers.remove(self.match)
        manager = self.shell.magics_manager
        for kind, names in self.magics.items():
            for name in names:
                if self._owns(name, kind):
                    del manager.magics[kind][name]
        manager.registry.pop(_OWN, None)
        self.shell.configurables.remove(self)  # type: ignore[arg-type]  # IPython types the list by its first entry

    def conclude(self, result: ExecutionResult) -> None:
        """Fail the cell in which %config was given what it can't take."""
        if self._refused is not None:
            error, self.shell.config[_OWN] = self._refused  # else a reload would meet it again
            self._refused = None
            if result.success:
                result.error_in_exec = error
                self.shell.showtraceback((type(error), error, error.__traceback__))


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell; once, however often it is called."""
    if _OWN not in shell.magics_manager.registry:
        AoaiMagics(shell).register()


def unload(shell: InteractiveShell) -> None:
    """Unregister them."""
    magics = shell.magics_manager.registry.get(_OWN)
    if magics is not None:
        magics.unregister()
