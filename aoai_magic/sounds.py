"""A request for sound, or about one: its body, from what a user gives, and what it will cost."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import catalog, tokens
from .attachments import file_of
from .catalog import Known, Model
from .errors import SettingsError, a_kind
from .estimates import Estimate, Headroom, count_of, warnings_of_model
from .local.limits import arrival_tokens
from .tokens import Part
from .visible import visible

#: What a model that speaks can write (OpenAI's API reference, "Create speech"), and the media type of each.
SPOKEN = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/wav",
}
#: The forms of a transcript (Azure OpenAI REST API reference, Transcriptions).
TRANSCRIPTS = ("json", "verbose_json", "text", "srt", "vtt")
#: What pcm is: samples a second, of 16 bits, one channel (OpenAI's guide "Text to speech").
PCM_RATE = 24_000
_LONGEST_TEXT = 4096
# Microsoft's page on Whisper, "File size and format"; what a megabyte is it doesn't say: the smaller one is safe.
_LARGEST_FILE = 25_000_000
_SUFFIXES = {
    "flac": "audio/flac", "mp3": "audio/mpeg", "mp4": "audio/mp4", "mpeg": "audio/mpeg", "mpga": "audio/mpeg",
    "m4a": "audio/mp4", "ogg": "audio/ogg", "wav": "audio/wav", "webm": "audio/webm",
}  # fmt: skip


class SoundFile(bytes):
    """A sound as the bytes of its file, and the file that it was read from, if it was.

    `name` is what it is sent as, `seconds` its length, None where it doesn't say.

    >>> SoundFile(b"RIFF....WAVE", "hello.wav")
    <hello.wav, 12 bytes>
    """

    name: str
    seconds: float | None
    path: str | None

    def __new__(cls, data: bytes, name: str, path: str | None = None) -> SoundFile:
        made = super().__new__(cls, data)
        made.name, made.seconds, made.path = name, length(data), path
        return made

    def named(self) -> tuple[str, bytes, str]:
        """Name, bytes and media type, as the SDK takes a file."""
        return self.name, bytes(self), _SUFFIXES[self.name.rpartition(".")[2]]

    def __repr__(self) -> str:
        return f"<{visible(self.name)}, {len(self):,} bytes>"


def speech_body(
    text: str,
    deployment: str,
    model: Model | None = None,
    *,
    voice: str = "alloy",
    format: str | None = None,  # noqa: A002  # the option's name
    speed: float | None = None,
    instructions: str | None = None,
    **params: Any,
) -> dict[str, Any]:
    """Return the JSON body of a request that lets a text be spoken; what is None isn't in it.

    Raises SettingsError for no text, more than 4,096 characters, and what can't be or the model is known not to take.

    >>> speech_body("Good morning.", "tts", voice="nova", speed=1.25)
    {'model': 'tts', 'input': 'Good morning.', 'voice': 'nova', 'speed': 1.25}
    """
    if not text.strip():
        raise SettingsError("There is no text to speak.", "", 'aoai.speak("Good morning.")')
    if len(text) > _LONGEST_TEXT:
        raise SettingsError(
            f"The text has {len(text):,} characters.",
            f"A request speaks {_LONGEST_TEXT:,} of them.",
            "Speak it in parts, cut where a sentence ends.",
        )
    if format is not None and format not in SPOKEN:
        raise SettingsError(f"No model writes {format!r}.", f"They write {', '.join(SPOKEN)}.", 'format="mp3"')
    if speed is not None and not 0.25 <= speed <= 4:
        raise SettingsError(f"A speed of {speed} can't be.", "It is 0.25 to 4; 1 is how people speak.", "speed=1.25")
    given = {"response_format": format, "speed": speed, "instructions": instructions, **params}
    body = {"model": deployment, "input": text, "voice": voice, **_given(given)}
    _refuse(body, model)
    return body


def transcript_body(
    file: object,
    deployment: str,
    model: Model | None = None,
    *,
    translate: bool = False,
    language: str | None = None,
    prompt: str | None = None,
    format: str | None = None,  # noqa: A002  # the option's name
    temperature: float | None = None,
    **params: Any,
) -> dict[str, Any]:
    """Return the fields of the form that asks for a sound's text. The sound is a `SoundFile`; what is None isn't in it.

    Raises SettingsError for what is no sound that can be sent (see `sound_file`), and what can't be or the model is
    known not to take.

    >>> transcript_body(b"fLaC....", "whisper", language="de")
    {'model': 'whisper', 'file': <sound.flac, 8 bytes>, 'language': 'de'}
    """
    if format is not None and format not in TRANSCRIPTS:
        raise SettingsError(
            f"A transcript has no form {format!r}.", f"It is one of {', '.join(TRANSCRIPTS)}.", 'format="verbose_json"'
        )
    if translate and language is not None:
        raise SettingsError(
            f"A language ({language}) is given for a translation.",
            "Translations are into English, from whatever is spoken.",
            "Leave it out.",
        )
    given = {"language": language, "prompt": prompt, "response_format": format, "temperature": temperature, **params}
    body = {"model": deployment, "file": sound_file(file), **_given(given)}
    _refuse(body, model)
    return body


def sound_file(thing: Any) -> SoundFile:
    """Read a sound: a file's path, its bytes, an open file, or what `aoai.speak` returned.

    Raises SettingsError for no such file, an empty one, one of more than 25 MB, and one whose name, or, where it has
    none, whose first bytes are not those of a format that is taken.

    >>> sound_file(b"OggS....")
    <sound.ogg, 8 bytes>
    """
    if isinstance(thing, str | os.PathLike):
        path = Path(thing).expanduser()
        try:
            # Looked at before it is read: what is too large isn't pulled into memory.
            _check_size(path.stat().st_size, path.name)
            data, name = path.read_bytes(), path.name
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{thing} can't be read: {getattr(error, 'strerror', None) or error}.",
                "A path counts from the folder where the kernel runs.",
                "Look where that is: %pwd",
            ) from None
    else:
        found = getattr(thing, "playable", thing)  # of aoai.speak
        data = found.read() if hasattr(found, "read") else found
        if not isinstance(data, bytes | bytearray | memoryview):
            raise SettingsError(
                f"{a_kind(thing)} is no sound.",
                "It is text." if isinstance(data, str) else "A sound is a file, its bytes, or an open file.",
                'aoai.transcribe(open("interview.mp3", "rb"))',
            )
        data, name = bytes(data), str(getattr(found, "name", ""))
        _check_size(len(data), name or "The sound")
        name = Path(name).name if Path(name).suffix else f"sound.{_in_a_form(sound_format(data))}"
    suffix = Path(name).suffix.lower().removeprefix(".")
    if suffix not in _SUFFIXES:
        raise SettingsError(
            f"{name} has no name of a sound that is taken.",
            f"Those end in {', '.join(_SUFFIXES)}.",
            f"Rename it, or convert it: ffmpeg -i {name} sound.mp3",
        )
    return SoundFile(data, f"{Path(name).stem}.{suffix}", file_of(thing))


def sound_format(data: bytes) -> str | None:
    """Return the format of a sound by its first bytes: mp3, aac, opus, flac, wav, mp4 or webm; None for anything else.

    >>> sound_format(b"ID3\\x04..."), sound_format(b"<html>")
    ('mp3', None)
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[4:8] == b"ftyp":
        return "mp4"
    for start, name in ((b"ID3", "mp3"), (b"OggS", "opus"), (b"fLaC", "flac"), (b"\x1a\x45\xdf\xa3", "webm")):
        if data.startswith(start):
            return name
    # Eleven bits that are set begin a frame of MPEG audio; the layer after them is 0 for AAC alone (ISO 11172-3, 13818-7).
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return "mp3" if data[1] & 0x06 else "aac" if data[1] & 0xF0 == 0xF0 else None
    return None


def length(data: bytes) -> float | None:
    """Return how long a sound is, in seconds, as its header or its frames say; None where they can't be read."""
    from tinytag import TinyTag

    try:
        found = TinyTag.get(file_obj=io.BytesIO(data), tags=False).duration
    except Exception:  # whatever a parser stumbles over: the file isn't ours
        return None
    return float(found) if found and 0 < found < 1e6 else None


@dataclass(frozen=True, repr=False)
class SoundEstimate(Estimate):
    """What a request for sound, or about one, will cost; see `Estimate`.

    Models are billed by the `characters` of a text to be spoken, by the `seconds` of a sound to be listened to (None
    where its file doesn't say), or by tokens: then `parts` has those of the prompt, and `max_tokens` is the most that
    can be made of it.
    """

    spoken: bool = False
    translated: bool = False
    characters: int = 0
    seconds: float | None = None

    @property
    def operation(self) -> str:
        """What the deployment is asked for: to speak (speech), or to listen (transcriptions, translations)."""
        return "speech" if self.spoken else "translations" if self.translated else "transcriptions"

    @property
    def limit(self) -> None:
        """None: neither speech nor a transcript is made shorter because a budget wants it."""

    def cost(self, completion_tokens: int) -> float | None:
        """US dollars on Azure with so many tokens made; None where the price or the sound's length is unknown."""
        if self.price is None or not (self.spoken or self.seconds):
            return None
        if self.by_tokens:
            heard = sum(part.tokens for part in self.parts if part.name == "sound")
            made = completion_tokens if self.spoken else 0
            return self.price.cost(
                self.prompt_tokens, completion_tokens, audio_input_tokens=heard, audio_output_tokens=made
            )
        return self.price.cost(0, 0, seconds=self.seconds or 0, characters=self.characters)

    @property
    def by_tokens(self) -> bool:
        """Whether tokens are billed, not time or characters."""
        return self.price is not None and self.price.hour is None and self.price.million_characters is None

    def rows(self) -> list[tuple[str, str, str]]:
        if self.by_tokens:
            return super().rows()
        given = "unknown length" if self.seconds is None else f"{self.seconds:,.1f} s"
        rows = [("text", f"{self.characters:,} characters", "") if self.spoken else ("sound", given, "")]
        rows.append(("price", *self._price()))
        if self.headroom:
            rows.append(("rate limit", *self._fit()))
        return [*rows, *self.rows_of_now()]

    def reply_row(self) -> tuple[str, str, str]:
        most = "unknown" if self.max_tokens is None else f"up to {count_of(self.max_tokens)}"
        return "sound" if self.spoken else "text", most, ""


def estimate_sound(
    body: Mapping[str, Any],
    known: Known | None,
    *,
    sku: str = "GlobalStandard",
    region: str | None = None,
    where: str = "",
    local: bool,
    headroom: Headroom | None = None,
    translate: bool = False,
) -> SoundEstimate:
    """Return the estimate of a body that `speech_body` or `transcript_body` made.

    `translate` is as `transcript_body` got it; the rest is as in `estimates.estimate`.
    """
    model = known.model if known else None
    price = catalog.price(model.id, sku=sku, region=region) if model else None
    by_tokens = price is not None and price.hour is None and price.million_characters is None
    file: SoundFile | None = body.get("file")
    name = model.name if model else ""
    parts = []
    if by_tokens:
        # That sound is 10 tokens a second is what the realtime API's page says; none has a rule for transcripts.
        parts += [Part("sound", tokens.count_audio(file.seconds), estimated=True)] if file and file.seconds else []
        for field, called in (("input", "text"), ("instructions", "instructions"), ("prompt", "prompt")):
            parts += [Part(called, tokens.count(body[field], name), estimated=True)] if body.get(field) else []
    warnings = warnings_of_model(known)
    if file is not None and file.seconds is None:
        warnings.append(f"How long {visible(file.name)} is can't be read from it.")
    return SoundEstimate(
        deployment=str(body["model"]),
        known=known,
        parts=tuple(parts),
        choices=1,
        max_tokens=(model.max_output_tokens if model else 0) or None if by_tokens else 0,
        price=price,
        sku=sku,
        region=region,
        where=where,
        local=local,
        arrival=arrival_tokens(len(body.get("input", "")), 0),
        headroom=headroom,
        warnings=tuple(warnings),
        spoken=file is None,
        translated=translate,
        characters=len(body.get("input", "")),
        seconds=file.seconds if file is not None else None,
        request=body,
    )


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _refuse(body: Mapping[str, Any], model: Model | None) -> None:
    for name in model.refuses if model else ():
        if name in body:
            raise SettingsError(f"{model.name if model else ''} doesn't take {name}.", "", "Leave it out.")


def _check_size(size: int, name: str) -> None:
    if not size:
        raise SettingsError(f"{name} is empty.", "There is nothing to listen to.", "")
    if size > _LARGEST_FILE:
        raise SettingsError(
            f"{name} has {size / 1e6:,.1f} MB.",
            "A request takes 25 MB.",
            f"Make it smaller, or cut it: ffmpeg -i {name} -ac 1 -b:a 32k smaller.mp3",
        )


def _in_a_form(form: str | None) -> str:
    if form is None or form == "aac":
        raise SettingsError(
            "The bytes are no sound that is taken." if form is None else "The sound is AAC without a container.",
            f"It is known by its first bytes, or, of an open file, by its name: {', '.join(_SUFFIXES)}.",
            'aoai.transcribe("interview.mp3")',
        )
    return "ogg" if form == "opus" else form
