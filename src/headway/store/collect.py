"""Removing what nothing refers to from the disk; what that is, the engine decides."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from headway.errors import store as errors
from headway.store.ports import BlobStore


def remove_blobs(blobs: BlobStore, digests: Iterable[str], *, dry_run: bool = False) -> tuple[int, int]:
    """Remove blobs, and say how many there were and their bytes.

    Raises:
        EngineError: The disk refuses.
    """
    return _remove([blobs.path(digest) for digest in digests], dry_run=dry_run)


def remove_files(paths: Iterable[Path], *, dry_run: bool = False) -> tuple[int, int]:
    """Remove files, and say how many there were and their bytes.

    Raises:
        EngineError: The disk refuses.
    """
    return _remove(paths, dry_run=dry_run)


def remove_table(folder: Path, *, dry_run: bool = False) -> tuple[int, int]:
    """Remove a whole table with its log, and say how many data files it had and their bytes.

    Raises:
        EngineError: The disk refuses.
    """
    files = sorted(folder.glob("*.parquet"))
    size = sum(file.stat().st_size for file in files)
    if not dry_run:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise errors.not_written(str(folder), error.strerror or str(error)) from error
    return len(files), size


def _remove(paths: Iterable[Path], *, dry_run: bool) -> tuple[int, int]:
    count = size = 0
    for path in paths:
        try:
            size += path.stat().st_size
            if not dry_run:
                path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise errors.not_written(str(path), error.strerror or str(error)) from error
        count += 1
    return count, size
