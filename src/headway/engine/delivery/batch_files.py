"""Writes a batch's output and its rejected rows: whole, at once, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from headway.bundle import durable
from headway.core import claim, digest
from headway.errors import batches as errors
from headway.store import parquet

_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"
"""RFC 3339 in UTC with microseconds, as Headway reads times in CSV."""


def write(frames: Mapping[Path, pl.DataFrame]) -> dict[Path, str]:
    """Write tables, all of them on the disk before the first gets its name; the last named is the last given.

    Args:
        frames: Path (`.parquet` or `.csv`) -> table. A folder that is missing is made.

    Returns:
        Path -> blake3 of the file's bytes.

    Raises:
        EngineError: The disk refuses (BA006); every file is as it was before.
    """
    written: dict[Path, str] = {}
    at = next(iter(frames))
    try:
        with contextlib.ExitStack() as stack:
            drafts = {}
            for path, frame in frames.items():
                at = path
                path.parent.mkdir(parents=True, exist_ok=True)
                durable.sweep(path.parent)
                draft, file = stack.enter_context(claim.new_file(lambda path=path: durable.beside(path)))
                stack.callback(draft.unlink, missing_ok=True)
                _put(frame, draft, path.suffix)
                os.fsync(file.fileno())
                written[path] = digest.of_file(draft)
                drafts[path] = draft
            for path, draft in drafts.items():
                at = path
                draft.rename(path)
                durable.sync_directory(path.parent)
    except (OSError, pl.exceptions.PolarsError) as reason:
        raise errors.output_is_not_written(str(at), str(reason)) from reason
    return written


def _put(frame: pl.DataFrame, path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        parquet.write(frame, path)
    else:
        frame.write_csv(path, datetime_format=_INSTANT)
