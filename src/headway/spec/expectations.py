"""How each expectation is written: its arguments and where it may be asked. What it means: `headway.contract`.

Names, arguments and defaults are those of Great Expectations 1.x (measured with 0.18.22 and 1.24.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from headway.spec.contract import ColumnType

Kind = Literal[
    "column",  # the name of a declared column
    "columns",  # two declared columns or more
    "names",  # names of columns, declared or not
    "value",  # of the column's type
    "values",  # a set of them
    "pairs",  # a set of pairs of values, of the types of the two columns
    "number",
    "count",  # a whole number from 0
    "share",  # from 0 to 1
    "flag",
    "regex",
    "strftime",
    "type",  # a logical type
    "types",
    "ignore_pair",
    "ignore_row",
    "quantiles",
    "partition",
]
"""What an argument is."""

Grain = Literal["row", "column", "table"]
"""What is judged: each row alone, a column as a whole, or the table."""

IGNORE_PAIR = ("both_values_are_missing", "either_value_is_missing", "neither")
IGNORE_ROW = ("all_values_are_missing", "any_value_is_missing", "never")


class Signature(NamedTuple):
    """How an expectation is written.

    Attributes:
        grain: What it judges; only rows can be quarantined, and only they are judged in requests.
        arguments: Argument -> what it is.
        needs: Arguments that must be given; of a nested group one at least.
        types: Types of the columns that it can judge.
        alone: Whether rows judge themselves; the verdict on others depends on their neighbours.
    """

    grain: Grain
    arguments: Mapping[str, Kind]
    needs: tuple[str | tuple[str, ...], ...]
    types: tuple[ColumnType, ...] | None = None
    alone: bool = True


_NUMBERS: tuple[ColumnType, ...] = ("integer", "number")
_ORDERED: tuple[ColumnType, ...] = (*_NUMBERS, "time", "date")
_TEXT: tuple[ColumnType, ...] = ("text",)
_SIDES = (("min_value", "max_value"),)


def _bounds(kind: Kind) -> dict[str, Kind]:
    return {"min_value": kind, "max_value": kind}


def _strict(kind: Kind) -> dict[str, Kind]:
    return {**_bounds(kind), "strict_min": "flag", "strict_max": "flag"}


def _values(
    arguments: Mapping[str, Kind],
    needs: tuple[str | tuple[str, ...], ...] = (),
    types: tuple[ColumnType, ...] | None = None,
    *,
    alone: bool = True,
) -> Signature:
    """Of each value of a column."""
    return Signature(
        "row", {"column": "column", "mostly": "share", **arguments}, ("column", *needs), types, alone
    )


def _whole(
    arguments: Mapping[str, Kind],
    needs: tuple[str | tuple[str, ...], ...] = _SIDES,
    types: tuple[ColumnType, ...] | None = None,
) -> Signature:
    """Of a column as a whole."""
    return Signature("column", {"column": "column", **arguments}, ("column", *needs), types)


def _pair(arguments: Mapping[str, Kind], needs: tuple[str, ...] = ()) -> Signature:
    named: dict[str, Kind] = {"column_A": "column", "column_B": "column", "ignore_row_if": "ignore_pair"}
    return Signature("row", {**named, "mostly": "share", **arguments}, ("column_A", "column_B", *needs))


def _several(
    arguments: Mapping[str, Kind],
    needs: tuple[str, ...] = (),
    types: tuple[ColumnType, ...] | None = None,
    *,
    alone: bool = True,
) -> Signature:
    named: dict[str, Kind] = {"column_list": "columns", "ignore_row_if": "ignore_row", "mostly": "share"}
    return Signature("row", {**named, **arguments}, ("column_list", *needs), types, alone)


def _table(arguments: Mapping[str, Kind], needs: tuple[str | tuple[str, ...], ...]) -> Signature:
    return Signature("table", arguments, needs)


EXPECTATIONS: Mapping[str, Signature] = {
    # each value of a column
    "expect_column_values_to_not_be_null": _values({}),
    "expect_column_values_to_be_null": _values({}),
    "expect_column_values_to_be_finite": _values({}, types=("number",)),
    "expect_column_values_to_be_unique": _values({}, alone=False),
    "expect_column_values_to_be_between": _values(_strict("value"), _SIDES, _ORDERED),
    "expect_column_values_to_be_in_set": _values({"value_set": "values"}, ("value_set",)),
    "expect_column_values_to_not_be_in_set": _values({"value_set": "values"}, ("value_set",)),
    "expect_column_values_to_be_of_type": _values({"type_": "type"}, ("type_",)),
    "expect_column_values_to_be_in_type_list": _values({"type_list": "types"}, ("type_list",)),
    "expect_column_values_to_match_regex": _values({"regex": "regex"}, ("regex",), _TEXT),
    "expect_column_values_to_not_match_regex": _values({"regex": "regex"}, ("regex",), _TEXT),
    "expect_column_values_to_match_strftime_format": _values(
        {"strftime_format": "strftime"}, ("strftime_format",), _TEXT
    ),
    "expect_column_values_to_be_dateutil_parseable": _values({}, types=_TEXT),
    "expect_column_values_to_be_json_parseable": _values({}, types=_TEXT),
    "expect_column_values_to_be_increasing": _values({"strictly": "flag"}, types=_ORDERED, alone=False),
    "expect_column_values_to_be_decreasing": _values({"strictly": "flag"}, types=_ORDERED, alone=False),
    "expect_column_value_lengths_to_be_between": _values(_strict("count"), _SIDES, _TEXT),
    "expect_column_value_lengths_to_equal": _values({"value": "count"}, ("value",), _TEXT),
    # each row of several columns
    "expect_column_pair_values_to_be_equal": _pair({}),
    "expect_column_pair_values_a_to_be_greater_than_b": _pair({"or_equal": "flag"}),
    "expect_column_pair_values_to_be_in_set": _pair({"value_pairs_set": "pairs"}, ("value_pairs_set",)),
    "expect_multicolumn_sum_to_equal": _several({"sum_total": "number"}, ("sum_total",), _NUMBERS),
    "expect_select_column_values_to_be_unique_within_record": _several({}),
    "expect_compound_columns_to_be_unique": _several({}, alone=False),
    # a column as a whole
    "expect_column_to_exist": _whole({}, ()),
    "expect_column_min_to_be_between": _whole(_strict("value"), types=_ORDERED),
    "expect_column_max_to_be_between": _whole(_strict("value"), types=_ORDERED),
    "expect_column_mean_to_be_between": _whole(_strict("number"), types=_NUMBERS),
    "expect_column_median_to_be_between": _whole(_strict("number"), types=_NUMBERS),
    "expect_column_stdev_to_be_between": _whole(_strict("number"), types=_NUMBERS),
    "expect_column_sum_to_be_between": _whole(_strict("number"), types=_NUMBERS),
    "expect_column_quantile_values_to_be_between": _whole(
        {"quantile_ranges": "quantiles"}, ("quantile_ranges",), _NUMBERS
    ),
    "expect_column_unique_value_count_to_be_between": _whole(_strict("count")),
    "expect_column_proportion_of_unique_values_to_be_between": _whole(_strict("share")),
    "expect_column_distinct_values_to_be_in_set": _whole({"value_set": "values"}, ("value_set",)),
    "expect_column_distinct_values_to_equal_set": _whole({"value_set": "values"}, ("value_set",)),
    "expect_column_distinct_values_to_contain_set": _whole({"value_set": "values"}, ("value_set",)),
    "expect_column_most_common_value_to_be_in_set": _whole(
        {"value_set": "values", "ties_okay": "flag"}, ("value_set",)
    ),
    "expect_column_kl_divergence_to_be_less_than": _whole(
        {
            "partition_object": "partition",
            "threshold": "number",
            "tail_weight_holdout": "share",
            "internal_weight_holdout": "share",
        },
        ("partition_object", "threshold"),
    ),
    # the table
    "expect_table_row_count_to_be_between": _table({"min_value": "count", "max_value": "count"}, _SIDES),
    "expect_table_row_count_to_equal": _table({"value": "count"}, ("value",)),
    "expect_table_column_count_to_equal": _table({"value": "count"}, ("value",)),
    "expect_table_columns_to_match_set": _table(
        {"column_set": "names", "exact_match": "flag"}, ("column_set",)
    ),
    "expect_table_columns_to_match_ordered_list": _table({"column_list": "names"}, ("column_list",)),
}
"""Full name -> how it is written."""


def columns_of(type_: str, arguments: Mapping[str, object]) -> tuple[str, ...]:
    """The columns that an expectation judges, in order."""
    signature = EXPECTATIONS[type_]
    found: list[str] = []
    for name, kind in signature.arguments.items():
        value = arguments.get(name)
        if kind == "column" and isinstance(value, str):
            found.append(value)
        elif kind == "columns" and isinstance(value, list | tuple):
            found += [str(item) for item in value]
    return tuple(found)
