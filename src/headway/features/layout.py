"""How a dataset's columns are laid out, so that training and evidence read the same parts.

A dataset is one frame: `part`, `label`, `predict_at`, then `row.<column>` for every column of the
rows but the label, then `feature.<name>` for every input of the model. It does no input or output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import polars as pl

PART = "part"
"""`train`, `validate`, `test`, or null for a labelled row that the split does not use."""
LABEL = "label"
PREDICT_AT = "predict_at"
"""The moment of the prediction; null in a dataset without time."""
ROW_PREFIX = "row."
FEATURE_PREFIX = "feature."

Part = Literal["train", "validate", "test"]


class PartColumns(NamedTuple):
    """One part of a dataset; n rows each, in the same order.

    Attributes:
        features: Inputs of the model by plain name, Float64 or String. A missing number is null (NaN
            once it is numpy); a missing text is the empty string, as it enters the model.
        label: The target, without nulls.
        rows: Columns of the rows by plain name, without the label.
        predict_at: The moments of prediction; null in a dataset without time.
    """

    features: pl.DataFrame
    label: pl.Series
    rows: pl.DataFrame
    predict_at: pl.Series


def view(frame: pl.DataFrame, part: Part) -> PartColumns:
    """One part of a dataset, with plain column names.

    Args:
        frame: A dataset in this layout.
        part: Which rows.
    """
    chosen = frame.filter(frame[PART] == part)
    features = _plain(chosen, FEATURE_PREFIX)
    texts = [series.fill_null("") for series in features if _is_text(series)]
    return PartColumns(
        features=features.with_columns(texts),
        label=chosen[LABEL],
        rows=_plain(chosen, ROW_PREFIX),
        predict_at=chosen[PREDICT_AT],
    )


def features(frame: pl.DataFrame) -> pl.DataFrame:
    """Every feature of all rows under its plain name; what is missing is null, of texts too."""
    return _plain(frame, FEATURE_PREFIX)


def _is_text(series: pl.Series) -> bool:
    return str(series.dtype) == "String"


def _plain(frame: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """Columns that start with a prefix, without it."""
    names = [name for name in frame.columns if name.startswith(prefix)]
    return frame.select(names).rename({name: name.removeprefix(prefix) for name in names})
