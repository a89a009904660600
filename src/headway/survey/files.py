"""File digests behind a stat cache: an unchanged file costs one stat.

The cache is disposable. Where it cannot be opened or written the answer is computed instead, so a
read-only workspace plans as well, only slower.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from headway.core import digest

Signature = tuple[int, int, int, int]
"""(size, mtime_ns, ctime_ns, inode)."""

GRANULARITY_NS = 2_000_000_000
"""A file changed this shortly before it was hashed may change again under the same time stamp, on the
coarsest file systems in use; its digest is not trusted by stat until later (as git does)."""

_TABLE = (
    "CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, signature TEXT, digest TEXT, hashed_ns INTEGER)"
)
_LIBRARIES = "CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, signature TEXT, value TEXT)"


def signature_of(path: Path | str) -> Signature | None:
    """A path's stat signature, symbolic links followed; None when nothing is there."""
    try:
        found = os.stat(path)  # noqa: PTH116 -- paths come as text here, a thousand at a time
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def is_racy(signature: Signature, hashed_ns: int) -> bool:
    """Whether a change right after hashing could hide behind the same signature."""
    return max(signature[1], signature[2]) > hashed_ns - GRANULARITY_NS


class StatCache:
    """Digests of files by content.

    Args:
        path: The cache database (`.headway/cache.db`).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = self._open()

    def signature(self, path: Path) -> Signature | None:
        """The stat signature of a path; None when nothing is there."""
        return signature_of(path)

    def digest(self, path: Path) -> str | None:
        """Digest of a file's content, or of a directory's files; None when nothing is there.

        A directory's digest covers relative names and contents, hidden files left out.

        Raises:
            OSError: The file cannot be read.
        """
        if path.is_dir():
            return self._directory(path)
        signature = signature_of(path)
        if signature is None:
            return None
        known = self._row(
            "SELECT digest, hashed_ns FROM file WHERE path = ? AND signature = ?", str(path), str(signature)
        )
        if known is not None and not is_racy(signature, known[1]):
            return str(known[0])
        hashed_ns = time.time_ns()
        found = digest.of_file(path)
        self._write(
            "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", str(path), str(signature), found, hashed_ns
        )
        return found

    def note(self, name: str, signature: str) -> str | None:
        """A text remembered under a name, when its signature is still the same."""
        found = self._row("SELECT value FROM note WHERE name = ? AND signature = ?", name, signature)
        return None if found is None else str(found[0])

    def remember(self, name: str, signature: str, value: str) -> None:
        """Remember a text under a name."""
        self._write("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", name, signature, value)

    def _directory(self, path: Path) -> str:
        names = sorted(
            file.relative_to(path).as_posix()
            for file in path.rglob("*")
            if file.is_file()
            and not any(part.startswith((".", "__pycache__")) for part in file.relative_to(path).parts)
        )
        return digest.of_value([[name, self.digest(path / name)] for name in names])

    def _open(self) -> sqlite3.Connection | None:
        if not self.path.parent.is_dir():
            with contextlib.suppress(OSError):
                self.path.parent.mkdir()
                (self.path.parent / ".gitignore").write_text("*\n")
        try:
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=2.0)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_TABLE)
            connection.execute(_LIBRARIES)
        except sqlite3.Error:
            return None
        return connection

    def _row(self, statement: str, *values: object) -> tuple[str, int] | None:
        if self._connection is None:
            return None
        try:
            row: tuple[str, int] | None = self._connection.execute(statement, values).fetchone()
        except sqlite3.Error:
            return None
        return row

    def _write(self, statement: str, *values: object) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute(statement, values)
