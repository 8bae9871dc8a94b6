"""Image generation and edits over the wire: sizes, files, usage, streams, masks, refusals."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from PIL import Image, ImageChops

import aoai_magic as aoai
from aoai_magic import catalog
from aoai_magic.local.account import Account, Deployment
from aoai_magic.local.echo import Echo
from aoai_magic.local.plumbing import _VERSIONS

from .serving import Answer, Served, serving

GENERATIONS, EDITS = "/openai/v1/images/generations", "/openai/v1/images/edits"
LOW: Any = {"model": "gpt-image-1", "quality": "low"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    account = Account(Echo(), ["a-key", "another-key"])
    for name in ("gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2.5-flare"):
        model = catalog.model(name)
        assert model is not None
        account.deployments[name] = Deployment(name, model)
    with serving(account) as service:
        yield service


@pytest.fixture
def images(served: Served) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{served.endpoint}/openai/v1/", api_key=served.key, max_retries=0) as client:
        yield client.images


def picture(data: str) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    image.load()
    return image


def png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def amount(image: Image.Image, like: Callable[[int, int, int], bool]) -> float:
    """The share of pixels of a kind."""
    data = image.convert("RGB").resize((128, 128)).tobytes()
    return sum(map(like, data[0::3], data[1::3], data[2::3])) / (128 * 128)


def red(r: int, g: int, b: int) -> bool:
    return r > 150 and g < 110 and b < 110


def blue(r: int, g: int, b: int) -> bool:
    return b > 140 and r < 110


GIVEN = Image.new("RGB", (1024, 1024), (250, 240, 200))
MASK = Image.new("RGBA", GIVEN.size, "black")
MASK.paste((0, 0, 0, 0), (300, 300, 800, 800))


@pytest.mark.parametrize("size", ["1024x1024", "1024x1536", "1536x1024"])
@pytest.mark.parametrize("quality", ["low", "medium", "high"])
def test_size_and_quality_are_drawn_and_billed(images: Any, size: str, quality: str) -> None:
    prompt = "a red circle"
    whole = images.generate(model="gpt-image-1", prompt=prompt, size=size, quality=quality)
    assert "x".join(map(str, picture(whole.data[0].b64_json).size)) == size
    assert (whole.size, whole.quality, whole.output_format, whole.background) == (size, quality, "png", "opaque")
    assert whole.usage.output_tokens == aoai.tokens.count_generated_image(size, quality)
    assert whole.usage.input_tokens == aoai.tokens.count(prompt, "gpt-image-1")
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens


def test_the_words_of_the_prompt_matter(images: Any) -> None:
    def drawn(prompt: str) -> Image.Image:
        return picture(images.generate(**LOW, prompt=prompt).data[0].b64_json)

    one, three, other = drawn("a red circle"), drawn("three red circles"), drawn("a blue circle")
    assert amount(one, red) > 0.05 > amount(one, blue)
    assert amount(other, blue) > 0.05 > amount(other, red)
    assert abs(amount(three, red) - amount(one, red)) > 0.01
    assert ImageChops.difference(drawn('a sign that says "OPEN"'), drawn('a sign that says "SHUT"')).getbbox()


def test_several_pictures_differ_and_are_billed_each(images: Any) -> None:
    whole = images.generate(**LOW, prompt="a cat", n=2)
    first, second = (one.b64_json for one in whole.data)
    assert first != second
    assert whole.usage.output_tokens == 2 * aoai.tokens.count_generated_image("1024x1024", "low")


@pytest.mark.parametrize(
    ("asked", "mode", "said"),
    [
        ({"prompt": "a cat", "background": "transparent"}, "RGBA", "transparent"),
        ({"prompt": "a cat on a transparent background"}, "RGBA", "transparent"),
        ({"prompt": "a cat", "background": "opaque"}, "RGB", "opaque"),
        ({"prompt": "a cat"}, "RGB", "opaque"),
    ],
)
def test_the_background_is_what_is_said_of_it(images: Any, asked: Any, mode: str, said: str) -> None:
    whole = images.generate(**LOW, **asked)
    drawn = picture(whole.data[0].b64_json)
    assert (drawn.mode, whole.background) == (mode, said)
    if mode == "RGBA":
        assert drawn.getchannel("A").getextrema()[0] == 0


def test_jpeg_of_less_quality_is_smaller(images: Any) -> None:
    files = [
        base64.b64decode(
            images.generate(**LOW, prompt="a city", output_format="jpeg", output_compression=quality).data[0].b64_json
        )
        for quality in (10, 90)
    ]
    assert all(file.startswith(b"\xff\xd8\xff") for file in files)
    assert len(files[0]) < len(files[1]) / 2


def test_partial_pictures_come_first_and_are_billed(images: Any) -> None:
    events = list(images.generate(**LOW, prompt="a house", stream=True, partial_images=2))
    assert [event.type for event in events] == [*["image_generation.partial_image"] * 2, "image_generation.completed"]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    drawn = [picture(event.b64_json) for event in events]
    assert len({png(one) for one in drawn}) == 3
    assert events[-1].usage.output_tokens == aoai.tokens.count_generated_image("1024x1024", "low", partial_images=2)
    assert events[-1].b64_json == images.generate(**LOW, prompt="a house").data[0].b64_json


def test_nothing_outside_of_the_mask_changes(images: Any) -> None:
    whole = images.edit(**LOW, image=png(GIVEN), mask=png(MASK), prompt="a blue boat")
    changed = ImageChops.difference(picture(whole.data[0].b64_json).convert("RGB"), GIVEN)
    box = changed.getbbox()
    assert box is not None
    assert box[0] >= 300
    assert box[1] >= 300
    assert box[2] <= 800
    assert box[3] <= 800


@pytest.mark.parametrize("prompt", ["make it blue", "add a red boat", "a boat in a bottle, please", "zzz"])
def test_several_edits_differ_and_are_billed_each(images: Any, prompt: str) -> None:
    whole = images.edit(**LOW, image=png(GIVEN), prompt=prompt, n=3)
    assert len({one.b64_json for one in whole.data}) == 3
    assert whole.usage.output_tokens == 3 * aoai.tokens.count_generated_image("1024x1024", "low")


def test_several_edits_keep_what_the_mask_covers(images: Any) -> None:
    whole = images.edit(**LOW, image=png(GIVEN), mask=png(MASK), prompt="make it blue", n=2)
    first, second = (picture(one.b64_json) for one in whole.data)
    box = ImageChops.difference(first, second).getbbox()
    assert box is not None
    assert box[0] >= 300
    assert box[1] >= 300
    assert box[2] <= 800
    assert box[3] <= 800


def test_of_several_pictures_the_first_is_changed(images: Any) -> None:
    other = Image.new("RGB", GIVEN.size, "black")
    both = images.edit(**LOW, image=[png(GIVEN), png(other)], prompt="a red boat")
    alone = images.edit(**LOW, image=png(GIVEN), prompt="a red boat")
    assert both.data[0].b64_json == alone.data[0].b64_json
    assert both.usage.input_tokens_details.image_tokens == 2 * alone.usage.input_tokens_details.image_tokens


@pytest.mark.parametrize("fidelity", ["low", "high"])
def test_what_is_given_is_billed_by_its_fidelity(images: Any, fidelity: str) -> None:
    wide = Image.new("RGB", (600, 300), "white")
    whole = images.edit(**LOW, image=[png(GIVEN), png(wide)], prompt="make it blue", input_fidelity=fidelity)
    counted = sum(aoai.tokens.count_edited_image(*one.size, input_fidelity=fidelity) for one in (GIVEN, wide))
    assert whole.usage.input_tokens_details.image_tokens == counted
    assert whole.usage.input_tokens_details.text_tokens == aoai.tokens.count("make it blue", "gpt-image-1")
    assert amount(picture(whole.data[0].b64_json), lambda r, g, b: b > r) > 0.9


@pytest.mark.parametrize(
    ("given", "size"), [((600, 300), "1536x1024"), ((300, 600), "1024x1536"), ((90, 100), "1024x1024")]
)
def test_an_edit_keeps_the_shape_that_it_is_given(images: Any, given: tuple[int, int], size: str) -> None:
    whole = images.edit(**LOW, image=png(Image.new("RGB", given, "white")), prompt="a red boat")
    assert whole.size == size
    assert "x".join(map(str, picture(whole.data[0].b64_json).size)) == size


def test_an_edit_is_streamed_under_names_of_its_own(images: Any) -> None:
    events = list(images.edit(**LOW, image=png(GIVEN), prompt="a dog", stream=True, partial_images=1))
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]


@pytest.mark.parametrize("model", ["gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "gpt-image-2.5-flare"])
def test_every_model_of_pictures_draws_and_edits(images: Any, model: str) -> None:
    drawn = images.generate(model=model, prompt="a cat", quality="low")
    edited = images.edit(model=model, prompt="a cat", quality="low", image=png(GIVEN))
    assert drawn.usage.output_tokens == edited.usage.output_tokens > 0
    assert edited.usage.input_tokens > drawn.usage.input_tokens


def test_the_quality_left_open_is_the_models_own(images: Any) -> None:
    assert images.generate(model="gpt-image-1", prompt="a cat").quality == "high"
    assert images.generate(model="gpt-image-1-mini", prompt="a cat").quality == "medium"


def test_a_newer_model_draws_any_size_within_bounds(images: Any) -> None:
    whole = images.generate(model="gpt-image-2", prompt="a cat", quality="low", size="1280x720")
    assert picture(whole.data[0].b64_json).size == (1280, 720)
    for size in ("1000x1000", "640x640", "3856x2000", "3200x1024", "4096x4096", "wide", "1024x1024x1024", "0x0"):
        with pytest.raises(openai.BadRequestError) as refused:
            images.generate(model="gpt-image-2", prompt="a cat", size=size)
        assert refused.value.param == "size"


@pytest.mark.parametrize("version", sorted(_VERSIONS)[-3:])
def test_pictures_on_the_classic_address(served: Served, version: str) -> None:
    with openai.AzureOpenAI(
        azure_endpoint=served.endpoint, api_key=served.key, api_version=version, max_retries=0
    ) as client:
        assert client.images.generate(**LOW, prompt="a dot").data
        assert client.images.edit(**LOW, prompt="a dot", image=png(GIVEN)).data


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"size": "512x512"}, "size"),
        ({"quality": "hd"}, "quality"),
        ({"n": 11}, "n"),
        ({"n": 0}, "n"),
        ({"output_format": "webp"}, "output_format"),
        ({"output_compression": 101}, "output_compression"),
        ({"background": "transparent", "output_format": "jpeg"}, "background"),
        ({"model": "gpt-image-2", "background": "transparent"}, "background"),
        ({"partial_images": 2}, "partial_images"),
        ({"partial_images": 4, "stream": True}, "partial_images"),
        ({"response_format": "b64_json"}, "response_format"),
        ({"style": "vivid"}, "style"),
        ({"moderation": "high"}, "moderation"),
        ({"moderation": True}, "moderation"),
        ({"user": 7}, "user"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
    ],
)
def test_what_can_not_be_drawn_is_refused(served: Served, change: Any, param: str) -> None:
    answer = served.ask(GENERATIONS, {"model": "gpt-image-1", "prompt": "a cat", **change})
    assert (answer.status, answer.json["error"]["param"]) == (400, param)


@pytest.mark.parametrize("words", ["aoai-filter:violence", "aoai-filter:reply-violence", "aoai-filter:jailbreak"])
def test_a_prompt_that_the_filter_stops(served: Served, words: str) -> None:
    answer = served.ask(GENERATIONS, {"model": "gpt-image-1", "prompt": f"a cat {words}"})
    assert (answer.status, answer.json["error"]["code"]) == (400, "contentFilter")
    assert "safety system" in answer.json["error"]["message"]


def test_a_phrase_for_the_filter_is_not_drawn_and_counted_all_the_same(served: Served) -> None:
    plain, with_phrase = (
        served.ask(GENERATIONS, {"model": "gpt-image-1", "prompt": f"a cat{words}", **LOW}).json
        for words in ("", " aoai-filter:violence=low")
    )
    assert with_phrase["data"] == plain["data"]
    assert with_phrase["usage"]["input_tokens"] > plain["usage"]["input_tokens"]


def edited(served: Served, **files: Any) -> Answer:
    with openai.OpenAI(base_url=f"{served.endpoint}/openai/v1/", api_key=served.key, max_retries=0) as client:
        try:
            raw = client.images.with_raw_response.edit(**{**LOW, "prompt": "a cat", "image": png(GIVEN), **files})
            return Answer(raw.status_code, dict(raw.headers), raw.content)
        except openai.APIStatusError as error:
            return Answer(error.status_code, dict(error.response.headers), error.response.content)


@pytest.mark.parametrize(
    ("files", "param"),
    [
        ({"image": b"no picture"}, "image"),
        ({"image": png(GIVEN)[:200]}, "image"),
        ({"image": [png(GIVEN), b"GIF89a"]}, "image"),
        ({"image": [png(Image.new("L", (8, 8)))] * 17}, "image"),
        ({"mask": b"no picture"}, "mask"),
        ({"mask": png(MASK.resize((512, 512)))}, "mask"),
        ({"mask": png(MASK.convert("RGB"))}, "mask"),
        ({"model": "gpt-image-2", "input_fidelity": "high"}, "input_fidelity"),
        ({"input_fidelity": "middling"}, "input_fidelity"),
    ],
)
def test_what_can_not_be_edited_is_refused(served: Served, files: Any, param: str) -> None:
    answer = edited(served, **files)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)


def test_edits_are_multipart_and_nothing_else_is(served: Served) -> None:
    assert served.ask(EDITS, {"model": "gpt-image-1", "prompt": "a cat"}).status in (400, 415)
    form = b'--cut\r\ncontent-disposition: form-data; name="model"\r\n\r\ngpt-image-1\r\n--cut--\r\n'
    answer = served.ask(GENERATIONS, form, content_type="multipart/form-data; boundary=cut")
    assert answer.status in (400, 415)
