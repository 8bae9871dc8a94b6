"""The file of a run: what is in it is found again, whatever became of its writer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import errors, settings
from aoai_magic.table import file, runs
from aoai_magic.table.file import RunFile
from aoai_magic.table.outcome import Answer

ANSWERS = {"a": Answer("one"), "b": Answer("two\nlines ", "length", "cut at the token limit"), "c": Answer("\ud800")}


def written(path: Path, answers: dict[str, Answer] = ANSWERS) -> Path:
    kept = RunFile(path, new=True)
    for key, answer in answers.items():
        kept.keep(key, answer)
    kept.close(done=False)
    return path


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    again = RunFile(written(tmp_path / "run.jsonl"))
    assert again.answers == ANSWERS
    again.keep("d", Answer("four"))
    again.close(done=False)
    assert file.read(tmp_path / "run.jsonl")[1].keys() == {"a", "b", "c", "d"}


@given(
    st.dictionaries(
        st.text(min_size=1), st.builds(Answer, st.text(), st.sampled_from(["stop", "length", None]), st.text())
    )
)
def test_any_answer_is_found_again(tmp_path_factory: pytest.TempPathFactory, answers: dict[str, Answer]) -> None:
    again = RunFile(written(tmp_path_factory.mktemp("run") / "run.jsonl", answers))
    assert again.answers == answers
    again.close(done=True)


@given(st.data())
def test_a_file_cut_anywhere_gives_back_all_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = written(tmp_path_factory.mktemp("run") / "run.jsonl")
    content = path.read_bytes()
    head = content.index(b"\n") + 1
    cut = data.draw(st.integers(head, len(content)))
    path.write_bytes(content[:cut])
    again = RunFile(path)
    assert len(again.answers) == content[head:cut].count(b"\n")
    again.keep("z", Answer("last"))
    again.close(done=False)
    lines = path.read_bytes().splitlines()
    assert json.loads(lines[-1]) == {"key": "z", "text": "last"}


def test_a_damaged_line_costs_only_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"key": "a", "te\n[1]\n\n{"key": 3, "text": ""}\n' + lines[2])
    assert file.read(path)[1].keys() == {"b"}


def test_a_run_that_is_done_leaves_nothing(tmp_path: Path) -> None:
    kept = RunFile(tmp_path / "run.jsonl", new=True)
    kept.close(done=True)
    assert list(tmp_path.iterdir()) == []


def test_only_its_user_can_read_it() -> None:
    kept = file.new({})
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent == settings.home() / "maps"
    kept.close(done=True)


def test_two_runs_cannot_have_one_file(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl")
    first = RunFile(path)
    with pytest.raises(errors.RunFileError, match="Another run has"):
        RunFile(path)
    first.close(done=False)
    RunFile(path).close(done=False)


def test_what_is_no_run_is_told_and_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "notes.jsonl"
    other.write_text('{"key": "a", "text": "mine"}\nunfinished')
    with pytest.raises(errors.RunFileError, match="no file of a run"):
        RunFile(other)
    assert other.read_text() == '{"key": "a", "text": "mine"}\nunfinished'
    with pytest.raises(errors.RunFileError, match="no run in"):
        RunFile(tmp_path / "nowhere.jsonl")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
def test_a_full_disk_is_told_and_the_answer_stays_in_memory() -> None:
    kept = file.new({})
    own = kept._file
    kept._file = os.open("/dev/full", os.O_RDWR)
    with pytest.raises(errors.RunFileError, match="can't be written"):
        kept.keep("a", Answer("one"))
    assert kept.answers == {"a": Answer("one")}
    os.close(kept._file)
    kept._file = own
    kept.close(done=True)


def test_the_run_that_answers_most_is_found() -> None:
    folder = settings.home() / "maps"
    folder.mkdir(parents=True, exist_ok=True)
    most = written(folder / "0.jsonl", {"a": ANSWERS["a"], "b": ANSWERS["b"]})
    less = written(folder / "1.jsonl", {"a": ANSWERS["a"]})
    (folder / "2.jsonl").write_text("garbage")
    try:
        assert [one.path for one in runs.with_answers(["a", "b", "z"])] == [most, less]
        assert runs.with_answers(["a"])[0].path == less  # the newer of equals
        assert runs.with_answers(["z"]) == []
    finally:
        for path in folder.iterdir():
            path.unlink()
