"""Numbered migrations of the embedded ledger, counted in our own version table."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from headway.errors import store as errors

_PATIENCE_S = 10.0


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a database to the newest schema, one transaction a step; two writers at once are safe.

    Raises:
        EngineError: A newer Headway wrote this ledger.
    """
    scripts = _scripts()
    if _version(connection) == len(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS headway_schema (version INTEGER NOT NULL)")
        refuse_newer(connection, path)
        for entry in scripts[_version(connection) :]:
            for statement in _statements(entry.read_text(encoding="utf-8")):
                connection.execute(statement)
        connection.execute("DELETE FROM headway_schema")
        connection.execute("INSERT INTO headway_schema VALUES (?)", (len(scripts),))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    """Neither write nor read what a newer Headway wrote.

    Raises:
        EngineError: A newer Headway wrote this ledger.
    """
    found, known = _version(connection), len(_scripts())
    if found > known:
        raise errors.ledger_is_newer(str(path), found, known)


def into_wal_mode(connection: sqlite3.Connection) -> None:
    """Switch a new ledger to WAL; another process that makes it at the same moment is waited for.

    SQLite does not wait by itself here: the switch needs the whole file, and of two it refuses one.

    Raises:
        sqlite3.Error: The file is no database, or stays busy for ten seconds.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)
        else:
            return


def _scripts() -> list[Path]:
    return sorted(Path(__file__).with_name("migrations").glob("*.sql"))


def _version(connection: sqlite3.Connection) -> int:
    made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'headway_schema'").fetchone()
    row = connection.execute("SELECT version FROM headway_schema").fetchone() if made else None
    return int(row[0]) if row else 0


def _statements(script: str) -> list[str]:
    """Statements of a script; `executescript` would end our transaction."""
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    return found
