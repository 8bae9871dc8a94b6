"""A request for pictures: its body, from what a user gives, and what it will cost."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import catalog, tokens
from .attachments import file_of, picture_bytes
from .catalog import Known, Model
from .errors import SettingsError
from .estimates import Estimate, Headroom, warnings_of_model
from .local.limits import arrival_tokens
from .tokens import Part
from .tokens.headers import media_type

#: What the models write; Azure writes the first two.
FORMATS = ("png", "jpeg", "webp")
#: The most pictures that are handed over to be edited (OpenAI's API reference, "Create image edit").
_MOST_EDITED = 16


class PictureFile(bytes):
    """A picture as the bytes of its file, and the file that it was read from, if it was; `repr` doesn't show the bytes.

    >>> PictureFile(b"GIF89a")
    <image/gif, 6 bytes>
    """

    path: str | None

    def __new__(cls, data: bytes, path: str | None = None) -> PictureFile:
        made = super().__new__(cls, data)
        made.path = path
        return made

    @property
    def media_type(self) -> str:
        """Such as "image/png"."""
        return media_type(self)

    def named(self, name: str) -> tuple[str, bytes, str]:
        """Name, bytes and media type, as the SDK takes a file."""
        return f"{name}.{self.media_type.removeprefix('image/')}", bytes(self), self.media_type

    def __repr__(self) -> str:
        return f"<{self.media_type}, {len(self):,} bytes>"


def image_body(
    prompt: str,
    deployment: str,
    model: Model | None = None,
    *,
    edit: object = None,
    mask: object = None,
    size: str | None = None,
    quality: str | None = None,
    n: int = 1,
    background: str | None = None,
    format: str | None = None,  # noqa: A002  # the option's name
    fidelity: str | None = None,
    partial_images: int = 0,
    **params: Any,
) -> dict[str, Any]:
    """Return the body of a request for pictures; what is None isn't in it, so that the service's own default holds.

    `edit` is a picture to be changed, or a list of them: a file, bytes, a data URL, or a variable (PIL image, array,
    figure); `mask` is another of the first one's size, which lets be changed what is transparent in it. With `edit` the
    body is a form's fields, with the pictures as `PictureFile`; without, it is JSON. `partial_images` (0 to 3) are
    unfinished pictures to be sent in between. Raises SettingsError for what can't be sent, or the model is known not to
    take.

    >>> image_body("A fox.", "gpt-image-1", size="1024x1024")
    {'model': 'gpt-image-1', 'prompt': 'A fox.', 'size': '1024x1024'}
    """
    files: dict[str, Any] = {}
    given = list(edit) if isinstance(edit, list | tuple) else [] if edit is None else [edit]
    if given:
        files["image"] = [_file(one) for one in given]
        if mask is not None:
            files["mask"] = _mask(_file(mask), files["image"][0])
        if len(given) > _MOST_EDITED:
            raise SettingsError(f"{len(given)} pictures are to be edited.", f"A request takes {_MOST_EDITED}.", "")
    elif mask is not None or fidelity is not None:
        raise SettingsError(
            f"There is a {'mask' if mask is not None else 'fidelity'}, and no picture to edit.",
            "Both belong to a picture that is changed.",
            "%%image --edit FILE|VARIABLE|last",
        )
    if background == "transparent" and format == "jpeg":
        raise SettingsError("A JPEG can't be transparent.", "", 'Say format="png" (--format png).')
    options = {
        "size": size,
        "quality": quality,
        "n": n if n != 1 else None,
        "background": background,
        "output_format": format,
        "input_fidelity": fidelity,
        **({"stream": True, "partial_images": partial_images} if partial_images else {}),
        **params,
    }
    body = {"model": deployment, "prompt": prompt, **files}
    body |= {name: value for name, value in options.items() if value is not None}
    for name in model.refuses if model else ():
        if name in body:
            raise SettingsError(f"{model.name if model else ''} doesn't take {name}.", "", "Leave it out.")
    return body


@dataclass(frozen=True, repr=False)
class ImageEstimate(Estimate):
    """What a request for pictures will cost; see `Estimate`. The tokens that are made are a picture's.

    `choices` are the pictures; `max_tokens` is what one of them has at most, and `min_tokens` at least: the two differ
    where size or quality is left to the service. Both are None where no document has the rule for that model.

    >>> import aoai_magic as aoai
    >>> aoai.estimate_image("A fox.", deployment="gpt-image-1", size="1024x1024", quality="low").max_tokens
    272
    """

    min_tokens: int | None = None
    #: Of the prompt's tokens, those of pictures to be edited; None where they can't be counted.
    image_tokens: int | None = 0

    @property
    def cheapest(self) -> float | None:
        return None if self.min_tokens is None else self.cost(self.choices * self.min_tokens)

    @property
    def operation(self) -> str:
        """What the deployment is asked for: to draw (images), or to change a picture (image_edits)."""
        return "image_edits" if "image" in self.request else "images"

    @property
    def limit(self) -> None:
        """None: no picture is made of fewer tokens because a budget wants it."""

    def cost(self, completion_tokens: int) -> float | None:
        """US dollars on Azure with pictures of so many tokens in all; None where the price is unknown."""
        if self.price is None or self.image_tokens is None:
            return None
        return self.price.cost(
            self.prompt_tokens,
            completion_tokens,
            image_input_tokens=self.image_tokens,
            image_output_tokens=completion_tokens,
        )

    def reply_row(self) -> tuple[str, str, str]:
        times = f"{self.choices} x " if self.choices > 1 else ""
        if self.max_tokens is None or self.min_tokens is None:
            return "picture", f"{times}unknown", "no document says how many tokens it takes"
        if self.max_tokens == self.min_tokens:
            return "picture", f"{times}{self.max_tokens:,} tokens", ""
        return "picture", f"{times}{self.min_tokens:,} to {self.max_tokens:,} tokens", "as the service chooses"


def estimate_image(
    body: Mapping[str, Any],
    known: Known | None,
    *,
    sku: str = "GlobalStandard",
    region: str | None = None,
    where: str = "",
    local: bool,
    headroom: Headroom | None = None,
) -> ImageEstimate:
    """Return the estimate of a body that `image_body` made.

    `known`, `sku`, `region` and `local` are as in `estimates.estimate`. Raises SettingsError for a size or quality that
    the model doesn't have.
    """
    model = known.model if known else None
    name = model.name if model else ""
    # No document says how an image model frames its prompt; OpenAI's cookbook has chat's alone.
    parts = [Part("text", tokens.count(body["prompt"], name or "gpt-4o"), estimated=True)]
    handed_over = [_edited_tokens(file, name, body.get("input_fidelity", "low")) for file in body.get("image", ())]
    parts += [Part("picture to edit", count) for count in handed_over if count is not None]
    least, most = _drawn_tokens(
        name, body.get("size", "auto"), body.get("quality", "auto"), body.get("partial_images", 0)
    )
    warnings = warnings_of_model(known)
    longest = (model and model.max_prompt_characters) or 0
    if 0 < longest < len(body["prompt"]):
        warnings.append(
            f"The prompt has {len(body['prompt']):,} characters; {name} takes {longest:,}, says Microsoft's list."
        )
    if None in handed_over:
        warnings.append("What the picture to edit costs can't be counted for this model.")
    return ImageEstimate(
        deployment=str(body["model"]),
        known=known,
        parts=tuple(parts),
        choices=int(body.get("n", 1)),
        max_tokens=most,
        min_tokens=least,
        image_tokens=None if None in handed_over else sum(count or 0 for count in handed_over),
        price=catalog.price(model.id, sku=sku, region=region) if model else None,
        sku=sku,
        region=region,
        where=where,
        local=local,
        arrival=arrival_tokens(len(body["prompt"]), 0),
        headroom=headroom,
        warnings=tuple(warnings),
        request=body,
    )


def _drawn_tokens(model: str, size: str, quality: str, partials: int) -> tuple[int | None, int | None]:
    """The fewest and the most tokens that one picture can have; None twice where nobody knows."""
    try:
        tokens.count_generated_image("1024x1024", "low", model)
    except SettingsError:
        return None, None  # of this model nothing is known; the service may make what it is asked for
    if size == "auto" and model == "gpt-image-2":
        return None, None  # any size is one that it may choose
    most = tokens.count_generated_image(size, quality, model, partials)
    sizes = ["1024x1024", "1024x1536", "1536x1024"] if size == "auto" else [size]
    lowest = "low" if quality == "auto" else quality
    return min(tokens.count_generated_image(one, lowest, model, partials) for one in sizes), most


def _edited_tokens(file: PictureFile, model: str, fidelity: str) -> int | None:
    try:
        return tokens.count_edited_image(*tokens.image_size(file), model, fidelity)
    except SettingsError:
        return None


def _file(thing: Any) -> PictureFile:
    if hasattr(thing, "finish_reason"):
        thing = _drawn(thing)
    tokens.image_size(thing)  # raises for what is no picture, is broken, or is too large
    file = PictureFile(picture_bytes(thing), file_of(thing))
    if file.media_type in ("image/png", "image/jpeg"):
        return file
    from PIL import Image

    return PictureFile(picture_bytes(Image.open(io.BytesIO(file))))  # as PNG: Azure edits nothing else


def _drawn(reply: Any) -> bytes:
    """The picture of a reply, as its file was sent."""
    pictures = getattr(reply, "pictures", [])
    if len(pictures) != 1:
        raise SettingsError(
            f"The reply has {len(pictures) or 'no'} picture{'s' * (len(pictures) != 1)}.",
            "One of them is to be edited; which one?" if pictures else "It is a text.",
            "picture = aoai.last[0], then --edit picture" if pictures else "%%image first, then %%image --edit last",
        )
    data: bytes = pictures[0].data
    return data


def _mask(mask: PictureFile, picture: PictureFile) -> PictureFile:
    here, there = tokens.image_size(mask), tokens.image_size(picture)
    if here != there:
        raise SettingsError(
            f"The mask is {here[0]} x {here[1]} px, the picture {there[0]} x {there[1]}.",
            "A mask says of each pixel whether it may change.",
            "Make it the same size: mask.resize(picture.size)",
        )
    # A PNG whose header has the colour type 4 or 6, those with an alpha channel (PNG specification, 11.2.1).
    if mask.media_type != "image/png" or mask[25] not in (4, 6):
        raise SettingsError(
            "The mask has no alpha channel.",
            "What is transparent in it is drawn anew; the rest stays.",
            'Begin with PIL.Image.new("RGBA", picture.size, "black")',
        )
    return mask
