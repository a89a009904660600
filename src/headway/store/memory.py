"""What was worked out before, by name: disposable, sealed, and proven whenever it is read.

Where the file or the key cannot be opened, read or written, or what is there is damaged, the answer is that nothing is
known; whoever asks works it out again. Hashes of personal values are among what is kept, and a hash of one is
found by trying them all; so nothing in the file says anything without the workspace's key.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from headway.errors import EngineError
from headway.store.sealing import Seal

FORMAT = 2
"""Of the file; one of another format is replaced."""
KEPT_TURNS = 3
"""Uses by one owner after which what it did not ask for is forgotten."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS known (owner TEXT, name TEXT, value BLOB, PRIMARY KEY (owner, name))",
    # Apart, since to change one column of a row SQLite writes all of it again.
    "CREATE TABLE IF NOT EXISTS used (owner TEXT, name TEXT, turn INTEGER, PRIMARY KEY (owner, name))",
    "CREATE TABLE IF NOT EXISTS turn (owner TEXT PRIMARY KEY, number INTEGER)",
)


class Memory:
    """One owner's memory, for the time of a `with` block; what is new is written when the block ends well.

    Args:
        path: The database; made when something is written.
        owner: Whose; nobody sees, or makes forgotten, what is another's.
        key: Gives the workspace's secret; under another one nothing is known.
    """

    def __init__(self, path: Path, owner: str, key: Callable[[], bytes]) -> None:
        self._path = path
        self._owner = owner
        self._key = key
        self._seal: Seal | None = None
        self._connection: sqlite3.Connection | None = None
        self._used: set[str] = set()
        self._new: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        """Open it."""
        with contextlib.suppress(EngineError, OSError, sqlite3.Error):
            self._seal = Seal(self._key(), "memory")
            if self._path.is_file():
                self._connection = self._opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is new, forget what nobody asked for, and close it."""
        try:
            if kind is None and self._seal is not None and (self._new or self._used):
                self._keep(self._seal)
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def get(self, name: str) -> bytes | None:
        """What was put under a name; None when there is nothing, or not what was put."""
        if name in self._new:
            return self._new[name]
        found = self._asked("SELECT value FROM known WHERE owner = ? AND name = ?", name)
        if found is None or self._seal is None or not isinstance(found[0], bytes):
            return None
        value = self._seal.open(name, found[0])
        if value is not None:
            self._used.add(name)
        return value

    def has(self, name: str) -> bool:
        """Whether there is something under a name; `get` may find that it is damaged."""
        return name in self._new or bool(
            self._asked("SELECT 1 FROM known WHERE owner = ? AND name = ?", name)
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
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != FORMAT and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise sqlite3.DatabaseError("of another format")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            for statement in _TABLES:
                connection.execute(statement)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _asked(self, query: str, name: str) -> Any:
        if self._connection is None or self._seal is None:
            return None
        try:
            return self._connection.execute(query, (self._owner, self._seal.name(name))).fetchone()
        except sqlite3.Error:
            return None

    def _keep(self, seal: Seal) -> None:
        try:
            self._written(seal)
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                return  # busy, full, or read only: it stays as it was
            self._begin_anew(seal)
        except OSError:
            return

    def _begin_anew(self, seal: Seal) -> None:
        """A damaged file, or one of another format, tells nothing: put a new one in its place."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        with contextlib.suppress(OSError, sqlite3.Error):
            for suffix in ("", "-journal"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            self._written(seal)

    def _written(self, seal: Seal) -> None:
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
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?)",
                ((owner, seal.name(name), seal.close(name, value)) for name, value in self._new.items()),
            )
            known.executemany(
                "INSERT OR REPLACE INTO used VALUES (?, ?, ?)",
                [(owner, seal.name(name), turn) for name in sorted(self._used | self._new.keys())],
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
