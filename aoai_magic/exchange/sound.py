"""One request for sound, or about one, and its answer."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from .. import tokens
from ..audio_reply import Audio
from ..base_reply import Usage
from ..reply import Choice, Reply
from ..request import PREVIEWS
from ..sounds import SoundEstimate, SoundFile, sound_format
from .exchange import Exchange

if TYPE_CHECKING:
    import httpx2
    from openai import APIResponse


_AS_TEXT = ("text", "srt", "vtt")


class _Sound(Exchange):
    """What speech and transcription have in common."""

    estimate: SoundEstimate

    def _is_wellformed(self) -> bool:
        return True  # it was read when it came

    def _options(self, *named: str) -> dict[str, Any]:
        """What goes beside the arguments that the SDK has names for."""
        target = self._connection.target
        preview = target.kind == "azure" and target.api_version is None and self.operation in PREVIEWS
        rest = {name: value for name, value in self._body.items() if name not in named}
        return {"extra_body": rest, "extra_query": {"api-version": "preview"} if preview else None}


class Speaking(_Sound):
    """One text to be spoken, and the sound that came."""

    operation = "speech"
    wanted = "a sound"
    _data, _format = b"", ""

    def _sent(self) -> AbstractContextManager[APIResponse[Any]]:
        body = self._body
        create: Any = self._connection.client.audio.speech.with_streaming_response.create
        options = self._options("model", "input", "voice")
        sent: AbstractContextManager[APIResponse[Any]] = create(
            model=body["model"], input=body["input"], voice=body["voice"], **options
        )
        return sent

    def _take_whole(self, content: bytes) -> None:
        form = sound_format(content)
        if form is None and self._body.get("response_format") == "pcm" and len(content) % 2 == 0:
            form = "pcm"
        if not content or form not in ("mp3", "opus", "aac", "flac", "wav", "pcm"):
            raise self._not_wanted(content[:400].decode("utf-8", "replace"), ValueError("no sound"))
        self._data, self._format = content, form
        self._arrived(content)

    def reply(self) -> Audio:
        """The sound; an empty one before it has come."""
        made = Audio(data=self._data, format=self._format or "mp3", **self._shared_fields())
        made.usage = self._used(made) if self._data else None
        return made

    def _used(self, made: Audio) -> Usage | None:
        """What was used: the answer is nothing but sound, and says nothing of it."""
        if not self.estimate.by_tokens:
            return Usage(0, 0, characters=self.estimate.characters)
        if made.duration is None:
            return None
        # The realtime API's rule; a measurement of gpt-4o-mini-tts by its bill agrees (256 s of speech for 6 times 877 tokens).
        spoken = tokens.count_audio(made.duration, "assistant")
        return Usage(self.estimate.prompt_tokens, spoken, audio_output_tokens=spoken)


class Listening(_Sound):
    """One sound to be written down, and the text that came."""

    operation = "transcriptions"
    wanted = "a transcript"

    def _as_sent(self, request: httpx2.Request) -> dict[str, Any]:
        return self._body

    def _sent(self) -> AbstractContextManager[APIResponse[Any]]:
        asked: Any = getattr(self._connection.client.audio, self.operation)
        file: SoundFile = self._body["file"]
        sent: AbstractContextManager[APIResponse[Any]] = asked.with_streaming_response.create(
            model=self._body["model"], file=file.named(), **self._options("model", "file")
        )
        return sent

    def _take_whole(self, content: bytes) -> None:
        try:
            text = content.decode()
            body = {"text": text} if self._body.get("response_format") in _AS_TEXT else json.loads(text)
            if not isinstance(body["text"], str):
                raise TypeError
            self._used(body)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._not_wanted(content.decode("utf-8", "replace"), error) from None
        self._chunks.body = body
        self._arrived(body["text"] or " ")

    def reply(self) -> Reply:
        """The text as a reply, of which the SDK's object has the segments."""
        body = self._chunks.body
        if "text" not in body:
            return Reply(choices=[], **self._shared_fields())
        return Reply(
            choices=[Choice(body["text"].strip("\n"), "stop")],
            usage=self._used(body),
            body=body,
            **self._shared_fields(),
        )

    def _used(self, body: dict[str, Any]) -> Usage | None:
        """What was used, as the answer says; where it is billed by the hour and says nothing, the file's own length."""
        counted = body.get("usage") or {}
        if counted.get("type") == "tokens":
            heard = (counted.get("input_token_details") or {}).get("audio_tokens") or 0
            return Usage(int(counted["input_tokens"]), int(counted["output_tokens"]), audio_input_tokens=int(heard))
        seconds = counted.get("seconds") or body.get("duration") or self.estimate.seconds
        return Usage(0, 0, sound_seconds=float(seconds)) if seconds and not self.estimate.by_tokens else None


class Translating(Listening):
    """The same, written down in English."""

    operation = "translations"

    @contextmanager
    def _sent(self) -> Iterator[APIResponse[Any]]:
        with warnings.catch_warnings():
            # The SDK says of the whole resource that it will go, with the one model that has it.
            warnings.simplefilter("ignore", DeprecationWarning)
            with super()._sent() as response:
                yield response
