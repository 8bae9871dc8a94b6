"""What a committed notebook has to be, whatever it teaches; nbval runs them and compares."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aoai_magic.recordings import digest
from aoai_magic.recordings.store import Store

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
RECORDINGS = NOTEBOOKS[0].parent / "recordings"
# What would be another on the next machine, or tomorrow.
VARIES = {
    "a path": r"(?<![\w/.])/(?:home|root|tmp|usr|work|Users|opt|var)/|[A-Z]:\\\\",
    "a port": r"127\.0\.0\.1:\d+|localhost:\d+",
    "seconds": r"\b\d+(\.\d+)? (s|ms|seconds)\b",
    "a price": r"\$\d",
    "an address in memory": r"\b0x[0-9a-f]{6,}",
    "an id": r"chatcmpl-\w+|[0-9a-f]{8}-[0-9a-f]{4}-",
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    return json.loads(request.param.read_text(encoding="utf-8"))


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tags(cell: Any) -> list[str]:
    return cell["metadata"].get("tags", [])


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_it_was_run_from_top_to_bottom(notebook: Any) -> None:
    counts = [cell["execution_count"] for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "strict nbval compares nothing where a cell was never run"


def test_no_error_is_left_in_it_but_those_it_teaches(notebook: Any) -> None:
    for cell in code(notebook):
        failed = any(output["output_type"] == "error" for output in cell["outputs"])
        assert failed == ("raises-exception" in tags(cell)), cell["source"]


def test_it_runs_on_any_python_3_kernel(notebook: Any) -> None:
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    assert "widgets" not in notebook["metadata"]


def test_no_output_varies(notebook: Any) -> None:
    for cell in code(notebook):
        text = json.dumps(cell["outputs"], ensure_ascii=False)
        for what, pattern in VARIES.items():
            if what == "a price" and "nbval-ignore-output" in tags(cell):
                continue  # it has its date beside it
            assert not re.search(pattern, text), f"{what} in the output of {cell['source']}"


def test_every_output_is_compared_but_prices_of_the_day(notebook: Any) -> None:
    for cell in code(notebook):
        if "nbval-ignore-output" in tags(cell):
            assert re.search(VARIES["a price"], json.dumps(cell["outputs"])), cell["source"]


def test_no_cell_is_skipped(notebook: Any) -> None:
    for cell in code(notebook):
        assert set(tags(cell)) <= {"nbval-ignore-output", "raises-exception"}, cell["source"]


def test_it_has_the_form_of_a_lesson(notebook: Any) -> None:
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    begin = "%load_ext aoai_magic\n%aoai connect local\n%aoai record"
    assert "".join(code(notebook)[0]["source"]).startswith(begin), (
        "answers come from recordings, the same for everybody"
    )
    for part in ("**You will learn**", "Try it", "Predict", "Exercise",
                 "<details>", "lessons.check(", "**You have learned**"):  # fmt: skip
        assert part in text, part


def test_the_notebooks_that_it_links_to_are_there(notebook: Any) -> None:
    for cell in notebook["cells"]:
        for link in re.findall(r"\]\(([\w./-]+)\)", "".join(cell["source"])):
            assert (NOTEBOOKS[0].parent / link).is_file(), link


def test_the_readme_says_what_each_notebook_is_for_and_how_long_it_takes() -> None:
    readme = (NOTEBOOKS[0].parent.parent / "README.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\d\d_\w+)` \| (\d+) \|", readme, re.MULTILINE))
    assert list(table) == [file.stem for file in NOTEBOOKS]
    for file in NOTEBOOKS:
        said = f"{table[file.stem]} minutes; no account, no key, no network."
        assert said in file.read_text(encoding="utf-8"), file.name


def test_every_notebook_is_led_to_by_another() -> None:
    sources = {file: file.read_text(encoding="utf-8") for file in NOTEBOOKS}
    for file in NOTEBOOKS[1:]:
        assert any(f"({file.name})" in text for other, text in sources.items() if other != file), file.name


def test_they_run_from_their_recordings_with_the_network_cut_and_no_weights_in_any_order(tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in RECORDINGS.rglob("*")}
    order = [str(file) for file in NOTEBOOKS]
    random.shuffle(order)
    nbval = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(tmp_path),
    ]
    nbval += ["--nbval", "--nbval-current-env", *order]
    cut = ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    can_cut = subprocess.run([*cut, "true"], capture_output=True).returncode == 0
    home = tmp_path / "home"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AOAI_")}
    environment |= {"AOAI_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*(cut if can_cut else []), *nbval],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{order}\n{done.stdout}"
    assert not (home / "local").exists(), "a service was started, or looked for"
    assert not (home / "models").exists()
    assert {file: file.stat().st_mtime_ns for file in RECORDINGS.rglob("*")} == before, (
        "something was asked, and recorded"
    )


def test_the_recordings_are_as_they_were_written_and_no_larger_than_they_need_be() -> None:
    store = Store(RECORDINGS)
    assert all(one.hidden or digest(one.operation, one.request) == one.hash for one in store.recordings(files=True))
    assert sum(file.stat().st_size for file in RECORDINGS.rglob("*") if file.is_file()) < 8_000_000
    assert {one.kind for one in store.recordings()} == {"local"}


def test_it_is_small_enough_to_read(notebook: Any) -> None:
    assert len(json.dumps(notebook)) < 250_000
