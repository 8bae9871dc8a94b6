"""Image generation and edits: sketches drawn from the prompt's words, counted as the real pictures are."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import math
import re
import time
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any

from .. import tokens
from ..errors import AoaiError
from .account import Account, Deployment
from .asking import Extra, refuse_parameters
from .azure_errors import AzureError, invalid_request
from .events import sse
from .fields import Fields
from .filters import Filter, without_phrases
from .limits import arrival_tokens

if TYPE_CHECKING:
    from PIL.Image import Image

_SIZES = ("1024x1024", "1024x1536", "1536x1024", "auto")
#: Models that draw any size within bounds, and nothing transparent (Microsoft's page on image generation models).
_ANY_SIZE = "gpt-image-2"
_EDGE, _LONGEST_EDGE, _MOST_ELONGATED, _PIXELS = 16, 3840, 3, (655_360, 8_294_400)
_QUALITIES = ("low", "medium", "high", "auto")
_COMMON = frozenset(
    "background model moderation n output_compression output_format partial_images prompt quality size stream user".split()
)
_LONGEST_PROMPT = 32_000
_LARGEST_FILE = 50 * 1024 * 1024
_MOST_FILES = 16


class Generations:
    """One request for pictures of a prompt."""

    cut = 0
    _name = "image_generation"
    parameters = _COMMON

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        body = Fields(values)
        for name in ("response_format", "style"):  # of dall-e-3, which is retired; here base64 is all there is
            if name in body:
                raise invalid_request(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        body.refuse_unknown(self.parameters)
        self._model = deployment.model.name
        body.required("prompt")
        self._prompt = body.text("prompt", longest=_LONGEST_PROMPT)
        if not self._prompt.strip():
            raise invalid_request("Invalid 'prompt': string too short.", "prompt", "string_below_min_length")
        refuse_parameters(body, deployment.model)
        size, quality = _size(body, self._model), body.choice("quality", _QUALITIES, "auto")
        # What "auto" comes to isn't documented; here it is the first size, and the default quality.
        self._size = _SIZES[0] if size == "auto" else size
        self._quality = ("medium" if self._model.endswith("-mini") else "high") if quality == "auto" else quality
        self._n = body.integer("n", 1, least=1, most=10)
        self._format = body.choice("output_format", ["png", "jpeg"], "png")
        self._compression = body.integer("output_compression", 100, least=0, most=100)
        self._background = body.choice("background", ["transparent", "opaque", "auto"], "auto")
        if self._background == "transparent" and self._format == "jpeg":
            raise invalid_request(
                "Transparent background is not supported for JPEG output format.", "background", "invalid_value"
            )
        if self._background == "transparent" and self._model.startswith(_ANY_SIZE):
            raise invalid_request(
                "Transparent background is not supported for this model.", "background", "invalid_value"
            )
        body.choice("moderation", ["low", "auto"], "auto")
        body.text("user")
        self.stream = body.boolean("stream")
        self._partials = body.integer("partial_images", 0, least=0, most=3)
        if self._partials and not self.stream:
            raise invalid_request(
                "The 'partial_images' parameter is only allowed when 'stream' is enabled.", "partial_images"
            )
        self._filter = Filter.of([self._prompt], fails=extra.filter_fails)
        self._drawn = without_phrases(self._prompt)
        self.arrival = arrival_tokens(len(self._prompt), 0)
        self._created = int(time.time())

    async def begin(self) -> None:
        """Let the filter judge the prompt, and the picture that would come of it."""
        if self._filter.prompt.blocked:
            raise self._blocked("Your task failed as a result of our safety system.")
        if self._filter.reply.blocked:
            raise self._blocked("Generated image was filtered as a result of our safety system.")

    def _blocked(self, message: str) -> AzureError:
        return AzureError(400, {"code": "contentFilter", "message": message}, beside={"created": self._created})

    async def close(self) -> None:
        """Nothing goes on between two pictures."""

    async def answer(self) -> dict[str, Any]:
        """All pictures in one body."""
        pictures = [await asyncio.to_thread(self._next, self._pictures(number)) for number in range(self._n)]
        data = [{"b64_json": picture} for picture in pictures]
        return {"created": self._created, **self._facts(), "data": data, "usage": self._usage(self._n)}

    async def events(self) -> AsyncGenerator[bytes]:
        """The pictures as they come into being: partial ones, then each whole."""
        facts = {"created_at": self._created, **self._facts()}
        for number in range(self._n):
            pictures = self._pictures(number)
            name = f"{self._name}.partial_image"
            for index in range(self._partials):
                picture = await asyncio.to_thread(self._next, pictures)
                yield sse({"type": name, "partial_image_index": index, "b64_json": picture, **facts}, name)
            name = f"{self._name}.completed"
            picture = await asyncio.to_thread(self._next, pictures)
            yield sse({"type": name, "b64_json": picture, **facts, "usage": self._usage(1, self._partials)}, name)

    def _next(self, pictures: Iterator[Image]) -> str:
        from .sketch import encode

        return base64.b64encode(encode(next(pictures), self._format, self._compression)).decode()

    def _pictures(self, number: int) -> Iterator[Image]:
        """The unfinished pictures that were asked for, then the finished one."""
        from .sketch import partials

        width, height = map(int, self._size.split("x"))
        return partials(
            self._drawn, self._partials, width=width, height=height, quality=self._quality, background=self._background,
            number=number,
        )  # fmt: skip

    def _facts(self) -> dict[str, str]:
        from .sketch.words import read

        clear = self._background == "auto" and self._format == "png" and read(self._drawn).transparent
        return {
            "background": "transparent" if clear or self._background == "transparent" else "opaque",
            "output_format": self._format,
            "quality": self._quality,
            "size": self._size,
        }

    def _usage(self, pictures: int, partials: int = 0) -> dict[str, Any]:
        text, image = tokens.count(self._prompt, self._model), self._input_tokens()
        model = _ANY_SIZE if self._model.startswith(_ANY_SIZE) else self._model
        output = tokens.count_generated_image(self._size, self._quality, model, partials) * pictures
        return {
            "input_tokens": text + image,
            "input_tokens_details": {"text_tokens": text, "image_tokens": image},
            "output_tokens": output,
            "total_tokens": text + image + output,
        }

    def _input_tokens(self) -> int:
        return 0


class Edits(Generations):
    """One request for a picture to be changed: multipart, with the pictures and perhaps a mask as files.

    Of several pictures the first is the one that is changed, which the mask is for and the size is taken from. The models
    look at the others for what they show; a sketch can't, so that here they are checked, and billed as input.
    """

    _name = "image_edit"
    parameters = _COMMON | {
        "image",
        "image[]",
        "image.filename",
        "image[].filename",
        "input_fidelity",
        "mask",
        "mask.filename",
    }

    def __init__(self, values: dict[str, Any], deployment: Deployment, account: Account, extra: Extra) -> None:
        super().__init__(_read_form(values), deployment, account, extra)
        self._fidelity = Fields(values).choice("input_fidelity", ["low", "high"], "low")
        given = values.get("image[]") or values.get("image")
        files = given if isinstance(given, list) else [given]
        contents = [file for file in files if isinstance(file, bytes)]
        if len(contents) < len(files):
            raise invalid_request("Missing required parameter: 'image'.", "image", "missing_required_parameter")
        if len(files) > _MOST_FILES:
            raise invalid_request(
                f"Invalid 'image': at most {_MOST_FILES} images are supported.", "image", "too_many_images"
            )
        self._given = [_opened(file, "image") for file in contents]
        mask = values.get("mask")
        if mask is not None and not isinstance(mask, bytes):
            raise invalid_request("Invalid type for 'mask': expected one file.", "mask", "invalid_type")
        self._mask = None if mask is None else _opened(mask, "mask")
        if Fields(values).text("size", "auto") == "auto":
            width, height = self._given[0].size
            self._size = min(_SIZES[:3], key=lambda size: abs(math.log(width / height / _shape(size))))
        if self._mask is not None and self._mask.size != self._given[0].size:
            raise invalid_request(
                f"Invalid mask image format - mask size does not match image size: {self._mask.size}, "
                f"{self._given[0].size}.",
                "mask",
                "invalid_value",
            )
        if self._mask is not None and "A" not in self._mask.getbands():
            raise invalid_request(
                "Invalid mask image format - mask image missing alpha channel.", "mask", "invalid_value"
            )

    def _pictures(self, number: int) -> Iterator[Image]:
        from .sketch import edit_partials

        width, height = map(int, self._size.split("x"))
        return edit_partials(
            self._given[0], self._drawn, self._partials, self._mask, width=width, height=height,
            quality=self._quality, background=self._background, input_fidelity=self._fidelity, number=number,
        )  # fmt: skip

    def _input_tokens(self) -> int:
        # What the other models count isn't documented: they are taken for the first.
        return sum(
            tokens.count_edited_image(*picture.size, "gpt-image-1", input_fidelity=self._fidelity)
            for picture in self._given
        )


def _size(body: Fields, model: str) -> str:
    """The size asked for: one of a few, or with newer models any within bounds."""
    if not model.startswith(_ANY_SIZE):
        return body.choice("size", _SIZES, "auto")
    size = body.text("size", "auto")
    if size == "auto":
        return size
    edges = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size, re.ASCII)
    width, height = map(int, edges.groups()) if edges else (0, 0)
    least, most = _PIXELS
    if (
        width % _EDGE
        or height % _EDGE
        or not least <= width * height <= most
        or max(width, height) > min(_LONGEST_EDGE, _MOST_ELONGATED * min(width, height))
    ):
        raise invalid_request(
            f"Invalid value: '{size}'. Both edges must be multiples of {_EDGE} and at most {_LONGEST_EDGE}, one at most "
            f"{_MOST_ELONGATED} times the other, with {least} to {most} pixels.",
            "size",
            "invalid_value",
        )
    return size


def _shape(size: str) -> float:
    """How much wider than high a size is."""
    width, height = map(int, size.split("x"))
    return width / height


def _read_form(values: dict[str, Any]) -> dict[str, Any]:
    """A form's fields, which are all text, as the JSON values they stand for."""
    read = dict(values)
    for name in ("n", "output_compression", "partial_images"):
        if isinstance(read.get(name), str):
            with contextlib.suppress(ValueError):
                read[name] = int(read[name])
    if read.get("stream") in ("true", "false"):
        read["stream"] = read["stream"] == "true"
    return read


def _opened(file: bytes, param: str) -> Image:
    from PIL import Image

    if len(file) > _LARGEST_FILE:
        raise invalid_request(f"Invalid '{param}': the file is larger than 50 MB.", param, "image_too_large")
    try:
        tokens.image_size(file)  # looks at the header alone, and refuses what would fill the memory
        picture = Image.open(io.BytesIO(file), formats=["PNG", "JPEG"])
        picture.load()
    except (AoaiError, OSError, ValueError, SyntaxError) as error:
        why = error.what if isinstance(error, AoaiError) else str(error)
        raise invalid_request(
            f"Invalid image file or mode for image 1, please check your image file. ({why})",
            param,
            "invalid_image_file",
        ) from None
    return picture
