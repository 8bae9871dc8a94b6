"""What is displayed, as HTML that is safe beside plain text: text of strangers, pictures, sound."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ..safe_html import safe_html
from ..visible import visible
from .blocks import Rows, Table, Words, bundled

if TYPE_CHECKING:
    from ..pictures import Picture

# Squares behind what is transparent, in a grey that light and dark pages both let through.
_PICTURE = (
    "height:auto;border-radius:3px;background:repeating-conic-gradient(#8883 0 25%,transparent 0 50%) 0 0/16px 16px"
)

_PLAYER = "display:block;width:min(100%,30em);height:40px"


def mimebundle(text: str, status: str = "", language: str | None = None, *, table: Table = ()) -> dict[str, str]:
    """Return untrusted Markdown as the bundle to display: safe HTML beside plain text, with a quiet line under it.

    The one way in which text of a model, a tool, a file or an error is shown in a notebook. With a `language` it is no
    Markdown, and shown as it stands: as code of that language, or as plain text if that is "". Between text and line
    stands a small `table`, if there is one: rows of plain text, of which the first has the heads.

    >>> mimebundle("**hi**")["text/plain"]
    '**hi**'
    """
    return bundled([Words(text, language), *([Rows(table)] if table else [])], status)


def picture_bundle(pictures: Sequence[Picture], prompt: str, status: str = "") -> dict[str, str]:
    """Return checked pictures as the bundle to display.

    The prompt is their description, and a quiet line stands under them.

    >>> picture_bundle([], "A fox.", "gpt-image-1")["text/plain"]
    'gpt-image-1'
    """
    described = escape(visible(prompt.strip()))
    width = 512 if len(pictures) == 1 else 320
    images = "".join(
        f'<img alt="{described}" src="{one.url}" width="{one.image.width}" height="{one.image.height}" '
        f'style="{_PICTURE};max-width:min(100%,{width}px)">'
        for one in pictures
    )
    row = f'<div class="aoai-pictures" style="display:flex;flex-wrap:wrap;gap:8px">{images}</div>' if images else ""
    words = "\n".join([f"[picture, {one}: {prompt.strip()}]" for one in pictures] + [f"\n{status}"] * bool(status))
    return {"text/html": row + safe_html("", status), "text/plain": visible(words.strip())}


def sound_bundle(url: str, described: str, status: str = "") -> dict[str, str]:
    """Return a sound as the bundle to display: a player that waits to be started, and a quiet line under it.

    `url` is a data URL of our own making, `described` the sound in words.

    >>> sound_bundle("data:audio/wav;base64,", "[sound, 1.0 s, WAV, 48 kB: Hello.]")["text/plain"]
    '[sound, 1.0 s, WAV, 48 kB: Hello.]'
    """
    words = escape(visible(described))
    player = f'<audio controls preload="metadata" src="{url}" aria-label="{words}" title="{words}" style="{_PLAYER}"></audio>'
    plain = visible(f"{described}\n\n{status}" if status else described)
    return {"text/html": player + safe_html("", status), "text/plain": plain}
