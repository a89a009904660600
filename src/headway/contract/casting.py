"""How a table's values are held: each declared column in one type, without any value changing.

Defaults of columns that are missing, and values that a contract maps to another, are put in here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from headway.contract.rules import LARGEST_INTEGER, SMALLEST_INTEGER, compile_rules
from headway.spec.contract import MapTo

if TYPE_CHECKING:
    from headway.spec.contract import Column, ColumnType, Contract

DTYPES: dict[ColumnType, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "boolean": pl.Boolean(),
    "time": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}
_EXACT = 2**53
"""The largest integer up to which float64 holds every one."""


def logical_type(dtype: pl.DataType) -> ColumnType | None:
    """The type under which a contract holds any column of a dtype; None where it holds none such."""
    if dtype.is_integer() and dtype != pl.Int128:
        return "integer"
    if dtype.is_float():
        return "number"
    match dtype:
        case pl.Boolean():
            return "boolean"
        case pl.Datetime():
            return "time"
        case pl.Date():
            return "date"
        case pl.String() | pl.Categorical() | pl.Enum() | pl.Null():
            return "text"
    return None


def type_words(dtype: pl.DataType) -> str:
    """What people call a type: as a contract does, else as Polars does."""
    return logical_type(dtype) or str(dtype)


def cast(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Declared columns in the types in which Headway holds them, in the contract's order.

    Only where no value changes: any integer that fits becomes Int64; Float32, and integers that
    float64 holds exactly, become Float64 for a `number`; categories become text; instants of any unit
    and zone become microseconds in UTC. An instant without a zone is taken as UTC, and digits below
    a microsecond are beyond the resolution of `time`. A column of nulls becomes any type. What
    cannot be cast is left as it is, and is a fault for `check`. Columns that are not declared follow,
    unless the contract ignores them.

    A column that is missing and has a `default` is filled with it, and values outside of a set whose
    `unknown_category` is mapped become the value that is declared: `check`, on the table as it came,
    counts them.

    Raises:
        SpecError: A rule can never be kept (DC001).
    """
    held = hold(frame, contract)
    mapped = {
        name: _mapped(held, name, contract.columns[name]) for name in held.columns if name in contract.columns
    }
    return pl.DataFrame({name: mapped.get(name, column_of(held, name)) for name in held.columns})


def hold(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """As `cast`, with values outside of a set as they came."""
    held: dict[str, pl.Series] = {}
    for name, column in contract.columns.items():
        if name in frame.columns:
            held[name] = _held(column_of(frame, name), column.type)
        elif column.default is not None:
            held[name] = _filled(name, column, frame.height)
    if contract.extra_columns == "refuse":
        held |= {name: column_of(frame, name) for name in undeclared(frame, contract)}
    return pl.DataFrame(held)


def column_of(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column by its name; renamed, since Polars takes a series' own name such as `^x$` for a pattern."""
    return frame.get_column(name).alias("value")


def undeclared(frame: pl.DataFrame, contract: Contract) -> list[str]:
    """Columns of a table that its contract does not name."""
    return [name for name in frame.columns if name not in contract.columns]


def _filled(name: str, column: Column, rows: int) -> pl.Series:
    dtype = DTYPES[column.type]
    return pl.Series([compile_rules(name, column).default], dtype=dtype).new_from_index(0, rows)


def _mapped(frame: pl.DataFrame, name: str, column: Column) -> pl.Series:
    series = column_of(frame, name)
    if not isinstance(column.unknown_category, MapTo) or series.dtype != DTYPES[column.type]:
        return series
    rules = compile_rules(name, column)
    allowed = pl.Series(rules.allowed, dtype=series.dtype)
    known = series.is_in(allowed.implode()).fill_null(value=True)
    if column.type == "number":
        known |= series.is_nan().fill_null(value=False)
    return (
        series
        if known.all()
        else series.to_frame()
        .select(pl.when(known).then(pl.col("value")).otherwise(pl.lit(rules.mapped, dtype=series.dtype)))
        .to_series()
    )


def _held(series: pl.Series, kind: ColumnType) -> pl.Series:
    found, wanted = series.dtype, DTYPES[kind]
    if found == wanted:
        return series
    if found == pl.Null or (kind == "text" and found in (pl.Categorical, pl.Enum)):
        return series.cast(wanted)
    if kind == "number" and found == pl.Float32:
        return series.cast(wanted)
    if kind in ("integer", "number") and found.is_integer():
        limits = (SMALLEST_INTEGER, LARGEST_INTEGER) if kind == "integer" else (-_EXACT, _EXACT)
        return series.cast(wanted) if _is_within(series, *limits) else series
    if kind == "time" and isinstance(found, pl.Datetime):
        moment = series.dt.replace_time_zone("UTC") if found.time_zone is None else series
        return moment.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    return series


def _is_within(series: pl.Series, low: int, high: int) -> bool:
    smallest, largest = series.min(), series.max()
    if not isinstance(smallest, int) or not isinstance(largest, int):
        return True  # nothing but nulls
    return low <= smallest and largest <= high
