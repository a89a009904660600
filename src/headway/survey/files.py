"""File digests behind a stat cache: an unchanged file costs one stat.

The cache is disposable. Where it cannot be opened or written the answer is computed instead, so a
read-only workspace plans as well, only slower.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from pathlib import Path

from headway.core import digest
from headway.core.listing import beginning, below, is_pattern, matching

Signature = tuple[int, int, int, int]
"""(size, mtime_ns, ctime_ns, inode)."""

GRANULARITY_NS = 2_000_000_000
"""A file changed this shortly before it was hashed may change again under the same time stamp, on the
coarsest file systems in use; its digest is not trusted by stat until later (as git does)."""

UNSETTLED = -1
"""Stands for the inode in a signature that cannot be trusted; no file has it."""

_TABLE = (
    "CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, signature TEXT, digest TEXT, hashed_ns INTEGER)"
)
_LIBRARIES = "CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, signature TEXT, value TEXT)"


def signature_of(path: Path | str) -> Signature | None:
    """A path's stat signature, symbolic links followed; None when nothing is there."""
    found = _stat(path)
    return None if found is None else _signature(found)


def _stat(path: Path | str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 -- paths come as text here, a thousand at a time
    except (FileNotFoundError, NotADirectoryError):
        return None


def _signature(found: os.stat_result) -> Signature:
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def is_racy(signature: Signature, hashed_ns: int) -> bool:
    """Whether a change right after hashing could hide behind the same signature."""
    return max(signature[1], signature[2]) > hashed_ns - GRANULARITY_NS


def settled(signature: Signature | None, read_ns: int) -> Signature | None:
    """The signature to watch a path by that was read at this time; a too young one never matches again."""
    if signature is None or not is_racy(signature, read_ns):
        return signature
    return (*signature[:3], UNSETTLED)


class StatCache:
    """Digests of files by content.

    Args:
        path: The cache database (`.headway/cache.db`).

    Attributes:
        watched: Path that was asked for, or is in a folder that was -> signature from before it was read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.watched: dict[str, Signature | None] = {}
        self._connection = self._open()

    def signature(self, path: Path) -> Signature | None:
        """The signature to watch a path by: from before it was read here, else as it is now."""
        return self.watched.get(str(path)) or settled(signature_of(path), time.time_ns())

    def digest(self, path: Path | str) -> str | None:
        """Digest of a file's content, or of a folder's or a pattern's files; None when nothing is there.

        A folder's digest covers relative names and contents, hidden files left out; links that lead nowhere
        count by their names.

        Raises:
            OSError: The file cannot be read, or is none (a pipe, a device).
        """
        name, read_ns = str(path), time.time_ns()
        found = _stat(name)
        signature = None if found is None else _signature(found)
        self.watched[name] = settled(signature, read_ns)
        if found is None or signature is None:
            return self._matching(Path(path)) if is_pattern(name) else None
        if stat.S_ISDIR(found.st_mode):
            lost: list[str] = []
            names = below(Path(path), self._seen, lost=lost.append)
            return self._directory(Path(path), sorted([*names, *lost]) if lost else names)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(f"`{Path(path).name}` is no regular file")
        written = str(signature)
        known = self._row(
            "SELECT digest, hashed_ns FROM file WHERE path = ? AND signature = ?", name, written
        )
        if known is not None and not is_racy(signature, known[1]):
            return str(known[0])
        made = digest.of_file(name)
        self._write("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", name, written, made, read_ns)
        return made

    def _matching(self, path: Path) -> str | None:
        """Digest of the files that a pattern stands for; None when there are none."""
        start, _ = beginning(path)
        lost: list[str] = []
        found = [*map(str, matching(start, str(path), self._seen, lost.append)), *lost]
        names = [Path(name).relative_to(start).as_posix() for name in found]
        return self._directory(start, names) if names else None

    def note(self, name: str, signature: str) -> str | None:
        """A text remembered under a name, when its signature is still the same."""
        found = self._row("SELECT value FROM note WHERE name = ? AND signature = ?", name, signature)
        return None if found is None else str(found[0])

    def remember(self, name: str, signature: str, value: str) -> None:
        """Remember a text under a name."""
        self._write("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", name, signature, value)

    def _directory(self, path: Path, names: list[str]) -> str:
        """Digest of files below a folder; remembered together, or each of many would wait for the disk."""
        start = str(path).rstrip("/")
        self._transaction("BEGIN")
        found = digest.of_value([[name, self.digest(f"{start}/{name}")] for name in names])
        self._transaction("COMMIT")
        return found

    def _seen(self, folder: str) -> None:
        self.watched[folder] = settled(signature_of(folder), time.time_ns())

    def _transaction(self, word: str) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute(word)

    def _open(self) -> sqlite3.Connection | None:
        if not self.path.parent.is_dir():
            with contextlib.suppress(OSError):
                self.path.parent.mkdir()
                (self.path.parent / ".gitignore").write_text("*\n")
        try:
            return self._connected()
        except sqlite3.Error as error:
            if not self._discard(error):
                return None
        with contextlib.suppress(sqlite3.Error):
            return self._connected()
        return None

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=2.0)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_TABLE)
            connection.execute(_LIBRARIES)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _discard(self, error: sqlite3.Error) -> bool:
        """Remove a damaged cache, so that the next use begins a new one; never one that is merely busy."""
        if type(error) is not sqlite3.DatabaseError:
            return False
        with contextlib.suppress(OSError):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            return True
        return False

    def _lost(self, error: sqlite3.Error) -> None:
        """Go on without a cache that turned out to be damaged."""
        if self._discard(error) and self._connection is not None:
            self._connection.close()
            self._connection = None

    def _row(self, statement: str, *values: object) -> tuple[str, int] | None:
        if self._connection is None:
            return None
        try:
            row: tuple[str, int] | None = self._connection.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            self._lost(error)
            return None
        return row

    def _write(self, statement: str, *values: object) -> None:
        if self._connection is None:
            return
        try:
            self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self._lost(error)
