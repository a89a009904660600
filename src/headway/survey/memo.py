"""Stored plans: what was planned holds while no watched file, ledger row or moment has changed.

Loads sqlite3, json and os only, for this is the no-op path. The store is disposable: where it is
missing, damaged or cannot be written, the plan is made instead, so nothing is lost but time.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GRANULARITY_NS = 2_000_000_000
_TABLE = (
    "CREATE TABLE IF NOT EXISTS plan (environment TEXT, product TEXT, version TEXT, sequence INTEGER,"
    " valid_until TEXT, watched TEXT, plan TEXT, PRIMARY KEY (environment, product))"
)
_FORM = f"3 {sys.hexversion:x} {sys.prefix}"
"""Form of what is stored, and the Python environment that it holds for; another one is not read."""


def recall(cache: Path, environment: str, product: Path, sequence: int, now: str) -> str | None:
    """The stored plan as JSON text, when all that it depends on is unchanged: one stat a file.

    Args:
        cache: The cache database.
        environment: The environment's name.
        product: The product file.
        sequence: The ledger's newest fact.
        now: RFC 3339 in UTC with microseconds.
    """
    if not os.path.exists(cache):  # noqa: PTH110 -- Path.exists raises where a folder may not be read
        return None
    try:
        named = str(cache).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        connection = sqlite3.connect(f"file:{named}?mode=ro", uri=True, timeout=1.0)
        row = connection.execute(
            "SELECT valid_until, watched, plan FROM plan"
            " WHERE environment = ? AND product = ? AND version = ? AND sequence = ?",
            (environment, _absolute(product), _FORM, sequence),
        ).fetchone()
        connection.close()
    except sqlite3.Error:
        return None
    if row is None or (row[0] is not None and row[0] <= now):
        return None
    try:
        watched = json.loads(row[1])
        if any(_signature(path) != signature for path, signature in watched.items()):
            return None
    except (ValueError, AttributeError, TypeError):  # a damaged row: the plan is made instead
        return None
    plan: str = row[2]
    return plan


def remember(
    cache: Path,
    environment: str,
    product: Path,
    sequence: int,
    valid_until: str | None,
    watched: Mapping[str, tuple[int, ...] | None],
    plan: str,
) -> bool:
    """Store a plan; not while a watched file is so young that a change could hide.

    Returns:
        Whether it was stored.
    """
    settled = time.time_ns() - _GRANULARITY_NS
    signatures = {path: None if found is None else list(found) for path, found in watched.items()}
    if any(
        found is not None and (max(found[1], found[2]) > settled or found[3] < 0)
        for found in signatures.values()
    ):
        return False  # an inode below zero marks a file that was too young when it was read
    values = (
        environment,
        _absolute(product),
        _FORM,
        sequence,
        valid_until,
        json.dumps(signatures),
        plan,
    )
    with contextlib.suppress(sqlite3.Error):
        with contextlib.closing(sqlite3.connect(cache, isolation_level=None, timeout=1.0)) as connection:
            connection.execute(_TABLE)
            connection.execute("INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return True
    return False


def _signature(path: str) -> list[int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 -- the no-op path does not build Path objects
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return []  # neither there nor absent: equal to nothing that was stored
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _absolute(path: Path) -> str:
    """So that two folders to call from name one product alike; links stay as they are."""
    return os.path.abspath(path)  # noqa: PTH100 -- Path.resolve would follow links
