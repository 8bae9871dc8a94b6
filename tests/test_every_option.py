"""Every option of every magic and command, through the real shell. Each does something that can be seen.

A new option without a line here fails `test_no_option_is_left_out`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas
import pytest

import aoai_magic as aoai
from aoai_magic.magics import aoai as commands
from aoai_magic.magics import chat, complete, image, tokens
from aoai_magic.operations.faults import faults

from .test_audio import wav
from .test_rounds import asks

ROOMS = {"%%chat": chat.OPTIONS, "%%complete": complete.OPTIONS, "%%image": image.OPTIONS, "%%tokens": tokens.OPTIONS}
ROOMS |= {f"%aoai {name}": command.options for name, command in commands.COMMANDS.items()}

SETTING = """\
import pathlib, pandas
from PIL import Image
picture, mask = Image.new("RGB", (1024, 1024), "red"), Image.new("RGBA", (1024, 1024))
table = pandas.DataFrame({"text": ["one", "two", "one"]})
def weather(city: str) -> str:
    "The weather of a city."
    return f"Rain in {city}."
greeting = "Good morning."
import aoai_magic as aoai
None"""


class Ran:
    """What a cell did: what it printed, what it sent last, the kernel's variables, the last reply, what a cloud was asked."""

    def __init__(self, printed: str, variables: dict[str, Any], cloud: Any) -> None:
        self.printed, self.variables, self.cloud = printed, variables, cloud

    @property
    def reply(self) -> Any:
        return aoai.last

    @property
    def sent(self) -> Any:
        return self.reply.request

    @property
    def first(self) -> Any:
        return self.sent["messages"][0]

    def __getitem__(self, name: str) -> Any:
        return self.variables[name]


Check = Callable[[Ran], bool]


@dataclass(frozen=True)
class Case:
    """A line with the option on it, the cell's body, and what must be so afterwards.

    `before` are cells that come first. With `fails` the cell does, and says that.
    """

    line: str
    check: Check = bool
    body: str | None = None
    before: tuple[str, ...] = ()
    fails: str = ""


def field(name: str, value: Any) -> Check:
    return lambda ran: bool(ran.sent[name] == value)


def previewed(name: str, value: Any) -> Check:
    """That a field is in the request that --request shows."""
    return lambda ran: bool(json.loads(str(ran["request"]))[name] == value)


def one_at_a_time(ran: Ran) -> bool:
    """That no request left before the one before it was answered."""
    rows = aoai.usage().sort_values("when").tail(3)
    ends = (rows["when"] + pandas.to_timedelta(rows["seconds"] - 0.05, unit="s")).tolist()
    return len(ran["rows"]) == 3 and all(
        end <= begun for end, begun in zip(ends, rows["when"].tolist()[1:], strict=False)
    )


def recorded() -> bool:
    return Path("recordings/recordings.jsonl").exists()


# A run over a table that was cut after its first row.
CUT = (
    "%aoai fault 'status=401 skip=1'",
    "try:\n    get_ipython().run_cell_magic('chat', '--over table --concurrency 1', '{{ text }}')\nexcept aoai.errors.AoaiError:\n    pass",
    "%aoai fault off",
)
PROMPT = {
    "output": Case("-o answer", lambda ran: ran["answer"] is ran.reply),
    "temperature": Case("-t 0.5", field("temperature", 0.5)),
    "top_p": Case("--top-p 0.5", field("top_p", 0.5)),
    "max_tokens": Case("--max-tokens 1", lambda ran: ran.sent["max_tokens"] == 1 and ran.reply.finish_reason == "length", "one two three"),
    "n": Case("-n 2", lambda ran: len(ran.reply.choices) == 2),
    "budget": Case("--budget 0.0001", lambda ran: ran.sent["max_tokens"] < 100),
    "seed": Case("--seed 7", field("seed", 7)),
    "stop": Case("--stop '\\n' --stop END", field("stop", ["\n", "END"])),
    "param": Case("--param user=ada", field("user", "ada")),
    "raw": Case("--raw", lambda ran: "{{ nope }}" in ran.reply.text, "{{ nope }}"),
    "dry_run": Case("--dry-run -o foreseen", lambda ran: ran["foreseen"].prompt_tokens > 0 and ran.reply is None),
    "code": Case("--code curl -o code", lambda ran: str(ran["code"]).startswith("curl") and ran.reply is None),
    "request": Case("--request -o request", lambda ran: "model" in json.loads(str(ran["request"])) and ran.reply is None),
    "record": Case("--record", lambda ran: recorded()),
    "replay": Case("--replay", lambda ran: ran.reply.recorded is not None, before=("--record",)),
    "fresh": Case("--fresh", lambda ran: recorded() and ran.reply.recorded is None, before=("--record",)),
    "format": Case("-f json", lambda ran: "[\n  1\n]" in ran.printed, "[1]"),
    "no_stream": Case("--no-stream", lambda ran: "stream" not in ran.sent),
    "quiet": Case("-q", lambda ran: ran.printed == "" and ran.reply is not None),
}  # fmt: skip
CHAT = {
    **PROMPT,
    "deployment": Case("-d gpt-4o-mini", field("model", "gpt-4o-mini")),
    "system": Case("-s 'Be brief.'", lambda ran: ran.first == {"role": "system", "content": "Be brief."}),
    "effort": Case("gpt-5 --effort low", field("reasoning_effort", "low")),
    "verbosity": Case("gpt-5 --verbosity low", field("verbosity", "low")),
    "logprobs": Case("--logprobs 2", lambda ran: ran.sent["logprobs"] is True and ran.sent["top_logprobs"] == 2),
    "api": Case("--api responses", lambda ran: "input" in ran.sent and "messages" not in ran.sent),
    "continue": Case("-c", lambda ran: len(aoai.conversation("main")) == 1),
    "chat": Case("-i tea", lambda ran: len(aoai.conversation("tea")) == 1),
    "new": Case("-i tea --new", lambda ran: len(ran.sent["messages"]) == 1, before=("-i tea",)),
    "compare": Case("--compare gpt-4o,gpt-4o-mini -o rows", lambda ran: len(ran["rows"]) == 2),
    "attach": Case("-a picture", lambda ran: ran.first["content"][1]["type"] == "image_url"),
    "detail": Case("-a picture --detail low", lambda ran: ran.first["content"][1]["image_url"]["detail"] == "low"),
    "schema": Case("--schema 'name, age int'", lambda ran: set(ran.reply.parsed) == {"name", "age"}),
    "tools": Case("--tools weather", lambda ran: ran.reply.tool_calls[0].name == "weather", "weather?"),
    "approve": Case("--tools weather --approve", lambda ran: ran.reply.tool_calls[0].failed, "weather?"),
    "rounds": Case("--tools weather --rounds 1", fails="after 1 round of calls, and no more were allowed"),
    "over": Case("--over table -o rows", lambda ran: list(ran["rows"]["answer"]) == ["one", "two", "one"], "{{ text }}"),
    "limit": Case("--over table --limit 1 -o rows", lambda ran: len(ran["rows"]) == 1, "{{ text }}"),
    "concurrency": Case("--over table --no-unique --concurrency 1 -o rows", one_at_a_time, "{{ text }}", ("%%chat -q\nhi", "%aoai fault 'delay=0.3 times=3'")),
    "no_unique": Case("--over table -t 0 --no-unique", lambda ran: len(aoai.usage()) == 3, "{{ text }}"),
    "resume": Case("--over table --resume", lambda ran: "answered by the run before" in ran.printed, "{{ text }}", CUT),
    "batch": Case("--over table --batch -o batch", lambda ran: isinstance(ran["batch"], aoai.Batch), "{{ text }}"),
    "roles": Case("--roles", lambda ran: [one["role"] for one in ran.sent["messages"]] == ["user", "assistant", "user"], "user: a\nassistant: b\nuser: c"),
}  # fmt: skip
COMPLETE = {
    **PROMPT,
    "deployment": Case("-d gpt-35-turbo-instruct", field("model", "gpt-35-turbo-instruct")),
    "suffix": Case("--suffix 'the end.'", field("suffix", "the end.")),
    "echo": Case("--echo", lambda ran: ran.sent["echo"] is True and ran.reply.text.startswith("hi")),
    "best_of": Case("--best-of 2", field("best_of", 2)),
    "logprobs": Case("--logprobs 2", field("logprobs", 2)),
    "budget": Case("--budget 0.00001", lambda ran: ran.sent["max_tokens"] < 16),
}
IMAGE = {
    **{key: PROMPT[key] for key in ("output", "param", "dry_run", "code", "request", "record", "replay", "fresh", "quiet")},
    "deployment": Case("-d gpt-image-1", field("model", "gpt-image-1")),
    "size": Case("--size 1024x1536", field("size", "1024x1536")),
    "quality": Case("--quality low", field("quality", "low")),
    "background": Case("--background transparent", field("background", "transparent")),
    "format": Case("--format jpeg", field("output_format", "jpeg")),
    "n": Case("-n 2 --quality low", lambda ran: len(ran.reply.images) == 2),
    "edit": Case("--edit picture --quality low", lambda ran: "image" in ran.sent),
    "mask": Case("--edit picture --mask mask --quality low", lambda ran: "mask" in ran.sent),
    "fidelity": Case("--edit picture --fidelity high --quality low", field("input_fidelity", "high")),
    "partial_images": Case("--partial-images 1 --quality low", field("partial_images", 1)),
    "save": Case("--save fox.png --quality low", lambda ran: Path("fox.png").stat().st_size > 0),
    "budget": Case("--budget 0.001 --quality low", fails="Not sent: it may cost"),
    "raw": Case("--raw --quality low", field("prompt", "A {{ nope }}"), "A {{ nope }}"),
}  # fmt: skip
TOKENS = {
    "deployment": Case("-d gpt-4,gpt-4o", lambda ran: "cl100k_base" in ran.printed and "o200k_base" in ran.printed),
    "output": Case("-o shown", lambda ran: ran["shown"] is ran["_"]),
}
SOUND = {
    "output": Case("-o sound", lambda ran: ran["sound"] is ran.reply),
    "save": Case("--save here", lambda ran: any(Path().glob("here.*"))),
    "budget": Case("--budget 0.00000001", fails="Not sent: it"),
    "dry_run": Case("--dry-run -o foreseen", lambda ran: ran["foreseen"].dearest is not None and ran.reply is None),
    "request": Case("--request -o request", lambda ran: "model" in json.loads(str(ran["request"])) and ran.reply is None),
    **{key: PROMPT[key] for key in ("code", "record", "replay", "fresh", "quiet")},
}  # fmt: skip
COMMANDS = {
    "connect": {
        "endpoint": Case("https://contoso.openai.azure.com", lambda ran: aoai.connection().kind == "azure"),
        "deployment": Case("local -d gpt-4.1", lambda ran: aoai.connection().deployment == "gpt-4.1"),
        "api_version": Case("https://contoso.openai.azure.com --api-version 2024-10-21", lambda ran: aoai.connection().target.api_version == "2024-10-21"),
        "key_env": Case("https://contoso.openai.azure.com --key-env TEAM_KEY", lambda ran: aoai.connection().target.api_key == "sekret" and "sekret" not in ran.printed),
        "serves": Case("https://contoso.openai.azure.com -d ours --serves gpt-4.1", lambda ran: "gpt-4.1" in str(aoai.connection().known("ours"))),
        "scope": Case("https://contoso.openai.azure.com --scope https://example.com/.default", lambda ran: aoai.connection().target.scope == "https://example.com/.default"),
    },
    "models": {"name": Case("text-embedding-3", lambda ran: "text-embedding-3-small" in ran.printed and "gpt-4o" not in ran.printed)},
    "quota": {"name": Case("gpt-4o-mini", lambda ran: set(ran["_"]["model"].dropna()) >= {"gpt-4o-mini"} and all("gpt-4o-mini" in one for one in ran["_"]["model"]))},
    "regions": {"model": Case("gpt-4o", lambda ran: "sweden" in ran.printed.lower())},
    "usage": {
        "by": Case("--by model", lambda ran: "gpt-4o" in ran.printed, before=("%%chat -q\nhi",)),
        "csv": Case("--csv spent.csv", lambda ran: "gpt-4o" in Path("spent.csv").read_text(encoding="utf-8"), before=("%%chat -q\nhi",)),
        "plot": Case("--plot", lambda ran: type(ran["_"]).__name__ == "Figure", before=("%%chat -q\nhi",)),
    },
    "budget": {
        "usd": Case("0.50", lambda ran: "of $0.50" in ran.printed),
        "per": Case("0.50 --per day", lambda ran: "for today" in ran.printed),
    },
    "chats": {
        "action": Case("show", lambda ran: "main" in ran.printed, before=("%%chat -q -c\nhi",)),
        "name": Case("undo tea", lambda ran: not len(aoai.conversation("tea")), before=("%%chat -q -i tea\nhi",)),
        "to": Case("fork tea coffee", lambda ran: len(aoai.conversation("coffee")) == 1, before=("%%chat -q -i tea\nhi",)),
    },
    "runs": {"drop": Case("--drop all", lambda ran: "0 runs are dropped" in ran.printed)},
    "record": {"folder": Case("answers", lambda ran: "answers" in ran.printed)},
    "recordings": {
        "show": Case("--show ffff", fails="ffff", before=("%%chat -q --record\nhi",)),
        "verify": Case("--verify", lambda ran: "as it was written" in ran.printed, before=("%%chat -q --record\nhi",)),
        "prune": Case("--prune", fails="No notebook was reproduced", before=("%%chat -q --record\nhi",)),
        "drift": Case("--drift", lambda ran: ran["_"] is not None, before=("%%chat -q --record\nhi",)),
    },
    "replay": {"folder": Case("answers", lambda ran: "answers" in ran.printed, before=("%aoai record answers", "%%chat -q\nhi"))},
    "code": {"language": Case("jsonl", lambda ran: '"custom_id"' in ran.printed, before=("%%chat -q\nhi",))},
    "speak": {
        **{key: replace(case, line=f"greeting {case.line}", before=tuple(f"%aoai speak -q greeting {line}" for line in case.before)) for key, case in SOUND.items()},
        "text": Case("greeting", field("input", "Good morning.")),
        "deployment": Case("greeting -d tts-hd", field("model", "tts-hd")),
        "voice": Case("greeting --voice nova", field("voice", "nova")),
        "format": Case("greeting --format wav", field("response_format", "wav")),
        "speed": Case("greeting --speed 1.5", field("speed", 1.5)),
        "instructions": Case("greeting -d gpt-4o-mini-tts --instructions slowly --request -o request", previewed("instructions", "slowly")),
    },
    "transcribe": {
        **{key: replace(case, line=f"hello.wav {case.line}", before=tuple(f"%aoai transcribe -q hello.wav {line}" for line in case.before)) for key, case in SOUND.items()},
        "file": Case("hello.wav", lambda ran: ran.reply.text == "Hello."),
        "deployment": Case("hello.wav -d ours", field("model", "ours")),
        "translate": Case("hello.wav --translate", lambda ran: ran.cloud.asked[-1].path.endswith("/audio/translations")),
        "language": Case("hello.wav --language de", field("language", "de")),
        "prompt": Case("hello.wav --prompt names", field("prompt", "names")),
        "format": Case("hello.wav --format json", field("response_format", "json")),
        "temperature": Case("hello.wav -t 0.5", field("temperature", 0.5)),
    },
    "help": {"name": Case("connect", lambda ran: ran.printed.startswith("Say where cells are sent"))},
    "fault": {"fault": Case("status=503", lambda ran: "strikes 1 request" in ran.printed)},
}  # fmt: skip
CASES = {"%%chat": CHAT, "%%complete": COMPLETE, "%%image": IMAGE, "%%tokens": TOKENS}
CASES |= {f"%aoai {name}": cases for name, cases in COMMANDS.items()}


def test_no_option_is_left_out() -> None:
    defined = {(magic, option.key) for magic, options in ROOMS.items() for option in options}
    assert defined == {(magic, key) for magic, cases in CASES.items() for key in cases}


@pytest.fixture
def setting(run: Any, cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder and a kernel in which the options find what they name; somebody who declines; a cloud for sounds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEAM_KEY", "sekret")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "n")
    (tmp_path / "hello.wav").write_bytes(wav())
    run(SETTING)
    yield cloud
    aoai.connect("local")
    with contextlib.suppress(aoai.errors.NotRecordedError):  # in a replay no service is there to have any
        faults("off")


@pytest.mark.parametrize(("magic", "key"), [(magic, key) for magic, cases in CASES.items() for key in cases])
def test_each_option_does_what_it_says(run: Any, shell: Any, setting: Any, magic: str, key: str) -> None:
    case = CASES[magic][key]
    body = "" if magic.startswith("%aoai") else f"\n{case.body or ('A fox.' if magic == '%%image' else 'hi')}"
    if magic == "%aoai speak":
        setting.answer(200, wav(), content_type="audio/wav")
        aoai.connect(setting.url, deployment="tts", serves="tts")
    elif magic == "%aoai transcribe":
        setting.answer(200, {"text": "Hello."})
        aoai.connect(setting.url, deployment="whisper", serves="whisper")
    elif key == "rounds":  # a model that would call for ever
        setting.answer(200, asks(("weather", '{"city": "Oslo"}')))
        aoai.connect(f"{setting.url}/v1", deployment="m")
    for cell in case.before:
        run(cell if cell[0] != "-" else f"{magic} -q {cell}{body}")
    if key in ("dry_run", "request", "code") and not case.before:
        assert aoai.last is None
    if case.fails:
        with pytest.raises(aoai.errors.AoaiError, match=case.fails):
            run(f"{magic} {case.line}{body}")
        return
    ran = Ran(run(f"{magic} {case.line}{body}"), shell.user_ns, setting)
    assert case.check(ran), ran.printed
    if magic == "%aoai fault":
        run("%aoai fault off")  # the service is shared: it would strike the next test's request
