"""What a training function is given: one part of a dataset, as Polars or as pandas. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headway.features.layout import PREDICT_AT
from headway.model.container import columns_of, fill, pandas_or_error
from headway.model.inputs import ModelInput

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from headway.features.layout import PartColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a dataset (`train` or `validate`); n rows each, in the same order.

    Attributes:
        features: Columns named as the features, Float64 or String. A missing number is null, a missing
            text is the empty string.
        label: The target, without nulls.
        rows: Keys, times and every other column of the rows, which the model never sees.
    """

    features: pl.DataFrame
    label: pl.Series
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class PandasPart:
    """The same as pandas, for a parameter that is annotated with `PandasPart`, or with a pandas type.

    Attributes:
        features: Columns named as the features, float64 (missing is NaN) or object (text).
        label: The target.
        rows: Keys, times and every other column of the rows.
    """

    features: pd.DataFrame
    label: pd.Series
    rows: pd.DataFrame


def part_of(view: PartColumns) -> Part:
    """A part as a training function takes it; `rows` also holds the moment of prediction."""
    rows = view.rows if PREDICT_AT in view.rows.columns else view.rows.with_columns(view.predict_at)
    return Part(features=view.features, label=view.label, rows=rows)


def inputs_of(features: pl.DataFrame) -> tuple[ModelInput, ...]:
    """The model's inputs that a part's features are."""
    return tuple(
        ModelInput(name=series.name, type="text" if str(series.dtype) == "String" else "number")
        for series in features
    )


def to_pandas(part: Part) -> PandasPart:
    """The part as pandas; filled exactly as the model's tables are filled when it predicts.

    Raises:
        UsageError: pandas is not installed.
    """
    pandas = pandas_or_error()
    rows = {series.name: _plain(series) for series in part.rows}
    return PandasPart(
        features=fill(columns_of(part.features), inputs_of(part.features), "pandas"),
        label=pandas.Series(_plain(part.label), name=part.label.name),
        rows=pandas.DataFrame(rows, index=range(part.rows.height)),
    )


def _plain(series: pl.Series) -> object:
    # Without pyarrow, which Headway does not need elsewhere, times keep their type as numpy only.
    return series.to_numpy() if series.dtype.is_temporal() or series.dtype.is_numeric() else series.to_list()
