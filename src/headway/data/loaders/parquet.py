"""Parquet: only the columns that are declared are read, where others are ignored anyway."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from headway.data.loaders.asked import Asked
from headway.errors import sources as errors
from headway.spec.contract import Contract


def read(content: Path | bytes, asked: Asked, file: str) -> pl.DataFrame:
    """One Parquet file.

    Raises:
        ContractError: It is cut off or damaged.
    """
    given = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        columns = _wanted(given, asked.contract)
        if asked.since is None:
            return pl.read_parquet(given, columns=columns, glob=False)
        column, mark = asked.since
        rows = pl.scan_parquet(given, glob=False)
        late = (pl.col(column) >= mark) | pl.col(column).is_null()  # what has no mark is refused later
        return rows.select(columns or pl.all()).filter(late).collect()
    except pl.exceptions.ColumnNotFoundError:
        return pl.read_parquet(given, glob=False)  # a missing column is for the contract to say
    except (pl.exceptions.InvalidOperationError, pl.exceptions.SchemaError):
        return pl.read_parquet(given, columns=columns, glob=False)
    except pl.exceptions.PolarsError as error:
        raise errors.parquet_is_broken(asked.name, file, str(error)) from error


def read_many(paths: Sequence[Path], asked: Asked) -> tuple[pl.DataFrame, list[int]] | None:
    """Several files at once, and rows per file; None when one of them differs, or is damaged."""
    try:
        rows = pl.scan_parquet(list(paths), glob=False, include_file_paths=_FILE).collect()
    except pl.exceptions.PolarsError:
        return None
    counts = dict(rows.group_by(_FILE, maintain_order=True).len().iter_rows())
    frame = rows.drop(_FILE)
    columns = _declared(frame.columns, asked.contract)
    frame = frame if columns is None else frame.select(columns)
    return frame, [counts.get(str(path), 0) for path in paths]


_FILE = "__file__"


def _wanted(given: Path | io.BytesIO, contract: Contract | None) -> list[str] | None:
    if _asks_of_all(contract):
        return None
    there = list(pl.read_parquet_schema(given))
    if isinstance(given, io.BytesIO):
        given.seek(0)
    return _declared(there, contract)


def _declared(there: Sequence[str], contract: Contract | None) -> list[str] | None:
    if contract is None or _asks_of_all(contract):
        return None
    return [column for column in contract.columns if column in there]


def _asks_of_all(contract: Contract | None) -> bool:
    """Whether columns that are not declared matter too: they are refused, or counted, or listed."""
    if contract is None or contract.extra_columns == "refuse":
        return True
    return any("table_column" in expectation.type for expectation in contract.expectations)
