"""What was worked out before, by name: disposable, and proven by a digest whenever it is read.

Where the file cannot be opened, read or written, or what it says is damaged, the answer is that nothing is
known; whoever asks works it out again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from headway.core import digest

KEPT_TURNS = 3
"""Uses by one owner after which what it did not ask for is forgotten."""

_TABLES = (
    """CREATE TABLE IF NOT EXISTS known
    (owner TEXT, name TEXT, digest TEXT, value BLOB, PRIMARY KEY (owner, name))""",
    # Apart, since to change one column of a row SQLite writes all of it again.
    "CREATE TABLE IF NOT EXISTS used (owner TEXT, name TEXT, turn INTEGER, PRIMARY KEY (owner, name))",
    "CREATE TABLE IF NOT EXISTS turn (owner TEXT PRIMARY KEY, number INTEGER)",
)


class Memory:
    """One owner's memory, for the time of a `with` block; what is new is written when the block ends well.

    Args:
        path: The database; made when something is written.
        owner: Whose; nobody sees, or makes forgotten, what is another's.
    """

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._owner = owner
        self._connection: sqlite3.Connection | None = None
        self._used: set[str] = set()
        self._new: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        """Open it."""
        with contextlib.suppress(OSError, sqlite3.Error):
            if self._path.is_file():
                self._connection = self._opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is new, forget what nobody asked for, and close it."""
        try:
            if kind is None and (self._new or self._used):
                self._keep()
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def get(self, name: str) -> bytes | None:
        """What was put under a name; None when there is nothing, or not what was put."""
        if name in self._new:
            return self._new[name]
        found = self._asked(
            lambda known: known.execute(
                "SELECT digest, value FROM known WHERE owner = ? AND name = ?", (self._owner, name)
            ).fetchone()
        )
        if found is None or found[0] != _digest(name, found[1]):
            return None
        self._used.add(name)
        return bytes(found[1])

    def has(self, name: str) -> bool:
        """Whether there is something under a name; `get` may find that it is damaged."""
        return name in self._new or bool(
            self._asked(
                lambda known: known.execute(
                    "SELECT 1 FROM known WHERE owner = ? AND name = ?", (self._owner, name)
                ).fetchone()
            )
        )

    def put(self, name: str, value: bytes) -> None:
        """Remember something under a name."""
        self._new[name] = value

    def need(self, name: str) -> None:
        """Say that a name is still of use, though nobody reads what is under it now."""
        self._used.add(name)

    # -- the file ------------------------------------------------------------------------------

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=2.0)
        try:
            # Never waits for the disk: what a power loss leaves damaged is worked out again.
            connection.execute("PRAGMA synchronous = OFF")
            for statement in _TABLES:
                connection.execute(statement)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _asked(self, ask: Callable[[sqlite3.Connection], Any]) -> Any:
        if self._connection is None:
            return None
        try:
            return ask(self._connection)
        except sqlite3.Error:
            return None

    def _keep(self) -> None:
        try:
            self._written()
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                return  # busy, full, or read only: it stays as it was
            self._begin_anew()
        except OSError:
            return

    def _begin_anew(self) -> None:
        """A damaged file tells nothing any more: put a new one in its place."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        with contextlib.suppress(OSError, sqlite3.Error):
            for suffix in ("", "-journal"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            self._written()

    def _written(self) -> None:
        if self._connection is None:
            self._connection = self._opened()
        known, owner = self._connection, self._owner
        known.execute("BEGIN IMMEDIATE")
        try:
            known.execute(
                "INSERT INTO turn VALUES (?, 1) ON CONFLICT (owner) DO UPDATE SET number = number + 1",
                (owner,),
            )
            (turn,) = known.execute("SELECT number FROM turn WHERE owner = ?", (owner,)).fetchone()
            known.executemany(
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)",
                [(owner, name, _digest(name, value), value) for name, value in self._new.items()],
            )
            known.executemany(
                "INSERT OR REPLACE INTO used VALUES (?, ?, ?)",
                [(owner, name, turn) for name in sorted(self._used | self._new.keys())],
            )
            old = (owner, turn - KEPT_TURNS)
            unused = known.execute(
                "SELECT owner, name FROM used WHERE owner = ? AND turn < ?", old
            ).fetchall()
            known.executemany("DELETE FROM known WHERE owner = ? AND name = ?", unused)
            known.executemany("DELETE FROM used WHERE owner = ? AND name = ?", unused)
            known.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                known.execute("ROLLBACK")
            raise


def _digest(name: str, value: bytes) -> str:
    return digest.of_value([name, digest.of_bytes(value)])
