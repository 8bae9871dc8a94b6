"""What a service sends for a picture, taken for the stranger's data that it is."""

from __future__ import annotations

import base64
import io
import struct
import warnings
import zlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from aoai_magic.pictures import picture


def file(form: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (4, 3), **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, "red").save(written, form, **options)
    return written.getvalue()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_a_picture_is_unpacked_and_its_file_kept(form: str, media_type: str) -> None:
    found = picture(b64(file(form)))
    assert (found.image.size, found.media_type, found.data) == ((4, 3), media_type, file(form))
    assert found.url == f"data:{media_type};base64,{b64(file(form))}"
    assert str(found) == f"4 x 3 px, {form}"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (None, "isn't sent as base64"),
        ({"url": "https://example.com/x.png"}, "isn't sent as base64"),
        ("", "instead of a picture there is empty"),
        ("no base64!", "isn't base64"),
        ("höhö", "isn't base64"),
        (b64(b"<svg onload=alert(1)>"), "SVG"),
        (b64(b"%PDF-1.7"), "PDF"),
        (b64(b"<html><script>"), "of no kind that is known"),
        (b64(file()[:-20]), "ends before the picture does"),
        (b64(file()[:40] + b"\0" + file()[41:]), "broken PNG"),
        (b64(png_that_says(100_000, 100_000)), "too large"),
        (b64(png_that_says(20_000, 2_000)), "are more than 33,177,600"),
        (b64(png_that_says(1000, 1000)), "Pillow can't read it"),
        (b64(png_that_says(0, 5)), "no pixels"),
        (b64(file("GIF")), "isn't a format that image models write"),
        (b64(file("PNG", save_all=True, append_images=[Image.new("RGB", (4, 3), "blue")])), "animated"),
    ],
)
def test_what_is_no_picture_is_told_from_one(sent: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        picture(sent)


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.data())
def test_damage_is_a_reason_and_never_another_error(form: str, data: st.DataObject) -> None:
    damaged = bytearray(file(form, size=(40, 30)))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of metadata that it passes over
        for sent in (damaged, damaged[:cut]):
            try:
                assert picture(b64(bytes(sent))).image.size > (0, 0)
            except ValueError as error:
                assert str(error)


@given(st.text() | st.binary().map(b64) | st.none() | st.integers())
@example("////")
def test_anything_else_is_a_reason_too(sent: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        picture(sent)
