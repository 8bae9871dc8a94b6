"""The file of recordings: shared by processes, through crashes, full disks and other people's editors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.recordings.canonical import digest
from aoai_magic.recordings.recording import Recording, line, read
from aoai_magic.recordings.store import RecordingsWarning, Store

from .making import recording, request, said


def hash_of(text: str) -> str:
    return digest("chat/completions", request(text))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "recordings")


def test_what_is_added_is_found(store: Store) -> None:
    assert store.find(hash_of("hi")) == []
    assert not store.folder.exists()
    store.add(recording("hi"))
    (found,) = store.find(hash_of("hi"))
    assert (said(found), found.kind, found.n) == ("Hello!", "azure", 1)
    assert hash_of("hi") in store
    assert hash_of("ho") not in store


def test_git_is_told_how_to_merge_and_what_to_leave_out(store: Store) -> None:
    store.add(recording())
    assert "merge=union" in (store.folder / ".gitattributes").read_text()
    assert ".lock" in (store.folder / ".gitignore").read_text().split()


def test_two_branches_merge_in_git_with_no_conflict(store: Store) -> None:
    folder = store.folder

    def git(*words: str) -> None:
        named = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
        subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)

    store.add(recording("a"))
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "a")
    for branch in "bc":
        git("checkout", "-q", "-b", branch, "main")
        store.add(recording(branch))
        git("commit", "-qam", branch)
    git("merge", "-q", "b")
    assert all(store.find(hash_of(text)) for text in "abc")
    assert subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True).stdout == b""


def test_what_another_process_adds_is_found_too(store: Store) -> None:
    store.add(recording("a"))
    assert store.find(hash_of("a"))
    other = Store(store.folder)
    other.add(recording("b"))
    assert store.find(hash_of("b"))
    assert store.find(hash_of("a"))


def test_sendings_are_in_their_order_and_kinds_apart(store: Store) -> None:
    for n in (2, 1, 3):
        store.add(recording(says=str(n), n=n))
    store.add(recording(says="mine", kind="local"))
    assert [said(one) for one in store.find(hash_of("hi"))] == ["1", "mine", "2", "3"]


def test_of_two_recordings_of_one_sending_the_later_wins_wherever_it_stands_and_that_is_said_once(store: Store) -> None:
    store.add(recording(at="2026-03-01T00:00:00.000000Z", says="later"))
    store.add(recording(at="2026-02-01T00:00:00.000000Z", says="earlier"))
    with pytest.warns(RecordingsWarning, match="two recordings of one request") as caught:
        assert [said(one) for one in store.find(hash_of("hi"))] == ["later"]
    assert len(caught) == 1
    assert 'of one request, "hi" (' in str(caught[0].message)


def test_one_that_replaces_another_and_one_that_stands_there_twice_are_no_news(store: Store) -> None:
    old = recording(says="old")
    store.add(old)
    store.add(old)
    store.add(recording(says="new", replaces=old.at))
    assert [said(one) for one in store.find(hash_of("hi"))] == ["new"]


def append(file: Path, text: bytes) -> None:
    with file.open("ab") as out:
        out.write(text)


@pytest.mark.parametrize(
    "damage",
    [
        b"not json\n",
        b"{}\n",
        b"[1, 2]\n",
        b'{"at": "2026-01-01T00:00:00Z", "hash": "\n',
        line(recording("x"), Path())[:120] + b"\n",
        line(recording("x"), Path()).replace(b'"azure"', b'"nobody"'),
        b"\xff\xfe\x00\n",
        b"<<<<<<< HEAD\n",
        b'{"hash": 7, "at": 1, "kind": "azure", "n": "x", "operation": null, "request": {}, "response": {"status": 200}}\n',
    ],
    ids=("words", "empty", "a list", "broken off", "half", "another kind", "bytes", "a conflict", "other types"),
)
def test_a_damaged_line_is_told_of_and_the_others_are_read(store: Store, damage: bytes) -> None:
    store.add(recording("a"))
    append(store.file, damage)
    store.add(recording("b"))
    with pytest.warns(RecordingsWarning, match="can't be read, and is passed over"):
        found = [store.find(hash_of(text)) for text in "abx"]
    assert [len(one) for one in found] == [1, 1, 0]
    with pytest.warns(RecordingsWarning, match="line 2"):
        assert len(list(store.recordings())) == 2


def test_a_damaged_line_is_told_of_in_the_same_words_whoever_meets_it(store: Store) -> None:
    store.add(recording("a"))
    append(store.file, b'{"at": "2026-01-01T00:00:00Z", "hash": \n')
    with pytest.warns(RecordingsWarning) as caught:
        _ = store.find(hash_of("a")), list(store.recordings())
    assert len({str(one.message) for one in caught}) == 1


@given(st.binary(max_size=200), st.integers(0, 500), st.integers(0, 500))
def test_whatever_is_done_to_a_line_the_others_are_read(noise: bytes, begin: int, end: int) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", RecordingsWarning)
        store = Store(Path(folder))
        for text in "abc":
            store.add(recording(text))
        first, second, third = store.file.read_bytes().splitlines(keepends=True)
        broken = second[:begin] + noise + second[end:]
        store.file.write_bytes(first + broken.removesuffix(b"\n") + b"\n" + third)
        for text in "ac":
            (found,) = [one for one in Store(Path(folder)).find(hash_of(text)) if one.request == request(text)]
            assert said(found) == "Hello!"


def test_what_an_editor_leaves_behind_is_read(store: Store) -> None:
    for text in ("a", "b"):
        store.add(recording(text))
    rows = [json.loads(raw) for raw in store.file.read_bytes().splitlines()]
    edited = json.dumps(dict(reversed(rows[1].items())), separators=(",", ":")).replace("Hello!", "Good morning!")
    store.file.write_bytes(
        b"\xef\xbb\xbf".join([b"", b""]) + json.dumps(rows[0]).encode() + b"\r\n\r\n" + edited.encode()
    )
    assert said(store.find(hash_of("a"))[0]) == "Hello!"
    assert said(store.find(hash_of("b"))[0]) == "Good morning!"
    store.add(recording("c"))
    assert all(Store(store.folder).find(hash_of(text)) for text in "abc")


def test_an_edit_in_place_is_noticed(store: Store) -> None:
    for text in "abc":
        store.add(recording(text))
    assert store.find(hash_of("c"))
    with store.file.open("r+b") as file:
        content = file.read().replace(b"Hello!", b"Hello to you!!!")
        file.seek(0)
        file.write(content)
    assert [said(store.find(hash_of(text))[0]) for text in "abc"] == ["Hello to you!!!"] * 3


def test_a_file_that_is_replaced_or_gone_is_noticed(store: Store) -> None:
    store.add(recording("a"))
    assert store.find(hash_of("a"))
    draft = store.folder / "draft"
    draft.write_bytes(line(recording("b"), store.folder))
    draft.replace(store.file)
    assert (store.find(hash_of("a")), len(store.find(hash_of("b")))) == ([], 1)
    store.file.unlink()
    assert store.find(hash_of("b")) == []


def test_lines_of_another_folder_are_added_once(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    for text in "ab":
        other.add(recording(text))
    store.add(recording("mine"))
    for _ in range(2):
        store.merge(other)
    assert [one.request for one in store.recordings()] == [request("mine"), request("a"), request("b")]


ADDING = """
import sys
from pathlib import Path
from aoai_magic.recordings.store import Store
from tests.recordings.making import recording
store, name = Store(Path(sys.argv[1])), sys.argv[2]
for number in range(int(sys.argv[3])):
    store.add(recording(f"{name} {number}", "x" * 3000))
    print(number, flush=True)
"""


def adding(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    command = [sys.executable, "-c", ADDING, str(folder), name, str(count)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_many_processes_add_at_once_and_every_line_is_whole(store: Store) -> None:
    running = [adding(store.folder, f"kernel {number}", 60) for number in range(6)]
    for one in running:
        one.communicate()
        assert one.returncode == 0
    assert len(list(store.recordings())) == 360
    assert all(store.find(hash_of(f"kernel {kernel} {at}")) for kernel in range(6) for at in range(60))


def test_kill_9_costs_the_line_in_flight_at_most_and_that_is_told(store: Store) -> None:
    rounds = 6
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for round_ in range(rounds):
            victim = adding(store.folder, f"round {round_}", 10_000)
            assert victim.stdout
            victim.stdout.readline()
            time.sleep(0.02 * round_)
            victim.send_signal(signal.SIGKILL)
            reached = [int(word) for word in victim.communicate()[0].split()]
            for at in reached:
                assert store.find(hash_of(f"round {round_} {at}")), "what was added is there"
        store.add(recording("afterwards"))
        assert store.find(hash_of("afterwards"))
        told.clear()
        whole = list(store.recordings())
    lines = sum(1 for _ in store.lines())
    assert lines - len(whole) == len(told) <= rounds


def test_a_line_that_was_cut_off_is_told_of_and_the_next_begins_anew(store: Store) -> None:
    store.add(recording("a"))
    append(store.file, line(recording("b"), store.folder)[:-300])
    store.add(recording("c"))
    with pytest.warns(RecordingsWarning, match="line 2"):
        assert [len(store.find(hash_of(text))) for text in "abc"] == [1, 0, 1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk here")
    return disk


def test_a_full_disk_loses_the_line_in_flight_and_nothing_else(small_disk: Path) -> None:
    try:
        store, added = Store(small_disk / "recordings"), 0
        with pytest.raises(OSError, match="No space"):
            for number in range(1000):
                store.add(recording(f"{number}", "x" * 700))
                added += 1
        assert added > 20
        assert len(list(store.recordings())) == added
        assert store.file.read_bytes().endswith(b"}\n")
        with pytest.raises(OSError, match="No space"):
            store.add(recording("picture", body := "QUJD" * 40_000))
        assert body
        assert list((store.folder / "files").glob("*")) == []
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


def test_a_folder_that_is_read_only_is_read(small_disk: Path) -> None:
    try:
        store = Store(small_disk / "recordings")
        store.add(recording("a"))
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(OSError, match="ead-only"):
            store.add(recording("b"))
        assert store.find(hash_of("a"))
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)


def test_prune_keeps_what_is_wanted_and_the_files_that_it_stands_on(store: Store) -> None:
    from aoai_magic.recordings.recording import Answer

    for text, data in (("a", b"\x89PNG a"), ("b", b"\x89PNG b")):
        store.add(replace(recording(text), answer=Answer(200, {}, data=data)))
    append(store.file, b"damaged\n")
    assert len(list((store.folder / "files").iterdir())) == 2
    assert store.prune(lambda one: one.request == request("b")) == 2
    assert [one.request for one in store.recordings()] == [request("b")]
    (file,) = (store.folder / "files").iterdir()
    assert file.read_bytes() == b"\x89PNG b"


@given(st.text(), st.text())
def test_any_text_comes_back(question: str, answer: str) -> None:
    one = recording(question, answer)
    raw = line(one, Path())
    assert raw.count(b"\n") == 1
    assert len(raw.decode().splitlines()) == 1, "also for those who take other signs for the end of a line"
    found: Recording = read(raw)
    assert (found.request, said(found)) == (one.request, answer)


@pytest.mark.parametrize("name", ["recordings.jsonl", "recordings.part", ".lock", ".gitattributes", "files"])
def test_nothing_is_written_through_a_link_that_came_with_the_folder(store: Store, tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious"
    if name == "files":
        precious.mkdir()
        (precious / "letter.txt").write_text("mine")
    else:
        precious.write_text("mine")
    if name == "recordings.part":
        store.add(recording("hi"))
    store.folder.mkdir(exist_ok=True)
    (store.folder / name).symlink_to(precious)
    with pytest.raises(OSError, match="is a symbolic link"):
        store.add(recording("a reply\n" * 9))
    with pytest.raises(OSError, match="is a symbolic link"):
        store.prune(lambda one: False)
    assert (precious / "letter.txt" if name == "files" else precious).read_text() == "mine"


def test_pruning_leaves_what_is_not_its_own(store: Store) -> None:
    store.add(recording("hi"))
    (store.folder / "files").mkdir()
    (store.folder / "files" / "letter.txt").write_text("mine")
    store.prune(lambda one: False)
    assert (store.folder / "files" / "letter.txt").exists()


def test_a_device_in_the_place_of_the_file_is_passed_over(store: Store) -> None:
    store.folder.mkdir()
    store.file.symlink_to("/dev/zero")
    with pytest.warns(RecordingsWarning, match="is no file"):
        assert store.find(hash_of("hi")) == []
    assert list(store.lines()) == []
