"""A store in a SQLite file, which several processes of one machine may share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from spacebridge import errors
from spacebridge.store.bucket import drained

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["SqliteStore"]

_T = TypeVar("_T")

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS bags (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bag TEXT NOT NULL, value BLOB NOT NULL, expires REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS bags_by_name ON bags (bag, id);
CREATE INDEX IF NOT EXISTS bags_by_end ON bags (expires);
CREATE TABLE IF NOT EXISTS items (name TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_end ON items (expires);
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, level REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
"""
_SWEEP_EACH = 60.0
_BUSY = 10.0


class SqliteStore:
    """Keeps things in a file that only its owner can read.

    Args:
        path: of the file; it is made where there is none, and its folder, too.
        clock: seconds since the epoch; several processes compare them.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._db: sqlite3.Connection | None = None
        # One thread: SQLite connections are not for several at once, and writes wait for each other anyway.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spacebridge-store")
        self._swept = 0.0

    async def open(self) -> None:
        """Open the file, or make it."""
        await self._do(self._open)

    async def aclose(self) -> None:
        """Close the file."""
        with contextlib.suppress(errors.StoreFailed):
            await self._do(self._close)
        self._thread.shutdown(wait=False)

    async def add(self, bag: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""

        def add() -> None:
            self._sweep()
            self._connection.execute(
                "INSERT INTO bags (bag, value, expires) VALUES (?, ?, ?)", (bag, value, self._clock() + seconds)
            )

        await self._do(add)

    async def take(self, bag: str) -> bytes | None:
        """See :class:`Store`."""

        def take() -> bytes | None:
            rows = self._connection.execute(
                "DELETE FROM bags WHERE id = (SELECT id FROM bags WHERE bag = ? AND expires > ?"
                " ORDER BY id DESC LIMIT 1) RETURNING value",
                (bag, self._clock()),
            ).fetchall()
            return rows[0][0] if rows else None

        return await self._do(take)

    async def set(self, name: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""

        def put() -> None:
            self._sweep()
            self._connection.execute(
                "INSERT OR REPLACE INTO items (name, value, expires) VALUES (?, ?, ?)",
                (name, value, self._clock() + seconds),
            )

        await self._do(put)

    async def get(self, name: str) -> bytes | None:
        """See :class:`Store`."""

        def get() -> bytes | None:
            row = self._connection.execute(
                "SELECT value FROM items WHERE name = ? AND expires > ?", (name, self._clock())
            ).fetchone()
            return row[0] if row else None

        return await self._do(get)

    async def delete(self, name: str) -> bool:
        """See :class:`Store`."""

        def delete() -> bool:
            sql = "DELETE FROM items WHERE name = ? AND expires > ?"
            return self._connection.execute(sql, (name, self._clock())).rowcount > 0

        return await self._do(delete)

    async def spend(
        self, bucket: str, amount: float, *, capacity: float, per_second: float, owed: bool = False
    ) -> float:
        """See :class:`Store`."""

        def spend() -> float:
            db, now = self._connection, self._clock()
            db.execute("BEGIN IMMEDIATE")  # nobody else may read the level in between
            try:
                row = db.execute("SELECT level, at FROM buckets WHERE name = ?", (bucket,)).fetchone()
                level, at = row or (capacity, now)
                level, wait = drained(level, now - at, amount, capacity=capacity, per_second=per_second, owed=owed)
                db.execute("INSERT OR REPLACE INTO buckets (name, level, at) VALUES (?, ?, ?)", (bucket, level, now))
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            return wait

        return await self._do(spend)

    async def count(self) -> int:
        """See :class:`Store`."""

        def count() -> int:
            row = self._connection.execute("SELECT count(*) FROM bags WHERE expires > ?", (self._clock(),)).fetchone()
            return int(row[0])

        return await self._do(count)

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise errors.StoreFailed(f"The store {self._path} is not open.")
        return self._db

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # It holds what people said: for its owner only, from the beginning.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise errors.StoreFailed(f"The store {self._path} can't be made: {error.strerror or error}.") from error
        db = self._db = sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, _VERSION):
            raise errors.StoreFailed(
                f"The store {self._path} is of format {found}; this version reads {_VERSION}.",
                hint="Name another file.",
            )
        db.executescript(_TABLES)
        db.execute(f"PRAGMA user_version = {_VERSION}")

    def _close(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def _sweep(self) -> None:
        """Throw away what has expired, now and then."""
        now = self._clock()
        if now - self._swept >= _SWEEP_EACH:
            self._swept = now
            self._connection.execute("DELETE FROM bags WHERE expires <= ?", (now,))
            self._connection.execute("DELETE FROM items WHERE expires <= ?", (now,))

    async def _do(self, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise errors.StoreFailed(f"The store {self._path} failed: {error}.") from error
        except RuntimeError as error:  # the thread was ended
            raise errors.StoreFailed(f"The store {self._path} is closed.") from error
