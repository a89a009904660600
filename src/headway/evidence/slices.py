"""Parts of the test rows, by value or by bins that are half-open on the right."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from headway.errors import evidence as errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headway.spec.product import Slices

MOST_VALUES = 200
"""Values of one column that become slices; a column with more is no slice but an identifier."""


_ENDS = 2


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
    if len(edges) < _ENDS or any(low >= high for low, high in pairwise(edges)):
        raise errors.edges_do_not_ascend(name, edges)
    numbers = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
    for low, high in pairwise(edges):
        yield Slice(f"{low:g} <= {name} < {high:g}", (numbers >= low) & (numbers < high))
    # Rows that no bin takes are listed too, so that none goes missing without a word.
    outside = (numbers < edges[0]) | (numbers >= edges[-1])
    if outside.any():
        yield Slice(f"{name} outside {edges[0]:g} to {edges[-1]:g}", outside)
    if np.isnan(numbers).any():
        yield Slice(f"{name} = missing", np.isnan(numbers))
