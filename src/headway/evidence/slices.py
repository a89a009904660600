"""Parts of the test rows that are judged apart: by value, or by bins that are half-open on the right."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from headway.errors import evidence as errors
from headway.features.layout import FEATURE_PREFIX, ROW_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from headway.spec.product import Slices

MOST_VALUES = 100
"""A column with more values is refused: nobody reads as many slices, and bins say more."""


class Slice(NamedTuple):
    """Some of the rows: the column, the slice's name, and a mask (n,)."""

    by: str
    name: str
    mask: np.ndarray


def cut(frame: pl.DataFrame, declared: Slices) -> Iterator[Slice]:
    """The declared slices of n rows, in the declared order, values ascending, nulls last.

    A column is looked for among the features first, then among the rows. Rows outside of all bins are a
    slice of their own, so that no row goes missing.

    Args:
        frame: Rows in a dataset's layout (`headway.features.layout`).
        declared: Columns, some with bin edges.

    Raises:
        SpecError: There is no such column, its values are too many, or bins do not suit it.
    """
    for item in declared.by:
        if isinstance(item, str):
            yield from _by_value(item, _column(frame, item))
        else:
            for column, edges in item.items():
                yield from _by_bin(column, _column(frame, column), edges)


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    for prefix in (FEATURE_PREFIX, ROW_PREFIX):
        if prefix + name in frame.columns:
            return frame[prefix + name]
    known = {
        column.removeprefix(prefix)
        for prefix in (FEATURE_PREFIX, ROW_PREFIX)
        for column in frame.columns
        if column.startswith(prefix)
    }
    raise errors.no_such_column(name, sorted(known))


def _by_value(name: str, series: pl.Series) -> Iterator[Slice]:
    values = series.unique().drop_nulls().sort()
    if len(values) > MOST_VALUES:
        raise errors.too_many_slices(name, len(values), MOST_VALUES)
    for value in values.to_list():
        yield Slice(name, f"{name}={_shown(value)}", (series == value).fill_null(value=False).to_numpy())
    yield from _nulls(name, series)


def _by_bin(name: str, series: pl.Series, edges: Sequence[float]) -> Iterator[Slice]:
    if not series.dtype.is_numeric():
        raise errors.bins_need_numbers(name, str(series.dtype))
    if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):  # noqa: PLR2004 -- a bin has two ends
        raise errors.bins_are_not_ascending(name, edges)
    values = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
    for low, high in pairwise(edges):
        yield Slice(name, f"{name}=[{_shown(low)}, {_shown(high)})", (values >= low) & (values < high))
    outside = (values < edges[0]) | (values >= edges[-1])
    if outside.any():
        yield Slice(name, f"{name} outside [{_shown(edges[0])}, {_shown(edges[-1])})", outside)
    yield from _nulls(name, series)


def _nulls(name: str, series: pl.Series) -> Iterator[Slice]:
    if series.has_nulls():
        yield Slice(name, f"{name} is null", series.is_null().to_numpy())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
