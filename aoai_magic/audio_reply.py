"""What came back of a text to be spoken: the sound, and everything known about it."""

from __future__ import annotations

import base64
import io
import wave
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from . import saving
from .base_reply import BaseReply
from .render import sound_bundle
from .sounds import PCM_RATE, SPOKEN, length
from .visible import shortened, visible

if TYPE_CHECKING:
    import os


#: What a file of each format ends in.
SUFFIXES = {"opus": (".opus", ".ogg")} | {form: (f".{form}",) for form in SPOKEN if form != "opus"}


@dataclass
class Audio(BaseReply):
    """A text as a model spoke it. A notebook shows it as a player, which waits to be started.

    `data` are the bytes as they were sent, `format` is what they are: mp3, opus, aac, flac, wav or pcm (samples without
    a header: 24,000 a second, 16 bits, one channel). `duration` is the sound's length in seconds, None where it can't
    be read. `request` is the JSON as it was sent. The service doesn't say what was used: `usage` has the characters, or
    the tokens as counted here, those of the sound at 20 a second. The others are as a `Reply` has them.

    >>> Audio(request={"input": "Hello."}, deployment="tts", kind="azure", data=bytes(48_000), format="pcm").duration
    1.0
    """

    data: bytes = field(repr=False)
    format: str

    @property
    def finish_reason(self) -> str | None:
        """ "stop", or None if nothing came."""
        return "stop" if self.data else None

    @property
    def text(self) -> str:
        """The sound in words, for where none can be played: length, format, size, and the text, or how it begins."""
        spoken = shortened(str(self.request["input"]).strip(), 200)
        long = "length unknown" if self.duration is None else f"{self.duration:.1f} s"
        size = f"{max(1, round(len(self.data) / 1000)):,} kB"
        return visible(f"[sound, {long}, {self.format.upper()}, {size}: {spoken}]")

    @cached_property
    def duration(self) -> float | None:
        """Seconds that it takes to listen to."""
        return length(self.playable)

    @cached_property
    def playable(self) -> bytes:
        """The sound as a file that browsers play: that which was sent; pcm gets a header."""
        if self.format != "pcm":
            return self.data
        made = io.BytesIO()
        with wave.open(made, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(PCM_RATE)
            out.writeframes(self.data)
        return made.getvalue()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the sound, as it was sent, and return the file; a name without a suffix gets that of the format.

        Raises SettingsError for a name of another format and, unless `overwrite`, for a file that is there already.
        """
        files = saving.destinations(path, SUFFIXES[self.format], "sound", overwrite=overwrite)
        saving.write(files, [self.data], f"sound{SUFFIXES[self.format][0]}", overwrite=overwrite)
        return files[0]

    def status(self, *, watched: bool = True) -> str:
        """The quiet line under the player: deployment, who spoke, how long it is, what was used, seconds, price.

        Where nobody watches, only what is the same at every run is said.
        """
        words = [*self._answered_by("spoken"), str(self.request.get("voice", ""))]
        words += [f"{self.duration:.1f} s of sound"] if self.duration is not None else []
        words += [str(self.usage)] if self.usage else []
        if watched:
            words += [f"{self.seconds:.1f} s", self._price(), self.note]
        return visible(" · ".join(filter(None, words)))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def __len__(self) -> int:
        return len(self.data)

    def bundle(self, status: str = "") -> dict[str, str]:
        """The player as it is displayed, with a quiet line under it."""
        url = f"data:{SPOKEN[self.format]};base64,{base64.b64encode(self.playable).decode()}"
        return sound_bundle(url, self.text, status)
