"""Run the guided notebooks and write their outputs: `python tests/execute_notebooks.py [NAME …]`.

What nbval compares against. Run it after a change that shows in an output, and read the diff.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def execute(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(
        notebook,
        timeout=120,
        store_widget_state=False,  # a committed notebook keeps static outputs, not widget state
        coalesce_streams=True,
        resources={"metadata": {"path": str(file.parent)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, file)


if __name__ == "__main__":
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        if len(sys.argv) == 1 or file.stem in sys.argv[1:]:
            print(file.name)
            execute(file)
