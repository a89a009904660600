"""Columns as a model takes them: finite numbers and text, nothing else. Pure."""

from __future__ import annotations

import polars as pl

from headway.errors import data as errors


def as_inputs(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Integers and booleans become numbers, NaN becomes null, categories become text.

    Returns:
        Columns of Float64 and String only, in the same order.

    Raises:
        SpecError: A column is neither a number nor text.
        ContractError: A column holds infinite values.
    """
    inputs = frame.select(_input(frame[name], where) for name in frame.columns)
    refuse_infinite(inputs, where)
    return inputs


def refuse_infinite(frame: pl.DataFrame, where: str) -> None:
    """Refuse infinite values in any number column.

    Raises:
        ContractError: Some are infinite; names the columns and counts them.
    """
    floats = frame.select(pl.col(pl.Float64, pl.Float32).is_infinite().sum())
    faults = {name: floats[name].item() for name in floats.columns if floats.height and floats[name].item()}
    if faults:
        raise errors.values_are_infinite(where, faults, frame.height)


def _input(series: pl.Series, where: str) -> pl.Series:
    dtype = series.dtype
    if dtype.is_numeric() or dtype in (pl.Boolean, pl.Null):
        return series.cast(pl.Float64).fill_nan(None)
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return series.cast(pl.String)
    raise errors.feature_does_not_fit(where, series.name, str(dtype))
