"""Parquet with every option pinned, so that equal frames give equal bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

ROW_GROUP = 131_072
"""Rows in a row group."""
PAGE_BYTES = 1 << 20
ZSTD_LEVEL = 3


def write(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as one file.

    The bytes depend on column names, types, order and values only: not on how the frame is chunked
    in memory, nor on threads or hash seeds. Other versions of Polars may write other bytes.

    Raises:
        OSError: The file cannot be written.
        polars.exceptions.PolarsError: The same, as Polars says it.
    """
    frame.rechunk().write_parquet(
        path,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        statistics=True,
        row_group_size=ROW_GROUP,
        data_page_size=PAGE_BYTES,
    )
