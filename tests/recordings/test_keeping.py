"""Recordings looked after: listed, shown, checked, pruned, compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic import errors, recordings
from aoai_magic.recordings import keeping
from aoai_magic.recordings.recording import Answer
from aoai_magic.recordings.store import Store

from .making import recording


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    aoai.record()
    return recordings.store()


def test_they_are_listed_with_what_was_asked_and_answered(run: Any, store: Store) -> None:
    aoai.record()
    store.add(recording("How are you?", "Fine.\x1b[31m"))
    store.add(recording("How are you?", "Still fine.", n=2, kind="local"))
    table = keeping.listed()
    assert table["asked"].tolist() == ["How are you?"] * 2
    assert table["answered"].tolist() == ["Fine.␛[31m", "Still fine."]
    assert (table["kind"].tolist(), table["n"].tolist()) == (["azure", "local"], [1, 2])
    run("%aoai recordings")
    run("assert len(_) == 2, _")


def test_what_lies_beside_a_line_is_listed_as_what_it_is(store: Store) -> None:
    aoai.record()
    body = {"data": [{"index": 0, "embedding": [0.123456789] * 3000}]}
    store.add(recording(operation="embeddings", request={"input": "hi"}, answer=Answer(200, {}, body=body)))
    assert len(list((store.folder / "files").iterdir())) == 1
    assert keeping.listed()["answered"][0].startswith("vector ")


def test_one_is_shown_in_full(run: Any, store: Store) -> None:
    one = recording("How are you?", "Fine.")
    store.add(one)
    aoai.record()
    shown = run(f"%aoai recordings --show {one.hash[:6]}")
    for part in (one.hash, one.at, "azure, chat/completions", '"content": "How are you?"', "Fine."):
        assert part in shown
    with pytest.raises(errors.SettingsError, match="No recording's hash begins with 'zzz'"):
        run("%aoai recordings --show zzz")


def test_they_are_verified(run: Any, store: Store) -> None:
    aoai.record()
    store.add(recording("a"))
    store.add(replace(recording("b"), answer=Answer(200, {}, data=b"\x89PNG b")))
    assert run("%aoai recordings --verify") == "Every recording is as it was written.\n"
    content = store.file.read_bytes().replace(b'"content": "a"', b'"content": "A"')
    store.file.write_bytes(content + b"damaged\n")
    (file,) = (store.folder / "files").iterdir()
    file.write_bytes(b"another picture")
    said = run("%aoai recordings --verify").splitlines()
    assert [line.split(":")[0] for line in said] == ["Line 1", "Line 2", "Line 3"]
    assert "isn't that of its request" in said[0]
    assert "isn't what it was" in said[1]


def test_a_request_that_had_a_secret_in_it_is_not_called_edited(store: Store) -> None:
    one = recording("my key is sekret")
    store.add(replace(one, request={"hidden": "•••"}, hidden=True))
    assert keeping.verified() == []


def test_what_no_notebook_needs_is_pruned(run: Any, store: Store, tmp_path: Path) -> None:
    aoai.record()
    needed, idle = recording("needed"), recording("idle")
    for one in (needed, idle, replace(needed, at="2026-01-01T00:00:00.000000Z", answer=Answer(200, {}, body={}))):
        store.add(one)
    with pytest.raises(errors.SettingsError, match="No notebook was reproduced"):
        run("%aoai recordings --prune")
    notebook = tmp_path / "a.ipynb"
    notebook.touch()
    keeping.remember_hits(notebook, {(str(store.folder), needed.hash, 1)})
    keeping.remember_hits(tmp_path / "gone.ipynb", {(str(store.folder), idle.hash, 1)})
    assert run("%aoai recordings --prune") == "2 lines are gone. Kept is what a.ipynb needed.\n"
    assert [(one.hash, one.at) for one in store.recordings()] == [(needed.hash, needed.at)]


def test_two_folders_are_compared(tmp_path: Path) -> None:
    march, may = Store(tmp_path / "march"), Store(tmp_path / "may")
    for store, day, answer, model in ((march, "03", "Oslo", "m-1"), (may, "05", "Bergen", "m-2")):
        for text, said in (("Where?", answer), ("Who?", "me"), (f"only in {day}", "x")):
            body = {
                "model": model,
                "system_fingerprint": f"fp_{model}",
                "choices": [{"index": 0, "message": {"content": said}}],
            }
            store.add(recording(text, at=f"2026-{day}-15T12:00:00.000000Z", answer=Answer(200, {}, body=body)))
    table = recordings.drift("march", "may").set_index("asked")
    assert table.index.tolist() == ["Where?", "Who?"]
    assert table["changed"].tolist() == [True, False]
    assert table.loc["Where?", "diff"] == "-Oslo\n+Bergen"
    assert table.loc["Who?", ["model_then", "model_now"]].tolist() == ["m-1", "m-2"]
    assert table.loc["Who?", ["fingerprint_then", "fingerprint_now"]].tolist() == ["fp_m-1", "fp_m-2"]
    assert table.loc["Who?", ["date_then", "date_now"]].tolist() == ["2026-03-15", "2026-05-15"]


def test_drift_is_a_command(run: Any, store: Store) -> None:
    aoai.record()
    old = recording("Where?", at="2026-03-15T12:00:00.000000Z")
    store.add(old)
    assert "No answer" in run("%aoai recordings --drift")
    store.add(recording("Where?", replaces=old.at))
    run("found = %aoai recordings --drift")
    run("assert found['changed'].tolist() == [False]")


def test_where_there_is_nothing_it_is_said_what_would_make_it(run: Any, tmp_path: Path) -> None:
    assert "After %aoai record" in run("%aoai recordings")
    assert "After %aoai record" in run("%aoai recordings --verify")
    assert "--fresh" in run("%aoai recordings --drift")
    (tmp_path / "then").mkdir()
    assert "in both" in run(f"%aoai recordings --drift {tmp_path / 'then'}")
    with pytest.raises(errors.SettingsError, match="no folder"):
        run("%aoai recordings --drift nowhere")
