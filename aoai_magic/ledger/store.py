"""The file behind the ledger: SQLite, shared by kernels, threads and forked processes, and whole after a kill -9."""

from __future__ import annotations

import atexit
import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import settings
from ..errors import LedgerError

# A row is written in a tenth of a millisecond, so whoever waits longer than this (s) waits for a program that hangs.
_PATIENCE = 10.0
_VERSION = 2


def _tally(usd: str) -> str:
    whose = {
        "session": "new.session",
        "notebook": "new.notebook",
        "day": "coalesce(new.day, date(new.at, 'unixepoch', 'localtime'))",  # an older kernel writes none
        "cell": "coalesce(new.cell, '')",
    }
    values = ", ".join(f"('{per}', {key}, new.connection = 'local', {usd})" for per, key in whose.items())
    return (
        f"INSERT INTO spent VALUES {values} "  # noqa: S608
        "ON CONFLICT (per, key, practice) DO UPDATE SET usd = usd + excluded.usd"
    )


_TRIGGERS = (
    f"CREATE TRIGGER reserved AFTER INSERT ON requests BEGIN {_tally('coalesce(new.counted, 0)')}; END",
    f"CREATE TRIGGER settled AFTER UPDATE OF counted ON requests BEGIN "
    f"{_tally('coalesce(new.counted, 0) - coalesce(old.counted, 0)')}; END",
)
_SCHEMA = (
    """
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,            -- when it was reserved, in seconds since 1970
        day TEXT,                    -- and on which day that was there, wherever it is settled
        session TEXT NOT NULL,
        notebook TEXT NOT NULL,
        cell TEXT,                   -- the Allowance it was sent under
        connection TEXT NOT NULL,    -- local, azure, openai, compatible
        deployment TEXT NOT NULL,
        model TEXT,                  -- who answered
        operation TEXT NOT NULL,
        estimated_tokens INTEGER,    -- of the prompt
        prompt_tokens INTEGER,       -- these as the service counted them; cached ones are among them
        cached_tokens INTEGER,
        completion_tokens INTEGER,   -- reasoning ones are among them
        reasoning_tokens INTEGER,
        image_tokens INTEGER,
        cheapest REAL,               -- US dollars, as foreseen
        dearest REAL,
        price REAL,                  -- US dollars, as billed; NULL where unknown
        azure_price REAL,            -- what the same costs on Azure, where the local service answered for nothing
        counted REAL,                -- what budgets count
        seconds REAL,
        recorded INTEGER NOT NULL DEFAULT 0,
        outcome TEXT                 -- NULL until settled
    )
    """,
    # The sums that budgets are held against, kept by triggers: to add up 100,000 rows anew for each request took 16 ms.
    """
    CREATE TABLE spent (
        per TEXT, key TEXT, practice INTEGER, usd REAL NOT NULL, PRIMARY KEY (per, key, practice)
    ) WITHOUT ROWID
    """,
    *_TRIGGERS,
    "CREATE TABLE budgets (per TEXT, key TEXT, usd REAL NOT NULL, PRIMARY KEY (per, key)) WITHOUT ROWID",
    f"PRAGMA user_version = {_VERSION}",
)
# The first version knew no days, and a request that was settled in another time zone was taken from another day.
_UPGRADE = (
    "ALTER TABLE requests ADD COLUMN day TEXT",
    "UPDATE requests SET day = date(at, 'unixepoch', 'localtime')",
    "DROP TRIGGER reserved",
    "DROP TRIGGER settled",
    *_TRIGGERS,
    f"PRAGMA user_version = {_VERSION}",
)


def path() -> Path:
    """Where the ledger is: a SQLite file in the state folder. It is made with the first request, not before."""
    return settings.home() / "ledger.sqlite3"


# One connection a process, used by one thread at a time: a lock is fairer than SQLite's waiting, and faster.
_lock = threading.Lock()
_open: sqlite3.Connection | None = None
_file: tuple[Path, int, int] | None = None  # which file it has open: path, device and inode


@contextlib.contextmanager
def transaction(*, writing: bool = True) -> Iterator[sqlite3.Connection]:
    """All or nothing, and with `writing` one at a time over all processes. Raises LedgerError where that can't be."""
    with _opened(writing) as db:
        try:
            db.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def write(sql: str, values: Mapping[str, Any]) -> sqlite3.Cursor:
    """Carry out one statement, which is a transaction by itself.

    Of many threads, each waits for the others less often.
    """
    with _opened(True) as db:
        return db.execute(sql, values)


@contextlib.contextmanager
def _opened(writing: bool) -> Iterator[sqlite3.Connection]:
    try:
        with _lock:
            yield _connection()
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        damaged = code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        raise LedgerError(
            f"The ledger can't be {'written' if writing else 'read'}: {error}.",
            "What costs money is written down before it is sent, so that nothing is spent unseen.",
            f"Move {path()} away: a new one is begun."
            if damaged
            else f"See to {path()} (its folder, its disk, its rights), or set AOAI_HOME to another folder.",
        ) from error


def _connection() -> sqlite3.Connection:
    global _open, _file
    file = path()
    if _open is None or _identity(file) != _file:  # another home, or the file was moved away
        _close()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
        db = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            _prepare(db, file)
        except BaseException:
            db.close()
            raise
        _open, _file = db, _identity(file)
    return _open


def _prepare(db: sqlite3.Connection, file: Path) -> None:
    if _version(db) < _VERSION:
        db.execute("BEGIN IMMEDIATE")
        there = _version(db)  # still, or somebody else was quicker
        for statement in {0: _SCHEMA, 1: _UPGRADE}.get(there, ()):
            db.execute(statement)
        db.execute("COMMIT")
    if _version(db) > _VERSION:
        raise sqlite3.NotSupportedError(f"{file.name} was made by a newer aoai-magic")
    # Neither is needed for correctness: where a file system can't do it, or another process is just then busy, it is
    # only slower. A commit then outlives a kill -9; a power failure may take the last ones, and never the file.
    with contextlib.suppress(sqlite3.OperationalError):
        db.execute("PRAGMA busy_timeout = 100")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA busy_timeout = {_PATIENCE * 1000:.0f}")


def _version(db: sqlite3.Connection) -> int:
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


def _identity(file: Path) -> tuple[Path, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return file, found.st_dev, found.st_ino


def _close() -> None:
    global _open, _file
    if _open is not None:
        _open.close()
    _open = _file = None


def _before_fork() -> None:
    # SQLite's locks don't survive a fork, and its memory of them does: a child must find nothing open.
    _lock.acquire()
    _close()


os.register_at_fork(before=_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release)


@atexit.register
def _at_exit() -> None:
    if _lock.acquire(timeout=1):  # a daemon thread may be in the middle of a row, and still writes it
        _close()
        _lock.release()
