"""What a chat panel lets a model be told beside the prompt; what the model doesn't take is greyed, and says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from ..catalog import EFFORTS, Known
from ..errors import OptionError
from ..request.parameters import refuse

_LONGEST = 16_384  # where it isn't known
_EFFORTS = EFFORTS[: EFFORTS.index("max")]  # which the Responses API alone takes
_WIDE = {"description_width": "7em"}
_VERBOSITIES = ("low", "medium", "high")


class Parameters(ipywidgets.VBox):
    """Sliders with a number beside each, and lists of words. `values()` are the options of `aoai.chat` that were moved.

    What stands where it stood isn't sent, so the service's own default holds. `on_change` is called when something
    moves.

    >>> Parameters(lambda: None).values()
    {}
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._temperature = _Slider(
            "Temperature", "0 for the likeliest words, up to 2 for the boldest; 1 is as if not said", 2.0, 1.0
        )
        self._top_p = _Slider(
            "Top p", "how much of what is likely is chosen from, from the top; 1 is as if not said", 1.0, 1.0
        )
        self._max_tokens = _Slider(
            "Max. tokens", "the most tokens that the reply may have; 0 is as if not said", _LONGEST, 0
        )
        self._effort = _Words("Effort", "how much the model thinks before it answers", _EFFORTS)
        self._verbosity = _Words("Verbosity", "how much the model says", _VERBOSITIES)
        self._rows = {
            "temperature": self._temperature,
            "top_p": self._top_p,
            "max_tokens": self._max_tokens,
            "effort": self._effort,
            "verbosity": self._verbosity,
        }
        super().__init__(list(self._rows.values()))
        for row in self._rows.values():
            row.moving.observe(lambda _: on_change(), "value")

    def values(self) -> dict[str, Any]:
        """What was moved, by the names that `aoai.chat` has for it."""
        return {name: value for name, row in self._rows.items() if (value := row.value) is not None}

    def fit(self, *known: Known | None) -> None:
        """Grey what one of these models is known to refuse, and offer what all have; of unknown models, everything."""
        models = [one.model for one in known if one]
        self._max_tokens.up_to(min((model.max_output_tokens or _LONGEST for model in models), default=_LONGEST))
        efforts = tuple(word for word in _EFFORTS if all(word in (model.efforts or _EFFORTS) for model in models))
        self._effort.offer(efforts, models[0].default_effort if len(models) == 1 else None)
        self._temperature.grey(_why("temperature", 0, known))
        self._top_p.grey(_why("top_p", 0.5, known))
        self._effort.grey(_why("reasoning_effort", (efforts or _EFFORTS)[-1], known))
        self._verbosity.grey(_why("verbosity", "low", known))


class Settings(ipywidgets.VBox):
    """The system message and the parameters, which `shown`, a button, shows.

    `values()` are the options of `aoai.chat` for them.

    >>> Settings(lambda: None, "Be brief.").values()
    {'system': 'Be brief.'}
    """

    def __init__(self, on_change: Callable[[], None], system: str = "") -> None:
        self.shown = ipywidgets.ToggleButton(description="Settings", tooltip="system message, temperature and more")
        self.system = ipywidgets.Textarea(
            system,
            description="System",
            rows=2,
            placeholder="what the model should be and do",
            layout={"width": "auto"},
        )
        self.parameters = Parameters(on_change)
        super().__init__([self.system, self.parameters], layout={"display": "none"})
        self.add_class("aoai-settings")
        self.system.observe(lambda _: on_change(), "value")
        self.shown.observe(self._show, "value")

    def values(self) -> dict[str, Any]:
        """What was said, by the names that `aoai.chat` has for it."""
        said = {"system": self.system.value} if self.system.value.strip() else {}
        return {**said, **self.parameters.values()}

    def _show(self, change: Any) -> None:
        self.layout.display = None if change["new"] else "none"


class _Row(ipywidgets.HBox):
    """What moves, and beside it why it can't."""

    def __init__(self, moving: Any, *others: Any) -> None:
        self.moving = moving
        self._own = moving.tooltip
        self._why = ipywidgets.Label()
        self._why.add_class("aoai-why")
        super().__init__([moving, *others, self._why])

    def grey(self, why: str) -> None:
        """Let it be moved only where there is no reason not to."""
        for one in self.children[:-1]:
            one.disabled = bool(why)
        self.moving.tooltip = why or self._own
        self._why.value = why


class _Slider(_Row):
    """A slider, and a box for its number: in Notebook 7 sliders don't hear the arrow keys."""

    def __init__(self, label: str, told: str, most: float, neutral: float) -> None:
        self._neutral = neutral
        whole = isinstance(most, int)
        slider = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        box = ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText
        range_ = {"min": 0, "max": most, "step": 1 if whole else 0.05, "value": neutral}
        moving = slider(**range_, description=label, tooltip=told, readout=False, style=_WIDE)
        # Its name is for screen readers alone; the slider's own is beside it.
        name = {"description": f"{label}, number", "style": {"description_width": "0px"}}
        number = box(**range_, **name, tooltip=told, layout={"width": "7em"})
        self.link = ipywidgets.jslink((moving, "value"), (number, "value"))
        super().__init__(moving, number)

    @property
    def value(self) -> float | None:
        """What it was moved to; None where it wasn't, or can't be."""
        return None if self.moving.disabled or self.moving.value == self._neutral else self.moving.value

    def up_to(self, most: int) -> None:
        """Let it go so far."""
        for one in self.children[:2]:
            one.max = most


class _Words(_Row):
    """A list of words to choose from."""

    def __init__(self, label: str, told: str, words: tuple[str, ...]) -> None:
        super().__init__(ipywidgets.Dropdown(description=label, tooltip=told, style=_WIDE, layout={"width": "24em"}))
        self.offer(words)

    @property
    def value(self) -> str | None:
        """What was chosen; None where nothing was, or can't be."""
        return None if self.moving.disabled else self.moving.value or None

    def offer(self, words: tuple[str, ...], default: str | None = None) -> None:
        """Let one of these be chosen, or none."""
        self.offered = words
        before = self.moving.value
        own = f"the model's own ({default})" if default else "the model's own"
        self.moving.options = [(own, ""), *((word, word) for word in words)]
        self.moving.value = before if before in words else ""


def _why(name: str, value: object, known: Sequence[Known | None]) -> str:
    """Why one of these models doesn't take a parameter; "" where all do, or aren't known."""
    for one in known:
        try:
            refuse({"model": one.model.name if one else "", name: value}, one)
        except OptionError as error:
            return f"{one.model.name}: {error.why}" if one and len(known) > 1 else error.why
    return ""
