"""Keys in memory: nothing that is shown, copied or written has them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors
from aoai_magic.client import Connection
from aoai_magic.errors import AoaiError, SettingsError
from aoai_magic.settings import parse_endpoint, resolve

from .cloud import Cloud

KEY = "sk-2f6c1b9e7d4a4f0c8e5b3a9d1c7f6e24"


def test_no_view_of_a_connection_has_its_key() -> None:
    connection = Connection(resolve("https://contoso.openai.azure.com", api_key=KEY, deployment="d"))
    target = connection.target
    for shown in (repr(vars(target)), repr(vars(copy.deepcopy(target))), repr(vars(connection)), repr(target.api_key)):
        assert KEY not in shown
    with pytest.raises(TypeError, match="isn't pickled"):
        pickle.dumps(connection)


def test_white_space_around_a_key_is_no_part_of_it(cloud: Cloud) -> None:
    cloud.completion()
    aoai.chat("hi", connection=Connection(resolve(f"{cloud.url}/v1", api_key=f"{KEY}\n", deployment="d")))
    assert cloud.asked[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("wrong", ["{}\nx", "{} x", "{}\u200b", "\x1b{}", "{}\xe9"])
def test_what_can_be_no_key_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve("https://contoso.openai.azure.com", api_key=wrong.format(KEY))
    assert KEY not in str(caught.value)
    assert "api_key holds is no key" in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [KEY, KEY.removeprefix("sk-"), f"x.azure.com/?api-key={KEY}", f"https://x.azure.com:bad/?code={KEY}", f"//u:{KEY}@h"]
)  # fmt: skip
def test_a_key_where_an_address_belongs_is_not_repeated(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", wrong)
    for ask in (lambda: parse_endpoint(wrong), resolve):
        with pytest.raises(SettingsError) as caught:
            ask()
        assert KEY.removeprefix("sk-") not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_a_key_that_a_service_repeats_is_in_no_part_of_the_error(cloud: Cloud, run: Any, status: int) -> None:
    cloud.answer(status, {"error": {"code": KEY, "message": f"Bad key {KEY}", "param": KEY}}, retry_after="0")
    aoai.connect(f"{cloud.url}/v1", api_key=KEY, deployment="d")
    AoaiError.short = False
    with pytest.raises(errors.ServiceError) as caught:
        run("%%chat\nhi")
    assert KEY not in caught.value.shown  # type: ignore[attr-defined]  # what the cell printed, traceback and all
    link: BaseException | None = caught.value
    while link is not None:
        assert KEY not in f"{link!r} {vars(link)}"
        link = link.__cause__ or link.__context__


@pytest.mark.parametrize("status", [401, 500])
def test_the_sdks_own_errors_have_no_key_either(cloud: Cloud, status: int) -> None:
    import openai

    cloud.answer(status, {"error": {"message": f"Bad key {KEY}"}})
    client = aoai.connect(f"{cloud.url}/openai/v1", api_key=KEY, deployment="d").client.with_options(max_retries=0)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="d", messages=[])
    assert KEY not in f"{caught.value} {caught.value.response.text} {caught.value.response.headers}"


def test_what_breaks_on_the_wire_keeps_no_frames_with_headers(run: Any) -> None:
    import openai

    connection = aoai.connect("http://127.0.0.1:1/v1", api_key=KEY, deployment="d")
    with pytest.raises(openai.APIConnectionError) as caught:
        connection.client.with_options(max_retries=0).chat.completions.create(model="d", messages=[])
    link: BaseException | None = caught.value
    while link is not None:
        frame = link.__traceback__
        while frame is not None:
            assert "site-packages/httpcore" not in frame.tb_frame.f_code.co_filename
            assert KEY not in repr(frame.tb_frame.f_locals)
            frame = frame.tb_next
        link = link.__cause__ or link.__context__


def test_a_password_of_a_proxy_is_not_shown(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"foo://me:{KEY}@proxy.test")
    aoai.connect("http://service.test/v1", deployment="d")
    AoaiError.short = False
    run("%xmode Verbose")
    with pytest.raises(SettingsError, match="names a proxy") as caught:
        run("%%chat\nhi")
    run("%xmode Context")
    assert KEY not in caught.value.shown  # type: ignore[attr-defined]


@pytest.mark.parametrize("line", ["--request", "--code python", "--code curl", "--code jsonl"])
def test_a_signature_of_an_address_is_not_shown_with_the_request(run: Any, shell: Any, line: str) -> None:
    shell.user_ns["pic"] = f"https://x.blob.core.windows.net/a/cat.png?sv=1&sig={KEY}%3D&se=2"
    shown = run(f"%%chat -a pic {line}\nhi")
    assert KEY not in shown
    assert "cat.png?sv=1&sig=SIGNATURE&se=2" in shown


def test_a_signature_of_an_address_is_not_shown_in_a_conversation() -> None:
    from aoai_magic.conversations.conversation import text_of

    url = f"https://x.blob.core.windows.net/a/cat.png?sig={KEY}"
    shown = text_of({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})
    assert shown == "[picture https://x.blob.core.windows.net/a/cat.png?sig=SIGNATURE]"


@pytest.mark.parametrize("name", ["OPENAI_API_VERSION", "AOAI_RECORDINGS"])
def test_a_key_in_the_place_of_another_setting_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from aoai_magic.settings import recordings

    monkeypatch.setenv(name, KEY)
    with pytest.raises(SettingsError) as caught:
        (recordings(), resolve("https://contoso.openai.azure.com"))
    assert KEY not in str(caught.value)
