from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from headway.data.splits import APART, LATE, OUTSIDE, Times, assign, refuse_small_parts
from headway.errors import ContractError, SpecError
from headway.spec.product import Interval, Split

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


# -- in the order of time ----------------------------------------------------------------------


def no_labels(count: int) -> pl.Series:
    return pl.Series("late", [True] * count)


def numbered(count: int) -> pl.DataFrame:
    return pl.DataFrame({"x": range(count)})


def instants(*values: float) -> pl.Series:
    return days(*values).moments


def test_windows_stand_apart_by_the_time_that_a_label_takes() -> None:
    times = days(*range(20), label_takes=3 * DAY)
    split = Split(by="time", train=4 * DAY, validate=2 * DAY, test=5 * DAY)
    parts = assign(split, numbered(20), no_labels(20), times, WHERE).parts.to_list()
    assert parts == [None] * 3 + ["train"] * 4 + [None] * 3 + ["validate"] * 2 + [None] * 3 + ["test"] * 5


def test_a_row_whose_label_came_after_the_next_part_began_is_left_out_and_counted() -> None:
    times = days(*range(10))
    late = times._replace(known=pl.Series([*times.moments[:3], *instants(9), *times.moments[4:]]))
    split = Split(by="time", train=5 * DAY, validate=0 * DAY, test=5 * DAY)
    made = assign(split, numbered(10), no_labels(10), late, WHERE)
    assert made.parts.to_list() == ["train"] * 3 + [None] + ["train"] + ["test"] * 5
    assert made.unused == {OUTSIDE: 0, LATE: 1}


def test_a_part_all_of_whose_labels_are_too_late_is_refused_by_name() -> None:
    times = days(*range(10), label_takes=20 * DAY)
    split = Split(by="quota", train=0.6, validate=0.2, test=0.2)
    with pytest.raises(ContractError) as caught:
        assign(split, numbered(10), no_labels(10), times, WHERE)
    assert caught.value.code == "DA106"


def test_a_quota_cuts_the_rows_in_the_order_of_time() -> None:
    order = [7, 0, 3, 9, 1, 8, 2, 5, 4, 6]
    split = Split(by="quota", train=0.6, validate=0.2, test=0.2)
    made = assign(split, numbered(10), no_labels(10), days(*order), WHERE)
    wanted = {**dict.fromkeys(range(6), "train"), 6: "validate", 7: "validate", 8: "test", 9: "test"}
    assert made.parts.to_list() == [wanted[day] for day in order]


def test_a_quota_keeps_rows_of_one_moment_together() -> None:
    split = Split(by="quota", train=0.5, validate=0.0, test=0.5)
    made = assign(split, numbered(6), no_labels(6), days(0, 1, 2, 2, 2, 3), WHERE)
    assert made.parts.to_list() == ["train"] * 2 + ["test"] * 4


def test_intervals_hold_their_first_instant_and_not_their_last() -> None:
    split = Split(
        by="intervals",
        train=Interval(from_="2024-01-01T00:00:00.000000Z", to="2024-01-04T00:00:00.000000Z"),
        validate=Interval(from_="2024-01-04T00:00:00.000000Z", to="2024-01-05T00:00:00.000000Z"),
        test=Interval(from_="2024-01-06T00:00:00.000000Z", to="2024-01-08T00:00:00.000000Z"),
    )
    made = assign(split, numbered(8), no_labels(8), days(*range(8)), WHERE)
    assert made.parts.to_list() == ["train"] * 3 + ["validate", None] + ["test"] * 2 + [None]
    assert made.windows["validate"] == (
        "from 2024-01-04T00:00:00.000000Z until before 2024-01-05T00:00:00.000000Z"
    )
    assert made.unused[OUTSIDE] == 2


def test_a_recurring_value_is_given_one_part_and_its_other_rows_are_counted() -> None:
    rows = pl.DataFrame({"customer": [f"c{n % 40}" for n in range(400)]})
    split = Split(by="time", train=200 * DAY, validate=100 * DAY, test=100 * DAY, apart="customer")
    made = assign(split, rows, no_labels(400), days(*range(400)), WHERE)
    assert set(made.parts.drop_nulls()) == {"train", "validate", "test"}, "no part is emptied by it"
    assert made.unused[f"{APART}: `customer` is in another part"] == made.parts.null_count()


def test_a_value_of_one_part_only_loses_no_row() -> None:
    rows = pl.DataFrame({"customer": [f"c{n // 10}" for n in range(400)]})
    split = Split(by="time", train=200 * DAY, validate=100 * DAY, test=100 * DAY, apart="customer")
    assert assign(split, rows, no_labels(400), days(*range(400)), WHERE).parts.null_count() == 0


# -- by column ---------------------------------------------------------------------------------


def test_a_column_names_the_part_and_null_is_none() -> None:
    rows = pl.DataFrame({"set": ["train", None, "test", "validate"]})
    made = assign(Split(by="column", column="set"), rows, no_labels(4), None, WHERE)
    assert made.parts.to_list() == ["train", None, "test", "validate"]
    assert made.unused == {OUTSIDE: 1}


def test_a_cell_that_names_no_part_is_refused() -> None:
    rows = pl.DataFrame({"set": ["train", "training", "test"]})
    with pytest.raises(ContractError, match="`training`") as caught:
        assign(Split(by="column", column="set"), rows, no_labels(3), None, WHERE)
    assert caught.value.code == "DA104"


# -- sizes -------------------------------------------------------------------------------------


def test_a_part_with_fewer_rows_than_asked_for_is_refused() -> None:
    split = Split(by="hash", train=0.7, validate=0.15, test=0.15, min_rows=20)
    counted = {"train": 200, "validate": 19, "test": 20}
    with pytest.raises(ContractError, match="`validate` has 19 of at least 20 rows") as caught:
        refuse_small_parts(split, counted, {}, WHERE)
    assert caught.value.code == "DA105"
    refuse_small_parts(split, {**counted, "validate": 20}, {}, WHERE)
    with pytest.raises(ContractError) as empty:
        refuse_small_parts(split, {**counted, "test": 0}, {}, WHERE)
    assert empty.value.code == "DA041"
