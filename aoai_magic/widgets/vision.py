"""What a picture costs as input, drawn on the picture itself: how it is shrunk, and its tiles or patches."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from .. import attachments, catalog, tokens
from ..errors import SettingsError
from ..render import lined_up
from ..visible import visible
from .static import Static, bundle, safe

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

_HERE = Path(__file__).parent
# The longest side, in px, of the copy that is shown; the cost is always that of the picture itself.
_SHOWN = 640
_TILE, _PATCH = 512, 32
_LARGEST = 8192
_USUAL = "gpt-4o"


class VisionCosts(anywidget.AnyWidget):
    """A picture's cost as input, model by model: sliders for its size, the detail and the model; the grid drawn on it.

    `image` is what `%%chat -a` takes: a file, bytes, a data URL, a PIL image, an array, a figure; without one, an empty
    picture of 1024 x 1024 px. `models` are those of the table, by default all that take pictures and aren't retired.
    `costs.static()` is the form that stays in a saved notebook, `costs.figure()` the same as a matplotlib figure.

    >>> VisionCosts(models=["gpt-4o"]).outcome["total"]
    765
    """

    _esm = _HERE / "vision.js"
    _css = _HERE / "vision.css"
    picture = traitlets.Unicode().tag(sync=True)
    original = traitlets.List(traitlets.Int()).tag(sync=True)
    longest = traitlets.Int().tag(sync=True)
    detail = traitlets.Unicode("high").tag(sync=True)
    model = traitlets.Unicode().tag(sync=True)
    models = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    outcome = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        image: object = None,
        models: Sequence[str] | None = None,
        *,
        model: str | None = None,
        detail: str = "high",
    ) -> None:
        width, height = (1024, 1024) if image is None else tokens.image_size(image)
        chosen = list(models or _takers())
        self._copy = _small(image, width, height)
        super().__init__(
            picture=_data_url(self._copy),
            original=[width, height],
            longest=max(width, height),
            detail=detail,
            model=model or (_USUAL if _USUAL in chosen else chosen[0]),
            models=chosen,
        )
        self._recount()

    @traitlets.observe("longest", "detail", "model", "models")
    def _recount(self, change: Any = None) -> None:
        if self.model:  # all traits are there
            self.outcome = _outcome(self.size, self.model, self.detail, self.models)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px that are counted: the picture's own, or as the slider has it, in the same shape."""
        width, height = self.original
        longest = min(max(self.longest, 1), max(_LARGEST, width, height))
        if longest == max(width, height):
            return width, height
        width, height = (max(1, round(side * longest / max(width, height))) for side in (width, height))
        return width, height

    def static(self) -> Static:
        """The picture with its grid, the steps and the table, as they stand; without prices, which are of today."""
        found = self.outcome
        source = _data_url(_with_grid(self._copy, found))
        rows = "".join(
            f'<tr><td style="text-align: left">{safe(one["model"])}</td><td>{safe(one["tokens"])}</td></tr>'
            for one in found["table"]
        )
        steps = "".join(f"<li>{safe(step)}</li>" for step in found["steps"])
        table = f"<table><tr><th>model</th><th>tokens</th></tr>{rows}</table>"
        shown = (
            f'<img src="{source}" alt="{escape(visible(found["head"]))}" style="max-width: 100%"><div><b>{safe(found["head"])}</b></div>'
            f"<ol>{steps}</ol>{table}"
        )
        lines = [found["head"], *found["steps"], *(f"{one['model']}: {one['tokens']}" for one in found["table"])]
        return Static(shown, visible("\n".join(lines)))

    def figure(self) -> Figure:
        """The picture with its grid as a matplotlib figure, the steps as its title."""
        from matplotlib.figure import Figure

        found = self.outcome
        width, height = found["resized"]
        figure = Figure(figsize=(6, 6 * height / width + 1), layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(self._copy, extent=(0, width, height, 0))
        for position in _lines(width, found["cell"]):
            axes.axvline(position, color="white", linewidth=0.8)
        for position in _lines(height, found["cell"]):
            axes.axhline(position, color="white", linewidth=0.8)
        axes.set_title("\n".join([found["head"], *found["steps"]]), fontsize=9, loc="left", wrap=True)
        axes.set_xlabel("px as the model sees it")
        return figure

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return bundle(self, self.static()), {}


def _takers() -> list[str]:
    """The models that can be sent pictures today."""
    return [one.name for one in catalog.models() if one.vision and "chat" in one.operations and not one.retired()]


def _outcome(size: tuple[int, int], model: str, detail: str, models: Sequence[str]) -> dict[str, Any]:
    """What is shown: the cost for the chosen model, step by step, and that of all models in a table."""
    table = [{"model": one, **_cost(size, one, detail)} for one in models]
    for row, filled in zip(table, lined_up([row["price"] for row in table]), strict=True):
        row["price"] = filled
    try:
        found = tokens.count_image(*size, model, detail)
    except SettingsError as error:
        return {
            "head": error.what,
            "price": "",
            "steps": [error.why],
            "resized": list(size),
            "cell": 0,
            "total": None,
            "table": table,
        }
    cell = _TILE if found.tiles else _PATCH if found.patches else 0
    price = catalog.price(model)
    cost = price.cost(found.total, 0) if price else None
    return {
        "head": f"{model}, {size[0]} x {size[1]} px, {detail} detail: {found.total:,} tokens",
        "price": f", {catalog.dollars(cost)}" if cost else ", price unknown",
        "steps": list(found.steps),
        "resized": list(found.resized),
        "cell": cell,
        "total": found.total,
        "table": table,
    }


def _cost(size: tuple[int, int], model: str, detail: str) -> dict[str, str]:
    try:
        total = tokens.count_image(*size, model, detail).total
    except SettingsError:
        known = catalog.model(model)
        return {"tokens": f"no {detail} detail" if known and known.vision else "unknown", "price": ""}
    price = catalog.price(model)
    cost = price.cost(total, 0) if price else None
    return {"tokens": f"{total:,}", "price": catalog.dollars(cost) if cost else "unknown"}


def _lines(length: int, cell: int) -> range:
    """Where the lines of a grid of `cell` px are, within `length` px."""
    return range(cell, length, cell) if cell else range(0)


def _small(image: object, width: int, height: int) -> Image.Image:
    """A copy of the picture that is large enough to be looked at; a large JPEG is decoded at a fraction of its size."""
    from PIL import Image, ImageOps

    if image is None:
        return Image.new("RGB", (_SHOWN, _SHOWN), "#7c8aa0")
    opened: Any = image if isinstance(image, Image.Image) else Image.open(io.BytesIO(attachments.picture_bytes(image)))
    if opened is not image:
        opened.draft("RGB", (_SHOWN, _SHOWN))
    copy = ImageOps.exif_transpose(opened)
    copy = copy.copy() if copy is image else copy
    copy.thumbnail((_SHOWN, _SHOWN))
    if copy.mode in ("LA", "P", "PA", "RGBA"):
        copy = copy.convert("RGBA")
        ground = Image.new("RGBA", copy.size, "white")
        ground.alpha_composite(copy)
        copy = ground
    return copy.convert("RGB")


def _with_grid(copy: Image.Image, found: dict[str, Any]) -> Image.Image:
    from PIL import ImageDraw

    drawn = copy.copy()
    pen = ImageDraw.Draw(drawn)
    width, height = found["resized"]
    across, down = drawn.width / width, drawn.height / height
    for position in _lines(width, found["cell"]):
        pen.line([(position * across, 0), (position * across, drawn.height)], "white")
    for position in _lines(height, found["cell"]):
        pen.line([(0, position * down), (drawn.width, position * down)], "white")
    return drawn


def _data_url(copy: Image.Image) -> str:
    written = io.BytesIO()
    copy.save(written, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"
