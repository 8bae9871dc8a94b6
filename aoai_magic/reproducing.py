"""A notebook run once more, from its recordings alone, and compared cell by cell with what it says."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .environment import child_environment
from .errors import MissingExtraError, SettingsError
from .recordings.canonical import without_made_up
from .safe_html import safe_text
from .visible import visible

if TYPE_CHECKING:
    import os

Outcome = Literal["same", "different", "not compared", "not run"]

# Pictures depend on the version of what draws them, widgets on who looks.
_NOT_TEXT = re.compile(r"image/(png|jpeg|webp)|application/(vnd\.jupyter\.widget.*|javascript)|audio/.*")
# The quiet line under a reply says more to whoever watches than to nobody.
_STATUS = re.compile(r'<style>[^<]*</style>|<p class="aoai-status">.*?</p>', re.DOTALL)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
IGNORE = "nbval-ignore-output"
_IGNORED = {IGNORE, "nbval-skip"}
# Run in the kernel when all is done: what answered from recordings.
_HITS = "import json; from aoai_magic import recordings; print(json.dumps(sorted(recordings.hits)))"


@dataclass(frozen=True)
class Cell:
    """One code cell: its number from 1, what came of it, and where it differs how."""

    number: int
    source: str
    outcome: Outcome
    diff: str = ""

    def __str__(self) -> str:
        first = next((line for line in self.source.splitlines() if line.strip()), "")
        head = f"{self.number:>4}  {self.outcome:<13}{first[:60]}"
        return visible("\n".join([head, *(f"        {line}" for line in self.diff.splitlines())]))


@dataclass(frozen=True)
class Reproduction:
    """What came of running a notebook from its recordings. True if every cell that was compared is the same.

    `hits` are the recordings that answered: folder, hash and how-many-th time of each. `has_outputs` is whether any were
    saved. `str(report)` says it cell by cell.

    >>> bool(Reproduction(Path("a.ipynb"), [Cell(1, "1 + 1", "same")]))
    True
    """

    notebook: Path
    cells: Sequence[Cell]
    hits: frozenset[tuple[str, str, int]] = field(default_factory=frozenset)
    has_outputs: bool = True

    def __bool__(self) -> bool:
        return all(cell.outcome in ("same", "not compared") for cell in self.cells)

    def count(self, outcome: Outcome) -> int:
        """How many cells came out like that."""
        return sum(cell.outcome == outcome for cell in self.cells)

    @property
    def summary(self) -> str:
        """One line."""
        outcomes: tuple[Outcome, ...] = ("same", "different", "not run", "not compared")
        found = [f"{self.count(one)} {one}" for one in outcomes if self.count(one)]
        return f"{visible(self.notebook.name)}: {', '.join(found) or 'no cells'}; {len(self.hits)} recording{'s' * (len(self.hits) != 1)} answered"

    def __str__(self) -> str:
        return "\n".join([self.summary, *(str(cell) for cell in self.cells), *self._hints])

    @property
    def _hints(self) -> list[str]:
        """What to do about cells that differ."""
        if not self.count("different"):
            return []
        if not self.has_outputs:
            return ["No output is saved in it: run it, save it, and then reproduce it."]
        return [f"A cell whose output is another at every run is left out by the tag {IGNORE}."]

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{safe_text(str(self))}</pre>"


def reproduce(notebook: str | os.PathLike[str], *, timeout: float | None = 600) -> Reproduction:
    """Run a notebook from its recordings, and say which cells came out the same.

    It runs in a kernel of its own that may send nothing. The file is left as it is. The kernel's environment says
    AOAI_RECORDINGS=replay, which no cell lifts: every answer is a recorded one. Text is compared, with errors; pictures
    aren't, nor are cells that are tagged nbval-ignore-output. `timeout` is seconds for a cell, None for no end. Raises
    SettingsError for what is no notebook, MissingExtraError where the extra `lab` isn't installed.

    >>> reproduce("analysis.ipynb")  # doctest: +SKIP
    analysis.ipynb: 12 same; 5 recordings answered
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise MissingExtraError("Reproducing a notebook", "lab", str(error.name)) from None

    path = Path(notebook)
    saved = _read(path)
    again = nbformat.from_dict(json.loads(json.dumps(saved)))
    for cell in again.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)  # of the run before
    last = nbformat.v4.new_code_cell(_HITS)
    again.cells.append(last)
    client = NotebookClient(
        again,
        timeout=timeout,
        allow_errors=True,
        coalesce_streams=True,
        kernel_name="python3",
        store_widget_state=False,
        resources={"metadata": {"path": str(path.absolute().parent)}},
    )
    stopped = ""
    try:
        client.execute(env=child_environment(AOAI_RECORDINGS="replay"), stderr=subprocess.DEVNULL)
    except (CellTimeoutError, DeadKernelError) as error:
        stopped = str(error)
    hits = frozenset((str(folder), str(hash_), int(n)) for folder, hash_, n in _printed(last))
    has_outputs = any(cell.get("outputs") for cell in saved["cells"])
    return Reproduction(path, list(_compared(saved["cells"], again.cells[:-1], stopped)), hits, has_outputs)


def _read(path: Path) -> Any:
    import nbformat

    try:
        found = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise SettingsError(f"{path} is no notebook that can be read.", str(error)[:200], "aoai.reproduce('FILE.ipynb')") from error  # fmt: skip
    language = found.metadata.get("language_info", {}).get("name") or found.metadata.get("kernelspec", {}).get(
        "language"
    )
    if language not in (None, "python"):
        raise SettingsError(f"{path} is a notebook in {visible(str(language))}.", "It is run in a Python kernel.", "")
    return found


def _printed(cell: Any) -> Any:
    text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    return json.loads(text) if text.startswith("[") else []


def _compared(before: Sequence[Any], after: Sequence[Any], stopped: str) -> Iterator[Cell]:
    number = 0
    for saved, run in zip(before, after, strict=True):
        if saved["cell_type"] != "code":
            continue
        number += 1
        source = str(saved["source"])
        if source.strip() and "shell.execute_reply" not in run.metadata.get("execution", {}):
            yield Cell(number, source, "not run", stopped)
            stopped = ""
        elif _IGNORED & set(saved["metadata"].get("tags", ())):
            yield Cell(number, source, "not compared")
        else:
            then, now = (text_of(outputs) for outputs in (saved["outputs"], run.outputs))
            diff = [] if then == now else list(difflib.unified_diff(then, now, n=0, lineterm=""))[2:]
            shown = "\n".join(line[:200] for line in diff if not line.startswith("@@"))
            yield Cell(number, source, "different" if diff else "same", shown)


def text_of(outputs: Sequence[Any]) -> list[str]:
    """What a cell says, line by line: streams, the text of what is displayed, errors; no address in memory."""
    found: list[str] = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                found += f"[{output['name']}]\n{_joined(output['text'])}".splitlines()
            case "error":
                found += _COLOURS.sub("", f"{output['ename']}: {output['evalue']}").splitlines()
            case _:
                replied = "aoai_magic" in output["metadata"]
                for kind, data in sorted(output["data"].items()):
                    if not _NOT_TEXT.fullmatch(kind):
                        text = _joined(data) if isinstance(data, str | list) else json.dumps(data, sort_keys=True)
                        found += f"[{kind}]\n{_quiet(text) if replied else text}".splitlines()
    return [without_made_up(line) for line in found]


def _quiet(text: str) -> str:
    """A reply without the line under it."""
    if "<" in text and "aoai" in text:
        return _STATUS.sub("", text)
    body, gap, last = text.rpartition("\n\n")
    return body if gap and " · " in last else text


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
