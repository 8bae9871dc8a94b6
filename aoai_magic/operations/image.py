"""Pictures that an image model draws, or changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import current, images
from ..client import Connection
from ..drawing import Drawing
from ..images import ImageEstimate, image_body
from ..ledger import Allowance
from ..recordings import Mode
from .answering import as_things_stand, ask, make_ready

if TYPE_CHECKING:
    from ..image_reply import ImageReply
    from ..pictures import Picture


def image(
    prompt: str,
    *,
    deployment: str | None = None,
    size: str | None = None,
    quality: str | None = None,
    n: int = 1,
    background: str | None = None,
    format: str | None = None,  # noqa: A002  # the option's name
    edit: object = None,
    mask: object = None,
    fidelity: str | None = None,
    partial_images: int = 0,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    on_picture: Callable[[list[Picture]], None] | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> ImageReply:
    """Let a deployment of an image model draw what the prompt says, and return the reply with its pictures.

    What is None is not sent, so the service's own default holds. `size` is such as "1024x1536" (pixels), `quality` low,
    medium or high, `background` transparent or opaque, `format` png or jpeg, `n` how many pictures; "auto" leaves the
    choice to the service. `edit` is a picture to change, or several: files, bytes, PIL images, arrays, figures; `mask`
    one of the same size, transparent where it may change; `fidelity` (low, high) how closely the picture is kept to.
    `partial_images` (0 to 3) are unfinished pictures in between, billed too; `on_picture` is called with the pictures
    so far whenever there is more to see. `budget`, `params` and what is raised are as in `chat`; nothing is written to
    a file before `reply.save`.

    >>> image("A red fox in the snow.", size="1024x1024", quality="low").save("fox.png")  # doctest: +SKIP
    [PosixPath('fox.png')]
    """
    connection = connection or current.connection()
    make_ready(connection, recordings)
    body, foreseen = _planned(
        connection,
        prompt,
        deployment,
        size=size,
        quality=quality,
        n=n,
        background=background,
        format=format,
        edit=edit,
        mask=mask,
        fidelity=fidelity,
        partial_images=partial_images,
        **params,
    )
    reply: ImageReply = ask(
        Drawing,
        _operation(body),
        connection,
        body,
        foreseen,
        budget=budget,
        recordings=recordings,
        on_arrival=on_picture,
    )
    return reply


def estimate_image(
    prompt: str,
    *,
    deployment: str | None = None,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    connection: Connection | None = None,
    **options: Any,
) -> ImageEstimate:
    """Return what `image` with the same arguments would cost. Nothing is sent; see `ImageEstimate`.

    Raises AoaiError for what can't be edited, and for a size or quality that the model doesn't have.

    >>> estimate_image("A red fox.", deployment="gpt-image-1", size="1024x1024", quality="high", n=2).dearest > 0.33
    True
    """
    connection = connection or current.connection()
    body, found = _planned(connection, prompt, deployment, **options)
    estimate: ImageEstimate = as_things_stand(found, _operation(body), connection, body, recordings, budget)
    return estimate


def _operation(body: dict[str, Any]) -> str:
    return "image_edits" if "image" in body else "images"


def _planned(
    connection: Connection, prompt: str, deployment: str | None, **options: Any
) -> tuple[dict[str, Any], ImageEstimate]:
    name = deployment or connection.default("images", "%%image NAME")
    known = connection.known(name)
    body = image_body(prompt, name, known.model if known else None, **options)
    return body, images.estimate_image(body, known, **connection.circumstances(name))
