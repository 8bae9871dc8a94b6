"""Fine-tuning jobs: a life that is simulated and says so, and a model that can be deployed at its end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from openai.types.fine_tuning import FineTuningJob

from aoai_magic import tokens
from aoai_magic.local import fine_tuning, launch
from aoai_magic.local.launch import LocalSettings, Service

JOBS = "/openai/v1/fine_tuning/jobs"
EXAMPLE = {"messages": [{"role": "user", "content": "Is it raining?"}, {"role": "assistant", "content": "It is."}]}
LIFE = fine_tuning._QUEUED_SECONDS + fine_tuning._RUNNING_SECONDS


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of this module's own, so that its deployments meet no other test."""
    running = launch.ensure(LocalSettings(tmp_path_factory.mktemp("tuning"), "echo"))
    yield running
    launch.stop(running)


def upload(client: openai.OpenAI, *examples: Any) -> str:
    content = "".join(json.dumps(one) + "\n" for one in examples or [EXAMPLE] * 10).encode()
    return client.files.create(file=("train.jsonl", b"\xef\xbb\xbf" + content), purpose="fine-tune").id


def begin(client: openai.OpenAI, *examples: Any, **more: Any) -> FineTuningJob:
    given = {"model": "gpt-4.1-2025-04-14", "training_file": upload(client, *examples), **more}
    return client.fine_tuning.jobs.create(**given)


def wait(client: openai.OpenAI, job: FineTuningJob, *statuses: str) -> FineTuningJob:
    for _ in range(1000):
        if (job := client.fine_tuning.jobs.retrieve(job.id)).status in statuses:
            return job
        time.sleep(0.02)
    raise AssertionError(f"still {job.status}")


def told(client: openai.OpenAI, job: FineTuningJob) -> list[str]:
    """All events' messages, the first first, read a page at a time."""
    return [event.message for event in client.fine_tuning.jobs.list_events(job.id, limit=7)][::-1]


@pytest.fixture(scope="module")
def tuned(service: Service) -> Iterator[tuple[openai.OpenAI, FineTuningJob]]:
    """A job that has succeeded."""
    with openai.OpenAI(base_url=f"{service.endpoint}/openai/v1/", api_key=service.key, max_retries=0) as client:
        job = begin(client, suffix="rain", seed=7, metadata={"lesson": "tuning"}, hyperparameters={"n_epochs": 2})
        assert job.status == "queued"
        yield client, wait(client, job, "succeeded")


def test_a_job_comes_to_its_end(tuned: tuple[openai.OpenAI, FineTuningJob]) -> None:
    _, job = tuned
    assert job.object == "fine_tuning.job"
    assert re.fullmatch("ftjob-[0-9a-f]{32}", job.id)
    assert job.fine_tuned_model == f"gpt-4.1-2025-04-14.ft-{job.id.removeprefix('ftjob-')}-rain"
    assert (job.model, job.seed, job.error, job.estimated_finish) == ("gpt-4.1-2025-04-14", 7, None, None)
    assert job.hyperparameters.n_epochs == 2
    assert job.method is not None
    assert job.method.type == "supervised"
    assert job.finished_at is not None
    assert LIFE - 1 <= job.finished_at - job.created_at <= LIFE + 2
    texts = [message["content"] for message in EXAMPLE["messages"]]
    assert job.trained_tokens == 2 * 10 * sum(tokens.count_many(texts, "gpt-4.1"))


def test_a_job_says_that_it_is_simulated(tuned: tuple[openai.OpenAI, FineTuningJob], ask: Any) -> None:
    client, job = tuned
    assert "simulated: nothing is trained" in told(client, job)[0]
    assert job.metadata == {"lesson": "tuning", "simulated": "true"}
    described = ask("/openai/v1/openapi.json", method="GET").json["paths"]["/openai/v1/fine_tuning/jobs"]["post"]
    assert "simulated" in described["summary"]
    assert "simulated" in (fine_tuning.__doc__ or "")


def test_its_events_are_told_in_order(tuned: tuple[openai.OpenAI, FineTuningJob]) -> None:
    client, job = tuned
    messages = told(client, job)
    assert messages[1] == "Job started."
    assert [one.split(":")[0] for one in messages[2:-1]] == [f"Step {n}" for n in range(1, 21)]
    assert messages[-1] == "Job succeeded."
    events = list(client.fine_tuning.jobs.list_events(job.id))
    assert len({one.id for one in events}) == len(events) == 23
    times = [one.created_at for one in events]
    assert times == sorted(times, reverse=True)
    losses: list[Any] = [one.data["train_loss"] for one in events if one.type == "metrics"]  # type: ignore[index]
    assert losses == sorted(losses)  # the latest first: it falls


def test_its_checkpoints_and_results_can_be_read(tuned: tuple[openai.OpenAI, FineTuningJob]) -> None:
    client, job = tuned
    checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id, limit=2))
    assert [one.step_number for one in checkpoints] == [18, 12, 6]
    assert all(one.fine_tuning_job_id == job.id for one in checkpoints)
    assert checkpoints[0].fine_tuned_model_checkpoint == f"{job.fine_tuned_model}:ckpt-step-18"
    (results,) = job.result_files
    assert client.files.retrieve(results).purpose == "fine-tune-results"
    head, *rows = client.files.content(results).text.splitlines()
    assert (head, len(rows)) == ("step,train_loss", 20)
    assert float(rows[17].split(",")[1]) == checkpoints[0].metrics.train_loss


def test_the_model_is_among_the_resources_own(tuned: tuple[openai.OpenAI, FineTuningJob], ask: Any) -> None:
    client, job = tuned
    assert job.fine_tuned_model is not None
    own = [one for one in client.models.list() if "fine_tune" in (one.model_extra or {})]
    assert own[0].id == job.fine_tuned_model
    assert len(own) == 4  # and its checkpoints
    found = ask(f"/openai/v1/models/{job.fine_tuned_model}", method="GET").json
    assert (found["model"], found["fine_tune"]) == ("gpt-4.1-2025-04-14", job.id)
    assert found["capabilities"]["chat_completion"]


@pytest.mark.parametrize("checkpoint", ["", ":ckpt-step-12"])
def test_the_model_is_deployed_and_answers(
    tuned: tuple[openai.OpenAI, FineTuningJob], ask: Any, service: Service, checkpoint: str
) -> None:
    client, job = tuned
    name = f"{job.fine_tuned_model}{checkpoint}"
    place = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/local/deployments/mine"
    proof = {"api_key": None, "authorization": f"Bearer {launch.local_token(service.key)}"}
    model = {"format": "OpenAI", "name": name, "version": "1"}
    wanted = {"sku": {"name": "DeveloperTier", "capacity": 5}, "properties": {"model": model}}
    assert ask(f"{place}?api-version=2025-09-01", wanted, method="PUT", **proof).status == 201
    while (made := ask(f"{place}?api-version=2025-09-01", method="GET", **proof).json)["properties"][
        "provisioningState"
    ] != "Succeeded":
        time.sleep(0.05)
    assert made["properties"]["model"] == model
    reply = client.chat.completions.create(model="mine", messages=[{"role": "user", "content": "Is it raining?"}])
    assert (reply.model, reply.choices[0].message.content) == (name, "Is it raining?")
    assert ask(f"{place}?api-version=2025-09-01", method="DELETE", **proof).status == 200


def test_the_classic_api_does_the_same(service: Service) -> None:
    with openai.AzureOpenAI(azure_endpoint=service.endpoint, api_key=service.key, api_version="2024-10-21") as client:
        job = begin(client)
        assert wait(client, job, "running").id == job.id
        assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"


def test_a_new_job_is_answered_with_where_it_is(ask: Any, sdk: openai.OpenAI) -> None:
    made = ask(JOBS, {"model": "gpt-4o-mini", "training_file": upload(sdk)})
    assert made.status == 201
    assert made.headers["location"].endswith(f"{JOBS}/{made.json['id']}")
    assert made.json["model"] == "gpt-4o-mini-2024-07-18"
    assert ask(f"{JOBS}/{made.json['id']}", method="DELETE").status == 204
    assert ask(f"{JOBS}/{made.json['id']}", method="GET").status == 404


def test_a_job_is_cancelled_and_stays_so(sdk: openai.OpenAI) -> None:
    job = begin(sdk)
    cancelled = sdk.fine_tuning.jobs.cancel(job.id)
    assert (cancelled.status, cancelled.fine_tuned_model) == ("cancelled", None)
    assert told(sdk, job)[-1] == "Job cancelled."
    for again in (sdk.fine_tuning.jobs.cancel, sdk.fine_tuning.jobs.pause, sdk.fine_tuning.jobs.resume):
        with pytest.raises(openai.BadRequestError, match="cancelled"):
            again(job.id)


def test_a_pause_stops_the_clock_and_nothing_else_changes(sdk: openai.OpenAI) -> None:
    job = wait(sdk, begin(sdk), "running")
    paused = sdk.fine_tuning.jobs.pause(job.id)
    assert paused.status == "paused"
    before = told(sdk, job)
    time.sleep(0.6)
    assert told(sdk, job) == before
    assert before[-1] == "Job paused."
    resumed = sdk.fine_tuning.jobs.resume(job.id)
    assert (resumed.status, resumed.created_at) == ("running", job.created_at)
    time.sleep(0.5)
    after = told(sdk, job)
    assert after[: len(before) + 1] == [*before, "Job resumed."]  # what was told stays told
    assert len(after) > len(before) + 1
    steps = [one for one in after if one.startswith("Step")]
    assert len(steps) == len(set(steps))
    sdk.fine_tuning.jobs.cancel(job.id)


def test_only_a_paused_job_is_resumed(sdk: openai.OpenAI) -> None:
    job = begin(sdk)
    with pytest.raises(openai.BadRequestError, match="not paused"):
        sdk.fine_tuning.jobs.resume(job.id)
    assert sdk.fine_tuning.jobs.pause(job.id).status == "paused"
    assert sdk.fine_tuning.jobs.resume(job.id).status == "queued"  # where it was
    sdk.fine_tuning.jobs.cancel(job.id)


def test_too_few_examples_fail_the_job(sdk: openai.OpenAI) -> None:
    job = begin(sdk, *[EXAMPLE] * 9)
    failed = wait(sdk, job, "failed", "succeeded")
    assert failed.status == "failed"
    assert failed.error is not None
    assert (failed.error.code, failed.error.param) == ("invalid_n_examples", "training_file")
    assert failed.error.message == "Training file has 9 example(s), but must have at least 10 examples"
    assert (failed.fine_tuned_model, failed.trained_tokens, failed.result_files) == (None, None, [])
    assert failed.finished_at
    assert told(sdk, job)[-1].startswith("Job failed: Training file has 9")


def test_an_example_that_is_no_conversation_fails_the_job(sdk: openai.OpenAI) -> None:
    bad: list[Any] = [
        {},
        {"messages": "hi"},
        {"messages": []},
        {"messages": ["hi"]},
        {"prompt": "a", "completion": "b"},
    ]
    for job in [begin(sdk, *[EXAMPLE] * 10, example) for example in bad]:
        failed = wait(sdk, job, "failed", "succeeded")
        assert failed.error is not None
        assert failed.error.code == "invalid_training_file"
        assert "Line 11 " in failed.error.message


def test_preferences_are_trained_on_as_well(sdk: openai.OpenAI) -> None:
    said = [{"role": "assistant", "content": "It is."}]
    example = {
        "input": {"messages": EXAMPLE["messages"][:1]}, "preferred_output": said, "non_preferred_output": said,
    }  # fmt: skip
    method = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1, "n_epochs": "auto"}}}
    job = begin(sdk, *[example] * 10, method=method)
    assert job.method is not None
    assert job.method.type == "dpo"
    assert job.hyperparameters.to_dict() == {
        "beta": 0.1,
        "n_epochs": 3,
        "batch_size": 1,
        "learning_rate_multiplier": 1.0,
    }
    assert wait(sdk, job, "running", "failed").status == "running"
    sdk.fine_tuning.jobs.cancel(job.id)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": "text-embedding-3-small"}, "model"),
        ({"model": "gpt-4.1-2025-04-14.ft-nobody"}, "model"),
        ({"model": "gpt-4o-mini", "method": {"type": "dpo"}}, "model"),
        ({"training_file": None}, "training_file"),
        ({"training_file": "file-nobody"}, "training_file"),
        ({"validation_file": "file-nobody"}, "validation_file"),
        ({"method": {"type": "magic"}}, "method.type"),
        ({"hyperparameters": {"n_epochs": 0}}, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"n_epochs": 1.5}}, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"batch_size": "large"}}, "hyperparameters.batch_size"),
        ({"hyperparameters": {"learning_rate_multiplier": 0}}, "hyperparameters.learning_rate_multiplier"),
        ({"trainingType": "cheap"}, "trainingType"),
        ({"suffix": "x" * 65}, "suffix"),
        ({"seed": "lucky"}, "seed"),
        ({"epochs": 3}, "epochs"),
        ({"integrations": [{"type": "wandb"}]}, "integrations"),
        ({"metadata": {"a": []}}, "metadata.a"),
    ],
)
def test_what_is_no_job_is_refused(sdk: openai.OpenAI, ask: Any, change: dict[str, Any], param: str) -> None:
    before = len(ask(f"{JOBS}?limit=100", method="GET").json["data"])
    refused = ask(JOBS, {"model": "gpt-4.1", "training_file": upload(sdk), **change})
    assert (refused.status, refused.json["error"]["param"]) == (400, param)
    assert len(ask(f"{JOBS}?limit=100", method="GET").json["data"]) == before


def test_a_file_for_a_batch_trains_nothing(sdk: openai.OpenAI) -> None:
    file = sdk.files.create(file=("a.jsonl", b"{}"), purpose="batch").id
    with pytest.raises(openai.BadRequestError, match="no fine-tune file"):
        sdk.fine_tuning.jobs.create(model="gpt-4.1", training_file=file)


def test_a_job_that_is_not_there_is_not_found(sdk: openai.OpenAI) -> None:
    jobs = sdk.fine_tuning.jobs
    asks: list[Callable[[str], Any]] = [
        jobs.retrieve,
        jobs.cancel,
        jobs.pause,
        jobs.resume,
        jobs.list_events,
        jobs.checkpoints.list,
    ]
    for ask in asks:
        with pytest.raises(openai.NotFoundError) as missing:
            ask("ftjob-nobody")
        assert missing.value.code == "NotFound"


def test_jobs_are_listed_a_page_at_a_time_the_latest_first(sdk: openai.OpenAI, ask: Any) -> None:
    made = [begin(sdk).id for _ in range(3)][::-1]
    first = ask(f"{JOBS}?limit=2", method="GET").json
    assert [one["id"] for one in first["data"]] == made[:2]
    assert first["has_more"]
    assert [one.id for one in sdk.fine_tuning.jobs.list(limit=1)][:3] == made
