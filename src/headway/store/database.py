"""One read-only connection to the ledger's database, opened when it is first asked."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec

from headway.core.clock import from_text
from headway.errors import EngineError
from headway.errors import store as errors
from headway.facts.fact import Body, Fact
from headway.store.schema import refuse_newer
from headway.store.sequence import open_read_only

_SELECT = "SELECT fact.seq, fact.id, fact.at, fact.body FROM fact"
_decode = msgspec.json.Decoder(Body).decode


class Database:
    """Rows of the ledger; an absent file has none.

    Args:
        path: The database file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def facts_where(self, where: str, *values: object) -> list[Fact]:
        """Facts that a clause selects; `where` may join and order.

        Raises:
            EngineError: The ledger cannot be read.
        """
        return [fact_of(row) for row in self.rows(f"{_SELECT} {where}", *values)]

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a statement.

        Raises:
            EngineError: The ledger cannot be read.
        """
        connection = self.connection()
        if connection is None:
            return []
        with named(self.path, reading=True):
            try:
                return connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []  # a ledger that its first writer has not finished making
                raise

    @contextlib.contextmanager
    def snapshot(self) -> Generator[None]:
        """One state of the database for all that the block reads; blocks may be nested.

        Raises:
            EngineError: The ledger cannot be read.
        """
        connection = self.connection()
        if connection is None or connection.in_transaction:
            yield
            return
        with named(self.path, reading=True):
            connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.rollback()

    def connection(self) -> sqlite3.Connection | None:
        """The connection, opened when first asked for; None where there is no ledger yet.

        Raises:
            EngineError: The ledger cannot be read.
        """
        if self._connection is None:
            with named(self.path, reading=True):
                self._connection = self._opened() if self.path.exists() else None
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        connection = open_read_only(self.path)
        try:
            refuse_newer(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection


def fact_of(row: tuple[Any, ...]) -> Fact:
    """A fact from its row (seq, id, at, body).

    Raises:
        EngineError: The row says nothing that this Headway understands.
    """
    seq, fact_id, at, body = row
    try:
        return Fact(seq=seq, id=fact_id, at=from_text(at), body=_decode(body))
    except (msgspec.MsgspecError, ValueError) as error:
        raise errors.fact_is_unreadable(seq) from error


def _name(path: Path, error: sqlite3.Error, *, reading: bool) -> EngineError:
    # The sqlite3 module's own errors have no code: a text that is not UTF-8 is one of them.
    match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return errors.ledger_is_damaged(str(path))
        case sqlite3.SQLITE_FULL:
            return errors.not_written(str(path), "the disk is full")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return (
                errors.not_read(str(path), str(error))
                if reading
                else errors.not_written(str(path), str(error))
            )
        case _:
            return errors.ledger_fails(str(path), error)


@contextlib.contextmanager
def named(path: Path, *, reading: bool = False) -> Generator[None]:
    """Give failures of the database and the disk their name.

    Args:
        path: The database file.
        reading: Whether it is only read, so that what the disk refuses is not to write.

    Raises:
        EngineError: The block failed.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _name(path, error, reading=reading) from error
    except OSError as error:
        refused = errors.not_read if reading else errors.not_written
        raise refused(str(path), error.strerror or str(error)) from error
