"""Notebooks run once more from their recordings, in real kernels, with nothing sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import aoai_magic as aoai
from aoai_magic import cli, errors, recordings, settings
from aoai_magic.local import launch
from aoai_magic.recordings import keeping
from aoai_magic.reproducing import text_of

BEGIN = "%load_ext aoai_magic\n%aoai connect local\n%aoai record"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def notebook(*sources: str, name: str = "analysis.ipynb", tags: dict[int, list[str]] | None = None) -> Path:
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    made.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made.cells.insert(1, nbformat.v4.new_markdown_cell("Words."))
    for at, words in (tags or {}).items():
        [cell for cell in made.cells if cell.cell_type == "code"][at].metadata["tags"] = words
    nbformat.write(made, name)
    return Path(name)


def run(path: Path) -> None:
    """Run a notebook as its author did, and keep what it says."""
    from nbclient import NotebookClient

    made = nbformat.read(path, 4)
    NotebookClient(made, kernel_name="python3", allow_errors=True, coalesce_streams=True).execute()
    nbformat.write(made, path)


def test_a_notebook_is_reproduced_with_no_service_and_a_changed_cell_is_found() -> None:
    path = notebook(
        BEGIN,
        "%%chat -o reply\nHow are you?",
        "print(reply.text, reply.usage)",
        "1 / 0",
        "import os; os.getpid()",
        tags={4: ["nbval-ignore-output"]},
    )
    run(path)
    before = path.read_bytes()
    for service in launch.running(settings.home()):
        launch.stop(service)
    report = aoai.reproduce(path)
    assert bool(report)
    assert report.summary == "analysis.ipynb: 4 same, 1 not compared; 1 recording answered"
    assert launch.running(settings.home()) == []
    assert path.read_bytes() == before
    made = nbformat.read(path, 4)
    made.cells[3].source = "print(reply.text.upper())"
    nbformat.write(made, path)
    report = aoai.reproduce(path)
    assert not report
    assert [cell.outcome for cell in report.cells] == ["same", "same", "different", "same", "not compared"]
    assert "-How are you?" in str(report)
    assert "+HOW ARE YOU?" in report._repr_html_()


def test_where_an_object_lies_makes_no_difference_and_what_does_by_itself_can_be_left_out() -> None:
    path = notebook("object()", "import warnings; warnings.warn('beware')", "import os; os.getpid()")
    run(path)
    report = aoai.reproduce(path)
    assert [cell.outcome for cell in report.cells] == ["same", "same", "different"]
    assert str(report).splitlines()[-1].endswith("left out by the tag nbval-ignore-output.")


def test_a_notebook_that_was_never_run_has_nothing_to_be_compared_with() -> None:
    report = aoai.reproduce(notebook("1 + 1"))
    assert not report
    assert "run it, save it" in str(report)


def test_a_cell_whose_request_is_not_recorded_fails_in_it_and_sends_nothing() -> None:
    path = notebook(BEGIN, "%%chat\nrecorded")
    run(path)
    made = nbformat.read(path, 4)
    made.cells[2].source = "%%chat --fresh\nnot recorded"
    nbformat.write(made, path)
    report = aoai.reproduce(path)
    assert not report
    assert "NotRecordedError: This request isn't among the recordings" in str(report)


def test_the_command_says_it_by_its_status_and_prune_knows_what_was_needed(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = notebook(BEGIN, "%%chat\ngood"), notebook(BEGIN, "print(1)", name="bad.ipynb")
    run(good)
    run(bad)
    made = nbformat.read(bad, 4)
    made.cells[2].source = "print(2)"
    nbformat.write(made, bad)
    aoai.record()
    aoai.connect("local")
    aoai.chat("nobody needs this")
    capsys.readouterr()
    assert cli.main(["reproduce", str(good)]) == 0
    assert capsys.readouterr().out == "analysis.ipynb: 2 same; 1 recording answered\n"
    assert cli.main(["reproduce", str(good), str(bad)]) == 1
    assert "   2  different    print(2)\n        -1\n        +2" in capsys.readouterr().out
    assert keeping.pruned() == "1 line is gone. Kept is what analysis.ipynb needed."
    assert len(list(recordings.store().recordings())) == 1
    assert cli.main(["reproduce", str(good)]) == 0


def test_a_kernel_that_dies_and_a_cell_that_takes_too_long_are_told_of() -> None:
    dead = notebook("print(1)", "import os; os._exit(3)", "print(2)", name="dead.ipynb")
    report = aoai.reproduce(dead)
    assert [cell.outcome for cell in report.cells] == ["different", "not run", "not run"]
    assert "died" in str(report)
    slow = notebook("print(1)", "import time; time.sleep(60)", name="slow.ipynb")
    report = aoai.reproduce(slow, timeout=1)
    assert not report
    assert report.cells[1].outcome == "not run"


def test_what_was_run_before_says_nothing_of_a_cell_that_was_not_reached() -> None:
    file = notebook("print(1)", "x = 2", "print(3)")
    run(file)
    made = nbformat.read(file, 4)
    assert "execution" in made.cells[2].metadata
    made.cells[0].source = "import os; os._exit(3)"
    nbformat.write(made, file)
    assert [cell.outcome for cell in aoai.reproduce(file).cells] == ["not run"] * 3


def test_a_notebook_of_another_language_is_refused() -> None:
    file = notebook("1")
    made = nbformat.read(file, 4)
    made.metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    nbformat.write(made, file)
    with pytest.raises(errors.SettingsError, match="in R"):
        aoai.reproduce(file)


def test_one_that_cannot_be_read_keeps_none_of_the_others_from_being_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.ipynb").write_text("no JSON")
    run(notebook("print(1)", name="b.ipynb"))
    assert cli.main(["reproduce", "."]) == 1
    told = capsys.readouterr()
    assert "a.ipynb is no notebook" in told.err
    assert "b.ipynb: 1 same" in told.out


def test_a_folder_without_notebooks_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert cli.main(["reproduce", str(tmp_path / "empty")]) == 1
    assert "no notebook in" in capsys.readouterr().err


def test_prune_keeps_what_a_notebook_needed_before_it_broke() -> None:
    file = notebook(BEGIN, "%%chat\nfirst", "%%chat\nsecond")
    run(file)
    assert cli.main(["reproduce", str(file)]) == 0
    made = nbformat.read(file, 4)
    made.cells[-1].source = "1/0\n" + made.cells[-1].source
    nbformat.write(made, file)
    assert cli.main(["reproduce", str(file)]) == 1
    aoai.record()
    assert keeping.pruned().startswith("0 lines are gone")


def test_what_is_no_notebook_is_refused() -> None:
    Path("notes.ipynb").write_text("no JSON")
    for name in ("notes.ipynb", "missing.ipynb"):
        with pytest.raises(errors.SettingsError, match="is no notebook"):
            aoai.reproduce(name)


def reply(html: str, plain: str) -> dict[str, Any]:
    data = {"text/html": html, "text/plain": plain, "image/png": "AAAA"}
    return {"output_type": "display_data", "data": data, "metadata": {"aoai_magic": {"service": "azure"}}}


def test_what_only_those_who_watched_were_told_makes_no_difference() -> None:
    watched = reply(
        '<div class="aoai"><p>Hi</p><p class="aoai-status">d · 9 in · 1.2 s · about $0.01</p></div>',
        "Hi\n\nd · 9 in · 1.2 s",
    )
    unwatched = reply('<div class="aoai"><p>Hi</p><p class="aoai-status">d · 9 in</p></div>', "Hi\n\nd · 9 in")
    another = reply('<div class="aoai"><p>Ho</p><p class="aoai-status">d · 9 in</p></div>', "Ho\n\nd · 9 in")
    assert text_of([watched]) == text_of([unwatched]) != text_of([another])


def test_what_is_missing_is_told_with_the_extra_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(errors.MissingExtraError, match=r"'nbformat'.*[\s\S]*aoai-magic\[lab\]"):
        aoai.reproduce("analysis.ipynb")
