"""The number of the newest fact, read with sqlite3 alone: the no-op path asks nothing else."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path


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
    except sqlite3.OperationalError:
        # In WAL mode a reader wants to make the shared-memory file; where the folder cannot be
        # written nobody else is writing either, so the file may be taken as it is.
        connection.close()
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    return connection


def sequence_of(path: Path) -> int:
    """The newest fact's number; 0 when there is no ledger yet, or when it cannot be read here."""
    if not path.exists():
        return 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(open_read_only(path)) as connection:
        row = connection.execute("SELECT max(seq) FROM fact").fetchone()
        return int(row[0] or 0)
    return 0
