"""Which type the columns of a Great Expectations suite have: what it says, and what its arguments give away.

A suite need not say types, a contract must; so what is not said is taken from data, or from arguments, and told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from headway.contract.suites.suite import Asked
from headway.spec.checks.values import typed
from headway.spec.contract import ColumnType
from headway.spec.expectations import EXPECTATIONS, columns_of

OF_TYPE, IN_TYPES = "expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"

_NAMES: Mapping[ColumnType, str] = {
    "integer": "int int_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 integer bigint smallint tinyint "
    "long integertype longtype shorttype bytetype",
    "number": "float float_ float16 float32 float64 double real double_precision doubletype floattype",
    "text": "str string varchar nvarchar char nchar text category large_string stringtype",
    "boolean": "bool bool_ boolean booleantype",
    "time": "datetime datetime64 timestamp timestamptz timestamp_ntz timestamp_ltz datetimetz timestamptype",
    "date": "date datetype",
}
_LOGICAL: Mapping[str, ColumnType] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_ANYTHING = "object"
"""What pandas calls a column of texts, and of anything else."""

_NUMERIC = frozenset(("mean", "median", "stdev", "sum", "quantile"))
_TEXTUAL = ("regex", "strftime", "json_parseable", "dateutil_parseable", "value_lengths")


class Types(NamedTuple):
    """The types of columns.

    Attributes:
        known: Column -> type.
        assumed: Columns whose type only arguments give away.
    """

    known: Mapping[str, ColumnType]
    assumed: tuple[str, ...]


def logical(name: str) -> ColumnType | None:
    """The type of a contract for one of pandas, Spark, SQL or Arrow; None where there is none that is as wide."""
    plain = re.sub(r"[\[(].*", "", name.strip().lower()).replace("timestamp with time zone", "timestamptz")
    return _LOGICAL.get(plain.removesuffix("()"))


def allowed(asked: Asked) -> tuple[set[ColumnType], bool]:
    """The types that a suite allows for a column, and whether it allows anything (`object`)."""
    said = asked.kwargs.get("type_") if asked.type == OF_TYPE else asked.kwargs.get("type_list")
    names = [str(name) for name in (said if isinstance(said, list) else [said])]
    kinds = {kind for name in names if (kind := logical(name)) is not None}
    is_open = any(name.strip().lower() == _ANYTHING for name in names)
    return kinds, is_open


def types_of(suite: Iterable[Asked], like: Mapping[str, ColumnType]) -> Types:
    """Types from data, else from the suite's words, else from its arguments.

    Args:
        suite: What is expected.
        like: Column -> type, from data.
    """
    said: dict[str, ColumnType] = {}
    shown: dict[str, ColumnType] = {}
    for asked in suite:
        if asked.type not in EXPECTATIONS:
            continue
        names = columns_of(asked.type, asked.kwargs)
        if asked.type in (OF_TYPE, IN_TYPES):
            kinds, is_open = allowed(asked)
            kind = _widest(kinds, is_open=is_open)
            said |= {name: kind for name in names if kind is not None and name not in said}
            continue
        for name, kind in zip(names, _given_away(asked, len(names)), strict=True):
            if kind is not None:
                shown.setdefault(name, kind)
    assumed = tuple(name for name in shown if name not in said and name not in like)
    return Types({**shown, **said, **like}, assumed)


def _widest(kinds: set[ColumnType], *, is_open: bool) -> ColumnType | None:
    if kinds == {"integer", "number"}:
        return "number"
    if len(kinds) == 1:
        return next(iter(kinds))
    return "text" if is_open and not kinds else None


def _given_away(asked: Asked, columns: int) -> Sequence[ColumnType | None]:
    """What arguments say of the types of the columns."""
    if asked.type.startswith("expect_column_value_lengths") or any(part in asked.type for part in _TEXTUAL):
        return ["text"] * columns
    if _NUMERIC & set(asked.type.split("_")):
        return ["number"] * columns
    if "value_pairs_set" in asked.kwargs:
        pairs = [pair for pair in asked.kwargs["value_pairs_set"] if isinstance(pair, list)]
        return [_common([pair[side] for pair in pairs if len(pair) > side]) for side in range(columns)]
    values = asked.kwargs.get("value_set")
    if isinstance(values, list):
        return [_common(values)] * columns
    bounds = [asked.kwargs[key] for key in ("min_value", "max_value") if key in asked.kwargs]
    if "unique" in asked.type or not bounds:
        return [None] * columns
    return [_of_bounds(bounds)] * columns


def _common(values: Sequence[Any]) -> ColumnType | None:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        return "boolean"
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return "number"
    return "text" if known and all(isinstance(value, str) for value in known) else None


def _of_bounds(bounds: Sequence[Any]) -> ColumnType | None:
    kind = _common(bounds)
    if kind != "text":
        return kind
    kinds: tuple[ColumnType, ...] = ("date", "time")
    # A day alone may bound days and instants: days are what was written.
    return next((one for one in kinds if all(typed(one, bound) is not None for bound in bounds)), None)
