"""Batches: a file of requests in, answers in a file out, run for real in the background."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai.types import Batch

V1 = "/openai/v1/batches"
HI = [{"role": "user", "content": "hello there"}]
BODIES: dict[str, dict[str, Any]] = {
    "/chat/completions": {"model": "gpt-4o", "messages": HI},
    "/responses": {"model": "gpt-4o", "input": "hello there"},
    "/embeddings": {"model": "text-embedding-3-small", "input": "hello there", "dimensions": 4},
    "/completions": {"model": "gpt-35-turbo-instruct", "prompt": "hello there"},
}
SAID: dict[str, Callable[[Any], Any]] = {
    "/chat/completions": lambda body: body["choices"][0]["message"]["content"],
    "/responses": lambda body: body["output"][0]["content"][0]["text"],
    "/embeddings": lambda body: len(body["data"][0]["embedding"]),
    "/completions": lambda body: body["choices"][0]["text"],
}


def line(custom_id: Any = "one", url: str = "/chat/completions", **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body or BODIES["/chat/completions"]}


def jsonl(*lines: Any) -> bytes:
    return "".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in lines).encode()


def begin(client: openai.OpenAI, content: bytes, endpoint: str = "/chat/completions", **more: Any) -> Batch:
    file = client.files.create(file=("requests.jsonl", content), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more)  # type: ignore[arg-type]


def ended(client: openai.OpenAI, batch: Batch) -> Batch:
    for _ in range(2000):
        batch = client.batches.retrieve(batch.id)
        if batch.status in ("completed", "failed", "cancelled", "expired"):
            return batch
        time.sleep(0.01)
    raise AssertionError(f"still {batch.status}")


def results(client: openai.OpenAI, file: str | None) -> dict[str, Any]:
    assert file is not None
    lines = client.files.content(file).text.splitlines()
    return {one["custom_id"]: one for one in map(json.loads, lines)}


def counts(batch: Batch) -> dict[str, int]:
    assert batch.request_counts is not None
    return batch.request_counts.to_dict()  # type: ignore[return-value]


def problems(batch: Batch) -> list[Any]:
    assert batch.errors is not None
    return batch.errors.data or []


@pytest.mark.parametrize("form", ["", "/v1"])
@pytest.mark.parametrize("path", BODIES)
def test_each_endpoint_is_answered_under_both_of_its_names(sdk: openai.OpenAI, path: str, form: str) -> None:
    # What the file calls it and what the batch does may differ in the prefix.
    content = jsonl(line("a", form + path, **BODIES[path]), line("b", "/v1" + path, **BODIES[path]))
    batch = ended(sdk, begin(sdk, content, form + path))
    assert (batch.status, batch.endpoint) == ("completed", form + path)
    found = results(sdk, batch.output_file_id)
    assert set(found) == {"a", "b"}
    expected = {"/embeddings": 4, "/completions": "hello there"}.get(path, "hello there")
    for one in found.values():
        assert one["response"]["status_code"] == 200
        assert len(one["response"]["request_id"]) == 36
        assert one["error"] is None
        assert SAID[path](one["response"]["body"]) == expected


def test_a_batch_goes_through_its_stages(sdk: openai.OpenAI) -> None:
    batch = begin(sdk, jsonl(line()), metadata={"lesson": "batches"})
    assert (batch.object, batch.status, batch.completion_window) == ("batch", "validating", "24h")
    assert re.fullmatch("batch_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", batch.id)
    assert batch.expires_at == batch.created_at + 24 * 3600
    assert (batch.output_file_id, batch.error_file_id, batch.errors) == (None, None, None)
    done = ended(sdk, batch)
    assert done.status == "completed"
    times: list[Any] = [batch.created_at, done.in_progress_at, done.finalizing_at, done.completed_at]
    assert times == sorted(times)
    assert (done.failed_at, done.expired_at, done.cancelled_at) == (None, None, None)
    assert counts(done) == {"total": 1, "completed": 1, "failed": 0}
    assert done.metadata == {"lesson": "batches"}
    assert done.output_file_id is not None
    output = sdk.files.retrieve(done.output_file_id)
    assert (output.purpose, output.filename) == ("batch_output", f"{batch.id}_output.jsonl")


def test_the_classic_api_runs_batches_too(azure_sdk: openai.AzureOpenAI) -> None:
    done = ended(azure_sdk, begin(azure_sdk, jsonl(line("é", **BODIES["/chat/completions"]))))
    assert SAID["/chat/completions"](results(azure_sdk, done.output_file_id)["é"]["response"]["body"]) == "hello there"
    assert done.id in [one.id for one in azure_sdk.batches.list()]


def test_where_all_went_well_the_error_file_is_empty(sdk: openai.OpenAI) -> None:
    done = ended(sdk, begin(sdk, jsonl(line())))
    assert done.error_file_id is not None
    assert sdk.files.content(done.error_file_id).read() == b""


def test_a_request_that_is_refused_goes_into_the_error_file(sdk: openai.OpenAI) -> None:
    bad = {"model": "gpt-4o", "messages": HI, "temperature": 3}
    blocked = {"model": "gpt-4o", "messages": [{"role": "user", "content": "aoai-filter:violence"}]}
    done = ended(sdk, begin(sdk, jsonl(line("good"), line("bad", **bad), line("blocked", **blocked))))
    assert done.status == "completed"
    assert counts(done) == {"total": 3, "completed": 1, "failed": 2}
    assert set(results(sdk, done.output_file_id)) == {"good"}
    errors = results(sdk, done.error_file_id)
    assert errors["bad"]["response"]["status_code"] == 400
    assert errors["bad"]["response"]["body"]["error"]["param"] == "temperature"
    assert errors["blocked"]["response"]["body"]["error"]["code"] == "content_filter"


def test_bodies_of_any_shape_are_refused_one_by_one(sdk: openai.OpenAI) -> None:
    bodies: list[dict[str, Any]] = [
        {}, {"messages": 7}, {"messages": [[]]}, {"messages": HI, "n": 0}, {"messages": HI, "tools": [None]},
        {"messages": HI, "response_format": {"type": "json_schema"}}, {"messages": HI, "logit_bias": {"x": 1}},
        {"messages": HI, "stop": {}}, {"messages": HI, "nonesuch": 1}, {"messages": HI, "max_tokens": 10**30},
    ]  # fmt: skip
    done = ended(sdk, begin(sdk, jsonl(*(line(str(n), model="gpt-4o", **body) for n, body in enumerate(bodies)))))
    assert counts(done) == {"total": len(bodies), "completed": 0, "failed": len(bodies)}
    for one in results(sdk, done.error_file_id).values():
        assert one["response"]["status_code"] == 400, one
        assert one["response"]["body"]["error"]["message"]


def test_a_deployment_that_cannot_do_it_is_refused_line_by_line(sdk: openai.OpenAI) -> None:
    done = ended(sdk, begin(sdk, jsonl(line(model="text-embedding-3-small", messages=HI))))
    assert (done.status, done.output_file_id) == ("completed", None)
    error = results(sdk, done.error_file_id)["one"]["response"]["body"]["error"]
    assert error["code"] == "OperationNotSupported"


def test_nothing_is_streamed_in_a_batch(sdk: openai.OpenAI) -> None:
    asked = {**BODIES["/chat/completions"], "stream": True, "stream_options": {"include_usage": True}}
    done = ended(sdk, begin(sdk, jsonl(line(**asked))))
    assert results(sdk, done.output_file_id)["one"]["response"]["body"]["object"] == "chat.completion"


BAD: dict[str, tuple[Any, int]] = {
    "invalid_json_line": ('{"custom_id": \n', 1),
    "invalid_request": ([line()], 1),
    "duplicate_custom_id": (line("first"), 2),
    "url_mismatch": (line(url="/v1/embeddings"), 1),
    "model_not_found": (line(model="nonesuch", messages=HI), 1),
    "model_mismatch": (line(model="gpt-4o-mini", messages=HI), 2),
}


@pytest.mark.parametrize("code", BAD)
def test_a_line_that_is_wrong_fails_the_batch_and_is_named(sdk: openai.OpenAI, code: str) -> None:
    bad, number = BAD[code]
    lines = [line("first"), "\n", bad] if number == 2 else [bad, line("first")]
    done = ended(sdk, begin(sdk, jsonl(*lines)))
    assert done.status == "failed"
    assert done.failed_at
    assert [one.code for one in problems(done)] == [code]
    assert problems(done)[0].line == (3 if number == 2 else 1)  # as an editor counts
    assert problems(done)[0].message
    assert (done.output_file_id, done.error_file_id) == (None, None)
    assert counts(done)["total"] == 0


@pytest.mark.parametrize(
    "bad",
    [
        {**line(), "custom_id": 7}, {**line(), "custom_id": None}, {**line(), "body": "x"}, {**line(), "body": None}, 7, None,
    ],
)  # fmt: skip
def test_a_line_of_another_shape_fails_the_batch(sdk: openai.OpenAI, bad: Any) -> None:
    done = ended(sdk, begin(sdk, jsonl(bad)))
    assert problems(done)[0].code == "invalid_request"


@pytest.mark.parametrize(
    "change", [{"method": "GET"}, {"url": "/chat/completions?x"}, {"url": None}, {"url": ["/chat/completions"]}]
)
def test_a_line_for_another_address_fails_the_batch(sdk: openai.OpenAI, change: dict[str, Any]) -> None:
    done = ended(sdk, begin(sdk, jsonl({**line(), **change})))
    assert problems(done)[0].code == "url_mismatch"


def test_an_empty_file_fails_the_batch(sdk: openai.OpenAI) -> None:
    done = ended(sdk, begin(sdk, b"\n\n"))
    assert (problems(done)[0].code, problems(done)[0].line) == ("empty_file", None)


def test_a_byte_order_mark_fails_the_batch_with_azures_own_words(sdk: openai.OpenAI) -> None:
    done = ended(sdk, begin(sdk, b"\xef\xbb\xbf" + jsonl(line())))
    assert problems(done)[0].message.startswith(
        "Validation failed: A valid model deployment name couldn't be extracted"
    )


def test_of_very_many_wrong_lines_the_first_hundred_are_named(sdk: openai.OpenAI) -> None:
    done = ended(sdk, begin(sdk, b"no json\n" * 1000))
    assert [one.line for one in problems(done)] == list(range(1, 101))


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input_file_id": None}, "input_file_id"),
        ({"input_file_id": "file-nobody"}, "input_file_id"),
        ({"endpoint": None}, "endpoint"),
        ({"endpoint": "/v1/images/generations"}, "endpoint"),
        ({"window": "24h"}, "window"),
        ({"completion_window": "1h"}, "completion_window"),
        ({"completion_window": None}, "completion_window"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 5}}, "expires_after"),
        ({"output_expires_after": {"anchor": "tomorrow", "seconds": 1_300_000}}, "output_expires_after.anchor"),
    ],
)
def test_what_is_no_batch_is_refused(sdk: openai.OpenAI, ask: Any, change: dict[str, Any], param: str) -> None:
    file = sdk.files.create(file=("a.jsonl", jsonl(line())), purpose="batch").id
    body = {"input_file_id": file, "endpoint": "/chat/completions", "completion_window": "24h", **change}
    refused = ask(V1, body)
    assert (refused.status, refused.json["error"]["param"]) == (400, param)


def test_a_file_for_training_is_no_batch(sdk: openai.OpenAI) -> None:
    file = sdk.files.create(file=("a.jsonl", jsonl(line())), purpose="fine-tune").id
    with pytest.raises(openai.BadRequestError, match="no batch file"):
        sdk.batches.create(input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h")


def test_its_files_may_be_given_an_end(sdk: openai.OpenAI) -> None:
    end = {"anchor": "created_at", "seconds": 1_209_600}
    done = ended(sdk, begin(sdk, jsonl(line()), output_expires_after=end))
    for file in (done.output_file_id, done.error_file_id):
        assert file is not None
        found = sdk.files.retrieve(file)
        assert found.expires_at == found.created_at + 1_209_600


def test_a_batch_goes_on_when_its_input_is_deleted(sdk: openai.OpenAI) -> None:
    batch = begin(sdk, jsonl(*(line(str(n)) for n in range(300))))
    sdk.files.delete(batch.input_file_id)
    done = ended(sdk, batch)
    assert counts(done)["completed"] == 300


def test_a_cancelled_batch_keeps_what_was_answered(sdk: openai.OpenAI) -> None:
    batch = begin(sdk, jsonl(*(line(str(n)) for n in range(20_000))))
    while not counts(sdk.batches.retrieve(batch.id))["completed"]:
        time.sleep(0.01)
    cancelling = sdk.batches.cancel(batch.id)
    assert cancelling.status == "cancelling"
    done = ended(sdk, batch)
    assert done.status == "cancelled"
    assert done.cancelling_at
    assert done.cancelled_at
    assert not done.completed_at
    assert 0 < counts(done)["completed"] < 20_000
    assert len(results(sdk, done.output_file_id)) == counts(done)["completed"]
    assert sdk.batches.cancel(batch.id).status == "cancelled"  # once more makes no difference
    time.sleep(0.05)
    assert sdk.batches.retrieve(batch.id) == done


def test_other_requests_are_answered_while_a_batch_runs(sdk: openai.OpenAI) -> None:
    batch = begin(sdk, jsonl(*(line(str(n)) for n in range(20_000))))
    while sdk.batches.retrieve(batch.id).status == "validating":
        time.sleep(0.01)
    began = time.perf_counter()
    sdk.chat.completions.create(**BODIES["/chat/completions"])
    assert time.perf_counter() - began < 1
    assert sdk.batches.retrieve(batch.id).status == "in_progress"
    sdk.batches.cancel(batch.id)
    ended(sdk, batch)


def test_a_batch_that_has_ended_cannot_be_cancelled(sdk: openai.OpenAI) -> None:
    done = ended(sdk, begin(sdk, jsonl(line())))
    with pytest.raises(openai.BadRequestError, match="completed"):
        sdk.batches.cancel(done.id)


def test_a_batch_that_is_not_there_is_not_found(sdk: openai.OpenAI) -> None:
    for ask in (sdk.batches.retrieve, sdk.batches.cancel):
        with pytest.raises(openai.NotFoundError) as missing:
            ask("batch_nobody")
        assert missing.value.code == "NotFound"


def test_batches_are_listed_a_page_at_a_time_the_latest_first(sdk: openai.OpenAI, ask: Any) -> None:
    made = [ended(sdk, begin(sdk, jsonl(line()))).id for _ in range(3)][::-1]
    first = ask(f"{V1}?limit=2", method="GET").json
    assert [one["id"] for one in first["data"]] == made[:2]
    assert first["has_more"]
    assert ask(f"{V1}?limit=1&after={made[1]}", method="GET").json["data"][0]["id"] == made[2]
    listed = [one.id for one in sdk.batches.list(limit=2)]  # all pages
    assert listed[:3] == made
    assert len(listed) == len(set(listed))
    assert ask(f"{V1}?limit=101", method="GET").status == 400


def test_only_batches_that_have_ended_are_forgotten(sdk: openai.OpenAI) -> None:
    running = begin(sdk, jsonl(*(line(str(n)) for n in range(30_000))))
    file = sdk.files.create(file=("a.jsonl", jsonl(line())), purpose="batch").id
    for number in range(101):
        batch = sdk.batches.create(input_file_id=file, endpoint="/v1/chat/completions", completion_window="24h")
        if number % 20 == 0:
            ended(sdk, batch)
    assert len(list(sdk.batches.list(limit=100))) == 100
    assert sdk.batches.cancel(running.id).status == "cancelling"
    assert ended(sdk, running).status == "cancelled"


IDLE = """
import asyncio, json, sys, threading, time, urllib.request
from aoai_magic.local import server
from aoai_magic.local.echo import Echo

class Slow(Echo):
    async def generate(self, job):
        await asyncio.sleep(1.5)
        async for piece in super().generate(job):
            yield piece

def send(port, key, path, data, kind):
    headers = {"api-key": key, "content-type": kind}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/openai/v1/{path}", data, headers)
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)

def begin(port, key):
    requests = json.dumps({"custom_id": "a", "method": "POST", "url": "/chat/completions",
                           "body": {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}})
    form = ("--cut\\r\\ncontent-disposition: form-data; name=purpose\\r\\n\\r\\nbatch\\r\\n--cut\\r\\n"
            f"content-disposition: form-data; name=file; filename=a\\r\\n\\r\\n{requests}\\r\\n--cut--\\r\\n").encode()
    file = send(port, key, "files", form, "multipart/form-data; boundary=cut")["id"]
    body = {"input_file_id": file, "endpoint": "/chat/completions", "completion_window": "24h"}
    send(port, key, "batches", json.dumps(body).encode(), "application/json")
    print("begun", time.monotonic(), flush=True)

server.run(Slow, idle_seconds=0.4, ready=lambda port, key: threading.Thread(target=begin, args=[port, key]).start())
print("ended", time.monotonic(), flush=True)
"""


def test_the_service_does_not_go_while_a_batch_runs() -> None:
    done = subprocess.run([sys.executable, "-c", IDLE], capture_output=True, text=True, timeout=60, check=True)
    (begun, began), (gone, went) = (one.split() for one in done.stdout.splitlines())
    assert (begun, gone) == ("begun", "ended")
    assert 1.5 < float(went) - float(began) < 10


@pytest.mark.llama
def test_the_small_model_answers_a_batch(sdk: openai.OpenAI) -> None:
    asked = {"model": "gpt-4o", "messages": HI, "max_tokens": 3, "temperature": 0}
    done = ended(sdk, begin(sdk, jsonl(*(line(str(n), **asked) for n in range(3)))))
    said = [SAID["/chat/completions"](one["response"]["body"]) for one in results(sdk, done.output_file_id).values()]
    assert len(said) == 3
    assert len(set(said)) == 1
    assert said[0]
