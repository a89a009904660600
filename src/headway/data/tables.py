"""A table as one Parquet file whose bytes are its identity: equal frames give equal bytes.

Everything that the format leaves open is pinned here, so the digest of the file
(`headway.core.digest.of_file`) names the table. Other versions of Polars may write other bytes.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from headway.errors import data as errors
from headway.store import parquet


def write(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as one Parquet file with pinned options.

    The bytes depend on column names, types, order and values only: not on how the frame is chunked
    in memory, nor on threads or hash seeds.

    Raises:
        EngineError: The file cannot be written (disk full, no permission).
    """
    try:
        parquet.write(frame, path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise errors.table_is_not_written(path.name, str(error)) from error


def read(path: Path) -> pl.DataFrame:
    """The frame that `write` wrote.

    Raises:
        EngineError: The file is missing or damaged.
    """
    try:
        return pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise errors.table_is_not_read(path.name, str(error)) from error
