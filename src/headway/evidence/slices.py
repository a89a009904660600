"""Parts of the test rows, by value or by bins that are half-open on the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from headway.errors import evidence as errors
from headway.spec.product import Slices

MOST_VALUES = 200
"""Values of one column that become slices; a column with more is no slice but an identifier."""


class Slice(NamedTuple):
    """A named part: which rows are in it."""

    name: str
    mask: np.ndarray


def slices(declared: Slices, columns: Mapping[str, pl.Series]) -> Iterator[Slice]:
    """Every declared slice, in order; null makes a slice of its own where it occurs.

    Args:
        declared: What to slice by.
        columns: Features, then columns of the rows, by plain name; n rows each.

    Raises:
        SpecError: A column is not there, has too many values, or cannot be binned.
    """
    for by in declared.by:
        if isinstance(by, str):
            yield from _by_value(by, _column(by, columns))
            continue
        for name, edges in by.items():
            yield from _by_bins(name, _column(name, columns), edges)


def _column(name: str, columns: Mapping[str, pl.Series]) -> pl.Series:
    if name not in columns:
        raise errors.no_slice_column(name, list(columns))
    return columns[name]


def _by_value(name: str, series: pl.Series) -> Iterator[Slice]:
    values = series.unique().sort(nulls_last=True).to_list()
    if len(values) > MOST_VALUES:
        raise errors.too_many_slices(name, len(values), MOST_VALUES)
    for value in values:
        mask = series.is_null() if value is None else (series == value).fill_null(value=False)
        shown = f"{value:g}" if isinstance(value, float) else value
        yield Slice(f"{name} = {'missing' if value is None else shown}", mask.to_numpy())


def _by_bins(name: str, series: pl.Series, edges: tuple[float, ...]) -> Iterator[Slice]:
    if not series.dtype.is_numeric():
        raise errors.not_binnable(name, str(series.dtype))
    for low, high in zip(edges, edges[1:], strict=False):
        mask = ((series >= low) & (series < high)).fill_null(value=False)
        yield Slice(f"{low:g} <= {name} < {high:g}", mask.to_numpy())
