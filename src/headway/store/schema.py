"""Numbered migrations of the embedded ledger, counted in our own version table."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path

from headway.errors import store as errors


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a database to the newest schema, one transaction a step; two writers at once are safe.

    Raises:
        EngineError: A newer Headway wrote this ledger.
    """
    scripts = sorted(
        (
            entry
            for entry in files("headway.store").joinpath("migrations").iterdir()
            if entry.name.endswith(".sql")
        ),
        key=lambda entry: entry.name,
    )
    if _version(connection) == len(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS headway_schema (version INTEGER NOT NULL)")
        done = _version(connection)
        if done > len(scripts):
            raise errors.ledger_is_newer(str(path), done, len(scripts))  # noqa: TRY301 -- rolled back below
        for entry in scripts[done:]:
            for statement in _statements(entry.read_text(encoding="utf-8")):
                connection.execute(statement)
        connection.execute("DELETE FROM headway_schema")
        connection.execute("INSERT INTO headway_schema VALUES (?)", (len(scripts),))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    try:
        row = connection.execute("SELECT version FROM headway_schema").fetchone()
    except sqlite3.OperationalError:
        return 0
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
