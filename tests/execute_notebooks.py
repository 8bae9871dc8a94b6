"""Run the guided notebooks and write their outputs: `python tests/execute_notebooks.py [--record] [NAME …]`.

What nbval compares against. Run it after a change that shows in an output, and read the diff. Notebooks run from their
recordings; with --record everything in them is asked of the local service anew first.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from aoai_magic.recordings.store import Store

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def execute(file: Path, recordings: str) -> None:
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(
        notebook,
        timeout=900,  # a model on a busy machine
        store_widget_state=False,  # a committed notebook keeps static outputs, not widget state
        coalesce_streams=True,
        resources={"metadata": {"path": str(file.parent)}},
    ).execute(env={**os.environ, "AOAI_RECORDINGS": recordings})
    if recordings == "replay":
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)  # times of day
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, file)


if __name__ == "__main__":
    record, names = "--record" in sys.argv, [word for word in sys.argv[1:] if word != "--record"]
    files = [file for file in sorted(NOTEBOOKS.glob("*.ipynb")) if not names or file.stem in names]
    if record and not names:
        shutil.rmtree(NOTEBOOKS / "recordings", ignore_errors=True)
    for file in files:
        print(file.name, flush=True)
        if record:
            execute(file, "refresh" if names else "auto")
            store = Store(NOTEBOOKS / "recordings")
            replaced = {(one.hash, one.replaces) for one in store.recordings()}
            store.prune(lambda one, replaced=replaced: (one.hash, one.at) not in replaced)
        execute(file, "replay")
