from __future__ import annotations

import base64
import contextlib
import io
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image, ImageOps

from aoai_magic.errors import SettingsError
from aoai_magic.tokens import image_size
from aoai_magic.tokens.headers import MAX_PIXELS, picture_size
from aoai_magic.tokens.pictures import MAX_BYTES


def encoded(kind: str, size: tuple[int, int] = (7, 5), mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 1).save(file, kind, **options)
    return file.getvalue()


def turned(kind: str, orientation: int, size: tuple[int, int] = (7, 5)) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(kind, size, exif=exif)


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (7, 5), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


FILES = {
    "png": encoded("PNG"),
    "png, grey": encoded("PNG", mode="L"),
    "png, turned": turned("PNG", 8),
    "jpeg": encoded("JPEG"),
    "jpeg, progressive": encoded("JPEG", progressive=True),
    "jpeg, turned": turned("JPEG", 6),
    "gif": encoded("GIF", mode="P"),
    "webp": encoded("WEBP"),
    "webp, lossless": encoded("WEBP", lossless=True),
    "webp, with alpha": encoded("WEBP", mode="RGBA"),
    "webp, turned": turned("WEBP", 6),
}
REFUSED = {f"{kind}, animated": animated(kind) for kind in ("GIF", "PNG", "WEBP")}


def refusal(source: object) -> str:
    """The words of the error that a source is refused with."""
    with pytest.raises(SettingsError) as error:
        image_size(source)
    return str(error.value)


def size_or_refusal(data: bytes) -> None:
    """Whatever is in a file, it has a size or is refused: no other exception, no warning."""
    try:
        width, height = image_size(data)
    except SettingsError as error:
        assert len(str(error).split("\n")) == 3
    else:
        assert 0 < width * height <= MAX_PIXELS


@pytest.mark.parametrize("name", FILES)
def test_the_size_of_a_file_is_the_one_pillow_shows(name: str, tmp_path: Path) -> None:
    data = FILES[name]
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert upright
    assert upright.size == ((5, 7) if "turned" in name else (7, 5))
    (tmp_path / "picture").write_bytes(data)
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    sources = (data, bytearray(data), memoryview(data), tmp_path / "picture", str(tmp_path / "picture"), url)
    for source in (*sources, url.replace("data", "DATA", 1)):
        assert image_size(source) == upright.size


@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]),
    st.integers(1, 400),
    st.integers(1, 400),
    st.sampled_from(["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"]),
)
@settings(deadline=None)
def test_sizes_are_read_from_whatever_pillow_writes(kind: str, width: int, height: int, mode: str) -> None:
    try:
        data = encoded(kind, (width, height), mode)
    except (OSError, ValueError):
        return  # not every kind of file has every mode
    assert image_size(data) == (width, height)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_on_its_side_is_measured_upright(kind: str, orientation: int) -> None:
    data = turned(kind, orientation)
    expected = (5, 7) if orientation in (5, 6, 7, 8) else (7, 5)
    assert image_size(data) == expected
    assert image_size(Image.open(io.BytesIO(data))) == expected


def test_exif_in_either_byte_order_counts_and_damaged_exif_does_not() -> None:
    def jpeg(exif: bytes) -> bytes:
        return encoded("JPEG", exif=b"Exif\0\0" + exif)

    for order, start in (("<", b"II*\0"), (">", b"MM\0*")):
        whole = start + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
        assert image_size(jpeg(whole)) == (5, 7)
        for end in range(20):
            assert image_size(jpeg(whole[:end])) == (7, 5)
        assert image_size(jpeg(start + b"\xff" * 40)) == (7, 5)


@pytest.mark.parametrize("name", REFUSED)
def test_moving_pictures_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "cat.gif"
    path.write_bytes(REFUSED[name])
    assert refusal(path).startswith("cat.gif is animated.\n")
    # What the error advises works.
    with Image.open(path) as first_frame:
        assert image_size(first_frame) == (7, 5)


def test_a_single_frame_in_a_format_for_many_is_a_still_picture() -> None:
    file = io.BytesIO()
    Image.new("RGB", (7, 5)).save(file, "WEBP", save_all=True)
    assert image_size(file.getvalue()) == (7, 5)
    file = io.BytesIO()
    Image.new("RGB", (7, 5)).save(file, "PNG", save_all=True)
    assert image_size(file.getvalue()) == (7, 5)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_anywhere_is_refused(name: str) -> None:
    data = FILES[name]
    # A GIF is whole without its last byte, which only says that it ends.
    for end in range(1, len(data) - (name == "gif")):
        assert " broken " in refusal(data[:end]) or end < 12
    if name == "gif":
        assert image_size(data[:-1]) == (7, 5)


@pytest.mark.parametrize("name", FILES)
def test_what_follows_a_picture_is_no_matter(name: str) -> None:
    assert image_size(FILES[name] + b"a film, say") == image_size(FILES[name])


@given(st.sampled_from([b"", *(data[:8] for data in FILES.values()), b"RIFF\0\1\0\0WEBPVP8X"]), st.binary(max_size=400))
@example(b"\xff\xd8\xff", b"\xe0\0\0" * 9)
@example(b"GIF89a", b"\0" * 20)
@example(b"RIFF\0\0\0\0WEBP", b"")
def test_random_bytes_have_a_size_or_are_refused(start: bytes, rest: bytes) -> None:
    size_or_refusal(start + rest)


@given(st.sampled_from([*FILES.values(), *REFUSED.values()]), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_have_a_size_or_are_refused(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 8))):
        at = draw.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + draw.draw(st.integers(0, 4))] = draw.draw(st.binary(max_size=4)) or b"\0"
    size_or_refusal(bytes(damaged))


def test_a_wrong_checksum_in_a_png_is_found() -> None:
    data = bytearray(FILES["png"])
    data[data.index(b"IDAT") + 6] ^= 1
    assert refusal(bytes(data)).startswith("This picture is a broken PNG file: a checksum in it is wrong.")


def png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + struct.pack(">I", zlib.crc32(header))


WEBP_HEADER = b"WEBPVP8X" + struct.pack("<IIHBHB", 10, 0, 0xFFFF, 0xFF, 0xFFFF, 0xFF)
BOMBS = {
    "png": png_header(60_000, 60_000),
    "jpeg": b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 60_000, 60_000) + b"\3" + b"\1\x11\0" * 3,
    "gif": b"GIF89a" + struct.pack("<HHBBBBHHHHB", 60_000, 60_000, 0, 0, 0, 0x2C, 0, 0, 1, 1, 0),
    "webp": b"RIFF" + struct.pack("<I", len(WEBP_HEADER)) + WEBP_HEADER,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_decompression_bomb_is_refused_by_its_header(kind: str) -> None:
    start = time.process_time()
    refused = refusal(BOMBS[kind])
    assert time.process_time() - start < 0.05
    assert "is too large: " in refused
    assert "decompression bomb" in refused


def test_a_real_photo_takes_no_time(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.effect_noise((4000, 3000), 60).convert("RGB").save(path)
    start = time.process_time()
    assert image_size(path) == (4000, 3000)
    assert time.process_time() - start < 0.05


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (b"hello", "of no kind that is known"),
        (encoded("BMP"), "a BMP file"),
        (encoded("TIFF"), "a TIFF file"),
        (b"%PDF-1.7", "a PDF file"),
        (b'\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG file"),
        (b"\xef\xbb\xbf<svg/>", "an SVG file"),
        (b"<!DOCTYPE svg PUBLIC", "an SVG file"),
        *((b"\0\0\0\x20ftyp" + brand, "a HEIC file") for brand in (b"heic", b"heix", b"hevc")),
        (b"\0\0\0\x20ftypavis", "an AVIF file"),
        (b"\0\0\0\x20ftypisom", "a film"),
        (encoded("ICO"), "an ICO file"),
        (b"\xff\x0a\0\0", "a JPEG XL file"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 file"),
        (b"RIFF\4\0\0\0WAVE", "of no kind that is known"),
    ],
)
def test_other_kinds_of_files_are_refused_by_name(data: bytes, kind: str) -> None:
    assert refusal(data).startswith(f"This picture is no picture that chat takes: it is {kind}.\n")


def test_a_picture_without_pixels_is_refused() -> None:
    assert "no pixels" in refusal(png_header(0, 9))
    assert "no pixels" in refusal(np.zeros((0, 9)))


def test_files_that_cant_be_read_are_refused_and_say_why(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nowhere.png")
    assert "a folder or a device" in refusal(tmp_path)
    assert "can't be read" in refusal("a\0b.png")
    assert "can't be read" in refusal("~nobody-at-all/x.png")
    assert "can't be read" in refusal("x" * 100_000)
    assert max(map(len, refusal("x" * 100_000).split("\n"))) < 150
    assert "isn't here" in refusal("https://example.com/cat.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "a folder or a device" in refusal(tmp_path / "pipe")


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.touch()
    os.truncate(path, MAX_BYTES + 1)
    assert refusal(path).startswith("large.png has 20.0 MB.\nAzure OpenAI takes pictures of up to 20 MB.")
    assert "20.0 MB" in refusal(bytes(MAX_BYTES + 1))
    assert " MB" in refusal("data:image/png;base64," + "A" * (MAX_BYTES * 4 // 3 + 8))
    os.truncate(path, MAX_BYTES)
    assert "of no kind that is known" in refusal(path)


@pytest.mark.parametrize(
    "url",
    [
        "data:",
        "data:,",
        "data:image/png,abc",
        "data:image/png;base64",
        "data:image/png;base64,",
        "data:image/png;base64,é",
        "data:image/png;base64,AAA",
        "data:image/png;base64,####",
        "data:image/png;base64,AAAA AAAA",
    ],
)
def test_a_data_url_that_holds_no_picture_is_refused(url: str) -> None:
    assert len(refusal(url).split("\n")) == 3


@given(st.text(max_size=60))
def test_any_text_after_data_is_a_picture_or_refused(text: str) -> None:
    refusal("data:" + text)
    refusal("data:image/png;base64," + text)


def test_variables_of_a_notebook_are_measured_without_being_drawn() -> None:
    assert image_size(Image.new("RGB", (7, 5))) == (7, 5)
    assert image_size(np.zeros((5, 7))) == (7, 5)
    assert image_size(np.zeros((5, 7, 3), "uint8")) == (7, 5)
    assert image_size(np.zeros((5, 7, 4), "float32")) == (7, 5)


@pytest.mark.parametrize("orientation", range(10))
def test_an_image_turned_by_its_exif_in_memory_is_measured_upright(orientation: int) -> None:
    image = Image.new("RGB", (7, 5))
    image.getexif()[0x0112] = orientation
    assert image_size(image) == ImageOps.exif_transpose(image).size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_an_image_that_pillow_opened_and_cant_read_is_refused(kind: str) -> None:
    written = io.BytesIO()
    Image.effect_noise((300, 200), 90).save(written, kind)
    assert "can't be sent" in refusal(Image.open(io.BytesIO(written.getvalue()[:20_000])))


def test_an_image_that_was_closed_is_refused() -> None:
    image = Image.new("RGB", (7, 5))
    image.close()
    assert "can't be sent" in refusal(image)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_an_image_with_damaged_exif_is_measured_or_refused() -> None:
    for exif in (b"Exif\0\0nonsense", b"II*\0\x08\0\0\0\xff\xff", b"", b"MM"):
        image = Image.new("RGB", (7, 5))
        image.info["exif"] = exif
        with contextlib.suppress(SettingsError):
            assert image_size(image) == (7, 5)


@pytest.mark.parametrize(
    "array", [np.zeros(9), np.zeros((3, 50, 70)), np.zeros((2, 2, 2, 3)), np.array([["a", "b"]]), np.array(3)]
)
def test_an_array_that_is_no_picture_is_refused(array: np.ndarray[Any, Any]) -> None:
    assert "is no picture" in refusal(array)


def test_a_huge_array_is_refused() -> None:
    assert "too large" in refusal(np.broadcast_to(np.uint8(0), (20_000, 20_000)))


@pytest.mark.parametrize("source", [None, 3, [], {}, object(), io.BytesIO(b"")])
def test_what_is_no_picture_is_refused(source: object) -> None:
    assert f" {type(source).__qualname__} is no picture." in refusal(source)


@given(st.floats(0.5, 20), st.floats(0.5, 20), st.integers(30, 120))
@settings(deadline=None, max_examples=20)
def test_a_figure_has_the_size_that_it_is_saved_with(width: float, height: float, dpi: int) -> None:
    matplotlib.use("agg")
    figure = Figure((width, height), dpi=dpi)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi="figure")
    assert image_size(figure) == image_size(file.getvalue())


def test_the_name_of_a_file_cannot_hide_anything(tmp_path: Path) -> None:
    path = tmp_path / "cat\x1b[31m.png"
    path.write_bytes(b"hello")
    assert "\x1b" not in refusal(path)
    assert "\x1b" not in refusal(tmp_path / "\x1b[0m.png")
    with pytest.raises(SettingsError):
        picture_size(b"", "x")


def test_measuring_a_file_imports_no_library() -> None:
    code = "import sys, aoai_magic.tokens as t; t.image_size(sys.stdin.buffer.read()); print('PIL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], input=FILES["webp"], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
