"""An online store in one SQLite file: a look-up is one step down an index.

Rows lie in the order of entity, event time and known time, so that the row wanted is the last one before
the moment that was known by then. Readers never wait for the writer (write-ahead log).
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from headway.errors import online as errors
from headway.online.table import Looked, OnlineTable, RowPacking, Stamp, entity_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from pathlib import Path

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

_encode = msgspec.json.encode
_declared = msgspec.json.Decoder(OnlineTable).decode
_stamp = msgspec.json.Decoder(Stamp).decode


@lru_cache(maxsize=64)
def _commit(stamp: bytes) -> str:
    """The commit that a stamp names; a table has one stamp for thousands of look-ups."""
    return _stamp(stamp).commit if stamp else ""


class _Open(NamedTuple):
    """A table, ready to be asked."""

    at: str
    packing: RowPacking
    places: dict[tuple[str, ...], list[int]]


class SqliteOnline:
    """An online store in a file; see `headway.online.store.OnlineStore`. May be used from any thread.

    Args:
        path: The file; made with the first write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._tables: dict[str, _Open] = {}

    def write(
        self,
        table: OnlineTable,
        rows: Iterable[OnlineRow],
        gone: Iterable[OnlineRow],
        stamp: Stamp,
        *,
        anew: bool,
    ) -> None:
        """Put rows in, take rows out, and stamp the table, all at once or not at all."""
        with self._named(), contextlib.closing(self._writer()) as writer:
            writer.execute("BEGIN IMMEDIATE")
            try:
                number = self._made(writer, table, stamp)
                if anew:
                    writer.execute(_EMPTY.format(number=number))
                writer.executemany(_TAKE.format(number=number), (row[:3] for row in gone))
                writer.executemany(_PUT.format(number=number), rows)
                writer.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                    writer.execute("ROLLBACK")
                raise

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
            EngineError: The store cannot be reached (ON001), or has no such table (ON002) or feature (ON004).
        """
        opened = self._tables.get(table) or self._opened(table)
        places = self._places(opened, table, features)
        try:
            found, stamp = self._found(opened.at, keys, moments_us, ttl_us)
            if stamp is None:  # nobody was found
                (stamp,) = self._reader().execute(_STAMP, (table,)).fetchone() or (b"",)
        except (sqlite3.Error, OSError) as reason:
            self._tables.pop(table, None)  # it may have been dropped and made again under another number
            raise errors.store_is_not_reached(str(self._path), str(reason)) from reason
        unpack = opened.packing.unpack
        missed = tuple([place for place, packed in enumerate(found) if packed is None])
        return Looked([unpack(packed, places) for packed in found], _commit(stamp), missed)

    def stamps(self) -> Mapping[str, Stamp]:
        """Table -> what it is and how fresh."""
        if not self._path.exists() or not self._path.stat().st_size:  # killed while it was made
            return {}
        with self._named():
            return {
                name: _stamp(stamp)
                for name, stamp in self._reader().execute("SELECT name, stamp FROM tables")
            }

    def drop(self, table: str) -> None:
        """Remove a table and its rows."""
        if not self._path.exists():
            return
        self._tables.pop(table, None)
        with self._named(), contextlib.closing(self._writer()) as writer:
            found = writer.execute("SELECT number FROM tables WHERE name = ?", (table,)).fetchone()
            if found is not None:
                writer.execute("BEGIN IMMEDIATE")
                writer.execute(f"DROP TABLE rows_{found[0]}")
                writer.execute("DELETE FROM tables WHERE number = ?", found)
                writer.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        while self._connections:
            self._connections.pop().close()
        self._threads = threading.local()

    # -- inside ----------------------------------------------------------------------------------

    def _found(
        self, at: str, keys: Sequence[Sequence[object]], moments_us: Sequence[int], ttl_us: int | None
    ) -> tuple[list[bytes | None], bytes | None]:
        """Packed rows as they stand at one instant, and the stamp beside them; None where there is no row."""
        execute = self._reader().execute
        found: list[bytes | None] = []
        stamp: bytes | None = None
        is_one = len(keys) == 1
        if not is_one:
            execute("BEGIN")  # one instant for all: a writer may commit between two of them
        try:
            for key, moment in zip(keys, moments_us, strict=True):
                entity, packed = entity_of(key), None
                if entity is not None:
                    row = execute(at, (entity, moment, moment)).fetchone()
                    if row is not None:
                        event, kept, stamp = row
                        packed = kept if ttl_us is None or moment - event <= ttl_us else None
                found.append(packed)
        finally:
            if not is_one:
                execute("COMMIT")
        return found, stamp

    def _made(self, writer: sqlite3.Connection, table: OnlineTable, stamp: Stamp) -> int:
        """The number of a table that is there now, stamped."""
        found = writer.execute("SELECT number, declared FROM tables WHERE name = ?", (table.name,)).fetchone()
        if found is not None and _declared(found[1]) != table:
            raise errors.table_is_another(str(self._path), table.name, "its keys or features differ")
        if found is None:
            insert = "INSERT INTO tables (name, declared, stamp) VALUES (?, ?, ?) RETURNING number"
            found = writer.execute(insert, (table.name, _encode(table), b"")).fetchone()
            writer.execute(_ROWS.format(number=found[0]))
        writer.execute("UPDATE tables SET stamp = ? WHERE number = ?", (_encode(stamp), found[0]))
        return int(found[0])

    def _opened(self, table: str) -> _Open:
        known = self.stamps()
        if table not in known:
            raise errors.table_is_not_there(str(self._path), table, list(known))
        with self._named():
            number, declared = (
                self._reader()
                .execute("SELECT number, declared FROM tables WHERE name = ?", (table,))
                .fetchone()
            )
        opened = self._tables[table] = _Open(_AT.format(number=number), RowPacking(_declared(declared)), {})
        return opened

    def _places(self, opened: _Open, table: str, features: Sequence[str]) -> list[int]:
        asked = tuple(features)
        places = opened.places.get(asked)
        if places is None:
            try:
                places = opened.places[asked] = opened.packing.places(asked)
            except KeyError as missing:
                raise errors.feature_is_not_there(str(self._path), table, missing.args[0]) from missing
        return places

    def _reader(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection = getattr(self._threads, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            self._threads.connection = connection
            self._connections.append(connection)
        return connection

    def _writer(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_TABLES)
        return connection

    @contextlib.contextmanager
    def _named(self) -> Generator[None]:
        """What SQLite raises, as an error of ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as reason:
            raise errors.store_is_not_reached(str(self._path), str(reason)) from reason
