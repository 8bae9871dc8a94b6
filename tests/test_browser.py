"""In a real browser: the first notebook, a reply that grows, the stop button, and payloads that must not fire."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aoai_magic import settings
from aoai_magic.local import weights

from .lab import Lab, running_lab
from .listener import Listener

HERE = Path(__file__).parent
pytestmark = [pytest.mark.browser, pytest.mark.llama]
SHOTS = Path("test-results")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory) as lab:
        weights.CHAT.ensure(settings.home())
        yield lab


def test_the_first_notebook_streams_its_reply(lab: Lab) -> None:
    shutil.copy(HERE.parent / "notebooks" / "00_start_here.ipynb", lab.root)
    with lab.open("00_start_here.ipynb") as notebook:
        notebook.command("notebook:clear-all-cell-outputs")
        notebook.run(0)
        notebook.wait_done()
        assert "local service" in notebook.text(0)
        seen = notebook.watch(1)
        notebook.run(1)
        notebook.page.wait_for_function("() => window.seen.at(-1)?.includes('tokens in')", timeout=120_000)
        *growing, whole = [text.strip() for text in seen.json_value()]
        reply = whole.split("gpt-4o")[0].strip()
        partial = [text for text in growing if text and reply.startswith(text) and text != reply]
        assert partial, "the text is seen growing"
        assert partial == sorted(partial, key=len), "and never shrinking"
        assert "answered by SmolLM2-135M-Instruct.Q4_1 on this machine" in notebook.text(1)
        assert "local, free; on Azure about $" in notebook.text(1)


def test_the_stop_button_keeps_what_had_arrived(lab: Lab) -> None:
    story = "%%chat -t 0 --max-tokens 500 -o story\nWrite a long story about a lighthouse."
    name = lab.write("stop.ipynb", "%load_ext aoai_magic", story, "print(len(story.text) > 20, story.finish_reason)")
    with lab.open(name) as notebook:
        notebook.run(0)
        notebook.wait_done()
        notebook.run(1)
        notebook.page.wait_for_function(
            "() => document.querySelectorAll('.jp-CodeCell')[1].querySelector('.jp-OutputArea')?.innerText.length > 40",
            timeout=60_000,
        )
        notebook.page.locator(
            "[data-jp-item-name='interrupt'] button, [data-command='notebook:interrupt-kernel']"
        ).first.click()
        started = time.monotonic()
        notebook.wait_done()
        assert time.monotonic() - started < 3
        text = notebook.text(1)
        assert "broken off" in text
        assert "Interrupted" in text
        assert "Traceback" not in text
        notebook.run(2)
        notebook.wait_done()
        assert notebook.text(2).strip() == "True None"


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_a_cell_that_is_run_again_takes_its_own_place_in_the_conversation(lab: Lab, front_end: str) -> None:
    chat = "%%chat -i tale --max-tokens 3\n"
    name = lab.write(f"again-{front_end}.ipynb", "%load_ext aoai_magic", f"{chat}one", f"{chat}two", f"{chat}three")
    with lab.open(name, front_end=front_end) as notebook:
        notebook.run_all()
        assert "tale: 3 turns" in notebook.text(3)
        notebook.run(2)
        time.sleep(0.5)
        notebook.wait_done()
        assert "tale: 2 turns" in notebook.text(2)
        assert "1 later turn dropped" in notebook.text(2)


RICH = r'''
from IPython.display import display
from aoai_magic.render import mimebundle
display(mimebundle(r"""
Money: $5 and $6. Maths: $e^{i\pi} + 1 = 0$, \(a < b\) and

$$\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}$$

\begin{align}
x &= 1 \\
y &= 2
\end{align}

| language | year |
|:---------|-----:|
| Python   | 1991 |

```python
def double(x):
    return 2 * x  # twice
```

[a link](https://example.com) and ![an image](https://example.com/x.png)
""", "gpt-4o · 8 tokens in, 20 out · about $0.00008"), raw=True)
'''


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_tables_code_and_maths_look_right(lab: Lab, theme: str) -> None:
    name = lab.write("rich.ipynb", RICH)
    lab.console.clear()
    with lab.open(name, theme=theme, height=900) as notebook:
        notebook.run_all()
        output = notebook.output(0)
        output.locator("mjx-container").nth(3).wait_for(timeout=30_000)
        SHOTS.mkdir(exist_ok=True)
        output.screenshot(path=str(SHOTS / f"rich-{theme.lower()}.png"))
        assert output.locator("mjx-container").count() == 4
        assert output.locator("mjx-merror").count() == 0
        assert "$5 and $6" in output.inner_text()
        assert "about $0.00008" in output.inner_text()
        assert output.locator("table td").count() == 2
        assert output.locator("img").count() == 0
        keyword, text = (
            output.locator(selector).first.evaluate("element => getComputedStyle(element).color")
            for selector in (".aoai-hl-k", ".aoai p")
        )
        assert keyword != text, "code is coloured"


def test_no_payload_fires_in_a_trusted_notebook(lab: Lab) -> None:
    listener = Listener()
    payloads = listener.payloads()
    (lab.root / "payloads.json").write_text(json.dumps(payloads))
    shown_as = (
        "mimebundle(text, text)",
        "bundled([Columns([Column(text, [Words(text)], {text: text}, text)] * 2), Quiet(text), Folded(text, text)])",
        "talk(text)",
    )
    setup = (
        "import json\nfrom IPython.display import display\nfrom aoai_magic import Conversation\n"
        "from aoai_magic.render import Column, Columns, Folded, Quiet, Words, bundled, mimebundle\n"
        "def talk(text):\n"
        "    made = Conversation('tale', system=text)\n"
        "    made.place().join([{'role': role, 'content': text} for role in ('user', 'assistant')], [], text)\n"
        "    return made._repr_mimebundle_()"
    )
    show = "for text in json.load(open('payloads.json'))[{}:{}]:\n    display({}, raw=True)"
    starts = range(0, len(payloads), 40)  # a cell shows at most 50 outputs
    cells = [setup, *(show.format(start, start + 40, one) for one in shown_as for start in starts)]
    name = lab.write("payloads.ipynb", *cells, listener.bait)
    with lab.open(name, height=3000) as notebook:
        notebook.run_all()
        notebook.page.wait_for_timeout(3000)
        shown = notebook.page.locator(".jp-OutputArea-child:has(.aoai)").count()
        assert shown == len(payloads) * len(shown_as)
        assert (
            notebook.page.locator(".aoai button, .aoai input, .aoai form, .aoai iframe, .aoai svg, .aoai img").count()
            == 0
        )
        notebook.page.wait_for_timeout(1000)
        assert notebook.page.locator(".jp-Toolbar:visible").count() > 0, "nothing hid the toolbar"
    listener.close()
    assert {path for path, _ in listener.hits} == {"/bait"}
