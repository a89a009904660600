"""A hash of a row's cells that never changes: what a split by hash is made of. Pure."""

from __future__ import annotations

import numpy as np
import polars as pl
from blake3 import blake3

_NULL = np.uint64(0x9E3779B97F4A7C15)


def row_hashes(rows: pl.DataFrame) -> np.ndarray:
    """A 64-bit hash of each row's cells and their column names, the same for ever; (n,), uint64.

    Cells become 64 bits (numbers their bits, with -0 as 0; times microseconds; text the first eight
    bytes of its blake3), and columns in the order of their names are folded with the finaliser of
    SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
    """
    folded = np.zeros(rows.height, dtype=np.uint64)
    for name in sorted(rows.columns):
        seed = np.uint64(_text_hash(name))
        folded = _mixed(folded ^ _mixed(_cells(rows[name]) ^ seed))
    return folded


def _mixed(values: np.ndarray) -> np.ndarray:
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _cells(series: pl.Series) -> np.ndarray:
    if series.dtype == pl.String:
        distinct = series.drop_nulls().unique()
        hashes = pl.Series([_text_hash(text) for text in distinct], dtype=pl.UInt64)
        bits = series.replace_strict(distinct, hashes, default=None, return_dtype=pl.UInt64)
        return bits.fill_null(int(_NULL)).to_numpy()
    if series.dtype.is_float():
        floats = series.cast(pl.Float64).fill_nan(None)
        bits = (floats.fill_null(0.0).to_numpy() + 0.0).view(np.uint64)
    else:
        bits = series.to_physical().cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64)
        floats = series
    return np.where(floats.is_null().to_numpy(), _NULL, bits)


def _text_hash(text: str) -> int:
    return int.from_bytes(blake3(text.encode()).digest(length=8), "little")


def shares_of(hashes: np.ndarray) -> np.ndarray:
    """Hashes as numbers from 0 up to but without 1, by their upper 53 bits."""
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53
