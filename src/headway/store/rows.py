"""Rows as values: their digest, and how two sets of rows under one key differ. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from blake3 import blake3

from headway.core import digest

_BEFORE, _OLD, _NEW = "__before__", "__old__", "__new__"


class Changes(NamedTuple):
    """How rows under a key differ.

    Attributes:
        added: Rows whose key was not there before.
        updated: Rows with other values than before, as they are now.
        previous: The same rows as they were; same length and order as `updated`.
        deleted: Rows whose key is no longer there, as they were.
    """

    added: pl.DataFrame
    updated: pl.DataFrame
    previous: pl.DataFrame
    deleted: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """`added`, `updated`, `deleted` -> number of rows."""
        return {"added": self.added.height, "updated": self.updated.height, "deleted": self.deleted.height}

    def digests(self) -> dict[str, str]:
        """`added`, `updated`, `deleted` -> digest of those rows."""
        return {
            "added": digest_of(self.added),
            "updated": digest_of(self.updated),
            "deleted": digest_of(self.deleted),
        }

    def __bool__(self) -> bool:
        return any(self.counts.values())


def differences(before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str]) -> Changes:
    """What turns one set of rows into another.

    Null equals null, and NaN equals NaN. A column that only one side has counts as null on the other.

    Args:
        before: No two rows have the same key.
        after: No two rows have the same key.
        key: Columns that both have, of the same types.

    Returns:
        Rows sorted by key, with the columns of their own side.
    """
    on = list(key)
    same_type = {
        name
        for name, dtype in after.schema.items()
        if before.schema.get(name, dtype) == dtype and name not in on
    }
    paired = after.join(before, on=on, how="inner", nulls_equal=True, suffix=_BEFORE)
    differing = [
        pl.col(name).ne_missing(pl.col(name + _BEFORE) if name in before.columns else pl.lit(None))
        for name in after.columns
        if name in same_type
    ]
    differing += [pl.col(name).is_not_null() for name in before.columns if name not in after.columns]
    retyped = any(name not in same_type and name not in on for name in after.columns)
    changed = pl.lit(True) if retyped else pl.any_horizontal(*differing) if differing else pl.lit(False)
    keys = paired.filter(changed).select(on).sort(on)
    return Changes(
        added=after.join(before, on=on, how="anti", nulls_equal=True).sort(on),
        updated=keys.join(after, on=on, how="left", nulls_equal=True, maintain_order="left").select(
            after.columns
        ),
        previous=keys.join(before, on=on, how="left", nulls_equal=True, maintain_order="left").select(
            before.columns
        ),
        deleted=before.join(after, on=on, how="anti", nulls_equal=True).sort(on),
    )


def patched(rows: pl.DataFrame, changes: Changes, key: Sequence[str]) -> pl.DataFrame:
    """Rows with new values in the place of old ones and without deleted ones, in the order in which they were.

    Args:
        rows: No two have the same key.
        changes: Those of other rows are ignored, and so is what is added.
        key: Columns that identify a row.
    """
    on = list(key)
    if changes.updated.height:
        new = changes.updated.select(on).with_row_index(_NEW)
        found = rows.select(on).with_row_index(_OLD).join(new, on=on, how="inner", nulls_equal=True)
        places = np.arange(rows.height)
        places[found[_OLD].to_numpy()] = found[_NEW].to_numpy() + np.int64(rows.height)
        rows = pl.concat([rows, changes.updated.select(rows.columns)])[places]
    if changes.deleted.height:
        rows = rows.join(changes.deleted, on=on, how="anti", nulls_equal=True, maintain_order="left")
    return rows


def digest_of(frame: pl.DataFrame) -> str:
    """Digest of rows in their order: column names, types and values, whatever library wrote them.

    Canonical form: the schema as JSON, then per column the null mask as bits, then the values, nulls
    as zero: numbers, booleans and times as little-endian 64 bits (0.0 for -0.0, one NaN), texts as
    their lengths in bytes and then their UTF-8.
    """
    hasher = blake3(max_threads=blake3.AUTO)
    schema = [[name, str(dtype)] for name, dtype in frame.schema.items()]
    hasher.update(digest.canonical([frame.height, schema]))
    for series in frame.iter_columns():
        hasher.update(np.packbits(series.is_null().to_numpy()).tobytes())
        if series.dtype == pl.String:
            lengths = series.str.len_bytes().fill_null(0).cast(pl.UInt64).to_numpy()
            hasher.update(lengths.astype("<u8", copy=False).tobytes())
            hasher.update((series.drop_nulls().str.join("").item() or "").encode() if len(series) else b"")
        else:
            hasher.update(_bytes_of(series))
    return hasher.hexdigest()


def _bytes_of(series: pl.Series) -> bytes:
    if series.dtype.is_float():
        numbers = series.cast(pl.Float64).fill_null(0.0).fill_nan(float("nan")).to_numpy()
        return (numbers + 0.0).astype("<f8", copy=False).tobytes()
    return series.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8", copy=False).tobytes()
