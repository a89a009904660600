"""The ledger in SQLite: one append-only table of facts, read and written by two different types.

The reader's connection cannot write. Facts are written in WAL mode with NORMAL durability (a power
loss may take the last ones, never corrupt); a move is written with FULL durability.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from headway.core.clock import SystemClock, to_text
from headway.core.ids import uuid7
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.fact import Body, Fact, Made
from headway.facts.moves import Move
from headway.store import journal
from headway.store.database import named
from headway.store.environment_reader import SqliteEnvironments
from headway.store.fact_reader import SqliteFacts
from headway.store.head import End, Head, ends
from headway.store.lease import lease
from headway.store.schema import into_wal_mode, migrate

_encode = msgspec.json.encode


class SqliteReader(SqliteFacts, SqliteEnvironments):
    """The whole ledger, read only: facts, environments and the journal over one connection."""


class SqliteWriter:
    """Appends facts and moves pointers.

    Args:
        path: The database file; made and migrated when first written.
        leases: Folder of the lease files.
    """

    def __init__(self, path: Path, leases: Path) -> None:
        self.path = path
        self._leases = leases
        self._opened: sqlite3.Connection | None = None
        self._head: Head | None = None

    def record(self, *bodies: Body) -> tuple[Fact, ...]:
        """Append facts in one transaction; all of them or none.

        Raises:
            EngineError: The ledger cannot be written.
        """
        if not bodies:
            return ()
        with self._transaction("NORMAL") as connection:
            facts = tuple(_append(connection, body) for body in bodies)
            end = journal.link(connection, facts[-1].seq)
        self._say(end)
        return facts

    def move(self, move: Move) -> Fact:
        """Append a move to the journal and set the pointers, by compare-and-swap.

        Raises:
            ConflictError: Somebody moved first.
            EngineError: The ledger cannot be written.
        """
        with self._transaction("FULL") as connection:
            journal.check(connection, move)
            fact = _append(connection, move)
            end = journal.chain(connection, fact, move)
        self._say(end)
        return fact

    def lease(self, name: str, holder: str) -> AbstractContextManager[None]:
        """Hold `name` alone while the block runs.

        Raises:
            ConflictError: Somebody holds it; names the holder.
        """
        return lease(self._leases / f"{quote(name, safe='')}.lock", name, holder)

    @contextlib.contextmanager
    def _transaction(self, synchronous: str) -> Generator[sqlite3.Connection]:
        with named(self.path):
            connection = self._connection()
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _say(self, end: End) -> None:
        """Keep beside the ledger where it ends; after the commit, so that it is never ahead."""
        with named(self.path):
            if self._head is not None:
                self._head.advance(end)

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=10.0)
            try:
                into_wal_mode(connection)
                connection.execute("PRAGMA foreign_keys = ON")
                migrate(connection, self.path)
                self._head = _head_of(self.path, connection)
            except BaseException:
                connection.close()
                raise
            self._opened = connection
        return self._opened


def _head_of(path: Path, connection: sqlite3.Connection) -> Head:
    """The file beside the ledger; an end that the ledger does not reach any more is kept there for `verify`."""
    head, said = Head(path), ends(path)
    if said and said[0] not in said[1:] and not journal.is_reached(connection, said[0]):
        head.lose(said[0])
    return head


def _append(connection: sqlite3.Connection, body: Body) -> Fact:
    now: datetime = SystemClock().now()
    kind = type(body).__struct_config__.tag
    fact_id, at = uuid7(), to_text(now)
    row = connection.execute(
        "INSERT INTO fact (id, at, kind, body) VALUES (?, ?, ?, ?) RETURNING seq",
        (fact_id, at, kind, _encode(body).decode()),
    ).fetchone()
    _index(connection, row[0], body)
    return Fact(seq=row[0], id=fact_id, at=now, body=body)


def _index(connection: sqlite3.Connection, seq: int, body: Body) -> None:
    """Write where the fact is looked up."""
    match body:
        case Execution():
            connection.execute(
                "INSERT INTO execution (seq, node, key, output, run) VALUES (?, ?, ?, ?, ?)",
                (seq, body.node, body.key, body.output, body.run),
            )
            inputs = {(digest, seq) for digest in body.fingerprint.inputs.values()}
            connection.executemany("INSERT INTO input (digest, seq) VALUES (?, ?)", sorted(inputs))
        case Made():
            connection.execute(
                "INSERT INTO artifact (digest, seq) VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET seq = excluded.seq",
                (body.artifact.digest, seq),
            )
        case Evidence():
            connection.execute("INSERT INTO evidence (seq, about) VALUES (?, ?)", (seq, body.about))
        case _:
            pass
