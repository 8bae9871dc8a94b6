"""Pictures and text files beside a prompt."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

import aoai_magic as aoai
from aoai_magic.attachments import content, part
from aoai_magic.errors import SettingsError


def picture(attached: object, detail: str | None = None) -> Image.Image:
    part = content("p", attached, detail)[1]
    assert isinstance(part, dict)
    data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
    return Image.open(io.BytesIO(data))


def red(mode: str = "RGB", size: tuple[int, int] = (30, 20)) -> Image.Image:
    return Image.new("RGB", size, "red").convert(mode)


def test_a_prompt_alone_stays_text() -> None:
    assert content("hello", ()) == "hello"
    assert content("hello", None) == "hello"


def test_what_is_attached_to_a_message_of_parts_is_sent_too() -> None:
    parts = [{"type": "text", "text": "Which is red?"}]
    aoai.chat([{"role": "user", "content": parts}], attach=red())
    assert aoai.last is not None
    assert [one["type"] for one in aoai.last.request["messages"][-1]["content"]] == ["text", "image_url"]
    assert len(parts) == 1


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp"])
def test_a_file_goes_as_it_is(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    red().save(file)
    part: Any = content("p", str(file), "low")[1]
    head, _, data = part["image_url"]["url"].partition(",")
    assert head == f"data:image/{'jpeg' if suffix == 'jpg' else suffix};base64"
    assert base64.b64decode(data) == file.read_bytes()
    assert part["image_url"]["detail"] == "low"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "LAB"])
def test_a_pil_image_of_any_mode_is_sent(mode: str) -> None:
    assert picture(
        red("RGB").convert("RGB") if mode in ("LAB",) else red("L").convert(mode) if mode in ("I", "F") else red(mode)
    ).size == (30, 20)


def test_a_turned_picture_is_sent_as_it_is_seen() -> None:
    image = red()
    image.getexif()[0x0112] = 6
    written = io.BytesIO()
    image.save(written, "JPEG", exif=image.getexif())
    assert picture(Image.open(written)).size == (20, 30)


@pytest.mark.parametrize(
    "array",
    [
        numpy.full((20, 30), 255, "uint8"),
        numpy.ones((20, 30, 1), "float32"),
        numpy.ones((20, 30, 3), "float64"),
        numpy.full((20, 30, 4), 255, "uint8"),
        numpy.ones((20, 30), "bool"),
        numpy.full((20, 30), 255, "int64"),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_becomes_a_picture(array: Any) -> None:
    sent = picture(array)
    assert sent.size == (30, 20)
    assert sent.convert("L").getpixel((0, 0)) == 255


@pytest.mark.parametrize(
    "array",
    [
        numpy.full((2, 3), 300, "int64"),
        numpy.full((2, 3), 200.0),
        numpy.full((2, 3, 3), -1),
        numpy.full((2, 3), 65_535, "uint16"),
    ],
    ids=lambda array: f"{array.dtype}",
)
def test_numbers_that_would_be_cut_off_are_refused(array: Any) -> None:
    with pytest.raises(SettingsError, match=r"is no picture\.\nFloats are 0 to 1, and integers 0 to 255"):
        picture(array)


def test_a_picture_of_16_bits_keeps_its_shades() -> None:
    shades = Image.fromarray(numpy.array([[0, 32_896, 65_535]], "uint16"))
    assert [picture(shades).convert("L").getpixel((at, 0)) for at in range(3)] == [0, 128, 255]


@pytest.mark.parametrize("data", [b"", b"<html>404 Not Found</html>"])
def test_what_is_called_a_picture_and_is_none_is_not_sent_as_text(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "photo.PNG").write_bytes(data)
    with pytest.raises(SettingsError, match=r"photo\.PNG is no picture"):
        part(tmp_path / "photo.PNG")


def test_a_figure_has_the_size_that_was_counted() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3), dpi=50)
    assert picture(figure).size == aoai.tokens.image_size(figure) == (200, 150)


def test_a_text_file_is_told_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Pears", encoding="utf-8")
    assert content("p", tmp_path / "notes.md")[1] == {"type": "text", "text": "notes.md:\n\n# Pears"}


def test_an_address_is_left_to_the_service() -> None:
    part: Any = content("p", "https://example.com/a.png")[1]
    assert part["image_url"] == {"url": "https://example.com/a.png"}


@pytest.mark.parametrize("thing", ["missing.png", 7, b"nothing", "data:image/png;base64,%%%", Path("/")])
def test_what_cannot_be_attached_is_refused(thing: Any) -> None:
    with pytest.raises(SettingsError):
        content("p", thing)


def test_more_pictures_than_a_request_takes_are_refused() -> None:
    with pytest.raises(SettingsError, match="51 pictures"):
        content("p", [red()] * 51)


def test_a_cell_attaches_files_and_variables(run: Any, shell: Any, tmp_path: Path) -> None:
    red().save(tmp_path / "a.png")
    shell.push({"shot": red(size=(40, 40))})
    run(f"%%chat gpt-4o -a {tmp_path / 'a.png'} -a shot --detail low -q -o x\nWhat is it?")
    parts = shell.user_ns["x"].request["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url", "image_url"]
    assert shell.user_ns["x"].usage.prompt_tokens == shell.user_ns["x"].estimate.prompt_tokens
