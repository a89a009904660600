"""A data contract as frozen values: one declaration for every table and every request.

Semantics are Great Expectations': nulls are skipped before a check, bounds are inclusive unless strict.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from msgspec import field

from headway.spec.product import Declared
from headway.spec.roles import Identity, Metadata

ColumnType = Literal["integer", "number", "text", "boolean", "time", "date"]
"""Logical types: int64, float64, UTF-8 text, boolean, UTC instant (microseconds), calendar day."""

Severity = Literal["critical", "warning", "info"]
"""How much it matters: `critical` refuses, `warning` and `info` report."""

Scalar = str | int | float | bool


class Policy(Declared, frozen=True):
    """What is done with what breaks an expectation, by the place where it is found.

    Attributes:
        batch: `reject` the table, `quarantine` the rows with their reasons and keep the others, or `warn`.
            Left out: `reject` where the severity is `critical`, else `warn`.
        request: `reject` the record or `warn`. Left out: `reject` where the severity is `critical` and
            `mostly` is 1, else `warn`.
    """

    batch: Identity[Literal["reject", "quarantine", "warn"] | None] = None
    request: Identity[Literal["reject", "warn"] | None] = None


class MapTo(Declared, frozen=True):
    """Values outside of a column's set become one value of it, and are counted.

    Attributes:
        map_to: The value, which stands in the set.
    """

    map_to: Identity[Scalar]


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
        default: What takes the place of the column where a table or a record lacks it; a null that is
            there stays a null.
        unknown_category: What becomes of a value that is not in the set: `reject`, or `{map_to: value}`.
        severity: How much the rules of this column matter. A missing column, another type, a null where
            none is allowed and infinity are always critical.
        policy: What is done with rows that break them; rows with such a null may be quarantined too.
        unit: Unit of the quantity, for people.
    """

    type: Identity[ColumnType]
    nulls: Identity[bool] = False
    min: Identity[float | str | None] = None
    max: Identity[float | str | None] = None
    in_: Identity[tuple[Scalar, ...] | None] = field(name="in", default=None)
    matches: Identity[str | None] = None
    unique: Identity[bool] = False
    default: Identity[Scalar | None] = None
    unknown_category: Identity[Literal["reject"] | MapTo] = "reject"
    severity: Identity[Severity] = "critical"
    policy: Identity[Policy] = Policy()
    unit: Metadata[str] = ""
    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()


class RowCount(Declared, frozen=True):
    """How many rows a batch may have, inclusive."""

    min: Identity[int] = 1
    max: Identity[int | None] = None


class Expectation(Declared, frozen=True):
    """One expectation by its Great Expectations name; its arguments stand beside `type`.

    Attributes:
        type: The full name, such as `expect_column_mean_to_be_between`.
        arguments: Great Expectations' keyword arguments; in the file they stand beside `type`.
        severity: How much it matters.
        policy: What is done with what breaks it.
        id: A name of its own, unique in the contract, for reports.
    """

    type: Identity[str]
    arguments: Identity[dict[str, Any]] = field(default_factory=dict)
    severity: Identity[Severity] = "critical"
    policy: Identity[Policy] = Policy()
    id: Metadata[str] = ""
    description: Metadata[str] = ""


class Freshness(Declared, frozen=True):
    """How old the newest row may be when a batch comes in.

    Attributes:
        column: The column of type `time` or `date` that is compared with the present.
        max_age: Longest time since its newest value.
    """

    column: Identity[str]
    max_age: Identity[timedelta]


class Contract(Declared, frozen=True):
    """What a table must be.

    Attributes:
        columns: Column name -> what it must be, in order.
        version: Counted up by its author; a change that breaks readers demands another one.
        unique: Sets of columns that together name a row.
        rows: Bounds on the row count; an empty batch is refused unless `min: 0` is declared.
        extra_columns: `refuse` (default) or `ignore` columns that are not declared.
        expectations: What else must hold, by Great Expectations' names.
        freshness: How old the newest row may be.
        identity: Column -> the one value that every row must have there, so that another source's rows
            (of a test system, of another airport) are never taken for this one's.
        repeated_content: What is done with a file whose content came before under another name.
    """

    columns: Identity[dict[str, Column]]
    version: Metadata[int] = 1
    unique: Identity[tuple[tuple[str, ...], ...]] = ()
    rows: Identity[RowCount] = RowCount()
    extra_columns: Identity[Literal["refuse", "ignore"]] = "refuse"
    expectations: Identity[tuple[Expectation, ...]] = ()
    freshness: Identity[Freshness | None] = None
    identity: Identity[dict[str, Scalar]] = field(default_factory=dict)
    repeated_content: Identity[Literal["reject", "warn", "allow"]] = "warn"
    description: Metadata[str] = ""
