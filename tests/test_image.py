"""`%%image` and `aoai.image`, through the real shell against the real local service, which draws sketches."""

from __future__ import annotations

import base64
import io
import itertools
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

import aoai_magic as aoai
from aoai_magic import errors
from aoai_magic.render import picture_bundle
from aoai_magic.saving import destinations

from .cloud import Cloud

LOW = "--size 1024x1024 --quality low"


def drawn(**options: Any) -> aoai.ImageReply:
    return aoai.image("A red fox.", size="1024x1024", quality="low", **options)


def last() -> aoai.ImageReply:
    assert isinstance(aoai.last, aoai.ImageReply)
    return aoai.last


def png(size: tuple[int, int] = (8, 6)) -> str:
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()


def test_a_cell_is_drawn(run: Any) -> None:
    assert run(f"%%image {LOW}\nA red fox.") == (
        "[picture, 1024 x 1024 px, PNG: A red fox.]\n\n"
        "gpt-image-1 · drawn by sketch on this machine · 1024x1024 low · 4 tokens in, 272 out\n"
    )


def test_the_reply_is_where_replies_are(run: Any, shell: Any) -> None:
    run(f"%%image {LOW} -o fox\nA red fox.")
    assert shell.user_ns["fox"] is shell.user_ns["_"] is aoai.last
    assert [image.size for image in last().images] == [(1024, 1024)]
    assert last()[0] is last().images[0]
    assert last().request == {"model": "gpt-image-1", "prompt": "A red fox.", "size": "1024x1024", "quality": "low"}
    assert last().finish_reason == "stop"
    assert last().cost == 0
    assert last().azure_cost == pytest.approx((4 * 5 + 272 * 40) / 1_000_000)
    assert last().raw.data[0].b64_json == base64.b64encode(last().pictures[0].data).decode()


def test_options_reach_the_request(run: Any) -> None:
    run(f"%%image gpt-image-1 {LOW} --background transparent --format png -n 2 -q\nA red fox.")
    assert last().request == {
        "model": "gpt-image-1", "prompt": "A red fox.", "size": "1024x1024", "quality": "low", "n": 2,
        "background": "transparent", "output_format": "png",
    }  # fmt: skip
    assert [image.mode for image in last()] == ["RGBA", "RGBA"]
    run(f"%%image {LOW} --format jpeg -q\nA red fox.")
    assert last().pictures[0].format == "jpeg"


def test_quiet_shows_nothing(run: Any) -> None:
    assert run(f"%%image -q {LOW}\nA red fox.") == ""


def test_help_is_shown_and_nothing_sent(run: Any, shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--edit FILE|VARIABLE|last" in run("%%image --help\nx")
    shell.run_cell("%%image?")
    assert "--edit FILE|VARIABLE|last" in capsys.readouterr().out
    assert aoai.last is None


def test_a_dry_run_says_what_it_would_cost_and_sends_nothing(run: Any, shell: Any) -> None:
    run("%%image -n 2 --quality high --dry-run -o foreseen\nA lighthouse.")
    assert aoai.last is None
    assert "2 x 4,160 to 6,240 tokens" in str(shell.user_ns["foreseen"])
    assert shell.user_ns["foreseen"].dearest == pytest.approx(0.4992, abs=1e-3)


def test_pictures_come_into_being_before_the_eyes_of_who_watches() -> None:
    seen: list[list[bool]] = []
    reply = drawn(partial_images=2, n=2, on_picture=lambda pictures: seen.append([one.finished for one in pictures]))
    assert seen == [[False], [False], [True], [True, False], [True, False], [True, True]]
    assert len(reply) == 2
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 2 * (272 + 200)
    assert reply.estimate is not None
    assert reply.estimate.dearest == pytest.approx(reply.azure_cost)
    assert reply.first_token_seconds is not None
    assert reply.first_token_seconds < reply.seconds


def test_the_last_picture_is_the_last_one_also_after_a_text(run: Any) -> None:
    run(f"%%image {LOW} -q\nA fox.")
    drawn = last().pictures[0].data
    run("%%chat -q\nhi")
    run(f"%%image {LOW} --edit last -q\nLet it be night.")
    assert bytes(last().request["image"][0]) == drawn


def test_the_last_picture_is_edited(run: Any) -> None:
    run(f"%%image {LOW} -q\nA red fox.")
    before = last()
    run(f"%%image {LOW} --edit last -q\nMake it blue.")
    assert bytes(last().request["image"][0]) == before.pictures[0].data
    assert last().usage is not None
    assert last().usage.image_input_tokens == aoai.tokens.count_edited_image(1024, 1024)
    assert numpy.asarray(last()[0].convert("RGB")).tolist() != numpy.asarray(before[0].convert("RGB")).tolist()
    assert "bytes>]" in repr(last().request)


def test_files_variables_and_masks_are_edited(run: Any, shell: Any, tmp_path: Path) -> None:
    house = Image.new("RGB", (64, 64), "white")
    house.save(tmp_path / "house.png")
    shell.user_ns.update(house=house, hole=Image.new("RGBA", (64, 64)))
    run(f"%%image {LOW} -q --edit house --edit {tmp_path / 'house.png'} --fidelity high --mask hole\nA red house.")
    request = last().request
    assert [len(request["image"]), request["input_fidelity"], request["mask"].media_type] == [2, "high", "image/png"]
    assert "image_edits" in set(aoai.usage()["operation"])


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("%%image\n \n", "holds no prompt"),
        ("%%image --edit last\nx", "no last picture"),
        ("%%image --quality best\nx", "none of low, medium, high, auto"),
        ("%%image --size 512x512\nx", "makes no image of '512x512'"),
        ("%%image --edit nowhere.png\nx", "nowhere.png"),
        ("%%image --mask hole.png\nx", "no picture to edit"),
        ("%%image -n 0\nx", "at least 1"),
        ("%%image --partial-images 9\nx", "9 partial images"),
        ("%%image --save x.gif\nx", "isn't the name of one"),
        ("%%image --save nowhere/x.png\nx", "no folder nowhere"),
        ("%%image --sise 1\nx", "Did you mean --size"),
        ("%%image --budget 0.001\nx", "the budget has"),
        ("%%image gpt-image-2 --background transparent\nx", "gpt-image-2"),
        ("%%image gpt-4o\nx", "gpt-image-1 can"),
        ("%%image nope\nx", "no deployment 'nope'"),
        ("%%image\naoai-filter:violence", "let nothing be drawn"),
        ("%%image\naoai-filter:reply-violence", "held back"),
    ],
)
def test_a_wrong_cell_is_an_error_of_at_most_three_lines(run: Any, cell: str, what: str) -> None:
    with pytest.raises(errors.AoaiError) as caught:
        run(cell)
    assert what in str(caught.value)
    assert str(caught.value).count("\n") <= 2
    assert aoai.last is None


def test_a_reply_without_a_picture_or_with_several_is_not_guessed_at(run: Any) -> None:
    run("%%chat -q -o text\nhi")
    with pytest.raises(errors.OptionError, match="There is no last picture to edit"):
        run("%%image --edit last\nx")
    with pytest.raises(errors.SettingsError, match="has no picture"):
        run("%%image --edit text\nx")
    run(f"%%image -q -n 2 {LOW}\nA red fox.")
    with pytest.raises(errors.SettingsError, match="which one"):
        run("%%image --edit last\nx")


def test_nothing_is_written_unasked(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(f"%%image {LOW}\nA red fox.")
    assert list(tmp_path.iterdir()) == []
    assert run(f"%%image {LOW} --save fox\nA red fox.").endswith("Saved: fox.png\n")
    assert (tmp_path / "fox.png").read_bytes() == last().pictures[0].data
    sent = len(aoai.usage())
    with pytest.raises(errors.SettingsError, match=r"fox\.png is there already"):
        run(f"%%image {LOW} --save fox.png\nA blue fox.")
    assert len(aoai.usage()) == sent, "found out before anything was paid for"


def test_several_pictures_are_several_files(tmp_path: Path) -> None:
    reply = drawn(n=2, format="jpeg")
    assert [file.name for file in reply.save(tmp_path / "fox.jpg")] == ["fox-1.jpg", "fox-2.jpg"]
    (tmp_path / "fox-1.jpg").unlink()
    with pytest.raises(errors.SettingsError, match=r"fox-2\.jpg is there already"):
        reply.save(tmp_path / "fox.jpg")
    assert not (tmp_path / "fox-1.jpg").exists(), "all or none"
    reply.save(tmp_path / "fox.jpg", overwrite=True)
    assert [(tmp_path / f"fox-{one}.jpg").read_bytes() for one in (1, 2)] == [one.data for one in reply.pictures]


def test_a_name_that_is_a_folder_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    for name in (tmp_path / "x.png", "."):
        with pytest.raises(errors.SettingsError, match="is a folder"):
            destinations(name, (".png",), "picture")


def test_a_prompt_is_a_description_and_can_do_nothing() -> None:
    prompt = '"><script>alert(1)</script>\n\u202e$x$'
    html = picture_bundle(drawn().pictures, prompt, "status <b>")["text/html"]
    assert 'alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\n⟨U+202E⟩$x$"' in html
    assert "<script" not in html
    assert "<b>" not in html
    assert html.count('src="data:image/png;base64,') == 1


def test_the_ledger_has_a_row_with_the_tokens_of_pictures(run: Any) -> None:
    run(f"%%image {LOW} -q\nA red fox.")
    (row,) = aoai.usage().to_dict("records")
    assert (row["operation"], row["outcome"], row["completion_tokens"], row["image_tokens"]) == (
        "images",
        "stop",
        272,
        272,
    )
    assert row["azure_price"] == pytest.approx(last().azure_cost)
    assert row["cheapest"] <= row["azure_price"] <= row["dearest"]
    assert "up to 272" in run("%aoai estimate")


def test_a_connections_own_deployment_draws_if_its_model_does(cloud: Cloud) -> None:
    cloud.answer(200, {"created": 1, "data": [{"b64_json": png()}]})
    aoai.connect(cloud.url, api_key="k" * 20, deployment="gpt-image-1")
    reply = aoai.image("x")
    assert (reply.request["model"], reply.images[0].size) == ("gpt-image-1", (8, 6))
    assert reply.azure_cost is None, "no usage, no price"
    aoai.connect(cloud.url, api_key="k" * 20, deployment="gpt-4o")
    with pytest.raises(errors.SettingsError, match="No deployment for images is named"):
        aoai.image("x")


@pytest.mark.parametrize(
    "answer",
    [
        {"created": 1, "data": []},
        {"created": 1},
        {"data": [{"url": "https://example.com/x.png"}]},
        {"data": [{"b64_json": base64.b64encode(b"<svg onload=alert(1)>").decode()}]},
        {"data": [{"b64_json": "?"}]},
        {"data": [{"b64_json": png()}], "usage": {"input_tokens": "many"}},
        {"data": [None]},
        ["x"],
        b"<html>",
    ],
    ids=str,
)
def test_what_is_no_picture_is_an_error_and_counts_in_full(cloud: Cloud, answer: Any) -> None:
    cloud.answer(200, answer)
    aoai.connect(cloud.url, deployment="gpt-image-1", serves="gpt-image-1")
    with pytest.raises(errors.NoAnswerError, match="can't be shown as a picture"):
        aoai.image("x", size="1024x1024", quality="low")
    (row,) = aoai.usage().to_dict("records")
    assert row["unknown_up_to"] == row["dearest"] > 0


def events(*pairs: tuple[str, Any]) -> list[str]:
    return [f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in pairs]


def test_a_stream_that_breaks_off_keeps_what_was_to_be_seen(cloud: Cloud, run: Any, shell: Any) -> None:
    cloud.stream(*events(("image_generation.partial_image", {"b64_json": png(), "partial_image_index": 0})))
    run(f"%aoai connect {cloud.url} -d gpt-image-1")
    with pytest.raises(errors.NoAnswerError) as caught:
        run("%%image --partial-images 1 -o fox\nA red fox.")
    assert "[picture, 8 x 6 px, PNG: A red fox.]" in caught.value.shown  # type: ignore[attr-defined]
    assert "broken off" in caught.value.shown  # type: ignore[attr-defined]
    assert shell.user_ns["fox"].finish_reason is None
    assert shell.user_ns["fox"].images[0].size == (8, 6)


def test_an_error_in_the_stream_is_told(cloud: Cloud) -> None:
    cloud.stream({"error": {"code": "500", "message": "The brush broke."}})
    aoai.connect(cloud.url, deployment="gpt-image-1")
    with pytest.raises(errors.ServiceError, match="The brush broke"):
        aoai.image("x", partial_images=1)


def test_a_key_is_in_no_part_of_a_reply(cloud: Cloud) -> None:
    cloud.answer(200, {"created": 1, "data": [{"b64_json": png()}]})
    aoai.connect(cloud.url, api_key="sekret-sekret", deployment="gpt-image-1")
    reply = aoai.image("x", edit=Image.new("RGB", (8, 8)))
    assert "sekret" not in repr(vars(reply)) + str(reply._repr_mimebundle_())
    assert b'name="image"; filename="picture-1.png"' in cloud.asked[0].body


def test_the_classic_api_draws_and_edits(service: Any) -> None:
    aoai.connect(service.endpoint, api_key=service.key, api_version="2025-04-01-preview", deployment="gpt-image-1")
    reply = drawn()
    edited = drawn(edit=reply, partial_images=1)
    assert [reply.finish_reason, edited.finish_reason] == ["stop", "stop"]


def test_an_interrupt_keeps_the_pictures_so_far(run: Any, shell: Any) -> None:
    count = itertools.count()

    def stop(_: Any) -> None:
        if next(count) == 1:
            raise KeyboardInterrupt

    with pytest.raises(errors.Interrupted) as caught:
        drawn(partial_images=1, n=2, on_picture=stop)
    assert isinstance(caught.value.reply, aoai.ImageReply)
    assert [one.finished for one in caught.value.reply.pictures] == [True]
    assert aoai.last is caught.value.reply
    (row,) = aoai.usage().to_dict("records")
    assert row["outcome"] == "interrupted"


def test_an_interrupt_before_anything_has_come_says_so(run: Any) -> None:
    drawn()  # the service runs, and is asked over a connection that is open
    run('%aoai fault "delay=5 times=1"')
    stop = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
    stop.start()
    started = time.monotonic()
    with pytest.raises(errors.Interrupted, match="nothing had come yet") as caught:
        drawn()
    assert caught.value.reply is None
    assert time.monotonic() - started < 3
    run("%aoai fault off")
