"""Writing so that a crash at any instant leaves the old content or the new, never a part."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING

from headway.core import claim
from headway.core.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_PARTIAL = re.compile(r"\..+\.[0-9a-f-]{36}\.partial")


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


@contextlib.contextmanager
def folder_beside(path: Path) -> Generator[Path]:
    """A new hidden folder in the same directory, gone afterwards unless it was renamed.

    Raises:
        OSError: The disk refuses.
    """
    with claim.new_folder(lambda: beside(path)) as partial:
        try:
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def sweep(directory: Path) -> int:
    """Remove what killed processes left half-written in a directory; returns how many there were."""
    return claim.sweep(path for path in claim.entries(directory) if _PARTIAL.fullmatch(path.name))


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
    with claim.new_file(lambda: beside(path)) as (partial, file):
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
            partial.rename(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)
