from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from headway.data.splits import Times, assign
from headway.errors import ContractError, SpecError
from headway.spec.product import Split

WHERE = "dataset `d`"
DAY = timedelta(days=1)


def days(*values: float, label_takes: timedelta = timedelta(0)) -> Times:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    moments = pl.Series([start + timedelta(days=value) for value in values], dtype=pl.Datetime("us", "UTC"))
    known = moments + label_takes
    return Times(moments, known, known, start + timedelta(days=1000))


def label(*values: bool) -> pl.Series:
    return pl.Series("late", list(values))


def test_the_newest_row_is_in_test_and_a_row_on_an_edge_is_in_the_older_part() -> None:
    moments = days(0, 6.9, 7, 8, 9, 9.5, 10)
    split = Split(by="time", train=2 * DAY, validate=DAY, test=DAY)
    rows = pl.DataFrame({"x": range(7)})
    made = assign(split, rows, pl.Series("late", [True] * 7), moments, WHERE)
    assert made.parts.to_list() == [None, "train", "train", "train", "validate", "test", "test"]
    assert made.windows["test"] == "after 2024-01-10T00:00:00.000000Z until 2024-01-11T00:00:00.000000Z"


def test_equal_rows_are_never_in_two_parts_whatever_their_label() -> None:
    rows = pl.DataFrame({"x": [1.5] * 50})
    made = assign(
        Split(by="hash", train=0.4, validate=0.3, test=0.3), rows, label(*[True, False] * 25), None, WHERE
    )
    assert made.parts.n_unique() == 1


def test_rows_beyond_the_shares_are_unused() -> None:
    split = Split(by="hash", train=0.0, validate=0.0, test=0.01)
    made = assign(split, pl.DataFrame({"x": range(1000)}), label(*[True] * 1000), None, WHERE)
    assert set(made.parts.to_list()) == {None, "test"}


def test_shares_that_add_up_to_one_use_every_row() -> None:
    split = Split(by="hash", train=0.7, validate=0.15, test=0.15)
    made = assign(split, pl.DataFrame({"x": range(20_000)}), label(*[True] * 20_000), None, WHERE)
    assert made.parts.null_count() == 0


def test_a_stratum_without_a_row_in_a_part_is_refused() -> None:
    split = Split(by="hash", train=0.7, validate=0.15, test=0.15, stratify="late")
    rows = pl.DataFrame({"x": range(400)})
    assign(split, rows, label(*[True, False] * 200), None, WHERE)
    with pytest.raises(ContractError, match="has 2 rows"):
        assign(split, rows, label(*[True] * 2, *[False] * 398), None, WHERE)


@pytest.mark.parametrize(
    "split",
    [
        Split(by="time", train=0.7, validate=0.15, test=0.15),
        Split(by="hash", train=DAY, validate=DAY, test=DAY),
        Split(by="hash", train=0.8, validate=0.2, test=0.2),
        Split(by="hash", train=-0.1, validate=0.2, test=0.2),
        Split(by="group", train=0.6, validate=0.2, test=0.2),
        Split(by="hash", group="x", train=0.6, validate=0.2, test=0.2),
        Split(by="group", group="x", apart="x", train=0.6, validate=0.2, test=0.2),
        Split(by="group", group="absent", train=0.6, validate=0.2, test=0.2),
        Split(by="time", train=DAY, validate=DAY, test=DAY, apart="absent"),
    ],
)
def test_parts_that_do_not_fit_the_way_of_splitting_are_refused(split: Split) -> None:
    with pytest.raises(SpecError):
        assign(split, pl.DataFrame({"x": [1]}), label(True), days(1), WHERE)


def test_rows_without_time_cannot_be_split_by_time() -> None:
    split = Split(by="time", train=DAY, validate=DAY, test=DAY)
    with pytest.raises(SpecError, match="no time"):
        assign(split, pl.DataFrame({"x": [1]}), label(True), None, WHERE)
