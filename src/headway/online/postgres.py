"""An online store in PostgreSQL: the same rows and the same look-up as in SQLite, for several machines."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple, cast

import msgspec
import psycopg

from headway.errors import online as errors
from headway.online.table import Looked, OnlineTable, RowPacking, Stamp, entity_of

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
CONNECT_SECONDS = 5

_encode = msgspec.json.encode
_declared = msgspec.json.Decoder(OnlineTable).decode
_stamp = msgspec.json.Decoder(Stamp).decode

Connection = psycopg.Connection[tuple[Any, ...]]


class _Open(NamedTuple):
    at: str
    packing: RowPacking


class PostgresOnline:
    """An online store in a database; see `headway.online.store.OnlineStore`. May be used from any thread.

    Args:
        address: `postgresql://...`; it may hold a password, so no error repeats it.
        name: What errors call the store.
        space: Whose tables these are, for several environments in one database.
    """

    def __init__(self, address: str, name: str = "postgresql", space: str = "") -> None:
        self._address = address
        self._name = name
        self._space = space
        self._threads = threading.local()
        self._connections: list[Connection] = []
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
        with self._named(), self._connected() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            number = self._made(connection, table, stamp)
            if anew:
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
            EngineError: The store cannot be reached (ON001), or has no such table (ON002) or feature (ON004).
        """
        opened = self._tables.get(table) or self._opened(table)
        try:
            places = opened.packing.places(features)
        except KeyError as missing:
            raise errors.feature_is_not_there(self._name, table, missing.args[0]) from missing
        asked = [entity_of(key) for key in keys]
        packed: list[bytes | None] = [None] * len(asked)
        stamp: bytes | None = None
        try:
            with self._named():
                query = cast("LiteralString", opened.at)
                for place, event, row, beside in self._connection().execute(
                    query, (asked, list(moments_us)), binary=True
                ):
                    stamp = beside
                    if event is not None and (ttl_us is None or moments_us[place - 1] - event <= ttl_us):
                        packed[place - 1] = row
        except errors.EngineError:
            self._tables.pop(table, None)
            raise
        missed = tuple([place for place, row in enumerate(packed) if row is None])
        rows = [opened.packing.unpack(row, places) for row in packed]
        return Looked(rows, _stamp(stamp).commit if stamp else "", missed)

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
        while self._connections:
            self._connections.pop().close()
        self._threads = threading.local()

    # -- inside ----------------------------------------------------------------------------------

    def _made(self, connection: Connection, table: OnlineTable, stamp: Stamp) -> int:
        """The number of a table that is there now, stamped."""
        connection.execute(_TABLES)
        query = "SELECT number, declared FROM headway_online_tables WHERE space = %s AND name = %s"
        found = connection.execute(query, (self._space, table.name)).fetchone()
        if found is not None and _declared(found[1]) != table:
            raise errors.table_is_another(self._name, table.name, "its keys or features differ")
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
        known = self.stamps()
        if table not in known:
            raise errors.table_is_not_there(self._name, table, list(known))
        with self._named():
            query = "SELECT number, declared FROM headway_online_tables WHERE space = %s AND name = %s"
            found = self._connection().execute(query, (self._space, table)).fetchone()
        if found is None:
            raise errors.table_is_not_there(self._name, table, [])
        opened = self._tables[table] = _Open(_AT.format(number=found[0]), RowPacking(_declared(found[1])))
        return opened

    def _connection(self) -> Connection:
        """This thread's connection, for reading; made again when it was lost."""
        connection: Connection | None = getattr(self._threads, "connection", None)
        if connection is None or connection.closed:
            connection = psycopg.connect(self._address, autocommit=True, connect_timeout=CONNECT_SECONDS)
            connection.prepare_threshold = 0
            self._threads.connection = connection
            self._connections.append(connection)
        return connection

    @contextlib.contextmanager
    def _connected(self) -> Generator[Connection]:
        """A connection for one write."""
        with psycopg.connect(self._address, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            yield connection

    @contextlib.contextmanager
    def _named(self) -> Generator[None]:
        """What the driver raises, as an error of ours, without the address."""
        try:
            yield
        except (psycopg.Error, OSError) as reason:
            said = str(reason).replace(self._address, "").strip().partition("\n")[0]
            raise errors.store_is_not_reached(self._name, said or type(reason).__name__) from None


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
