"""The real small model."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import openai
import pytest

import aoai_magic as aoai
from aoai_magic import settings
from aoai_magic.local import launch, weights
from aoai_magic.local.account import Account
from aoai_magic.local.engine import Job, Piece
from aoai_magic.local.llama import SLOTS, Llama

from .serving import serving

pytestmark = pytest.mark.llama

ASK: Any = [{"role": "user", "content": "In one sentence, what is a language model?"}]
LONG: Any = [{"role": "user", "content": "Write a long story about a lighthouse."}]


def test_it_answers_and_says_who_it_is(sdk: openai.OpenAI) -> None:
    reply = sdk.chat.completions.with_raw_response.create(model="gpt-4o", messages=ASK, temperature=0)
    assert reply.headers["x-aoai-local-model"] == "SmolLM2-135M-Instruct.Q4_1"
    whole = reply.parse()
    assert whole.system_fingerprint == "fp_local_smollm2-135m-instruct-q4_1"
    assert whole.choices[0].finish_reason == "stop"
    assert "language" in (whole.choices[0].message.content or "")
    assert whole.usage is not None
    assert whole.usage.prompt_tokens == 17


def test_another_model_makes_the_vectors_and_says_who_it_is(sdk: openai.OpenAI) -> None:
    made = sdk.embeddings.with_raw_response.create(model="text-embedding-3-small", input="A boat crosses the ocean.")
    assert made.headers["x-aoai-local-model"] == "all-MiniLM-L6-v2.F16"


def test_it_streams_token_by_token(sdk: openai.OpenAI) -> None:
    with sdk.chat.completions.create(model="gpt-4o", messages=ASK, temperature=0, stream=True) as stream:
        pieces = [
            chunk.choices[0].delta.content for chunk in stream if chunk.choices and chunk.choices[0].delta.content
        ]
    assert len(pieces) > 5


def test_other_seeds_give_other_replies(sdk: openai.OpenAI) -> None:
    texts = {
        sdk.chat.completions.create(model="gpt-4o", messages=LONG, max_tokens=30, temperature=1.2, seed=seed)
        .choices[0].message.content
        for seed in range(3)
    }  # fmt: skip
    assert len(texts) > 1


def test_the_limit_is_in_the_deployments_tokens(sdk: openai.OpenAI) -> None:
    for limit in (1, 7, 20):
        whole = sdk.chat.completions.create(model="gpt-4o", messages=LONG, max_tokens=limit, temperature=0)
        assert whole.choices[0].finish_reason == "length"
        assert whole.usage is not None
        assert whole.usage.completion_tokens == limit


def test_a_stop_text_ends_the_reply(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(model="gpt-4o", messages=LONG, stop=["."], temperature=0, max_tokens=60)
    assert "." not in (whole.choices[0].message.content or "")
    assert whole.choices[0].finish_reason == "stop"


def test_a_client_that_leaves_frees_its_slot_at_once(sdk: openai.OpenAI) -> None:
    for _ in range(6):  # more than there are slots
        with sdk.chat.completions.create(model="gpt-4o", messages=LONG, max_tokens=500, stream=True) as stream:
            next(chunk for chunk in stream if chunk.choices and chunk.choices[0].delta.content)
    started = time.perf_counter()
    sdk.chat.completions.create(model="gpt-4o", messages=ASK, max_tokens=1)
    assert time.perf_counter() - started < 5


def test_more_clients_than_slots_are_all_answered(sdk: openai.OpenAI) -> None:
    texts: list[str | None] = []

    def ask() -> None:
        whole = sdk.chat.completions.create(model="gpt-4o", messages=ASK, max_tokens=8, temperature=0)
        texts.append(whole.choices[0].message.content)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 8
    assert len(set(texts)) == 1, "whoever else is served, the reply is the same"


def test_a_prompt_too_long_for_the_engine_is_answered_from_its_system_message_and_tail() -> None:
    import aoai_magic as aoai

    reply = aoai.chat("word " * 6000, system="Be brief.", max_tokens=2)  # a third of a minute: its half is read
    assert reply.text
    assert reply.usage is not None
    assert reply.usage.prompt_tokens > 6000, "counted whole"
    assert reply.unseen_tokens > 2000
    assert "left out" in reply.status(watched=False)


def test_a_model_of_the_users_own_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "my-own.gguf"
    own.symlink_to(weights.CHAT.ensure(settings.home()))
    copy = tmp_path / "copy.gguf"
    copy.hardlink_to(own.resolve())
    monkeypatch.setenv("AOAI_LOCAL_MODEL", str(copy))
    reply = aoai.chat("Hi", max_tokens=3)
    assert reply.model == "copy"
    service = launch.find(settings.local())
    assert service is not None
    launch.stop(service)


def test_each_token_has_its_logprob_with_no_alternatives_asked_for(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(model="gpt-4o", messages=ASK, max_tokens=4, temperature=0, logprobs=True)
    logprobs = whole.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content
    assert "".join(one.token for one in logprobs.content) == whole.choices[0].message.content
    assert all(one.logprob <= 0 and one.top_logprobs == [] for one in logprobs.content)
    old = sdk.completions.create(
        model="gpt-35-turbo-instruct", prompt="The sea", max_tokens=3, temperature=0, logprobs=0
    )
    assert old.choices[0].logprobs is not None
    assert old.choices[0].logprobs.top_logprobs == [None] * len(old.choices[0].logprobs.tokens or [])


def test_more_choices_than_slots_take_no_longer_than_they_are_long(sdk: openai.OpenAI) -> None:
    def seconds(n: int) -> float:
        started = time.perf_counter()
        whole = sdk.chat.completions.create(model="gpt-4o", messages=LONG, max_tokens=3, seed=1, n=n)
        assert len(whole.choices) == n
        return time.perf_counter() - started

    assert seconds(9) < 9 * max(seconds(1), 0.5) + 2, "none goes on writing while the others wait"


def test_a_bias_forbids_a_token_or_forces_it(sdk: openai.OpenAI) -> None:
    def said(**options: Any) -> str:
        whole = sdk.chat.completions.create(model="gpt-4o", messages=ASK, max_tokens=4, temperature=0, **options)
        return whole.choices[0].message.content or ""

    pear = aoai.tokens.encode(" pear", "gpt-4o")
    assert len(pear) == 1
    assert said(logit_bias={pear[0]: 100}).count("pear") > 1
    first = said().split()[0]
    (number,) = aoai.tokens.encode(first, "gpt-4o")
    assert not said(logit_bias={number: -100}).startswith(first)


@pytest.mark.parametrize("penalty", ["presence_penalty", "frequency_penalty"])
def test_penalties_make_it_repeat_itself_less(sdk: openai.OpenAI, penalty: str) -> None:
    def said(**options: Any) -> list[str]:
        prompt = "She said no, no, no, no, no,"
        whole = sdk.completions.create(
            model="gpt-35-turbo-instruct", prompt=prompt, max_tokens=12, temperature=0, **options
        )
        return whole.choices[0].text.split()

    assert len(set(said(**{penalty: 2.0}))) > len(set(said()))


CLOSED = {"additionalProperties": False, "type": "object"}
SHAPES = {
    "nested": {**CLOSED, "properties": {"who": {**CLOSED, "properties": {"old": {"type": "boolean"}}, "required": ["old"]}}},
    "a list": {**CLOSED, "properties": {"all": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}}},
    "a choice": {**CLOSED, "properties": {"colour": {"enum": ["red", "blue"]}, "kind": {"const": "k"}}},
    "either": {**CLOSED, "properties": {"it": {"anyOf": [{"type": "null"}, {"type": "integer", "maximum": 9}]}}},
    "types": {**CLOSED, "properties": {"it": {"type": ["boolean", "null"]}}},
    "a reference": {**CLOSED, "properties": {"at": {"$ref": "#/$defs/place"}}, "$defs": {
        "place": {**CLOSED, "properties": {"x": {"type": "number", "multipleOf": 0.5}}, "required": ["x"]}}},
    "itself": {**CLOSED, "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}},
    "a pattern": {**CLOSED, "properties": {"plate": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{2}$"}}},
    "a date": {**CLOSED, "properties": {"day": {"type": "string", "format": "date"}}},
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_reply_has_the_shape_asked_for(sdk: openai.OpenAI, name: str) -> None:
    schema = {**SHAPES[name], "required": [*SHAPES[name]["properties"]]}  # type: ignore[misc]
    form: Any = {"type": "json_schema", "json_schema": {"name": "shape", "strict": True, "schema": schema}}
    whole = sdk.chat.completions.create(
        model="gpt-4o", messages=ASK, response_format=form, temperature=0, max_tokens=60
    )
    text = whole.choices[0].message.content or ""
    if name == "itself" and whole.choices[0].finish_reason == "length":
        assert text.startswith('{"next":{"next":'), "as deep as the limit goes"
        return
    assert whole.choices[0].finish_reason == "stop"
    jsonschema.validate(json.loads(text), schema, format_checker=jsonschema.FormatChecker())
    assert json.dumps(json.loads(text), separators=(",", ":")) == text, "no token is spent on white space"


@pytest.mark.parametrize(
    "inner",
    [
        {"type": "bananas"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "https://example.com/schema.json"},
        {"type": "string", "pattern": "("},
        {"type": "integer", "minimum": 9, "maximum": 3},
        {"enum": []},
    ],
)
def test_a_shape_that_nothing_can_have_is_refused(sdk: openai.OpenAI, inner: Any) -> None:
    schema = {**CLOSED, "properties": {"it": inner}, "required": ["it"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "shape", "strict": True, "schema": schema}}
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.chat.completions.create(model="gpt-4o", messages=ASK, response_format=form, max_tokens=9)
    assert refused.value.code == "invalid_json_schema"


WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city",
        "parameters": {  # open: it says nothing of other properties
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
        },
    },
}
NOW: Any = {"type": "function", "function": {"name": "now", "description": "Tell the time"}}
PARIS: Any = [{"role": "user", "content": "What is the weather in Paris?"}]


@pytest.mark.parametrize("choice", ["auto", "required", {"type": "function", "function": {"name": "get_weather"}}])
def test_a_call_is_valid_whole_and_in_pieces(sdk: openai.OpenAI, choice: Any) -> None:
    asked: Any = {"model": "gpt-4o", "messages": PARIS, "tools": [WEATHER], "tool_choice": choice, "temperature": 0}
    whole = sdk.chat.completions.create(**asked).choices[0]
    assert whole.finish_reason == "tool_calls"
    calls: Any = whole.message.tool_calls
    assert calls[0].function.name == "get_weather"
    arguments = json.loads(calls[0].function.arguments)
    jsonschema.validate(arguments, WEATHER["function"]["parameters"])
    assert arguments.keys() == {"city", "unit"}, "none was invented"
    pieces = [""] * len(calls)
    for chunk in sdk.chat.completions.create(**asked, stream=True):
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            pieces[call.index] += (call.function and call.function.arguments) or ""
    assert pieces == [call.function.arguments for call in calls]


def test_no_call_where_none_may_be(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(
        model="gpt-4o", messages=PARIS, tools=[WEATHER, NOW], tool_choice="none", max_tokens=5
    )
    assert whole.choices[0].message.tool_calls is None
    assert whole.choices[0].message.content


def test_the_limit_holds_for_calls_as_well(sdk: openai.OpenAI) -> None:
    for limit in (1, 2, 4, 9):
        whole = sdk.chat.completions.create(
            model="gpt-4o", messages=PARIS, tools=[WEATHER], tool_choice="required", max_tokens=limit, temperature=0
        )
        assert whole.choices[0].finish_reason == "length"
        assert whole.usage is not None
        assert whole.usage.completion_tokens <= limit


def test_usage_is_what_the_tokenizer_counts(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(
        model="gpt-4o", messages=PARIS, tools=[WEATHER], tool_choice="none", max_tokens=9
    )
    assert whole.usage is not None
    assert whole.usage.prompt_tokens == aoai.tokens.count_chat(PARIS, "gpt-4o", [WEATHER])
    assert whole.usage.completion_tokens == aoai.tokens.count(whole.choices[0].message.content or "", "gpt-4o")


def test_a_text_goes_on_until_it_meets_its_suffix(sdk: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-35-turbo-instruct", "prompt": "1, 2, 3, 4, 5,", "temperature": 0, "max_tokens": 20}
    met = sdk.completions.create(**asked, suffix=" 8, 9, 10").choices[0]
    assert (met.text.strip(), met.finish_reason) == ("6, 7,", "stop")


def test_an_empty_prompt_begins_a_document(sdk: openai.OpenAI) -> None:
    whole = sdk.completions.create(model="gpt-35-turbo-instruct", prompt="", max_tokens=4, temperature=0)
    assert whole.choices[0].text


@pytest.fixture(scope="module")
def engine() -> Iterator[Llama]:
    engine = Llama(weights.CHAT.ensure(settings.home()), settings.home())
    yield engine
    engine.close()


@pytest.fixture
def fresh() -> Iterator[Llama]:
    """An engine that nobody has asked yet."""
    engine = Llama(weights.CHAT.ensure(settings.home()), settings.home())
    yield engine
    engine.close()


@pytest.mark.parametrize("system", ["Be brief.", "rule " * 6000])
@pytest.mark.parametrize("asked", ["What now?", "word " * 6000, "\u8a9e" * 3000])
def test_what_is_cut_still_has_something_to_say(engine: Llama, system: str, asked: str) -> None:
    turns = [("system", system), ("user", "first " * 900), ("assistant", "answer " * 900), ("user", asked)]
    job = Job(messages=[{"role": role, "content": text} for role, text in turns])
    fitting, cut = asyncio.run(engine.fit(job))
    assert (cut > 0) == (len(system) + len(asked) > 100)
    assert asyncio.run(engine.fit(fitting)) == (fitting, 0)
    said = fitting.messages
    assert said[0]["role"] == "system"
    assert system.startswith(said[0]["content"])
    assert asked.endswith(said[-1]["content"])
    assert all(len(message["content"]) > 8 for message in said)


def test_the_last_question_outlives_a_long_past(engine: Llama) -> None:
    turns = [{"role": "user", "content": f"{number} " * 200} for number in range(80)]
    fitting, cut = asyncio.run(engine.fit(Job(messages=[*turns, {"role": "user", "content": "What now?"}])))
    assert cut > 10_000
    assert fitting.messages[-1]["content"] == "What now?"
    assert len(fitting.messages) > 3, "no more was cut than had to be"


def test_a_schema_that_would_fill_the_memory_is_refused(sdk: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"many": {"type": "array", "items": {}, "minItems": 10**9}}}
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "many", "schema": schema}}
    with pytest.raises(openai.BadRequestError, match="'minItems' may be 10,000 at most"):
        sdk.chat.completions.create(model="gpt-4o", messages=ASK, response_format=wanted, max_tokens=5)


def test_the_port_that_the_engine_opens_lets_nobody_in(engine: Llama) -> None:
    address = engine._idle[0].listening_address
    for path in ("/v1/models", "/props", "/slots", "/completions"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}{path}", data=b"{}" if path == "/completions" else None, timeout=10)
        refused.value.close()
        assert refused.value.code == 401, path


async def begun(engine: Llama) -> AsyncGenerator[Piece]:
    """A short reply of which one piece has been read."""
    pieces = engine.generate(Job(prompt="One, two", schema={"enum": ["three", "four"]}))
    await anext(pieces)
    return pieces


def test_a_reply_that_nobody_reads_on_holds_no_slot(fresh: Llama) -> None:
    async def more_than_there_are_slots() -> int:
        unread = [await begun(fresh) for _ in range(SLOTS + 2)]
        for pieces in unread:
            await pieces.aclose()
        return len(unread)

    assert asyncio.run(asyncio.wait_for(more_than_there_are_slots(), 120)) == SLOTS + 2


class Broken:
    """An engine of llama.cpp that breaks after that many chunks."""

    def __init__(self, engine: Any, chunks: int) -> None:
        self._engine, self._chunks = engine, chunks

    def handle_chat_completions(self, request: Any, on_chunk: Any) -> Any:
        left = self._chunks

        def passed_on(chunk: Any) -> Any:
            nonlocal left
            left -= 1
            return True if left < 0 else on_chunk(chunk)

        self._engine.handle_chat_completions(request, passed_on)
        raise RuntimeError("it broke")


@pytest.mark.parametrize("chunks", [0, 4])
def test_an_engine_that_breaks_ends_the_answer_and_frees_the_slot(fresh: Llama, chunks: int) -> None:
    whole = fresh._idle[0]
    body = {"model": "gpt-4o", "messages": ASK, "max_tokens": 50, "seed": 1}
    with serving(Account(fresh)) as served:
        for _ in range(SLOTS + 1):
            fresh._idle[:] = [Broken(whole, chunks)]
            answer = served.ask("/openai/v1/chat/completions", {**body, "stream": True})
            error = answer.events[-1]["error"] if chunks else answer.json["error"]
            assert (answer.status, error["type"]) == (200 if chunks else 500, "server_error")
            assert served.ask("/openai/v1/chat/completions", body).status == 500
        fresh._idle[:] = [whole]
        assert served.ask("/openai/v1/chat/completions", body).status == 200


def test_a_process_that_closes_its_engine_while_it_generates_ends_in_order(python: str) -> None:
    program = """if True:  # closed in the middle of a reply, where leaving the process would be a segmentation fault
        import asyncio, sys
        from pathlib import Path
        from aoai_magic.local.engine import Job
        from aoai_magic.local.llama import Llama

        async def begin():
            async for piece in engine.generate(Job(prompt="Once upon a time")):
                engine.close()

        engine = Llama(Path(sys.argv[1]), Path(sys.argv[2]))
        try:
            asyncio.run(begin())
        except RuntimeError as error:
            print(error)
    """
    model = str(weights.CHAT.ensure(settings.home()))
    ended = subprocess.run([python, "-c", program, model, str(settings.home())], capture_output=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"closed" in ended.stdout
