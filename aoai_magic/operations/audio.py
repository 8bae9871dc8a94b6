"""Texts that a model speaks, and sounds that it writes down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import current, sounds
from ..client import Connection
from ..exchange.sound import Listening, Speaking, Translating
from ..ledger import Allowance
from ..recordings import Mode
from ..sounds import SoundEstimate
from .answering import as_things_stand, ask, make_ready

if TYPE_CHECKING:
    from ..audio_reply import Audio
    from ..reply import Reply


def speak(
    text: str,
    voice: str = "alloy",
    *,
    deployment: str | None = None,
    format: str | None = None,  # noqa: A002  # the option's name
    speed: float | None = None,
    instructions: str | None = None,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> Audio:
    """Let a deployment of a model that speaks read a text aloud, and return the sound.

    What is None is not sent, so the service's own default holds. `text` has at most 4,096 characters. `voice` is such
    as alloy, echo, fable, nova, onyx or shimmer; `format` mp3 (the default), opus, aac, flac, wav or pcm; `speed` 0.25
    to 4; `instructions` say how it is to be spoken, to a model that takes them. `budget`, `params` and what is raised
    are as in `chat`. The local service has no voice. Nothing is written to a file before `audio.save`.

    >>> speak("Good morning.", "nova", deployment="tts").save("morning.mp3")  # doctest: +SKIP
    PosixPath('morning.mp3')
    """
    connection = connection or current.connection()
    make_ready(connection, recordings)
    options = {"voice": voice, "format": format, "speed": speed, "instructions": instructions, **params}
    body, foreseen = _speech(connection, str(text), deployment, **options)
    sound: Audio = ask(Speaking, "speech", connection, body, foreseen, budget=budget, recordings=recordings)
    return sound


def transcribe(
    file: object,
    translate: bool = False,
    *,
    deployment: str | None = None,
    language: str | None = None,
    prompt: str | None = None,
    format: str | None = None,  # noqa: A002  # the option's name
    temperature: float | None = None,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> Reply:
    """Let a deployment of a model that listens write down what is said, and return the text as a reply.

    `file` is the path of a sound, its bytes, an open file, or what `speak` returned: flac, mp3, mp4, mpeg, mpga, m4a,
    ogg, wav or webm, 25 MB at most. With `translate` what is said in any language is written in English. `language`
    ("de") and `prompt` (how names are spelt, what came before) help the model. `format` is json, verbose_json (with
    segments and their times, in `reply.raw.segments`), text, srt or vtt; `temperature` 0 to 1. `budget`, `params` and
    what is raised are as in `chat`. The local service has no ear.

    >>> print(transcribe("interview.mp3", language="de"))  # doctest: +SKIP
    Guten Tag, und herzlich willkommen.
    """
    connection = connection or current.connection()
    make_ready(connection, recordings)
    options = {"language": language, "prompt": prompt, "format": format, "temperature": temperature, **params}
    body, foreseen = _transcript(connection, file, deployment, translate=translate, **options)
    kind = Translating if translate else Listening
    reply: Reply = ask(kind, kind.operation, connection, body, foreseen, budget=budget, recordings=recordings)
    return reply


def estimate_speech(
    text: str,
    *,
    deployment: str | None = None,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    **options: Any,
) -> SoundEstimate:
    """Return what `speak` with the same arguments would cost. Nothing is sent.

    >>> estimate_speech("Good morning.", deployment="tts").dearest
    0.000195
    """
    connection = current.connection()
    body, found = _speech(connection, text, deployment, **options)
    estimate: SoundEstimate = as_things_stand(found, "speech", connection, body, recordings, budget)
    return estimate


def estimate_transcript(
    file: object,
    *,
    translate: bool = False,
    deployment: str | None = None,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    **options: Any,
) -> SoundEstimate:
    """Return what `transcribe` with the same arguments would cost, if its header says how long the sound is.

    Nothing is sent.

    >>> estimate_transcript(b"fLaC....", deployment="whisper").dearest is None
    True
    """
    connection = current.connection()
    body, found = _transcript(connection, file, deployment, translate=translate, **options)
    operation = "translations" if translate else "transcriptions"
    estimate: SoundEstimate = as_things_stand(found, operation, connection, body, recordings, budget)
    return estimate


def _speech(
    connection: Connection, text: str, deployment: str | None, **options: Any
) -> tuple[dict[str, Any], SoundEstimate]:
    name = deployment or connection.default("speech", 'aoai.speak(text, deployment="NAME")')
    known = connection.known(name)
    body = sounds.speech_body(text, name, known.model if known else None, **options)
    return body, sounds.estimate_sound(body, known, **connection.circumstances(name))


def _transcript(
    connection: Connection, file: object, deployment: str | None, *, translate: bool = False, **options: Any
) -> tuple[dict[str, Any], SoundEstimate]:
    operation = "translations" if translate else "transcriptions"
    name = deployment or connection.default(operation, 'aoai.transcribe(file, deployment="NAME")')
    known = connection.known(name)
    body = sounds.transcript_body(file, name, known.model if known else None, translate=translate, **options)
    return body, sounds.estimate_sound(body, known, **connection.circumstances(name), translate=translate)
