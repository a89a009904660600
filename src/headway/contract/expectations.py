"""What each expectation means: one entry per name, for tables and for single records alike.

Light: columns come in as expressions that this module only calls methods of, so nothing here imports a
frame library. How an expectation is written is said in `headway.spec.expectations`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import combinations
from operator import add, or_
from typing import Any, NamedTuple

from headway.contract.figures import Counts, divergence, native_sum
from headway.contract.words import between, listed, one_of, show
from headway.core.wording import count

Arguments = Mapping[str, Any]


class RowRule(NamedTuple):
    """An expectation of each row.

    Attributes:
        words: What is wanted, in words.
        fits: Whether one row's values do, as Python values; called without nulls unless `sees_nulls`.
        broken: Where rows do not, as an expression on the columns; null counts as no. None where only
            Python can tell: then `fits` is asked once per distinct value.
        suspect: A cheap aggregate that is true when any row might not; it never misses one.
        sees_nulls: Whether nulls are judged and not skipped.
        neighbours: `order` or `unique` where a row is judged by others; `fits` is never asked then, and
            what is not unique is found by its keys.
    """

    words: Callable[[Arguments], str]
    fits: Callable[..., bool] | None = None
    broken: Callable[..., Any] | None = None
    suspect: Callable[..., Any] | None = None
    sees_nulls: bool = False
    neighbours: str = ""


class ColumnRule(NamedTuple):
    """An expectation of a column as a whole.

    Attributes:
        words: What is wanted, in words.
        needs: Names of the figures of the column that it is judged by (`headway.contract.figures`).
        observed: What was seen, from the figures in the order of `needs`; None where no value is there.
        fits: Whether that does.
    """

    words: Callable[[Arguments], str]
    needs: tuple[str, ...]
    observed: Callable[..., Any]
    fits: Callable[[Any, Arguments], bool]


class TableRule(NamedTuple):
    """An expectation of the table: its columns and its number of rows.

    Attributes:
        fits: Whether (columns, rows) do.
    """

    words: Callable[[Arguments], str]
    fits: Callable[[Sequence[str], int, Arguments], bool]
    observed: Callable[[Sequence[str], int, Arguments], str]


# -- bounds ----------------------------------------------------------------------------------


def is_within(value: Any, a: Arguments) -> bool:
    """Whether a value lies between `min_value` and `max_value`, of which either may be missing."""
    low, high = a.get("min_value"), a.get("max_value")
    above = low is None or (value > low if a.get("strict_min") else value >= low)
    below = high is None or (value < high if a.get("strict_max") else value <= high)
    return bool(above and below)


def _outside(value: Any, a: Arguments, smallest: Any = None, largest: Any = None) -> Any:
    """Where an expression lies outside; or whether its smallest or largest value does."""
    low, high = a.get("min_value"), a.get("max_value")
    small, large = (value, value) if smallest is None else (smallest, largest)
    sides = []
    if low is not None:
        sides.append(small <= low if a.get("strict_min") else small < low)
    if high is not None:
        sides.append(large >= high if a.get("strict_max") else large > high)
    return reduce(or_, sides)


def _extremes_outside(a: Arguments, value: Any) -> Any:
    return _outside(None, a, value.min(), value.max())


# -- values ----------------------------------------------------------------------------------


def _parses(value: str, parse: Callable[[str], Any]) -> bool:
    try:
        parse(value)
    except (ValueError, OverflowError, TypeError, RecursionError):
        return False
    return True


_LONGEST_TIME = 200
"""Characters; no date is longer, and dateutil takes some 2 µs for each."""


def _by_dateutil(value: str) -> bool:
    from dateutil.parser import parse

    if len(value) > _LONGEST_TIME:
        return False
    # Zones by name are no matter of whether it is a time, and unknown ones would be warned of.
    return _parses(value, lambda text: parse(text, ignoretz=True))


def _set_words(prefix: str) -> Callable[[Arguments], str]:
    return lambda a: f"{prefix} {listed(tuple(a['value_set']))}"


def _is_in(a: Arguments, value: Any) -> Any:
    """Where values are in a set; a small one is compared value by value, which is three times faster."""
    few = a.get("few")
    return value.is_in(a["value_set"]) if few is None else reduce(or_, (value == one for one in few))


def _order(sign: str) -> RowRule:
    """A column in order; nulls are skipped. Expressions compare with the last value that is there."""

    def broken(a: Arguments, value: Any) -> Any:
        before = value.forward_fill().shift(1)
        if sign == "increasing":
            return value <= before if a.get("strictly") else value < before
        return value >= before if a.get("strictly") else value > before

    return RowRule(
        words=lambda a: f"{'strictly ' if a.get('strictly') else ''}{sign} values",
        broken=broken,
        neighbours="order",
    )


def in_order(type_: str, a: Arguments, before: Any, after: Any) -> bool:
    """Whether two values that follow each other are in the order that an expectation asks for."""
    if type_.endswith("increasing"):
        return bool(after > before if a.get("strictly") else after >= before)
    return bool(after < before if a.get("strictly") else after <= before)


def _all_equal_missing(values: Sequence[Any]) -> Any:
    return reduce(or_, (one.eq_missing(other) for one, other in combinations(values, 2)))


def _distinct(values: Sequence[Any]) -> bool:
    return all(one != other for one, other in combinations(values, 2))


def _in_pairs(a: Arguments, one: Any, other: Any) -> Any:
    pairs = a["value_pairs_set"]
    return ~reduce(or_, (one.eq_missing(x) & other.eq_missing(y) for x, y in pairs))


def _greater(a: Arguments, one: Any, other: Any) -> bool:
    if one is None or other is None:
        return False
    return bool(one >= other if a.get("or_equal") else one > other)


ROWS: dict[str, RowRule] = {
    "expect_column_values_to_not_be_null": RowRule(
        words=lambda _: "no nulls",
        fits=lambda _, value: value is not None,
        broken=lambda _, value: value.is_null(),
        suspect=lambda _, value: value.null_count() > 0,
        sees_nulls=True,
    ),
    "expect_column_values_to_be_null": RowRule(
        words=lambda _: "nothing but nulls",
        fits=lambda _, value: value is None,
        broken=lambda _, value: value.is_not_null(),
        suspect=lambda _, value: value.count() > 0,
        sees_nulls=True,
    ),
    "expect_column_values_to_be_finite": RowRule(
        words=lambda _: "finite numbers",
        fits=lambda _, value: math.isfinite(value),
        broken=lambda _, value: value.is_infinite(),
        # The extremes show infinity, so no value is looked at twice where there is none.
        suspect=lambda _, value: value.max().is_infinite() | value.min().is_infinite(),
    ),
    "expect_column_values_to_be_between": RowRule(
        words=between,
        fits=lambda a, value: is_within(value, a),
        broken=lambda a, value: _outside(value, a),
        suspect=_extremes_outside,
    ),
    "expect_column_values_to_be_in_set": RowRule(
        words=lambda a: one_of(tuple(a["value_set"])),
        fits=lambda a, value: value in a["value_set"],
        broken=lambda a, value: ~_is_in(a, value),
    ),
    "expect_column_values_to_not_be_in_set": RowRule(
        words=_set_words("none of"),
        fits=lambda a, value: value not in a["value_set"],
        broken=_is_in,
    ),
    "expect_column_values_to_match_regex": RowRule(
        words=lambda a: f"text that matches {a['regex'].words}",
        fits=lambda a, value: a["regex"].fits(value),
    ),
    "expect_column_values_to_not_match_regex": RowRule(
        words=lambda a: f"text that does not match {a['regex'].words}",
        fits=lambda a, value: a["regex"].avoids(value),
    ),
    "expect_column_values_to_match_strftime_format": RowRule(
        words=lambda a: f"text written as {show(a['strftime_format'])}",
        fits=lambda a, value: _parses(
            value,
            lambda text: datetime.strptime(text, a["strftime_format"]),  # noqa: DTZ007 -- not kept
        ),
    ),
    "expect_column_values_to_be_dateutil_parseable": RowRule(
        words=lambda _: "text that is a date or a time", fits=lambda _, value: _by_dateutil(value)
    ),
    "expect_column_values_to_be_json_parseable": RowRule(
        words=lambda _: "text that is JSON", fits=lambda _, value: _parses(value, json.loads)
    ),
    "expect_column_values_to_be_increasing": _order("increasing"),
    "expect_column_values_to_be_decreasing": _order("decreasing"),
    "expect_column_value_lengths_to_be_between": RowRule(
        words=lambda a: f"{between(a)} characters",
        fits=lambda a, value: is_within(len(value), a),
        broken=lambda a, value: _outside(value.str.len_chars(), a),
    ),
    "expect_column_value_lengths_to_equal": RowRule(
        words=lambda a: count(a["value"], "character"),
        fits=lambda a, value: len(value) == a["value"],
        broken=lambda a, value: value.str.len_chars() != a["value"],
    ),
    "expect_column_values_to_be_unique": RowRule(
        words=lambda _: "every value once",
        neighbours="unique",
    ),
    "expect_compound_columns_to_be_unique": RowRule(
        words=lambda _: "every combination once", neighbours="unique"
    ),
    "expect_column_pair_values_to_be_equal": RowRule(
        words=lambda _: "both values to be equal",
        fits=lambda _, one, other: one is not None and other is not None and bool(one == other),
        broken=lambda _, one, other: (one != other).fill_null(value=True),
        sees_nulls=True,
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": RowRule(
        words=lambda a: (
            f"the first value to be greater than {'or equal to ' * bool(a.get('or_equal'))}the second"
        ),
        fits=_greater,
        broken=lambda a, one, other: (one < other if a.get("or_equal") else one <= other).fill_null(
            value=True
        ),
        sees_nulls=True,
    ),
    "expect_column_pair_values_to_be_in_set": RowRule(
        words=lambda a: f"one of {listed([f'{x}, {y}' for x, y in a['value_pairs_set']])}",
        fits=lambda a, one, other: (one, other) in a["value_pairs_set"],
        broken=_in_pairs,
        sees_nulls=True,
    ),
    "expect_multicolumn_sum_to_equal": RowRule(
        words=lambda a: f"values that sum up to {show(a['sum_total'])}",
        # Added one after the other in float64, as the expression does; `sum` would compensate.
        fits=lambda a, *values: None not in values and reduce(add, map(float, values)) == a["sum_total"],
        broken=lambda a, *values: (reduce(add, values) != a["sum_total"]).fill_null(value=True),
        sees_nulls=True,
    ),
    "expect_select_column_values_to_be_unique_within_record": RowRule(
        words=lambda _: "values that differ from each other",
        fits=lambda _, *values: _distinct(values),
        broken=lambda _, *values: _all_equal_missing(values),
        sees_nulls=True,
    ),
}
"""Of each row. Types are judged before: see `headway.contract.schema`."""


# -- columns as a whole ----------------------------------------------------------------------


def _figure(
    name: str, words: str, needs: Sequence[str], observed: Callable[..., Any] | None = None
) -> dict[str, ColumnRule]:
    """A figure that lies between bounds."""
    rule = ColumnRule(
        words=lambda a: f"a {words} {between(a)}",
        needs=tuple(needs),
        observed=observed or (lambda _, value: value),
        fits=is_within,
    )
    return {f"expect_column_{name}_to_be_between": rule}


def _set(name: str, prefix: str, fits: Callable[[set[Any], set[Any]], bool]) -> dict[str, ColumnRule]:
    rule = ColumnRule(
        words=_set_words(prefix),
        needs=("counts",),
        observed=lambda _, counts: [pair[0] for pair in counts],
        fits=lambda seen, a: fits(set(seen), set(a["value_set"])),
    )
    return {f"expect_column_distinct_values_to_{name}_set": rule}


def _stdev(_: Arguments, moments: Sequence[float] | None) -> float | None:
    # The sample's, as pandas has it.
    return math.sqrt(moments[2] / (moments[0] - 1)) if moments is not None and moments[0] > 1 else None


def _most_common(_: Arguments, counts: Counts) -> list[Any] | None:
    most = max((times for _, times in counts), default=0)
    return [value for value, times in counts if times == most] or None


def _is_most_common(seen: list[Any], a: Arguments) -> bool:
    wanted = set(a["value_set"]) & set(seen)
    return bool(wanted) if a.get("ties_okay") else len(seen) == len(wanted) == 1


def _quantiles_fit(seen: list[float], a: Arguments) -> bool:
    ranges = a["quantile_ranges"]["value_ranges"]
    return all(
        is_within(value, {"min_value": low, "max_value": high})
        for value, (low, high) in zip(seen, ranges, strict=True)
    )


COLUMNS: dict[str, ColumnRule] = {
    **_figure("min", "smallest value", ["min"]),
    **_figure("max", "largest value", ["max"]),
    **_figure("sum", "sum", ["sum"], lambda _, value: native_sum(value)),
    **_figure("mean", "mean", ["moments"], lambda _, moments: None if moments is None else moments[1]),
    **_figure("stdev", "standard deviation", ["moments"], _stdev),
    **_figure("median", "median", ["median"]),
    **_figure("unique_value_count", "number of distinct values", ["distinct"]),
    **_figure(
        "proportion_of_unique_values",
        "share of distinct values",
        ["distinct", "present"],
        lambda _, distinct, present: distinct / present if present else 0.0,
    ),
    **_set("be_in", "no values but", lambda seen, wanted: seen <= wanted),
    **_set("equal", "exactly the values", lambda seen, wanted: seen == wanted),
    **_set("contain", "at least the values", lambda seen, wanted: seen >= wanted),
    "expect_column_most_common_value_to_be_in_set": ColumnRule(
        words=_set_words("a most common value among"),
        needs=("counts",),
        observed=_most_common,
        fits=_is_most_common,
    ),
    "expect_column_quantile_values_to_be_between": ColumnRule(
        words=lambda a: f"quantiles {listed(a['quantile_ranges']['quantiles'])} within their ranges",
        needs=("quantiles",),
        observed=lambda _, quantiles: quantiles,
        fits=_quantiles_fit,
    ),
    "expect_column_kl_divergence_to_be_less_than": ColumnRule(
        words=lambda a: f"a Kullback-Leibler divergence of at most {show(a['threshold'])}",
        needs=("partition",),  # `counts` of values, or `bins`
        observed=divergence,
        fits=lambda seen, a: bool(seen <= a["threshold"]),
    ),
}
"""Of a column as a whole."""


# -- the table -------------------------------------------------------------------------------


def _unmatched(columns: Sequence[str], _: int, a: Arguments) -> str:
    extra = [name for name in columns if name not in a["column_set"]] if a.get("exact_match", True) else []
    missing = [name for name in a["column_set"] if name not in columns]
    found = [listed(extra)] if extra else []
    return "; ".join([*found, *([f"no {listed(missing)}"] if missing else [])])


def _rows_words(a: Arguments) -> str:
    low: Any = a.get("min_value")
    high: Any = a.get("max_value")
    if low is None:
        return f"at most {count(high, 'row')}"
    return f"at least {count(low, 'row')}" + ("" if high is None else f" and at most {high:,}")


TABLES: dict[str, TableRule] = {
    "expect_table_row_count_to_be_between": TableRule(
        words=_rows_words,
        fits=lambda _, rows, a: is_within(rows, a),
        observed=lambda _, rows, __: count(rows, "row"),
    ),
    "expect_table_row_count_to_equal": TableRule(
        words=lambda a: count(a["value"], "row"),
        fits=lambda _, rows, a: rows == a["value"],
        observed=lambda _, rows, __: count(rows, "row"),
    ),
    "expect_table_column_count_to_equal": TableRule(
        words=lambda a: count(a["value"], "column"),
        fits=lambda columns, _, a: len(columns) == a["value"],
        observed=lambda columns, _, __: count(len(columns), "column"),
    ),
    "expect_table_columns_to_match_set": TableRule(
        words=lambda a: (
            "no column that is not declared" if a.get("declared") else "exactly the columns named"
        ),
        fits=lambda columns, rows, a: not _unmatched(columns, rows, a),
        observed=_unmatched,
    ),
    "expect_table_columns_to_match_ordered_list": TableRule(
        words=lambda a: f"the columns {listed(a['column_list'])}, in this order",
        fits=lambda columns, _, a: list(columns) == list(a["column_list"]),
        observed=lambda columns, _, __: listed(columns),
    ),
}
"""Of the table."""
