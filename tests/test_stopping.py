"""Requests that another thread ends, against the real local service."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors
from aoai_magic.local.waiting import told
from aoai_magic.operations.faults import faults
from aoai_magic.stopping import Stop


class Asking(threading.Thread):
    """A prompt that is sent from a thread of its own, which can be stopped."""

    def __init__(self, prompt: str, listener: Any = lambda *_: None, **options: Any) -> None:
        super().__init__(daemon=True)
        self._listener = listener
        self.stop, self.begun = Stop(), threading.Event()
        self.error: BaseException | None = None
        self._prompt, self._options = prompt, options
        self.start()

    def run(self) -> None:
        with self.stop, told(self._listener):
            try:
                aoai.chat(self._prompt, on_text=lambda _: self.begun.set(), **self._options)
            except BaseException as error:
                self.error = error


@pytest.fixture(autouse=True)
def _no_fault_stays() -> Any:
    yield
    faults("off")


def test_an_answer_that_stalls_is_cut_and_kept_as_far_as_it_came() -> None:
    faults("pace=1.5 times=1")
    asking = Asking("one two three")
    assert asking.begun.wait(30)
    asking.stop()
    asking.join(30)
    assert isinstance(asking.error, errors.Interrupted)
    assert isinstance(asking.error.reply, aoai.Reply)
    assert asking.error.reply.text == "one", "the next word was a second and a half away"
    assert asking.error.reply.finish_reason is None
    (row,) = aoai.usage().to_dict("records")
    assert row["outcome"] == "interrupted"
    assert aoai.chat("four five").text == "four five", "the connection that was cut is not used again"


def test_a_wait_for_another_try_is_told_of_and_ends_at_once() -> None:
    faults("status=429 retry-after=50 times=1")
    heard: list[str] = []
    asking = Asking("one", listener=lambda what, fraction: heard.append(what))
    for _ in range(3000):
        if heard:
            break
        time.sleep(0.01)
    asking.stop()
    asking.join(10)
    assert not asking.is_alive()
    assert isinstance(asking.error, errors.Interrupted)
    assert heard == ["'gpt-4o' is at its rate limit: trying again in 50 s"]


@pytest.mark.parametrize("stream", [True, False])
def test_what_is_stopped_before_it_begins_is_never_read(stream: bool) -> None:
    faults("delay=1 times=1")
    asking = Asking("one two three", stream=stream)
    asking.stop()
    asking.join(30)
    assert isinstance(asking.error, errors.Interrupted)
    assert asking.error.reply is None
    assert not asking.begun.is_set()


def test_other_threads_go_on() -> None:
    faults("pace=0.2 times=2")
    one, other = Asking("one two three"), Asking("four five six")
    assert one.begun.wait(30)
    assert other.begun.wait(30)
    one.stop()
    one.join(30)
    other.join(30)
    assert isinstance(one.error, errors.Interrupted)
    assert other.error is None


def test_a_break_that_nobody_asked_for_stays_one() -> None:
    faults("reset=400 times=1")
    asking = Asking("one two three")
    asking.join(30)
    assert isinstance(asking.error, errors.NoAnswerError)
