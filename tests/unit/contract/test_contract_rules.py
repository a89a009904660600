"""A rule that can never be kept is refused when the contract is compiled."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from headway.contract.columns import check
from headway.contract.rules import compile_rules
from headway.errors import SpecError
from headway.spec.contract import Column, Contract, Expectation


@pytest.mark.parametrize(
    "column",
    [
        Column(type="integer", min=3, max=2),
        Column(type="integer", min=2.2, max=2.8),
        Column(type="number", min="far"),
        Column(type="number", max=float("nan")),
        Column(type="number", max=float("inf")),
        Column(type="text", min=1),
        Column(type="boolean", max=1),
        Column(type="time", min="June"),
        Column(type="time", min=5),
        Column(type="date", max="2013-13-01"),
        Column(type="text", matches="["),
        Column(type="integer", matches="1"),
        Column(type="text", in_=()),
        Column(type="text", in_=("a", 1)),
        Column(type="integer", in_=(1.5,)),
        Column(type="integer", in_=(True,)),
        Column(type="integer", in_=(9,), max=3),
        Column(type="text", in_=("b",), matches="^a"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_hold_is_refused(column: Column) -> None:
    with pytest.raises(SpecError) as caught:
        compile_rules("distance", column)
    assert caught.value.code == "DC001"
    assert "distance" in caught.value.where


def test_bounds_of_integers_are_rounded_inwards() -> None:
    rules = compile_rules("n", Column(type="integer", min=0.5, max=2.5))
    assert (rules.low, rules.high) == (1, 2)


def test_a_set_keeps_only_what_the_other_rules_allow() -> None:
    assert compile_rules("n", Column(type="integer", in_=(1, 2, 3), min=2)).allowed == (2, 3)


def test_a_time_bound_without_an_offset_is_utc() -> None:
    rules = compile_rules("t", Column(type="time", min="2013-01-01", max="2013-01-01T02:00:00+02:00"))
    assert rules.low == rules.high == datetime(2013, 1, 1, tzinfo=UTC)


def test_bounds_of_a_figure_of_whole_numbers_are_not_rounded() -> None:
    mean = Expectation(
        type="expect_column_mean_to_be_between", arguments={"column": "n", "min_value": 1.5, "max_value": 1.5}
    )
    contract = Contract(columns={"n": Column(type="integer")}, expectations=(mean,))
    assert check(pl.DataFrame({"n": [1, 2]}), contract).passed
    assert not check(pl.DataFrame({"n": [2, 2]}), contract).passed


@pytest.mark.parametrize(
    ("text", "fits"),
    [("2013-01-01", True), ("1 May 10:36 BRST", True), ("soon", False), ("", False), ("9" * 400, False)],
)
def test_what_dateutil_reads_is_a_date_or_a_time(text: str, fits: bool) -> None:
    asked = Expectation(type="expect_column_values_to_be_dateutil_parseable", arguments={"column": "s"})
    contract = Contract(columns={"s": Column(type="text")}, expectations=(asked,))
    assert check(pl.DataFrame({"s": [text]}), contract).passed is fits
