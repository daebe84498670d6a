"""The SQLite file of a review: opened and checked, its errors as sentences, its last good copy beside it.

Every change is on the disk when its call returns (a write-ahead log, synced at each commit), so that neither a killed
process nor a power cut loses an answered decision.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.artifacts import atomic_path
from pipeline.review.records import ReviewError

SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE products (
    number INTEGER PRIMARY KEY,
    product_id TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    path TEXT NOT NULL,
    confidence REAL NOT NULL,
    is_accepted INTEGER NOT NULL,
    in_distribution INTEGER,
    cluster INTEGER NOT NULL,
    vector BLOB NOT NULL
) STRICT;
CREATE TABLE details (
    number INTEGER PRIMARY KEY REFERENCES products,
    record TEXT NOT NULL,
    runners TEXT NOT NULL,
    photo BLOB
) STRICT;
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    product INTEGER NOT NULL REFERENCES products,
    version INTEGER NOT NULL,
    step INTEGER NOT NULL,
    at REAL NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('person', 'assistant')),
    action TEXT NOT NULL,
    before TEXT,
    after TEXT,
    why TEXT NOT NULL,
    UNIQUE (product, version)
) STRICT;
CREATE TABLE looks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    products TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    at REAL NOT NULL
) STRICT;
"""
"""`looks` are the random samples of accepted products that are looked at a second time."""
VERSION = 1
SECONDS_LOCKED = 5.0
"""Time that another process may take for its own change."""
_MARK = 0x50475256
"""Says that a file is a review ("PGRV")."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


def copy_of(path: Path) -> Path:
    """Where the last good copy of a review lies."""
    return path.with_name(f"{path.name}.backup")


class Database:
    """An open file; calls of several threads wait for each other.

    Args:
        path: Of the file, which is made if it is not there and `create` is set.
        create: Whether a new one is made.

    Raises:
        ReviewError: In one sentence, if it cannot be opened, is damaged, or is another file.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        if create == path.exists():
            raise ReviewError(
                f"{path} is there already; name a new file." if create else f"There is no review {path}; make it first."
            )
        with self._said():
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=SECONDS_LOCKED, isolation_level=None, check_same_thread=False
            )
        try:
            with self._said():
                self._prepare(create)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, create: bool) -> None:
        run = self._connection.execute
        if create:
            run("PRAGMA page_size = 8192")
        elif run("PRAGMA application_id").fetchone()[0] != _MARK:
            raise ReviewError(f"{self.path} is no review of this program; name a file that `--review` wrote.")
        elif run("PRAGMA user_version").fetchone()[0] != VERSION:
            raise ReviewError(f"{self.path} was written by another version of this program; make the review again.")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        if create:
            with self.change() as connection:
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_MARK}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
        elif run("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise ReviewError(self._damaged())

    @contextlib.contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction of writing: all of it is on the disk when the block ends, or nothing.

        Raises:
            ReviewError: If it cannot be written.
        """
        with self._said():
            run = self._connection.execute
            run("BEGIN IMMEDIATE")
            try:
                yield self._connection
                run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    run("ROLLBACK")
                raise

    def read(self, statement: str, *values: object) -> list[tuple]:
        """The rows of a query.

        Raises:
            ReviewError: If it cannot be read.
        """
        with self._said():
            return self._connection.execute(statement, values).fetchall()

    def back_up(self) -> Path:
        """Copy the file as it is now to `copy_of`, atomically, while others read and write.

        Raises:
            ReviewError: If it cannot be written.
        """
        target = copy_of(self.path)
        try:
            with (
                atomic_path(target) as temporary,
                contextlib.closing(sqlite3.connect(self.path, timeout=SECONDS_LOCKED)) as source,
                contextlib.closing(sqlite3.connect(temporary)) as copy,
            ):
                source.backup(copy, pages=2048)
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise ReviewError(self._sentence(error)) from error
        return target

    def close(self) -> None:
        """Close the file; what others have open stays open."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """Lets one thread in, and says the errors of SQLite in a sentence."""
        with self._lock:
            try:
                yield
            except sqlite3.IntegrityError:
                raise
            except sqlite3.Error as error:
                raise ReviewError(self._sentence(error)) from error

    def _sentence(self, error: sqlite3.Error) -> str:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _DAMAGED:
            return self._damaged()
        if code == sqlite3.SQLITE_FULL:
            return f"There is no room for {self.path}: nothing was saved; make room and do it again."
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return f"{self.path} is being written by another program: nothing was saved; do it again in a moment."
        if code in _READ_ONLY:
            return f"{self.path} cannot be written; allow it, or name another place."
        return f"{self.path} cannot be used ({error}); name another file."

    def _damaged(self) -> str:
        copy = copy_of(self.path)
        if not copy.exists():
            return f"{self.path} is damaged, and there is no copy of it; make the review again."
        age = time.strftime("%Y-%m-%d %H:%M", time.localtime(os.path.getmtime(copy)))
        return f"{self.path} is damaged; its last good copy of {age} is {copy}: copy that to another name and open it."
