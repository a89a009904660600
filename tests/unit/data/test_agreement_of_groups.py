"""Two computations of a group's rows: the same, the same but for rounding, or not."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from headway.data.agreement import Agreement, compare

AT = datetime(2026, 3, 1, tzinfo=UTC)


def rows(*values: Any, key: str = "a", **more: list[Any]) -> pl.DataFrame:
    at = [AT + timedelta(hours=hour) for hour in range(len(values))]
    columns = {"key": [key] * len(values), "event_time": at, "known_time": at, "total": list(values)}
    return pl.DataFrame(columns | more, strict=False)


def compared(one: pl.DataFrame, other: pl.DataFrame) -> Agreement:
    return compare(one, other, ["key"], one)


@pytest.mark.parametrize(
    ("one", "other", "rounded", "differs"),
    [
        ((0.3, 5.0), (0.1 + 0.2, 5.0), 1, False),
        ((7e-15, 5.0), (0.0, 5.0), 1, False),
        ((5.0, None), (5.0, None), 0, False),
        ((5.0, math.nan), (5.0, math.nan), 0, False),
        ((5.0, 1.0), (5.0, None), 0, True),
        ((5.0, 1.0), (5.0, 1.0001), 0, True),
        ((5.0,), (5.0, 1.0), 0, True),
        ((5.0, 1.0), (5.0,), 0, True),
        (("x", "y"), ("x", "z"), 0, True),
        ((0.3, 5.0), (0.1 + 0.2, 6.0), 1, True),
    ],
)
def test_rounding_is_told_from_a_difference(one: Any, other: Any, rounded: int, differs: bool) -> None:
    found = compared(rows(*one), rows(*other))
    assert found.rounded == rounded
    assert found.differing == (("total",) if differs else ())
    assert found.is_equal == (not differs and not rounded)


def test_nulls_have_any_type() -> None:
    nothing = rows(None, None).with_columns(pl.col("total").cast(pl.String))
    assert compared(rows(None, None).cast({"total": pl.Float64}), nothing).is_equal


def test_a_feature_that_only_one_has_differs() -> None:
    assert compared(rows(1.0), rows(1.0, late=[2.0])).differing == ("late",)
    assert compared(rows(1.0, late=[2.0]), rows(1.0)).differing == ("late",)


def test_a_row_that_only_one_has_is_named() -> None:
    example = compared(rows(1.0, 2.0), rows(1.0)).example
    assert example is not None
    assert example.row == "key a, at 2026-03-01 01:00:00 UTC"
    assert example.values == ("there", "not there")


def test_the_example_is_of_a_difference_before_one_of_rounding() -> None:
    example = compared(rows(0.3, 5.0), rows(0.1 + 0.2, 6.0)).example
    assert example is not None
    assert (example.feature, example.values) == ("total", ("5.0", "6.0"))
