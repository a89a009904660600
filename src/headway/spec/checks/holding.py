"""Rules of a contract that exclude each other: no row, or no default, could ever keep them all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from headway.spec.checks.scene import SHOWN
from headway.spec.checks.values import typed
from headway.spec.contract import Column, ColumnType, Contract, Expectation, MapTo
from headway.spec.document import Path_
from headway.spec.patterns import LONGEST, MOST_STEPS, examine
from headway.spec.references import Check

_VALUES = "expect_column_values_to_be_between"
_FIGURES = tuple(f"expect_column_{figure}_to_be_between" for figure in ("min", "max", "mean", "median"))
"""What lies between the smallest and the largest value."""
_SOME_IN_SET = (
    "expect_column_values_to_be_in_set",
    "expect_column_distinct_values_to_be_in_set",
    "expect_column_most_common_value_to_be_in_set",
)
_ALL_IN_SET = ("expect_column_distinct_values_to_contain_set", "expect_column_distinct_values_to_equal_set")


class _Bound(NamedTuple):
    """One end of what a column may be.

    Attributes:
        value: In the type of the column.
        words: Who says so: `max: 5`, or `expectations[1]` with what it says.
        is_strict: Whether the value itself is excluded.
    """

    value: Any
    words: str
    is_strict: bool = False


class _Span(NamedTuple):
    """What a column may be, as far as bounds say it."""

    low: _Bound | None = None
    high: _Bound | None = None

    def misses(self, value: Any) -> str | None:
        """Why a value lies outside, in words; None where it does not."""
        low, high = self
        if low is not None and (value < low.value or (low.is_strict and value == low.value)):
            return f"is below {low.words}"
        if high is not None and (value > high.value or (high.is_strict and value == high.value)):
            return f"is above {high.words}"
        return None

    def within(self, other: _Span) -> _Span:
        """What both leave."""
        lows = [span.low for span in (self, other) if span.low is not None]
        highs = [span.high for span in (self, other) if span.high is not None]
        return _Span(
            max(lows, key=lambda bound: (bound.value, bound.is_strict), default=None),
            min(highs, key=lambda bound: (bound.value, not bound.is_strict), default=None),
        )


def check_holding(contract: Contract, check: Check) -> None:
    """Add rules that cannot hold together: of each column alone, then with the expectations on it."""
    for name, column in contract.columns.items():
        if any(check.broken(("columns", name, key)) for key in ("min", "max", "matches")):
            continue  # what a broken rule means is not known
        span = _declared(column)
        if column.type == "integer" and _is_empty(span) and column.min != column.max:
            check.fault(("columns", name, "max"), "no whole number lies between `min` and `max`")
            continue
        _values(check, ("columns", name), column, span)
        _identity(check, name, contract, span)
        _expected(check, name, contract, span)


def _is_empty(span: _Span) -> bool:
    low, high = span
    if low is None or high is None:
        return False
    return low.value > high.value or (low.value == high.value and (low.is_strict or high.is_strict))


def _declared(column: Column) -> _Span:
    return _Span(
        *(
            _bound(column.type, side, getattr(column, side), f"`{side}: {_show(getattr(column, side))}`")
            for side in ("min", "max")
        )
    )


def _bound(kind: ColumnType, side: str, raw: Any, words: str, *, is_strict: bool = False) -> _Bound | None:
    value = None if raw is None else typed("number" if kind == "integer" else kind, raw)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind == "integer" and value != int(value):  # rounded inwards
        value, is_strict = (math.ceil if side == "min" else math.floor)(value), False
    return _Bound(value, words, is_strict)


# -- values that stand in the contract -------------------------------------------------------------


def _values(check: Check, path: Path_, column: Column, span: _Span) -> None:
    """The set, the default and what unknown categories become must be allowed themselves."""
    mapped = column.unknown_category.map_to if isinstance(column.unknown_category, MapTo) else None
    written = [(("in", index), value) for index, value in enumerate(column.in_ or ())]
    for inner, value in (*written, (("default",), column.default), (("unknown_category",), mapped)):
        why = None if value is None else _refused(column, value, span)
        if why is not None and not check.broken((*path, *inner)):
            check.fault((*path, *inner), f"`{_show(value)}` {why}", "no row with it would pass")


def _refused(column: Column, raw: Any, span: _Span) -> str | None:
    """Why a value of a contract breaks its column's own rules, in words."""
    value = typed(column.type, raw)
    if value is None:
        return None  # of another type, which is a fault already
    if column.matches is not None and isinstance(value, str) and not _matches(column.matches, value):
        return f"does not match `{column.matches[:SHOWN]}`"
    return span.misses(value)


def _matches(pattern: str, value: str) -> bool:
    """Whether a pattern is found, as far as that is known soon."""
    if len(value) > LONGEST or examine(pattern).steps > MOST_STEPS:
        return True
    return re.search(pattern, value) is not None


def _identity(check: Check, name: str, contract: Contract, span: _Span) -> None:
    column, value = contract.columns[name], contract.identity.get(name)
    if value is None or check.broken(("identity", name)):
        return
    why = _refused(column, value, span)
    if why is None and column.in_ is not None and value not in column.in_:
        why = f"does not stand in `in` of `{name[:SHOWN]}`"
    if why is not None:
        check.fault(("identity", name), f"`{_show(value)}` {why}", "no row would pass")


# -- expectations ----------------------------------------------------------------------------------


def _expected(check: Check, name: str, contract: Contract, span: _Span) -> None:
    """Expectations of one column, each with the column and with those before it."""
    column = contract.columns[name]
    asked = [*_asked(check, contract, name)]
    for path, expectation in asked:
        if expectation.type == _VALUES:
            mine = _said(column.type, path, expectation)
            span = span if _clash(check, path, mine, span) else span.within(mine)
    for path, expectation in asked:
        if expectation.type in _FIGURES:
            kind = (
                "number"
                if expectation.type.endswith(("mean_to_be_between", "median_to_be_between"))
                else column.type
            )
            _clash(check, path, _said(kind, path, expectation), span)
        elif expectation.type in (*_SOME_IN_SET, *_ALL_IN_SET):
            _set(check, path, expectation, column, span)


def _asked(check: Check, contract: Contract, name: str) -> Iterator[tuple[Path_, Expectation]]:
    """Sound expectations that every value of a column must keep."""
    for index, expectation in enumerate(contract.expectations):
        path: Path_ = ("expectations", index)
        arguments = expectation.arguments
        if (
            arguments.get("column") == name
            and arguments.get("mostly") in (None, 1)
            and not check.broken(path)
        ):
            yield path, expectation


def _said(kind: ColumnType, path: Path_, expectation: Expectation) -> _Span:
    found = expectation.arguments
    return _Span(
        *(
            _bound(
                kind,
                side,
                found.get(f"{side}_value"),
                f"`{side}_value: {_show(found.get(f'{side}_value'))}` of `expectations[{path[-1]}]`",
                is_strict=bool(found.get(f"strict_{side}")),
            )
            for side in ("min", "max")
        )
    )


def _clash(check: Check, path: Path_, mine: _Span, span: _Span) -> bool:
    """Whether one bound of an expectation excludes what else is said."""
    for side, both, other in (
        ("min", _Span(mine.low, span.high), span.high),
        ("max", _Span(span.low, mine.high), span.low),
    ):
        if other is not None and _is_empty(both):
            what = f"nothing is left beside {other.words}"
            check.fault((*path, f"{side}_value"), what, "the two exclude each other: mend one")
            return True
    return False


def _set(check: Check, path: Path_, expectation: Expectation, column: Column, span: _Span) -> None:
    """A set of which something, or everything, must be allowed."""
    values = expectation.arguments["value_set"]
    refused = [value for value in values if _outside(column, value, span) is not None]
    if refused and (expectation.type in _ALL_IN_SET or len(refused) == len(values)):
        why = _outside(column, refused[0], span)
        hint = "the two exclude each other: mend one"
        check.fault((*path, "value_set"), f"`{_show(refused[0])}` {why}", hint)


def _outside(column: Column, value: Any, span: _Span) -> str | None:
    if column.in_ is not None and value not in column.in_:
        return "does not stand in `in` of the column"
    return _refused(column, value, span)


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)[:SHOWN]
