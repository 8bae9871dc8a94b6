"""Requests as code: each script, line and batch is run against the real local service, and gives what the cell gave."""

from __future__ import annotations

import base64
import contextlib
import email
import email.message
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import aoai_magic as aoai
from aoai_magic import attachments, errors, export
from aoai_magic.settings import OPENAI_URL, Target
from aoai_magic.visible import visible

from .cloud import Cloud
from .test_audio import wav

LOW = "--size 1024x1024 --quality low"
LOCAL = Target("local")
Outside = Callable[[str], str]

# A sign-in: Azure's command line, which curl lines and azure-identity ask for a token.
AZ = """#!/bin/sh
case "$*" in
  *tsv*) echo "$TEAM_KEY" ;;
  *) echo '{"accessToken": "'"$TEAM_KEY"'", "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800}' ;;
esac
"""
# Runs one script after another, each with nothing but itself; what takes long is loaded once.
INTERPRETER = """
import contextlib, io, json, os, sys
for line in sys.stdin:
    script, folder = json.loads(line)
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
    print(json.dumps(printed.getvalue()), flush=True)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a user's shell has: endpoint and key of the local service, as `aoai-magic serve` prints them; a sign-in."""
    from aoai_magic import settings
    from aoai_magic.local import launch

    with patch.dict(os.environ, AOAI_LOCAL_ENGINE="echo"):
        service = launch.ensure(settings.local())
    folder = tmp_path_factory.mktemp("bin")
    (folder / "az").write_text(AZ)
    (folder / "az").chmod(0o755)
    keys = ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "OPENAI_API_KEY", "TEAM_KEY"]
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "AZURE_OPENAI_ENDPOINT": service.endpoint,
        "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",
        **dict.fromkeys(keys, service.key),
    }


@pytest.fixture(scope="module")
def interpreter(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", INTERPRETER],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process


@pytest.fixture
def outside(
    environment: dict[str, str], interpreter: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Outside:
    """Runs scripts of Python and lines of a shell outside of the kernel.

    Returns what they print; they run in the working folder.
    """
    monkeypatch.chdir(tmp_path)

    def run(code: str) -> str:
        if code.startswith(("import ", "from ")):
            assert interpreter.stdin is not None
            assert interpreter.stdout is not None
            print(json.dumps([code, str(tmp_path)]), file=interpreter.stdin, flush=True)
            printed: str = json.loads(interpreter.stdout.readline())
            return printed
        done = subprocess.run(["sh"], input=code.encode(), env=environment, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run


def answer(printed: str) -> Any:
    """What curl printed: a whole answer, or the first one of a stream, put together."""
    if printed.startswith("{"):
        return json.loads(printed)
    chunks = [json.loads(line[6:]) for line in printed.splitlines() if line.startswith("data: {")]
    if "type" in chunks[0]:
        return next(one for one in chunks if one["type"].endswith("completed"))
    choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == 0]
    return {
        "choices": [
            {"text": "".join((one.get("delta") or one).get("content") or one.get("text") or "" for one in choices)}
        ]
    }


def text(body: Mapping[str, Any]) -> str:
    body = body.get("response", body)
    if "output" in body:
        return "".join(part["text"] for item in body["output"] for part in item["content"])
    choice = body["choices"][0]
    found: str = choice["text"] if "text" in choice else choice["message"]["content"]
    return found


def batch(service: Any, line: str) -> dict[str, Any]:
    """The answer to an exported line that is sent as a batch."""
    import openai

    with openai.OpenAI(base_url=f"{service.endpoint}/openai/v1/", api_key=service.key) as client:
        file = client.files.create(file=("batch.jsonl", line.encode()), purpose="batch")
        job = client.batches.create(input_file_id=file.id, endpoint=json.loads(line)["url"], completion_window="24h")
        while (job := client.batches.retrieve(job.id)).status not in ("completed", "failed"):
            time.sleep(0.02)
        assert job.status == "completed", job.errors
        assert job.output_file_id is not None
        output = json.loads(client.files.content(job.output_file_id).text)
    assert output["custom_id"] == json.loads(line)["custom_id"]
    found: dict[str, Any] = output["response"]["body"]
    return found


CELLS = {
    "one word": "%%chat\nhi",
    "many options": '%%chat gpt-4o-mini -s "Be brief." -t 0.5 --max-tokens 9 --seed 7 --stop "\\n\\n"\none two three',
    "not streamed": "%%chat --no-stream\none two",
    "odd text": '%%chat --raw\nIt\'s $HOME, `id`, """quotes""", 100 % of C:\\new\\table,\n\ttabs, \u202ehidden\u202c signs!\n\'\'\'\\',
    "a long line": "%%chat\n" + "never cut in the middle of a word, " * 30,
    "a long text": "%%chat\n" + "line by line, 'quoted' for $5\n" * 5_000,
    "a schema": "%%chat --schema 'name, age int'\nWho?",
    "a picture": "%%chat -a photo.png\nWhat is this?",
    "a text file and a variable": "%%chat -a notes.md -a drawn --detail low\nWhat is this?",
    "a picture in the cell": "%%chat\nBefore {{ drawn }} after.",
    "several messages": "%%chat --roles\nsystem: Be brief.\nuser: one\nassistant: two\nuser: three",
    "a field of the request": '%%chat --param user=ada --param \'metadata={"a": "b"}\'\none two',
    "a reasoning model": "%%chat gpt-5 --effort low --verbosity low --max-tokens 500\none two",
    "three answers": "%%chat -n 3\none two",
    "words with chances": "%%chat --logprobs 2\none two",
    "the Responses API": "%%chat --api responses -s 'Be brief.' -a photo.png --schema 'name'\nWho\nis it?",
    "a continuation": "%%complete --max-tokens 7\nOnce upon a time",
    "the best of two": "%%complete --best-of 2 --suffix 'the end.'\nOnce upon a time\n\n",
}


@pytest.mark.parametrize("name", CELLS)
def test_an_exported_cell_gives_what_the_cell_gave(
    name: str, run: Any, shell: Any, outside: Outside, service: Any
) -> None:
    Image.effect_noise((90, 90), 50).save("photo.png")
    Path("notes.md").write_text('It\'s "quoted", $5 and\n`ticked`.\n', encoding="utf-8")
    shell.user_ns["drawn"] = Image.effect_noise((90, 90), 50)
    run(CELLS[name])
    reply = aoai.last
    assert isinstance(reply, aoai.Reply)
    line, newline, body = CELLS[name].partition("\n")
    found = {}
    for language in ("python", "curl", "jsonl"):
        run(f"{line} --code {language} -o code{newline}{body}")
        found[language] = shell.user_ns["code"]
        assert visible(found[language]) == found[language], "what is shown is what is run"
        assert service.key not in found[language]
    assert aoai.last is reply, "nothing is sent"
    assert outside(found["python"]) == "".join(f"{one.text}\n" for one in reply.choices)
    assert text(answer(outside(found["curl"]))) == reply.text
    assert text(batch(service, found["jsonl"])) == reply.text


@pytest.mark.parametrize("api", ["", " --api responses"])
def test_a_cell_of_a_conversation_is_exported_with_its_turns(
    api: str, run: Any, shell: Any, outside: Outside, service: Any
) -> None:
    Image.effect_noise((90, 90), 50).save("photo.png")
    run(f"%%chat -q -i tea -s 'Be brief.' -a photo.png{api}\none")
    found = {}
    for language in ("python", "curl", "jsonl"):
        run(f"%%chat -i tea{api} --code {language} -o code\ntwo")
        found[language] = shell.user_ns["code"]
    run(f"%%chat -q -i tea{api}\ntwo")
    reply = aoai.last
    assert isinstance(reply, aoai.Reply)
    sent = {key: value for key, value in reply.request.items() if key not in ("stream", "stream_options")}
    assert len(sent.get("input") or sent["messages"]) == (3 if api else 4)
    assert json.loads(found["jsonl"])["body"] == sent
    assert reply.text.endswith("two")
    assert outside(found["python"]) == f"{reply.text}\n"
    assert text(answer(outside(found["curl"]))) == text(batch(service, found["jsonl"])) == reply.text


@pytest.mark.parametrize("api", ["", " --api responses"])
def test_a_cell_with_tools_is_exported_with_their_descriptions(
    api: str, run: Any, shell: Any, outside: Outside, service: Any
) -> None:
    run('def weather(city: str) -> str:\n    "The weather of a city."\n    return city\n')
    found = {}
    for language in ("python", "curl", "jsonl"):
        run(f"%%chat --tools weather{api} --code {language} -o code\nweather?")
        found[language] = shell.user_ns["code"]
    assert outside(found["python"]).strip().startswith('weather({"city"')
    for printed in (outside(found["curl"]), json.dumps(batch(service, found["jsonl"]))):
        assert '"weather"' in printed
        assert "city" in printed
    run(f"%%chat -q --tools weather{api}\nweather?")
    for language in ("python", "curl"):  # the last of its requests, with the call and what came of it
        run(f"code = %aoai code {language}")
        assert "function_call_output" in shell.user_ns["code"] or "tool_call_id" in shell.user_ns["code"]
        printed = outside(shell.user_ns["code"])
        assert aoai.last is not None
        assert (text(answer(printed)) if language == "curl" else printed[:-1]) == aoai.last.text


def test_the_last_cell_is_exported_too(run: Any, shell: Any, outside: Outside) -> None:
    run("%%chat -q\none two, and many more words than would fit into one line of a script\nthree")
    reply = aoai.last
    assert isinstance(reply, aoai.Reply)
    for line in ("code = %aoai code", "code = %aoai code curl"):
        run(line)
        printed = outside(shell.user_ns["code"])
        assert (text(answer(printed)) if "curl" in line else printed[:-1]) == reply.text
    run("code = %aoai request")
    assert json.loads(shell.user_ns["code"]) == reply.request


def test_a_script_runs_as_it_stands(run: Any, shell: Any, environment: dict[str, str], tmp_path: Path) -> None:
    run("%%chat --code python -o script\nfür alle\nZeiten")
    (tmp_path / "script.py").write_text(shell.user_ns["script"], encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", tmp_path / "script.py"], env=environment, capture_output=True)
    assert (done.stdout.decode(), done.stderr) == ("für alle\nZeiten\n", b"")


def test_code_is_shown_highlighted_and_as_it_is(run: Any, shell: Any) -> None:
    assert "\nprint(completion" in run("%%chat --code python --no-stream\n```a``` <b>")
    bundle = shell.user_ns["_"]._repr_mimebundle_()
    assert bundle["text/plain"] == shell.user_ns["_"]
    assert 'class="language-python"' in bundle["text/html"]
    assert 'class="aoai-hl-k"' in bundle["text/html"]
    assert "```a``` &lt;b&gt;" in bundle["text/html"]
    run("%%chat --request\nhi")
    assert json.loads(shell.user_ns["_"])["messages"] == [{"role": "user", "content": "hi"}]
    assert aoai.last is None
    assert len(aoai.usage()) == 0


def test_much_code_is_shown_in_part_and_kept_whole(run: Any, shell: Any) -> None:
    assert "more characters; the whole is in _" in run(f"%%chat --request -o body\n{'x' * 300_000}")
    assert len(json.loads(shell.user_ns["body"])["messages"][0]["content"]) == 300_000


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("%aoai code", "Nothing was sent yet"),
        ("%aoai request", "Nothing was sent yet"),
        ("%aoai code ruby", "none of python, curl, jsonl"),
        ("%%chat --code ruby\nx", "a script for the openai SDK"),
        ("%%chat --code python --dry-run\nx", "--dry-run and --code"),
        ("%%chat gpt-5 -t 0.5 --code python\nx", "gpt-5 doesn't take temperature"),
        ("%%image --code jsonl\nx", "Batches don't run /images/generations"),
    ],
)
def test_a_wrong_cell_is_an_error_of_at_most_three_lines(run: Any, cell: str, what: str) -> None:
    with pytest.raises(errors.AoaiError) as caught:
        run(cell)
    assert what in str(caught.value)
    assert str(caught.value).count("\n") <= 2


@pytest.mark.parametrize("options", ["", " -n 2 --format jpeg", " --partial-images 1"])
def test_a_drawing_is_exported(options: str, run: Any, shell: Any, outside: Outside, tmp_path: Path) -> None:
    run(f"%%image {LOW}{options} -q\nA red fox.")
    reply = aoai.last
    assert isinstance(reply, aoai.ImageReply)
    run(f"%%image {LOW}{options} --code python -o code\nA red fox.")
    outside(shell.user_ns["code"])
    suffix = reply.pictures[0].format
    for number, picture in enumerate(reply.pictures, 1):
        assert (tmp_path / f"picture-{number}.{suffix}").read_bytes() == picture.data
    run(f"%%image {LOW}{options} --code curl -o code\nA red fox.")
    found = answer(outside(shell.user_ns["code"]))
    assert [base64.b64decode(one["b64_json"]) for one in found.get("data", [found])] == [
        one.data for one in reply.pictures
    ]


@pytest.mark.parametrize(
    "given", ["--edit 'a \"red\"; fox.png'", "--edit house --mask hole", "--edit house --edit 'a \"red\"; fox.png'"]
)
def test_an_edit_is_exported_with_its_pictures(
    given: str, run: Any, shell: Any, outside: Outside, tmp_path: Path
) -> None:
    Image.effect_noise((64, 64), 50).save('a "red"; fox.png')
    shell.user_ns.update(house=Image.new("RGB", (64, 64), "white"), hole=Image.new("RGBA", (64, 64)))
    prompt = "-100% 'night', \"$5\" \\\n\u202e\n"
    run(f"%%image {LOW} {given} -q\n{prompt}")
    reply = aoai.last
    assert isinstance(reply, aoai.ImageReply)
    for line in ("python", "curl"):
        run(f"%%image {LOW} {given} --code {line} -o code\n{prompt}")
        code = shell.user_ns["code"]
        assert visible(code) == code
        assert ("; fox.png" in code) == ("fox" in given)
        run(f"code = %aoai code {line}")
        assert shell.user_ns["code"] == code
        printed = outside(code)
        drawn = (
            base64.b64decode(answer(printed)["data"][0]["b64_json"]) if printed else Path("picture-1.png").read_bytes()
        )
        assert drawn == reply.pictures[0].data


def test_vectors_are_exported(outside: Outside, service: Any) -> None:
    wanted = aoai.embed(["a cat", "a dog"], 5).vectors.tolist()
    body = {"model": "text-embedding-3-small", "input": ["a cat", "a dog"], "dimensions": 5}
    script = export.code("python", "embeddings", body, LOCAL)
    head, vectors = outside(f"{script}\nprint(vectors)").splitlines()
    assert head == "2 vectors of 5 numbers"
    found = [
        json.loads(vectors),
        *(
            [one["embedding"] for one in answered["data"]]
            for answered in (
                answer(outside(export.code("curl", "embeddings", body, LOCAL))),
                batch(service, export.code("jsonl", "embeddings", body, LOCAL)),
            )
        ),
    ]
    for one in found:
        assert [pytest.approx(row, abs=1e-6) for row in one] == wanted


SOUNDS = {
    "speech": "speak 'Good \"morning\", $5.' -d tts --voice nova --format wav --speed 1.25",
    "instructions": 'speak greeting -d gpt-4o-mini-tts --instructions "It\'s slow."',
    "a file": "transcribe 'a \"red\"; fox.wav' -d whisper --language de --prompt '-100% \"Müller\" $5'",
    "a variable": "transcribe sound -d whisper --format verbose_json -t 0.5",
    "an open file": "transcribe opened -d whisper",
    "subtitles": "transcribe 'a \"red\"; fox.wav' -d whisper --format srt",
}


@pytest.mark.parametrize("version", [None, "2024-10-21"], ids=["v1", "classic"])
@pytest.mark.parametrize("name", SOUNDS)
def test_sounds_are_exported(
    name: str, version: str | None, cloud: Cloud, run: Any, shell: Any, outside: Outside, tmp_path: Path
) -> None:
    file = Path('a "red"; fox.wav')
    file.write_bytes(wav())
    shell.user_ns.update(sound=wav(), greeting="Good morning.\nIt is late.", opened=file.open("rb"))
    line = SOUNDS[name]
    spoken, subtitles = line.startswith("speak"), "srt" in line
    heard = b"1\n00:00 --> 00:01\nHello." if subtitles else json.dumps({"text": "Hello."}).encode()
    cloud.answer(200, wav() if spoken else heard, content_type="audio/wav" if spoken else "application/json")
    aoai.connect(f"{cloud.url}/openai/v1" if version is None else cloud.url, api_key="k" * 20, api_version=version)
    run(f"%aoai {line} -q")
    asked = [cloud.asked.pop()]
    shell.user_ns["opened"].seek(0)
    for language in ("python", "curl"):
        run(f"%aoai {line} --code {language} -o code")
        code = shell.user_ns["code"]
        assert visible(code) == code
        assert "kkkk" not in code
        run(f"code = %aoai code {language}")
        assert shell.user_ns["code"] == code
        shell.user_ns["opened"].seek(0)
        printed = outside(code)
        asked.append(cloud.asked.pop())
        if spoken:
            made = tmp_path / ("speech.wav" if "wav" in line else "speech.mp3")
            assert made.read_bytes() == wav()
            made.unlink()
        else:
            assert printed.strip() == (heard.decode() if subtitles or language == "curl" else "Hello.")
    assert len({one.path for one in asked}) == 1
    assert len({json.dumps(one.json if spoken else parts(one), sort_keys=True) for one in asked}) == 1
    with pytest.raises(errors.SettingsError, match="Batches don't run /audio/"):
        run(f"%aoai {line} --code jsonl")
    shell.user_ns["opened"].close()


def parts(asked: Any) -> dict[str, str]:
    """The parts of a form by their names, with what each says of itself; a file's name as it was meant."""
    kind = asked.headers["content-type"]
    form = email.message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + asked.body)
    found = {}
    for one in form.get_payload():
        assert isinstance(one, email.message.Message)
        name = one.get_param("name", header="content-disposition")
        file = re.sub(r"%22|\\\\?\"", '"', str(one.get_filename()))
        found[str(name)] = (
            f"{file} {one.get_content_type() if one.get_filename() else ''} {one.get_payload(decode=True)!r}"
        )
    return found


def test_a_translation_is_exported(cloud: Cloud, run: Any, shell: Any, environment: dict[str, str]) -> None:
    shell.user_ns["sound"] = wav()
    cloud.answer(200, {"text": "Hello."})
    aoai.connect(f"{cloud.url}/openai/v1", api_key="k" * 20)
    run("%aoai transcribe sound -d whisper --translate -q")
    for language, command in (("python", [sys.executable]), ("curl", ["sh"])):
        run(f"code = %aoai code {language}")
        code = shell.user_ns["code"].encode()
        done = subprocess.run(command, input=code, env=environment, capture_output=True, check=True)
        assert b"Hello." in done.stdout
    assert {one.path for one in cloud.asked} == {"/openai/v1/audio/translations?api-version=preview"}


TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    "given",
    [
        {"input": "one\ntwo", "instructions": "Be brief."},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "one\ntwo"}]}], "stream": True},
        {"input": "one\ntwo", "tools": [TOOL], "tool_choice": "required", "stream": True},
    ],
)
def test_responses_are_exported(given: dict[str, Any], outside: Outside, service: Any) -> None:
    body = {"model": "gpt-4o", **given}
    assert outside(export.code("python", "responses", body, LOCAL)) == (
        "\nweather({})\n" if "tools" in given else "one\ntwo\n"
    )
    found = answer(outside(export.code("curl", "responses", body, LOCAL)))
    for one in (found.get("response", found), batch(service, export.code("jsonl", "responses", body, LOCAL))):
        (item,) = one["output"]
        assert "tools" in given or item["content"][0]["text"] == "one\ntwo"
        assert item["type"] == ("function_call" if "tools" in given else "message")


def test_several_answers_and_calls_of_tools_are_printed_one_after_another(outside: Outside) -> None:
    def weather(city: str) -> str:
        "The weather of a city."
        return city

    body = aoai.estimate("one two", deployment="gpt-4o", n=2).request
    assert body["stream"]
    assert outside(export.code("python", "chat", body, LOCAL)) == "one two\none two\n"
    body = aoai.estimate("Rain?", deployment="gpt-4o", tools=[weather], tool_choice="required").request
    assert 'weather({"city"' in outside(export.code("python", "chat", body, LOCAL))


AZURE = "https://a.openai.azure.com"
CONNECTIONS = {
    "azure": Target("azure", AZURE, api_key="sekret", key_source="api_key"),
    "azure, the key in a variable": Target("azure", AZURE, api_key="sekret", key_source="TEAM_KEY"),
    "azure, signed in": Target("azure", AZURE),
    "azure, a token": Target("azure", AZURE, ad_token="sekret", key_source="AZURE_OPENAI_AD_TOKEN"),
    "classic": Target("azure", AZURE, "2024-10-21", api_key="sekret", key_source="AZURE_OPENAI_API_KEY"),
    "classic, signed in": Target("azure", AZURE, "2024-10-21"),
    "classic, a token": Target("azure", AZURE, "2024-10-21", ad_token="sekret", key_source="AZURE_OPENAI_AD_TOKEN"),
    "openai": Target("openai", OPENAI_URL, api_key="sekret", key_source="OPENAI_API_KEY"),
    "compatible": Target("compatible", "https://example.com/v1", api_key="sekret", key_source="TEAM_KEY"),
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_every_kind_of_connection_is_exported(name: str, outside: Outside, service: Any) -> None:
    target = CONNECTIONS[name]
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "one two"}]}
    address = str(target.endpoint)
    here = service.endpoint + ("" if target.kind == "azure" else "/openai/v1")
    for language in ("python", "curl"):
        code = export.code(language, "chat", body, target)
        assert "sekret" not in code
        assert code.count(address) == 1
        printed = outside(code.replace(address, here))
        assert (text(answer(printed)) if language == "curl" else printed[:-1]) == "one two"


def test_a_key_env_is_the_variable_that_code_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_KEY", "sekret")
    target = aoai.connect("https://example.com/v1", key_env="TEAM_KEY", deployment="m").target
    assert target.api_key == "sekret"
    for language, named in (("python", 'os.environ["TEAM_KEY"]'), ("curl", "Bearer $TEAM_KEY")):
        code = export.code(language, "chat", aoai.estimate("x").request, target)
        assert named in code
        assert "sekret" not in code


def test_where_no_key_is_sent_none_is_asked_for(cloud: Cloud, outside: Outside) -> None:
    cloud.completion()
    target = Target("compatible", f"{cloud.url}/v1")
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    assert outside(export.code("python", "chat", body, target)) == "Hello!\n"
    assert text(answer(outside(export.code("curl", "chat", body, target)))) == "Hello!"
    assert "authorization" not in cloud.asked[-1].headers


# What quotes, escapes, shells, curl and printf could take for something else.
SIGNS = '\' " """ \\ \\n \\\' \\" $HOME $(id) `id` ! !! % %s %% ; & | < > @ @- # ~ * {x} é 👩‍🚀 JSON - <<JSON'.split()
SPACES = ["\n", "\r", "\r\n", "\t", "\0", "\x1b[2J", " ", "\x85", "\u2028", "\u202e", "\u200b", "\ufeff", "\uffff"]
SENDABLE = st.text() | st.lists(st.sampled_from(SIGNS + SPACES) | st.text(max_size=3)).map("".join)


@pytest.fixture(scope="module")
def asked() -> Iterator[Callable[[str], Any]]:
    """What a service is asked by code that runs in this process, or in a shell of its own."""
    with Cloud() as cloud, patch.dict(os.environ, AZURE_OPENAI_ENDPOINT=cloud.url, AZURE_OPENAI_API_KEY="k"):
        cloud.completion()

        def run(code: str) -> Any:
            if code.startswith("import "):
                names: dict[str, Any] = {}
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(code.encode(), "exported", "exec"), names)
                names["client"].close()
            else:
                subprocess.run(["sh"], input=code.encode(), capture_output=True, check=True)
            return cloud.asked.pop().json

        yield run


@settings(max_examples=50)
@given(texts=st.lists(SENDABLE, min_size=1, max_size=8))
@pytest.mark.parametrize("language", ["python", "curl"])
def test_any_text_arrives_as_it_is(language: str, asked: Callable[[str], Any], texts: list[str]) -> None:
    messages = [{"role": "user", "content": one} for one in texts]
    body = {"model": "gpt-4o", "messages": messages, "stop": [texts[0][:5]], "user": texts[-1]}
    code = export.code(language, "chat", body, LOCAL)
    assert visible(code) == code
    assert asked(code) == body


@pytest.mark.parametrize("language", ["python", "curl"])
@settings(max_examples=20)
@given(text=SENDABLE)
def test_any_text_arrives_beside_a_picture_that_is_read_from_its_file(
    language: str, asked: Callable[[str], Any], odd_file: Path, text: str
) -> None:
    picture = attachments.part(odd_file)
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": [{"type": "text", "text": text}, picture]}]}
    code = export.code(language, "chat", body, LOCAL)
    assert len(code) < 2_000 + 12 * len(text), "the picture isn't in it"
    assert asked(code) == body


@pytest.fixture(scope="module")
def odd_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("odd") / 'it\'s "$5" `x` \\n.png'
    Image.effect_noise((90, 90), 50).save(file)
    return file


def test_any_key_may_have_a_long_text(asked: Callable[[str], Any]) -> None:
    keys = [*"class import base64 os Path client text text_2 print ﬁle file é a-b 1".split(), "", "with space"]
    metadata = {key: f"{number} {'word ' * 30}" for number, key in enumerate(keys)}
    body = {"model": "gpt-4o", "messages": [{"role": "lambda", "content": "x" * 99}], "metadata": metadata, **metadata}
    for language in ("python", "curl"):
        assert asked(export.code(language, "chat", body, LOCAL)) == body


@pytest.mark.parametrize("language", ["python", "curl"])
def test_the_model_comes_first_in_whatever_order_the_request_was_sent(language: str) -> None:
    body = {"input": "Good morning.", "model": "tts", "voice": "alloy"}
    sent, asked = (
        export.code(language, "speech", one, Target("openai", OPENAI_URL))
        for one in (body, {"model": body["model"], **body})
    )
    assert sent == asked
