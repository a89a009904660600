"""The number of the newest fact, read with sqlite3 alone: the no-op path asks nothing else."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

UNREADABLE = -1
"""Stands for a ledger that is there and cannot be read; no stored plan has this number."""


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; it works on a read-only disk too.

    Raises:
        sqlite3.Error: The file is missing or is no database.
    """
    named = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    address = f"file:{named}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10.0)
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        # In WAL mode a reader wants to make the shared-memory file. Only where the folder does not
        # let it is the file taken as it lies; a busy or failing one is not.
        wants_to_write = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if not wants_to_write or os.access(path.parent, os.W_OK, effective_ids=True):
            raise
        return _open_as_it_lies(path, address)
    return connection


def _open_as_it_lies(path: Path, address: str) -> sqlite3.Connection:
    """A database in a folder that cannot be written, with what a killed writer left in its WAL."""
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    import shutil
    import tempfile

    # `immutable` would leave the WAL out and read an old ledger without a word.
    with tempfile.TemporaryDirectory(prefix="headway-") as folder:
        for file in (path, log):
            shutil.copy(file, folder)
        memory = sqlite3.connect(":memory:", isolation_level=None)
        with contextlib.closing(sqlite3.connect(Path(folder) / path.name)) as copy:
            copy.backup(memory)
    memory.execute("PRAGMA query_only = ON")
    return memory


def sequence_of(path: Path) -> int:
    """The newest fact's number; 0 where there is no ledger yet, `UNREADABLE` where it cannot be read."""
    try:
        if not path.exists():
            return 0
        with contextlib.closing(open_read_only(path)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'fact'").fetchone():
                return 0  # its first writer has not finished making it
            return int(connection.execute("SELECT max(seq) FROM fact").fetchone()[0] or 0)
    except (sqlite3.Error, OSError):
        return UNREADABLE  # the long path opens it again, and says what is wrong with it
