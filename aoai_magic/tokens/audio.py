"""Audio to tokens, by its length."""

from __future__ import annotations

from math import ceil, isfinite

from ..errors import SettingsError

# OpenAI, "Managing costs" of the realtime API: user audio is 1 token for each 100 ms, assistant audio for each 50 ms.
_PER_SECOND = {"user": 10, "assistant": 20}


def count_audio(seconds: float, role: str = "user") -> int:
    """Return the tokens of that many seconds of sound in a realtime conversation, spoken by the user or the assistant.

    Transcription and translation (whisper) are billed by the minute and have no tokens to count.

    >>> count_audio(60), count_audio(60, "assistant")
    (600, 1200)
    """
    if role not in _PER_SECOND:
        raise SettingsError(f"Audio of the role {role!r} can't be counted.", "", 'role="user" or role="assistant"')
    if not isfinite(seconds) or seconds < 0:
        raise SettingsError(f"{seconds} is no length in seconds.", "", "aoai.tokens.count_audio(2.5)")
    return ceil(round(seconds * _PER_SECOND[role], 6))
