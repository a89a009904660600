"""Writing so that a crash at any instant leaves the old content or the new, never a part."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from headway.core.ids import uuid7

if TYPE_CHECKING:
    from pathlib import Path


def beside(path: Path) -> Path:
    """A new hidden name in the same directory, hence on the same disk."""
    return path.with_name(f".{path.name}.{uuid7()}.partial")


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power cut.

    Raises:
        OSError: The directory cannot be opened or synced.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and sync its bytes.

    Raises:
        OSError: The disk refuses.
    """
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, data: bytes) -> None:
    """Put `data` at `path` by an atomic rename; readers see the old bytes or the new.

    Raises:
        OSError: The disk refuses; the old file is untouched.
    """
    partial = beside(path)
    try:
        write_synced(partial, data)
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
