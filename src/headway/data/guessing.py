"""Types of columns that came as text, guessed from every one of their cells; only to propose a contract.

A type is taken only where each cell is written in it and none would change: `007` is no number.
"""

from __future__ import annotations

import polars as pl

from headway.data.cells import parse
from headway.spec.contract import Column, ColumnType

CSV: tuple[ColumnType, ...] = ("integer", "number", "boolean", "date", "time")
"""What text in a CSV file may be, the narrowest first."""
JSON: tuple[ColumnType, ...] = ("date", "time")
"""What text in JSON may be, where numbers and booleans are written as such."""

_SAMPLE = 1_000
_WRITTEN: dict[ColumnType, str] = {
    # Zeros in front are kept by text only, as are digits beyond those that a number holds.
    "integer": r"^[+-]?(0|[1-9]\d*)$",
    "number": r"^[+-]?((0|[1-9]\d{0,15})?(\.\d{0,17})?([eE][+-]?\d+)?|inf|Infinity)$|^(nan|NaN)$",
    "boolean": r"^(?i:true|false)$",
    "date": "^.",
    "time": "^.",
}


def with_types(texts: pl.DataFrame, kinds: tuple[ColumnType, ...]) -> pl.DataFrame:
    """Text columns in the first type in which every cell is written; others stay as they are.

    Args:
        texts: Columns of any type; only text is looked at.
        kinds: Types that are tried, in their order.
    """
    return texts.with_columns(
        _typed(texts[name], kinds) for name, dtype in texts.schema.items() if dtype == pl.String
    )


def _typed(cells: pl.Series, kinds: tuple[ColumnType, ...]) -> pl.Series:
    known = cells.drop_nulls()
    if not len(known):
        return cells
    for kind in kinds:
        if _fits(known.head(_SAMPLE), kind) is None:
            continue
        found = _fits(cells, kind)
        if found is not None:
            return found
    return cells


def _fits(cells: pl.Series, kind: ColumnType) -> pl.Series | None:
    if not cells.str.contains(_WRITTEN[kind]).fill_null(value=True).all():
        return None
    frame, unparsed = parse(cells.to_frame(), {cells.name: Column(type=kind)})
    return None if unparsed else frame[cells.name]
