"""`aoai.speak`, `aoai.transcribe`, `%aoai speak` and `%aoai transcribe`.

They are tried against the local service, which has no sound, and a stand-in for a cloud that has.
"""

from __future__ import annotations

import base64
import io
import json
import re
import wave
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aoai_magic as aoai
from aoai_magic import errors
from aoai_magic.audio_reply import Audio
from aoai_magic.sounds import length, sound_file, sound_format

from .cloud import Cloud


def wav(seconds: float = 1.5) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(round(seconds * 16_000)))
    return made.getvalue()


def speaking(cloud: Cloud, data: bytes | None = None, model: str = "tts", **connect: Any) -> None:
    cloud.answer(200, wav() if data is None else data, content_type="audio/wav")
    aoai.connect(cloud.url, deployment=model, serves=model, **connect)


def listening(cloud: Cloud, answer: Any, model: str = "whisper", **connect: Any) -> None:
    cloud.answer(200, answer)
    aoai.connect(cloud.url, deployment=model, serves=model, **connect)


def fields(body: bytes) -> dict[str, bytes]:
    """The fields of a form."""
    return {
        name.decode(): value
        for name, value in re.findall(rb'name="([^"]+)"[^\r]*(?:\r\n[^\r]+)*\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
    }


# --- speaking -----------------------------------------------------------------------------------------------------------


def test_a_text_is_spoken(cloud: Cloud) -> None:
    speaking(cloud)
    sound = aoai.speak("Good morning.", "nova", format="wav", speed=1.25)
    assert cloud.asked[0].path == "/v1/audio/speech"
    assert cloud.asked[0].json == sound.request
    assert sound.request == {
        "model": "tts", "input": "Good morning.", "voice": "nova", "response_format": "wav", "speed": 1.25,
    }  # fmt: skip
    assert (sound.data, sound.format, sound.duration, sound.finish_reason) == (wav(), "wav", 1.5, "stop")
    assert aoai.last is sound
    assert sound.usage is not None
    assert sound.usage.characters == 13
    assert sound.cost == pytest.approx(13 * 15 / 1_000_000)


def test_what_is_left_out_is_not_sent(cloud: Cloud) -> None:
    speaking(cloud)
    assert aoai.speak("Hi.").request == {"model": "tts", "input": "Hi.", "voice": "alloy"}


@pytest.mark.parametrize(
    ("connect", "path"),
    [
        ({"api_version": "2024-10-21"}, "/openai/deployments/tts/audio/speech?api-version=2024-10-21"),
        ({}, "/v1/audio/speech"),
    ],
    ids=["classic", "compatible"],
)
def test_each_kind_of_service_is_asked_at_its_own_address(cloud: Cloud, connect: dict[str, str], path: str) -> None:
    speaking(cloud, api_key="k" * 20, **connect)
    aoai.speak("Hi.")
    assert cloud.asked[0].path == path


def test_azures_v1_is_told_that_a_preview_is_meant(cloud: Cloud) -> None:
    cloud.answer(200, wav())
    aoai.connect(f"{cloud.url}/openai/v1", api_key="k" * 20, deployment="tts")
    aoai.speak("Hi.")
    cloud.answer(200, {"text": "Hi."})
    aoai.transcribe(wav(), deployment="whisper")
    assert [asked.path for asked in cloud.asked] == [
        "/openai/v1/audio/speech?api-version=preview",
        "/openai/v1/audio/transcriptions?api-version=preview",
    ]


def test_a_notebook_gets_a_player_that_waits(cloud: Cloud) -> None:
    speaking(cloud)
    sound = aoai.speak('"><script>alert(1)</script>\u202e $5')
    shown = sound._repr_mimebundle_()[0]
    html = shown["text/html"]
    assert f'src="data:audio/wav;base64,{base64.b64encode(wav()).decode()}"' in html
    assert "<audio controls" in html
    assert "autoplay" not in html
    assert "<script" not in html
    assert "\u202e" not in html
    words = '[sound, 1.5 s, WAV, 24 kB: "><script>alert(1)</script>⟨U+202E⟩ $5]'
    assert shown["text/plain"] == f"{words}\n\ntts · alloy · 1.5 s of sound · 31 characters"
    assert str(sound) == repr(sound) == words


def test_samples_without_a_header_are_played_all_the_same(cloud: Cloud, tmp_path: Path) -> None:
    speaking(cloud, bytes(48_000))
    sound = aoai.speak("Hi.", format="pcm")
    assert (sound.format, sound.duration) == ("pcm", 1.0)
    assert sound_format(sound.playable) == "wav"
    assert "data:audio/wav;base64,UklGR" in sound._repr_mimebundle_()[0]["text/html"]
    assert sound.save(tmp_path / "hi").read_bytes() == bytes(48_000)


def test_a_sound_is_saved_and_nothing_is_overwritten(cloud: Cloud, tmp_path: Path) -> None:
    speaking(cloud)
    sound = aoai.speak("Hi.")
    assert sound.save(tmp_path / "hi") == tmp_path / "hi.wav"
    assert (tmp_path / "hi.wav").read_bytes() == sound.data
    (tmp_path / "hi.wav").write_bytes(b"mine")
    with pytest.raises(errors.SettingsError, match="is there already"):
        sound.save(tmp_path / "hi.wav")
    assert (tmp_path / "hi.wav").read_bytes() == b"mine"
    sound.save(tmp_path / "hi.wav", overwrite=True)
    assert (tmp_path / "hi.wav").read_bytes() == sound.data
    with pytest.raises(errors.SettingsError, match=r"hi\.mp3 isn't the name of one"):
        sound.save(tmp_path / "hi.mp3")


def test_a_model_that_is_billed_by_tokens_has_a_range_of_prices(cloud: Cloud) -> None:
    speaking(cloud, model="gpt-4o-mini-tts")
    sound = aoai.speak("Good morning.", instructions="Cheerfully.")
    assert sound.usage is not None
    assert sound.usage.audio_output_tokens == 30  # 1.5 s
    assert sound.estimate is not None
    assert sound.estimate.cheapest is not None
    assert sound.estimate.dearest is not None
    assert sound.cost is not None
    assert sound.estimate.cheapest < sound.cost < sound.estimate.dearest
    assert sound.cost == pytest.approx((sound.usage.prompt_tokens * 0.6 + 30 * 12) / 1_000_000)
    assert "7 tokens in, 30 out" in sound.status()


def test_the_ledger_has_a_row_and_the_budget_holds(cloud: Cloud) -> None:
    speaking(cloud)
    aoai.speak("Hi.")
    with pytest.raises(errors.BudgetError, match="Not sent"):
        aoai.speak("Good morning. " * 100, budget=0.001)
    with pytest.raises(errors.BudgetError, match="isn't known"):
        aoai.speak("Hi.", deployment="mine", budget=1)
    (row,) = aoai.usage().to_dict("records")
    assert (row["operation"], row["outcome"], row["price"]) == ("speech", "stop", pytest.approx(0.000045))
    assert len(cloud.asked) == 1


@pytest.mark.parametrize("answer", [b"", b"<html>", b'{"text": "hi"}', b"\x00" * 9, b"\x1a\x45\xdf\xa3 webm"], ids=str)
def test_what_is_no_sound_is_an_error_and_counts_in_full(cloud: Cloud, answer: bytes) -> None:
    speaking(cloud, answer)
    with pytest.raises(errors.NoAnswerError, match="something other than a sound"):
        aoai.speak("Hi.", format="pcm" if answer.startswith(b"\x00") else None)
    (row,) = aoai.usage().to_dict("records")
    assert row["unknown_up_to"] == row["dearest"] > 0


# --- listening ----------------------------------------------------------------------------------------------------------


def test_a_sound_is_written_down(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "hello.wav").write_bytes(wav())
    listening(cloud, {"text": "Hello.", "usage": {"type": "duration", "seconds": 2}})
    reply = aoai.transcribe(tmp_path / "hello.wav", language="en", prompt="greetings", temperature=0)
    sent = fields(cloud.asked[0].body)
    assert cloud.asked[0].path == "/v1/audio/transcriptions"
    assert sent == {"model": b"whisper", "file": wav(), "language": b"en", "prompt": b"greetings", "temperature": b"0"}
    assert b'filename="hello.wav"\r\nContent-Type: audio/wav' in cloud.asked[0].body
    assert (str(reply), reply.finish_reason, reply.cost) == ("Hello.", "stop", pytest.approx(0.36 * 2 / 3600))
    assert reply.estimate is not None
    assert reply.estimate.dearest == pytest.approx(0.36 * 1.5 / 3600)
    assert repr(reply.request["file"]) == "<hello.wav, 24,044 bytes>"
    assert "2.0 s of sound" in reply.status()
    assert aoai.last is reply


def test_segments_are_in_the_raw_answer(cloud: Cloud) -> None:
    segment = {"id": 0, "start": 0.0, "end": 1.5, "text": "Hello."}
    listening(cloud, {"text": "Hello.", "duration": 1.5, "language": "english", "segments": [segment]})
    reply: Any = aoai.transcribe(wav(), format="verbose_json", timestamp_granularities=["segment"])
    assert reply.raw.segments[0].end == 1.5
    assert fields(cloud.asked[0].body)["timestamp_granularities[]"] == b"segment"
    assert reply.usage.sound_seconds == 1.5


@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_texts_and_subtitles_come_as_they_are(cloud: Cloud, form: str) -> None:
    text = "1\n00:00:00,000 --> 00:00:01,500\nHello <b>.\n\n"
    listening(cloud, text.encode())
    reply = aoai.transcribe(wav(), format=form)
    assert reply.text == text.rstrip("\n")
    assert reply.cost == pytest.approx(0.36 * 1.5 / 3600), "billed by its length, which the file says"
    html = reply._repr_mimebundle_()[0]["text/html"]
    assert "&lt;b&gt;" in html
    assert ("<pre>" in html) == (form != "text")


def test_a_translation_is_asked_for_elsewhere(cloud: Cloud) -> None:
    listening(cloud, {"text": "Hello."}, api_version="2024-10-21", api_key="k" * 20)
    aoai.transcribe(wav(), True)
    assert cloud.asked[0].path == "/openai/deployments/whisper/audio/translations?api-version=2024-10-21"
    assert set(aoai.usage()["operation"]) == {"translations"}


def test_a_model_that_counts_tokens_is_billed_by_them(cloud: Cloud) -> None:
    used = {"type": "tokens", "input_tokens": 19, "output_tokens": 4, "total_tokens": 23}
    used |= {"input_token_details": {"audio_tokens": 15, "text_tokens": 4}}  # type: ignore[dict-item]
    listening(cloud, {"text": "Hello.", "usage": used}, "gpt-4o-transcribe")
    reply = aoai.transcribe(wav(), prompt="a greeting in English")
    assert reply.cost == pytest.approx((4 * 2.5 + 15 * 6 + 4 * 10) / 1_000_000)
    assert reply.estimate is not None
    assert [(part.name, part.tokens) for part in reply.estimate.parts] == [("sound", 15), ("prompt", 4)]
    assert not reply.estimate.exact


@pytest.mark.parametrize(
    "answer", [{"txt": "hi"}, ["x"], {"text": None}, b"<html>", {"text": "x", "usage": 7}], ids=str
)
def test_what_is_no_transcript_is_an_error(cloud: Cloud, answer: Any) -> None:
    listening(cloud, answer)
    with pytest.raises(errors.NoAnswerError, match="something other than a transcript"):
        aoai.transcribe(wav())


def test_silence_is_an_answer(cloud: Cloud) -> None:
    listening(cloud, {"text": ""})
    assert aoai.transcribe(wav()).text == ""


def test_a_sound_comes_in_many_ways(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "hello.WAV"
    file.write_bytes(wav())
    spoken = Audio(request={"input": "Hi."}, deployment="tts", kind="azure", data=bytes(48_000), format="pcm")
    with file.open("rb") as opened:
        ways = [str(file), file, opened, wav(), bytearray(wav()), memoryview(wav()), io.BytesIO(wav()), spoken]
        found = [sound_file(way) for way in ways]
    assert [one.name for one in found] == ["hello.wav"] * 3 + ["sound.wav"] * 5
    assert [one.seconds for one in found] == [1.5] * 7 + [1.0]


@pytest.mark.parametrize(
    ("thing", "what"),
    [
        ("nowhere.mp3", "nowhere.mp3 can't be read: No such file"),
        (".", r"\. can't be read"),
        ("\0", "can't be read"),
        (b"", "is empty"),
        (b"<html>", "no sound that is taken"),
        (b"\xff\xf1 aac", "AAC without a container"),
        (io.StringIO("text"), "A StringIO is no sound"),
        (7, "An int is no sound"),
    ],
)
def test_what_is_no_sound_is_not_sent(cloud: Cloud, thing: Any, what: str) -> None:
    aoai.connect(cloud.url, deployment="whisper")
    with pytest.raises(errors.SettingsError, match=what) as caught:
        aoai.transcribe(thing)
    assert str(caught.value).count("\n") <= 2
    assert not cloud.asked


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    large, other = tmp_path / "large.mp3", tmp_path / "sound.aiff"
    with large.open("wb") as out:
        out.truncate(10**11)  # no memory has room for it
    other.write_bytes(b"FORM")
    with pytest.raises(errors.SettingsError, match=r"large\.mp3 has 100,000\.0 MB"):
        aoai.transcribe(large)
    with pytest.raises(errors.SettingsError, match=r"ffmpeg -i sound\.aiff"):
        aoai.transcribe(other)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_length_or_none(data: bytes) -> None:
    for start in (b"", b"ID3\x04", b"OggS", b"fLaC", b"RIFF\0\0\0\0WAVE", b"\xff\xfb", b"\0\0\0\x18ftypM4A "):
        found = length(start + data)
        assert found is None or 0 < found < 1e6


@given(st.integers(1, 400))
def test_the_length_of_a_wave_is_exact(tenths: int) -> None:
    assert length(wav(tenths / 10)) == pytest.approx(tenths / 10)


# --- what can't be -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("speak", "No text is named"),
        ("speak ' '", "no text to speak"),
        ("speak 'x' --speed 9", "--speed can't be '9'"),
        ("speak 'x' --format ogg", "--format can't be 'ogg'"),
        ("speak two words", "one word too many"),
        ("speak 'x' --save x.wav", "isn't the name of one"),
        ("speak 'x' --voise nova", "Did you mean --voice"),
        ("speak long", "has 5,000 characters"),
        ("speak 'x' -d tts --instructions slowly", "tts doesn't take instructions"),
        ("transcribe", "No file is named"),
        ("transcribe nowhere.mp3", "nowhere.mp3 can't be read"),
        ("transcribe hello --translate --language de", "A language"),
        ("transcribe hello --format xml", "--format can't be 'xml'"),
        ("transcribe hello -t 2", "-t can't be '2'"),
        ("transcribe hello --save x.mp3", "isn't the name of one"),
    ],
)
def test_a_wrong_line_is_an_error_of_at_most_three_lines(run: Any, shell: Any, line: str, what: str) -> None:
    shell.user_ns.update(hello=wav(), long="x" * 5000)
    with pytest.raises(errors.AoaiError) as caught:
        run(f"%aoai {line}")
    assert what in str(caught.value)
    assert str(caught.value).count("\n") <= 2
    assert aoai.usage().empty


@pytest.mark.parametrize("line", ["speak 'Good morning.'", "transcribe hello", "transcribe hello --translate"])
def test_the_local_service_says_that_it_has_no_sound(run: Any, shell: Any, line: str) -> None:
    shell.user_ns["hello"] = wav()
    with pytest.raises(errors.RequestRefusedError) as caught:
        run(f"%aoai {line}")
    assert caught.value.code == "OperationNotSupported"
    assert str(caught.value).split("\n") == [
        "The local service can't speak or listen.",
        "Behind it is a small model that writes, and none for sound.",
        "%aoai connect https://NAME.openai.azure.com -d DEPLOYMENT, with a model for sound behind it",
    ]
    (row,) = aoai.usage().to_dict("records")
    assert (row["outcome"], row["price"], row["azure_price"]) == ("error 400", 0, 0)


def test_the_classic_address_of_the_local_service_says_the_same(service: Any) -> None:
    aoai.connect(service.endpoint, api_key=service.key, api_version="2024-10-21", deployment="tts")
    with pytest.raises(errors.RequestRefusedError, match="can't be asked for speech"):
        aoai.speak("Hi.", deployment="gpt-4o-mini-tts")
    with pytest.raises(errors.RequestRefusedError, match="can't be asked for transcriptions"):
        aoai.transcribe(wav(), deployment="whisper")


def test_a_connection_for_chat_has_to_be_told_which_deployment_speaks(cloud: Cloud) -> None:
    aoai.connect(cloud.url, deployment="gpt-4o")
    with pytest.raises(errors.SettingsError, match="No deployment for speech is named"):
        aoai.speak("Hi.")
    with pytest.raises(errors.SettingsError, match="No deployment for transcriptions is named"):
        aoai.transcribe(wav())


# --- the commands ---------------------------------------------------------------------------------------------------------


def test_the_command_speaks_a_variable_and_saves(cloud: Cloud, run: Any, shell: Any, tmp_path: Path) -> None:
    speaking(cloud)
    shell.user_ns["greeting"] = "Good morning."
    said = run(f"%aoai speak greeting --voice echo --format wav -o sound --save {tmp_path / 'morning'}")
    assert said == (
        "[sound, 1.5 s, WAV, 24 kB: Good morning.]\n\n"
        "tts · echo · 1.5 s of sound · 13 characters\n"
        f"Saved: {tmp_path / 'morning.wav'}\n"
    )
    assert (tmp_path / "morning.wav").read_bytes() == wav()
    assert shell.user_ns["sound"] is shell.user_ns["_"] is aoai.last
    with pytest.raises(errors.SettingsError, match="is there already"):
        run(f"%aoai speak greeting --format wav --save {tmp_path / 'morning'}")
    assert len(cloud.asked) == 1, "found out before anything was paid for"


def test_the_command_writes_down_and_saves(cloud: Cloud, run: Any, shell: Any, tmp_path: Path) -> None:
    listening(cloud, b"1\n00:00 --> 00:01\nHello.\n")
    (tmp_path / "hello.wav").write_bytes(wav())
    said = run(f"%aoai transcribe {tmp_path / 'hello.wav'} --format srt -o text --save {tmp_path / 'hello'}")
    assert "00:00 --> 00:01\nHello.\n" in said
    assert "whisper · 1.5 s of sound" in said
    assert (tmp_path / "hello.srt").read_text() == "1\n00:00 --> 00:01\nHello.\n"
    assert str(shell.user_ns["text"]).endswith("Hello.")


def test_what_was_spoken_is_written_down(cloud: Cloud, run: Any, shell: Any) -> None:
    speaking(cloud)
    run("%aoai speak 'Hello.' -q -o sound")
    cloud.answer(200, {"text": "Hello."})
    assert run("%aoai transcribe sound -d whisper").startswith("Hello.\n")
    assert fields(cloud.asked[1].body)["file"] == wav()


def test_a_dry_run_sends_nothing(run: Any, shell: Any) -> None:
    shell.user_ns["hello"] = wav(90)
    run("%aoai speak 'Good morning.' -d tts --dry-run -o spoken")
    run("%aoai transcribe hello -d whisper --dry-run -o written")
    run("%aoai transcribe hello --dry-run -o tokens")
    assert "13 characters" in str(shell.user_ns["spoken"])
    assert shell.user_ns["spoken"].dearest == pytest.approx(0.000195)
    assert "90.0 s" in str(shell.user_ns["written"])
    assert shell.user_ns["written"].cheapest == shell.user_ns["written"].dearest == pytest.approx(0.009)
    assert "up to 16,384 tokens" in str(shell.user_ns["tokens"])
    run("%aoai speak 'Good morning.' -d tts --request -o request")
    assert json.loads(shell.user_ns["request"]) == {"model": "tts", "input": "Good morning.", "voice": "alloy"}
    run("%aoai transcribe hello -d whisper --request -o request")
    assert json.loads(shell.user_ns["request"])["model"] == "whisper"
    assert aoai.last is None
    assert aoai.usage().empty
    shell.user_ns["hello"] = b"OggS...."
    run("%aoai transcribe hello -d whisper --dry-run -o unknown")
    assert shell.user_ns["unknown"].dearest is None
    assert "can't be read from it" in str(shell.user_ns["unknown"])


def test_a_key_is_in_no_part_of_a_reply(cloud: Cloud) -> None:
    speaking(cloud, api_key="sekret-sekret")
    assert "sekret" not in repr(vars(aoai.speak("Hi.")))


def test_what_was_said_is_answered_again_from_its_recording(cloud: Cloud, tmp_path: Path) -> None:
    speaking(cloud)
    cloud.answer(200, {"text": "Hello."})
    aoai.record(tmp_path)
    first = aoai.speak("Hello."), aoai.transcribe(wav(), deployment="whisper")
    aoai.replay(tmp_path)
    again = aoai.speak("Hello."), aoai.transcribe(wav(), deployment="whisper")
    assert len(cloud.asked) == 2
    assert (again[0].data, again[1].text) == (first[0].data, "Hello.")
    assert "recorded" in again[0].status()
