"""A data contract as frozen values: one declaration for every table and every request.

Semantics are Great Expectations': nulls are skipped before a check, bounds are inclusive.
"""

from __future__ import annotations

from typing import Literal

from msgspec import field

from headway.spec.product import Declared
from headway.spec.roles import Identity, Metadata

ColumnType = Literal["integer", "number", "text", "boolean", "time", "date"]
"""Logical types: int64, float64, UTF-8 text, boolean, UTC instant (microseconds), calendar day."""


class Column(Declared, frozen=True):
    """What one column must be.

    Attributes:
        type: Logical type; a value of another type is a fault, never coerced.
        nulls: Whether null is allowed (NaN counts as null in a `number`).
        min: Smallest value allowed, inclusive (for `time` and `date`: ISO text).
        max: Largest value allowed, inclusive.
        in_: The set of values allowed (`in:` in the file).
        matches: Regular expression that text must match (searched, as Great Expectations does).
        unique: Whether every non-null value occurs once.
        unit: Unit of the quantity, for people.
    """

    type: Identity[ColumnType]
    nulls: Identity[bool] = False
    min: Identity[float | str | None] = None
    max: Identity[float | str | None] = None
    in_: Identity[tuple[str | int | float | bool, ...] | None] = field(name="in", default=None)
    matches: Identity[str | None] = None
    unique: Identity[bool] = False
    unit: Metadata[str] = ""
    description: Metadata[str] = ""


class RowCount(Declared, frozen=True):
    """How many rows a batch may have, inclusive."""

    min: Identity[int] = 1
    max: Identity[int | None] = None


class Contract(Declared, frozen=True):
    """What a table must be.

    Attributes:
        columns: Column name -> what it must be, in order.
        unique: Sets of columns that together name a row.
        rows: Bounds on the row count; an empty batch is refused unless `min: 0` is declared.
        extra_columns: `refuse` (default) or `ignore` columns that are not declared.
    """

    columns: Identity[dict[str, Column]]
    unique: Identity[tuple[tuple[str, ...], ...]] = ()
    rows: Identity[RowCount] = RowCount()
    extra_columns: Identity[Literal["refuse", "ignore"]] = "refuse"
    description: Metadata[str] = ""
