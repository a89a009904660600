"""Which labelled row is for training, validating or testing. Pure; no random numbers.

A row's part by hash depends on its own cells only, so it stays where it is when the data grow or are
put in another order.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl
from blake3 import blake3

from headway.core import clock
from headway.data.times import INSTANT
from headway.errors import data as errors
from headway.spec.product import Split

PARTS = ("train", "validate", "test")
_TICK = timedelta(microseconds=1)
_ROUNDING = 1e-9
_NULL = np.uint64(0x9E3779B97F4A7C15)


class Assignment(NamedTuple):
    """The split of n rows.

    Attributes:
        parts: `train`, `validate`, `test`, or null for a row that no part takes; (n,), String.
        windows: Part -> what falls into it, in words.
    """

    parts: pl.Series
    windows: dict[str, str]


def assign(
    split: Split, rows: pl.DataFrame, label: pl.Series, moments: pl.Series | None, where: str
) -> Assignment:
    """Divide labelled rows into parts.

    By time, windows reach back from the newest moment: test is `(newest - test, newest]`, validate
    the window before it, train the one before that; older rows are unused. By hash, a row's part
    follows from all its cells but the label, so equal rows are never in two parts; by group, from
    one column. Shares hold up to chance: 15 % of 1,000 rows are 150 give or take 11.

    `stratify` keeps membership stable rather than the shares exact: every value is cut by the same
    thresholds, and a value that has no row in a part is refused. `apart` keeps the values of a column
    in one part: by hash it is what is hashed; by time the earliest part keeps a value, and its later
    rows are unused.

    Args:
        split: What is declared.
        rows: Columns of the rows, without the label; n rows.
        label: The label, named as its column; (n,).
        moments: Moments of prediction, without nulls; None for rows without time.
        where: For errors.

    Raises:
        SpecError: The parts do not fit the way of splitting, or a column is missing.
        ContractError: A stratum is missing in a part.
    """
    _refuse_idle_options(split, where)
    by_time = split.by == "time"
    made = _by_time(split, rows, moments, where) if by_time else _by_hash(split, rows, where)
    if split.stratify is not None:
        strata = label if split.stratify == label.name else _column(rows, split.stratify, where)
        _refuse_missing_strata(split, strata, made.parts, where)
    return made


# -- by time -----------------------------------------------------------------------------------


def _by_time(split: Split, rows: pl.DataFrame, moments: pl.Series | None, where: str) -> Assignment:
    lengths = [part for part in (split.train, split.validate, split.test) if isinstance(part, timedelta)]
    if len(lengths) < len(PARTS) or min(lengths) < timedelta(0):
        raise errors.split_does_not_fit(where, "by time, parts are durations such as `28d`")
    if moments is None:
        raise errors.split_does_not_fit(where, "the rows have no time to split by")
    newest = moments.max()
    assert isinstance(newest, datetime), "moments are not null, and there is at least one"
    train, validate, test = lengths
    edges = [newest - test - validate - train, newest - test - validate, newest - test, newest]
    # (a, b] written as [a + 1 us, b + 1 us), so that the newest row is in test.
    starts = pl.Series([edge + _TICK for edge in edges], dtype=INSTANT).to_physical().to_numpy()
    place = np.searchsorted(starts, moments.to_physical().to_numpy(), side="right")
    parts = _named(place - 1)
    if split.apart is not None:
        parts = _apart(_column(rows, split.apart, where), parts)
    windows = {
        part: f"after {clock.to_text(edges[index])} until {clock.to_text(edges[index + 1])}"
        for index, part in enumerate(PARTS)
    }
    return Assignment(parts, windows)


def _apart(values: pl.Series, parts: pl.Series) -> pl.Series:
    """Null for rows whose value an earlier part has already; null is no value."""
    number = parts.replace_strict({part: index for index, part in enumerate(PARTS)}, default=None)
    frame = pl.DataFrame({"value": values, "number": number, "part": parts})
    first = pl.col("number").min().over("value")
    stays = pl.col("value").is_null() | (pl.col("number") == first)
    return frame.select(pl.when(stays).then("part").alias("part")).to_series()


# -- by hash -----------------------------------------------------------------------------------


def _by_hash(split: Split, rows: pl.DataFrame, where: str) -> Assignment:
    given = (split.train, split.validate, split.test)
    shares = [float(part) for part in given if isinstance(part, float | int)]
    if len(shares) < len(PARTS) or min(shares) < 0 or sum(shares) > 1 + _ROUNDING:
        why = "parts are shares that are not negative and at most 100% together"
        raise errors.split_does_not_fit(where, why)
    one = split.group if split.by == "group" else split.apart
    hashed = rows if one is None else _column(rows, one, where).to_frame()
    ends = np.cumsum(shares)
    place = np.searchsorted(ends, _unit(row_hashes(hashed)), side="right")
    if ends[-1] >= 1 - _ROUNDING:
        place = np.minimum(place, len(PARTS) - 1)  # a sum of shares such as 0.7 + 0.15 + 0.15 is not quite 1
    windows = {part: f"{share:.4g} of the rows by hash" for part, share in zip(PARTS, shares, strict=True)}
    return Assignment(_named(place), windows)


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


def _unit(hashes: np.ndarray) -> np.ndarray:
    """Hashes as numbers from 0 up to but without 1, by their upper 53 bits."""
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


# -- both --------------------------------------------------------------------------------------


def _named(place: np.ndarray) -> pl.Series:
    """Part by its number; null for numbers that are none."""
    names = dict(enumerate(PARTS))
    return pl.Series("part", place).replace_strict(names, default=None, return_dtype=pl.String)


def _refuse_idle_options(split: Split, where: str) -> None:
    if (split.by == "group") != (split.group is not None):
        raise errors.split_does_not_fit(where, "`by: group` and `group: COLUMN` need each other")
    if split.by == "group" and split.apart is not None:
        raise errors.split_does_not_fit(where, "`by: group` keeps groups apart already, without `apart:`")


def _column(rows: pl.DataFrame, name: str, where: str) -> pl.Series:
    if name not in rows.columns:
        raise errors.column_is_missing(name, f"{where}, split", rows.columns)
    return rows[name]


def _refuse_missing_strata(split: Split, strata: pl.Series, parts: pl.Series, where: str) -> None:
    wanted = [part for part in PARTS if getattr(split, part)]
    counted = pl.DataFrame({"value": strata, "part": parts})
    for (value,), group in counted.group_by("value", maintain_order=True):
        there = set(group["part"].unique())
        for part in wanted:
            if part not in there:
                raise errors.stratum_is_missing(where, strata.name, value, part, group.height)


def counts(parts: pl.Series) -> dict[str, int]:
    """Rows of each part, and `unused`."""
    return {**{name: int((parts == name).sum()) for name in PARTS}, "unused": parts.null_count()}
