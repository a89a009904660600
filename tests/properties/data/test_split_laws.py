from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.data.hashing import row_hashes
from headway.data.splits import Times, assign
from headway.errors import ContractError
from headway.spec.product import Interval, Split

HASH = Split(by="hash", train=0.6, validate=0.2, test=0.2)
ORIGIN = datetime(2024, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2030, 1, 1, tzinfo=UTC)

cells = st.tuples(
    st.one_of(st.none(), st.text(max_size=4)), st.one_of(st.none(), st.integers(-9, 9)), st.floats(-2, 2)
)
rows_of_cells = st.lists(cells, min_size=1, max_size=40)


def frame_of(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"word": pl.String, "count": pl.Int64, "size": pl.Float64}, orient="row")


def parts_of(frame: pl.DataFrame, split: Split = HASH, moments: pl.Series | None = None) -> list[str | None]:
    label = pl.Series("late", [True] * frame.height)
    times = None if moments is None else Times(moments, moments, moments, FAR_AHEAD)
    return assign(split, frame, label, times, "dataset `d`").parts.to_list()


@settings(max_examples=100, deadline=None)
@given(rows_of_cells, rows_of_cells)
def test_a_row_keeps_its_part_when_data_grow(rows: list, more: list) -> None:
    assert parts_of(frame_of(rows + more))[: len(rows)] == parts_of(frame_of(rows))


@settings(max_examples=100, deadline=None)
@given(rows_of_cells, st.randoms(use_true_random=False))
def test_a_part_does_not_depend_on_the_order_of_rows_or_columns(rows: list, random: Any) -> None:
    before = dict(zip(map(str, rows), parts_of(frame_of(rows)), strict=True))
    random.shuffle(rows)
    frame = frame_of(rows).select("size", "word", "count")
    assert dict(zip(map(str, rows), parts_of(frame), strict=True)) == before


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=3), min_size=1, max_size=60))
def test_no_group_is_in_two_parts(values: list[str]) -> None:
    frame = pl.DataFrame({"building": values, "row": range(len(values))})
    parts = parts_of(frame, Split(by="group", group="building", train=0.5, validate=0.25, test=0.25))
    together = frame.with_columns(part=pl.Series(parts)).group_by("building").agg(pl.col("part").n_unique())
    assert together["part"].max() == 1


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=60),
    st.tuples(st.integers(0, 200), st.integers(0, 100), st.integers(0, 100)),
)
def test_time_parts_never_overlap_and_lie_in_their_windows(
    hours: list[int], lengths: tuple[int, int, int]
) -> None:
    train, validate, test = (timedelta(hours=length) for length in lengths)
    moments = pl.Series([ORIGIN + timedelta(hours=hour) for hour in hours], dtype=pl.Datetime("us", "UTC"))
    split = Split(by="time", train=train, validate=validate, test=test)
    parts = parts_of(pl.DataFrame({"x": hours}), split, moments)
    newest = max(hours)
    for hour, part in zip(hours, parts, strict=True):
        age = newest - hour
        if age < lengths[2]:
            assert part == "test"
        elif age < lengths[2] + lengths[1]:
            assert part == "validate"
        elif age < sum(lengths):
            assert part == "train"
        else:
            assert part is None


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from(["a", "b", "c", None])), min_size=1, max_size=40)
)
def test_values_kept_apart_are_in_one_part_by_time(rows: list[tuple[int, str | None]]) -> None:
    moments = pl.Series([ORIGIN + timedelta(hours=hour) for hour, _ in rows], dtype=pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"customer": [who for _, who in rows]}, schema={"customer": pl.String})
    split = Split(
        by="time", train=timedelta(hours=60), validate=timedelta(hours=20), test=timedelta(hours=20)
    )
    kept = parts_of(frame, msgspec.structs.replace(split, apart="customer"), moments)
    plain = parts_of(frame, split, moments)
    assert all(after in (None, before) for after, before in zip(kept, plain, strict=True))
    seen: dict[str, set[str]] = {}
    for (_, who), part in zip(rows, kept, strict=True):
        if who is not None and part is not None:
            seen.setdefault(who, set()).add(part)
    assert all(len(parts) == 1 for parts in seen.values())


def test_shares_hold_within_chance() -> None:
    parts = parts_of(
        pl.DataFrame({"id": range(100_000)}), Split(by="hash", train=0.7, validate=0.15, test=0.15)
    )
    counted = dict(pl.Series(parts).value_counts().iter_rows())
    # Five standard deviations of a binomial with n = 100,000.
    assert abs(counted["train"] - 70_000) < 730
    assert abs(counted["validate"] - 15_000) < 570
    assert abs(counted["test"] - 15_000) < 570


def test_hashes_are_published_for_ever() -> None:
    # A change of these moves rows between train and test of every product.
    frame = pl.DataFrame(
        {"s": ["a", None, ""], "i": [1, None, 0], "f": [0.5, None, -0.0], "b": [True, None, False]}
    )
    assert [f"{value:016x}" for value in row_hashes(frame).tolist()] == PUBLISHED


PUBLISHED = ["24e69956d3c4389c", "c85f4cb7f7f49e33", "0f3a2c0849f77444"]


# -- windows, quotas and intervals -------------------------------------------------------------


def at(hours: list[int]) -> pl.Series:
    return pl.Series([ORIGIN + timedelta(hours=hour) for hour in hours], dtype=pl.Datetime("us", "UTC"))


def text(hour: int) -> str:
    return (ORIGIN + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


FIXED = Split(
    by="intervals",
    train=Interval(from_=text(0), to=text(40)),
    validate=Interval(from_=text(40), to=text(60)),
    test=Interval(from_=text(70), to=text(100)),
)
WINDOWS = Split(by="time", train=timedelta(hours=40), validate=timedelta(hours=20), test=timedelta(hours=30))
QUOTA = Split(by="quota", train=0.5, validate=0.2, test=0.3)
timed_rows = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 50), st.sampled_from(["a", "b", "c", "d", None])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([FIXED, WINDOWS, QUOTA]), st.booleans(), timed_rows)
def test_nothing_learnt_from_is_newer_than_what_judges_it(split: Split, apart: bool, rows: list) -> None:
    """Rows are (hour, hours until the label is known, customer)."""
    moments, known = at([row[0] for row in rows]), at([row[0] + row[1] for row in rows])
    frame = pl.DataFrame({"customer": [row[2] for row in rows]}, schema={"customer": pl.String})
    declared = msgspec.structs.replace(split, apart="customer" if apart else None)
    label = pl.Series("late", [True] * len(rows))
    try:
        made = assign(declared, frame, label, Times(moments, known, known, FAR_AHEAD), "d")
    except ContractError as error:
        assert error.code == "DA106"
        return
    assert sum(made.unused.values()) == made.parts.null_count()
    found = [(*row, part) for row, part in zip(rows, made.parts, strict=True)]
    for earlier, later in (("train", "validate"), ("train", "test"), ("validate", "test")):
        first, second = ([row for row in found if row[3] == part] for part in (earlier, later))
        if first and second:
            begins = min(hour for hour, *_ in second)
            assert max(hour for hour, *_ in first) < begins
            assert max(hour + lag for hour, lag, *_ in first) <= begins
            if apart:
                assert not {row[2] for row in first} & {row[2] for row in second} - {None}


@settings(max_examples=150, deadline=None)
@given(timed_rows, timed_rows)
def test_fixed_intervals_never_move_a_row(rows: list, more: list) -> None:
    before = parts_of(pl.DataFrame({"x": [0] * len(rows)}), FIXED, at([row[0] for row in rows]))
    both = rows + more
    after = parts_of(pl.DataFrame({"x": [0] * len(both)}), FIXED, at([row[0] for row in both]))
    assert after[: len(rows)] == before


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([WINDOWS, QUOTA]), timed_rows, timed_rows)
def test_newer_rows_move_a_row_to_an_older_part_only(split: Split, rows: list, more: list) -> None:
    rank = {None: -1, "train": 0, "validate": 1, "test": 2}
    newest = max(row[0] for row in rows)
    newer = [row[0] + newest + 1 for row in more]
    hours = [row[0] for row in rows]
    before = parts_of(pl.DataFrame({"x": [0] * len(rows)}), split, at(hours))
    after = parts_of(pl.DataFrame({"x": [0] * len(rows + more)}), split, at(hours + newer))
    assert all(rank[now] <= rank[then] for then, now in zip(before, after[: len(rows)], strict=True) if then)


@settings(max_examples=100, deadline=None)
@given(timed_rows, st.randoms(use_true_random=False))
def test_parts_in_the_order_of_time_do_not_depend_on_the_order_of_rows(rows: list, random: Any) -> None:
    places = list(range(len(rows)))
    random.shuffle(places)
    for split in (WINDOWS, QUOTA, FIXED):
        declared = msgspec.structs.replace(split, apart="customer")
        frame = pl.DataFrame({"customer": [row[2] for row in rows]}, schema={"customer": pl.String})
        before = parts_of(frame, declared, at([row[0] for row in rows]))
        after = parts_of(frame[places], declared, at([rows[place][0] for place in places]))
        assert after == [before[place] for place in places]
