"""What came back of a request for pictures: the pictures, and everything known about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SettingsError
from .estimates import Estimate
from .pictures import Picture
from .render import picture_bundle
from .reply import Billed, Usage
from .verdicts import remarks
from .visible import visible

if TYPE_CHECKING:
    import os

    from openai.types import ImagesResponse
    from PIL.Image import Image

    from .settings import Kind

_SUFFIXES = {"png": (".png",), "jpeg": (".jpg", ".jpeg"), "webp": (".webp",)}


@dataclass
class ImageReply(Billed):
    """The reply of a model that draws. `reply.images`, or `reply[0]`, `reply[1]`, … are its pictures, as PIL images.

    `pictures` are the same with the bytes of their files; of a reply that was interrupted or broke off the last one may
    be unfinished, and `finish_reason` is None. `request` is the body as it was sent: JSON, or for an edit the fields of
    the form. `seconds` is the time until the last picture, `first_token_seconds` until anything was to be seen. The
    others are as a `Reply` has them.

    >>> ImageReply(request={"prompt": "A fox."}, deployment="gpt-image-1", kind="azure", pictures=[]).prompt
    'A fox.'
    """

    request: dict[str, Any]
    deployment: str
    kind: Kind
    pictures: list[Picture]
    model: str = ""
    usage: Usage | None = None
    filters: dict[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    seconds: float = 0.0
    first_token_seconds: float | None = None
    estimate: Estimate | None = field(default=None, repr=False)
    note: str = ""
    body: dict[str, Any] = field(default_factory=dict, repr=False)

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
        """Write the pictures, as they were sent, and return the files; of several, "fox.png" becomes fox-1.png, fox-2.png, …

        Raises SettingsError for a name that doesn't fit the pictures' format and, unless `overwrite`, for a file that is
        there already; then nothing is written.
        """
        form = self.pictures[0].format if self.pictures else "png"
        files = destinations(path, len(self.pictures), form, overwrite=overwrite)
        try:
            for file, one in zip(files, self.pictures, strict=True):
                with file.open("wb" if overwrite else "xb") as out:  # x: also what came into being in the meantime
                    out.write(one.data)
        except OSError as error:
            raise SettingsError(
                f"{file} can't be written: {error.strerror or error}.",
                "The pictures are kept, in _ and aoai.last.",
                'aoai.last.save("picture.png")',
            ) from error
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
            words.append(f"{self.usage.prompt_tokens:,} tokens in, {self.usage.completion_tokens:,} out")
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

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.bundle()

    def bundle(self, status: str = "") -> dict[str, str]:
        """The pictures as they are displayed, with a quiet line under them."""
        return picture_bundle(self.pictures, self.prompt, status)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Image:
        return self.images[index]

    def __iter__(self) -> Iterator[Image]:
        return iter(self.images)


def destinations(
    path: str | os.PathLike[str], count: int = 1, form: str = "png", *, overwrite: bool = False
) -> list[Path]:
    """Return the files that `count` pictures of a format (png, jpeg, webp) would be written to under that name.

    Raises SettingsError as `ImageReply.save` does. Asked before anything is sent, a picture that can't be saved isn't paid for.

    >>> [str(file) for file in destinations("fox", 2, "jpeg")]
    ['fox-1.jpg', 'fox-2.jpg']
    """
    name = Path(path).expanduser()
    suffixes = _SUFFIXES[form]
    if not name.suffix:
        name = name.with_name(name.name + suffixes[0]) if name.name else name
    elif name.suffix.lower() not in suffixes:
        raise SettingsError(
            f"The picture is a {form.upper()}, and {name.name} isn't the name of one.",
            "It is written as it was sent.",
            f"Name it {name.with_suffix(suffixes[0]).name}, or ask for another format (--format).",
        )
    files = [name] if count == 1 else [name.with_stem(f"{name.stem}-{number}") for number in range(1, count + 1)]
    if not name.parent.is_dir():
        raise SettingsError(f"There is no folder {name.parent}.", "", "Make it first: pathlib.Path(FOLDER).mkdir()")
    for file in files:
        if file.is_dir() or not file.name:
            raise SettingsError(f"{file} is a folder.", "", f"Name a file in it: {file / 'picture'}{suffixes[0]}")
        if file.exists() and not overwrite:
            raise SettingsError(
                f"{file} is there already.",
                "Nothing is overwritten unasked.",
                f'Name another file, or in Python: reply.save("{name}", overwrite=True)',
            )
    return files
