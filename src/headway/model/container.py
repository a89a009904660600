"""Columns as the kind of table that a model was fitted on; heavy, because it builds frames.

Training and prediction fill their tables here and nowhere else, so that a model never meets another
kind of table, order or missing value than the one that it was fitted on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headway.errors import model as errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from headway.model.inputs import Container, ModelInput


def columns_of(features: pl.DataFrame) -> dict[str, np.ndarray]:
    """A frame of Float64 and String columns as arrays.

    Returns:
        Column -> (n,) values: float64 with NaN for null, or `str` objects with "" for null.
    """
    import polars as pl

    columns = {}
    for series in features:
        if series.dtype == pl.String:
            columns[series.name] = np.array(series.fill_null("").to_list(), dtype=object)
        else:
            columns[series.name] = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return columns


def fill(columns: Mapping[str, np.ndarray], inputs: tuple[ModelInput, ...], container: Container) -> Any:
    """The inputs as a table of the wanted kind, in order.

    Args:
        columns: Input -> (n,) values: float64 with NaN, or `str` objects.
        inputs: Which columns, and their order.
        container: `polars` (missing numbers are null), `pandas` (NaN; text has dtype object), or
            `numpy` (float64 matrix (n, k); object matrix where there is text).

    Raises:
        UsageError: pandas is wanted and not installed.
    """
    if all(item.type == "number" for item in inputs):
        return fill_numbers(np.stack([columns[item.name] for item in inputs], axis=1), inputs, container)
    if container == "polars":
        return _polars(columns, inputs)
    if container == "pandas":
        return _pandas(columns, inputs)
    return np.stack([columns[item.name] for item in inputs], axis=1).astype(object, copy=False)


def fill_numbers(numbers: np.ndarray, inputs: tuple[ModelInput, ...], container: Container) -> Any:
    """The inputs as `fill` gives them, where all are numbers; without a step for each column.

    Args:
        numbers: float64 (n, k) with NaN, in the order of the inputs; the table may be a view of it.
        inputs: Which columns, and their order.
        container: See `fill`.

    Raises:
        UsageError: pandas is wanted and not installed.
    """
    names = [item.name for item in inputs]
    if container == "polars":
        import polars as pl

        return pl.DataFrame(numbers, schema=names, orient="row", nan_to_null=True)
    if container == "pandas":
        return pandas_or_error().DataFrame(numbers, columns=names)
    return numbers


def _polars(columns: Mapping[str, np.ndarray], inputs: tuple[ModelInput, ...]) -> pl.DataFrame:
    import polars as pl

    series = []
    for item in inputs:
        values = columns[item.name]
        if item.type == "text":
            series.append(pl.Series(item.name, values.tolist(), dtype=pl.String))
        else:
            series.append(pl.Series(item.name, values, dtype=pl.Float64, nan_to_null=True))
    return pl.DataFrame(series)


def _pandas(columns: Mapping[str, np.ndarray], inputs: tuple[ModelInput, ...]) -> Any:
    pandas = pandas_or_error()
    index = pandas.RangeIndex(len(columns[inputs[0].name]))
    values = {}
    for item in inputs:
        # Text is a series of a written dtype, because pandas 3 guesses another one than pandas 2.
        text = item.type == "text"
        values[item.name] = pandas.Series(columns[item.name], index, object) if text else columns[item.name]
    return pandas.DataFrame(values, index)


def pandas_or_error() -> Any:
    """The module `pandas`.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise errors.pandas_is_missing() from error
    return pd
