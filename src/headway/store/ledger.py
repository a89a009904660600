"""The ledger in SQLite: one append-only table of facts, read and written by two different types.

The reader's connection cannot write. Facts are written in WAL mode with NORMAL durability (a power
loss may take the last ones, never corrupt); a move is written with FULL durability.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from headway.core.clock import SystemClock, from_text, to_text
from headway.core.ids import uuid7
from headway.errors import store as errors
from headway.facts.artifacts import Artifact
from headway.facts.evidence import Evidence
from headway.facts.executions import Execution
from headway.facts.fact import Body, Fact, Made
from headway.facts.moves import EnvironmentState, Hold, Move
from headway.store import journal
from headway.store.lease import lease
from headway.store.schema import migrate
from headway.store.sequence import open_read_only

_PREFIX = 6
_SELECT = "SELECT fact.seq, fact.id, fact.at, fact.body FROM fact"
_decode = msgspec.json.Decoder(Body).decode
_encode = msgspec.json.encode


class SqliteReader:
    """Reads facts, pointers and the journal; an absent file is an empty ledger.

    Args:
        path: The database file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def sequence(self) -> int:
        """The newest fact's number; 0 in an empty ledger."""
        return int(self._rows("SELECT coalesce(max(seq), 0) FROM fact")[0][0]) if self.path.exists() else 0

    def executions(self, node: str) -> Sequence[Execution]:
        """Successful executions of a node, newest first."""
        where = "JOIN execution USING (seq) WHERE node = ? AND output IS NOT NULL ORDER BY seq DESC"
        return [fact.body for fact in self._facts(where, node)]  # ty: ignore[invalid-return-type]

    def execution(self, key: str) -> Execution | None:
        """The newest successful execution under this fingerprint key."""
        where = "JOIN execution USING (seq) WHERE key = ? AND output IS NOT NULL ORDER BY seq DESC LIMIT 1"
        found = self._facts(where, key)
        return found[0].body if found else None  # ty: ignore[invalid-return-type]

    def artifact(self, prefix: str) -> Artifact | None:
        """The artifact whose digest starts with `prefix` (6 digits or more).

        Raises:
            UsageError: Several artifacts match.
        """
        where = "JOIN artifact USING (seq) WHERE digest >= ? AND digest < ? LIMIT 2"
        found = self._facts(where, prefix, prefix + "g") if len(prefix) >= _PREFIX else []
        if len(found) > 1:
            raise errors.ambiguous_prefix(prefix)
        body = found[0].body if found else None
        return body.artifact if isinstance(body, Made) else None

    def evidence(self, about: str) -> Sequence[tuple[str, Evidence]]:
        """(fact id, evidence) about an artifact, newest first."""
        found = self._facts("JOIN evidence USING (seq) WHERE about = ? ORDER BY seq DESC", about)
        return [(fact.id, fact.body) for fact in found]  # ty: ignore[invalid-return-type]

    def facts(self, *, kinds: Iterable[str] = (), after: int = 0, limit: int | None = None) -> Sequence[Fact]:
        """Facts in order, of the given tags; all kinds when none is named."""
        wanted = tuple(kinds)
        among = f"AND kind IN ({','.join('?' * len(wanted))})" if wanted else ""
        where = f"WHERE seq > ? {among} ORDER BY seq LIMIT ?"
        return self._facts(where, after, *wanted, -1 if limit is None else limit)

    def environment(self, name: str) -> EnvironmentState:
        """The environment's state; revision 0 and no pointers for a name never moved."""
        found = self._rows("SELECT revision, head, holds FROM environment WHERE name = ?", name)
        if not found:
            return EnvironmentState(name=name)
        revision, head, holds = found[0]
        pointers = dict(self._rows("SELECT node, digest FROM pointer WHERE environment = ? ORDER BY node", name))
        held = msgspec.json.decode(holds, type=tuple[Hold, ...])
        return EnvironmentState(name=name, revision=revision, pointers=pointers, holds=held, head=head)

    def environments(self) -> Sequence[str]:
        """Names of every environment that ever moved, sorted."""
        return [name for (name,) in self._rows("SELECT name FROM environment ORDER BY name")]

    def journal(self, environment: str | None = None) -> Sequence[tuple[Fact, str]]:
        """(move fact, hash), oldest first."""
        where = "WHERE ? IS NULL OR environment = ? ORDER BY seq"
        return self._journal(where, environment, environment)

    def verify(self) -> None:
        """Recompute the hash chain, and compare the pointers with what the journal adds up to.

        Raises:
            GateError: A row was changed, added or taken away; names the first one.
        """
        rows = self._rows("SELECT seq, environment, revision, previous, hash FROM journal ORDER BY seq")
        moves = {fact.seq: fact for fact in self.facts(kinds=["move"])}
        journal.verify(rows, moves, [self.environment(name) for name in self.environments()])

    # -- lineage: single index look-ups --------------------------------------------------------

    def made_by(self, output: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that made an artifact, newest first."""
        found = self._facts("JOIN execution USING (seq) WHERE output = ? ORDER BY seq DESC", output)
        return [(fact.id, fact.body) for fact in found]  # ty: ignore[invalid-return-type]

    def used_by(self, digest: str) -> Sequence[tuple[str, Execution]]:
        """(fact id, execution) that had an artifact among its inputs, newest first."""
        found = self._facts("JOIN input USING (seq) WHERE digest = ? ORDER BY seq DESC", digest)
        return [(fact.id, fact.body) for fact in found]  # ty: ignore[invalid-return-type]

    def moves_to(self, digest: str) -> Sequence[tuple[Fact, str]]:
        """(move fact, journal hash) that pointed an environment at an artifact, oldest first."""
        where = "JOIN pointed USING (seq) WHERE digest = ? ORDER BY seq"
        return self._journal(where, digest)

    def _journal(self, where: str, *values: object) -> list[tuple[Fact, str]]:
        select = "SELECT fact.seq, fact.id, fact.at, fact.body, journal.hash FROM fact JOIN journal USING (seq)"
        return [(_fact(row[:4]), row[4]) for row in self._rows(f"{select} {where}", *values)]

    def _facts(self, where: str, *values: object) -> list[Fact]:
        return [_fact(row) for row in self._rows(f"{_SELECT} {where}", *values)]

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        if self._connection is None:
            if not self.path.exists():
                return []
            with _named(self.path):
                self._connection = open_read_only(self.path)
        with _named(self.path):
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []  # a ledger that its first writer has not finished making
                raise


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

    def record(self, *bodies: Body) -> tuple[Fact, ...]:
        """Append facts in one transaction; all of them or none.

        Raises:
            EngineError: The ledger cannot be written.
        """
        with self._transaction("NORMAL") as connection:
            return tuple(_append(connection, body) for body in bodies)

    def move(self, move: Move) -> Fact:
        """Append a move to the journal and set the pointers, by compare-and-swap.

        Raises:
            ConflictError: Somebody moved first.
            EngineError: The ledger cannot be written.
        """
        with self._transaction("FULL") as connection:
            journal.check(connection, move)
            fact = _append(connection, move)
            journal.chain(connection, fact, move)
            return fact

    def lease(self, name: str, holder: str) -> AbstractContextManager[None]:
        """Hold `name` alone while the block runs.

        Raises:
            ConflictError: Somebody holds it; names the holder.
        """
        return lease(self._leases / f"{name}.lock", name, holder)

    @contextlib.contextmanager
    def _transaction(self, synchronous: str) -> Iterator[sqlite3.Connection]:
        with _named(self.path):
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

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._opened = sqlite3.connect(self.path, isolation_level=None, timeout=10.0)
            self._opened.execute("PRAGMA journal_mode = WAL")
            self._opened.execute("PRAGMA foreign_keys = ON")
            migrate(self._opened, self.path)
        return self._opened


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Give database failures their name."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise errors.ledger_fails(str(path), error) from error
    except OSError as error:
        raise errors.not_written(str(path), error.strerror or str(error)) from error


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


def _fact(row: tuple[Any, ...]) -> Fact:
    seq, fact_id, at, body = row
    return Fact(seq=seq, id=fact_id, at=from_text(at), body=_decode(body))
