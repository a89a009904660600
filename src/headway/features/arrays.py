"""Columns of frames as the arrays that feature functions and models take, and back. Polars; pure.

The same types as `headway.contract.record` gives to the columns of a request; a test holds both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from headway.spec.contract import Column


def to_numpy(series: pl.Series, column: Column | None = None) -> np.ndarray:
    """A column as an array of n values.

    Args:
        series: Of one of the types in which frames are held.
        column: Its declaration, which says whether null may occur. Without one the values say it, so
            that another table may give another type.

    Returns:
        number float64 (null is NaN), integer int64 (float64 with NaN where null may occur), boolean
        bool (object with None where null may occur), text object with None, time datetime64[us] in
        UTC and date datetime64[D], both with NaT.
    """
    nulls = bool(series.null_count()) or (column is not None and column.nulls)
    dtype = series.dtype
    if dtype.is_numeric():
        return series.cast(pl.Int64 if dtype.is_integer() and not nulls else pl.Float64).to_numpy()
    if isinstance(dtype, pl.Datetime):
        moment = series if dtype.time_zone is None else series.dt.convert_time_zone("UTC")
        return moment.dt.replace_time_zone(None).dt.cast_time_unit("us").to_numpy()
    if dtype == pl.Date:
        return series.to_numpy().astype("datetime64[D]")
    if dtype == pl.Boolean and not nulls:
        return series.to_numpy()
    return np.array(series.to_list(), object)


def to_series(name: str, values: np.ndarray) -> pl.Series:
    """A feature as a column: Float64 with null for NaN, or String with null for None."""
    if values.dtype.kind == "O":
        return pl.Series(name, values.tolist(), pl.String)
    return pl.Series(name, values, pl.Float64, nan_to_null=True)
