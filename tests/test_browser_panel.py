"""The chat panel in a real browser: JupyterLab and Notebook 7, light and dark, by pointer and keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import Lab, running_lab
from .listener import Listener
from .test_browser_widgets import errors_of_an_empty_notebook

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
SHOTS = Path("test-results")
FRONT_ENDS = [("lab", "Light"), ("lab", "Dark"), ("notebook", "Light"), ("notebook", "Dark")]
BEGIN = "import os\nos.environ['AOAI_LOCAL_ENGINE'] = 'echo'\n%load_ext aoai_magic\nimport aoai_magic as aoai"
SHOW = "panel = aoai.ChatPanel('gpt-4o')\npanel"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory) as lab:
        yield lab


class Panel:
    """What a person finds in the panel: by the names that a screen reader would say."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".aoai-panel")
        self.box = self.root.get_by_role("textbox", name="Prompt")
        self.line = self.root.locator(".aoai-quiet")
        self.turns = self.root.locator(".aoai-turn")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def number(self, name: str) -> Locator:
        return self.root.get_by_label(f"{name}, number")

    def handle(self, name: str) -> Locator:
        """What is dragged along a slider."""
        return self.root.locator(".widget-hslider", has_text=name).locator(".noUi-handle")

    def answered(self, turn: int = -1) -> Locator:
        shown = self.turns.nth(turn)
        expect(shown.locator(".aoai-status")).to_contain_text("answered by echo", timeout=60_000)
        expect(self.button("Send")).to_be_enabled()
        return shown


def drag(page: Page, handle: Locator, right: int) -> None:
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y, steps=5)
    page.mouse.up()


@pytest.mark.parametrize(("front_end", "theme"), FRONT_ENDS)
def test_a_chat_is_had_in_the_panel(lab: Lab, front_end: str, theme: str) -> None:
    known = errors_of_an_empty_notebook(lab, front_end, theme)
    slow = "%aoai fault 'pace=0.4 times=1'\n%aoai fault 'pace=2 times=1'"
    name = lab.write(f"panel-{front_end}-{theme}.ipynb", BEGIN, SHOW, slow, "aoai.last.request")
    lab.console.clear()
    with lab.open(name, theme=theme, front_end=front_end, height=1500) as notebook:
        for cell in (0, 1):
            notebook.run(cell)
            notebook.wait_done()
        page, panel = notebook.page, Panel(notebook.page)

        # What it will cost is said as it is typed.
        panel.box.click()
        page.keyboard.type("one two")
        expect(panel.line).to_contain_text("9 tokens in", timeout=30_000)
        page.keyboard.type(" three b d d")  # alone these would be shortcuts of the notebook's
        expect(panel.line).to_contain_text("13 tokens in")
        page.keyboard.press("Control+Enter")
        expect(panel.answered(0)).to_contain_text("one two three b d d")
        expect(panel.box).to_have_value("")
        expect(panel.box).to_be_focused()
        assert page.locator(".jp-Cell").count() == 4

        # A reply is seen growing.
        notebook.run(2)
        notebook.wait_done()
        panel.box.fill("four **five** six seven eight nine")
        page.keyboard.press("Meta+Enter")
        seen: list[int] = []
        expect(panel.turns).to_have_count(2)
        while not panel.turns.last.locator(".aoai-status").count():
            seen.append(len(panel.turns.last.inner_text()))
            page.wait_for_timeout(60)
            assert len(seen) < 2000
        assert len(set(seen)) >= 4
        expect(panel.answered(1).locator(".aoai strong")).to_have_text("five")

        # Stop keeps what has come; retry, by the keyboard, gets the rest.
        panel.box.fill("ten eleven twelve")
        panel.button("Send").click()
        expect(panel.turns.nth(2)).to_contain_text("gpt-4o\nten", timeout=60_000, use_inner_text=True)
        panel.button("Stop").click()
        expect(panel.turns.nth(2).locator(".aoai-status")).to_contain_text("stopped", timeout=1_500)
        expect(panel.turns.nth(2).locator(".aoai p").first).to_have_text("ten")
        expect(panel.button("Stop")).to_be_disabled()
        page.wait_for_timeout(2500)
        expect(panel.turns.nth(2).locator(".aoai p").first).to_have_text("ten")
        panel.button("Retry").focus()
        page.keyboard.press("Enter")
        expect(panel.turns.nth(2).locator(".aoai p").first).to_have_text("ten eleven twelve", timeout=30_000)
        panel.answered(2)
        assert panel.turns.count() == 3

        # What a model doesn't take is greyed, and says why.
        panel.button("Settings").click()
        picker = panel.root.get_by_label("Deployment")
        picker.select_option("gpt-5")
        expect(panel.number("Temperature")).to_be_disabled()
        expect(panel.root.locator(".aoai-why").first).to_contain_text("reasoning model")
        before = panel.handle("Temperature").get_attribute("aria-valuetext")
        drag(page, panel.handle("Temperature"), -60)
        assert panel.handle("Temperature").get_attribute("aria-valuetext") == before
        panel.root.get_by_label("Effort").select_option("low")
        picker.select_option("gpt-4o")
        expect(panel.number("Temperature")).to_be_enabled()
        expect(panel.root.get_by_label("Effort")).to_be_disabled()

        # A slider by the pointer, and its number by the keyboard.
        drag(page, panel.handle("Top p"), -60)
        expect(panel.number("Top p")).not_to_have_value("1")
        panel.number("Temperature").fill("0.3")
        page.keyboard.press("Enter")
        expect(panel.handle("Temperature")).to_have_attribute("aria-valuetext", "0.3")
        panel.root.get_by_label("System").fill("Be brief.")
        panel.box.fill("What does it cost, $5 or $6?\n\n    indented <b>")
        expect(panel.line).to_contain_text("tokens in")
        panel.button("View code").click()
        expect(panel.root.locator("pre").last).to_contain_text("import OpenAI")
        expect(panel.root.locator("pre").last).to_contain_text("temperature=0.3")
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / f"panel-{front_end}-{theme.lower()}.png"))

        panel.button("View code").click()
        expect(panel.root.locator("pre", has_text="OpenAI")).to_have_count(0)

        # A cell that sends the same.
        panel.button("To a cell").click()
        expect(page.locator(".jp-Cell")).to_have_count(5)
        new = page.locator(".jp-CodeCell").nth(2)
        expect(new).to_contain_text("%%chat gpt-4o -t 0.3 --top-p 0.")
        expect(new).to_contain_text("    indented <b>")
        panel.button("Send").click()
        panel.answered(3)
        notebook.run(2)
        notebook.wait_done()
        assert "What does it cost, $5 or $6?" in notebook.text(2)
        notebook.run(4)
        notebook.wait_done()
        assert "'temperature': 0.3" in notebook.text(4)

        # What went wrong is told as a cell tells it.
        panel.box.fill("aoai-filter:violence")
        panel.button("Send").click()
        expect(panel.turns.nth(4).locator(".aoai-wrong")).to_contain_text(
            "blocked by the content filter", timeout=30_000
        )
        expect(panel.button("Send")).to_be_enabled()
        page.screenshot(path=str(SHOTS / f"panel-after-{front_end}-{theme.lower()}.png"))

        # While the panel lives, its static form isn't seen; in the saved notebook it is.
        expect(page.locator(".aoai-panel-static")).to_have_count(1)
        expect(page.locator(".aoai-panel-static")).to_be_hidden()
        notebook.command("docmanager:save")
        page.wait_for_timeout(1500)
    assert set(lab.console) <= known
    saved = nbformat.read(lab.root / name, 4)
    outputs = [output["data"] for output in saved.cells[1].outputs]
    assert "application/vnd.jupyter.widget-view+json" in outputs[0]
    assert "You: ten eleven twelve\n\ngpt-4o: ten eleven twelve" in outputs[1]["text/plain"]
    assert "<strong>five</strong>" in outputs[1]["text/html"]
    with lab.open(name, theme=theme, front_end=front_end) as notebook:  # its kernel is gone
        expect(notebook.page.locator(".aoai-panel-static")).to_be_visible()
        expect(notebook.page.locator(".aoai-panel-static .aoai strong")).to_have_text("five")


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_the_panel_is_gone_through_by_the_keyboard_alone(lab: Lab, front_end: str) -> None:
    name = lab.write(f"keys-{front_end}.ipynb", BEGIN, SHOW)
    with lab.open(name, front_end=front_end) as notebook:
        notebook.run_all()
        page, panel = notebook.page, Panel(notebook.page)
        panel.box.fill("one")
        expect(panel.line).to_contain_text("tokens in", timeout=30_000)
        panel.root.get_by_label("Deployment").focus()
        gone_through = [focused(page)]
        while gone_through[-1] != "To a cell" and len(gone_through) < 20:
            page.keyboard.press("Tab")
            gone_through.append(focused(page))
        assert gone_through == ["Deployment", "Refresh", "Settings", "Prompt", "Send", "View code", "To a cell"]
        panel.button("Settings").focus()
        page.keyboard.press("Space")
        expect(panel.root.get_by_label("System")).to_be_visible()
        gone_through = []
        while not gone_through or gone_through[-1] != "Prompt":
            page.keyboard.press("Tab")
            gone_through.append(focused(page))
            assert len(gone_through) < 20
        assert [one.partition(",")[0] for one in gone_through] == [
            "System", "slider", "Temperature", "slider", "Top p", "slider", "Max. tokens", "Prompt",
        ]  # fmt: skip


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_a_chat_is_had_by_the_keyboard_alone(lab: Lab, front_end: str) -> None:
    name = lab.write(f"typed-{front_end}.ipynb", BEGIN, "%aoai fault 'pace=0.5 times=2'", SHOW)
    with lab.open(name, front_end=front_end) as notebook:
        notebook.run_all()
        page, panel = notebook.page, Panel(notebook.page)
        panel.box.fill("one two three four five six")
        page.keyboard.press("Tab")
        assert focused(page) == "Send"
        page.keyboard.press("Enter")
        expect(panel.box).to_be_focused(timeout=30_000)  # Send is greyed, and would have lost it
        expect(panel.turns.last).to_contain_text("one", timeout=30_000)
        page.keyboard.press("Escape")
        expect(panel.turns.last.locator(".aoai-status")).to_contain_text("stopped", timeout=5_000)
        expect(panel.box).to_be_focused()
        page.keyboard.press("Escape")  # nothing to be stopped
        panel.button("Retry").focus()
        page.keyboard.press("Enter")
        expect(panel.box).to_be_focused(timeout=30_000)
        panel.answered(0)
        panel.root.get_by_label("Deployment").select_option("another …")
        expect(panel.root.get_by_text("Name", exact=True)).to_be_visible()
        panel.root.get_by_label("Name").fill("gpt-4p")
        panel.box.fill("Are you there?")
        page.keyboard.press("Control+Enter")
        expect(panel.turns.last).to_contain_text("no deployment 'gpt-4p'", timeout=30_000)


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_wherever_the_focus_goes_it_is_seen_and_has_a_name(lab: Lab, front_end: str) -> None:
    shown = ("ChatPanel('gpt-4o')", "Compare('gpt-4o,gpt-4o-mini')", "UsagePanel()", "DeploymentsPanel()")
    lenses = ("TokenLens('a pear')", "VisionCosts()")
    cells = [f"aoai.{one}" for one in (*shown, *lenses)]
    name = lab.write(f"focus-{front_end}.ipynb", BEGIN, *cells)
    with lab.open(name, front_end=front_end, height=1700) as notebook:
        notebook.run_all()
        page = notebook.page
        expect(page.locator(".aoai-vision table")).to_be_visible(timeout=30_000)
        page.locator(".aoai-panel").first.get_by_label("Deployment").focus()
        names: list[str] = []
        while page.evaluate("document.activeElement.closest('.jp-OutputArea') !== null"):
            names.append(focused(page))
            outline = page.evaluate(
                "(at => [at.outlineStyle, at.outlineWidth])(getComputedStyle(document.activeElement))"
            )
            assert (outline, names[-1] != "") == (["solid", "2px"], True), names
            page.keyboard.press("Tab")
            assert len(names) < 60
        assert {"Send", "Others", "By model", "Filter", "text 1", "detail", "all models"} <= {*names}


@pytest.mark.parametrize(("front_end", "theme"), [("lab", "Light"), ("notebook", "Dark")])
def test_usage_and_deployments_are_looked_at(lab: Lab, front_end: str, theme: str) -> None:
    known = errors_of_an_empty_notebook(lab, front_end, theme)
    asks = f"{BEGIN}\nfor name in ('gpt-4o', 'gpt-4.1-mini'):\n    _ = aoai.chat('one two three', deployment=name)"
    name = lab.write(f"dashboards-{front_end}.ipynb", asks, "aoai.UsagePanel()", "aoai.DeploymentsPanel()")
    lab.console.clear()
    with lab.open(name, theme=theme, front_end=front_end, height=1700) as notebook:
        notebook.run_all()
        page = notebook.page
        usage, deployments = page.locator(".aoai-panel").first, page.locator(".aoai-panel").last
        expect(usage.locator("td").first).to_contain_text("20")
        usage.get_by_role("button", name="By model").click()
        expect(usage.locator("td", has_text="gpt-4.1-mini-2025-04-14")).to_be_visible()
        expect(usage.locator("img")).to_be_visible()
        deployments.get_by_role("button", name="Refresh").click()
        expect(deployments.locator("td", has_text="Succeeded").first).to_be_attached(timeout=30_000)
        deployments.get_by_label("Filter").fill("mini")
        expect(deployments.locator("tr:has(td)").filter(has_not_text="mini")).to_have_count(0)
        expect(deployments.locator("td", has_text="gpt-4o-mini").first).to_be_attached()
        expect(page.locator(".aoai-panel-static").first).to_be_hidden()
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / f"dashboards-{front_end}-{theme.lower()}.png"))
        notebook.command("docmanager:save")
        page.wait_for_timeout(1500)
    assert set(lab.console) <= known
    saved = nbformat.read(lab.root / name, 4)
    assert "gpt-4.1-mini-2025-04-14" in saved.cells[1].outputs[1]["data"]["text/plain"]
    assert "Succeeded" in saved.cells[2].outputs[1]["data"]["text/plain"]


def focused(page: Page) -> str:
    """What a screen reader would call what has the focus."""
    return str(
        page.evaluate(
            """() => {
                const at = document.activeElement;
                if (at.getAttribute("role") === "slider") return "slider";
                const label = at.labels?.[0]?.textContent;
                return label || at.getAttribute("aria-label") || (at.tagName === "BUTTON" ? at.textContent : at.title);
            }"""
        )
    ).strip()


def test_no_payload_fires_in_the_panel(lab: Lab) -> None:
    listener = Listener()
    payloads = listener.payloads()
    (lab.root / "payloads.json").write_text(json.dumps(payloads))
    through = """
import json
def ask(text):
    panel.ask(text)
    panel._thread.join(60)
for text in json.load(open("payloads.json")):
    ask(text)  # the prompt, and the reply, which repeats it
    panel.conversation = aoai.Conversation("panel")
panel._picker.value = ""
for text in json.load(open("payloads.json"))[::4]:
    panel._other.value = text  # a name of a deployment, and the error, which repeats it
    ask("x")
"""
    name = lab.write("panel-payloads.ipynb", BEGIN, SHOW, through, listener.bait)
    with lab.open(name, height=3000) as notebook:
        notebook.run_all()
        page, panel = notebook.page, Panel(notebook.page)
        expect(panel.turns).to_have_count(len(payloads) + len(payloads[::4]), timeout=60_000)
        assert panel.turns.locator("button, input, form, iframe, svg:not(mjx-container svg), img, script").count() == 0
        assert page.locator(".aoai-wrong").count() > 0
        page.wait_for_timeout(3000)
        assert page.locator(".jp-Toolbar:visible").count() > 0, "nothing hid the toolbar"
    listener.close()
    assert {path for path, _ in listener.hits} == {"/bait"}


@pytest.mark.parametrize(("front_end", "theme"), FRONT_ENDS)
def test_deployments_are_compared_in_the_panel(lab: Lab, front_end: str, theme: str) -> None:
    known = errors_of_an_empty_notebook(lab, front_end, theme)
    slow = "%aoai fault off\n%aoai fault 'pace=0.4 times=3'"
    name = lab.write(f"compare-{front_end}-{theme}.ipynb", BEGIN, "aoai.Compare('gpt-4o')", slow)
    lab.console.clear()
    with lab.open(name, theme=theme, front_end=front_end, height=1500) as notebook:
        for cell in (0, 1, 2):
            notebook.run(cell)
            notebook.wait_done()
        page, panel = notebook.page, Panel(notebook.page)
        cells = panel.root.locator("tbody tr").first.locator("td")

        # At least two are ticked, by pointer and keyboard, and what it will cost is said as it is typed.
        expect(panel.line).to_have_text("Tick at least two deployments.")
        expect(panel.button("Send")).to_be_disabled()
        panel.root.get_by_label("gpt-4o-mini", exact=True).check()
        panel.root.get_by_label("gpt-4.1", exact=True).focus()
        page.keyboard.press("Space")
        panel.box.fill("What does it cost, $5 or **$6**?")
        expect(panel.line).to_contain_text("gpt-4o 20, gpt-4o-mini 20, gpt-4.1 20", timeout=30_000)
        panel.box.focus()
        page.keyboard.press("Control+Enter")

        # They are seen growing, side by side, and can be stopped.
        seen: set[str] = set()
        while "cost" not in (text := panel.root.locator("tbody").inner_text() if cells.count() else ""):
            seen.add(text)
            page.wait_for_timeout(60)
            assert len(seen) < 500
        panel.button("Stop").click()
        expect(panel.button("Send")).to_be_enabled(timeout=1_500)
        assert len(seen) >= 3
        expect(cells).to_have_count(3)
        expect(panel.root.locator("td", has_text="interrupted")).to_have_count(3)
        stopped = panel.root.locator("tbody").inner_text()
        page.wait_for_timeout(1500)
        assert panel.root.locator("tbody").inner_text() == stopped

        # Again, in whole.
        panel.button("Send").click()
        expect(panel.button("Send")).to_be_enabled(timeout=60_000)
        expect(cells.nth(2).locator("strong")).to_have_text("$6")
        expect(panel.root.locator("td", has_text="20 tokens in, 13 out")).to_have_count(3)
        expect(panel.root.locator("mjx-container")).to_have_count(0)
        tops = {panel.root.locator("thead th").nth(at).bounding_box()["y"] for at in range(3)}  # type: ignore[index]
        assert len(tops) == 1, "side by side"

        # What one of them refuses is greyed.
        panel.root.get_by_label("gpt-5", exact=True).check()
        panel.button("Settings").click()
        expect(panel.number("Temperature")).to_be_disabled()
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / f"compare-{front_end}-{theme.lower()}.png"))
        expect(page.locator(".aoai-panel-static")).to_be_hidden()
        notebook.command("docmanager:save")
        page.wait_for_timeout(1500)
    assert set(lab.console) <= known
    saved = nbformat.read(lab.root / name, 4)
    kept = saved.cells[1].outputs[1]["data"]
    assert kept["text/plain"].startswith("What does it cost, $5 or **$6**?\n\ngpt-4o\n──────\n")
    with lab.open(name, theme=theme, front_end=front_end) as notebook:  # its kernel is gone
        expect(notebook.page.locator(".aoai-panel-static")).to_be_visible()
        expect(notebook.page.locator(".aoai-panel-static strong").first).to_have_text("$6")
