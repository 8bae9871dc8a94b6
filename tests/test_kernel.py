"""Through a real kernel: interrupt, restart, two kernels, runners without a viewer.

And a service that dies between two cells.
"""

from __future__ import annotations

import os
import queue
import signal
import time
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from aoai_magic import settings
from aoai_magic.local import launch


class Kernel:
    """A kernel that a front end has opened: it is asked cell by cell, and somebody watches."""

    def __init__(self) -> None:
        self.manager: KernelManager
        self.client: BlockingKernelClient
        self.manager, self.client = start_new_kernel(kernel_name="python3", startup_timeout=120)

    def run(
        self,
        code: str,
        *,
        watched: bool = True,
        cell: str | None = None,
        interrupt_at: str | None = None,
        typed: str | None = None,
        timeout: float = 60,
    ) -> Ran:
        """Run a cell, which may have an id, to its end.

        The kernel is interrupted once `interrupt_at` can be seen on screen, and what it asks is answered with what is
        `typed`.
        """
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": watched}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self.client.shell_channel.send(message)
        asked = message["header"]["msg_id"]
        ran, deadline = Ran(), time.monotonic() + timeout
        while True:
            try:
                left = max(0.1, deadline - time.monotonic())
                message = self.client.get_iopub_msg(timeout=left if typed is None else 0.1)
            except queue.Empty:
                if typed is not None and time.monotonic() < deadline:
                    if self.client.stdin_channel.msg_ready():
                        ran.asked.append(self.client.get_stdin_msg()["content"]["prompt"])
                        self.client.input(typed)
                    continue
                raise AssertionError(f"no end after {timeout} s; seen: {ran.messages}") from None
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return ran
            ran.messages.append((message["msg_type"], message["content"]))
            if interrupt_at is not None and interrupt_at in ran.text:
                interrupt_at, ran.interrupted = None, time.monotonic()
                self.manager.interrupt_kernel()

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Ran:
    """What a cell did."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any]] = []
        self.asked: list[str] = []
        self.interrupted = 0.0

    def of(self, *kinds: str) -> list[Any]:
        return [content for kind, content in self.messages if kind in kinds]

    @property
    def text(self) -> str:
        """What is on screen: printed text, and the last state of the display."""
        printed = "".join(content["text"] for content in self.of("stream"))
        shown = [content["data"].get("text/plain", "") for content in self.of("display_data", "update_display_data")]
        return printed + (shown[-1] if shown else "")

    @property
    def error(self) -> Any:
        errors = self.of("error")
        return errors[0] if errors else None


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    running = Kernel()
    running.run("%load_ext aoai_magic")
    yield running
    running.close()


def test_a_watched_cell_is_shown_in_one_display_that_grows(kernel: Kernel) -> None:
    ran = kernel.run("%%chat\nSay hello")
    assert len(ran.of("display_data")) == 1
    assert len(ran.of("update_display_data")) >= 1
    assert ran.text.startswith("Say hello\n\ngpt-4o · answered by echo on this machine · 9 tokens in, 2 out · ")
    assert ran.text.endswith("local, free; on Azure about $0.000043")
    assert all("text/markdown" not in content["data"] for content in ran.of("display_data", "update_display_data"))


@pytest.mark.parametrize(
    "cell",
    [
        "%%chat\none two three four five six",
        "%%chat --compare gpt-4o,gpt-4o-mini\none two three",
        "%%chat --tools weather\nweather?",
        "%%chat --over rows -o t\n{{ x }}",
        "%%image --quality low --size 1024x1024 --partial-images 2\nA fox.",
        "%%complete\nOnce upon a time",
        "%%chat -n 2\none two",
    ],
)
def test_a_front_end_with_few_skills_has_an_easy_time(kernel: Kernel, cell: str) -> None:
    """VS Code has had bugs with displays of several kinds, with several of them, and with empty ones (facts: vscode-jupyter
    12755, 13105, 8621); no comm is opened, so that a front end without widgets misses nothing."""
    kernel.run(TOOLS)
    kernel.run("rows = [{'x': 1}, {'x': 2}]")
    ran = kernel.run(cell)
    shown = ran.of("display_data", "update_display_data")
    assert not ran.error
    assert len(ran.of("display_data")) == 1
    assert len({one["transient"]["display_id"] for one in shown}) == 1
    assert {frozenset(one["data"]) for one in shown} == {frozenset(["text/plain", "text/html"])}
    assert all(one["data"]["text/plain"].strip() and one["data"]["text/html"].strip() for one in shown)
    assert not ran.of("comm_open", "comm_msg", "clear_output", "stream")
    assert "aoai_magic" in shown[-1]["metadata"] or "--over" in cell


TOOLS = 'def weather(city: str) -> str:\n    "The weather of a city."\n    return f"7 °C in {city!r}"'


def test_the_front_end_is_asked_before_a_call(kernel: Kernel) -> None:
    kernel.run(TOOLS)
    ran = kernel.run("%%chat --tools weather --approve\nweather?", typed="y")
    assert ran.asked == ["Call weather(city='')? [y/N] "]
    assert len(ran.of("display_data")) == 1
    assert ran.text.startswith("▸ weather(city='') → 7 °C in ''\n\nweather returned: 7 °C in ''\n\n")
    alone = kernel.run("%%chat --tools weather --approve\nweather?", watched=False)
    assert alone.error["ename"] == "OptionError"


def test_calls_that_nobody_watches_are_shown_once_and_the_same_each_time(kernel: Kernel) -> None:
    kernel.run(TOOLS)
    runs = [kernel.run("%%chat --tools weather\nweather?", watched=False) for _ in range(2)]
    assert [kind for kind, _ in runs[0].messages if "display" in kind] == ["display_data"]
    assert runs[0].of("display_data")[0]["data"] == runs[1].of("display_data")[0]["data"]


def test_an_interrupt_ends_a_call_and_keeps_what_came(kernel: Kernel) -> None:
    kernel.run(
        'import time\ndef weather(city: str) -> str:\n    "The weather."\n    print("calling")\n    time.sleep(60)'
    )
    ran = kernel.run("%%chat --tools weather -o kept\nweather?", interrupt_at="calling")
    assert ran.error["ename"] == "Interrupted"
    assert "▸ weather(city='') → Error: the user stopped before this call had ended." in ran.text
    assert "True" in kernel.run("print(kept.tool_calls[0].failed)").text


def test_an_async_function_is_a_tool_where_the_kernels_loop_runs_and_an_interrupt_cancels_it(kernel: Kernel) -> None:
    kernel.run(
        'import asyncio\nasync def weather(city: str) -> str:\n    "The weather."\n    print("calling")\n    try:\n'
        '        await asyncio.sleep(delay)\n    except asyncio.CancelledError:\n        print("cancelled")\n        raise\n'
        '    return "warm"'
    )
    kernel.run("delay = 0.01\nasync with asyncio.timeout(5): await asyncio.sleep(0)")
    ran = kernel.run("%%chat --tools weather\nweather?")
    assert ran.text.startswith("calling\n▸ weather(city='') → warm\n\nweather returned: warm")
    kernel.run("delay = 60")
    stopped = kernel.run("%%chat --tools weather -o kept\nweather?", interrupt_at="calling")
    assert stopped.error["ename"] == "Interrupted"
    assert time.monotonic() - stopped.interrupted < 5
    assert kernel.run("await asyncio.sleep(0.1)\nprint(kept.tool_calls[0].failed)").text.endswith("True\n")


def test_the_seconds_that_a_service_says_to_wait_are_counted_down_and_an_interrupt_ends_them(kernel: Kernel) -> None:
    kernel.run('%aoai fault "status=429 retry-after=3 times=1"')
    ran = kernel.run("%%chat\nhi")
    shown = [one["data"]["text/plain"] for one in ran.of("display_data", "update_display_data")]
    assert [text for text in shown if "rate limit" in text] == [
        f"'gpt-4o' is at its rate limit: trying again in {left} s" for left in (3, 2, 1)
    ]
    assert len(ran.of("display_data")) == 1
    assert shown[-1].startswith("hi\n\ngpt-4o · ")
    assert "3.0 s" in shown[-1] or "3.1 s" in shown[-1] or "3.2 s" in shown[-1], shown[-1]

    kernel.run('%aoai fault "status=503 retry-after=50 times=1"')
    ran = kernel.run("%%chat\nhi", interrupt_at="The service answered 503: trying again in 49 s")
    assert ran.error["ename"] == "Interrupted"
    assert time.monotonic() - ran.interrupted < 5
    assert kernel.run("%%chat\nStill there?").error is None

    kernel.run('%aoai fault "status=429 retry-after=1 times=1"')
    alone = kernel.run("%%chat\nhi", watched=False)
    assert "rate limit" not in alone.text
    assert [kind for kind, _ in alone.messages if "display" in kind] == ["display_data"]


def test_a_watched_comparison_grows_in_one_display(kernel: Kernel) -> None:
    kernel.run('%aoai fault "pace=0.2 times=2"')
    ran = kernel.run("%%chat --compare gpt-4o,gpt-4o-mini\none two three four")
    assert len(ran.of("display_data")) == 1
    shown = [one["data"]["text/plain"] for one in ran.of("display_data", "update_display_data")]
    assert any("one" in text and "four" not in text for text in shown)
    assert shown[-1].count("one two three four") == shown[-1].count("local, free") == 2
    last = ran.of("update_display_data")[-1]
    assert [one["deployment"] for one in last["metadata"]["aoai_magic"]] == ["gpt-4o", "gpt-4o-mini"]


def test_an_unwatched_comparison_is_shown_once_and_says_nothing_that_varies(kernel: Kernel) -> None:
    ran = kernel.run("%%chat --compare gpt-4o,gpt-4o-mini\nhi", watched=False)
    assert [kind for kind, _ in ran.messages if "display" in kind] == ["display_data"]
    again = kernel.run("%%chat --compare gpt-4o,gpt-4o-mini\nhi", watched=False)
    assert ran.of("display_data")[0]["data"] == again.of("display_data")[0]["data"]
    assert "$" not in ran.text


def test_an_interrupted_comparison_keeps_what_had_come(kernel: Kernel) -> None:
    kernel.run('%aoai fault "pace=2 times=2"')
    cell = "%%chat --compare gpt-4o,gpt-4o-mini -o table\none two three four five six seven"
    ran = kernel.run(cell, interrupt_at="two")
    assert time.monotonic() - ran.interrupted < 5
    assert ran.error["ename"] == "Interrupted"
    assert ran.text.count("broken off") == ran.text.count("interrupted") == 2
    kept = kernel.run("print([text.startswith('one') for text in table['reply']], *table['error'])").text
    assert kept == "[True, True] interrupted interrupted\n"
    assert kernel.run("%%chat\nStill there?").error is None


def test_a_watched_picture_comes_into_being_in_one_display(kernel: Kernel) -> None:
    cell = "%%image --size 1024x1024 --quality low --partial-images 2\nA red fox."
    ran = kernel.run(cell)
    assert len(ran.of("display_data")) == 1
    pictures = [one["data"]["text/html"] for one in ran.of("update_display_data") if "<img" in one["data"]["text/html"]]
    assert len(set(pictures)) == 4, "two unfinished ones, the finished one, and the line under it"
    assert "local, free; on Azure about $0.019" in ran.text
    unwatched = kernel.run(cell, watched=False)
    assert [kind for kind, _ in unwatched.messages if "display" in kind] == ["display_data"]
    assert unwatched.text.endswith("drawn by sketch on this machine · 1024x1024 low · 4 tokens in, 472 out")


def test_an_unwatched_cell_is_shown_once_and_says_nothing_that_varies(kernel: Kernel) -> None:
    ran = kernel.run("%%chat\nSay hello", watched=False)
    assert [kind for kind, _ in ran.messages if "display" in kind] == ["display_data"]
    assert ran.text == "Say hello\n\ngpt-4o · answered by echo on this machine · 9 tokens in, 2 out"


@pytest.mark.parametrize("watched", [True, False])
def test_an_output_says_in_its_metadata_where_it_comes_from(kernel: Kernel, watched: bool) -> None:
    ran = kernel.run("%%chat gpt-4o-mini\nSay hello", watched=watched)
    said = ran.of("display_data", "update_display_data")[-1]["metadata"]["aoai_magic"]
    assert (said["service"], said["deployment"], said["model"]) == ("local", "gpt-4o-mini", "echo")
    again = kernel.run("%aoai last", watched=watched).of("display_data")[0]
    assert again["metadata"]["aoai_magic"] == said
    assert again["data"]["text/plain"].startswith("Say hello\n\ngpt-4o-mini · answered by echo")


def test_the_reply_is_in_out_and_the_next_underscore(kernel: Kernel) -> None:
    kernel.run("%%chat -q\nfirst")
    assert kernel.run("print(_, type(Out[2]).__name__, Out[2] is _2)").text == "first Reply True\n"


@pytest.mark.parametrize("watched", [True, False])
def test_code_goes_to_a_new_cell_where_somebody_looks(kernel: Kernel, watched: bool) -> None:
    asked = kernel.client.execute("%%chat -f code\nSo:\n```python\nran = True\n```", allow_stdin=watched)
    while (answer := kernel.client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != asked:
        pass
    put = {"source": "set_next_input", "text": "ran = True", "replace": False}
    assert answer["content"]["payload"] == ([put] if watched else [])
    assert kernel.run("'ran' in globals()").of("execute_result")[0]["data"]["text/plain"] == "False"


def test_an_error_fails_the_cell_with_a_short_message(kernel: Kernel) -> None:
    error = kernel.run("%%chat nope\nhi").error
    assert error["ename"] == "DeploymentNotFoundError"
    assert error["evalue"].splitlines()[0] == "The local service has no deployment 'nope'."
    assert len("\n".join(error["traceback"]).splitlines()) <= 4


def test_a_cell_run_again_replaces_its_own_turn_and_drops_the_later_ones(kernel: Kernel) -> None:
    for cell, prompt in (("a", "one"), ("b", "two"), ("c", "three")):
        kernel.run(f"%%chat -i tale\n{prompt}", cell=cell)
    again = kernel.run("%%chat -i tale\n2", cell="b")
    assert "tale: 2 turns, 20 of 111,616 tokens, 1 later turn dropped" in again.text
    show = "import aoai_magic as aoai; print([turn.messages[0]['content'] for turn in aoai.conversation('tale')])"
    assert kernel.run(show).text == "['one', '2']\n"
    assert "nope" in kernel.run("%%chat nope -i tale\nuno", cell="a").error["evalue"]
    assert kernel.run(show).text == "['one', '2']\n", "a cell that fails loses nothing"
    assert kernel.run("%aoai chats undo tale").text == "Taken back. tale: 3 turns\n"


def test_a_cell_that_sends_several_prompts_has_them_all_and_again_when_it_is_run_again(kernel: Kernel) -> None:
    twice = "import aoai_magic as aoai\nfor word in ('one', 'two'):\n    r = aoai.chat(word, conversation='tale')"
    kernel.run(twice, cell="a")
    kernel.run("%%chat -i tale\nthree", cell="b")
    kernel.run(twice, cell="a")
    assert kernel.run("print(len(aoai.conversation('tale')), r.conversation.dropped)").text == "2 0\n"


def test_an_interrupted_cell_joins_nothing_and_loses_nothing(kernel: Kernel) -> None:
    kernel.run("%%chat -c\nfirst", cell="a")
    kernel.run("%%chat -c\nsecond", cell="b")
    kernel.run('%aoai fault "pace=2 times=1"')
    ran = kernel.run("%%chat -c -o kept\none two three", cell="a", interrupt_at="one")
    assert ran.error["ename"] == "Interrupted"
    assert "broken off · not joined to main: 2 turns, as before" in ran.text
    show = "import aoai_magic as aoai; print(kept.text, [turn.messages[0]['content'] for turn in aoai.conversation()])"
    assert kernel.run(show).text == "one ['first', 'second']\n"


def test_cells_without_an_id_go_on_at_the_end(kernel: Kernel) -> None:
    for _ in range(3):
        ran = kernel.run("%%chat -c\nhi", watched=False)
    assert ran.text.endswith("main: 3 turns, 30 of 111,616 tokens")


def test_a_service_that_dies_between_two_cells_is_started_again(kernel: Kernel) -> None:
    assert kernel.run("%%chat\nbefore").error is None
    service = launch.find(settings.local())
    assert service is not None
    os.kill(service.pid, signal.SIGKILL)
    after = kernel.run("%%chat\nafter")
    assert after.error is None
    assert after.text.startswith("after\n")
    successor = launch.find(settings.local())
    assert successor is not None
    assert successor.pid != service.pid


def test_two_kernels_share_one_service_which_outlives_both() -> None:
    for service in launch.running(settings.home()):
        launch.stop(service)
    one, two = Kernel(), Kernel()
    try:
        for each in (one, two):
            each.run("%load_ext aoai_magic")
            assert each.run("%%chat\nhi").error is None
        assert len(launch.running(settings.home())) == 1
    finally:
        one.close()
        two.close()
    assert len(launch.running(settings.home())) == 1


def test_after_a_restart_everything_works_again(kernel: Kernel) -> None:
    kernel.run("%%chat\nhi")
    before = launch.find(settings.local())
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    assert "not found" in kernel.run("%%chat\nhi").text, "nothing is loaded after a restart"
    assert kernel.run("%load_ext aoai_magic").error is None
    assert kernel.run("%%chat\nhi").text.startswith("hi\n")
    assert launch.find(settings.local()) == before


def test_unloading_and_reloading_in_a_kernel(kernel: Kernel) -> None:
    kernel.run("%unload_ext aoai_magic")
    assert "not found" in kernel.run("%%chat\nhi").text
    loaded = kernel.run("%load_ext aoai_magic\n%reload_ext aoai_magic")
    assert {kind for kind, _ in loaded.messages} <= {"status", "execute_input"}
    assert kernel.run("%%chat\nhi").text.startswith("hi\n")


@pytest.mark.llama
def test_an_interrupt_keeps_what_had_arrived_and_the_kernel_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel()
    try:
        kernel.run("%load_ext aoai_magic")
        kernel.run("%%chat --max-tokens 1\nWake up")
        ran = kernel.run(
            "%%chat -t 0 --max-tokens 500 -o story\nWrite a long story about a lighthouse.", interrupt_at="ligh"
        )
        took = time.monotonic() - ran.interrupted
        assert took < 2
        assert ran.error["ename"] == "Interrupted"
        assert len(ran.error["traceback"]) == 1
        assert "lighthouse" in ran.text
        assert ran.text.endswith("broken off")
        kept = kernel.run("print(story.finish_reason, 'lighthouse' in story.text, story is _)").text
        assert kept == "None True True\n"
        assert kernel.run("%%chat --max-tokens 2\nStill there?").error is None
    finally:
        kernel.close()


def notebook(*cells: str) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def test_nbclient_runs_cells_to_their_end() -> None:
    ran = notebook("%load_ext aoai_magic", "%%chat -o a\nSay hello", "print(a.text)")
    NotebookClient(ran, timeout=60, kernel_name="python3").execute()
    shown = ran.cells[1].outputs
    assert len(shown) == 1
    assert shown[0]["data"]["text/plain"].startswith("Say hello\n")
    assert ran.cells[2].outputs[0]["text"] == "Say hello\n"


@pytest.mark.parametrize(
    "cell",
    [
        "%%chat nope\nhi",
        "%%chat --nonsense\nhi",
        "%aoai nonsense",
        "%aoai connect nonsense",
        "%config AoaiMagics.temperature = 3",
        "%config AoaiMagics.temprature = 0",
    ],
)
def test_nbclient_stops_at_an_error(cell: str) -> None:
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook("%load_ext aoai_magic", cell), timeout=60, kernel_name="python3").execute()
