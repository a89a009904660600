"""An online store in PostgreSQL: the same rows and the same look-up as in SQLite, for several machines."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple, cast

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from headway.errors import online as errors
from headway.online import forked
from headway.online.table import UNREADABLE, Looked, OnlineTable, RowPacking, Stamp, entity_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from headway.online.table import OnlineRow

_TABLES = """
CREATE TABLE IF NOT EXISTS headway_online_tables (
    number SERIAL PRIMARY KEY, space TEXT NOT NULL, name TEXT NOT NULL, declared BYTEA NOT NULL,
    stamp BYTEA NOT NULL, UNIQUE (space, name)
)
"""
_ROWS = """
CREATE TABLE headway_online_rows_{number} (
    entity BYTEA NOT NULL, event_us BIGINT NOT NULL, known_us BIGINT NOT NULL, packed BYTEA NOT NULL,
    PRIMARY KEY (entity, event_us, known_us)
)
"""
_AT = """
SELECT
    asked.place, found.event_us, found.packed,
    (SELECT stamp FROM headway_online_tables WHERE number = {number})
FROM unnest(%s::bytea[], %s::bigint[]) WITH ORDINALITY AS asked (entity, moment, place)
LEFT JOIN LATERAL (
    SELECT event_us, packed FROM headway_online_rows_{number} AS kept
    WHERE kept.entity = asked.entity AND kept.event_us <= asked.moment AND kept.known_us <= asked.moment
    ORDER BY kept.event_us DESC, kept.known_us DESC LIMIT 1
) AS found ON true
"""
_PUT = """
INSERT INTO headway_online_rows_{number} SELECT * FROM incoming
ON CONFLICT (entity, event_us, known_us) DO UPDATE SET packed = EXCLUDED.packed
"""
_TAKE = """
DELETE FROM headway_online_rows_{number} AS kept USING outgoing AS gone
WHERE kept.entity = gone.entity AND kept.event_us = gone.event_us AND kept.known_us = gone.known_us
"""
_COLUMNS = "entity BYTEA, event_us BIGINT, known_us BIGINT, packed BYTEA"
_LOCK = 0x48574F4E
"""The advisory lock of writers, so that two who make the same table wait for each other."""
_PATIENCE: dict[str, int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A network that swallows everything is noticed within half a minute; an address may say otherwise."""
_FULL = ("53100", "25006", "42501")
"""States of SQL: the disk is full; only reading is allowed, to everybody or to this user."""
_DAMAGED = ("XX001", "XX002")

_encode = msgspec.json.encode
_declared = msgspec.json.Decoder(OnlineTable).decode
_stamp = msgspec.json.Decoder(Stamp).decode

Connection = psycopg.Connection[tuple[Any, ...]]


class _Open(NamedTuple):
    at: str
    packing: RowPacking


class PostgresOnline:
    """An online store in a database; see `headway.online.store.OnlineStore`.

    Args:
        address: `postgresql://...`; it may hold a password, so no error repeats it.
        name: What errors call the store.
        space: Whose tables these are, for several environments in one database.
    """

    def __init__(self, address: str, name: str = "postgresql", space: str = "") -> None:
        self._address = address
        self._name = name
        self._space = space
        self._tables: dict[str, _Open] = {}
        self.begin_afresh()
        forked.follow(self)

    def begin_afresh(self) -> None:
        """Leave connections to the parent; the driver closes none of another process."""
        self._lock = threading.Lock()
        self._threads = threading.local()
        self._connections: list[Connection] = []

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
        with self._named(), self._connected() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            number = self._made(connection, table, stamp, since)
            if since is None:
                connection.execute(_sql("DELETE FROM headway_online_rows_{number}", number))
            _copy(connection, "outgoing", gone)
            connection.execute(_sql(_TAKE, number))
            _copy(connection, "incoming", rows)
            connection.execute(_sql(_PUT, number))

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
            with self._named():
                return self._looked(table, keys, moments_us, features, ttl_us)
        except errors.EngineError:
            self._tables.pop(table, None)  # it may have been dropped and made again under another number
            raise

    def stamps(self) -> Mapping[str, Stamp]:
        """Table -> what it is and how fresh."""
        with self._named():
            connection = self._connection()
            if not _has_tables(connection):
                return {}
            query = "SELECT name, stamp FROM headway_online_tables WHERE space = %s"
            found = connection.execute(query, (self._space,))
            return {name: _stamp(stamp) for name, stamp in found}

    def drop(self, table: str) -> None:
        """Remove a table and its rows."""
        self._tables.pop(table, None)
        with self._named(), self._connected() as connection, connection.transaction():
            if not _has_tables(connection):
                return
            query = "DELETE FROM headway_online_tables WHERE space = %s AND name = %s RETURNING number"
            found = connection.execute(query, (self._space, table)).fetchone()
            if found is not None:
                connection.execute(_sql("DROP TABLE headway_online_rows_{number}", found[0]))

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            connections, self._connections = self._connections, []
            self._threads = threading.local()
        for connection in connections:
            connection.close()

    # -- inside ----------------------------------------------------------------------------------

    def _looked(
        self,
        table: str,
        keys: Sequence[Sequence[object]],
        moments_us: Sequence[int],
        features: Sequence[str],
        ttl_us: int | None,
    ) -> Looked:
        opened = self._tables.get(table) or self._opened(table)
        try:
            picking = opened.packing.picking(features)
        except KeyError as missing:
            raise errors.feature_is_not_there(self._name, table, missing.args[0]) from missing
        asked = [entity_of(key) for key in keys]
        packed: list[bytes | None] = [None] * len(asked)
        stamp: bytes | None = None
        expired: list[tuple[int, int]] = []
        for place, event, row, beside in self._read(opened.at, (asked, list(moments_us))):
            stamp = beside
            if event is None:
                continue
            age = moments_us[place - 1] - event
            if ttl_us is None or age <= ttl_us:
                packed[place - 1] = row
            else:
                expired.append((place - 1, age))
        return picking.of(packed, _stamp(stamp).commit if stamp else "", tuple(expired))

    def _read(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """What a query finds; asked again when the connection was lost while nobody used it."""
        text = cast("LiteralString", query)
        connection = self._connection()
        try:
            return connection.execute(text, values, binary=True).fetchall()
        except psycopg.OperationalError:
            if not connection.closed:
                raise
            return self._connection().execute(text, values, binary=True).fetchall()

    def _made(self, connection: Connection, table: OnlineTable, stamp: Stamp, since: str | None) -> int:
        """The number of a table that is there now, stamped."""
        connection.execute(_TABLES)
        query = "SELECT number, declared, stamp FROM headway_online_tables WHERE space = %s AND name = %s"
        found = connection.execute(query, (self._space, table.name)).fetchone()
        if found is not None and _declared(found[1]) != table:
            raise errors.table_is_another(self._name, table.name, "its keys or features differ")
        stands = "" if found is None else _stamp(found[2]).commit
        if since is not None and stands != since:
            raise errors.table_has_moved(self._name, table.name, since, stands)
        if found is None:
            insert = (
                "INSERT INTO headway_online_tables (space, name, declared, stamp) "
                "VALUES (%s, %s, %s, '') RETURNING number"
            )
            found = connection.execute(insert, (self._space, table.name, _encode(table))).fetchone()
            assert found is not None, "an insert returns what it made"
            connection.execute(_sql(_ROWS, found[0]))
        update = "UPDATE headway_online_tables SET stamp = %s WHERE number = %s"
        connection.execute(update, (_encode(stamp), found[0]))
        return int(found[0])

    def _opened(self, table: str) -> _Open:
        query = "SELECT number, declared FROM headway_online_tables WHERE space = %s AND name = %s"
        found = self._read(query, (self._space, table)) if _has_tables(self._connection()) else []
        if not found:
            raise errors.table_is_not_there(self._name, table, list(self.stamps()))
        ((number, declared),) = found
        opened = self._tables[table] = _Open(_AT.format(number=number), RowPacking(_declared(declared)))
        return opened

    def _connection(self) -> Connection:
        """This thread's connection, for reading; made again when it was lost."""
        connection: Connection | None = getattr(self._threads, "connection", None)
        if connection is None or connection.closed:
            connection = self._threads.connection = self._connected()
            connection.prepare_threshold = 0
            with self._lock:
                self._connections = [*(one for one in self._connections if not one.closed), connection]
        return connection

    def _connected(self) -> Connection:
        address: dict[str, Any] = {**_PATIENCE, **conninfo_to_dict(self._address)}
        return psycopg.connect(make_conninfo(**address), autocommit=True)

    @contextlib.contextmanager
    def _named(self) -> Generator[None]:
        """What the driver raises, as an error of ours, without the address."""
        try:
            yield
        except (psycopg.Error, OSError, *UNREADABLE) as reason:
            raise self._told(reason) from None

    def _told(self, reason: Exception) -> errors.EngineError:
        said = str(reason).replace(self._address, "").strip().partition("\n")[0] or type(reason).__name__
        state = getattr(reason, "sqlstate", None)
        if isinstance(reason, UNREADABLE):
            return errors.store_is_damaged(self._name, f"a row or a stamp cannot be read ({said})")
        if state in _DAMAGED:
            return errors.store_is_damaged(self._name, said)
        if state in _FULL:
            return errors.store_is_not_written(self._name, said)
        return errors.store_is_not_reached(self._name, said)


def _copy(connection: Connection, name: str, rows: Iterable[OnlineRow]) -> None:
    """Rows as a temporary table, by the protocol for many."""
    connection.execute(cast("LiteralString", f"CREATE TEMP TABLE {name} ({_COLUMNS}) ON COMMIT DROP"))
    with (
        connection.cursor() as cursor,
        cursor.copy(cast("LiteralString", f"COPY {name} FROM STDIN (FORMAT BINARY)")) as copy,
    ):
        copy.set_types(["bytea", "int8", "int8", "bytea"])
        for row in rows:
            copy.write_row(row)


def _has_tables(connection: Connection) -> bool:
    found = connection.execute("SELECT to_regclass('headway_online_tables') IS NOT NULL").fetchone()
    return found is not None and bool(found[0])


def _sql(text: str, number: int) -> LiteralString:
    """A statement about the rows of a table; only its number, an integer, is put in."""
    return cast("LiteralString", text.format(number=int(number)))
