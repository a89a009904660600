"""An online store in one SQLite file: a look-up is one step down an index.

Rows lie in the order of entity, event time and known time, so that the row wanted is the last one before
the moment that was known by then. Readers never wait for the writer (write-ahead log).
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from headway.errors import online as errors
from headway.online import forked
from headway.online.table import UNREADABLE, Looked, OnlineTable, Picking, RowPacking, Stamp, entity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from headway.errors import EngineError
    from headway.online.table import OnlineRow

_TABLES = """
CREATE TABLE IF NOT EXISTS tables (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, declared BLOB NOT NULL, stamp BLOB NOT NULL
)
"""
_ROWS = """
CREATE TABLE IF NOT EXISTS rows_{number} (
    entity BLOB NOT NULL, event_us INTEGER NOT NULL, known_us INTEGER NOT NULL, packed BLOB NOT NULL,
    PRIMARY KEY (entity, event_us, known_us)
) WITHOUT ROWID
"""
_AT = """
SELECT event_us, packed, (SELECT stamp FROM tables WHERE number = {number}) FROM rows_{number} WHERE entity = ? AND event_us <= ? AND known_us <= ?
ORDER BY event_us DESC, known_us DESC LIMIT 1
"""
_STAMP = "SELECT stamp FROM tables WHERE name = ?"
_EMPTY = "DELETE FROM rows_{number}"
_TAKE = "DELETE FROM rows_{number} WHERE entity = ? AND event_us = ? AND known_us = ?"
_PUT = "INSERT OR REPLACE INTO rows_{number} VALUES (?, ?, ?, ?)"
BUSY_SECONDS = 10.0
"""How long a writer waits for another one."""
TRUNCATE_SECONDS = 0.2
"""How long a writer waits for readers before it leaves a long write-ahead log to the next one."""
LOG_BYTES = 4 * 1024 * 1024
"""How long a write-ahead log stays."""
CACHE_KIB = 16 * 1024
"""The most that a reading thread keeps in memory of the file."""
REST_SECONDS = 1.0
"""How long readers leave a file alone that another program has locked."""
NOTICE_SECONDS = 1.0
"""How long a reader may go on with a file that was removed or replaced."""

_encode = msgspec.json.encode
_declared = msgspec.json.Decoder(OnlineTable).decode
_stamp = msgspec.json.Decoder(Stamp).decode


_left: list[sqlite3.Connection] = []


@lru_cache(maxsize=64)
def _commit(stamp: bytes) -> str:
    """The commit that a stamp names; a table has one stamp for thousands of look-ups."""
    return _stamp(stamp).commit if stamp else ""


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}

Asked = tuple[str, tuple[str, ...]]
"""A table and features of it."""


class _Plan(NamedTuple):
    """How some features of a table are looked up."""

    at: str
    picking: Picking


class _Reading:
    """One thread's connection, and what it knows of the file that it has open."""

    __slots__ = ("connection", "execute", "file", "plans", "until")

    def __init__(self, connection: sqlite3.Connection, file: tuple[int, int]) -> None:
        self.connection = connection
        self.execute = connection.cursor().execute  # one for all look-ups: to make another takes its time
        self.file = file
        self.plans: dict[Asked, _Plan] = {}
        self.until = time.monotonic() + NOTICE_SECONDS


class SqliteOnline:
    """An online store in a file; see `headway.online.store.OnlineStore`.

    A reader notices within `NOTICE_SECONDS` that the file was removed or replaced.

    Args:
        path: The file; made with the first write.
        patience: Seconds that a look-up waits for another program that has locked the whole file. A file
            that was locked for longer is left alone for `REST_SECONDS`, so that it costs a request nothing.
    """

    def __init__(self, path: Path, patience: float = BUSY_SECONDS) -> None:
        self._path = path
        self._patience = patience
        self._rests_until = 0.0
        self._open: list[sqlite3.Connection] = []
        self.begin_afresh()
        forked.follow(self)

    def begin_afresh(self) -> None:
        """Leave the parent's connections open, since closing one gives up locks; see `headway.online.forked`."""
        _left.extend(self._open)
        self._lock = threading.Lock()
        self._open = []
        self._threads = threading.local()

    def write(
        self,
        table: OnlineTable,
        rows: Iterable[OnlineRow],
        gone: Iterable[OnlineRow],
        stamp: Stamp,
        *,
        since: str | None,
    ) -> None:
        """Put rows in, take rows out, and stamp the table, all at once or not at all."""
        with self._named(), contextlib.closing(self._writer()) as writer:
            writer.execute("BEGIN IMMEDIATE")
            try:
                number = self._made(writer, table, stamp, since)
                if since is None:
                    writer.execute(_EMPTY.format(number=number))
                writer.executemany(_TAKE.format(number=number), (row[:3] for row in gone))
                writer.executemany(_PUT.format(number=number), rows)
                writer.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                    writer.execute("ROLLBACK")
                raise
            writer.execute(f"PRAGMA busy_timeout = {round(TRUNCATE_SECONDS * 1000)}")
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def at(
        self,
        table: str,
        keys: Sequence[Sequence[object]],
        moments_us: Sequence[int],
        features: Sequence[str],
        ttl_us: int | None,
    ) -> Looked:
        """Values of the newest row of each entity that had happened and was known at its moment.

        Raises:
            EngineError: The store cannot be reached (ON001), has no such table (ON002) or feature (ON004), or
                is damaged (ON008).
        """
        try:
            reading = self._reading()
            asked = table, tuple(features)
            plan = reading.plans.get(asked) or self._planned(reading, asked)
            packed, stamp, expired = _found(reading.execute, plan.at, keys, moments_us, ttl_us)
            if stamp is None:  # nobody was found
                (stamp,) = reading.connection.execute(_STAMP, (table,)).fetchone() or (b"",)
            return plan.picking.of(packed, _commit(stamp), expired)
        except FileNotFoundError as reason:
            self._forget()
            raise errors.table_is_not_there(str(self._path), table, []) from reason
        except (sqlite3.Error, OSError, *UNREADABLE) as reason:
            self._forget()  # the table may have been dropped and made again under another number
            if _code(reason) in _LOCKED:
                self._rests_until = time.monotonic() + REST_SECONDS
            raise self._told(reason, reading=True) from reason

    def stamps(self) -> Mapping[str, Stamp]:
        """Table -> what it is and how fresh."""
        with self._named(reading=True):
            if not self._path.exists() or not self._path.stat().st_size:  # killed while it was made
                return {}
            found = self._reading().connection.execute("SELECT name, stamp FROM tables")
            return {name: _stamp(stamp) for name, stamp in found}

    def drop(self, table: str) -> None:
        """Remove a table and its rows."""
        if not self._path.exists():
            return
        with self._named(), contextlib.closing(self._writer()) as writer:
            writer.execute("BEGIN IMMEDIATE")  # closing the connection takes back what is not committed
            found = writer.execute("SELECT number FROM tables WHERE name = ?", (table,)).fetchone()
            if found is not None:
                writer.execute(f"DROP TABLE rows_{found[0]}")
                writer.execute("DELETE FROM tables WHERE number = ?", found)
            writer.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            opened, self._open = self._open, []
            self._threads = threading.local()
        for connection in opened:
            connection.close()

    # -- inside ----------------------------------------------------------------------------------

    def _made(self, writer: sqlite3.Connection, table: OnlineTable, stamp: Stamp, since: str | None) -> int:
        """The number of a table that is there now, stamped."""
        query = "SELECT number, declared, stamp FROM tables WHERE name = ?"
        found = writer.execute(query, (table.name,)).fetchone()
        if found is not None and _declared(found[1]) != table:
            raise errors.table_is_another(str(self._path), table.name, "its keys or features differ")
        stands = "" if found is None else _stamp(found[2]).commit
        if since is not None and stands != since:
            raise errors.table_has_moved(str(self._path), table.name, since, stands)
        if found is None:
            insert = "INSERT INTO tables (name, declared, stamp) VALUES (?, ?, ?) RETURNING number"
            found = writer.execute(insert, (table.name, _encode(table), b"")).fetchone()
            writer.execute(_ROWS.format(number=found[0]))
        writer.execute("UPDATE tables SET stamp = ? WHERE number = ?", (_encode(stamp), found[0]))
        return int(found[0])

    def _planned(self, reading: _Reading, asked: Asked) -> _Plan:
        table, features = asked
        query = "SELECT number, declared FROM tables WHERE name = ?"
        found = reading.connection.execute(query, (table,)).fetchone()
        if found is None:
            known = [name for (name,) in reading.connection.execute("SELECT name FROM tables")]
            raise errors.table_is_not_there(str(self._path), table, known)
        number, declared = found
        try:
            picking = RowPacking(_declared(declared)).picking(features)
        except KeyError as missing:
            raise errors.feature_is_not_there(str(self._path), table, missing.args[0]) from missing
        plan = reading.plans[asked] = _Plan(_AT.format(number=number), picking)
        return plan

    def _reading(self) -> _Reading:
        """What this thread reads with."""
        reading: _Reading | None = getattr(self._threads, "reading", None)
        if reading is None or time.monotonic() > reading.until:
            reading = self._threads.reading = self._renewed(reading)
        return reading

    def _renewed(self, reading: _Reading | None) -> _Reading:
        """The same, or another one when the file is another."""
        found = self._path.stat()
        file = found.st_dev, found.st_ino
        if reading is not None and reading.file == file:
            reading.until = time.monotonic() + NOTICE_SECONDS
            return reading
        self._forget()
        if time.monotonic() < self._rests_until:
            raise BlockingIOError("another program had locked it a moment ago")
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(
            address, timeout=self._patience, uri=True, isolation_level=None, check_same_thread=False
        )
        with self._lock:
            self._open.append(connection)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        return _Reading(connection, file)

    def _forget(self) -> None:
        """Close what this thread reads with."""
        reading: _Reading | None = self._threads.__dict__.pop("reading", None)
        if reading is not None:
            with self._lock, contextlib.suppress(ValueError):  # closed by another thread
                self._open.remove(reading.connection)
            reading.connection.close()

    def _writer(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
            connection.execute(_TABLES)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _named(self, *, reading: bool = False) -> Generator[None]:
        """What SQLite raises, as an error of ours."""
        try:
            yield
        except (sqlite3.Error, OSError, msgspec.DecodeError) as reason:
            raise self._told(reason, reading=reading) from reason

    def _told(self, reason: Exception, *, reading: bool) -> EngineError:
        place = str(self._path)
        if isinstance(reason, UNREADABLE):
            return errors.store_is_damaged(place, f"a row or a stamp cannot be read ({reason})")
        code = _code(reason)
        if code in _DAMAGED:
            return errors.store_is_damaged(place, str(reason))
        if not reading and (code in _FULL or getattr(reason, "errno", None) in _NO_WRITING):
            return errors.store_is_not_written(place, str(reason))
        return errors.store_is_not_reached(place, str(reason))


def _code(reason: Exception) -> int:
    """What SQLite calls it, without what kind of it; 0 for errors of others."""
    return getattr(reason, "sqlite_errorcode", 0) & 0xFF


def _found(
    execute: Callable[..., sqlite3.Cursor],
    at: str,
    keys: Sequence[Sequence[object]],
    moments_us: Sequence[int],
    ttl_us: int | None,
) -> tuple[list[bytes | None], bytes | None, tuple[tuple[int, int], ...]]:
    """Packed rows as they stand at one instant, the stamp beside them, and which are too old; None where there is none."""
    if len(keys) == 1:
        packed, stamp, age = _newest(execute, at, keys[0], moments_us[0], ttl_us)
        return [packed], stamp, () if age is None else ((0, age),)
    execute("BEGIN")  # one instant for all: a writer may commit between two of them
    try:
        rows = [
            _newest(execute, at, key, moment, ttl_us) for key, moment in zip(keys, moments_us, strict=True)
        ]
    finally:
        execute("COMMIT")
    stamp = next((row[1] for row in rows if row[1] is not None), None)
    expired = tuple([(place, row[2]) for place, row in enumerate(rows) if row[2] is not None])
    return [row[0] for row in rows], stamp, expired


def _newest(
    execute: Callable[..., sqlite3.Cursor], at: str, key: Sequence[object], moment: int, ttl_us: int | None
) -> tuple[bytes | None, bytes | None, int | None]:
    """A packed row, the stamp beside it, and the age of one that is too old to count."""
    entity = entity_of(key)
    row = None if entity is None else execute(at, (entity, moment, moment)).fetchone()
    if row is None:
        return None, None, None
    event, packed, stamp = row
    if ttl_us is None or moment - event <= ttl_us:
        return packed, stamp, None
    return None, stamp, moment - event
