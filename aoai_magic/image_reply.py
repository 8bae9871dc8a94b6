"""What came back of a request for pictures: the pictures, and everything known about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import saving
from .base_reply import BaseReply
from .pictures import Picture
from .render import picture_bundle
from .verdicts import remarks
from .visible import visible

if TYPE_CHECKING:
    import os

    from openai.types import ImagesResponse
    from PIL.Image import Image


#: What a file of each format ends in.
SUFFIXES = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}


@dataclass
class ImageReply(BaseReply):
    """The reply of a model that draws. `reply.images`, or `reply[0]`, `reply[1]`, … are its pictures, as PIL images.

    `pictures` are the same with the bytes of their files; of a reply that was interrupted or broke off the last one may
    be unfinished, and `finish_reason` is None. `request` is the body as it was sent: JSON, or for an edit the fields of
    the form. `seconds` is the time until the last picture, `first_token_seconds` until anything was to be seen. The
    others are as a `Reply` has them.

    >>> ImageReply(request={"prompt": "A fox."}, deployment="gpt-image-1", kind="azure", pictures=[]).prompt
    'A fox.'
    """

    pictures: list[Picture]
    filters: dict[str, Any] = field(default_factory=dict)

    @property
    def images(self) -> list[Image]:
        """The pictures as PIL images."""
        return [one.image for one in self.pictures]

    @property
    def prompt(self) -> str:
        """The text that was sent."""
        return str(self.request["prompt"])

    @property
    def finish_reason(self) -> str | None:
        """ "stop", or None if the reply was interrupted or broke off."""
        return "stop" if len(self.pictures) >= self.request.get("n", 1) and self.pictures[-1].finished else None

    @property
    def text(self) -> str:
        """The pictures in words, for where none can be shown: size, format, and the prompt."""
        return self.bundle()["text/plain"]

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> list[Path]:
        """Write the pictures, as they were sent, and return the files.

        Of several, "fox.png" becomes fox-1.png, fox-2.png, … Raises SettingsError for a name that doesn't fit the
        pictures' format and, unless `overwrite`, for a file that is there already; then nothing is written.
        """
        form = self.pictures[0].format if self.pictures else "png"
        files = saving.destinations(path, SUFFIXES[form], "picture", len(self.pictures), overwrite=overwrite)
        saving.write(files, [one.data for one in self.pictures], "picture.png", overwrite=overwrite)
        return files

    def status(self, *, watched: bool = True) -> str:
        """The quiet line under the pictures: deployment, who drew, size and quality, tokens in and out, seconds, price.

        Where nobody watches, only what is the same at every run is said.
        """
        words = self._answered_by("drawn")
        facts = [str(self.body[name]) for name in ("size", "quality") if self.body.get(name)]
        if facts:
            words.append(" ".join(facts))
        if self.usage:
            words.append(str(self.usage))
        if watched:
            words += [f"{self.seconds:.1f} s", self._price()]
            if self.note:
                words.append(self.note)
        if self.finish_reason is None:
            words.append("broken off")
        return visible(" · ".join([*words, *remarks(self.filters)]))

    @property
    def raw(self) -> ImagesResponse:
        """The whole answer as the openai SDK's `ImagesResponse`, whether it was streamed or not."""
        from openai.types import Image, ImagesResponse

        data = [Image(b64_json=one.url.partition(",")[2]) for one in self.pictures]
        return ImagesResponse.construct(**self.body, data=data)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def bundle(self, status: str = "") -> dict[str, str]:
        """The pictures as they are displayed, with a quiet line under them."""
        return picture_bundle(self.pictures, self.prompt, status)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Image:
        return self.images[index]

    def __iter__(self) -> Iterator[Image]:
        return iter(self.images)
