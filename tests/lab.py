"""JupyterLab and Notebook 7 in Debian's Chromium, driven by Playwright: what a person does and sees."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, JSHandle, Locator, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
_IDLE = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.sessionContext?.session?.kernel?.status === 'idle'
}"""
# Comm messages have a subshell of their own, whose idle flips the kernel's status while a cell still runs: so prompts too.
_DONE = "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(prompt => prompt.textContent.includes('[*]'))"


class Lab:
    """A JupyterLab server on `root`, with settings of its own, and a browser that looks at it."""

    def __init__(self, root: Path, scratch: Path, browser: Browser) -> None:
        self.root, self.browser, self._scratch = root, browser, scratch
        self.console: list[str] = []
        self._environment = {**os.environ, "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces")}
        self._environment |= {
            name: str(scratch / name.lower())
            for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
        }
        self.set("notebook-extension/tracker", windowingMode="none")  # else cells off screen aren't in the page
        self.set("apputils-extension/notification", fetchNews="false", checkForUpdates=False)
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.port=0", "--log-level=CRITICAL",
            "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", f"--ServerApp.root_dir={root}",
        ]  # fmt: skip
        self._server = subprocess.Popen(
            command, env=self._environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.url = self._address()

    def set(self, plugin: str, **values: Any) -> None:
        """Write a setting of JupyterLab's."""
        file = Path(self._environment["JUPYTERLAB_SETTINGS_DIR"]) / f"@jupyterlab/{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))

    def _address(self) -> str:
        file = Path(self._environment["JUPYTER_RUNTIME_DIR"]) / f"jpserver-{self._server.pid}.json"
        for _ in range(600):
            assert self._server.poll() is None, "JupyterLab ended at once"
            with contextlib.suppress(OSError, ValueError):
                return str(json.loads(file.read_text())["url"])
            time.sleep(0.1)
        raise AssertionError("JupyterLab didn't come up")

    def write(self, name: str, *cells: str) -> str:
        """Put a notebook with these code cells into the root."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
        }
        nbformat.write(notebook, self.root / name)
        return name

    @contextlib.contextmanager
    def open(self, name: str, *, theme: str = "Light", height: int = 1400, front_end: str = "lab") -> Iterator[Opened]:
        """Open a notebook in a page of its own, with its kernel ready; `front_end` is lab or notebook."""
        self.set("apputils-extension/themes", theme=f"JupyterLab {theme}")
        context = self.browser.new_context(viewport={"width": 1100, "height": height})
        page = context.new_page()
        page.on("console", lambda message: self.console.append(message.text) if message.type == "error" else None)
        workspace = f"lab/workspaces/{Path(name).stem}-{theme}/tree"
        page.goto(f"{self.url}{workspace if front_end == 'lab' else 'notebooks'}/{name}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        page.wait_for_function(_IDLE, timeout=90_000)
        try:
            yield Opened(page)
        finally:
            page.evaluate("window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
            context.close()

    def close(self) -> None:
        self._server.terminate()
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()


class Opened:
    """A notebook on screen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def command(self, name: str) -> None:
        self.page.evaluate(f"window.jupyterapp.commands.execute('{name}')")

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")
        time.sleep(0.5)
        self.page.wait_for_function(_DONE, timeout=180_000)

    def run(self, number: int) -> None:
        """Select a code cell and run it, without waiting for its end."""
        self.page.locator(".jp-CodeCell").nth(number).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")

    def wait_done(self) -> None:
        self.page.wait_for_function(_DONE, timeout=180_000)

    def output(self, number: int) -> Locator:
        return self.page.locator(".jp-CodeCell").nth(number).locator(".jp-OutputArea")

    def text(self, number: int) -> str:
        output = self.output(number)
        return output.inner_text() if output.count() else ""

    def watch(self, number: int) -> JSHandle:
        """Every text that the output of a code cell shows from now on, in `window.seen` of the page too."""
        return self.page.evaluate_handle(
            """number => {
                const cell = document.querySelectorAll('.jp-CodeCell')[number]
                const look = () => window.seen.push(cell.querySelector('.jp-OutputArea')?.innerText ?? '')
                window.seen = []
                new MutationObserver(look).observe(cell, {childList: true, characterData: true, subtree: true})
                return window.seen
            }""",
            number,
        )


@contextlib.contextmanager
def running_lab(factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab with a root of its own, or no test where there is no browser; in CI there has to be one."""
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no browser at {CHROMIUM}: apt-get install chromium")
    with chromium() as browser:
        lab = Lab(factory.mktemp("root"), factory.mktemp("jupyter"), browser)
        try:
            yield lab
        finally:
            lab.close()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        try:
            yield browser
        finally:
            browser.close()
