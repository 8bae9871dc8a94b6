"""Texts spoken and sounds written down: speak, transcribe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import OptionError
from ...render import current_shell
from ..arguments import Option, choice, number
from ..live import foresee, show
from ..options import BUDGET, CODE, DRY_RUN, OUTPUT, QUIET, RECORDINGS, REQUEST
from ..prompt import choose_recordings
from .command import Command

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_DEPLOYMENT = Option(
    ("-d", "--deployment", "-m", "--model"), "the deployment to ask; the connection's own if left out", "DEPLOYMENT"
)
_FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
_FORMS = ("json", "verbose_json", "text", "srt", "vtt")
_SUFFIXES = {"srt": ".srt", "vtt": ".vtt"}


def _speak(options: dict[str, Any]) -> Any:
    from ...audio_reply import SUFFIXES
    from ...operations.audio import estimate_speech, speak
    from ...saving import destinations

    shell, text = _given(options, "text", "%aoai speak 'Good morning.'")
    path = options.pop("save", None)
    if (foreseen := foresee(shell, estimate_speech, str(text), options)) is not None:
        return foreseen
    if path is not None:
        destinations(path, SUFFIXES[options.get("format", "mp3")], "sound")  # else what is paid for couldn't be saved
    sound = show(shell, lambda live: speak(str(text), **options), options, note="Speaking")
    return None if path is None else f"Saved: {sound.save(path)}"


def _transcribe(options: dict[str, Any]) -> Any:
    from ...operations.audio import estimate_transcript, transcribe
    from ...saving import destinations, write

    shell, file = _given(options, "file", "%aoai transcribe interview.mp3")
    path = options.pop("save", None)
    if (foreseen := foresee(shell, estimate_transcript, file, options)) is not None:
        return foreseen
    suffix = _SUFFIXES.get(options.get("format", ""), ".txt")
    files = [] if path is None else destinations(path, (suffix,), "transcript")
    reply = show(shell, lambda live: transcribe(file, **options), options, note="Listening")
    if not files:
        return None
    write(files, [f"{reply.text}\n".encode()], f"transcript{suffix}")
    return f"Saved: {files[0]}"


def _given(options: dict[str, Any], key: str, example: str) -> tuple[InteractiveShell, Any]:
    """The shell, and what the word of that option is: a variable's value if it names one, else the word."""
    shell: Any = current_shell()
    choose_recordings(options, example.partition(" '")[0])
    word = options.pop(key, None)
    if word is None:
        raise OptionError(f"No {key} is named.", "It is the first word of the line, or a variable.", example)
    return shell, shell.user_ns.get(word, word)


_SPEAK = (
    Option(("--text",), "what is to be spoken, in quotes; or a variable", "TEXT|VARIABLE", positional=True),
    _DEPLOYMENT,
    OUTPUT,
    Option(("--voice",), "who speaks: alloy (if left out), ash, coral, echo, fable, nova, onyx, sage, shimmer, …", "VOICE"),
    Option(("--format",), f"the format of the sound: {', '.join(_FORMATS)}; mp3 if left out", "FORMAT", choice(*_FORMATS)),
    Option(("--speed",), "0.25 for very slow, up to 4 for very fast; 1 if left out", "NUMBER", number(0.25, 4)),
    Option(("--instructions",), "how it is to be spoken, to a model that takes them", "TEXT"),
    Option(("--save",), "the file to write, which must not be there yet", "FILE", Path),
    BUDGET,
    DRY_RUN,
    CODE,
    REQUEST,
    *RECORDINGS,
    QUIET,
)  # fmt: skip
_TRANSCRIBE = (
    Option(("--file",), "a sound of at most 25 MB: a file, or a variable (bytes, what was spoken)", "FILE|VARIABLE", positional=True),
    _DEPLOYMENT,
    OUTPUT,
    Option(("--translate",), "write down in English what is said in another language"),
    Option(("--language",), "the language that is spoken, by its two letters", "LANGUAGE"),
    Option(("--prompt",), "what helps: how names are spelt, what was said before", "TEXT"),
    Option(("--format",), f"the form of the text: {', '.join(_FORMS)}; json if left out", "FORM", choice(*_FORMS)),
    Option(("-t", "--temperature"), "0 for the likeliest words (if left out), up to 1", "NUMBER", number(0, 1)),
    Option(("--save",), "the text file to write, which must not be there yet", "FILE", Path),
    BUDGET,
    DRY_RUN,
    CODE,
    REQUEST,
    *RECORDINGS,
    QUIET,
)  # fmt: skip

COMMANDS = {
    "speak": Command(
        "Let a model speak a text, and show a player.",
        _speak,
        _SPEAK,
        "%aoai speak 'Good morning.' --voice nova --save morning.mp3",
    ),
    "transcribe": Command(
        "Let a model write down what is said in a sound.",
        _transcribe,
        _TRANSCRIBE,
        "%aoai transcribe interview.mp3 --format srt --save interview.srt",
    ),
}
