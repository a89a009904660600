"""Delta Lake tables, in a folder here or in an object store; a filter on the watermark reaches the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from headway.data.loaders.asked import Asked, Batch
from headway.errors import data as data_errors
from headway.errors import sources as errors


def load(asked: Asked) -> Iterator[Batch]:
    """The rows of the newest version, or of the one that `version` names.

    Raises:
        EngineError: There is no table, it cannot be read, or `deltalake` is not installed.
        SpecError: `version` is no number.
    """
    version = asked.options.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 0):
        raise errors.option_is_wrong(asked.name, "version", asked.loading.options or {})
    place = asked.load if "://" in asked.load else str(Path(asked.root / asked.load))
    storage = {str(key): str(value) for key, value in asked.options.get("storage", {}).items()}
    try:
        yield Batch(_rows(place, version, storage or None, asked))
    except ImportError as error:
        raise data_errors.library_is_missing(error.name or "deltalake", asked.where, str(error)) from error
    except pl.exceptions.PolarsError as error:
        raise errors.source_is_unreachable(asked.name, asked.load, str(error)) from error


def _rows(place: str, version: int | None, storage: dict[str, str] | None, asked: Asked) -> pl.DataFrame:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        if not DeltaTable.is_deltatable(place, storage):
            raise errors.source_is_not_found(asked.name, asked.load, "no Delta table")
        rows: Any = pl.scan_delta(place, version=version, storage_options=storage)
        columns = rows.collect_schema().names()
        if asked.since is not None and asked.since.column in columns:
            column = pl.col(asked.since.column)
            rows = rows.filter((column >= asked.since.mark) | column.is_null())
        found: pl.DataFrame = rows.collect()
    except (DeltaError, OSError) as error:
        raise errors.source_is_unreachable(asked.name, asked.load, str(error)) from error
    return found
